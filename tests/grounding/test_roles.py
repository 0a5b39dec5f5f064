"""Who did it to whom: the examples of roles.toml."""

from __future__ import annotations

import pytest
from hypothesis import given

from bunko.grounding.contradiction import contradiction
from bunko.grounding.roles import DATA_FILE, swapped_roles
from bunko.language.data_files import read_data
from tests.strategies import anything

EXAMPLES = read_data(DATA_FILE)["examples"]


@pytest.mark.parametrize(("sentence", "source"), EXAMPLES["matches"])
def test_what_is_found(sentence: str, source: str) -> None:
    assert swapped_roles(sentence, source)
    assert contradiction(sentence, source)


@pytest.mark.parametrize(("sentence", "source"), EXAMPLES["passes"])
def test_what_passes(sentence: str, source: str) -> None:
    assert not swapped_roles(sentence, source)
    assert contradiction(sentence, source) is None


@given(anything)
def test_a_text_agrees_with_itself(text: str) -> None:
    assert not swapped_roles(text, text)


@pytest.mark.parametrize(
    ("sentence", "source", "swapped"),
    [
        ("The girl gave the book to the boy.", "The boy gave the book to the girl.", ("girl", "boy")),
        ("ねずみがねこを追う。", "ねこがねずみを追う。", ("ねずみ", "ねこ")),
        ("東京の会社が大阪の会社を買収した。", "大阪の会社が東京の会社を買収した。", ("東京の会社", "大阪の会社")),
    ],
)
def test_the_two_are_named(sentence: str, source: str, swapped: tuple[str, str]) -> None:
    assert swapped_roles(sentence, source) == swapped
