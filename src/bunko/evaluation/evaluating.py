"""Score the answers of one variant. In: questions and the lines of a batch. Out: results, and a summary with intervals.

Knows nothing of how the answers were made, nor of other variants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bunko.evaluation import metrics, ranking, statistics
from bunko.evaluation.questions import Question
from bunko.evaluation.records import Answered, Estimate, Metric, Result, StageTime

METRICS: tuple[Metric, ...] = (
    Metric(name="right", label="right", better="higher", unit="share"),
    Metric(name="right_20", label="right within 20 words", better="higher", unit="share"),
    Metric(name="exact_match", label="exact match", better="higher", unit="share"),
    Metric(name="f1", label="F1", better="higher", unit="share"),
    Metric(name="judged", label="right, says the judge", better="higher", unit="share"),
    Metric(name="evidence_1", label="gold in the first quote", better="higher", unit="share"),
    Metric(name="evidence_2", label="gold in the first two quotes", better="higher", unit="share"),
    Metric(name="gold_in_context", label="gold in all quotes", better="higher", unit="share"),
    Metric(name="hit_1", label="right document first", better="higher", unit="share"),
    Metric(name="hit_5", label="right document among five", better="higher", unit="share"),
    Metric(name="mrr", label="MRR of documents", better="higher", unit="share"),
    Metric(name="ndcg_10", label="nDCG@10 of documents", better="higher", unit="share"),
    Metric(name="refusal_precision", label="refusals that were right", better="higher", unit="share"),
    Metric(name="refusal_recall", label="unanswerable questions refused", better="higher", unit="share"),
    Metric(name="refusal_f1", label="F1 of refusals", better="higher", unit="share"),
    Metric(name="supported", label="sentences carried by a source", better="higher", unit="share"),
    Metric(name="words", label="words in an answer", better="lower", unit="words"),
    Metric(name="prompt_tokens", label="tokens read", better="lower", unit="tokens"),
    Metric(name="completion_tokens", label="tokens written", better="lower", unit="tokens"),
    Metric(name="time_median", label="time, median", better="lower", unit="ms"),
    Metric(name="time_p95", label="time, 95th percentile", better="lower", unit="ms"),
    Metric(name="failed", label="questions that failed", better="lower", unit="share"),
)
# Each is a ratio of sums over the questions, not a mean of what each scored.
_RATIOS = ("refusal_precision", "refusal_recall", "refusal_f1", "supported")
Scores = dict[str, float | None]


def score(
    questions: Sequence[Question],
    lines: Sequence[Answered],
    *,
    variant: str,
    rag: bool,
    judged: Mapping[str, bool | None] | None = None,
    with_ranking: bool = True,
) -> list[Result]:
    """Return a result for each question, in order. `judged` is the judge's word by the question's id, if it has one.

    Raises MissingExtra where documents are to be ranked and the package for it is not there.
    """
    rankings = _rankings(questions, lines) if rag and with_ranking else {}
    results = []
    for question, line in zip(questions, lines, strict=True):
        scores = _scores(question, line, rag=rag)
        scores |= rankings.get(str(question.id), dict.fromkeys(ranking.NAMES))
        if judged is not None:
            verdict = judged.get(str(question.id))
            scores["judged"] = None if verdict is None else float(verdict)
        results.append(_result(question, line, scores, variant=variant))
    return results


def summarise(questions: Sequence[Question], results: Sequence[Result]) -> dict[str, Estimate]:
    """Return every figure that can be told, with its interval; the share of failures only if there is one."""
    summary: dict[str, Estimate] = {}
    for metric in METRICS:
        estimate = _estimate(metric["name"], questions, results)
        if estimate["value"] is not None and (metric["name"] != "failed" or estimate["value"]):
            summary[metric["name"]] = estimate
    return summary


def stage_times(results: Sequence[Result]) -> dict[str, StageTime]:
    """Return median and 95th percentile of each stage over the questions that were answered, "total" last."""
    answered = [result["timings_ms"] for result in results if result["error"] is None]
    stages = list(dict.fromkeys(stage for timings in answered for stage in timings if stage != "total"))
    times = {}
    for stage in [*stages, "total"]:
        values = [timings.get(stage, 0.0) for timings in answered]
        if values:
            median, p95 = np.quantile(values, [0.5, 0.95])
            times[stage] = StageTime(median=round(float(median), 3), p95=round(float(p95), 3))
    return times


def times(results: Sequence[Result]) -> list[float]:
    """Return the total of each question that was answered."""
    return [result["timings_ms"]["total"] for result in results if result["error"] is None]


def _estimate(name: str, questions: Sequence[Question], results: Sequence[Result]) -> Estimate:
    if name == "time_median":
        return statistics.quantile(times(results), 0.5)
    if name == "time_p95":
        return statistics.quantile(times(results), 0.95)
    if name in _RATIOS:
        pairs = [_RATIO[name](question, result) for question, result in zip(questions, results, strict=True)]
        return statistics.ratio([above for above, _ in pairs], [below for _, below in pairs])
    return statistics.mean([value for result in results if (value := result["scores"].get(name)) is not None])


def _supported(question: Question, result: Result) -> tuple[float, float]:
    carried = len({item["sentence"] for item in result["citations"] if item["verified"]})
    return carried, carried + len(result["unsupported"]) if result["evidence"] else 0


def _refusals(question: Question, result: Result) -> tuple[float, float, float]:
    """Return whether it was refused rightly, refused, and to be refused; nothing where that can't be told."""
    if not (question.answers or question.unanswerable):
        return 0, 0, 0
    return result["refused"] and question.unanswerable, result["refused"], question.unanswerable


def _refusal_f1(question: Question, result: Result) -> tuple[float, float]:
    rightly, refused, unanswerable = _refusals(question, result)
    return 2 * rightly, refused + unanswerable  # 2PR / (P + R), put in sums


_RATIO = {
    "supported": _supported,
    "refusal_precision": lambda question, result: _refusals(question, result)[:2],
    "refusal_recall": lambda question, result: (_refusals(question, result)[0], _refusals(question, result)[2]),
    "refusal_f1": _refusal_f1,
}


def _scores(question: Question, line: Answered, *, rag: bool) -> Scores:
    """Return what one answer scores. A question that failed scores 0 where an answer could have scored."""
    failed, golds = "error" in line, question.answers
    refused = bool(line.get("refused"))
    answer = "" if refused or failed else str(line["answer"])  # the sentence of a refusal is no answer
    quotes = [str(item["quote"]) for item in line.get("evidence", ())]
    scores: Scores = dict.fromkeys(
        ("right", "right_20", "exact_match", "f1", "evidence_1", "evidence_2", "gold_in_context")
    )
    if golds:
        asked = question.text
        scores["right_20"] = scores["right"] = float(metrics.begins_right(answer, golds, question=asked))
        scores["exact_match"] = metrics.best_exact_match(answer, golds, question=asked)
        scores["f1"] = metrics.best_f1(answer, golds, question=asked)
        if rag:
            for name, shown in (("evidence_1", quotes[:1]), ("evidence_2", quotes[:2]), ("gold_in_context", quotes)):
                scores[name] = float(metrics.holds_any(shown, golds, question=asked))
    elif question.unanswerable:
        scores["right"] = float(refused)
    scores["failed"] = float(failed)
    if failed:
        return scores | dict.fromkeys(("words", "prompt_tokens", "completion_tokens"))
    usage = line["usage"]
    scores["words"] = metrics.length_in_words(answer)
    scores["prompt_tokens"] = float(usage["prompt_tokens"])
    scores["completion_tokens"] = float(usage["completion_tokens"])
    return scores


def _rankings(questions: Sequence[Question], lines: Sequence[Answered]) -> dict[str, dict[str, float]]:
    """Return the figures of retrieval by the question's id, for those of which it is told where the answer stands.

    Some sets name a document for unanswerable questions, too: there is nothing to be found in it.
    """
    right = {str(item.id): dict(item.files) for item in questions if item.files and not item.unanswerable}
    found = {str(line["id"]): line.get("hits", ()) for line in lines}
    if not right:
        return {}
    return ranking.score_rankings(
        {name: ranking.rank_documents(found[name], grades) for name, grades in right.items()}, right
    )


def _result(question: Question, line: Answered, scores: Scores, *, variant: str) -> Result:
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
        translation=line.get("translation"),
    )
