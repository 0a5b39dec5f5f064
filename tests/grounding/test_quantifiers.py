"""A word of quantity that says more than the source, or the contrary: the examples of quantifiers.toml."""

from __future__ import annotations

import pytest
from hypothesis import given

from bunko.grounding.contradiction import contradiction
from bunko.grounding.quantifiers import DATA_FILE, other_quantifier
from bunko.language.data_files import read_data
from tests.strategies import anything

EXAMPLES = read_data(DATA_FILE)["examples"]


@pytest.mark.parametrize(("sentence", "source"), EXAMPLES["matches"])
def test_what_is_found(sentence: str, source: str) -> None:
    assert other_quantifier(sentence, source)
    assert contradiction(sentence, source)


@pytest.mark.parametrize(("sentence", "source"), EXAMPLES["passes"])
def test_what_passes(sentence: str, source: str) -> None:
    assert not other_quantifier(sentence, source)
    assert contradiction(sentence, source) is None


@given(anything)
def test_a_text_agrees_with_itself(text: str) -> None:
    assert not other_quantifier(text, text)


@pytest.mark.parametrize(
    ("sentence", "source", "word"),
    [
        ("All trains stop here.", "Nearly all trains stop here.", "all"),
        ("At most 12 jurors are needed.", "At least 12 jurors are needed.", "At most 12"),
        ("Members own a car.", "Few members own a car.", "few"),
        ("社員だけが利用できる。", "社員が利用できる。", "だけ"),
    ],
)
def test_the_word_is_named(sentence: str, source: str, word: str) -> None:
    assert other_quantifier(sentence, source) == word


def test_only_words_of_one_thing_are_compared() -> None:
    source = "Some rooms have a bath. All doors have a lock."
    assert not other_quantifier("All doors have a lock.", source)
    assert other_quantifier("All rooms have a bath.", source) == "all"
