"""A plain text shows its sections by layout alone."""

from __future__ import annotations

import pytest

from bunko.reading.text.headings import text_headings


def labels(text: str) -> list[tuple[int, str]]:
    return [(level, label) for start, level, label in text_headings(text) if text.startswith(label[:2], start) or start]


SECTIONS = {
    "short lines above paragraphs": (
        "Varn\n\nThe gate opens at eight.\n\nHest\n\nThe gate opens at nine.\n",
        [(6, "Varn"), (6, "Hest")],
    ),
    "short lines above fields": (
        "Small boat\nPrice: 5 euros\nSeats: 2\n\nLarge boat\nPrice: 9 euros\nSeats: 6\n",
        [(6, "Small boat"), (6, "Large boat")],
    ),
    "a title above sections": (
        "The mills of the valley\n\nThe valley has nine mills, and all are old.\n\nHistory\n\nThey are from 1803.\n",
        [(1, "The mills of the valley"), (6, "History")],
    ),
    "numbers of requirements": (
        "REQ-20\nThe pump shall stop.\n\nREQ-21\nThe pump shall start.\n",
        [(2, "REQ-20"), (2, "REQ-21")],
    ),
    "capitals of a series": (
        "HALL A\n\nOpen from two.\n\nHALL B\n\nOpen from five.\n",
        [(2, "HALL A"), (2, "HALL B")],
    ),
    "capitals below a title": ("Mills\n\nHISTORY\nIt is old.\n", [(1, "Mills"), (2, "HISTORY")]),
    "numbered sections": (
        "1. Scope\nThis covers all.\n\n1.1 Terms\nWords mean things.\n",
        [(3, "1. Scope"), (4, "1.1 Terms")],
    ),
    "条文": (
        "規則\n\n第1章 総則\n\n第1条(目的)\nこの規則は休みを定める。\n\n"
        "■休暇\n年に十日である。\n\n【交通費】\n月に一万円である。\n",
        [(1, "規則"), (2, "第1章 総則"), (4, "第1条(目的)"), (4, "休暇"), (4, "交通費")],
    ),
}


@pytest.mark.parametrize("name", SECTIONS)
def test_the_layout_shows_the_sections(name: str) -> None:
    text, expected = SECTIONS[name]
    assert labels(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "1. Buy milk\n2. Buy eggs\n",
        "We met.\n\nBest regards\n\nNora\n",
        "It rained.\n\n12\n\nThe river rose.\n",
        "It rained.\n\n1978 - the first flood\n\nThe river rose.\n",
        "One line\nand another one\n\nand a third line\nand a fourth\n",
        "第二条の規定は、これを準用する。\n",
    ],
)
def test_what_is_no_heading(text: str) -> None:
    assert text_headings(text) == []


def test_a_heading_starts_at_its_first_character() -> None:
    text = "Mills\n\n  HISTORY\nIt is old.\n"
    assert [text[start : start + len(label)] for start, _, label in text_headings(text)] == ["Mills", "HISTORY"]
