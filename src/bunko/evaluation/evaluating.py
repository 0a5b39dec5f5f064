"""Score the answers of one variant. In: questions and the lines of a batch. Out: results, and a summary with intervals.

Knows nothing of how the answers were made, nor of other variants. A new figure is one entry of `FIGURES`; the functions
that compare texts are in `metrics`, those that score rankings in `ranking`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from bunko.evaluation import metrics, nuggets, ranking, statistics
from bunko.evaluation.context import texts_read
from bunko.evaluation.nuggets import SearchedText
from bunko.evaluation.questions import Question
from bunko.evaluation.records import Answered, AnswerFrom, Estimate, Metric, NuggetResult, Result, StageTime, Unit


@dataclass(frozen=True, kw_only=True)
class Case:
    """A question with what was answered."""

    question: Question
    line: Answered
    answer_from: AnswerFrom
    judged: bool | None = None
    """The judge's verdict; None if there is none."""

    @property
    def failed(self) -> bool:
        """Whether the question ended in an error. It scores 0 where an answer could have scored."""
        return "error" in self.line

    @property
    def refused(self) -> bool:
        """Whether Bunko refused to answer."""
        return bool(self.line.get("refused"))

    @property
    def answer(self) -> str:
        """The answer; empty for a refusal, in any wording."""
        return "" if self.refused or self.failed else str(self.line["answer"])

    @property
    def quotes(self) -> list[str]:
        """The evidence, best first."""
        return [str(item["quote"]) for item in self.line.get("evidence", ())]

    @cached_property
    def nuggets(self) -> list[NuggetResult]:
        """Where each nugget of the question was found."""
        if not self.question.nuggets:
            return []
        read = [SearchedText(text) for _, text in texts_read(self.line.get("evidence", ()))]
        answer = SearchedText(self.answer)
        return [
            NuggetResult(
                fact=nugget.fact,
                vital=nugget.vital,
                in_context=None if self.answer_from == "model" else nuggets.in_context(nugget, read),
                in_answer=nuggets.in_answer(nugget, answer),
            )
            for nugget in self.question.nuggets
        ]


Score = Callable[[Case], float | None]
"""What one question scores; None if the figure does not apply to it."""
Parts = Callable[[Question, Result], tuple[float, float]]
"""What one question adds to the numerator and to the denominator of a ratio."""
Summary = Callable[[Sequence[Result]], Estimate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure: its label, and one way to compute it. The mean of `score`, the ratio of `parts`, or `summary`."""

    label: str
    better: Literal["higher", "lower"] = "higher"
    unit: Unit = "share"
    score: Score | None = None
    parts: Parts | None = None
    summary: Summary | None = None
    paired: bool = False
    """Whether the difference of two variants is computed question by question."""


# --- what one question scores ------------------------------------------------------------------------------------


def _right_20(case: Case) -> float | None:
    if not case.question.answers:
        return None
    return float(metrics.begins_right(case.answer, case.question.answers, question=case.question.text))


def _right(case: Case) -> float | None:
    return float(case.refused) if case.question.unanswerable else _right_20(case)


def _exact_match(case: Case) -> float | None:
    if not case.question.answers:
        return None
    return metrics.best_exact_match(case.answer, case.question.answers, question=case.question.text)


def _f1(case: Case) -> float | None:
    if not case.question.answers:
        return None
    return metrics.best_f1(case.answer, case.question.answers, question=case.question.text)


def _judged(case: Case) -> float | None:
    return None if case.judged is None else float(case.judged)


def _gold_in(first: int | None) -> Score:
    """Return a score of the first quotes; None: of all."""

    def score(case: Case) -> float | None:
        question = case.question
        if not question.answers or case.answer_from == "model":
            return None
        return float(metrics.holds_any(case.quotes[:first], question.answers, question=question.text))

    return score


def _ranked(measure: Callable[[Sequence[str], ranking.Grades], float]) -> Score:
    """Return a score of the documents that were found, for questions whose documents are known.

    Some question sets name a document for unanswerable questions too: there is nothing to be found in it.
    """

    def score(case: Case) -> float | None:
        if not case.question.files or case.question.unanswerable or case.answer_from == "model":
            return None
        grades = dict(case.question.files)
        return measure(ranking.rank_documents(case.line.get("hits", ()), grades), grades)

    return score


def _nuggets_in(where: Literal["in_context", "in_answer"], *, which: Literal["all", "vital"]) -> Score:
    """Return a score of the share of a question's nuggets that were found."""

    def score(case: Case) -> float | None:
        counted = [nugget[where] for nugget in case.nuggets if which == "all" or nugget["vital"]]
        return nuggets.recall(found for found in counted if found is not None)

    return score


def _words(case: Case) -> float | None:
    return None if case.failed else metrics.length_in_words(case.answer)


def _tokens(name: str) -> Score:
    return lambda case: None if case.failed else float(case.line["usage"][name])


# --- ratios ------------------------------------------------------------------------------------------------------


def _supported(question: Question, result: Result) -> tuple[float, float]:
    supported = len({item["sentence"] for item in result["citations"] if item["verified"]})
    return supported, supported + len(result["unsupported"]) if result["evidence"] else 0


def _refusals(question: Question, result: Result) -> tuple[float, float, float]:
    """Return whether it was rightly refused, refused, unanswerable; zeros if the right outcome is not known."""
    if not (question.answers or question.unanswerable):
        return 0, 0, 0
    return result["refused"] and question.unanswerable, result["refused"], question.unanswerable


def _refusal_precision(question: Question, result: Result) -> tuple[float, float]:
    rightly, refused, _ = _refusals(question, result)
    return rightly, refused


def _refusal_recall(question: Question, result: Result) -> tuple[float, float]:
    rightly, _, unanswerable = _refusals(question, result)
    return rightly, unanswerable


def _refusal_f1(question: Question, result: Result) -> tuple[float, float]:
    rightly, refused, unanswerable = _refusals(question, result)
    return 2 * rightly, refused + unanswerable  # 2PR / (P + R) as a ratio of sums


def _time(share: float) -> Summary:
    return lambda results: statistics.quantile(times(results), share)


FIGURES: dict[str, Figure] = {
    "right": Figure(label="right", score=_right),
    "right_20": Figure(label="right within 20 words", score=_right_20),
    "exact_match": Figure(label="exact match", score=_exact_match),
    "f1": Figure(label="F1", score=_f1),
    "judged": Figure(label="right, says the judge", score=_judged),
    "evidence_1": Figure(label="gold in the first quote", score=_gold_in(1)),
    "evidence_2": Figure(label="gold in the first two quotes", score=_gold_in(2)),
    "gold_in_context": Figure(label="gold in all quotes", score=_gold_in(None)),
    "vital_recall": Figure(label="vital recall", score=_nuggets_in("in_answer", which="vital"), paired=True),
    "nugget_recall": Figure(label="nugget recall", score=_nuggets_in("in_answer", which="all"), paired=True),
    "context_vital_recall": Figure(
        label="vital recall of the context", score=_nuggets_in("in_context", which="vital"), paired=True
    ),
    "context_nugget_recall": Figure(
        label="nugget recall of the context", score=_nuggets_in("in_context", which="all"), paired=True
    ),
    "hit_1": Figure(label="right document first", score=_ranked(lambda r, g: ranking.hit_rate(r, g, k=1))),
    "hit_5": Figure(label="right document among five", score=_ranked(lambda r, g: ranking.hit_rate(r, g, k=5))),
    "mrr": Figure(label="MRR of documents", score=_ranked(ranking.reciprocal_rank)),
    "ndcg_10": Figure(label="nDCG@10 of documents", score=_ranked(lambda r, g: ranking.ndcg(r, g, k=10))),
    "refusal_precision": Figure(label="refusals that were right", parts=_refusal_precision),
    "refusal_recall": Figure(label="unanswerable questions refused", parts=_refusal_recall),
    "refusal_f1": Figure(label="F1 of refusals", parts=_refusal_f1),
    "supported": Figure(label="sentences found in a source", parts=_supported),
    "words": Figure(label="words in an answer", better="lower", unit="words", score=_words),
    "prompt_tokens": Figure(label="tokens read", better="lower", unit="tokens", score=_tokens("prompt_tokens")),
    "completion_tokens": Figure(
        label="tokens written", better="lower", unit="tokens", score=_tokens("completion_tokens")
    ),
    "time_median": Figure(label="time, median", better="lower", unit="ms", summary=_time(0.5)),
    "time_p95": Figure(label="time, 95th percentile", better="lower", unit="ms", summary=_time(0.95)),
    "failed": Figure(label="questions that failed", better="lower", score=lambda case: float(case.failed)),
}
"""By name, in the order of tables and reports."""

METRICS: tuple[Metric, ...] = tuple(
    Metric(name=name, label=figure.label, better=figure.better, unit=figure.unit) for name, figure in FIGURES.items()
)


PAIRED: tuple[str, ...] = tuple(name for name, figure in FIGURES.items() if figure.paired)
"""The names of the figures of which the difference of two variants is computed question by question."""


# --- all questions -----------------------------------------------------------------------------------------------


def score(
    questions: Sequence[Question],
    lines: Sequence[Answered],
    *,
    variant: str,
    answer_from: AnswerFrom = "documents",
    judged: Mapping[str, bool | None] | None = None,
) -> list[Result]:
    """Return a result for each question, in order. `judged` is the judge's verdict by the question's id."""
    verdicts = judged or {}
    cases = [
        Case(question=question, line=line, answer_from=answer_from, judged=verdicts.get(str(question.id)))
        for question, line in zip(questions, lines, strict=True)
    ]
    names = [name for name, figure in FIGURES.items() if figure.score and (name != "judged" or judged is not None)]
    return [_result(case, names, variant=variant) for case in cases]


def summarise(questions: Sequence[Question], results: Sequence[Result]) -> dict[str, Estimate]:
    """Return each figure that applies to one question or more, with its interval; failures only if there are any."""
    summary: dict[str, Estimate] = {}
    for name, figure in FIGURES.items():
        estimate = _estimate(name, figure, questions, results)
        if estimate["value"] is not None and (name != "failed" or estimate["value"]):
            summary[name] = estimate
    return summary


def stage_times(results: Sequence[Result]) -> dict[str, StageTime]:
    """Return median and 95th percentile of each stage over the answered questions, "total" last."""
    answered = [result["timings_ms"] for result in results if result["error"] is None]
    stages = list(dict.fromkeys(stage for timings in answered for stage in timings if stage != "total"))
    found = {}
    for stage in [*stages, "total"]:
        values = [timings.get(stage, 0.0) for timings in answered]
        if values:
            median, p95 = np.quantile(values, [0.5, 0.95])
            found[stage] = StageTime(median=round(float(median), 3), p95=round(float(p95), 3))
    return found


def times(results: Sequence[Result]) -> list[float]:
    """Return the total of each answered question, in milliseconds."""
    return [result["timings_ms"]["total"] for result in results if result["error"] is None]


def _estimate(name: str, figure: Figure, questions: Sequence[Question], results: Sequence[Result]) -> Estimate:
    if figure.summary:
        return figure.summary(results)
    if figure.parts:
        pairs = [figure.parts(question, result) for question, result in zip(questions, results, strict=True)]
        return statistics.ratio([above for above, _ in pairs], [below for _, below in pairs])
    return statistics.mean([value for result in results if (value := result["scores"].get(name)) is not None])


def _translation(line: Answered) -> str | None:
    """Return the translated sentences as one text."""
    sentences = [item["text"] for item in line.get("translation", ())]
    return " ".join(sentences) if sentences else None


def _result(case: Case, names: Sequence[str], *, variant: str) -> Result:
    line = case.line
    scores = {name: measure(case) for name in names if (measure := FIGURES[name].score)}
    return Result(
        variant=variant,
        answer=line.get("answer", ""),
        reasoning=line.get("reasoning", ""),
        refused=line.get("refused", False),
        right=None if scores["right"] is None else bool(scores["right"]),
        scores=scores,
        evidence=line.get("evidence", []),
        citations=line.get("citations", []),
        unsupported=line.get("unsupported", []),
        timings_ms=line.get("timings_ms", {}),
        usage=line.get("usage", {}),
        error=line.get("error"),
        translation=_translation(line),
        nuggets=case.nuggets,
    )
