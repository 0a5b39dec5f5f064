"""Tie an answer to its sources. In: answer text, evidence. Out: citations, unsupported sentences.

Each sentence is laid beside each sentence of the sources: what it says must stand there, its numbers and names without
exception, and not be turned into its contrary. Knows nothing of models: what is called verified here was found by
comparing words, and where they leave it open, by the likeness that the caller can measure. A sentence that a source
does not carry is reported, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TypeAlias

from bunko.grounding.citation_marks import Mark, put_marks, shifted, take_marks
from bunko.grounding.claims import Claim, claims
from bunko.grounding.contradiction import contradiction
from bunko.grounding.facts import Citable, Facts, facts_of, in_context, spans_of, stands_there
from bunko.grounding.verbatim import OFFERS, is_part, squeeze
from bunko.language.names import Name, has_part, has_whole
from bunko.language.quantities import Quantity, agrees, quantities
from bunko.language.words import words
from bunko.question.yes_no import asks_whether
from bunko.types import Citation, Evidence

Likeness: TypeAlias = Callable[[str, Sequence[str]], Sequence[float]]
"""A sentence and texts -> how much each text means the same, -1 to 1."""
Opinion: TypeAlias = Callable[[str, str], bool | None]
"""A sentence and a text -> whether somebody who read both says that the text says it; None if nobody can tell."""

# Of a sentence's words of meaning, this share must stand in one source for it to count as carried by that source.
# Below the lower mark the likeness is chance: two sentences on one subject share a word or two.
_CARRIED = 0.75
_RELATED = 0.34
# What can stand for a name that was said before: she, which, "The company" at the beginning.
_POINTS_BACK = re.compile(
    r"\b(?:which|he|she|it|they|him|them|his|hers?|its|theirs?|this|these|who)\b|^\W*the [a-z]|[\u3041-\u30ff]",
    re.I | re.M,
)
# Two statements in one sentence may come from two sources: "…, and it …". The second begins with its own subject.
_STATEMENTS = re.compile(
    r";\s+|,\s+(?:and|but|while|whereas)\s+(?=(?:it|he|she|they|its|his|her|their|the|this)\b|[A-Z])"
)

# Of the spans in which nothing but words is missing, so many are compared by meaning. The marks are those between
# paraphrases and sentences with another word in them (benchmarks/paraphrases.tsv, benchmarks/LOG.md).
_EMBEDDED = 2
_LIKE = 0.85


class Support(IntEnum):
    """How far a source carries a sentence."""

    NONE = 0
    MISSING = 1
    """It is about the same, but a number or a name is another, or the contrary is said."""
    OPEN = 2
    """Nothing speaks against it, but not enough of its words are there."""
    CARRIED = 3
    VERBATIM = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """What could be found out about an answer."""

    citations: tuple[Citation, ...]
    unsupported: tuple[str, ...]
    text: str = ""
    """The answer, with only those of the model's own source numbers that are right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    support: Support
    span: Citable
    share: float
    """Of the statement's words."""
    asked: float
    """Share of the question's words that the span has: which of two spans with one word is meant."""

    @property
    def rank(self) -> tuple[float, ...]:
        size = self.span.end - self.span.start
        if self.support >= Support.CARRIED:
            return (self.support, -self.span.sentences, self.asked, self.share, -self.span.n, -size)
        return (self.support, self.share, -self.span.sentences, self.asked, -self.span.n, -size)


def ground(
    answer: str,
    evidence: Sequence[Evidence],
    *,
    question: str,
    likeness: Likeness | None = None,
    opinion: Opinion | None = None,
) -> Grounding:
    """Match each sentence of the answer to the sentence of a source that carries it.

    `evidence` is what the prompt held, best first; citations count in that order, and name the sentence of the quote
    that carries the answer's. One is `verified` where the sentence stands there word for word, or nearly all its words
    do, every number and name among them, in a way that does not turn it into its contrary, and it says something that
    the question did not. Where only words are missing, `likeness` decides, if it is given; `opinion` is asked of every
    sentence that does not stand in a source word for word, and may say yes to one that only lacks words, and no to any.
    Neither makes up for a number or a name. A sentence that no source carries is unsupported, with a citation of what
    comes nearest if anything does.
    """
    clean, marks = take_marks(answer)
    judge = _Judge(evidence, question, likeness, opinion)
    found: list[tuple[Claim, list[_Verdict]]] = []
    kept: list[Mark] = []
    said = claims(clean, question=question)
    for claim in said:
        verdicts = judge.verdicts(claim)
        following = min((other.start for other in said if other.start > claim.start), default=len(clean) + 1)
        for mark in marks:
            if claim.start < mark.place <= max(following, claim.end) or (
                claim is said[0] and mark.place <= claim.start
            ):
                right = _right(mark, verdicts, judge, claim)
                kept += [right] if right.numbers else []
        found.append((claim, verdicts))
    text = put_marks(clean, kept)
    citations: list[Citation] = []
    unsupported: list[str] = []
    for claim, verdicts in found:
        sentence = text[shifted(claim.start, kept, at=True) : shifted(claim.end, kept, at=False)].strip()
        verified = bool(verdicts) and all(verdict.support >= Support.CARRIED for verdict in verdicts)
        near = [verdict for verdict in verdicts if verified or verdict.share >= _RELATED]
        citations += [_cite(verdict.span, evidence, sentence, verified=verified) for verdict in near]
        if not verified and not (claim.kind == "nothing" and judge.claims_nothing(claim)):
            unsupported.append(sentence)
    return Grounding(citations=tuple(citations), unsupported=tuple(unsupported), text=text)


def _right(mark: Mark, verdicts: list[_Verdict], judge: _Judge, claim: Claim) -> Mark:
    """Return a mark with those numbers whose sources carry the sentence, which are cited, too."""
    numbers = []
    if not verdicts or any(verdict.support < Support.CARRIED for verdict in verdicts):
        return replace(mark, numbers=())
    for number in mark.numbers:
        if any(verdict.span.n == number - 1 for verdict in verdicts):
            numbers.append(number)
        elif other := judge.carried_by(claim, number - 1):
            verdicts.append(other)
            numbers.append(number)
    return replace(mark, numbers=tuple(numbers))


class _Judge:
    """Says of each claim which spans of the evidence carry it."""

    def __init__(
        self, evidence: Sequence[Evidence], question: str, likeness: Likeness | None, opinion: Opinion | None
    ) -> None:
        self._spans = [span for n, item in enumerate(evidence) for span in spans_of(n, item)]
        self._sources = [f"{item.heading}\n{item.quote}" for item in evidence]
        self._question = facts_of(question)
        self._whether = asks_whether(question)
        self._offers = bool(OFFERS.search(question))
        self._likeness = likeness
        self._opinion = opinion

    def verdicts(self, claim: Claim) -> list[_Verdict]:
        """Return the verdict on the span that carries a claim best, or one for each of its statements."""
        if claim.kind in ("yes", "no"):
            return self._of_yes_or_no(claim)
        if claim.kind == "nothing" and self.claims_nothing(claim):
            return []
        facts = facts_of(claim.text)
        best = self._best(facts)
        if best is None or best.support >= Support.CARRIED:
            return [best] if best else []
        statements = [part.strip() for part in _STATEMENTS.split(claim.text)]
        if len(statements) > 1 and all(len(words(part)) > 1 for part in statements):
            each = [self._best(facts_of(part)) for part in statements]
            if all(verdict and verdict.support >= Support.CARRIED for verdict in each):
                return list(dict.fromkeys(verdict for verdict in each if verdict))
        return [best]

    def carried_by(self, claim: Claim, n: int) -> _Verdict | None:
        """Return the verdict on the best span of one source if it carries the claim."""
        best = self._best(facts_of(claim.text), of=n)
        return best if best and best.support >= Support.CARRIED else None

    def claims_nothing(self, claim: Claim) -> bool:
        """Tell whether there is nothing in a sentence that would have to stand in a source."""
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
        if self._opinion and best.support in (Support.OPEN, Support.CARRIED):
            said = self._opinion(facts.text, in_context(best.span))
            best = best if said is None else replace(best, support=Support.CARRIED if said else Support.OPEN)
        return best

    def _by_meaning(self, facts: Facts, verdicts: list[_Verdict]) -> _Verdict | None:
        """Return what means the same as the statement, of those that have all its numbers and names, if anything."""
        verdicts = sorted(verdicts, key=lambda verdict: verdict.rank, reverse=True)[:_EMBEDDED]
        assert self._likeness is not None
        likeness = self._likeness(facts.text, [verdict.span.text for verdict in verdicts])
        like, best = max(zip(likeness, verdicts, strict=True), key=lambda pair: pair[0])
        return replace(best, support=Support.CARRIED) if like >= _LIKE else None

    def _weigh(self, facts: Facts, span: Citable) -> _Verdict:
        """Say how far a span carries a statement."""
        there = facts_of(in_context(span))
        known = {word for name in facts.names if self._is_meant(name, there) for word in facts_of(name.text).words}
        found = {word for word in facts.words if word in known or stands_there(word, there.words)}
        borne = [item for item in facts.quantities if self._is_borne(item, there)]
        size = len(facts.words) + len(facts.quantities)
        share = (len(found) + len(borne)) / size if size else 0.0
        asked = self._question.words
        asked_share = sum(stands_there(word, there.words) for word in asked) / len(asked) if asked else 0.0
        new = {word for word in facts.words if not stands_there(word, asked)}
        news = [item for item in facts.quantities if not any(agrees(item, one) for one in self._question.quantities)]
        support = Support.NONE
        whole = squeeze(facts.text) == squeeze(span.text)
        if not new and not news and not (whole or self._whether or self._offers):
            share = min(share, _RELATED)  # it only repeats the question
            support = Support.MISSING if share else Support.NONE
        elif is_part(facts.text, span.text):
            share = 1.0
            support = Support.VERBATIM if whole or not contradiction(facts.text, span.text) else Support.MISSING
        elif share >= _RELATED or borne:
            missing = len(borne) < len(facts.quantities) or not all(self._names(name, there) for name in facts.names)
            if missing or contradiction(facts.text, span.text):
                support = Support.MISSING
            else:
                new_found = len(new & found) + sum(item in borne for item in news)
                of_new = new_found / (len(new) + len(news)) if new or news else 1.0
                support = Support.CARRIED if min(share, of_new) >= _CARRIED else Support.OPEN
        return _Verdict(support=support, span=span, share=share, asked=asked_share)

    def _is_borne(self, item: Quantity, there: Facts) -> bool:
        """Tell whether a number stands in a span; one that was asked about may stand in any source."""
        if any(agrees(item, other) for other in there.all_quantities):
            return True
        return any(agrees(item, other) for other in self._question.quantities) and self._is_known(item)

    def _is_known(self, item: Quantity) -> bool:
        return any(agrees(item, other) for source in self._sources for other in quantities(source))

    def _names(self, name: Name, there: Facts) -> bool:
        """Tell whether a span names somebody, if only by a part of a name that stands whole in some source.

        Who was asked about may be a "she" in the span, but must be named in some source.
        """
        return self._is_meant(name, there) or (has_part(name, there.text) and self._is_named(name))

    def _is_meant(self, name: Name, there: Facts) -> bool:
        """Tell whether a span can be about somebody whom the question named: it has a "she", or nobody else in it."""
        if not has_part(name, self._question.text) or not self._is_named(name):
            return False
        others = any(not has_part(other, self._question.text) for other in there.names)
        return not others or bool(_POINTS_BACK.search(there.text))

    def _is_named(self, name: Name) -> bool:
        return any(has_whole(name, source) for source in self._sources)

    def _of_yes_or_no(self, claim: Claim) -> list[_Verdict]:
        """Say which span bears out a yes, by saying what was asked, or a no, by saying the contrary."""
        if not self._whether:
            return []
        verdicts = [self._weigh(self._question, span) for span in self._spans]
        best = max(verdicts, key=lambda verdict: (verdict.share, verdict.rank), default=None)
        if best is None or best.share < _RELATED:
            return []
        if claim.kind == "no":
            carried = best.share >= _CARRIED or self._has_another_number(best.span)
            contrary = contradiction(self._question.text, best.span.text) or self._has_another_number(best.span)
            best = replace(best, support=Support.CARRIED if contrary and carried else Support.OPEN)
        return [best]

    def _has_another_number(self, span: Citable) -> bool:
        """Tell whether a span says nearly what was asked, with another number in the place of the one asked about."""
        there = facts_of(span.text)
        asked = self._question.words
        if not asked or sum(stands_there(word, there.words) for word in asked) < _CARRIED * len(asked):
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
