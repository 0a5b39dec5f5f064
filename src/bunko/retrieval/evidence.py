"""Choose the few sentences that hold the answer. In: question, hits. Out: list[Evidence]. Knows nothing of models.

Small models answer better from three good sentences than from one good passage, and faster; and the best sentence,
a verbatim quote, can be shown before the model has read anything.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bunko.injection.detection import gives_orders
from bunko.language.detection import detect_language
from bunko.language.sentences import sentences
from bunko.language.words import estimate_tokens, normalise, words
from bunko.ports import Embedder
from bunko.question.answer_type import expected_kind, may_answer
from bunko.retrieval.question_answer_pairs import Told, told
from bunko.settings import EvidenceSettings
from bunko.types import Chunk, Evidence, Hit

if TYPE_CHECKING:
    from bunko.ports import Vectors

# A sentence's score is its likeness to the question in meaning plus in words: each is between 0 and 1, so that equal
# weights are the choice without tuning. What it does not say itself counts half: its passage's score, and words of the
# question in the headings above it, or in the sentence before, to which its "he" or "this" points back.
_WEIGHT_OF_PASSAGE = 0.5
_WEIGHT_OF_CONTEXT = 0.5
# A sentence that has a number where one is asked for. From .1 to .5 did as well (benchmarks/LOG.md).
_WEIGHT_OF_KIND = 0.3
# Tokens, about 12 letters or 3 Japanese characters; shorter pieces are headings, list marks, page numbers. They are
# taken only where they answer a question of the text, or from a passage that has nothing else.
_SHORTEST = 5
_NEAR_DUPLICATE = 0.9
# Only the sentences that look best by their words are embedded: more did not find more (benchmarks/LOG.md).
_SHORTLIST = 10
# A sentence with less than this share of the best one's score only distracts a small model.
_RELEVANT = 0.4
# Marks of structure that say nothing by themselves: headings, code fences, rules of tables.
_NO_SENTENCE = re.compile(r"#{1,6}\s|`{3}|~{3}|[\s|:=_*-]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    chunk: Chunk
    start: int
    """In the document, as Chunk's."""
    end: int
    quote: str
    words: frozenset[str]
    context: frozenset[str]
    """Words of the headings above it, the file's name and the sentence before, that it does not have itself."""
    rank: int
    passage: float
    """Its passage's score as a share of the best one's."""
    question: str
    """The document's own question that it answers, if there is one."""
    said: frozenset[str]
    """Its words and those of that question."""


def select(
    question: str,
    hits: Sequence[Hit],
    embedder: Embedder,
    *,
    vector: Vectors | None,
    settings: EvidenceSettings,
) -> list[Evidence]:
    """Return the best sentences of the hits, best first: one to `settings.quotes`, if there are hits at all.

    Sentences that give orders to a language model come after all others; where one of them would have been among the
    quotes, it is added to them, so that it is not kept from the reader (docs/decisions/011-documents-are-data.md).

    Each is a verbatim slice of its document. `vector` is the question's; without it, or where the embedder does not
    know the question's language, words alone decide. Near-duplicates of a better sentence are left out.
    """
    candidates = _candidates(hits)
    if not candidates:
        return []
    asked = _weights(words(question), candidates)
    kind, asked_words = expected_kind(question), frozenset(asked)
    scores = [
        overlap(asked, candidate.said)
        + _WEIGHT_OF_CONTEXT * overlap(asked, candidate.context)
        + _WEIGHT_OF_PASSAGE * candidate.passage
        + _WEIGHT_OF_KIND * may_answer(candidate.quote, kind, asked=asked_words)
        for candidate in candidates
    ]
    # The shortlist is of sentences that give no orders, so that those that do can't push them out of it.
    scores_before = list(scores)
    order, orders = _shortlist(_order(candidates, scores), candidates)
    if not order:
        return [_evidence(candidates[n], scores[n], is_order=True) for n in orders[: settings.quotes]]
    if vector is not None and embedder.spec.knows(detect_language(question)):
        order = order[:_SHORTLIST]
        similar = embedder.embed_passages([_in_full(candidates[n]) for n in order]) @ vector
        for n, likeness in zip(order, similar, strict=True):
            scores[n] += float(likeness)
        order = [n for n in _order(candidates, scores) if n in set(order)]
    chosen: list[int] = []
    room = settings.max_tokens
    for n in order:
        if len(chosen) == settings.quotes or scores[n] < _RELEVANT * scores[order[0]]:
            break
        room -= estimate_tokens(candidates[n].quote)
        if chosen and room < 0:
            break
        if not any(_repeats(candidates[n], candidates[other]) for other in chosen):
            chosen.append(n)
    added = orders[:1] if orders and scores_before[orders[0]] >= scores_before[chosen[-1]] else []
    return [
        *(_evidence(candidates[n], scores[n]) for n in chosen),
        *(_evidence(candidates[n], min(scores_before[n], scores[chosen[-1]]), is_order=True) for n in added),
    ]


def trusted(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the quotes for a model to read: those that give it no orders, or all where there are no others."""
    return [item for item in evidence if not item.gives_orders] or list(evidence)


def notes_on_orders(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Return what the reader should know of quotes that give orders to the model."""
    paths = list(dict.fromkeys(item.path for item in evidence if item.gives_orders))
    if not paths:
        return ()
    fate = "it was not put to the model" if len(trusted(evidence)) < len(evidence) else "nothing else was found"
    return tuple(f"{path} holds text that gives orders to the assistant; {fate}." for path in paths)


def _shortlist(order: Sequence[int], candidates: Sequence[_Candidate]) -> tuple[list[int], list[int]]:
    """Return the best that give a language model no orders, and those passed over on the way because they do."""
    told: list[int] = []
    orders: list[int] = []
    for n in order:
        if len(told) == 2 * _SHORTLIST:  # more than enough for the quotes, near-duplicates left out
            break
        (orders if gives_orders(_in_full(candidates[n])) else told).append(n)
    return told, orders


def _order(candidates: Sequence[_Candidate], scores: Sequence[float]) -> list[int]:
    return sorted(range(len(candidates)), key=lambda n: (-scores[n], candidates[n].rank, candidates[n].start))


def overlap(asked: dict[str, float], found: frozenset[str]) -> float:
    """Return the share of the question's words, by weight, that occur in a sentence: 0 to 1.

    >>> overlap({"norman": 3.0, "land": 1.0}, frozenset({"norman"}))
    0.75
    """
    total = sum(asked.values())
    return sum(weight for word, weight in asked.items() if word in found) / total if total else 0.0


def coverage(question: str, hits: Sequence[Hit]) -> float:
    """Return the share of the question's words, by weight, that the passage with most of them has: 0 to 1.

    A question of a single word of meaning, or none, tells too little: 1.
    """
    asked_words = words(question)
    candidates = _candidates(hits)
    if len(set(asked_words)) < 2 or not candidates:
        return 1.0
    asked = _weights(asked_words, candidates)
    passages: dict[int, frozenset[str]] = {}
    for candidate in candidates:
        passages[candidate.rank] = passages.get(candidate.rank, frozenset()) | candidate.said | candidate.context
    return max(overlap(asked, found) for found in passages.values())


def _candidates(hits: Sequence[Hit]) -> list[_Candidate]:
    found: list[_Candidate] = []
    best = max((hit.score for hit in hits), default=0.0)
    for rank, hit in enumerate(hits):
        text = hit.chunk.text
        spans = sentences(text)
        titles = set(hit.chunk.heading.split(" > "))
        headings = frozenset(words(f"{hit.chunk.file_words} {hit.chunk.heading}"))
        before: frozenset[str] = frozenset()
        whole = [
            item
            for item in told(text, spans)
            if (item.question or estimate_tokens(text[item.start : item.end]) >= _SHORTEST)
            and not _NO_SENTENCE.match(text, item.start, item.end)
            and text[item.start : item.end] not in titles
        ]
        for item in whole or [Told(start=start, end=end) for start, end in spans]:
            quote = text[item.start : item.end]
            own = frozenset(words(quote))
            said = own | frozenset(words(item.question))
            found.append(
                _Candidate(
                    chunk=hit.chunk,
                    start=hit.chunk.start + item.start,
                    end=hit.chunk.start + item.end,
                    quote=quote,
                    words=own,
                    question=item.question,
                    said=said,
                    context=(headings | before) - said,
                    rank=rank,
                    passage=hit.score / best if best > 0 else 0.0,
                )
            )
            before = own
    return found


def _weights(asked: Sequence[str], candidates: Sequence[_Candidate]) -> dict[str, float]:
    """Weigh the question's words by how rare they are among the candidates (inverse document frequency)."""
    frequency = Counter(word for candidate in candidates for word in candidate.said | candidate.context)
    return {word: math.log(1 + len(candidates) / (0.5 + frequency[word])) for word in asked}


def _repeats(one: _Candidate, other: _Candidate) -> bool:
    if normalise(one.quote) == normalise(other.quote):
        return True
    shared = len(one.words & other.words)
    return shared > _NEAR_DUPLICATE * max(1, len(one.words | other.words))


def _in_full(candidate: _Candidate) -> str:
    return f"{candidate.question} {candidate.quote}" if candidate.question else candidate.quote


def _evidence(candidate: _Candidate, score: float, *, is_order: bool = False) -> Evidence:
    return Evidence(
        path=candidate.chunk.path,
        start=candidate.start,
        end=candidate.end,
        quote=candidate.quote,
        score=score,
        page=candidate.chunk.page,
        heading=" > ".join(filter(None, (candidate.chunk.heading, candidate.question))),
        gives_orders=is_order,
    )
