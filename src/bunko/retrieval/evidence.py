"""Select the few sentences that answer a question. In: question, hits. Out: list[Evidence]. Knows nothing of models.

Small models answer better, and faster, from three good sentences than from one good passage. The best sentence, a
verbatim quote, can be shown before the model has read anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bunko.injection.detection import gives_orders
from bunko.language.across_scripts import forms_in
from bunko.language.names import other_spellings
from bunko.language.words import estimate_tokens, normalise, source_words, words
from bunko.ports import Embedder
from bunko.question.answer_type import may_answer
from bunko.question.definitions import defines
from bunko.question.question import Question
from bunko.retrieval.entities import Scope, exact, has_name, is_placed, scope_of, share
from bunko.retrieval.quotable import Candidate, candidates_of, in_full
from bunko.retrieval.rarity import rarity
from bunko.retrieval.words_across import is_across, words_across
from bunko.settings import EvidenceSettings
from bunko.types import Chunk, Evidence, Hit

if TYPE_CHECKING:
    from bunko.ports import Vectors

# A sentence's score is its cosine similarity to the question plus its share of the question's words, both 0 to 1 and
# equally weighted. Its surroundings count half: the score of its passage, and words of the question in the headings
# above it or in the sentence before, which its "he" or "this" may refer to.
_WEIGHT_OF_PASSAGE = 0.5
_WEIGHT_OF_CONTEXT = 0.5
# For a sentence with a number if the question asks for one. Values from .1 to .5 did as well (benchmarks/LOG.md).
_WEIGHT_OF_TYPE = 0.3
# For a sentence that is about all that the question names. Not tuned: it equals the weight of a type.
_WEIGHT_OF_ENTITIES = 0.3
# For a sentence that says who or what something is, if that is the question. Not tuned.
_WEIGHT_OF_DEFINITION = 0.6
# For an entry, "Population: 5", if all that stands before the colon is asked for. Not tuned: it equals a type's.
_WEIGHT_OF_ENTRY = 0.3
_NEAR_DUPLICATE = 0.9
# Only the best sentences by words are embedded: embedding more did not find more (benchmarks/LOG.md).
_SHORTLIST = 10
# In another script than the question's, words don't tell which are the best: more are embedded, and of the best of them
# the words are compared by meaning.
_SHORTLIST_ACROSS = 24
_COMPARED_ACROSS = 12
# A sentence below this share of the best score only distracts a small model.
_RELEVANT = 0.4


def select(
    question: Question,
    hits: Sequence[Hit],
    embedder: Embedder,
    *,
    vector: Vectors | None,
    settings: EvidenceSettings,
) -> list[Evidence]:
    """Return the best sentences of the hits, best first: one to `settings.quotes`, if there are hits at all.

    Each is a verbatim slice of its document. `vector` is the question's, shape (dimension,); without it, or where the
    embedder does not know the question's language, words alone decide. Near-duplicates of a better sentence are left
    out.

    Sentences that address a language model come last. One that would have been among the quotes otherwise is added,
    so that it is not hidden from the reader (docs/decisions/011-documents-are-data.md).
    """
    candidates = candidates_of(hits)
    if not candidates:
        return []
    lexical = _lexical_scores(question, candidates)
    by_vector = vector is not None and embedder.spec.knows(question.language)
    across = by_vector and is_across(question.text, candidates[0].quote)
    most = _SHORTLIST_ACROSS if across else _SHORTLIST
    order, orders = _shortlist(_about(question, _order(candidates, lexical), candidates), candidates, most=2 * most)
    if not order:
        return [_evidence(candidates[n], lexical[n], is_order=True) for n in orders[: settings.quotes]]
    scores = list(lexical)
    if vector is not None and by_vector:
        order = order[:most]
        similar = embedder.embed_passages([in_full(candidates[n]) for n in order]) @ vector
        for n, likeness in zip(order, similar, strict=True):
            scores[n] += float(likeness)
        order = [n for n in _order(candidates, scores) if n in set(order)]
    if across:
        first = order[:_COMPARED_ACROSS]
        for n, gain in zip(first, _gains_across(question, [candidates[n] for n in first], embedder), strict=True):
            scores[n] += gain
        order = [n for n in _order(candidates, scores) if n in set(first)]
    best = candidates[order[0]]
    order = [n for n in order if not _is_of_another_section(question, candidates[n], best=best)]
    chosen = _choose(order, candidates, scores, settings=settings)
    added = orders[:1] if orders and lexical[orders[0]] >= lexical[chosen[-1]] else []
    return [
        *(_evidence(candidates[n], scores[n]) for n in chosen),
        *(_evidence(candidates[n], min(lexical[n], scores[chosen[-1]]), is_order=True) for n in added),
    ]


def _gains_across(question: Question, candidates: Sequence[Candidate], embedder: Embedder) -> list[float]:
    """Return how much higher sentences score if a word counts that means a word of the question."""
    texts = [f"{one.heading} {one.question} {one.quote}" for one in candidates]
    meant = words_across(question, texts, embedder)
    before, after = _lexical_scores(question, candidates), _lexical_scores(question, candidates, meant)
    return [new - old for old, new in zip(before, after, strict=True)]


def _lexical_scores(
    question: Question, candidates: Sequence[Candidate], meant: Mapping[str, frozenset[str]] = MappingProxyType({})
) -> list[float]:
    weights = _weights(question, candidates, meant)
    return [
        overlap(weights, _as_asked(question, _said(question, candidate), meant))
        + _WEIGHT_OF_CONTEXT * overlap(weights, _as_asked(question, candidate.context, meant) - candidate.said)
        + _WEIGHT_OF_PASSAGE * candidate.passage
        + _WEIGHT_OF_TYPE * may_answer(candidate.quote, question.expects, asked=question.distinct_words)
        + _WEIGHT_OF_DEFINITION * _defines(question, candidate)
        + _WEIGHT_OF_ENTRY * _is_entry(question, candidate, meant)
        + _WEIGHT_OF_ENTITIES * share(question, _scope(candidate))
        for candidate in candidates
    ]


def _defines(question: Question, candidate: Candidate) -> float:
    """Return how clearly a sentence says who or what the question asks about; 0 for other questions."""
    if question.kind != "definition":
        return 0.0
    names = [form for subject in question.subjects for form in (subject, *forms_in(candidate.quote, subject))]
    return max((defines(candidate.quote, name) for name in names), default=0.0)


def _said(question: Question, candidate: Candidate) -> frozenset[str]:
    """Return what a sentence says: of the very entry that is asked for, also what stands above it."""
    label = source_words(candidate.label)
    around = candidate.said | candidate.context
    return around if label and label <= question.distinct_words <= around else candidate.said


def _is_entry(question: Question, candidate: Candidate, meant: Mapping[str, frozenset[str]]) -> float:
    """Return how far a sentence is an entry for what is asked: the share of what stands before its colon."""
    label = source_words(candidate.label)
    asked = question.distinct_words.union(*meant.values())
    return len(label & asked) / len(label) if label else 0.0


def _is_of_another_section(question: Question, candidate: Candidate, *, best: Candidate) -> bool:
    """Return whether a sentence stands beside the section that the question names: Oslo's hours, where Bergen's are."""
    if candidate.chunk.path != best.chunk.path or not question.presupposes.names:
        return False
    own, named = (one.chunk.heading_at(one.start) for one in (candidate, best))
    asked = question.presupposes.names
    said = f"{own}\n{candidate.quote}"
    return own != named and all(has_name(one, named) for one in asked) and not any(has_name(one, said) for one in asked)


def _choose(
    order: Sequence[int], candidates: Sequence[Candidate], scores: Sequence[float], *, settings: EvidenceSettings
) -> list[int]:
    """Return the best candidates that are relevant, fit the budget and don't repeat a better one; at least one."""
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
    return chosen


def trusted(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the quotes for the prompt: those that don't address the model, or all where there are no others."""
    return [item for item in evidence if not item.gives_orders] or list(evidence)


def notes_on_orders(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Return notes for the reader about quotes that address the model."""
    paths = list(dict.fromkeys(item.path for item in evidence if item.gives_orders))
    if not paths:
        return ()
    if len(trusted(evidence)) == len(evidence):
        return tuple(
            f"{path} contains text that gives instructions to the assistant; nothing else was found." for path in paths
        )
    return tuple(
        f"{path} contains text that gives instructions to the assistant; it was left out of the prompt."
        for path in paths
    )


def _shortlist(order: Sequence[int], candidates: Sequence[Candidate], *, most: int) -> tuple[list[int], list[int]]:
    """Return the best candidates that don't address a language model, and the better ones that do."""
    plain: list[int] = []
    orders: list[int] = []
    for n in order:
        if len(plain) == most:  # enough for the quotes even without near-duplicates
            break
        (orders if gives_orders(in_full(candidates[n])) else plain).append(n)
    return plain, orders


def _order(candidates: Sequence[Candidate], scores: Sequence[float]) -> list[int]:
    return sorted(range(len(candidates)), key=lambda n: (-scores[n], candidates[n].rank, candidates[n].start))


def _about(question: Question, order: Sequence[int], candidates: Sequence[Candidate]) -> list[int]:
    """Return the candidates that are about an identifier or a date of the question; all where none is.

    Of an article, the text itself goes before what refers to it.
    """
    about = [n for n in order if exact(question, _scope(candidates[n]))]
    placed = [n for n in about if is_placed(question, _scope(candidates[n]))] if question.parts else []
    return placed or about or list(order)


def _scope(candidate: Candidate) -> Scope:
    return scope_of(candidate.chunk, start=candidate.start, end=candidate.end, heading=candidate.question)


def overlap(asked: dict[str, float], found: frozenset[str]) -> float:
    """Return the weighted share of the question's words that a sentence contains: 0 to 1.

    >>> overlap({"norman": 3.0, "land": 1.0}, frozenset({"norman"}))
    0.75
    """
    total = sum(asked.values())
    return sum(weight for word, weight in asked.items() if word in found) / total if total else 0.0


def coverage(question: Question, hits: Sequence[Hit]) -> float:
    """Return the weighted share of the question's words that the best passage contains: 0 to 1.

    A question that names only an identifier, a number or a date is covered by what is about it: 1 or 0.
    """
    candidates = candidates_of(hits)
    if not candidates:
        return 1.0
    if question.is_bare:
        return float(any(share(question, _scope(candidate)) > 0 for candidate in candidates))
    asked = _weights(question, candidates, {})
    passages: dict[int, frozenset[str]] = {}
    for candidate in candidates:
        passages[candidate.rank] = passages.get(candidate.rank, frozenset()) | candidate.said | candidate.context
    return max(overlap(asked, _as_asked(question, found)) for found in passages.values())


def _as_asked(
    question: Question, found: frozenset[str], meant: Mapping[str, frozenset[str]] = MappingProxyType({})
) -> frozenset[str]:
    """Add the words of the question that are there in another spelling, Zelenskyy for Zelensky, or language."""
    missing = question.distinct_words - found
    others = (*_spellings(question).items(), *meant.items())
    return found | {word for word, forms in others if word in missing and forms & found}


@lru_cache(maxsize=64)
def _spellings(question: Question) -> Mapping[str, frozenset[str]]:
    """Return the other spellings of the question's names by how they stand among its words."""
    folded = {word for name in question.names for word in name.words}
    return {
        said: frozenset(form for other in others for form in words(other))
        for name in folded
        if (others := other_spellings(name))
        for said in words(name)
    }


def _weights(
    question: Question, candidates: Sequence[Candidate], meant: Mapping[str, frozenset[str]]
) -> dict[str, float]:
    """Return the weight of each word of the question: how rare it is among the candidates."""
    there = [candidate.said | candidate.context for candidate in candidates]
    frequency = Counter(word for found in there for word in (_as_asked(question, found, meant) if meant else found))
    return {word: rarity(frequency[word], total=len(candidates)) for word in question.words}


def _repeats(one: Candidate, other: Candidate) -> bool:
    if normalise(one.quote) == normalise(other.quote):
        return True
    shared = len(one.words & other.words)
    return shared > _NEAR_DUPLICATE * max(1, len(one.words | other.words))


def _evidence(candidate: Candidate, score: float, *, is_order: bool = False) -> Evidence:
    return Evidence(
        path=candidate.chunk.path,
        start=candidate.start,
        end=candidate.end,
        quote=candidate.quote,
        score=score,
        page=candidate.chunk.page,
        heading=_place(candidate),
        gives_orders=is_order,
    )


def _place(candidate: Candidate) -> str:
    """Return the headings above a sentence, and the question in the text that it answers unless that is a heading."""
    question = candidate.question
    if question.lstrip("# ") == candidate.heading.rpartition(" > ")[2]:
        return candidate.heading
    return " > ".join(filter(None, (candidate.heading, question)))


def score_sentences(question: Question, hits: Sequence[Hit]) -> list[tuple[Chunk, int, int, float]]:
    """Return the sentences of the hits that may be quoted: passage, start and end in the document, and score."""
    candidates = candidates_of(hits)
    scores = _lexical_scores(question, candidates)
    return [(item.chunk, item.start, item.end, score) for item, score in zip(candidates, scores, strict=True)]
