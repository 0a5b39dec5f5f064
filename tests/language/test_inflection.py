"""Forms of one English word are known for what they are, and other words are not taken for them."""

from __future__ import annotations

import pytest

from bunko.language.inflection import same_word
from bunko.language.words import stem


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dig", "dug"), ("digging", "dug"), ("write", "written"), ("took", "taking"), ("flown", "flew"),
        ("established", "establishment"), ("rivers", "river"), ("borne", "bear"),
    ],
)  # fmt: skip
def test_forms_of_one_word(one: str, other: str) -> None:
    assert same_word(stem(one), stem(other))
    assert same_word(stem(other), stem(one))


@pytest.mark.parametrize(
    ("one", "other"), [("dug", "drug"), ("wrote", "wrong"), ("interest", "internal"), ("sent", "sang")]
)
def test_other_words(one: str, other: str) -> None:
    assert not same_word(stem(one), stem(other))
