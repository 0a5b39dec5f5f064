"""JSON Lines: each line is a document of its own."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path

import pytest

from bunko.errors import ReadError
from bunko.reading.read import read_documents
from bunko.reading.text.records import TEXT_FIELDS
from bunko.settings import ReadingSettings
from bunko.types import Document
from tests.reading.files import labels, read_all, read_one


def lines(*records: object) -> str:
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records) + "\n"


def test_each_record_is_a_document_under_its_title(tmp_path: Path) -> None:
    content = lines({"id": "a", "title": "梅雨", "text": "雨が降る。"}, {"id": 7, "text": "No title."})
    (rain, plain), failed = read_all(tmp_path, "a.jsonl", content)
    assert (rain.path, rain.text, labels(rain)) == ("a.jsonl#a", "梅雨\n\n雨が降る。", [(1, "梅雨")])
    assert (plain.path, plain.text, labels(plain)) == ("a.jsonl#7", "No title.", [])
    assert rain.format == "jsonl"
    assert not failed


def test_a_title_that_the_text_begins_with_is_not_told_twice(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.ndjson", lines({"title": "Rain", "text": "\nRain\nIt falls."}))
    assert document.text == "Rain\nIt falls."
    assert labels(document) == [(1, "Rain")]


@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_the_text_may_have_other_names(tmp_path: Path, field: str) -> None:
    assert read_one(tmp_path, "a.jsonl", lines({field: "Words.", "n": 1})).text == "Words."


def test_records_without_an_id_of_their_own_are_named_by_their_line(tmp_path: Path) -> None:
    records = [{"text": "one"}, {"id": "x", "text": "two"}, {"id": "x", "text": "three"}, {"id": "4", "text": "four"}]
    content = lines(*records) + "\n" + lines({"_id": "4", "text": "five"}, {"id": "a\nb", "text": "six"})
    documents, _ = read_all(tmp_path, "a.jsonl", content)
    assert [document.path.partition("#")[2] for document in documents] == ["1", "x", "3", "4", "6", "7"]


def test_two_documents_never_have_one_path(tmp_path: Path) -> None:
    documents, _ = read_all(tmp_path, "a.jsonl", lines(*[{"id": "2", "text": "x"}] * 3, {"id": "4", "text": "y"}))
    assert len({document.path for document in documents}) == 4


def test_records_without_text_make_one_document(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.jsonl", lines({"name": "Ada", "born": 1815}, {"name": "太郎", "tags": ["a", "b"]}))
    assert document.path == "a.jsonl"
    assert document.text == "name: Ada\nborn: 1815\n\nname: 太郎\ntags: a, b"


def test_a_record_without_text_among_others_is_written_out(tmp_path: Path) -> None:
    documents, _ = read_all(tmp_path, "a.jsonl", lines({"text": "Words."}, {"title": "Empty", "n": 1}))
    assert documents[1].text == "Empty\n\ntitle: Empty\nn: 1"


def test_a_broken_line_stops_nothing(tmp_path: Path) -> None:
    content = '{"text": "one"}\n{broken\n[1]\n{"text": "four"}\n{"text": '
    documents, failed = read_all(tmp_path, "a.jsonl", content)
    assert [document.path for document in documents] == ["a.jsonl#1", "a.jsonl#4"]
    assert [item.path for item in failed] == ["a.jsonl#2", "a.jsonl#3", "a.jsonl#5"]
    assert all(item.error and item.hint for item in failed)


def test_many_broken_lines_are_counted(tmp_path: Path) -> None:
    documents, failed = read_all(tmp_path, "a.jsonl", "broken\n" * 500 + '{"text": "one"}\n' + "broken\n" * 500)
    assert len(documents) == 1
    assert len(failed) == 21
    assert "980 more" in failed[-1].error


def test_a_file_without_any_record_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="No line"):
        read_all(tmp_path, "a.jsonl", "no\njson\nhere\n" * 100)
    with pytest.raises(ReadError, match="no text"):
        read_all(tmp_path, "a.jsonl", "\n\n")


def test_other_encodings_are_read(tmp_path: Path) -> None:
    content = lines({"text": "吾輩は猫である。名前はまだ無い。"})
    for encoding in ("cp932", "euc-jp", "utf-8-sig"):
        assert read_one(tmp_path, "a.jsonl", content.encode(encoding)).text == "吾輩は猫である。名前はまだ無い。"


def test_a_compressed_file_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.writelines(lines({"text": "x" * 10_000, "id": n}) for n in range(3_000))
    tracemalloc.start()
    count = sum(isinstance(item, Document) for item in read_documents(path, path.name, settings=ReadingSettings()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 3_000
    assert peak < 5_000_000  # of 30 MB


def test_what_a_compressed_file_unpacks_to_is_limited(tmp_path: Path) -> None:
    bomb = gzip.compress(lines({"text": "x" * 500_000}).encode() * 10)
    with pytest.raises(ReadError, match="more than 1 MB") as caught:
        read_all(tmp_path, "a.jsonl.gz", bomb, ReadingSettings(archive_mb=1))
    assert "reading.archive_mb" in caught.value.hint
    with pytest.raises(ReadError, match="more than 1 MB"):
        read_all(tmp_path, "b.jsonl.gz", gzip.compress(bytes(5_000_000)), ReadingSettings(archive_mb=1))


def test_a_compressed_file_that_is_cut_off_says_so(tmp_path: Path) -> None:
    whole = gzip.compress(lines(*({"text": f"{n} {n * n}"} for n in range(5_000))).encode())
    with pytest.raises(ReadError, match="cut off"):
        read_all(tmp_path, "a.jsonl.gz", whole[: len(whole) // 2])
    with pytest.raises(ReadError):
        read_all(tmp_path, "b.jsonl.gz", b"no gzip")


def test_a_list_of_records_is_read_like_lines(tmp_path: Path) -> None:
    records = [{"id": "a", "title": "梅雨", "text": "雨が降る。"}, 5, {"text": "Sun."}]
    documents, failed = read_all(tmp_path, "a.json", json.dumps(records))
    assert [(document.path, document.text) for document in documents] == [
        ("a.json#a", "梅雨\n\n雨が降る。"),
        ("a.json#3", "Sun."),
    ]
    assert [item.path for item in failed] == ["a.json#2"]
