"""Estimate how well the evidence supports an answer. In: question, hits, quotes, the model's reply. Out: a Support.

Three things count against an answer. The passages are not related to the question: they contain few of its rare words
and their vectors are far from its vector (both must agree, so that a paraphrased question is not refused). Or a number
or name that the question presupposes is in no passage. Or the model's phrase is in no source, is improbable, or says
that the documents don't say; no stock model does the last, but one can be trained to (examples/fine_tune). Only the
last detects a passage on the right subject that lacks the answer, and not often: docs/decisions/013-what-is-refused.md
has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bunko.answering.missing import Missing, missing
from bunko.answering.spoken_refusal import refuses
from bunko.answering.trust import Signals, trust_of
from bunko.grounding.verbatim import locate
from bunko.language.words import words
from bunko.ports import EmbedderSpec, Generator
from bunko.question.question import Question
from bunko.retrieval.entities import has_name
from bunko.retrieval.entities import lacking as lacking_names
from bunko.retrieval.evidence import coverage
from bunko.retrieval.named_documents import without_file_names
from bunko.types import Evidence, Hit

# The middle of the scale: the weighted share of the question's words in the best passage, or its cosine similarity
# relative to what unrelated texts rarely reach. Without a similarity the threshold on words is lower.
_WORDS = 0.35
_WORDS_ALONE = 0.3
# Of that similarity, what a question and the passage that answers it in another language reach: 38 of 50 do, and of
# questions about other things 5 of 25 (benchmarks/LOG.md).
_CROSSED = 0.8
_MIDDLE = 0.5
# Refused at the default strictness. About one in thirty answerable questions is (decision 013).
_DOUBTED = 0.49
# A phrase with less than this share of its words in any one quote is invented, and refused from a strictness of .6;
# one with more may be a paraphrase of a source, and is refused from .75.
_PHRASE = 0.75
_INVENTED = 0.59
_PARAPHRASED = 0.74
# Parameters. Phrases that are in no source say nothing about the evidence for a model of 135 million; for one of half a
# billion they do.
_TOO_SMALL = 300_000_000
# Probability of the whole phrase at the middle of the scale. One in twenty answerable questions has a less probable
# phrase, which is hardly ever right. A quarter of the scale is a factor of three: .15 at .75, .45 at 1.
_UNSURE = 0.05
_STEP = 0.25
_TIMES = 3.0
# Of an open question whose names the passages have: refused only by the strictest.
_ABOUT_ALL_NAMES = 0.75
# Words that speak of a document, and not of what is in it.
_OF_FILES = frozenset(
    words("say says tell about file document contain mention write report 書く 述べる ファイル 文書 資料")
)
_HINT = "--strictness 0 answers anyway."
UNRELATED = f"The passages found have little to do with the question. {_HINT}"
UNANSWERED = f"The passages found are on the subject, but probably have no answer. {_HINT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """How well the evidence supports an answer."""

    strength: float = math.inf
    """The strictness above which the question is refused, from 0; above 1 it never is."""
    doubt: str = ""
    """The reason against an answer, for the reader."""
    probability: float | None = None
    """That the documents answer, 0 to 1; None where it is not estimated."""


def support(
    question: Question,
    hits: Sequence[Hit],
    quotes: Sequence[Evidence],
    *,
    spec: EmbedderSpec,
    breadth: Literal["one answer", "several passages"] = "one answer",
    reader: str = "",
    relevance: float = 0.0,
) -> Support:
    """Estimate how well the passages found support an answer.

    Where several passages answer, one number or name that they lack is no reason to refuse. Nor is a question in other
    general words than theirs, if they have all that it names: what they don't tell of it, the answer says. But no
    passage of another article answers what is asked of Article 3. `relevance` is the highest probability that the
    reader of this name gives to the passage of a quote.
    """
    lacking = missing(question, hits, quotes)
    several = breadth == "several passages"
    signals = None if several or not reader else signals_of(question, hits, quotes, lacking, spec=spec)
    related = _related(question, hits, signals, spec=spec, reader=reader, relevance=relevance)
    if several and not lacking.parts and _has_all_names(question, hits):
        return replace(related, strength=max(related.strength, _ABOUT_ALL_NAMES))
    listed = ", ".join(lacking.parts if several else (*lacking.parts, *lacking.numbers, *lacking.names))
    if not listed or related.strength < _DOUBTED:
        return related
    return replace(related, strength=_DOUBTED, doubt=f"No passage found mentions {listed}. {_HINT}")


def _related(
    question: Question,
    hits: Sequence[Hit],
    signals: Signals | None,
    *,
    spec: EmbedderSpec,
    reader: str,
    relevance: float,
) -> Support:
    """Return how likely the passages answer, by the reader's weights, or else how closely they are related."""
    related = _relation(question, hits, spec=spec)
    trust = trust_of(replace(signals, reader=reader, relevance=relevance)) if signals else None
    if trust is None:
        return Support(strength=related, doubt=UNRELATED)
    doubt = UNRELATED if related < _MIDDLE else UNANSWERED
    return Support(strength=trust.strength, doubt=doubt, probability=trust.probability)


def signals_of(
    question: Question, hits: Sequence[Hit], quotes: Sequence[Evidence], lacking: Missing, *, spec: EmbedderSpec
) -> Signals | None:
    """Return what speaks for an answer in the question's language; None where it was searched for by words alone."""
    likeness = max((hit.dense for hit in hits if hit.dense is not None), default=None)
    if likeness is None or not spec.related or not quotes or not spec.knows(question.language) or question.is_bare:
        return None
    if all(hit.chunk.language != question.language for hit in hits):
        return None
    return Signals(
        language=question.language,
        likeness=likeness / spec.related,
        quote=quotes[0].score,
        lacks=bool(lacking.numbers or lacking.names or lacking.parts),
    )


def _has_all_names(question: Question, hits: Sequence[Hit]) -> bool:
    passages = [hit.chunk.in_context for hit in hits]
    return bool(question.names and passages) and not lacking_names(question.names, passages, has_name)


def support_in_files(question: Question, quotes: Sequence[Evidence], named: Sequence[str]) -> Support:
    """Estimate how well files that the question names support an answer: have they any word of the rest of it?

    A summary asks for no word in particular.
    """
    asked = frozenset(words(without_file_names(question, named))) - _OF_FILES
    said = frozenset(word for item in quotes for word in words(f"{item.heading}\n{item.quote}"))
    if quotes and (question.kind == "summary" or not asked or asked & said):
        return Support()
    listed = ", ".join(named)
    return Support(strength=_DOUBTED, doubt=f"{listed} has no word of the question. {_HINT}")


def can_judge(question: Question, generator: Generator) -> bool:
    """Return whether the model's phrase is evidence of whether the quotes contain the answer.

    Very small models invent phrases for answerable questions, too. A yes or no need not be in a source, and a reason is
    seldom a phrase.
    """
    return not question.is_yes_no and question.kind != "reason" and not 0 < generator.spec.parameters <= _TOO_SMALL


def support_by_model(said: str, quotes: Sequence[Evidence], *, judged: bool, log_probability: float | None) -> Support:
    """Estimate from the model's reply how well the quotes support an answer.

    A refusal, in whatever words, counts from any model, weighted by its probability; everything else about the phrase
    counts only if `judged`. `log_probability` is the reply's natural logarithm; None if unknown.
    """
    if refuses(said) and not locate(said, quotes):
        sure = math.exp(log_probability) if log_probability is not None else _MIDDLE
        strength = min(_DOUBTED, 1 - sure)
        return Support(strength=strength, doubt=f"The model found no answer in the quotes. {_HINT}")
    return support_by_phrase(said, quotes, log_probability=log_probability) if judged else Support()


def support_by_phrase(said: str, quotes: Sequence[Evidence], *, log_probability: float | None) -> Support:
    """Estimate from the model's phrase how well the quotes support an answer.

    `log_probability` is the phrase's natural logarithm; None if unknown.
    """
    by_probability = Support(
        strength=_by_probability(log_probability), doubt=f"The model was not sure of its answer. {_HINT}"
    )
    if locate(said, quotes):
        return by_probability
    asserted = set(words(said))
    shared = max((len(asserted & set(words(quote.quote))) for quote in quotes), default=0)
    reason = f"The model's answer ({said!r}) is not in the documents." if said else "The model gave no answer."
    strength = _INVENTED if shared < _PHRASE * len(asserted) or not asserted else _PARAPHRASED
    return Support(strength=min(strength, by_probability.strength), doubt=f"{reason} {_HINT}")


def _by_probability(log_probability: float | None) -> float:
    if log_probability is None:
        return math.inf
    return max(0.0, _MIDDLE + _STEP * (log_probability - math.log(_UNSURE)) / math.log(_TIMES))


def _relation(question: Question, hits: Sequence[Hit], *, spec: EmbedderSpec) -> float:
    """Return how closely the passages are related to the question, on the scale of strictness.

    Passages in another language share few words with the question; where all are, it is infinite. Where the embedder
    can't match the languages either, they must share one, or they were found by chance.
    """
    if all(hit.chunk.language != question.language for hit in hits):
        crossed = all(spec.knows(code) for code in (question.language, *(hit.chunk.language for hit in hits)))
        return math.inf if crossed or not hits or coverage(question, hits) else 0.0
    likeness = max((hit.dense for hit in hits if hit.dense is not None), default=None)
    if likeness is None or not spec.related or not spec.knows(question.language):
        return _MIDDLE * coverage(question, hits) / _WORDS_ALONE
    related = _MIDDLE * max(likeness / spec.related, coverage(question, hits) / _WORDS)
    first = hits[0]
    if first.chunk.language == question.language or not spec.knows(first.chunk.language):
        return related
    return max(related, _MIDDLE * (first.dense or 0.0) / (_CROSSED * spec.related))
