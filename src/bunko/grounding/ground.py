"""Match an answer to its sources. In: answer text, evidence. Out: citations, unsupported sentences.

Each sentence is compared with each sentence of the sources. A source supports it if the source has its words, all of
its numbers and names, and does not contradict it. Knows nothing of models: sentences are compared by their words,
and if only words are missing, by the similarity that the caller measures. A sentence that no source supports is
reported, never dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bunko.grounding.checks import RELATED, Support
from bunko.grounding.citation_marks import Mark, put_marks, shifted, take_marks
from bunko.grounding.claims import Claim, claims
from bunko.grounding.facts import Citable
from bunko.grounding.judge import Judge, Likeness, Opinion, Verdict
from bunko.ports import EntailmentModel
from bunko.question.question import Question
from bunko.types import Citation, Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """The citations of an answer, and its sentences without support."""

    citations: tuple[Citation, ...]
    unsupported: tuple[str, ...]
    text: str = ""
    """The answer, with those of the model's own source numbers that are right."""


def ground(
    answer: str,
    evidence: Sequence[Evidence],
    *,
    question: Question,
    likeness: Likeness | None = None,
    opinion: Opinion | None = None,
    entailment: EntailmentModel | None = None,
) -> Grounding:
    """Match each sentence of the answer to the sentence of a source that supports it.

    `evidence` is what the prompt contained, best first; citations count in that order, and quote the supporting
    sentence. A citation is `verified` where the source has the sentence word for word, or nearly all of its words and
    every number and name, and does not contradict it; and where the sentence says something that the question did not.
    If only words are missing, `likeness` decides, if given. `opinion` is asked about every sentence that no source has
    word for word: it can accept one that lacks only words, and reject any. Neither makes up for a missing
    number or name. `entailment` is asked in the same cases as `opinion`, and after it. A sentence that no source
    supports is unsupported, with a citation of the nearest span, if any.
    """
    clean, marks = take_marks(answer)
    judge = Judge(evidence, question, likeness, opinion, entailment)
    found: list[tuple[Claim, list[Verdict]]] = []
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
        near = [verdict for verdict in verdicts if verified or verdict.share >= RELATED]
        citations += [_cite(verdict.span, evidence, sentence, verified=verified) for verdict in near]
        if not verified and not (claim.kind == "nothing" and judge.claims_nothing(claim)):
            unsupported.append(sentence)
    return Grounding(citations=tuple(citations), unsupported=tuple(unsupported), text=text)


def _right(mark: Mark, verdicts: list[Verdict], judge: Judge, claim: Claim) -> Mark:
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
