"""A sync brings the index in step with the folder, whatever happened to the folder or to an earlier sync."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bunko.errors import FilesLost, LibraryEmpty, StoreBusy
from bunko.library import Library
from bunko.testing import FakeEmbedder
from bunko.types import SyncReport
from tests.started import Program
from tests.support import (
    CATS,
    KYOTO,
    SHIPS,
    TOKYO,
    command,
    environment,
    interrupt,
    make_library,
    run_program,
    settle,
    write_files,
)

if TYPE_CHECKING:
    from bunko.ports import Vectors


def counts(report: SyncReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.removed, report.unchanged


def answers(library: Library, query: str) -> set[str]:
    return {hit.chunk.path for hit in library.search(query)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_files(
        tmp_path / "library", {"cats.txt": CATS, "sub/ships.md": f"# Kobe\n\n{SHIPS}", "京都.txt": KYOTO}
    )
    settle(root)
    return root


def test_a_first_sync_adds_every_document(folder: Path) -> None:
    report = make_library(folder).sync()
    assert counts(report) == (3, 0, 0, 0)
    assert (report.documents, report.failed, report.unembedded) == (3, (), 0)
    assert report.chunks >= 3


def test_every_report_names_what_was_left_out(folder: Path) -> None:
    (folder / "cut.txt").write_bytes("機械室の温度は二十五度である。\n".encode() * 20 + b"\xe3\x81")
    library = make_library(folder)
    for _ in range(2):
        (item,) = library.sync().left_out
        assert (item.path, item.reason) == (
            "cut.txt",
            "1 place could not be decoded and is “\ufffd” in the text: line 21.",
        )
    assert library.records()["cut.txt"].error == ""
    (folder / "cut.txt").write_text("機械室の温度は二十五度である。\n" * 20, encoding="utf-8")
    assert library.sync().left_out == ()


def test_a_second_sync_reads_and_embeds_nothing(folder: Path) -> None:
    embedder = FakeEmbedder()
    make_library(folder, embedder=embedder).sync()
    embedder.embedded.clear()
    assert counts(make_library(folder, embedder=embedder).sync()) == (0, 0, 0, 3)
    assert embedder.embedded == []


def test_added_changed_and_removed_files_are_told_apart(folder: Path) -> None:
    make_library(folder).sync()
    (folder / "cats.txt").write_text("The dog barks at the moon.")
    (folder / "京都.txt").unlink()
    write_files(folder, {"tokyo.txt": TOKYO})
    library = make_library(folder)
    assert counts(library.sync()) == (1, 1, 1, 1)
    assert set(library.records()) == {"cats.txt", "sub/ships.md", "tokyo.txt"}
    assert "cats.txt" in answers(library, "Which dog barks?")


def test_a_removed_file_no_longer_answers(folder: Path) -> None:
    library = make_library(folder)
    library.sync()
    assert "cats.txt" in answers(library, "Where does the cat sleep?")
    (folder / "cats.txt").unlink()
    library.sync()
    assert "cats.txt" not in answers(library, "Where does the cat sleep?")
    assert library.document("cats.txt") is None


def test_the_old_text_of_a_changed_file_no_longer_answers(folder: Path) -> None:
    library = make_library(folder)
    library.sync()
    (folder / "cats.txt").write_text("The dog barks at the moon.")
    library.sync()
    assert not [hit for hit in library.search("cat sleeps on the warm roof") if "cat" in hit.chunk.text.lower()]


def test_a_file_that_is_only_touched_is_unchanged_and_believed_the_next_time(folder: Path) -> None:
    embedder = FakeEmbedder()
    make_library(folder, embedder=embedder).sync()
    embedder.embedded.clear()
    os.utime(folder / "cats.txt", (1_700_000_100, 1_700_000_100))
    library = make_library(folder, embedder=embedder)
    assert counts(library.sync()) == (0, 0, 0, 3)
    assert library.store.files()["cats.txt"].modified_ns == 1_700_000_100 * 10**9
    assert embedder.embedded == []


def test_a_change_within_the_same_tick_of_the_clock_is_seen(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"a.txt": "The door is red today."})
    file = root / "a.txt"
    stamp = time.time_ns() + 60 * 10**9  # no machine is so slow that the tick is over when the file is indexed
    os.utime(file, ns=(stamp, stamp))
    library = make_library(root)
    library.sync()
    file.write_text("The door is tan today.")  # as long as before
    os.utime(file, ns=(stamp, stamp))
    assert counts(library.sync()) == (0, 1, 0, 0)


def test_a_file_that_moved_is_not_embedded_again(folder: Path) -> None:
    embedder = FakeEmbedder()
    make_library(folder, embedder=embedder).sync()
    embedder.embedded.clear()
    (folder / "cats.txt").rename(folder / "sub" / "animals.txt")
    library = make_library(folder, embedder=embedder)
    assert counts(library.sync()) == (1, 0, 1, 2)
    assert embedder.embedded == []
    assert "sub/animals.txt" in answers(library, "Where does the cat sleep?")


def test_only_the_passages_that_changed_are_embedded_again(tmp_path: Path) -> None:
    sections = [f"# Part {n}\n\n" + f"Sentence about subject number {n} here. " * 20 for n in range(6)]
    root = write_files(tmp_path, {"book.md": "\n\n".join(sections)})
    embedder = FakeEmbedder()
    first = make_library(root, embedder=embedder)
    before = first.sync()
    embedder.embedded.clear()
    sections[3] = "# Part 3\n\nA wholly new text stands here."
    write_files(root, {"book.md": "\n\n".join(sections)})
    make_library(root, embedder=embedder).sync()
    assert 0 < len(embedder.embedded) < before.chunks / 2
    assert all("new text" in text for text in embedder.embedded)


def test_equal_passages_are_embedded_once(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"a.txt": CATS, "b.txt": CATS})
    embedder = FakeEmbedder()
    library = make_library(root, embedder=embedder)
    library.sync()
    assert len(embedder.embedded) == 1
    assert answers(library, "Where does the cat sleep?") == {"a.txt", "b.txt"}


def test_a_broken_file_is_reported_and_stops_no_other(folder: Path) -> None:
    write_files(
        folder, {"broken.pdf": b"%PDF-1.7 nothing follows", "empty.txt": "", "program.exe": bytes(range(256)) * 9}
    )
    report = make_library(folder).sync()
    assert counts(report) == (3, 0, 0, 0)
    assert [item.path for item in report.failed] == ["broken.pdf", "empty.txt", "program.exe"]
    assert all(item.error for item in report.failed)


def test_a_failed_file_is_reported_at_every_sync_and_tried_again_when_it_changed(folder: Path) -> None:
    write_files(folder, {"late.txt": ""})
    make_library(folder).sync()
    assert [item.path for item in make_library(folder).sync().failed] == ["late.txt"]
    write_files(folder, {"late.txt": SHIPS})
    report = make_library(folder).sync()
    assert (counts(report), report.failed) == ((1, 0, 0, 3), ())


def test_a_document_that_breaks_is_removed_and_answers_no_more(folder: Path) -> None:
    library = make_library(folder)
    library.sync()
    (folder / "cats.txt").write_bytes(bytes(range(256)) * 9)
    report = library.sync()
    assert counts(report) == (0, 0, 1, 2)
    assert [item.path for item in report.failed] == ["cats.txt"]
    assert "cats.txt" not in answers(library, "Where does the cat sleep?")


def test_a_single_file_is_a_library_and_leaves_its_neighbours_alone(folder: Path) -> None:
    library = make_library(folder / "cats.txt")
    assert counts(library.sync()) == (1, 0, 0, 0)
    assert set(library.records()) == {"cats.txt"}
    other = make_library(folder / "京都.txt")
    other.sync()
    assert set(other.records()) == {"京都.txt"}
    assert set(library.records()) == {"cats.txt"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_name_that_is_not_unicode_is_read_as_japanese(tmp_path: Path) -> None:
    name = "議事録.txt".encode("cp932")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text(KYOTO)
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    write_files(tmp_path, {"cats.txt": CATS})
    library = make_library(tmp_path)
    assert counts(library.sync()) == (2, 0, 0, 0)
    assert set(library.records()) == {"cats.txt", "議事録.txt"}
    assert counts(library.sync()) == (0, 0, 0, 2)


def test_names_with_quotes_are_only_names(tmp_path: Path) -> None:
    names = ["it's.txt", 'say "hi".txt', "' OR path != '.txt", "100%_.txt"]
    root = write_files(tmp_path, {name: f"{CATS} {n}" for n, name in enumerate(names)})
    library = make_library(root)
    library.sync()
    assert set(library.records()) == set(names)
    (root / names[2]).unlink()
    os.utime(root / names[0], (1, 1))
    assert counts(library.sync()) == (0, 0, 1, 3)
    assert library.document("it's.txt") is not None


def test_an_empty_folder_and_one_that_can_not_be_read_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(LibraryEmpty, match="no files"):
        make_library(write_files(tmp_path / "empty", {".hidden": "x"})).sync()
    with pytest.raises(LibraryEmpty, match="can be read"):
        make_library(write_files(tmp_path / "broken", {"a.pdf": b"%PDF-1.7"})).sync()


def test_deleting_all_documents_empties_the_library(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"cats.txt": CATS})
    library = make_library(root)
    library.sync()
    (root / "cats.txt").unlink()
    with pytest.raises(LibraryEmpty):
        library.sync(allow_empty=True)
    assert library.search("Where does the cat sleep?") == []


def test_other_chunking_settings_cut_the_documents_anew(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"a.txt": " ".join(f"Sentence number {n} is here." for n in range(100))})
    settle(root)
    coarse = make_library(root).sync()
    fine = make_library(root, chunking__max_tokens=32, chunking__min_tokens=8).sync()
    assert counts(fine) == (0, 1, 0, 0)
    assert fine.chunks > coarse.chunks


# --- vectors that come later, and other embedders ----------------------------------------------------------------


def test_with_few_vectors_the_words_are_found_at_once_and_the_vectors_follow(tmp_path: Path) -> None:
    root = write_files(tmp_path, {f"{n}.txt": f"Document {n} is about subject{n}. {CATS}" for n in range(9)})
    embedder = FakeEmbedder()
    library = make_library(root, embedder=embedder, embedding__before_answer=4)
    report = library.sync(vectors="few")
    assert (report.unembedded, embedder.embedded) == (9, [])
    assert library.search("Which document is about subject7?")[0].chunk.path == "7.txt"
    embedder.embedded.clear()
    assert library.complete() == 9
    assert len(embedder.embedded) == 9
    assert library.complete() == 0
    assert make_library(root, embedder=embedder, embedding__before_answer=4).sync(vectors="few").unembedded == 0


def test_a_handful_of_new_passages_is_embedded_before_the_answer(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"cats.txt": CATS})
    embedder = FakeEmbedder()
    assert make_library(root, embedder=embedder, embedding__before_answer=4).sync(vectors="few").unembedded == 0
    assert len(embedder.embedded) == 1


class _Breaking(FakeEmbedder):
    """Fails at its work."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        raise RuntimeError("out of order")


def test_a_new_embedder_leaves_the_old_vectors_until_its_own_are_complete(folder: Path) -> None:
    old = FakeEmbedder(name="old")
    make_library(folder, embedder=old).sync()
    with pytest.raises(RuntimeError, match="out of order"):
        make_library(folder, embedder=_Breaking(name="new")).sync()
    old.embedded.clear()
    again = make_library(folder, embedder=old)
    assert counts(again.sync()) == (0, 0, 0, 3)
    assert old.embedded == []
    assert any(hit.dense is not None for hit in again.search("Where does the cat sleep?"))


def test_a_new_embedder_embeds_everything_and_reads_nothing_again(folder: Path) -> None:
    report = make_library(folder, embedder=FakeEmbedder(name="old")).sync()
    new = FakeEmbedder(name="new", dimension=32)
    library = make_library(folder, embedder=new)
    assert counts(library.sync()) == (0, 0, 0, 3)
    assert len(new.embedded) == report.chunks
    assert "cats.txt" in answers(library, "Where does the cat sleep?")


# --- syncs that are cut short, or meet --------------------------------------------------------------------------


def contents(library: Library) -> tuple[object, ...]:
    """Everything that a library answers from."""
    missing = library.store.missing_vectors(library.embedder.spec).chunks
    documents = {path: (record.digest, library.document(path)) for path, record in library.records().items()}
    chunks = {
        hit.chunk for query in (CATS, SHIPS, KYOTO, TOKYO) for hit in library.store.search_lexical(query, limit=99)
    }
    return documents, chunks, library.store.count_chunks(), missing


def change(root: Path) -> None:
    write_files(root, {"cats.txt": f"{CATS} And the dog barks.", "new.txt": SHIPS})
    (root / "京都.txt").unlink()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    """Return what a library holds whose second sync was not killed."""
    root = tmp_path_factory.mktemp("whole")
    whole = make_library(write_files(root, {"cats.txt": CATS, "same.txt": TOKYO, "京都.txt": KYOTO}))
    change(whole.root)
    whole.sync()
    return contents(whole)


def kill_sync(root: Path, moment: int) -> int:
    return run_program("index", root, env={"TEST_KILL_AT": str(moment)}).code


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moment", [2, 3, 4, 5, 6, 8])
def test_a_killed_sync_leaves_a_library_that_the_next_one_completes(
    tmp_path: Path, moment: int, undisturbed: tuple[object, ...]
) -> None:
    root = write_files(tmp_path / "killed", {"cats.txt": CATS, "same.txt": TOKYO, "京都.txt": KYOTO})
    make_library(root).sync()
    change(root)
    assert kill_sync(root, moment) == -signal.SIGKILL
    make_library(root).search("Where does the cat sleep?")  # it opens, and finds what there is
    repaired = make_library(root)
    repaired.sync()
    assert contents(repaired) == undisturbed


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moment", [2, 4, 5, 6])
def test_a_killed_first_sync_is_completed_by_the_next(tmp_path: Path, moment: int) -> None:
    root = write_files(tmp_path / "killed", {"cats.txt": CATS, "京都.txt": KYOTO})
    assert kill_sync(root, moment) == -signal.SIGKILL
    repaired = make_library(root)
    repaired.sync()
    whole = make_library(write_files(tmp_path / "whole", {"cats.txt": CATS, "京都.txt": KYOTO}))
    whole.sync()
    assert contents(repaired) == contents(whole)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moment", [2, 3])
def test_a_file_that_is_as_before_after_a_killed_sync_still_answers(tmp_path: Path, moment: int) -> None:
    root = write_files(tmp_path, {"cats.txt": CATS, "same.txt": TOKYO})
    settle(root)
    make_library(root).sync()
    write_files(root, {"cats.txt": "The dog barks."})
    assert kill_sync(root, moment) == -signal.SIGKILL
    write_files(root, {"cats.txt": CATS})
    settle(root)
    library = make_library(root)
    library.sync()
    assert "cats.txt" in answers(library, "Where does the cat sleep?")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a whole group")
def test_a_folder_that_lost_all_its_files_keeps_its_index(folder: Path) -> None:
    library = make_library(folder)
    library.sync()
    for path in ("cats.txt", "京都.txt", "sub/ships.md"):
        (folder / path).unlink()
    with pytest.raises(FilesLost, match="None of the 3 indexed files is left") as raised:
        library.sync()
    assert "--allow-empty" in raised.value.hint
    assert len(library.records()) == 3
    with pytest.raises(LibraryEmpty):
        library.sync(allow_empty=True)
    assert library.records() == {}


def test_a_folder_that_lost_nearly_all_of_many_files_keeps_its_index(tmp_path: Path) -> None:
    names = [f"{n}.txt" for n in range(30)]
    root = write_files(tmp_path, {name: f"Note {name} on cats." for name in names})
    library = make_library(root)
    library.sync()
    for name in names[3:]:
        (root / name).unlink()
    assert library.sync().removed == 27  # 3 of 30 may be meant
    write_files(root, {name: f"Note {name} on ships." for name in names})
    library.sync()
    for name in names[2:]:
        (root / name).unlink()
    with pytest.raises(FilesLost, match="2 of the 30 indexed files are left"):
        library.sync()
    write_files(root, {f"moved/{name}": f"Note {name} on cats." for name in names[2:]})
    assert library.sync().removed == 28  # moved, not lost


def test_ctrl_c_ends_a_sync_at_once_and_the_next_one_completes_it(folder: Path) -> None:
    process = Program(
        command("index", folder),
        env=environment({"TEST_EMBED_SECONDS": "60"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == b"embedding\n"
    interrupt(process)
    _, noise = process.communicate(timeout=15)
    assert process.returncode == 130
    assert b"Traceback" not in noise
    library = make_library(folder)
    assert counts(library.sync()) == (0, 0, 0, 3)
    assert library.store.missing_vectors(library.embedder.spec).chunks == 0


def test_a_second_writer_is_told_so_and_a_reader_is_not_disturbed(folder: Path) -> None:
    first = make_library(folder)
    first.sync()
    with first.store.writing():
        second = make_library(folder)
        assert counts(second.sync()) == (0, 0, 0, 3)  # nothing has changed, so there is nothing to wait for
        write_files(folder, {"late.txt": "The heron came late."})
        with pytest.raises(StoreBusy, match=r"Process [0-9]+"):
            second.sync()
        assert "cats.txt" in answers(second, "Where does the cat sleep?")
    assert counts(second.sync()) == (1, 0, 0, 3)


def test_an_embedder_is_not_given_texts_in_letters_that_it_does_not_know(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"cats.txt": CATS, "京都.txt": KYOTO, "ville.txt": "La ville est dans les montagnes."})
    embedder = FakeEmbedder(languages=frozenset({"en"}))
    library = make_library(root, embedder=embedder)
    assert library.sync().unembedded == 0
    assert sorted(embedder.embedded) == sorted([CATS, "La ville est dans les montagnes."])
    assert "京都.txt" in answers(library, "京都の天気は？")
    assert library.sync().unchanged == 3
    everywhere = FakeEmbedder(name="everywhere")
    make_library(root, embedder=everywhere).sync()
    assert len(everywhere.embedded) == 3


def test_an_archive_that_was_opened_once_stays_open_until_it_changes(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"cats.txt": CATS})
    with zipfile.ZipFile(root / "old.zip", "w") as archive:
        archive.writestr("ships.txt", SHIPS)
    settle(root)
    assert [failed.path for failed in make_library(root).sync().failed] == ["old.zip"]
    opened = make_library(root, reading__archives=True).sync()
    assert (counts(opened), opened.failed) == ((1, 0, 0, 1), ())
    assert counts(make_library(root).sync()) == (0, 0, 0, 2)
    assert "old.zip#ships.txt" in answers(make_library(root), "Where do ships sail?")
