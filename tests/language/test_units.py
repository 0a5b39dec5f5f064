"""Every example of units.toml: a number with a unit, and texts that look alike."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest

from bunko.language.data_files import read_data
from bunko.language.units import DATA_FILE, unit_at

TABLES = read_data(DATA_FILE)["pattern"]


@pytest.mark.parametrize("table", [pytest.param(table, id=f"{table['name']} {table['size']}") for table in TABLES])
def test_the_examples_of_a_unit(table: dict[str, Any]) -> None:
    assert table["matches"]
    wanted = (table["name"], Fraction(table["size"]))
    for text in table["matches"]:
        unit, size, length = unit_at(text, _after_number(text))
        assert (unit, size) == wanted, text
        assert _after_number(text) + length == len(text), text
    for text in table.get("passes", ()):
        unit, size, length = unit_at(text, _after_number(text))
        assert (unit, size) != wanted or _after_number(text) + length < len(text), text


def _after_number(text: str) -> int:
    number = re.match(r"\d+", text)
    assert number
    return number.end()
