"""Documents that are lists of entries: the entry that is asked for is found, quoted with its label, and compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bunko.language.sentences import sentences
from bunko.library import Library
from bunko.testing import FakeGenerator
from tests.support import make_library, write_files

SHEET = """{name} - Almanac

LAND
Area:
total: {area} sq km
water: 12 sq km
Area - comparative: a little more than the area of the port and the county that it belongs to, lakes included
Climate:
mild: wet winters and dry summers

PEOPLE
Area of work: the area that most people of {name} work in is fishing in the area of the harbour
Population:
total: {people} (2024 est.)
men: 511
women: 502
"""
FILES = {
    "varn.txt": SHEET.format(name="Varn", area="4,117", people="21,904"),
    "hest.txt": SHEET.format(name="Hest", area="3,208", people="19,377"),
    "町.txt": "青沼町\n\n面積：\n全体：41平方キロ\n\n人口：\n総数：8,112人\n男：4,001人\n",
    "村.txt": "白川村\n\n面積：\n全体：77平方キロ\n\n人口：\n総数：3,406人\n男：1,700人\n",
    "speech.txt": "Speech at the fair\nSpeaker: Olha Marynskyy, Minister of Mills\n\nDear friends!\n",
    "visit.txt": "Minister Marynsky came to the fair of Varn and gave prizes to the millers of the town.\n",
}

LEXICAL: dict[str, Any] = {"retrieval.mode": "lexical"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    root = write_files(tmp_path_factory.mktemp("docs"), FILES)
    generator = FakeGenerator(parameters=135_000_000)
    with make_library(root, generator=generator, **LEXICAL) as opened:
        opened.sync()
        yield opened


@pytest.mark.parametrize(
    ("question", "entry"),
    [
        ("What is the area of Varn?", "Area:\ntotal: 4,117 sq km"),
        ("What is the population of Hest?", "Population:\ntotal: 19,377 (2024 est.)"),
        ("青沼町の人口は？", "人口：\n総数：8,112人"),
    ],
)
def test_the_entry_is_the_first_quote_with_its_label(library: Library, question: str, entry: str) -> None:
    assert library.ask(question).evidence[0].quote == entry


@pytest.mark.parametrize(
    ("question", "values"),
    [
        ("Compare Varn and Hest in population and area.", {"4,117", "21,904", "3,208", "19,377"}),
        ("Which is larger in area, Varn or Hest?", {"4,117", "3,208"}),
    ],
)
def test_each_aspect_of_each_thing_is_a_bullet_that_names_it(library: Library, question: str, values: set[str]) -> None:
    _, *bullets = library.ask(question).text.splitlines()
    assert len(bullets) == len(values)
    for value in values:
        (line,) = (line for line in bullets if value in line)
        assert line.startswith("- Varn: " if value in FILES["varn.txt"] else "- Hest: ")


def test_a_thing_that_no_document_has_gives_no_bullet(library: Library) -> None:
    _, *bullets = library.ask("Compare Varn and Oslo in area.").text.splitlines()
    assert len(bullets) == 1
    assert "4,117" in bullets[0]


def test_a_name_in_another_spelling_is_defined(library: Library) -> None:
    assert library.ask("Who is Marynsky?").text.startswith("Speaker: Olha Marynskyy, Minister of Mills")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is about four times as large as the county of Hest\nBorders:\nnorth: 5 km", 3),
        ("In his speech he named the three reasons for the decision of\nthe council: there was no money.", 1),
    ],
)
def test_a_label_stands_alone(text: str, expected: int) -> None:
    assert len(sentences(text)) == expected


def test_the_section_that_is_named_is_quoted_without_the_ones_beside_it(tmp_path: Path) -> None:
    text = "# Offices\n\n## Hest\n\nOpens at 8.\n\n## Varn\n\nOpens at 9.\n\n## Malm\n\nOpens at 10.\n"
    root = write_files(tmp_path / "docs", {"offices.md": text})
    with make_library(root, generator=FakeGenerator(parameters=135_000_000)) as library:
        library.sync()
        answer = library.ask("When does the Varn office open?")
    assert answer.evidence[0].heading == "Offices > Varn", answer.evidence
    assert {item.heading for item in answer.evidence} == {"Offices > Varn"}
