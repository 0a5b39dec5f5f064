"""Which files make a library."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import pytest

from bunko.errors import LibraryEmpty, LibraryNotFound
from bunko.reading.folder import list_files, list_folder
from tests.support import make_library, write_files


def listed(root: Path, *ignore: str) -> list[str]:
    return [entry.path for entry in list_files(root, ignore=ignore)]


def link(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target)
    except (OSError, NotImplementedError):
        pytest.skip("links can't be made here")


def test_files_are_listed_by_path_with_forward_slashes(tmp_path: Path) -> None:
    write_files(tmp_path, {"b.txt": "", "a/c.txt": "12", "日本語/東京 都.txt": "", "a/b/d": ""})
    entries = list_files(tmp_path)
    assert [entry.path for entry in entries] == ["a/b/d", "a/c.txt", "b.txt", "日本語/東京 都.txt"]
    assert entries[1].size == 2
    assert all(entry.absolute.is_file() for entry in entries)


def test_a_file_is_a_library_of_one(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.txt": "", ".hidden.txt": "", "b.txt": ""})
    assert listed(tmp_path / "a.txt") == ["a.txt"]
    assert listed(tmp_path / ".hidden.txt") == [".hidden.txt"]


def test_hidden_files_and_what_programs_leave_behind_are_no_documents(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "a.txt": "", ".hidden": "", ".git/config": "", ".bunko/store/x": "", "~$report.docx": "",
            "node_modules/x.md": "", "sub/Thumbs.db": "", "sub/.DS_Store": "", "sub/__pycache__/x.py": "",
        },
    )  # fmt: skip
    assert listed(tmp_path) == ["a.txt"]


def test_bunkoignore_speaks_the_syntax_of_gitignore(tmp_path: Path) -> None:
    names = [
        "keep.txt",
        "draft.tmp",
        "old/a.txt",
        "old/keep.txt",
        "sub/old/b.txt",
        "sub/下書き.md",
        "top.log",
        "sub/top.log",
    ]
    rules = "# comment\n*.tmp\nold/*\n!old/keep.txt\n下書き.md\n/top.log\n"
    write_files(tmp_path, {**dict.fromkeys(names, ""), ".bunkoignore": rules})
    assert listed(tmp_path) == ["keep.txt", "old/keep.txt", "sub/old/b.txt", "sub/top.log"]
    assert listed(tmp_path, "sub/") == ["keep.txt", "old/keep.txt"]


def test_a_bunkoignore_in_any_encoding_stops_nothing(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.txt": "", "b.txt": "", ".bunkoignore": "b.txt\n下書き".encode("cp932")})
    assert listed(tmp_path) == ["a.txt"]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    write_files(tmp_path, {"outside/secret.txt": "secret", "library/a.txt": ""})
    library = tmp_path / "library"
    link(library / "file.txt", tmp_path / "outside" / "secret.txt")
    link(library / "folder", tmp_path / "outside")
    link(library / "up.txt", library / ".." / "outside" / "secret.txt")
    link(library / ".hidden", tmp_path / "outside")
    assert listed(library) == ["a.txt"]
    reasons = left_out(library)
    assert list(reasons) == ["file.txt", "folder", "up.txt"]
    assert "outside of the folder" in reasons["file.txt"] and "outside of the folder" in reasons["up.txt"]
    assert "link to a folder" in reasons["folder"]


def left_out(root: Path) -> dict[str, str]:
    return {item.path: item.reason for item in list_folder(root).left_out}


def test_a_folder_of_links_says_why_it_is_empty(tmp_path: Path) -> None:
    write_files(tmp_path, {"outside/secret.txt": "secret", "library/.keep": ""})
    link(tmp_path / "library" / "file.txt", tmp_path / "outside" / "secret.txt")
    with pytest.raises(LibraryEmpty, match=r"file\.txt: A link to a file outside"):
        make_library(tmp_path / "library").sync()


def test_a_link_within_the_folder_is_a_document(tmp_path: Path) -> None:
    write_files(tmp_path, {"sub/a.txt": "text"})
    link(tmp_path / "b.txt", tmp_path / "sub" / "a.txt")
    assert listed(tmp_path) == ["b.txt", "sub/a.txt"]


def test_loops_and_dead_links_and_pipes_are_left_out(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.txt": "", "sub/b.txt": ""})
    link(tmp_path / "sub" / "loop", tmp_path)
    link(tmp_path / "dead.txt", tmp_path / "nowhere")
    link(tmp_path / "self", tmp_path / "self")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.txt")
    assert listed(tmp_path) == ["a.txt", "sub/b.txt"]
    assert {"dead.txt", "self", "sub/loop"} <= set(left_out(tmp_path)) <= {"dead.txt", "pipe.txt", "self", "sub/loop"}


def test_a_library_behind_a_link_is_the_folder_itself(tmp_path: Path) -> None:
    write_files(tmp_path, {"real/a.txt": ""})
    link(tmp_path / "alias", tmp_path / "real")
    assert listed(tmp_path / "alias") == ["a.txt"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="such names can't be there")
def test_names_in_other_encodings_are_told_apart_and_readable(tmp_path: Path) -> None:
    base = os.fsencode(tmp_path)
    names = [
        "議事録.txt".encode("cp932"),
        "報告書.txt".encode("euc-jp"),
        "café.txt".encode("latin-1"),
        "café.txt".encode(),
    ]
    for name in names:
        Path(os.fsdecode(base + b"/" + name)).write_text("x")
    paths = listed(tmp_path)
    assert len(set(paths)) == 4
    assert {"議事録.txt", "報告書.txt", "café.txt"} < set(paths)
    for path in paths:
        path.encode()
    assert listed(tmp_path) == paths


def test_the_two_spellings_of_an_accent_are_two_files_where_the_system_says_so(tmp_path: Path) -> None:
    write_files(tmp_path, {"が.txt": "", unicodedata.normalize("NFD", "が.txt"): ""})
    assert listed(tmp_path) == sorted(path.name for path in tmp_path.iterdir())


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFound, match="nowhere"):
        list_files(tmp_path / "nowhere")


def test_a_folder_that_vanishes_while_it_is_looked_at_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "is_dir", lambda path: True)
    with pytest.raises(LibraryNotFound, match="is gone"):
        list_files(tmp_path / "vanished")


@pytest.mark.parametrize("place", ["", "index", "sub/index"])
def test_an_index_within_the_folder_is_no_document(tmp_path: Path, place: str) -> None:
    write_files(tmp_path, {"a.txt": "Rain.", "sub/b.txt": "Snow."})
    make_library(tmp_path, store=str(tmp_path / place)).sync()
    assert listed(tmp_path) == ["a.txt", "sub/b.txt"]


def test_a_folder_with_other_tables_is_read(tmp_path: Path) -> None:
    write_files(
        tmp_path, {"data/notes.lance.txt": "", "data/writer.lock": "", "sub/documents.lance/x": "", "sub/b": ""}
    )
    assert listed(tmp_path) == ["data/notes.lance.txt", "data/writer.lock", "sub/b", "sub/documents.lance/x"]
