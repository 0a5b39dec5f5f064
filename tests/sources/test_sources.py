"""A source lists and fetches the same files, whether they lie in a folder or on an object store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import bunko.sources
from bunko.errors import LibraryNotFound, UsageError
from bunko.reading.folder import list_files
from bunko.sources import Listed, Source, open_source
from tests.sources.s3 import BUCKET, bucket, put
from tests.support import CATS, KYOTO, SHIPS, write_files

__all__ = ["bucket"]

FILES: dict[str, str | bytes] = {
    "cats.txt": CATS,
    "sub/ships.md": SHIPS,
    "京都 の.txt": KYOTO,
    ".git/config": "hidden",
    "sub/.secret.txt": "hidden",
    "node_modules/x.txt": "left out",
    "drafts/old/a.txt": "ignored",
    "drafts/b.log": "ignored",
    "logs/c.log": "ignored by the settings",
    ".bunkoignore": "drafts/\n",
    **{f"index/{table}.lance/_versions/1.manifest": "x" for table in ("documents", "chunks", "files")},
    "index/notes.txt": "inside an index",
    "not-an-index/chunks.lance/a.txt": "a folder with such a name",
}


def rows(source: Source) -> list[Listed]:
    return [Listed(**row) for row in source.listing().files.to_pylist()]


def read(source: Source, into: Path) -> dict[str, bytes]:
    return {entry.path: entry.absolute.read_bytes() for entry in source.fetch(rows(source), into)}


def test_a_folder_and_a_prefix_hold_the_same_documents(tmp_path: Path, bucket: Any) -> None:
    root = write_files(tmp_path / "library", FILES)
    data = {path: text.encode() if isinstance(text, str) else text for path, text in FILES.items()}
    put(bucket, {f"lib/{path}": text for path, text in data.items()} | {"library/other.txt": b"beside it"})
    ignore = ("*.log",)
    expected = {file.path: file.absolute.read_bytes() for file in list_files(root, ignore=ignore)}
    assert set(expected) == {"cats.txt", "sub/ships.md", "京都 の.txt", "not-an-index/chunks.lance/a.txt"}
    assert read(open_source(str(root), ignore=ignore), tmp_path / "a") == expected
    assert read(open_source(f"s3://{BUCKET}/lib/", ignore=ignore), tmp_path / "b") == expected


def test_a_whole_bucket_and_a_single_object_are_sources(tmp_path: Path, bucket: Any) -> None:
    put(bucket, {"a.txt": b"one", "sub/b.txt": b"two"})
    assert read(open_source(f"s3://{BUCKET}"), tmp_path / "a") == {"a.txt": b"one", "sub/b.txt": b"two"}
    assert read(open_source(f"s3://{BUCKET}/sub/b.txt"), tmp_path / "b") == {"b.txt": b"two"}


def test_a_single_file_is_a_source(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"a.txt": "one", "b.txt": "two"})
    assert read(open_source(str(root / "b.txt")), tmp_path / "into") == {"b.txt": b"two"}


def test_an_object_whose_name_is_no_path_is_left_out(tmp_path: Path, bucket: Any) -> None:
    put(bucket, {"lib/a.txt": b"one", "lib/../../escaped.txt": b"outside"})
    source = open_source(f"s3://{BUCKET}/lib")
    assert [item.path for item in source.listing().left_out] == ["../../escaped.txt"]
    assert read(source, tmp_path / "deep" / "into") == {"a.txt": b"one"}
    assert not (tmp_path / "escaped.txt").exists()


def test_what_is_gone_before_it_is_fetched_has_no_copy(tmp_path: Path, bucket: Any) -> None:
    put(bucket, {"lib/a.txt": b"one"})
    source = open_source(f"s3://{BUCKET}/lib")
    (entry,) = source.fetch([Listed(path="gone.txt", size=3, modified_ns=0)], tmp_path)
    assert not entry.absolute.exists()


def test_a_missing_bucket_is_told(bucket: Any) -> None:
    with pytest.raises(LibraryNotFound, match="s3://nothing-here/lib can't be listed"):
        open_source("s3://nothing-here/lib").listing()


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFound):
        open_source(str(tmp_path / "none")).listing()


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_a_name_that_is_not_utf8_is_found_again(tmp_path: Path) -> None:
    place = os.fsencode(tmp_path) + b"/" + "資料.txt".encode("cp932")
    with open(place, "wb") as file:  # noqa: PTH123
        file.write(b"one")
    assert read(open_source(str(tmp_path)), tmp_path) == {"資料.txt": b"one"}


@pytest.mark.parametrize("address", ["ftp://host/path", "folder://x", "objects://x", "://", "../x://y"])
def test_an_unknown_scheme_is_told(address: str) -> None:
    with pytest.raises(UsageError, match="no source"):
        open_source(address)


def test_a_new_kind_of_source_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shelf.py").write_text(
        "from bunko.sources.folder import FolderSource\n"
        "from pathlib import Path\n"
        "def open_source(address, *, ignore):\n"
        "    return FolderSource(Path('/') / address.partition('://')[2], ignore=ignore)\n"
    )
    monkeypatch.setattr(bunko.sources, "__path__", [*bunko.sources.__path__, str(tmp_path)])
    library = write_files(tmp_path / "library", {"a.txt": "one"})
    assert read(open_source(f"shelf:/{library}"), tmp_path) == {"a.txt": b"one"}
