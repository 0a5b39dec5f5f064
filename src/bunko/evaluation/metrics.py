"""Compare an answer with the right ones. In: texts. Out: numbers from 0 to 1. Pure; knows nothing of models.

English and other languages with spaces are compared by words, normalised as the SQuAD script does (v2.0: lower case,
no ASCII punctuation, no articles). Japanese, Chinese and Thai are compared by characters, in NFKC, without punctuation
and white space. The characters are taken if the question or the right answer is in such a language.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

from bunko.language.detection import detect_language

_SPACELESS = frozenset({"ja", "zh", "th"})
# Words are those that spaces part, so that the figure is the one of other people's papers and of our log, and the
# reader can count them; `text.words` leaves out stop words, and 20 of its words are a paragraph.
FIRST_WORDS = 20
# About two Japanese characters say what an English word says (小笠原諸島 / "the Ogasawara Islands").
CHARACTERS_PER_WORD = 2
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def is_spaceless(*texts: str) -> bool:
    """Tell whether one of the texts is in a language that is written without spaces.

    >>> is_spaceless("When?", "1868年"), is_spaceless("いつですか", "1868"), is_spaceless("When?", "1868")
    (True, True, False)
    """
    return any(detect_language(text) in _SPACELESS for text in texts)


def normalise_words(text: str) -> str:
    """Return what the SQuAD script compares.

    >>> normalise_words("The Norman's  *Conquest*, in 1,066")
    'normans conquest in 1066'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def normalise_characters(text: str) -> str:
    """Return the letters, digits and marks of a text, folded: what only looks different is the same.

    >>> normalise_characters("「ＮＡＴＯ」は、 １９４９年。")
    'natoは1949年'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if unicodedata.category(character)[0] in "LNM")


def exact_match(answer: str, gold: str, *, spaceless: bool) -> float:
    """Return 1 if the two are the same once normalised.

    >>> exact_match("The Rollo.", "rollo", spaceless=False)
    1.0
    """
    normalise = normalise_characters if spaceless else normalise_words
    return float(normalise(answer) == normalise(gold))


def f1(answer: str, gold: str, *, spaceless: bool) -> float:
    """Return the harmonic mean of precision and recall of the words, or of the characters.

    >>> round(f1("in the 10th century", "10th century", spaceless=False), 2), f1("東京都", "東京", spaceless=True)
    (0.8, 0.8)
    """
    said: Sequence[str] = normalise_characters(answer) if spaceless else normalise_words(answer).split()
    wanted: Sequence[str] = normalise_characters(gold) if spaceless else normalise_words(gold).split()
    if not said or not wanted:  # as SQuAD 2.0 does where there is no answer
        return float(not said and not wanted)
    common = sum((Counter(said) & Counter(wanted)).values())
    return 2 * common / (len(said) + len(wanted))


def holds(text: str, gold: str, *, spaceless: bool) -> bool:
    """Tell whether the gold string stands in the text, as whole words; in Japanese, not as a part of a number.

    >>> holds("It opened in 1066.", "106", spaceless=False), holds("10660年", "1066", spaceless=True)
    (False, False)
    >>> holds("The Normans' leader was Rollo.", "rollo", spaceless=False), holds("１９年です", "19年", spaceless=True)
    (True, True)
    """
    if not spaceless:
        wanted = normalise_words(gold)
        return bool(wanted) and f" {wanted} " in f" {normalise_words(text)} "
    wanted = normalise_characters(gold)
    if not wanted:
        return False
    before = r"(?<!\d)" if wanted[0].isdigit() else ""
    after = r"(?!\d)" if wanted[-1].isdigit() else ""
    return re.search(before + re.escape(wanted) + after, normalise_characters(text)) is not None


def beginning(text: str, *, spaceless: bool) -> str:
    """Return the first 20 words, or 40 characters that are no white space: a gold string must stand within them.

    Without a limit, copying the page would be right.

    >>> beginning("a b  c " + "d " * 30, spaceless=False).count("d")
    17
    >>> beginning("東 京 " * 30, spaceless=True) == "東京" * 20
    True
    """
    if spaceless:
        return "".join(text.split())[: FIRST_WORDS * CHARACTERS_PER_WORD]
    return " ".join(text.split()[:FIRST_WORDS])


def length_in_words(text: str) -> float:
    """Return the length as a reader feels it: words between spaces, and two Japanese characters for a word.

    >>> length_in_words("It is high."), length_in_words("東京である。")
    (3, 2.5)
    """
    if is_spaceless(text):
        return len(normalise_characters(text)) / CHARACTERS_PER_WORD
    return len(text.split())


def best_exact_match(answer: str, golds: Sequence[str], *, question: str) -> float:
    """Return 1 if the answer is one of the right ones."""
    return max(exact_match(answer, gold, spaceless=is_spaceless(question, gold)) for gold in golds)


def best_f1(answer: str, golds: Sequence[str], *, question: str) -> float:
    """Return the best F1 over all right answers, as SQuAD does."""
    return max(f1(answer, gold, spaceless=is_spaceless(question, gold)) for gold in golds)


def holds_any(texts: Sequence[str], golds: Sequence[str], *, question: str) -> bool:
    """Tell whether one of the texts holds one of the right answers."""
    return any(holds(text, gold, spaceless=is_spaceless(question, gold)) for text in texts for gold in golds)


def begins_right(answer: str, golds: Sequence[str], *, question: str) -> bool:
    """Tell whether a right answer stands within the answer's first 20 words, or 40 characters."""
    for gold in golds:
        spaceless = is_spaceless(question, gold)
        if holds(beginning(answer, spaceless=spaceless), gold, spaceless=spaceless):
            return True
    return False
