"""After an answer the terminal is free: a process in the background makes the rest of the index."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bunko.store.writer_lock import writing_process
from tests.support import make_library, run_program, write_files

FEW = ("--set", "embedding.before_answer=0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    wheels = {f"{n}.txt": f"The wheel number {n} has {n} spokes, and turns to the left." for n in range(150)}
    return write_files(tmp_path / "library", wheels)


def test_the_command_ends_while_the_index_is_finished(folder: Path) -> None:
    slowly = {"TEST_BACKGROUND_EMBED_SECONDS": "5"}
    asked = run_program("ask", folder, "How many spokes has wheel 7?", *FEW, env=slowly)
    assert asked.code == 0, asked.err
    assert "The index is being finished in the background" in asked.err and "bunko status" in asked.err
    status = run_program("status", folder, "--json").json
    assert status["unembedded"] > 0 and not status["complete"]
    until = time.monotonic() + 90
    writers = {status["writer"]}
    while (status := run_program("status", folder, "--json").json)["unembedded"]:
        writers.add(status["writer"])
        assert time.monotonic() < until
        time.sleep(0.5)
    assert any("Process" in writer for writer in writers)


def test_one_process_finishes_an_index_and_lets_others_in(folder: Path) -> None:
    from bunko.cli.background import finish
    from bunko.errors import StoreBusy
    from bunko.store.writer_lock import writer_lock

    make_library(folder).sync(vectors="few")
    place = folder / ".bunko/store"
    with writer_lock(place, wait_s=0, name="completing"):
        assert writing_process(place) == "" and writing_process(place, name="completing")
        with make_library(folder) as library:  # another writer is let in
            library.sync(vectors="few")
        with pytest.raises(StoreBusy):
            finish(f'{{"root": "{folder.as_posix()}", "overrides": {{}}}}')


def test_while_vectors_are_made_an_unchanged_folder_is_not_waited_for(folder: Path) -> None:
    from bunko.errors import StoreBusy
    from bunko.store.writer_lock import writer_lock

    first = make_library(folder, embedding__before_answer=0).sync(vectors="few")
    assert first.unembedded > 0
    with writer_lock(folder / ".bunko/store", wait_s=0), make_library(folder, embedding__before_answer=0) as library:
        report = library.sync(vectors="few", wait_s=0)
        assert (report.documents, report.unchanged, report.unembedded) == (150, 150, first.unembedded)
        (folder / "new.txt").write_text("The wheel of the mill is new.")
        with pytest.raises(StoreBusy):
            library.sync(vectors="few", wait_s=0)


def test_vectors_are_made_in_slices(folder: Path) -> None:
    library = make_library(folder, embedding__before_answer=0)
    assert library.sync(vectors="few").unembedded > 0
    calls = 0
    while library.complete(seconds=0.0):
        calls += 1
        assert calls < 100
    assert calls >= 1 and library.complete() == 0


def test_an_index_that_was_deleted_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    from bunko.cli import background
    from bunko.library import Library
    from bunko.testing import FakeEmbedder

    monkeypatch.setattr(Library, "embedder", FakeEmbedder())
    make_library(folder).sync(vectors="few")
    calls: list[float] = []

    def complete(library: Library, *, seconds: float, wait_s: float) -> int:
        calls.append(seconds)
        shutil.rmtree(folder / ".bunko")
        return 1

    monkeypatch.setattr(Library, "complete", complete)
    background.finish(f'{{"root": "{folder.as_posix()}", "overrides": {{}}}}')
    assert len(calls) == 1 and not (folder / ".bunko").exists()
