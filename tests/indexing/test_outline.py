"""Every character of a document has the headings of its own place, within a chunk as well."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bunko.indexing.chunking import chunk
from bunko.indexing.outline import Outline
from bunko.reading.text.plain import read_markdown
from bunko.settings import ChunkingSettings
from bunko.types import Span

LEVELS = st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abc")), max_size=12)


def count(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def above(headings: Sequence[Span], offset: int) -> str:
    """Return the path of a place, worked out the plain way."""
    path: list[Span] = []
    for heading in headings:
        if heading.start <= offset:
            path = [*(one for one in path if one.level < heading.level), heading]
    return " > ".join(heading.label for heading in path)


@given(LEVELS)
def test_a_place_has_the_headings_above_it(levels: list[tuple[int, str]]) -> None:
    headings = [
        Span(start=10 * n, end=10 * n + 10, label=label, level=level) for n, (level, label) in enumerate(levels)
    ]
    outline = Outline(headings)
    for offset in range(0, 10 * len(headings) + 5, 5):
        assert outline.heading_path(offset) == above(headings, offset)


@given(LEVELS, st.integers(2, 60))
def test_each_character_of_a_chunk_has_its_own_headings(levels: list[tuple[int, str]], size: int) -> None:
    text = "\n\n".join(
        f"{'#' * level} {label}\n\nOpens at {n}. Closes at {n}." for n, (level, label) in enumerate(levels)
    )
    document = read_markdown(text.encode(), "a.md")
    outline = Outline.of(document)
    for item in chunk(document, count_tokens=count, settings=ChunkingSettings(max_tokens=size, min_tokens=1)):
        assert all(item.heading_at(offset) == outline.path(offset) for offset in range(item.start, item.end))


def test_rows_of_a_table_within_a_chunk_are_under_its_header_row() -> None:
    text = "# Rooms\n\nAll are open.\n\n| Room | Seats |\n|---|---|\n| Pine | 12 |\n\nNone is locked.\n"
    document = read_markdown(text.encode(), "a.md")
    (item,) = chunk(document, count_tokens=count, settings=ChunkingSettings())
    assert item.heading_at(text.index("Pine")) == "Rooms > Room | Seats"
    assert item.heading_at(text.index("All")) == item.heading_at(text.index("None")) == "Rooms"


def test_a_very_deep_path_keeps_its_innermost_headings() -> None:
    headings = [Span(start=n, end=50, label=str(n), level=n + 1) for n in range(50)]
    assert Outline(headings).heading_path(49).split(" > ") == [str(n) for n in range(38, 50)]
