"""Choose the most central sentences of a text. In: a document. Out: places of sentences. Knows no models.

A sentence is central if it has the words that the document uses most (Radev et al. 2004, "Centroid-based
summarization"). Those near the beginning rank higher, since most texts say first what they are about.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bunko.language.detection import detect_language
from bunko.language.sentences import sentences
from bunko.language.words import STOP_WORDS, estimate_tokens, words
from bunko.types import Document

# Added to the similarity of the first sentence (1 is a perfect one); a tenth of that after a dozen sentences. With more
# weight, speeches are summed up by their greetings (benchmarks/LOG.md).
_WEIGHT_OF_PLACE = 0.1
_FADES_AFTER = 5
_SHORTEST, _LONGEST = 12, 90  # tokens: fragments say little, and a page is not a sentence
_LONGEST_TITLE = 200  # characters
# A very long text is represented by this number of stretches, evenly spread, of this many characters.
_STRETCHES, _STRETCH = 100, 2_000
_WHOLE = re.compile(r"[.!?…。！？][\"'”’)\]」』）]*$")  # a title ends without a full stop
_SCRAP = re.compile(r"#{1,6}\s|`{3}|~{3}|https?://|[\s|:=_*.-]+$|[^\n]*(?:\|[^\n]*){2}")
_NEAR = 0.6
# Of English prose about 45% are such words, of Japanese about half the characters are hiragana; of data nearly none.
_PROSE = 0.25
_HIRAGANA = re.compile(r"[\u3041-\u3096]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Central:
    """A sentence that represents a document."""

    start: int
    end: int
    quote: str
    score: float


def central(document: Document, *, limit: int) -> list[Central]:
    """Return the most central sentences, best first, no two nearly the same: at least one, if there is any text.

    >>> text = "The cats of Kobe sleep all day. It is what they are to do. In Kobe, cats sleep on roofs and on ships."
    >>> [one.quote for one in central(Document(path="a.txt", text=text), limit=1)]
    ['In Kobe, cats sleep on roofs and on ships.']
    """
    found = _sentences(document)
    whole = Counter(word for *_, tokens in found for word in tokens)
    scored = sorted(
        (
            Central(
                start=start,
                end=end,
                quote=document.text[start:end],
                score=_likeness(Counter(tokens), whole) + _WEIGHT_OF_PLACE * math.exp(-n / _FADES_AFTER),
            )
            for n, (start, end, tokens) in enumerate(found)
        ),
        key=lambda one: (-one.score, one.start),
    )
    chosen: list[Central] = []
    for one in scored:
        if len(chosen) == limit:
            break
        if not any(_alike(one.quote, other.quote) for other in chosen):
            chosen.append(one)
    return chosen


def is_prose(text: str) -> bool:
    """Return whether a text is prose and not written-out data, by its share of function words.

    >>> is_prose("The mill was built by the river."), is_prose("Real GDP growth rate 2023: -0.1% (2023 est.)")
    (True, False)
    """
    if detect_language(text) == "ja":
        return len(_HIRAGANA.findall(text)) >= _PROSE * len(text)
    found = re.findall(r"[^\W\d_]+", text.lower())
    if detect_language(text) != "en":  # function words of other languages are not listed
        return len(found) > 4
    return sum(word in STOP_WORDS for word in found) >= _PROSE * len(found)


def title(document: Document) -> tuple[int, int] | None:
    r"""Return the place of the first line with words, if it is a title and not a sentence; else None.

    >>> title(Document(path="a.md", text="# The mill\n\nIt was built in 1803."))
    (2, 10)
    """
    for match in re.finditer(r"[^\n]+", document.text[: 4 * _LONGEST_TITLE]):
        line = match.group().strip()
        bare = line.lstrip("#*=_ \t")
        if not words(bare) or bare.startswith(("<", "![")):  # a comment or a picture
            continue
        if len(bare) > _LONGEST_TITLE or len(bare) < 2 or _WHOLE.search(bare) or "|" in bare:
            return None
        start = match.start() + match.group().index(bare)
        return start, start + len(bare)
    return None


def spread(quotes: Sequence[str], *, limit: int) -> list[int]:
    """Return the places of the quotes that together cover best what many documents have in common, the best first.

    Each adds the words that the ones before it lack, weighed by how many documents have them (Lin & Bilmes 2011,
    "A Class of Submodular Functions for Document Summarization").
    """
    tokens = [frozenset(words(quote)) for quote in quotes]
    spread_of = Counter(word for found in tokens for word in found)
    weights = {word: math.log(1 + count) for word, count in spread_of.items() if count > 1}
    left, chosen, known = set(range(len(quotes))), list[int](), set[str]()
    while left and len(chosen) < limit:
        best = max(left, key=lambda n: (_gain(tokens[n] - known, tokens[n], weights), -n))
        chosen.append(best)
        known |= tokens[best]
        left.remove(best)
    return chosen


def _gain(new: frozenset[str], tokens: frozenset[str], weights: Mapping[str, float]) -> float:
    return math.fsum(weights.get(word, 0.0) for word in new) / math.sqrt(len(tokens) or 1)


def _sentences(document: Document) -> list[tuple[int, int, list[str]]]:
    """Return start, end and words of the sentences that may be chosen; of fragments if there is nothing else."""
    titles = {heading.label for heading in document.headings}
    found: list[tuple[int, int, list[str]]] = []
    lines: list[tuple[int, int, list[str]]] = []
    scraps: list[tuple[int, int, list[str]]] = []
    for begin, finish in _stretches(document.text):
        for start, end in sentences(document.text[begin:finish]):
            text = document.text[begin + start : begin + end]
            tokens = words(text)
            if not tokens:
                continue
            good = _SHORTEST <= estimate_tokens(text) <= _LONGEST and text not in titles and not _SCRAP.match(text)
            whole = good and _WHOLE.search(text) and is_prose(text)
            (found if whole else lines if good else scraps).append((begin + start, begin + end, tokens))
    return found or lines or scraps[:1]


def _stretches(text: str) -> list[tuple[int, int]]:
    if len(text) <= _STRETCHES * _STRETCH:
        return [(0, len(text))]
    step = len(text) // _STRETCHES
    cuts = [n * step for n in range(_STRETCHES)]
    begins = [0, *(text.find("\n", cut, cut + step) + 1 or cut for cut in cuts[1:])]
    return [(begin, min(begin + _STRETCH, len(text))) for begin in begins]


def _likeness(one: Counter[str], whole: Counter[str]) -> float:
    """Return the cosine of two bags of words; counts are damped, so that one word does not decide."""
    shared = math.fsum(_damped(count) * _damped(whole[word]) for word, count in one.items())
    lengths = _length(one) * _length(whole)
    return shared / lengths if lengths else 0.0


def _length(bag: Counter[str]) -> float:
    return math.sqrt(math.fsum(_damped(count) ** 2 for count in bag.values()))


def _damped(count: int) -> float:
    return math.log(1 + count)


def _alike(one: str, other: str) -> bool:
    first, second = set(words(one)), set(words(other))
    return len(first & second) > _NEAR * max(1, min(len(first), len(second)))
