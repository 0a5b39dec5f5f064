"""Chunks are slices of their document, whole sentences of it, and fit the embedder."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.indexing.chunking import chunk
from bunko.indexing.outline import Outline
from bunko.language.sentences import sentences
from bunko.reading.text.plain import markdown_headings
from bunko.settings import ChunkingSettings
from bunko.types import Chunk, Document, Span, page_at
from tests.strategies import anything, prose

SMALL = ChunkingSettings(max_tokens=32, min_tokens=8)
sizes = st.builds(
    lambda most, share: ChunkingSettings(max_tokens=most, min_tokens=int(most * share)),
    st.integers(16, 120),
    st.floats(0, 0.5),
)


def count(texts: Sequence[str]) -> list[int]:
    """Count a token for each visible character: the strictest of tokenizers."""
    return [len("".join(text.split())) for text in texts]


def room_for_each_sentence(text: str, spare: int) -> ChunkingSettings:
    longest = max(count([text[start:end] for start, end in sentences(text)]), default=0)
    return ChunkingSettings(max_tokens=longest + spare, min_tokens=8)


def cut(text: str, settings: ChunkingSettings = SMALL) -> list[Chunk]:
    document = Document(path="a.md", text=text, headings=markdown_headings(text))
    return chunk(document, count_tokens=count, settings=settings)


@given(anything, sizes)
def test_a_chunk_is_a_slice_of_its_document(text: str, settings: ChunkingSettings) -> None:
    for item in cut(text, settings):
        assert text[item.start : item.end] == item.text
        assert item.text == item.text.strip() != ""


@given(anything, sizes)
def test_chunks_stand_in_order_and_never_overlap_and_lose_nothing(text: str, settings: ChunkingSettings) -> None:
    chunks = cut(text, settings)
    assert all(one.end <= other.start for one, other in itertools.pairwise(chunks))
    assert "".join("".join(item.text for item in chunks).split()) == "".join(text.split())


@given(prose, st.integers(0, 100))
def test_a_chunk_of_whole_sentences_is_never_larger_than_allowed(text: str, spare: int) -> None:
    settings = room_for_each_sentence(text, spare)
    assert all(count([item.text])[0] <= settings.max_tokens for item in cut(text, settings))


@given(prose, sizes)
def test_a_sentence_that_is_too_long_is_cut_to_about_what_is_allowed(text: str, settings: ChunkingSettings) -> None:
    # Its pieces are measured by their share of characters: tokens are not spread evenly.
    assert all(count([item.text])[0] <= 1.25 * settings.max_tokens for item in cut(text, settings))


@given(prose, st.integers(0, 100))
def test_a_sentence_that_fits_is_never_cut(text: str, spare: int) -> None:
    settings = room_for_each_sentence(text, spare)
    starts = {start for start, _ in sentences(text)}
    ends = {end for _, end in sentences(text)}
    for item in cut(text, settings):
        assert item.start in starts
        assert item.end in ends


@given(anything)
def test_cutting_twice_gives_the_same(text: str) -> None:
    assert cut(text) == cut(text)


def test_a_blank_document_has_no_chunks() -> None:
    assert cut("") == cut(" \n\n\t") == []


def test_a_stretch_without_any_break_is_cut_through() -> None:
    chunks = cut("x" * 1000)
    assert len(chunks) >= 1000 / 32
    assert all(len(item.text) <= 32 for item in chunks)


def test_a_new_section_begins_a_new_chunk() -> None:
    text = "# One\n\nFirst section with words.\n\n# Two\n\nSecond section with words."
    chunks = cut(text, ChunkingSettings(max_tokens=100, min_tokens=20))
    assert [item.heading for item in chunks] == ["One", "Two"]
    assert chunks[1].text.startswith("# Two")


def test_headings_travel_as_context() -> None:
    text = "# Book\n\n## Part\n\nA first long sentence.\nA second long sentence.\n\n# Other\n\nA third one."
    chunks = cut(text, ChunkingSettings(max_tokens=20, min_tokens=0))
    second = next(item for item in chunks if item.text == "A second long sentence.")
    third = next(item for item in chunks if "third" in item.text)
    assert second.heading == "Book > Part"
    assert second.in_context == "Book > Part\nA second long sentence."
    assert third.heading == "Other"


def test_equal_texts_under_equal_headings_have_one_key_wherever_they_stand() -> None:
    def key(path: str, text: str, heading: str = "") -> str:
        headings = (Span(start=0, end=99, label=heading, level=1),) if heading else ()
        document = Document(path=path, text=text, headings=headings)
        return chunk(document, count_tokens=count, settings=SMALL)[0].key

    assert key("a.txt", "A sentence.") == key("b.txt", "\n\n\nA sentence.")
    assert key("a.txt", "A sentence.") != key("a.txt", "A sentence.", heading="Title")
    assert key("a.txt", "A sentence.", heading="Title") == key("b.txt", "A sentence.", heading="Title")
    assert key("a.txt", "A sentence.") != key("a.txt", "Another sentence.")


def test_each_chunk_knows_its_page_and_language() -> None:
    text = "First page here. " * 4 + "二ページ目の文章です。" * 4
    middle = text.index("二")
    pages = (Span(start=0, end=middle, label="1"), Span(start=middle, end=len(text), label="2"))
    chunks = chunk(Document(path="a.pdf", text=text, pages=pages), count_tokens=count, settings=SMALL)
    assert {(item.page, item.language) for item in chunks} >= {(1, "en"), (2, "ja")}
    assert all(item.page == (1 if item.start < middle else 2) for item in chunks)


_CELL = st.text(alphabet="abc東京 1,.。", min_size=1, max_size=12)
_TABLE = st.lists(st.lists(_CELL, min_size=2, max_size=4), min_size=1, max_size=12)


@st.composite
def documents_with_tables(draw: st.DrawFn) -> Document:
    """Draw a text with tables in it."""
    text, tables = "", []
    for before, rows in draw(st.lists(st.tuples(prose, _TABLE), min_size=1, max_size=3)):
        text += before + "\n\n"
        start = len(text)
        text += "\n".join("| " + " | ".join(row) + " |" for row in rows)
        tables.append(Span(start=start, end=len(text), label=" | ".join(rows[0])))
        text += "\n\n"
    return Document(path="a.md", text=text, headings=markdown_headings(text), tables=tuple(tables))


@given(documents_with_tables(), sizes)
def test_chunks_of_tables_are_slices_that_lose_nothing(document: Document, settings: ChunkingSettings) -> None:
    chunks = chunk(document, count_tokens=count, settings=settings)
    assert all(document.text[item.start : item.end] == item.text for item in chunks)
    assert all(one.end <= other.start for one, other in itertools.pairwise(chunks))
    assert "".join("".join(item.text for item in chunks).split()) == "".join(document.text.split())


@given(documents_with_tables(), st.integers(0, 60))
def test_a_row_that_fits_is_never_cut(document: Document, spare: int) -> None:
    longest = max(count([*document.text.split("\n"), *(document.text[a:b] for a, b in sentences(document.text))]))
    settings = ChunkingSettings(max_tokens=longest + spare, min_tokens=8)
    for item in chunk(document, count_tokens=count, settings=settings):
        for table in document.tables:
            for place in (item.start, item.end):
                if table.start < place < table.end:
                    assert "\n" in (document.text[place - 1], document.text[place])


@given(documents_with_tables(), sizes)
def test_a_chunk_amid_a_table_has_the_header_row_as_its_last_heading(
    document: Document, settings: ChunkingSettings
) -> None:
    for item in chunk(document, count_tokens=count, settings=settings):
        amid = [table for table in document.tables if table.start < item.start < table.end]
        path = Outline(document.headings).heading_path(item.start)
        assert item.heading == " > ".join(filter(None, [path, *(table.label for table in amid)]))


def test_a_long_table_is_cut_between_rows_in_good_time() -> None:
    rows = [f"Customer {n} | {n * 7} | 東京都" for n in range(100_000)]
    text = "\n".join(["Name | Sum | City", *rows])
    known = set(rows)
    table = Span(start=0, end=len(text), label="Name | Sum | City")
    begin = time.process_time()
    chunks = chunk(
        Document(path="a.csv", text=text, tables=(table,)),
        count_tokens=lambda texts: [len(text) // 3 for text in texts],
        settings=ChunkingSettings(),
    )
    assert time.process_time() - begin < 20  # 3 s if all is well
    assert all(row in known for item in chunks[1:] for row in item.text.split("\n"))
    assert chunks[0].heading == ""
    assert {item.heading for item in chunks[1:]} == {"Name | Sum | City"}


def test_where_there_are_no_pages_or_headings_there_is_none() -> None:
    assert page_at((), 5) is None
    assert Outline(()).heading_path(5) == ""
    late = (Span(start=10, end=20, label="3", level=1),)
    assert page_at(late, 5) is None
    assert Outline(late).heading_path(5) == ""
    assert Outline(late).heading_path(10) == "3"


@pytest.mark.parametrize(
    ("first", "second", "is_alone"),
    [(14, 14, True), (15, 10, True), (13, 14, False), (12, 14, False)],
)
def test_a_full_chunk_ends_before_its_last_paragraph_if_half_of_it_or_more_is_left(
    first: int, second: int, is_alone: bool
) -> None:
    one, two, three = ("A" + "a" * (size - 2) + "." for size in (first, second, 10))
    chunks = [item.text for item in cut(f"{one}\n\n{two} {three}")]
    assert chunks == ([one, f"{two} {three}"] if is_alone else [f"{one}\n\n{two}", three])
