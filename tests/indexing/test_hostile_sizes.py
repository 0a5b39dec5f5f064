"""No text takes memory or time out of proportion: passages, headings and batches are bounded, and cutting is timed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given

from bunko.errors import ReadError
from bunko.indexing import commit
from bunko.indexing.chunking import chunk
from bunko.indexing.sync import in_time
from bunko.language.sentences import sentences
from bunko.settings import ChunkingSettings
from bunko.store import Entry, Store
from bunko.testing import FakeEmbedder
from bunko.types import Chunk, Document, Span
from tests.strategies import anything
from tests.support import CATS, make_library, write_files

SETTINGS = ChunkingSettings()
MOST_CHARACTERS = 16 * SETTINGS.max_tokens + 100


def one_each(texts: Sequence[str]) -> list[int]:
    """Count as a tokenizer does that takes every long word for one unknown token, and white space for none."""
    return [len(text.split()) for text in texts]


def chunked(text: str) -> list[Chunk]:
    return chunk(Document(path="x", text=text), count_tokens=one_each, settings=SETTINGS)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "あ" * 100_000,
        "\n" * 300_000 + "end",
        "A word." + "\n" * 100_000 + "Another one.",
        "word " * 50 + "\u3000" * 100_000 + " word",
        "e" + "\u0301" * 100_000,
        "…" * 100_000,
        "！" * 50_000 + "」！",
        "?」" * 50_000,
        "「" + "あ。" * 20_000,
        "(" * 100_000,
        "1," * 100_000,
        "a\tb\t" * 30_000,
        ("x " * 10_000 + "\n") * 6,
        "- " * 100_000,
    ],
    ids=lambda text: repr(text[:6]),
)
def test_a_passage_has_a_bounded_length_and_cutting_takes_linear_time(text: str) -> None:
    begin = time.process_time()
    chunks = chunked(text)
    assert time.process_time() - begin < 10.0
    assert all(len(one.text) <= MOST_CHARACTERS for one in chunks)
    assert "".join(text.split())[:1000] == "".join("".join(one.text for one in chunks).split())[:1000]


@given(anything)
def test_a_text_that_is_split_first_loses_nothing(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bunko.indexing.chunking._SPLIT_AT_ONCE", 40)
        chunks = chunked(text)
    assert all(text[one.start : one.end] == one.text for one in chunks)
    assert "".join("".join(one.text for one in chunks).split()) == "".join(text.split())


def test_many_headings_take_linear_time() -> None:
    text = "".join(f"{'#' * (2 + n % 5)} Heading {n}\n\ntext {n}\n\n" for n in range(30_000))
    spans, place = [], 0
    for line in text.splitlines(keepends=True):
        if line.startswith("#"):
            spans.append(Span(start=place, end=len(text), label=line.strip("# \n"), level=line.index(" ")))
        place += len(line)
    document = Document(path="x", text=text, headings=tuple(spans))
    begin = time.process_time()
    chunks = chunk(document, count_tokens=one_each, settings=SETTINGS)
    assert time.process_time() - begin < 30.0
    assert chunks[-1].heading.endswith("Heading 29999") or chunks[-1].sections


def test_sentences_of_marks_take_linear_time() -> None:
    begin = time.process_time()
    sentences("！" * 50_000 + "」！" + "?!" * 50_000 + "」?")
    assert time.process_time() - begin < 5.0


def test_a_long_heading_is_not_repeated_whole(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.md": f"# {'H' * 300_000}\n\n" + "A sentence of words is here. " * 4_000})
    library = make_library(tmp_path)
    assert library.sync().chunks > 20
    assert all(len(hit.chunk.heading) <= 1_000 for hit in library.search("sentence"))


def test_a_large_document_is_written_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "_BATCH_CHARACTERS", 5_000)
    parts: list[int] = []
    whole = Store.write_chunks

    def write_chunks(self: Store, entry: Entry) -> None:
        parts.append(len(entry.chunks))
        whole(self, entry)

    monkeypatch.setattr(Store, "write_chunks", write_chunks)
    text = "".join(f"Sentence number {n} is about the whale of the sea. " for n in range(600))
    write_files(tmp_path, {"cats.txt": CATS, "whales.txt": text})
    library = make_library(tmp_path)
    report = library.sync()
    assert (report.documents, report.failed, len(parts) > 5) == (2, (), True)
    assert library.records()["whales.txt"].chunks == sum(parts) == report.chunks - library.records()["cats.txt"].chunks
    write_files(tmp_path, {"whales.txt": text.replace("whale", "seal")})
    assert library.sync().updated == 1
    assert "seal" in library.search("seal")[0].chunk.text
    assert not any("whale" in hit.chunk.text for hit in library.search("whale"))
    assert library.store.count_chunks() == sum(record.chunks for record in library.records().values())


def test_cutting_that_takes_too_long_ends() -> None:
    def slowly() -> Iterator[Chunk]:
        while True:
            time.sleep(0.05)
            yield Chunk(path="x", start=0, end=1, text="x")

    with pytest.raises(ReadError, match=r"took longer than 0\.1 seconds"):
        for _ in in_time(slowly(), 0.1):
            pass


class Slow(FakeEmbedder):
    """Runs into the limit for one word."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if any("zebra" in text for text in texts):
            raise ReadError("Cutting it into passages took longer than 1 seconds.")
        return super().count_tokens(texts)


def test_cutting_that_takes_too_long_costs_its_document(tmp_path: Path) -> None:
    write_files(tmp_path, {"cats.txt": CATS, "x.txt": "A zebra."})
    report = make_library(tmp_path, embedder=Slow()).sync()
    assert report.documents == 1
    assert [(item.path, "took longer than 1 seconds" in item.error) for item in report.failed] == [("x.txt", True)]
