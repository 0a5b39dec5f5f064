"""The index follows the folder. Real files, the real system's notices; nothing is measured, only waited for."""

from __future__ import annotations

import contextlib
import json
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest
import watchfiles

from bunko.errors import BunkoError, DiskFull, EngineCrashed, FilesLost, LibraryNotFound, StoreBusy
from bunko.indexing.watch import Rest
from bunko.testing import FakeEmbedder
from bunko.types import SyncReport
from tests.started import Program
from tests.support import CATS, KYOTO, SHIPS, TOKYO, command, environment, interrupt, make_library, write_files

if TYPE_CHECKING:
    from bunko.ports import Vectors

PATIENCE_S = 30.0


class Watch:
    """A library that is watched in a thread of its own, as a program would."""

    def __init__(self, root: Path, *, embedder: FakeEmbedder | None = None, poll: bool = False) -> None:
        self.library = make_library(root, embedder=embedder)
        self.syncs = 0
        self.outcomes: list[SyncReport | BunkoError] = []
        self._arrived: queue.Queue[SyncReport | BunkoError] = queue.Queue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(poll,), daemon=True)
        self._thread.start()

    def _run(self, poll: bool) -> None:
        sync = self.library.sync

        def counted() -> SyncReport:
            self.syncs += 1
            return sync()

        with mock.patch.object(self.library, "sync", counted):
            for outcome in self.library.watch(stop=self._stop, notice="poll" if poll else "system"):
                self.outcomes.append(outcome)
                self._arrived.put(outcome)

    def next(self) -> SyncReport:
        """Wait for a report."""
        outcome = self._arrived.get(timeout=PATIENCE_S)
        assert isinstance(outcome, SyncReport), outcome
        return outcome

    def next_error(self) -> BunkoError:
        """Wait for an error."""
        outcome = self._arrived.get(timeout=PATIENCE_S)
        assert isinstance(outcome, BunkoError), outcome
        return outcome

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@contextlib.contextmanager
def watching(root: Path, *, embedder: FakeEmbedder | None = None, poll: bool = False) -> Iterator[Watch]:
    watch = Watch(root, embedder=embedder, poll=poll)
    try:
        yield watch
    finally:
        watch.stop()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def paths(root: Path) -> set[str]:
    """Return what another program sees in the index."""
    return {path for path, record in make_library(root).records().items() if not record.error}


def text(root: Path, path: str) -> str:
    document = make_library(root).document(path)
    return document.text if document else ""


def counts(report: SyncReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.removed, report.unchanged


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(
        tmp_path / "library", {"cats.txt": CATS, "sub/ships.md": f"# Kobe\n\n{SHIPS}", "京都.txt": KYOTO}
    )


# --- what is followed -------------------------------------------------------------------------------------------


def test_files_that_come_change_move_and_go_are_followed(folder: Path) -> None:
    with watching(folder) as watch:
        assert counts(watch.next()) == (3, 0, 0, 0)
        write_files(folder, {"tokyo.txt": TOKYO})
        assert counts(watch.next()) == (1, 0, 0, 3)
        (folder / "cats.txt").write_text("The dog barks at the moon.")
        assert counts(watch.next()) == (0, 1, 0, 3)
        assert "dog" in text(folder, "cats.txt")
        (folder / "cats.txt").rename(folder / "sub" / "dogs.txt")
        assert counts(watch.next()) == (1, 0, 1, 3)
        (folder / "京都.txt").unlink()
        assert counts(watch.next()) == (0, 0, 1, 3)
    assert paths(folder) == {"tokyo.txt", "sub/dogs.txt", "sub/ships.md"}


def test_folders_that_come_move_and_go_are_followed_with_all_that_is_in_them(folder: Path, tmp_path: Path) -> None:
    write_files(tmp_path / "elsewhere", {"deep/er/a.txt": TOKYO, "b.txt": CATS})
    with watching(folder) as watch:
        watch.next()
        (tmp_path / "elsewhere").rename(folder / "new")
        assert counts(watch.next()) == (2, 0, 0, 3)
        write_files(folder, {"new/deep/er/late.txt": SHIPS})  # the folder that came is followed too
        assert counts(watch.next()) == (1, 0, 0, 5)
        (folder / "new" / "deep").rename(folder / "sub" / "deep")
        assert counts(watch.next()) == (2, 0, 2, 4)
        shutil.rmtree(folder / "sub")
        assert counts(watch.next()) == (0, 0, 3, 3)
    assert paths(folder) == {"cats.txt", "京都.txt", "new/b.txt"}


def test_nothing_is_done_for_files_that_are_no_documents_nor_for_what_a_sync_writes(folder: Path) -> None:
    write_files(folder, {".bunkoignore": "*.log\nprivate/\n"})
    with watching(folder) as watch:
        watch.next()
        write_files(
            folder,
            {
                "noise.log": "noise",
                "private/diary.txt": "secret",
                ".hidden": "x",
                ".git/index": "x",
                "~$a.docx": "x",
                "node_modules/a.txt": "x",
                ".bunko/config.toml": "",
            },
        )
        time.sleep(2.5)  # longer than changes are waited for
        write_files(folder, {"tokyo.txt": TOKYO})
        assert counts(watch.next()) == (1, 0, 0, 3)
        time.sleep(2.5)
        assert watch.syncs == 2


def test_a_change_of_the_ignore_file_counts(folder: Path) -> None:
    with watching(folder) as watch:
        watch.next()
        write_files(folder, {".bunkoignore": "sub/\n"})
        assert counts(watch.next()) == (0, 0, 1, 2)
        (folder / ".bunkoignore").unlink()
        assert counts(watch.next()) == (1, 0, 0, 2)


def test_a_file_that_is_still_being_written_ends_up_whole(folder: Path) -> None:
    lines = [f"Line {n} of the report says something of its own.\n" for n in range(120)]
    with watching(folder) as watch:
        watch.next()
        with (folder / "report.txt").open("w") as stream:
            for line in lines:
                stream.write(line)
                stream.flush()
                time.sleep(0.03)
        until(lambda: text(folder, "report.txt") == "".join(lines))


def test_a_storm_of_changes_is_taken_together(folder: Path) -> None:
    with watching(folder) as watch:
        watch.next()
        write_files(folder, {f"storm/{n}.txt": f"Subject {n}. {CATS}" for n in range(300)})
        until(lambda: len(paths(folder)) == 303)
        assert watch.syncs <= 4


def test_a_stream_of_changes_without_a_pause_does_not_starve_the_index(folder: Path) -> None:
    end = threading.Event()

    def write() -> None:
        while not end.wait(0.05):
            with (folder / "stream.txt").open("a") as stream:
                stream.write("And it goes on and on.\n")

    with watching(folder) as watch:
        watch.next()
        writer = threading.Thread(target=write)
        writer.start()
        try:
            assert watch.next().added == 1
            assert watch.next().updated == 1
        finally:
            end.set()
            writer.join()
        until(lambda: text(folder, "stream.txt") == (folder / "stream.txt").read_text())


def test_a_broken_file_is_reported_once_and_again_when_it_is_mended(folder: Path) -> None:
    with watching(folder) as watch:
        watch.next()
        write_files(folder, {"late.txt": ""})
        assert [item.path for item in watch.next().failed] == ["late.txt"]
        write_files(folder, {"late.txt": TOKYO})
        report = watch.next()
        assert (counts(report), report.failed) == ((1, 0, 0, 3), ())


def test_a_single_document_is_followed_through_the_way_editors_save(folder: Path) -> None:
    file = folder / "cats.txt"
    with watching(file) as watch:
        assert counts(watch.next()) == (1, 0, 0, 0)
        write_files(folder, {"other.txt": TOKYO, "cats.txt.new": "The dog barks at the moon."})
        (folder / "cats.txt.new").replace(file)
        assert counts(watch.next()) == (0, 1, 0, 0)
        assert watch.syncs == 2


def test_a_folder_that_the_system_tells_nothing_of_can_be_polled(folder: Path) -> None:
    with watching(folder, poll=True) as watch:
        watch.next()
        write_files(folder, {"tokyo.txt": TOKYO})
        assert counts(watch.next()) == (1, 0, 0, 3)
        (folder / "tokyo.txt").unlink()
        assert counts(watch.next()) == (0, 0, 1, 3)


def test_polling_takes_over_where_the_system_can_not_tell(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = watchfiles.watch

    def limited(*where: Path, force_polling: bool | None, **options: object) -> object:
        if not force_polling:
            raise OSError("OS file watch limit reached.")
        return real(*where, force_polling=force_polling, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(watchfiles, "watch", limited)
    with watching(folder) as watch:
        assert "OS file watch limit" in watch.next_error().message
        watch.next()
        write_files(folder, {"tokyo.txt": TOKYO})
        assert counts(watch.next()) == (1, 0, 0, 3)


def test_changes_that_nobody_told_of_are_seen_in_the_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deaf(*where: Path, stop_event: threading.Event, **options: object) -> Iterator[set[object]]:
        while not stop_event.wait(0.05):
            yield set()

    monkeypatch.setattr(watchfiles, "watch", deaf)
    monkeypatch.setattr("bunko.indexing.watch._LIST_S", 0.5)
    with watching(folder) as watch:
        watch.next()
        write_files(folder, {"tokyo.txt": TOKYO})
        assert counts(watch.next()) == (1, 0, 0, 3)
        assert watch.syncs == 2


# --- what goes wrong --------------------------------------------------------------------------------------------


def test_a_folder_that_loses_all_its_files_keeps_its_index_and_the_watch_goes_on(tmp_path: Path) -> None:
    root = write_files(tmp_path / "library", {"cats.txt": CATS, "ships.txt": SHIPS})
    with watching(root) as watch:
        watch.next()
        for file in root.glob("*.txt"):
            file.unlink()
        assert isinstance(watch.next_error(), FilesLost)
        assert paths(root) == {"cats.txt", "ships.txt"}
        write_files(root, {"tokyo.txt": TOKYO})
        assert counts(watch.next()) == (1, 0, 2, 0)


def test_an_empty_folder_is_waited_at_and_left_as_it_is(tmp_path: Path) -> None:
    with watching(tmp_path) as watch:
        assert watch.next().documents == 0
        assert list(tmp_path.iterdir()) == []
        write_files(tmp_path, {"cats.txt": CATS})
        assert counts(watch.next()) == (1, 0, 0, 0)


def test_a_folder_that_is_away_for_a_moment_is_followed_when_it_is_back(folder: Path, tmp_path: Path) -> None:
    with watching(folder) as watch:
        watch.next()
        folder.rename(tmp_path / "away")
        assert isinstance(watch.next_error(), LibraryNotFound)
        write_files(tmp_path / "away", {"tokyo.txt": TOKYO})
        (tmp_path / "away").rename(folder)
        assert counts(watch.next()) == (1, 0, 0, 3)
        (folder / "cats.txt").unlink()
        assert counts(watch.next()) == (0, 0, 1, 3)


def test_another_folder_in_the_place_of_the_first_is_followed(folder: Path) -> None:
    with watching(folder) as watch:
        watch.next()
        shutil.rmtree(folder)
        write_files(folder, {"tokyo.txt": TOKYO})
        until(lambda: (folder / ".bunko/store/documents.lance").exists() and paths(folder) == {"tokyo.txt"})
        write_files(folder, {"cats.txt": CATS})
        until(lambda: paths(folder) == {"tokyo.txt", "cats.txt"})


def test_an_index_that_was_deleted_is_made_anew(folder: Path) -> None:
    with watching(folder) as watch:
        watch.next()
        shutil.rmtree(folder / ".bunko")
        write_files(folder, {"tokyo.txt": TOKYO})
        assert counts(watch.next()) == (4, 0, 0, 0)


def test_while_another_process_syncs_it_waits_and_then_sees_what_has_changed(folder: Path) -> None:
    other = make_library(folder)
    with watching(folder) as watch:
        watch.next()
        with other.store.writing():
            write_files(folder, {"tokyo.txt": TOKYO})
            assert isinstance(watch.next_error(), StoreBusy)
            time.sleep(1.5)
        assert counts(watch.next()) == (1, 0, 0, 3)
        assert sum(isinstance(outcome, StoreBusy) for outcome in watch.outcomes) == 1


def test_a_first_sync_waits_for_another_process(folder: Path) -> None:
    other = make_library(folder)
    with other.store.writing():
        watch = Watch(folder)
        assert isinstance(watch.next_error(), StoreBusy)
    assert counts(watch.next()) == (3, 0, 0, 0)
    watch.stop()


class _Failing(FakeEmbedder):
    """Fails as often as it is told."""

    failures: list[BunkoError]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if self.failures:
            raise self.failures.pop()
        return super().embed_passages(texts)


def test_a_sync_that_fails_is_told_of_and_tried_again_without_a_new_change(folder: Path) -> None:
    embedder = _Failing()
    embedder.failures = []
    with watching(folder, embedder=embedder) as watch:
        watch.next()
        embedder.failures = [DiskFull("The disk is full."), DiskFull("The disk is full.")]
        write_files(folder, {"tokyo.txt": TOKYO})
        assert isinstance(watch.next_error(), DiskFull)
        assert watch.next().documents == 4  # it ends the trouble; told once though it failed twice
    library = make_library(folder)
    assert library.store.missing_vectors(library.embedder.spec).chunks == 0


def test_a_first_sync_that_fails_is_raised(folder: Path) -> None:
    embedder = _Failing()
    embedder.failures = [EngineCrashed("The embedder died.")]
    with pytest.raises(EngineCrashed):
        next(make_library(folder, embedder=embedder).watch())


def test_a_watch_that_is_stopped_ends_and_the_library_goes_on(folder: Path) -> None:
    library = make_library(folder)
    stop = threading.Event()
    outcomes = []
    for outcome in library.watch(stop=stop):
        outcomes.append(outcome)
        stop.set()
    assert len(outcomes) == 1
    assert library.search("Where does the cat sleep?")


def test_storms_end_with_a_pause_or_when_they_took_too_long() -> None:
    rest = Rest()
    assert not rest.is_due(100)
    rest.touch(100)
    assert not rest.is_due(100.4)
    assert rest.is_due(100.6)
    for tenth in range(1000, 1013):
        rest.touch(tenth / 10)
        assert not rest.is_due(tenth / 10)
    rest.touch(101.5)
    assert rest.is_due(101.5)


# --- the program ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def program(*arguments: str | Path, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = Program(
        command("watch", *arguments), env=environment(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[bytes]) -> str:
    """Wait for a line on stdout; the time limit of the test is the patience."""
    assert process.stdout is not None
    return process.stdout.readline().decode()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a whole group")
def test_the_program_prints_a_report_for_each_change_and_ctrl_c_ends_it(folder: Path) -> None:
    with program(folder, "--json") as process:
        assert json.loads(line(process))["added"] == 3
        write_files(folder, {"tokyo.txt": TOKYO})
        report = json.loads(line(process))
        assert (report["added"], report["documents"], report["failed"]) == (1, 4, [])
        (folder / "tokyo.txt").unlink()
        assert json.loads(line(process))["removed"] == 1
        interrupt(process)
        out, noise = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, out) == (130, b"")
        assert b"Traceback" not in noise
    assert counts(make_library(folder).sync()) == (0, 0, 0, 3)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a whole group")
def test_ctrl_c_amid_a_sync_ends_the_program_at_once_and_leaves_a_library_that_works(folder: Path) -> None:
    with program(folder, "--quiet", env={"TEST_EMBED_SECONDS": "60"}) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"embedding\n"
        interrupt(process)
        _, noise = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 130
        assert b"Traceback" not in noise
    library = make_library(folder)
    assert counts(library.sync()) == (0, 0, 0, 3)
    assert "cats.txt" in {hit.chunk.path for hit in library.search("Where does the cat sleep?")}


def test_the_program_tells_people_what_changed_and_when(folder: Path) -> None:
    with program(folder) as process:
        first = line(process)
        write_files(folder, {"empty.txt": ""})
        second = line(process)
        assert line(process) == "1 file could not be read:\n"
        assert "empty.txt" in line(process)
    assert "3 documents" in first
    assert "3 added" in first
    assert second.startswith(time.strftime("%H:"))
    assert "0 added" in second


def test_the_program_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with program(tmp_path / "nowhere") as process:
        _, noise = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 1
        assert b"There is no folder" in noise
