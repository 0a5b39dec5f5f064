"""Compare an answer with the correct ones. In: texts. Out: numbers from 0 to 1. Pure; knows nothing of models.

English and other languages with spaces are compared by words, normalised as the SQuAD script does (v2.0: lower case,
no ASCII punctuation, no articles). Japanese, Chinese and Thai are compared by characters, in NFKC, without punctuation
and white space. Characters are used if the question or the correct answer is in such a language.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Literal, TypeAlias

from bunko.language.detection import detect_language

By: TypeAlias = Literal["words", "characters"]
"""What two texts are compared by."""

_SPACELESS = frozenset({"ja", "zh", "th"})
# Words are separated by spaces, as in papers, so that readers can count them. `bunko.language.words` leaves out stop
# words: 20 of its words are a paragraph.
FIRST_WORDS = 20
# About two Japanese characters say what an English word says (小笠原諸島 / "the Ogasawara Islands").
CHARACTERS_PER_WORD = 2
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def compared_by(*texts: str) -> By:
    """Return "characters" if one of the texts is in a language that is written without spaces, else "words".

    >>> compared_by("When?", "1868年"), compared_by("いつですか", "1868"), compared_by("When?", "1868")
    ('characters', 'characters', 'words')
    """
    return "characters" if any(detect_language(text) in _SPACELESS for text in texts) else "words"


def normalise_words(text: str) -> str:
    """Return the text as the SQuAD script compares it.

    >>> normalise_words("The Norman's  *Conquest*, in 1,066")
    'normans conquest in 1066'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def normalise_characters(text: str) -> str:
    """Return the letters, digits and marks of a text, folded, so that texts that only look different are equal.

    >>> normalise_characters("「ＮＡＴＯ」は、 １９４９年。")
    'natoは1949年'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if unicodedata.category(character)[0] in "LNM")


def exact_match(answer: str, gold: str, *, by: By) -> float:
    """Return 1 if the two are the same once normalised.

    >>> exact_match("The Rollo.", "rollo", by="words")
    1.0
    """
    normalise = normalise_characters if by == "characters" else normalise_words
    return float(normalise(answer) == normalise(gold))


def f1(answer: str, gold: str, *, by: By) -> float:
    """Return the harmonic mean of precision and recall of the words, or of the characters.

    >>> round(f1("in the 10th century", "10th century", by="words"), 2), f1("東京都", "東京", by="characters")
    (0.8, 0.8)
    """
    said: Sequence[str] = normalise_characters(answer) if by == "characters" else normalise_words(answer).split()
    wanted: Sequence[str] = normalise_characters(gold) if by == "characters" else normalise_words(gold).split()
    if not said or not wanted:  # SQuAD 2.0 scores questions without an answer so
        return float(not said and not wanted)
    common = sum((Counter(said) & Counter(wanted)).values())
    return 2 * common / (len(said) + len(wanted))


def holds(text: str, gold: str, *, by: By) -> bool:
    """Return whether the text contains the gold string, as whole words; in Japanese, not as part of a number.

    >>> holds("It opened in 1066.", "106", by="words"), holds("10660年", "1066", by="characters")
    (False, False)
    >>> holds("The Normans' leader was Rollo.", "rollo", by="words"), holds("１９年です", "19年", by="characters")
    (True, True)
    """
    if by == "words":
        wanted = normalise_words(gold)
        return bool(wanted) and f" {wanted} " in f" {normalise_words(text)} "
    wanted = normalise_characters(gold)
    if not wanted:
        return False
    before = r"(?<!\d)" if wanted[0].isdigit() else ""
    after = r"(?!\d)" if wanted[-1].isdigit() else ""
    return re.search(before + re.escape(wanted) + after, normalise_characters(text)) is not None


def beginning(text: str, *, by: By) -> str:
    """Return the first 20 words, or 40 characters without white space: a gold string must be within them.

    Without a limit, copying the page would count as correct.

    >>> beginning("a b  c " + "d " * 30, by="words").count("d")
    17
    >>> beginning("東 京 " * 30, by="characters") == "東京" * 20
    True
    """
    if by == "characters":
        return "".join(text.split())[: FIRST_WORDS * CHARACTERS_PER_WORD]
    return " ".join(text.split()[:FIRST_WORDS])


def length_in_words(text: str) -> float:
    """Return the length in words; two Japanese characters count as a word.

    >>> length_in_words("It is high."), length_in_words("東京である。")
    (3, 2.5)
    """
    if compared_by(text) == "characters":
        return len(normalise_characters(text)) / CHARACTERS_PER_WORD
    return len(text.split())


def best_exact_match(answer: str, golds: Sequence[str], *, question: str) -> float:
    """Return 1 if the answer equals one of the correct ones."""
    return max(exact_match(answer, gold, by=compared_by(question, gold)) for gold in golds)


def best_f1(answer: str, golds: Sequence[str], *, question: str) -> float:
    """Return the best F1 over all correct answers, as SQuAD does."""
    return max(f1(answer, gold, by=compared_by(question, gold)) for gold in golds)


def holds_any(texts: Sequence[str], golds: Sequence[str], *, question: str) -> bool:
    """Return whether one of the texts contains one of the correct answers."""
    return any(holds(text, gold, by=compared_by(question, gold)) for text in texts for gold in golds)


def begins_right(answer: str, golds: Sequence[str], *, question: str) -> bool:
    """Return whether the answer's first 20 words, or 40 characters, contain a correct answer."""
    for gold in golds:
        by = compared_by(question, gold)
        if holds(beginning(answer, by=by), gold, by=by):
            return True
    return False
