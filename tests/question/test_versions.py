"""Which version a question wants: the examples of versions.toml."""

from __future__ import annotations

import pytest

from bunko.language.data_files import read_patterns
from bunko.question.versions import PATTERNS, wanted_version

_READ = read_patterns(PATTERNS)


@pytest.mark.parametrize(("name", "text"), [(item.name, text) for item in _READ for text in item.matches])
def test_questions_that_say_which_version(name: str, text: str) -> None:
    assert wanted_version(text) == name


@pytest.mark.parametrize("text", [text for item in _READ for text in item.passes])
def test_questions_that_do_not(text: str) -> None:
    assert wanted_version(text) == "newest"
