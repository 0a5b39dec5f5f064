"""Sentences that say who or what something is, in both languages."""

from __future__ import annotations

import pytest

from bunko.language.data_files import read_patterns
from bunko.question.definitions import PATTERNS, defines

_READ = read_patterns(PATTERNS, parts={"name": "x"})
_DEGREES = {"says": 1.0, "titles": 0.5}


@pytest.mark.parametrize(("kind", "pair"), [(item.name, pair) for item in _READ for pair in item.matches])
def test_a_sentence_that_defines(kind: str, pair: tuple[str, str]) -> None:
    name, sentence = pair
    assert defines(sentence, name) == _DEGREES[kind]


@pytest.mark.parametrize("pair", [pair for item in _READ for pair in item.passes])
def test_a_sentence_that_only_mentions(pair: tuple[str, str]) -> None:
    name, sentence = pair
    assert defines(sentence, name) == 0
