"""How likely the documents answer: the weights that come with the program, what they decide, and what is said of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bunko.answering.refusal import UNANSWERED, UNRELATED, support
from bunko.answering.trust import Signals, confidence_of, least_confidence_of, trust_of
from bunko.certainty import certainty_line
from bunko.question.question import parse_question
from bunko.testing import FakeEmbedder
from bunko.types import Answer, AnswerSpan, Chunk, Evidence, Hit
from tests.support import REPOSITORY

SIGNALS = REPOSITORY / "benchmarks" / "trust" / "signals.jsonl"
READER = "bunko-reader-en"
SPEC = replace(FakeEmbedder().spec, related=0.4)
TEXT = "The mill by the river was built in 1911 by Ada Lind, an engineer."


def signals(language: str, **values: float) -> Signals:
    usual: dict[str, float] = {"relevance": 0.9, "likeness": 1.3, "quote": 1.8}
    return Signals(language=language, reader=f"bunko-reader-{language}", **{**usual, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", ["relevance", "likeness", "quote"])
def test_each_signal_counts_for_an_answer(language: str, name: str) -> None:
    found = [trust_of(signals(language, **{name: value})) for value in (0.1, 0.6, 0.95)]
    trusted = [item for item in found if item]
    assert len(trusted) == 3
    assert sorted(trusted, key=lambda item: item.probability) == trusted
    assert sorted(trusted, key=lambda item: item.strength) == trusted
    assert all(0 <= item.probability <= 1 and item.strength >= 0 for item in trusted)


def test_without_weights_nothing_is_estimated() -> None:
    assert trust_of(Signals(language="fr", reader="bunko-reader-fr")) is None
    assert trust_of(Signals(language="en", reader="my own")) is None
    assert confidence_of(0.3, "my own") == 0.3
    assert least_confidence_of("my own", otherwise=0.2) == 0.2


@pytest.mark.parametrize("reader", [READER, "bunko-reader-ja"])
def test_a_higher_confidence_is_right_more_often(reader: str) -> None:
    found = [confidence_of(value, reader) for value in (0.0, 0.01, 0.2, 0.6, 1.0)]
    assert found == sorted(found)
    assert found[0] < least_confidence_of(reader, otherwise=0.0) < found[-1]


def test_the_weights_are_those_of_the_script(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    from benchmarks.trust import fit

    rows = [json.loads(line) for line in SIGNALS.read_text(encoding="utf-8").splitlines()]
    shipped = json.loads(fit.TRUST.read_text(encoding="utf-8"))["refusal"]
    for language, parts in fit.FITTED.items():
        fitted = [row for row in rows if row["language"] == language and row["part"] in parts]
        found = fit.fit_refusal(fitted, fit.NAMES, refused=fit.REFUSED[language])
        model = shipped[f"{language} {fit.READERS[language]}"]
        assert found["weights"] == pytest.approx(model["weights"], abs=2e-3)
        assert found["refused_below"] == pytest.approx(model["refused_below"], abs=2e-3)


@pytest.mark.parametrize(("language", "least"), [("en", 0.64), ("ja", 0.9)])
def test_more_is_known_than_before_on_questions_that_were_not_fitted(language: str, least: float) -> None:
    rows = [json.loads(line) for line in SIGNALS.read_text(encoding="utf-8").splitlines()]
    from benchmarks.trust import fit

    held_out = {"en": "squad2 Steam engine", "ja": "jsquad test"}[language]
    mine = [row for row in rows if row["part"] == held_out]
    found = [trust_of(fit.signals(row)) for row in mine]

    def area(values: list[float]) -> float:
        pairs = list(zip(values, mine, strict=True))
        higher = [value for value, row in pairs if not row["unanswerable"]]
        lower = [value for value, row in pairs if row["unanswerable"]]
        return sum((a > b) + 0.5 * (a == b) for a in higher for b in lower) / (len(higher) * len(lower))

    now = area([item.probability for item in found if item])
    assert now > max(least, area([row["rule"] for row in mine]))


def passage(dense: float) -> list[Hit]:
    return [Hit(chunk=Chunk(path="a.txt", start=0, end=len(TEXT), text=TEXT, language="en"), score=1.0, dense=dense)]


def quote(score: float) -> list[Evidence]:
    return [Evidence(path="a.txt", start=0, end=len(TEXT), quote=TEXT, score=score)]


def test_a_question_is_refused_by_the_weights_and_says_why() -> None:
    who = parse_question("Who built the mill by the river?")
    good = support(who, passage(0.6), quote(2.2), spec=SPEC, reader=READER, relevance=0.99)
    assert good.strength > 0.75 and good.probability is not None and good.probability > 0.6
    beside = support(who, passage(0.3), quote(0.6), spec=SPEC, reader=READER, relevance=0.01)
    assert beside.strength < 0.5 and beside.doubt == UNANSWERED
    other = support(
        parse_question("Which enzyme breaks down lactose?"), passage(0.1), quote(0.2), spec=SPEC, reader=READER
    )
    assert other.strength < 0.25 and other.doubt == UNRELATED
    assert support(who, passage(0.6), quote(2.2), spec=SPEC).probability is None


def test_a_year_that_no_passage_has_is_refused_whatever_the_weights_say() -> None:
    asked = parse_question("Who built the mill by the river in 1951?")
    found = support(asked, passage(0.7), quote(2.5), spec=SPEC, reader=READER, relevance=0.99)
    assert found.strength < 0.5 and "1951" in found.doubt


def test_what_is_said_of_an_answer() -> None:
    span = AnswerSpan(start=0, end=3, text="Ada", confidence=0.7, n=1)
    marked = Answer(question="Who?", text="Ada", span=span, finish_reason="none")
    assert certainty_line(replace(marked, probability=0.6)) == "Probably right (60%)."
    assert certainty_line(replace(marked, probability=0.3)).startswith("Not sure (30%)")
    written = Answer(question="Who?", text="Ada", probability=0.7)
    assert certainty_line(written) == "The documents probably answer this (70%)."
    assert certainty_line(replace(written, probability=0.2)).startswith("The documents may not answer this (20%)")
    japanese = replace(written, question="誰ですか。", probability=0.2)
    assert certainty_line(japanese).startswith("文書に答えがないかもしれません")
    assert not certainty_line(replace(written, probability=0.95))
    assert not certainty_line(replace(written, refused=True))
    assert not certainty_line(replace(written, probability=None))


@pytest.mark.parametrize(("dense", "refused"), [(0.36, False), (0.2, True)])
def test_a_passage_in_another_language_may_answer_beside_others(dense: float, refused: bool) -> None:
    text = "白樺町の灯台は1908年に石川伝蔵が建てた。"
    found = [
        Hit(chunk=Chunk(path="灯台.md", start=0, end=len(text), text=text, language="ja"), score=1.0, dense=dense),
        *passage(0.01),
    ]
    said = support(parse_question("Who built the lighthouse?"), found, quote(1.0), spec=SPEC)
    assert (said.strength < 0.5) == refused
