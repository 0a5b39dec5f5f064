"""Match an answer to its sources. In: answer text, evidence. Out: citations, unsupported sentences.

Each sentence is compared with each sentence of the sources. A source supports it if the source has its words, all of
its numbers and names, and does not contradict it. Knows nothing of models: sentences are compared by their words,
and if only words are missing, by the similarity that the caller measures. A sentence that no source supports is
reported, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from typing import TypeAlias

from bunko.grounding.citation_marks import Mark, put_marks, shifted, take_marks
from bunko.grounding.claims import Claim, claims
from bunko.grounding.contradiction import contradiction
from bunko.grounding.facts import Citable, Facts, facts_of, facts_of_question, has_word, in_context, spans_of
from bunko.grounding.verbatim import is_part, squeeze
from bunko.language.names import Name, has_part, has_whole
from bunko.language.quantities import Quantity, agrees, quantities
from bunko.language.words import words
from bunko.question.question import Question
from bunko.types import Citation, Evidence

Likeness: TypeAlias = Callable[[str, Sequence[str]], Sequence[float]]
"""A sentence and texts -> the similarity in meaning of each text, -1 to 1."""
Opinion: TypeAlias = Callable[[str, str], bool | None]
"""A sentence and a text -> whether a model says that the text means the same; None if it gives no verdict."""

# The share of a sentence's words that a source must have to support it.
_SUPPORTED = 0.75
# Below this share, common words are chance: two sentences on one subject have a word or two in common.
_RELATED = 0.34
# Words that can refer back to a name: she, which, "The company" at the beginning.
_POINTS_BACK = re.compile(
    r"\b(?:which|he|she|it|they|him|them|his|hers?|its|theirs?|this|these|who)\b|^\W*the [a-z]|[\u3041-\u30ff]",
    re.I | re.M,
)
# Two statements in one sentence may come from two sources: "…, and it …". The second begins with its own subject.
_STATEMENTS = re.compile(
    r";\s+|,\s+(?:and|but|while|whereas)\s+(?=(?:it|he|she|they|its|his|her|their|the|this)\b|[A-Z])"
)

# The number of spans that are compared by meaning, of those in which only words are missing. The threshold separates
# paraphrases from sentences with another word in them (benchmarks/paraphrases.tsv, benchmarks/LOG.md).
_EMBEDDED = 2
_LIKE = 0.85


class Support(IntEnum):
    """How well a source supports a sentence."""

    NONE = 0
    MISSING = 1
    """It is about the same subject, but lacks a number or a name, or contradicts the sentence."""
    OPEN = 2
    """It lacks only words."""
    SUPPORTED = 3
    VERBATIM = 4


class Reason(Enum):
    """Why a source supports a sentence, or does not. Each comes from one check."""

    REPEATS_QUESTION = "the sentence says nothing that the question did not"
    VERBATIM = "the source has the sentence word for word"
    CONTRADICTED = "the source says the contrary"
    UNRELATED = "the source has too few of its words"
    NUMBER_MISSING = "the source lacks one of its numbers"
    NAME_MISSING = "the source lacks one of its names"
    WORDS_FOUND = "the source has its words, numbers and names"
    WORDS_MISSING = "the source lacks some of its words"
    LIKENESS = "the source means the same"
    OPINION = "a model judged it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """The citations of an answer, and its sentences without support."""

    citations: tuple[Citation, ...]
    unsupported: tuple[str, ...]
    text: str = ""
    """The answer, with those of the model's own source numbers that are right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """How well a span supports a statement."""

    support: Support
    reason: Reason
    span: Citable
    share: float
    """The share of the statement's words and numbers that the span has."""
    asked: float
    """The share of the question's words that the span has. It decides between two spans with the same word."""

    @property
    def rank(self) -> tuple[float, ...]:
        """A better verdict has a higher rank."""
        size = self.span.end - self.span.start
        if self.support >= Support.SUPPORTED:
            return (self.support, -self.span.sentences, self.asked, self.share, -self.span.n, -size)
        return (self.support, self.share, -self.span.sentences, self.asked, -self.span.n, -size)


def ground(
    answer: str,
    evidence: Sequence[Evidence],
    *,
    question: Question,
    likeness: Likeness | None = None,
    opinion: Opinion | None = None,
) -> Grounding:
    """Match each sentence of the answer to the sentence of a source that supports it.

    `evidence` is what the prompt contained, best first; citations count in that order, and quote the supporting
    sentence. A citation is `verified` where the source has the sentence word for word, or nearly all of its words and
    every number and name, and does not contradict it; and where the sentence says something that the question did not.
    If only words are missing, `likeness` decides, if given. `opinion` is asked about every sentence that no source has
    word for word: it can accept one that lacks only words, and reject any. Neither makes up for a missing
    number or name. A sentence that no source supports is unsupported, with a citation of the nearest span, if any.
    """
    clean, marks = take_marks(answer)
    judge = _Judge(evidence, question, likeness, opinion)
    found: list[tuple[Claim, list[_Verdict]]] = []
    kept: list[Mark] = []
    all_claims = claims(clean, question=question)
    for claim in all_claims:
        verdicts = judge.verdicts(claim)
        following = min((other.start for other in all_claims if other.start > claim.start), default=len(clean) + 1)
        for mark in marks:
            if claim.start < mark.place <= max(following, claim.end) or (
                claim is all_claims[0] and mark.place <= claim.start
            ):
                right = _right(mark, verdicts, judge, claim)
                kept += [right] if right.numbers else []
        found.append((claim, verdicts))
    text = put_marks(clean, kept)
    citations: list[Citation] = []
    unsupported: list[str] = []
    for claim, verdicts in found:
        sentence = text[shifted(claim.start, kept, at=True) : shifted(claim.end, kept, at=False)].strip()
        verified = bool(verdicts) and all(verdict.support >= Support.SUPPORTED for verdict in verdicts)
        near = [verdict for verdict in verdicts if verified or verdict.share >= _RELATED]
        citations += [_cite(verdict.span, evidence, sentence, verified=verified) for verdict in near]
        if not verified and not (claim.kind == "nothing" and judge.claims_nothing(claim)):
            unsupported.append(sentence)
    return Grounding(citations=tuple(citations), unsupported=tuple(unsupported), text=text)


def _right(mark: Mark, verdicts: list[_Verdict], judge: _Judge, claim: Claim) -> Mark:
    """Return a mark with only those numbers whose sources support the sentence. These sources are cited, too."""
    numbers = []
    if not verdicts or any(verdict.support < Support.SUPPORTED for verdict in verdicts):
        return replace(mark, numbers=())
    for number in mark.numbers:
        if any(verdict.span.n == number - 1 for verdict in verdicts):
            numbers.append(number)
        elif other := judge.supported_by(claim, number - 1):
            verdicts.append(other)
            numbers.append(number)
    return replace(mark, numbers=tuple(numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """A statement and a span, as the checks compare them."""

    text: str
    span: str
    share: float
    """The share of the statement's words and numbers that the span has."""
    share_of_new: float
    """The same share of the words and numbers that are not in the question."""
    asked: float
    has_numbers: bool
    """Whether the span has any number of the statement."""
    lacks_number: bool
    lacks_name: bool
    only_repeats: bool
    """Whether the statement has nothing that the question lacks, and the question is not one of yes or no."""
    is_whole: bool
    """Whether the statement is the span, word for word."""
    is_part: bool


_Finding: TypeAlias = tuple[Support, Reason]


def _repeats_question(it: _Comparison) -> _Finding | None:
    if not it.only_repeats:
        return None
    return (Support.MISSING if it.share else Support.NONE), Reason.REPEATS_QUESTION


def _verbatim(it: _Comparison) -> _Finding | None:
    if not it.is_part or not (it.is_whole or not contradiction(it.text, it.span)):
        return None
    return Support.VERBATIM, Reason.VERBATIM


def _unrelated(it: _Comparison) -> _Finding | None:
    if it.is_part or it.share >= _RELATED or it.has_numbers:
        return None
    return Support.NONE, Reason.UNRELATED


def _number_missing(it: _Comparison) -> _Finding | None:
    return (Support.MISSING, Reason.NUMBER_MISSING) if it.lacks_number and not it.is_part else None


def _name_missing(it: _Comparison) -> _Finding | None:
    return (Support.MISSING, Reason.NAME_MISSING) if it.lacks_name and not it.is_part else None


def _contradicted(it: _Comparison) -> _Finding | None:
    return (Support.MISSING, Reason.CONTRADICTED) if contradiction(it.text, it.span) else None


def _words_found(it: _Comparison) -> _Finding | None:
    if min(it.share, it.share_of_new) < _SUPPORTED:
        return None
    return Support.SUPPORTED, Reason.WORDS_FOUND


def _words_missing(_: _Comparison) -> _Finding:
    return Support.OPEN, Reason.WORDS_MISSING


_CHECKS: tuple[Callable[[_Comparison], _Finding | None], ...] = (
    _repeats_question,
    _verbatim,
    _unrelated,
    _number_missing,
    _name_missing,
    _contradicted,
    _words_found,
    _words_missing,
)


class _Judge:
    """Finds the spans of the evidence that support a claim."""

    def __init__(
        self, evidence: Sequence[Evidence], question: Question, likeness: Likeness | None, opinion: Opinion | None
    ) -> None:
        self._spans = [span for n, item in enumerate(evidence) for span in spans_of(n, item)]
        self._sources = [f"{item.heading}\n{item.quote}" for item in evidence]
        self._question = facts_of_question(question)
        self._is_yes_no = question.is_yes_no
        self._offers_choice = question.offers_choice
        self._likeness = likeness
        self._opinion = opinion

    def verdicts(self, claim: Claim) -> list[_Verdict]:
        """Return the verdict on the span that supports a claim best, or one for each of its statements."""
        if claim.kind in ("yes", "no"):
            return self._of_yes_or_no(claim)
        if claim.kind == "nothing" and self.claims_nothing(claim):
            return []
        facts = facts_of(claim.text)
        best = self._best(facts)
        if best is None or best.support >= Support.SUPPORTED:
            return [best] if best else []
        statements = [part.strip() for part in _STATEMENTS.split(claim.text)]
        if len(statements) > 1 and all(len(words(part)) > 1 for part in statements):
            each = [self._best(facts_of(part)) for part in statements]
            if all(verdict and verdict.support >= Support.SUPPORTED for verdict in each):
                return list(dict.fromkeys(verdict for verdict in each if verdict))
        return [best]

    def supported_by(self, claim: Claim, n: int) -> _Verdict | None:
        """Return the verdict on the best span of one source if it supports the claim."""
        best = self._best(facts_of(claim.text), of=n)
        return best if best and best.support >= Support.SUPPORTED else None

    def claims_nothing(self, claim: Claim) -> bool:
        """Return whether a sentence has no number and no name that the sources or the question lack."""
        facts = facts_of(claim.text)
        return all(self._is_known(item) for item in facts.quantities) and all(
            self._is_named(name) for name in facts.names
        )

    def _best(self, facts: Facts, *, of: int | None = None) -> _Verdict | None:
        verdicts = [self._weigh(facts, span) for span in self._spans if of is None or span.n == of]
        best = max(verdicts, key=lambda verdict: verdict.rank, default=None)
        if best is None or best.support is Support.NONE:
            return None
        if best.support is Support.OPEN and self._likeness:
            best = self._by_meaning(facts, [verdict for verdict in verdicts if verdict.support is Support.OPEN]) or best
        if self._opinion and best.support in (Support.OPEN, Support.SUPPORTED):
            opinion = self._opinion(facts.text, in_context(best.span))
            if opinion is not None:
                best = replace(best, support=Support.SUPPORTED if opinion else Support.OPEN, reason=Reason.OPINION)
        return best

    def _by_meaning(self, facts: Facts, verdicts: list[_Verdict]) -> _Verdict | None:
        """Return the verdict whose span means the same as the statement; None if no span does."""
        verdicts = sorted(verdicts, key=lambda verdict: verdict.rank, reverse=True)[:_EMBEDDED]
        assert self._likeness is not None
        likeness = self._likeness(facts.text, [verdict.span.text for verdict in verdicts])
        like, best = max(zip(likeness, verdicts, strict=True), key=lambda pair: pair[0])
        return replace(best, support=Support.SUPPORTED, reason=Reason.LIKENESS) if like >= _LIKE else None

    def _weigh(self, facts: Facts, span: Citable) -> _Verdict:
        """Return how well a span supports a statement: the first check that finds a reason decides."""
        comparison = self._compare(facts, span)
        support, reason = next(found for check in _CHECKS if (found := check(comparison)))
        share = comparison.share
        if reason is Reason.REPEATS_QUESTION:
            share = min(share, _RELATED)
        elif comparison.is_part:
            share = 1.0
        return _Verdict(support=support, reason=reason, span=span, share=share, asked=comparison.asked)

    def _compare(self, facts: Facts, span: Citable) -> _Comparison:
        there = facts_of(in_context(span))
        known = {word for name in facts.names if self._is_meant(name, there) for word in facts_of(name.text).words}
        found = {word for word in facts.words if word in known or has_word(word, there.words)}
        numbers = [item for item in facts.quantities if self._is_found(item, there)]
        size = len(facts.words) + len(facts.quantities)
        asked = self._question.words
        new = {word for word in facts.words if not has_word(word, asked)}
        new_numbers = [
            item for item in facts.quantities if not any(agrees(item, one) for one in self._question.quantities)
        ]
        new_found = len(new & found) + sum(item in numbers for item in new_numbers)
        is_whole = squeeze(facts.text) == squeeze(span.text)
        share = (len(found) + len(numbers)) / size if size else 0.0
        related = share >= _RELATED or bool(numbers)  # names take long to compare
        return _Comparison(
            text=facts.text,
            span=span.text,
            share=share,
            share_of_new=new_found / (len(new) + len(new_numbers)) if new or new_numbers else 1.0,
            asked=sum(has_word(word, there.words) for word in asked) / len(asked) if asked else 0.0,
            has_numbers=bool(numbers),
            lacks_number=len(numbers) < len(facts.quantities),
            lacks_name=related and not all(self._names(name, there) for name in facts.names),
            only_repeats=not (new or new_numbers or is_whole or self._is_yes_no or self._offers_choice),
            is_whole=is_whole,
            is_part=is_part(facts.text, span.text),
        )

    def _is_found(self, item: Quantity, there: Facts) -> bool:
        """Return whether a span has a number; one that the question has may be in any source."""
        if any(agrees(item, other) for other in there.all_quantities):
            return True
        return any(agrees(item, other) for other in self._question.quantities) and self._is_known(item)

    def _is_known(self, item: Quantity) -> bool:
        return any(agrees(item, other) for source in self._sources for other in quantities(source))

    def _names(self, name: Name, there: Facts) -> bool:
        """Return whether a span has a name, or a part of it where some source has the whole name.

        A name of the question may be a pronoun in the span, but some source must have the name.
        """
        return self._is_meant(name, there) or (has_part(name, there.text) and self._is_named(name))

    def _is_meant(self, name: Name, there: Facts) -> bool:
        """Return whether a span can be about a name of the question: it has a pronoun, or no other name."""
        if not has_part(name, self._question.text) or not self._is_named(name):
            return False
        others = any(not has_part(other, self._question.text) for other in there.names)
        return not others or bool(_POINTS_BACK.search(there.text))

    def _is_named(self, name: Name) -> bool:
        return any(has_whole(name, source) for source in self._sources)

    def _of_yes_or_no(self, claim: Claim) -> list[_Verdict]:
        """Return the span that supports a yes, by saying what was asked, or a no, by contradicting it."""
        if not self._is_yes_no:
            return []
        verdicts = [self._weigh(self._question, span) for span in self._spans]
        best = max(verdicts, key=lambda verdict: (verdict.share, verdict.rank), default=None)
        if best is None or best.share < _RELATED:
            return []
        if claim.kind == "no":
            another_number = self._has_another_number(best.span)
            related = best.share >= _SUPPORTED or another_number
            contrary = bool(contradiction(self._question.text, best.span.text)) or another_number
            best = replace(
                best,
                support=Support.SUPPORTED if contrary and related else Support.OPEN,
                reason=Reason.CONTRADICTED if contrary else best.reason,
            )
        return [best]

    def _has_another_number(self, span: Citable) -> bool:
        """Return whether a span says nearly what was asked, but with another number."""
        there = facts_of(span.text)
        asked = self._question.words
        if not asked or sum(has_word(word, there.words) for word in asked) < _SUPPORTED * len(asked):
            return False
        return any(
            not any(agrees(item, other) for other in there.quantities)
            and any(item.kind == other.kind and item.unit == other.unit for other in there.quantities)
            for item in self._question.quantities
        )


def _cite(span: Citable, evidence: Sequence[Evidence], sentence: str, *, verified: bool) -> Citation:
    item = evidence[span.n]
    return Citation(
        n=span.n + 1,
        path=item.path,
        page=item.page,
        start=item.start + span.start,
        end=item.start + span.end,
        quote=span.text,
        sentence=sentence,
        verified=verified,
    )
