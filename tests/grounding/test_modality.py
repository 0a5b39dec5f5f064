"""What is more certain than the source says, or otherwise allowed or required: the examples of modality.toml."""

from __future__ import annotations

import pytest
from hypothesis import given

from bunko.grounding.contradiction import contradiction
from bunko.grounding.modality import DATA_FILE, other_modality
from bunko.language.data_files import read_data
from tests.strategies import anything

EXAMPLES = read_data(DATA_FILE)["examples"]


@pytest.mark.parametrize(("sentence", "source"), EXAMPLES["matches"])
def test_what_is_found(sentence: str, source: str) -> None:
    assert other_modality(sentence, source)
    assert contradiction(sentence, source)


@pytest.mark.parametrize(("sentence", "source"), EXAMPLES["passes"])
def test_what_passes(sentence: str, source: str) -> None:
    assert not other_modality(sentence, source)
    assert contradiction(sentence, source) is None


@given(anything)
def test_a_text_agrees_with_itself(text: str) -> None:
    assert not other_modality(text, text)


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("The council demolished the gym.", "The council is going to demolish the gym."),
        ("You may leave.", "You must leave."),
        ("The guard is allowed to leave.", "The guard refused to leave."),
        ("事前に予約する必要がある。", "事前に予約してもよい。"),
        ("警備員は門を施錠した。", "警備員は門を施錠し忘れた。"),
    ],
)
def test_more_that_is_found(sentence: str, source: str) -> None:
    assert other_modality(sentence, source)


def test_a_question_claims_no_fact() -> None:
    assert not other_modality("Was the bill passed?", "The bill may be passed.")
