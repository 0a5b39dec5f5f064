"""A sentence in the right words may contradict its source. What is found: contradiction.toml; what is not: here."""

from __future__ import annotations

import pytest
from hypothesis import given

from bunko.grounding.contradiction import DATA_FILE, contradiction
from bunko.language.data_files import read_data
from tests.strategies import anything

TABLES = read_data(DATA_FILE)
# No outward sign shows these: decision 012.
NOT_FOUND = [
    ("The eruption destroyed the town.", "The eruption would destroy the town."),
    ("Ann, who sold the house to Bob, moved.", "Bob sold the house, and Ann moved."),
    ("The factory is safe.", "It is doubtful whether the factory is safe."),
]


@pytest.mark.parametrize("kind", list(TABLES))
def test_the_examples_of_a_kind(kind: str) -> None:
    assert TABLES[kind]["matches"]
    assert TABLES[kind]["passes"]
    for sentence, source in TABLES[kind]["matches"]:
        found = contradiction(sentence, source)
        assert found, sentence
        assert found.kind == kind, sentence
    for sentence, source in TABLES[kind]["passes"]:
        assert contradiction(sentence, source) is None, sentence


@pytest.mark.parametrize(("sentence", "source"), NOT_FOUND)
def test_a_contradiction_without_outward_signs_passes(sentence: str, source: str) -> None:
    assert contradiction(sentence, source) is None


@pytest.mark.parametrize(
    ("sentence", "source", "words"),
    [
        ("The mill was not built in 1911.", "The mill was built in 1911.", ("build",)),
        ("The number increased.", "The number decreased.", ("increas",)),
        ("The plan was popular there.", "The plan was unpopular there.", ("popular",)),
        ("It has 12 apples and 15 pears.", "It has 15 apples and 12 pears.", ("12",)),
        ("Carthage conquered Rome.", "Rome conquered Carthage.", ("Carthage", "Rome")),
    ],
)
def test_a_contradiction_names_its_words(sentence: str, source: str, words: tuple[str, ...]) -> None:
    found = contradiction(sentence, source)
    assert found
    assert found.words == words


def test_a_negation_reaches_forty_characters() -> None:
    """The word that is negated must end within them."""
    there = "It was built of stone."
    for spaces, negated in ((34, True), (35, False)):
        assert bool(contradiction(f"It was not{' ' * spaces} built of stone.", there)) is negated


def test_names_are_tied_together_across_eighty_characters() -> None:
    for spaces, tied in ((69, True), (70, False)):  # beside the eleven of " conquered "
        sentence = f"Carthage conquered {' ' * spaces}Rome."
        found = contradiction(sentence, "Rome conquered Carthage.")
        assert found
        assert (found.kind == "changed_places") is tied  # else the words around the verb tell


@given(anything)
def test_a_text_does_not_contradict_itself(text: str) -> None:
    assert contradiction(text, text) is None
