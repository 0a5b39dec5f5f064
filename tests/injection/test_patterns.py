"""Every example in the pattern files: orders to a model, and texts that look alike."""

from __future__ import annotations

import re

import pytest

from bunko.injection.detection import PATTERN_FILES, gives_orders
from bunko.language.data_files import Pattern, read_patterns
from bunko.language.words import normalise

PATTERNS = [(path.stem, pattern) for path in PATTERN_FILES for pattern in read_patterns(path)]


@pytest.mark.parametrize(("file", "pattern"), [pytest.param(*one, id=f"{one[0]}: {one[1].name}") for one in PATTERNS])
def test_the_examples_of_a_pattern(file: str, pattern: Pattern) -> None:
    assert pattern.matches
    assert pattern.passes
    # Texts are folded before they are matched, so a capital letter in a pattern would match nothing.
    assert not re.search(r"(?<!\\)[A-Z]", pattern.regex)
    for text in pattern.matches:
        assert re.search(pattern.regex, normalise(text)), text
        assert gives_orders(text), text
    for text in pattern.passes:
        assert not gives_orders(text), text
