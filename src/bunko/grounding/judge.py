"""Judge how well the spans of the evidence support a claim. In: evidence, question, claim. Out: Verdicts.

Compares words, numbers and names; where only words are missing, functions of the caller may decide: similarity in
meaning, or the opinion of a model. Knows nothing of models itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from bunko.grounding.checks import CHECKS, RELATED, SUPPORTED_SHARE, Comparison, Reason, Support
from bunko.grounding.claims import Claim
from bunko.grounding.contradiction import contradiction
from bunko.grounding.facts import Citable, Facts, facts_of, facts_of_question, has_word, in_context, spans_of
from bunko.grounding.shared_cues import without_shared_cues
from bunko.grounding.verbatim import is_part, squeeze
from bunko.language.names import Name, has_part, has_whole
from bunko.language.quantities import quantities
from bunko.language.quantity import Quantity, agrees
from bunko.language.words import words
from bunko.ports import Entailment, EntailmentModel
from bunko.question.question import Question
from bunko.types import Evidence

Likeness: TypeAlias = Callable[[str, Sequence[str]], Sequence[float]]
"""A sentence and texts -> the similarity in meaning of each text, -1 to 1."""

Opinion: TypeAlias = Callable[[str, str], bool | None]
"""A sentence and a text -> whether a model says that the text means the same; None if it gives no verdict."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
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


def _support_by(found: Entailment) -> Support:
    """Return the support of the likeliest of the three; a tie is no support."""
    if found.entailment > max(found.neutral, found.contradiction):
        return Support.SUPPORTED
    return Support.OPEN if found.neutral >= found.contradiction else Support.MISSING


class Judge:
    """Finds the spans of the evidence that support a claim."""

    def __init__(
        self,
        evidence: Sequence[Evidence],
        question: Question,
        likeness: Likeness | None,
        opinion: Opinion | None,
        entailment: EntailmentModel | None = None,
    ) -> None:
        self._spans = [span for n, item in enumerate(evidence) for span in spans_of(n, item)]
        self._sources = [f"{item.heading}\n{item.quote}" for item in evidence]
        self._question = facts_of_question(question)
        self._is_yes_no = question.is_yes_no
        self._offers_choice = question.offers_choice
        self._likeness = likeness
        self._opinion = opinion
        self._entailment = entailment

    def verdicts(self, claim: Claim) -> list[Verdict]:
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

    def supported_by(self, claim: Claim, n: int) -> Verdict | None:
        """Return the verdict on the best span of one source if it supports the claim."""
        best = self._best(facts_of(claim.text), of=n)
        return best if best and best.support >= Support.SUPPORTED else None

    def claims_nothing(self, claim: Claim) -> bool:
        """Return whether a sentence has no number and no name that the sources or the question lack."""
        facts = facts_of(claim.text)
        return all(self._is_known(item) for item in facts.quantities) and all(
            self._is_named(name) for name in facts.names
        )

    def _best(self, facts: Facts, *, of: int | None = None) -> Verdict | None:
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
        if self._entailment and best.support in (Support.OPEN, Support.SUPPORTED):
            found = self._entailment.judge(in_context(best.span), facts.text)
            best = replace(best, support=_support_by(found), reason=Reason.ENTAILMENT)
        return best

    def _by_meaning(self, facts: Facts, verdicts: list[Verdict]) -> Verdict | None:
        """Return the verdict whose span means the same as the statement; None if no span does."""
        verdicts = sorted(verdicts, key=lambda verdict: verdict.rank, reverse=True)[:_EMBEDDED]
        assert self._likeness is not None
        likeness = self._likeness(facts.text, [verdict.span.text for verdict in verdicts])
        like, best = max(zip(likeness, verdicts, strict=True), key=lambda pair: pair[0])
        return replace(best, support=Support.SUPPORTED, reason=Reason.LIKENESS) if like >= _LIKE else None

    def _weigh(self, facts: Facts, span: Citable) -> Verdict:
        """Return how well a span supports a statement: the first check that finds a reason decides."""
        comparison = self._compare(facts, span)
        support, reason = next(found for check in CHECKS if (found := check(comparison)))
        share = comparison.share
        if reason is Reason.REPEATS_QUESTION:
            share = min(share, RELATED)
        elif comparison.is_part:
            share = 1.0
        return Verdict(support=support, reason=reason, span=span, share=share, asked=comparison.asked)

    def _compare(self, facts: Facts, span: Citable) -> Comparison:
        there = facts_of(in_context(span))
        rest = without_shared_cues(facts.text, span.text)
        if rest != facts.text:
            facts = replace(facts_of(rest), text=facts.text)
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
        related = share >= RELATED or bool(numbers)  # names take long to compare
        return Comparison(
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

    def _of_yes_or_no(self, claim: Claim) -> list[Verdict]:
        """Return the span that supports a yes, by saying what was asked, or a no, by contradicting it."""
        if not self._is_yes_no:
            return []
        verdicts = [self._weigh(self._question, span) for span in self._spans]
        best = max(verdicts, key=lambda verdict: (verdict.share, verdict.rank), default=None)
        if best is None or best.share < RELATED:
            return []
        if claim.kind == "no":
            another_number = self._has_another_number(best.span)
            related = best.share >= SUPPORTED_SHARE or another_number
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
        if not asked or sum(has_word(word, there.words) for word in asked) < SUPPORTED_SHARE * len(asked):
            return False
        return any(
            not any(agrees(item, other) for other in there.quantities)
            and any(item.kind == other.kind and item.unit == other.unit for other in there.quantities)
            for item in self._question.quantities
        )
