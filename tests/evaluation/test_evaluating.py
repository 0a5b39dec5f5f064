"""Scores and summaries of answers that were made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from bunko.evaluation.evaluating import METRICS, score, stage_times, summarise, times
from bunko.evaluation.questions import Question
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
    return score(QUESTIONS, LINES, variant="v")


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
    (refused,) = score([ROLLO], [line(ROLLO, "Rollo is not in the documents.", refused=True)], variant="v")
    assert refused["right"] is False
    assert refused["scores"]["f1"] == 0


def test_a_question_that_failed_is_wrong_if_it_could_have_been_right() -> None:
    (failed,) = score([ROLLO], [{"id": "a", "question": "", "error": "no", "hint": ""}], variant="v")
    assert failed["right"] is False
    assert (failed["scores"]["f1"], failed["scores"]["evidence_2"], failed["scores"]["mrr"]) == (0, 0, 0)


def test_without_documents_nothing_is_said_of_evidence() -> None:
    (plain,) = score([ROLLO], [line(ROLLO, "Rollo")], variant="v", answer_from="model")
    assert plain["scores"]["exact_match"] == 1
    assert {
        plain["scores"][name] for name in ("evidence_1", "gold_in_context", "hit_1", "hit_5", "mrr", "ndcg_10")
    } == {None}


def test_the_judges_word_is_kept_apart() -> None:
    results = score(QUESTIONS, LINES, variant="v", judged={"a": False, "b": None})
    assert [result["scores"]["judged"] for result in results] == [0, None, None, None, None]
    assert results[0]["right"] is True
    assert summarise(QUESTIONS, results)["judged"]["n"] == 1


def test_a_translation_is_one_text() -> None:
    translated = [
        {"sentence": "a", "text": "Ada.", "language": "de"},
        {"sentence": "b", "text": "Nein.", "language": "de"},
    ]
    with_one, without = score([OPEN] * 2, [line(OPEN, "A. No.", translation=translated), line(OPEN, "A.")], variant="v")
    assert (with_one["translation"], without["translation"]) == ("Ada. Nein.", None)
