"""Tie an answer to its sources. In: answer text, evidence. Out: citations, unsupported sentences.

Knows nothing of models: what is called verified here was found by comparing words. A sentence that a source does
not carry is reported, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bunko.text import normalise, sentences, words
from bunko.types import Citation, Evidence

# Of a sentence's words of meaning, this share must stand in one source for it to count as carried by that source.
# Below the lower mark the likeness is chance: two sentences on one subject share a word or two.
# Words cannot tell who did what to whom: a sentence that puts a source's words together wrongly passes.
_CARRIED = 0.75
_RELATED = 0.34
# What an answer says of itself.
_FRAME = frozenset(words("answer question source text context passage according document mention state say"))
_MARK = re.compile(r" ?\[(\d{1,2})\]")
# What may not be made up: a name within a sentence, or a foreign word in Japanese.
_NAMES = re.compile(r"(?<=[\w,;:] )[^\W\d_a-z][\w’'-]+|[\u30a1-\u30fa\u30fc]{3,}")
_OFFERS = re.compile(r"\bor\b|それとも|または|あるいは|か、.+か", re.I)
_PUNCTUATION = " \t\n.,;:!?、。！？"
_SPECIFIC = re.compile(r"\d")
_PART = re.compile(r"[\u3041-\u30ff\u3400-\u9fff々]|(?:(?![\u3041-\u30ff\u3400-\u9fff])\w)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """What could be found out about an answer."""

    citations: tuple[Citation, ...]
    unsupported: tuple[str, ...]


def ground(answer: str, evidence: Sequence[Evidence], *, question: str) -> Grounding:
    """Match each sentence of the answer to the source that carries it.

    `evidence` is what the prompt held, best first; citations count in that order. One is `verified` where the
    sentence stands in the quote word for word, or nearly all its words do, every number and name among them, and it
    says something that the question did not. A sentence without any likeness to a source is unsupported.
    """
    citations: list[Citation] = []
    unsupported: list[str] = []
    asked = set(words(question))
    for start, end in sentences(answer):
        sentence = _MARK.sub("", answer[start:end]).strip()
        if not words(sentence):
            continue
        best = max(range(len(evidence)), key=lambda n: (_support(sentence, evidence[n], asked), -n), default=None)
        score = _support(sentence, evidence[best], asked) if best is not None else 0.0
        if best is None or score < _RELATED:
            unsupported.append(sentence)
            continue
        citations.append(_cite(best + 1, evidence[best], sentence, verified=score >= _CARRIED))
        if score < _CARRIED:
            unsupported.append(sentence)
    return Grounding(citations=tuple(citations), unsupported=tuple(unsupported))


def locate(phrase: str, evidence: Sequence[Evidence]) -> tuple[int, int, int] | None:
    """Return where a phrase stands in a quote, as (place in `evidence`, start, end in the quote); None if nowhere.

    Case, width and punctuation do not count; words must be whole. Signs at the phrase's ends are kept where the quote
    has them too.

    >>> source = Evidence(path="a.txt", start=0, end=30, quote="It cost $5,000 (about 60%).", score=1.0)
    >>> [source.quote[start:end] for n, start, end in [locate("“about 60%”.", [source])]]
    ['about 60%']
    """
    phrase = phrase.strip(_PUNCTUATION)
    wanted = list(_PART.finditer(phrase))
    folded = [normalise(match.group()) for match in wanted]
    if not folded:
        return None
    for n, item in enumerate(evidence):
        parts = list(_PART.finditer(item.quote))
        found = [normalise(part.group()) for part in parts]
        for first in range(len(found) - len(folded) + 1):
            if found[first : first + len(folded)] == folded:
                start, end = parts[first].start(), parts[first + len(folded) - 1].end()
                before, after = phrase[: wanted[0].start()], phrase[wanted[-1].end() :]
                while before and start and item.quote[start - 1] == before[-1]:
                    start, before = start - 1, before[:-1]
                while after and item.quote[end : end + 1] == after[0]:
                    end, after = end + 1, after[1:]
                return n, start, end
    return None


def only_repeats(phrase: str, question: str) -> bool:
    """Tell whether a phrase stands in the question, as no answer does, unless the question offers it.

    >>> only_repeats("the mill", "Who built the mill?"), only_repeats("tea", "Is it tea or coffee?")
    (True, False)
    """
    return _squeeze(phrase) in _squeeze(question) and not _OFFERS.search(question)


def without_marks(answer: str) -> str:
    """Remove the source numbers that a model wrote: ours are checked, its are not.

    >>> without_marks("In France [1].")
    'In France.'
    """
    return _MARK.sub("", answer)


def _support(sentence: str, item: Evidence, asked: set[str]) -> float:
    """Return how far a source carries a sentence: 1 for a verbatim part, else the share of words; 0 to 1."""
    said = set(words(sentence)) - _FRAME
    if not said - asked:
        return _RELATED if said else 0.0  # it only repeats the question: related at most
    if _squeeze(sentence) in _squeeze(item.quote):
        return 1.0
    found = set(words(f"{item.heading} {item.quote}"))
    if any(_SPECIFIC.search(word) and word not in found for word in said):
        return 0.0
    share = len(said & found) / len(said)
    made_up = set(words(" ".join(_NAMES.findall(sentence)))) - found - asked - _FRAME
    return min(share, _RELATED) if made_up else share


def _squeeze(text: str) -> str:
    """Fold a text to its words, a Japanese character being one, so that parts are compared at their bounds."""
    return f" {' '.join(_PART.findall(normalise(text)))} "


def _cite(n: int, item: Evidence, sentence: str, *, verified: bool) -> Citation:
    return Citation(
        n=n,
        path=item.path,
        page=item.page,
        start=item.start,
        end=item.end,
        quote=item.quote,
        sentence=sentence,
        verified=verified,
    )
