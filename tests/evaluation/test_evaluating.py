"""Scores and summaries of answers that were made by hand."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from bunko.errors import MissingExtra
from bunko.evaluation.evaluating import METRICS, score, stage_times, summarise, times
from bunko.evaluation.questions import Question
from bunko.evaluation.ranking import NAMES, rank_documents, score_rankings
from bunko.evaluation.records import Result

ROLLO = Question(id="a", text="Who was the Norse leader?", answers=("Rollo",), files=(("normans.txt", 1),))
WHEN = Question(id="b", text="金閣寺はいつ建てられましたか。", answers=("1397年",))
NOBODY = Question(id="c", text="Who invented tea?", unanswerable=True)
NOTHING = Question(id="d", text="Who drank coffee?", unanswerable=True, files=(("drinks.txt", 1),))
OPEN = Question(id="e", text="What is it like?")
QUESTIONS = [ROLLO, WHEN, NOBODY, NOTHING, OPEN]


def line(question: Question, answer: str, *, total: float = 100.0, **changed: Any) -> dict[str, Any]:
    return {
        "id": question.id,
        "question": question.text,
        "answer": answer,
        "reasoning": "",
        "refused": False,
        "evidence": [],
        "citations": [],
        "unsupported": [],
        "hits": [],
        "usage": {"prompt_tokens": 10, "completion_tokens": 2, "cached_tokens": 0},
        "timings_ms": {"retrieve": 10.0, "total": total},
        **changed,
    }


def quotes(*texts: str) -> list[dict[str, str]]:
    return [{"quote": text} for text in texts]


LINES = [
    line(
        ROLLO,
        "The leader was Rollo.",
        evidence=quotes("Charles III was king.", "Their leader was Rollo."),
        citations=[
            {"sentence": "The leader was Rollo.", "verified": True},
            {"sentence": "The leader was Rollo.", "verified": True},
        ],
        unsupported=["He was tall."],
        hits=[{"path": "kings.txt"}, {"path": "normans.txt"}],
        total=300.0,
    ),
    line(WHEN, "1397年です", evidence=quotes("金閣寺は1397年に建てられました。")),
    line(NOBODY, "The documents don't say.", refused=True),
    line(NOTHING, "Ada did.", evidence=quotes("Ada drank tea.")),
    {"id": "e", "question": OPEN.text, "error": "It died.", "hint": "Ask again."},
]


@pytest.fixture
def results() -> list[Result]:
    return score(QUESTIONS, LINES, variant="v", rag=True)


def test_each_answer_has_its_scores(results: list[Result]) -> None:
    rollo, when, nobody, nothing, failed = results
    assert (rollo["right"], when["right"], nobody["right"], nothing["right"], failed["right"]) == (
        True, True, True, False, None,
    )  # fmt: skip
    assert rollo["scores"]["f1"] == pytest.approx(0.5)  # leader was rollo / rollo
    assert (rollo["scores"]["evidence_1"], rollo["scores"]["evidence_2"], when["scores"]["evidence_1"]) == (0, 1, 1)
    assert when["scores"]["f1"] == pytest.approx(2 * 5 / (7 + 5))
    assert (rollo["scores"]["hit_1"], rollo["scores"]["hit_5"], rollo["scores"]["mrr"]) == (0, 1, 0.5)
    assert when["scores"]["hit_1"] is None  # nobody told where it stands
    assert nobody["scores"]["f1"] is None
    assert nothing["scores"]["mrr"] is None  # its file does not hold an answer
    assert failed["error"] == "It died."
    assert (failed["scores"]["words"], failed["scores"]["failed"]) == (None, 1)


def test_the_summary_has_every_figure(results: list[Result]) -> None:
    summary = summarise(QUESTIONS, results)
    values = {name: estimate["value"] for name, estimate in summary.items()}
    assert values["right"] == 3 / 4
    assert values["right_20"] == 1
    assert values["evidence_1"] == 0.5 and values["gold_in_context"] == 1
    assert (values["refusal_precision"], values["refusal_recall"]) == (1, 0.5)
    assert values["refusal_f1"] == pytest.approx(2 / 3)
    assert values["supported"] == 0.5  # one sentence of two, however often it is cited
    assert values["failed"] == pytest.approx(1 / 5)
    assert (values["time_median"], values["prompt_tokens"]) == (100, 10)
    assert "judged" not in values
    assert list(values) == [metric["name"] for metric in METRICS if metric["name"] in values]
    assert summary["supported"]["n"] == 1 and summary["refusal_recall"]["n"] == 2
    assert times(results) == [300, 100, 100, 100]
    assert list(stage_times(results)) == ["retrieve", "total"]


def test_a_refusal_is_no_answer_whatever_its_words() -> None:
    (refused,) = score([ROLLO], [line(ROLLO, "Rollo is not in the documents.", refused=True)], variant="v", rag=True)
    assert refused["right"] is False
    assert refused["scores"]["f1"] == 0


def test_a_question_that_failed_is_wrong_if_it_could_have_been_right() -> None:
    (failed,) = score([ROLLO], [{"id": "a", "question": "", "error": "no", "hint": ""}], variant="v", rag=True)
    assert failed["right"] is False
    assert (failed["scores"]["f1"], failed["scores"]["evidence_2"], failed["scores"]["mrr"]) == (0, 0, 0)


def test_without_documents_nothing_is_said_of_evidence() -> None:
    (plain,) = score([ROLLO], [line(ROLLO, "Rollo")], variant="v", rag=False)
    assert plain["scores"]["exact_match"] == 1
    assert {plain["scores"][name] for name in ("evidence_1", "gold_in_context", *NAMES)} == {None}


def test_the_judges_word_is_kept_apart() -> None:
    results = score(QUESTIONS, LINES, variant="v", rag=True, judged={"a": False, "b": None})
    assert [result["scores"]["judged"] for result in results] == [0, None, None, None, None]
    assert results[0]["right"] is True
    assert summarise(QUESTIONS, results)["judged"]["n"] == 1


def test_rankings_by_known_values() -> None:
    grades = {"q": {"a": 1, "b": 1}, "none": {"a": 1}}
    found = score_rankings({"q": ["x", "a", "y", "z", "w", "b"], "none": []}, grades)
    # Discounted gain 1/log2(3) + 1/log2(7), of the ideal 1 + 1/log2(3).
    assert found["q"] == pytest.approx({"hit_1": 0, "hit_5": 1, "mrr": 0.5, "ndcg_10": 0.60527}, abs=1e-4)
    assert found["none"] == {"hit_1": 0, "hit_5": 0, "mrr": 0, "ndcg_10": 0}


def test_many_documents_keep_their_order() -> None:
    paths = [f"{n:03}.txt" for n in range(60)]
    found = score_rankings({"q": paths}, {"q": {paths[40]: 1}})
    assert found["q"]["mrr"] == pytest.approx(1 / 41)
    assert rank_documents([{"path": path} for path in paths * 2], {}) == paths


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytrec_eval", None)
    with pytest.raises(MissingExtra, match=r"bunko\[eval\]"):
        score(QUESTIONS, LINES, variant="v", rag=True)
    score(QUESTIONS, LINES, variant="v", rag=True, with_ranking=False)
