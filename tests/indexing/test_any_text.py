"""Whatever text a reader returns, a sync ends well: what can't be indexed is reported, and costs one document."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bunko.errors import StoreDamaged
from bunko.indexing.chunking import chunk
from bunko.indexing.commit import record_of
from bunko.library import Library
from bunko.reading.folder import FileEntry
from bunko.reading.storable import LONGEST_LABEL, storable
from bunko.settings import ChunkingSettings
from bunko.store import Entry, Store
from bunko.store.store import Store as StoreClass
from bunko.testing import FakeEmbedder
from bunko.types import Document, FailedFile, Span
from tests.strategies import anything
from tests.support import CATS, KYOTO, make_library, write_files

# Every code point, halves of surrogate pairs and NUL among them.
any_text = st.text(alphabet=st.characters(), max_size=200) | st.text(alphabet="a\ud800\udc00\0\n# 。😀\r", max_size=60)
HALF = '{"note":"a lone \\ud800 half"}'


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Draw a document with spans at any places, as a hostile file could lead a reader to them."""
    text = draw(any_text | anything)
    places = st.integers(0, len(text))

    def spans(label: st.SearchStrategy[str]) -> tuple[Span, ...]:
        drawn = draw(st.lists(st.tuples(places, places, label, st.integers(1, 9)), max_size=5))
        found = [Span(start=min(a, b), end=max(a, b), label=name, level=level) for a, b, name, level in drawn]
        return tuple(sorted(found, key=lambda span: span.start))

    tables, end = [], 0
    for table in spans(any_text):  # readers never nest them
        if table.start >= end:
            tables.append(table)
            end = table.end
    return Document(path=draw(any_text), text=text, headings=spans(any_text), tables=tuple(tables),
                    pages=spans(st.integers(1, 99).map(str)), format=draw(any_text))  # fmt: skip


@given(documents())
def test_what_leaves_the_reader_has_utf_8_and_the_same_offsets(document: Document) -> None:
    clean = storable(document)
    assert len(clean.text) == len(document.text)
    spans = [*clean.headings, *clean.tables, *clean.pages]
    for text in (clean.path, clean.text, clean.format, *(span.label for span in spans)):
        text.encode("utf-8")
    assert all(len(span.label) <= LONGEST_LABEL for span in spans)
    failed = storable(FailedFile(path=document.path, error=document.text, hint=document.text))
    f"{failed.path}{failed.error}{failed.hint}".encode()


@given(st.lists(documents(), max_size=4))
@settings(max_examples=15, deadline=None)
def test_any_documents_are_chunked_counted_and_stored(drawn: list[Document]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, embedder, entries = Store(folder), FakeEmbedder(), []
        for n, document in enumerate(drawn):
            clean = storable(document)
            file = FileEntry(path=f"{n}", absolute=Path("x"), size=1, modified_ns=0)
            chunks = chunk(clean, count_tokens=embedder.count_tokens, settings=ChunkingSettings())
            embedder.embed_passages([one.in_context for one in chunks])
            entries.append(Entry(record=record_of(file, clean, "f"), document=clean, chunks=chunks))
        store.write(entries)
        assert store.count_documents() == len(drawn)
        assert {one.text for one in store.scan()} == {storable(one).text for one in drawn}


def test_half_a_surrogate_pair_costs_one_character(tmp_path: Path) -> None:
    rows = [{"id": "a\ud800", "text": "whales sing"}, {"id": "t", "title": "head \udc00", "text": "of whales \ud800"}]
    write_files(
        tmp_path,
        {
            "cats.txt": CATS, "x.json": HALF, "y.jsonl": "\n".join(map(json.dumps, rows)),
            "z.html": "<h1>a &#xD800; b</h1><p>The mayor is Ann.</p>",
            "n.ipynb": json.dumps({"cells": [{"cell_type": "markdown", "source": ["# T \ud800"]}], "nbformat": 4}),
        },
    )  # fmt: skip
    (tmp_path / "cut.txt").write_bytes(b"\xff\xfe\x00\xd8" + "words".encode("utf-16-le"))
    library = make_library(tmp_path)
    report = library.sync()
    assert (report.documents, report.failed) == (7, ())
    document = library.document("x.json")
    assert document and document.text == "note: a lone \ufffd half"
    assert library.sync().unchanged == 7


def test_two_names_that_can_not_be_stored_stay_two() -> None:
    paths = {storable(FailedFile(path=path, error="x")).path for path in ("a\ud800", "a\ud801", "a\0", "b" * 9000)}
    assert len(paths) == 4


class Choosy(FakeEmbedder):
    """Fails with anything but an error of ours where a text holds a word."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if any("zebra" in text for text in texts):
            raise TypeError("no zebras")
        return super().count_tokens(texts)


def test_a_text_that_can_not_be_counted_costs_its_document(tmp_path: Path) -> None:
    write_files(tmp_path, {"cats.txt": CATS, "x.txt": "A zebra.", "京都.txt": KYOTO})
    library = make_library(tmp_path, embedder=Choosy())
    report = library.sync()
    assert report.documents == 2
    assert [(item.path, "no zebras" in item.error) for item in report.failed] == [("x.txt", True)]
    assert library.search("cat")


def test_a_document_that_the_store_refuses_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"cats.txt": CATS, "x.txt": "A zebra.", "京都.txt": KYOTO})
    whole = StoreClass.write

    def choosy(self: Store, entries: Sequence[Entry], **given: Any) -> None:
        whole(self, entries, **given)
        if any(entry.document and "zebra" in entry.document.text for entry in entries):
            raise StoreDamaged("The index could not be written: no zebras")

    monkeypatch.setattr(StoreClass, "write", choosy)
    library = make_library(tmp_path)
    report = library.sync()
    assert (report.documents, [item.path for item in report.failed]) == (2, ["x.txt"])
    assert len(library.search("zebra")) == 0 or all(hit.chunk.path != "x.txt" for hit in library.search("zebra"))
    assert isinstance(library, Library)
    assert library.sync().unchanged == 2
