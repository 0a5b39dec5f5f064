"""Figures for one answer: known values, and agreement with the SQuAD definition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.evaluation import metrics
from tests.evaluation import squad

_PIECES = st.sampled_from(
    "the The a an Rollo 10th century, in-the of (1,066) A.D. state-of-the-art $5 million . — “x” other 'a' café".split()
)
_TEXTS = st.lists(_PIECES, max_size=8).map(" ".join)


@given(_TEXTS, st.lists(_TEXTS, min_size=1, max_size=3))
def test_words_are_compared_as_the_squad_script_does(answer: str, golds: list[str]) -> None:
    ours = max(metrics.exact_match(answer, gold, by="words") for gold in golds)
    assert ours == squad.exact(answer, golds)
    assert max(metrics.f1(answer, gold, by="words") for gold in golds) == pytest.approx(squad.f1(answer, golds))


@pytest.mark.parametrize(
    ("answer", "gold", "exact", "f1"),
    [
        ("Denmark, Iceland and Norway", "Denmark, Iceland and Norway.", 1, 1),
        ("the Norse leader Rollo", "Rollo", 0, 0.5),
        ("Rollo", "Charles III", 0, 0),
        ("in the 10th century", "10th century", 0, 0.8),
        ("", "Rollo", 0, 0),
        ("a the", "an", 1, 1),
    ],
)
def test_english_by_known_values(answer: str, gold: str, exact: float, f1: float) -> None:
    assert metrics.exact_match(answer, gold, by="words") == exact
    assert metrics.f1(answer, gold, by="words") == pytest.approx(f1)


@pytest.mark.parametrize(
    ("answer", "gold", "exact", "f1"),
    [
        ("雨季。", "雨季", 1, 1),
        ("１９４９年", "1949年", 1, 1),
        ("梅雨は雨季の一種です", "雨季", 0, 2 * 2 / (10 + 2)),
        ("ﾄｳｷｮｳ", "トウキョウ", 1, 1),
        ("冬", "雨季", 0, 0),
    ],
)
def test_japanese_by_known_values(answer: str, gold: str, exact: float, f1: float) -> None:
    assert metrics.exact_match(answer, gold, by="characters") == exact
    assert metrics.f1(answer, gold, by="characters") == pytest.approx(f1)


def test_the_language_is_the_golds_or_the_questions() -> None:
    assert metrics.best_f1("1868年", ["1868"], question="開港はいつですか") == pytest.approx(8 / 9)
    assert metrics.best_f1("1868年", ["1868"], question="When did it open?") == 0
    assert metrics.best_f1("in 1868", ["1886", "1868"], question="When did it open?") == pytest.approx(2 / 3)
    assert metrics.best_exact_match("東京。", ["東京"], question="Which city?") == 1


def test_right_answers_stand_within_the_beginning() -> None:
    question = "Who was the Norse leader?"
    assert metrics.begins_right("It was " + "very " * 17 + "Rollo", ["Rollo"], question=question)
    assert not metrics.begins_right("It was " + "very " * 18 + "Rollo", ["Rollo"], question=question)
    asked = "梅雨とは何ですか"
    assert metrics.begins_right("あ" * 38 + "雨季", ["雨季"], question=asked)
    assert metrics.begins_right("あ " * 38 + "雨 季", ["雨季"], question=asked)
    assert not metrics.begins_right("あ" * 39 + "雨季", ["雨季"], question=asked)


@pytest.mark.parametrize(
    ("text", "gold", "by", "held"),
    [
        ("Built in 1066.", "1066", "words", True),
        ("Built in 10660.", "1066", "words", False),
        ("A kingdom", "king", "words", False),
        ("Denmark, Iceland, and Norway", "denmark iceland", "words", True),
        ("anything", "the", "words", False),  # nothing is left of it
        ("第13年に", "3年", "characters", False),
        ("平成３年に", "3年", "characters", True),
        ("3.5%です", "3.5％", "characters", True),
        ("東京都", "。", "characters", False),
    ],
)
def test_gold_strings_are_found_as_whole_words_and_numbers(text: str, gold: str, by: metrics.By, held: bool) -> None:
    assert metrics.holds(text, gold, by=by) is held


@given(st.text(max_size=60), st.text(max_size=20), st.sampled_from(["words", "characters"]))
def test_figures_stay_within_their_bounds(answer: str, gold: str, by: metrics.By) -> None:
    f1 = metrics.f1(answer, gold, by=by)
    assert 0 <= metrics.exact_match(answer, gold, by=by) <= f1 <= 1
    assert metrics.f1(gold, answer, by=by) == f1
    assert isinstance(metrics.holds(answer, gold, by=by), bool)
    assert metrics.length_in_words(answer) >= 0
