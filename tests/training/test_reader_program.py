"""What the program marks for held-out questions, with a reader of a few numbers and the program's own rules."""

import json
from pathlib import Path

import pytest
from training.reader.card import write_card
from training.reader.cases import Case, Found
from training.reader.program import Marked, least_confidence, mark_all, program_figures, rebuilt

from bunko.reader.cards import read_card
from tests.reader.tiny_reader import make_reader

FIRST = "The mill of Varn stands by the river. It was built by Ada Lind."
SECOND = "The lock of Varn was built by Per Aas in 1911."
ADA, PER = "It was built by Ada Lind.", SECOND


def case(question: str, *, answers: list[str], quotes: list[str]) -> Case:
    found = [Found(text=FIRST, share=1.0, sentences=[]), Found(text=SECOND, share=0.5, sentences=[])]
    return Case(question=question, answers=answers, found=found, quotes=quotes)


def test_evidence_and_hits_are_as_the_program_had_them() -> None:
    evidence, hits = rebuilt(case("Who built it?", answers=["Ada Lind"], quotes=[ADA, PER, "Gone."]))
    assert [(hit.chunk.text, hit.score) for hit in hits] == [(FIRST, 1.0), (SECOND, 0.5)]
    assert [hits[int(item.path)].chunk.text[item.start : item.end] for item in evidence[:2]] == [ADA, PER]
    assert evidence[2].path == "elsewhere"


def test_the_program_marks_what_the_reader_is_sure_of_and_nothing_else(tmp_path: Path) -> None:
    # A card that lets nothing through is not asked: the least confidence is what is to be chosen.
    folder = make_reader(tmp_path, ["Ada Lind"], card={"least_confidence": 0.99})
    asked = [
        case("Who built the mill?", answers=["Ada Lind"], quotes=[ADA, PER]),
        case("Who built the lock?", answers=["Per Aas"], quotes=[PER, ADA]),
        case("Why was the mill built?", answers=["Ada Lind"], quotes=[ADA]),
    ]
    mill, lock, reason = mark_all(folder, asked)
    assert (mill.text, mill.right) == ("Ada Lind", True)
    assert mill.confidence > 0.5
    assert not lock.right
    assert reason.text == ""


def marked(text: str, confidence: float, *, right: bool) -> Marked:
    return Marked(text=text, confidence=confidence, right=right, seconds=0.02)


def test_the_least_confidence_is_where_most_is_gained() -> None:
    some = [marked("a", 0.9, right=True), marked("b", 0.5, right=False), marked("c", 0.4, right=True)]
    assert least_confidence(some) == 0.9
    assert least_confidence([*some, marked("d", 0.3, right=True)]) == 0.3
    assert least_confidence([marked("", 0.0, right=False)]) == 1.0


def test_figures_fall_back_on_the_best_quote_and_count_marked_unanswerable_ones() -> None:
    cases = [
        case("Who built the mill?", answers=["Ada Lind"], quotes=[ADA]),
        case("Who built the lock?", answers=["Per Aas"], quotes=[PER]),
        case("Who built the moat?", answers=[], quotes=[PER]),
    ]
    said = [marked("Ada Lind", 0.8, right=True), marked("in 1911", 0.1, right=False), marked("Per", 0.6, right=False)]
    figures = program_figures(cases, said, least=0.5)
    assert figures["best quote"] == {
        "right": 1.0,
        "F1": pytest.approx((2 * 2 / 8 + 2 * 2 / 12) / 2, abs=0.1),
        "exact": 0.0,
    }
    assert figures["words or best quote"]["exact"] == 0.5
    assert figures["words or best quote"]["right"] == 1.0
    assert (figures["marked"], figures["right of those marked"]) == (0.5, 1.0)
    assert figures["unanswerable that are marked"] == 1.0
    assert figures["processor ms a question"] == 20


def test_the_card_of_another_language_is_one_that_the_program_reads(tmp_path: Path) -> None:
    for name in ("reader.onnx", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"x")
    write_card(tmp_path, figures={}, data=["x"], licence="CC-BY-SA-4.0", language="ja", least_confidence=0.25)
    card = read_card(tmp_path)
    assert (card.name, card.languages, card.least_confidence) == ("bunko-reader-ja", frozenset({"ja"}), 0.25)
    assert json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))["data"] == ["x"]
