"""Answers once given: what a repeated question is answered with, and all that makes it a new one."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunko.answering.answer_cache import FILE, Memory, replay, state_of
from bunko.importing.making import ImportOptions, import_model
from bunko.library import Library
from bunko.models.imported import find_imported
from bunko.stopwatch import Stopwatch
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Answer, Finished, ReasoningDelta, Retrieved, TextDelta, Usage
from tests.conftest import Cli
from tests.started import Program
from tests.support import (
    CATS,
    REPOSITORY,
    SHIPS,
    Outcome,
    command,
    environment,
    make_settings,
    run_program,
    settle,
    write_files,
)
from tests.tiny_gguf import make_chat_gguf

QUESTION = "Where does the cat sleep?"
ROOF = "The cat sleeps on the warm roof."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_files(tmp_path / "library", {"cats.txt": CATS, "ships.txt": SHIPS})
    settle(root)
    return root


@pytest.fixture
def models(tmp_path: Path) -> list[str]:
    """Return flags that name two files as models; fakes run in their place, but that the files change is seen."""
    write_files(tmp_path / "models", {"chat.gguf": "1", "other.gguf": "1", "embedder.gguf": "1"})
    return ["--model", str(tmp_path / "models/chat.gguf"), "--embedder", str(tmp_path / "models/embedder.gguf")]


def ask(cli: Cli, folder: Path, *flags: str, question: str = QUESTION, reply: str = ROOF) -> tuple[Outcome, bool]:
    """Ask, and tell whether the model was asked."""
    generator = FakeGenerator(reply)
    outcome = cli("ask", str(folder), question, "--json", *flags, generator=generator)
    assert outcome.code == 0, outcome
    assert ("remembered" in outcome.json) == (not generator.prompts)
    return outcome, bool(generator.prompts)


def asked_anew(cli: Cli, folder: Path, *flags: str, question: str = QUESTION) -> bool:
    return ask(cli, folder, *flags, question=question)[1]


# --- the same question ---------------------------------------------------------------------------------------------


def test_the_same_question_gets_the_same_answer_without_the_model_and_says_so(
    folder: Path, models: list[str], cli: Cli
) -> None:
    first, anew = ask(cli, folder, *models)
    assert anew
    again, anew = ask(cli, folder, *models, reply="Something else.")
    assert not anew
    of_now = ("usage", "timings_ms", "remembered")
    assert {k: v for k, v in again.json.items() if k not in of_now} == {
        k: v for k, v in first.json.items() if k not in of_now
    }
    then = again.json["remembered"]
    assert then["usage"] == first.json["usage"]
    assert list(then["timings_ms"])[-1] == "total"
    assert abs(then["at"] - time.time()) < 600
    assert again.json["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "cached_tokens": 0}
    assert list(again.json["timings_ms"]) == ["recall", "total"]
    assert "nothing has changed since" in again.err
    assert "--no-cache" in again.err


def test_on_the_screen_it_looks_like_the_first_one(folder: Path, models: list[str], cli: Cli) -> None:
    def shown() -> str:
        out = cli("ask", str(folder), QUESTION, *models, generator=FakeGenerator(ROOF)).out
        return out[: out.index("supported by")]

    first = shown()
    assert "Evidence" in first
    assert shown() == first
    assert "You asked this on" in cli("ask", str(folder), QUESTION, *models).err


def test_a_repeated_question_loads_neither_engines_nor_the_index(folder: Path, models: list[str]) -> None:
    assert run_program("ask", folder, QUESTION, *models).code == 0
    code = (
        "import sys; from bunko.cli.main import main; assert main(sys.argv[1:]) == 0\n"
        "heavy = {'lancedb', 'numpy', 'pyarrow', 'onnxruntime', 'xllamacpp', 'tokenizers', 'kreuzberg'}\n"
        "print('LOADED', *sorted(heavy & set(sys.modules)))"
    )
    # No fakes here: the files are no models, so that it would fail if they were opened.
    done = subprocess.run(
        [sys.executable, "-c", code, "ask", str(folder), QUESTION, "--quiet", *models],
        env=environment(),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [ROOF, "LOADED"], done


def test_files_that_were_written_a_moment_ago_are_told_by_their_content(
    tmp_path: Path, models: list[str], cli: Cli
) -> None:
    folder = write_files(tmp_path / "new", {"cats.txt": CATS})
    assert asked_anew(cli, folder, *models)
    assert not asked_anew(cli, folder, *models)
    # The same size and the same time stamp, as two writes within one tick of the clock leave them.
    state = (folder / "cats.txt").stat()
    (folder / "cats.txt").write_text(CATS.replace("warm", "cold"))
    os.utime(folder / "cats.txt", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert asked_anew(cli, folder, *models)


# --- what makes it a new one ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["changed", "added", "removed", "moved", "ignored"])
def test_a_change_in_the_folder_makes_the_answer_new(folder: Path, models: list[str], cli: Cli, change: str) -> None:
    assert asked_anew(cli, folder, *models)
    match change:
        case "changed":
            (folder / "cats.txt").write_text(CATS.replace("roof", "wall"))
        case "added":
            write_files(folder, {"more.txt": "A cat sleeps in the garden."})
        case "removed":
            (folder / "ships.txt").unlink()
        case "moved":
            (folder / "cats.txt").rename(folder / "felines.txt")
        case "ignored":
            write_files(folder, {".bunkoignore": "ships.txt\n"})
    assert asked_anew(cli, folder, *models)
    assert not asked_anew(cli, folder, *models)


@pytest.mark.parametrize(
    "flags",
    [
        ["--top-k", "3"],
        ["--mode", "lexical"],
        ["--max-tokens", "99"],
        ["--answer-language", "ja"],
        ["--seed", "5"],
        ["--set", "evidence.quotes=1"],
        ["--set", "chunking.max_tokens=50"],
    ],
    ids=lambda flags: flags[-1],
)
def test_another_setting_makes_the_answer_new(folder: Path, models: list[str], cli: Cli, flags: list[str]) -> None:
    assert asked_anew(cli, folder, *models)
    assert asked_anew(cli, folder, *models, *flags)
    assert not asked_anew(cli, folder, *models, *flags)


def test_a_setting_that_decides_no_answer_does_not(folder: Path, models: list[str], cli: Cli) -> None:
    assert asked_anew(cli, folder, *models)
    assert not asked_anew(cli, folder, *models, "--offline")


def test_other_words_make_the_answer_new(folder: Path, models: list[str], cli: Cli) -> None:
    assert asked_anew(cli, folder, *models)
    assert asked_anew(cli, folder, *models, question=QUESTION.lower())


def test_another_model_or_a_changed_file_makes_the_answer_new(
    folder: Path, models: list[str], tmp_path: Path, cli: Cli
) -> None:
    assert asked_anew(cli, folder, *models)
    other = ["--model", str(tmp_path / "models/other.gguf"), *models[2:]]
    assert asked_anew(cli, folder, *other)
    assert not asked_anew(cli, folder, *models)
    for name in ("chat.gguf", "embedder.gguf"):
        write_files(tmp_path / "models", {name: "22"})
        assert asked_anew(cli, folder, *models), name
        assert not asked_anew(cli, folder, *models), name


def test_answers_of_an_imported_model_are_kept_until_its_file_changes(
    folder: Path, models: list[str], tmp_path: Path, cli: Cli
) -> None:
    source = make_chat_gguf(tmp_path / "tiny.gguf", template="{{ messages[0].content }}")
    settings = make_settings(cache_dir=str(tmp_path / "cache"))
    import_model(ImportOptions(source=source, name="mine", checks=False), settings=settings)
    flags = ["--model", "mine", *models[2:], "--set", f"cache_dir={settings.cache_dir}"]
    assert asked_anew(cli, folder, *flags)
    assert not asked_anew(cli, folder, *flags)
    imported = find_imported("mine", settings)
    assert imported
    os.utime(imported.path, ns=(1, 1))
    assert asked_anew(cli, folder, *flags)


def test_a_newer_program_makes_the_answer_new(
    folder: Path, models: list[str], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked_anew(cli, folder, *models)
    monkeypatch.setattr("bunko.__version__", "99.0.0")
    assert asked_anew(cli, folder, *models)


def test_chance_and_servers_are_asked_every_time(folder: Path, models: list[str], cli: Cli) -> None:
    for _ in range(2):
        assert asked_anew(cli, folder, *models, "--temperature", "0.5")
        assert asked_anew(cli, folder, "--model", "http://127.0.0.1:9/v1", *models[2:])


def test_engines_that_were_given_are_asked_every_time(folder: Path) -> None:
    fake = FakeGenerator()
    with Library(folder, settings=make_settings(), embedder=FakeEmbedder(), generator=fake) as library:
        library.sync()
        for _ in range(2):
            assert library.ask(QUESTION, answers="kept").remembered is None
    assert len(fake.prompts) == 2


def test_an_answer_that_was_cut_off_is_not_kept(folder: Path, models: list[str], cli: Cli) -> None:
    long = "one two three four"
    for _ in range(2):
        outcome, anew = ask(cli, folder, *models, "--max-tokens", "3", reply=long)
        assert anew
        assert outcome.json["answer"] == "one two three"


def test_an_answer_that_was_not_heard_to_its_end_is_not_kept(
    folder: Path, models: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Library, "embedder", FakeEmbedder())
    monkeypatch.setattr(Library, "generator", FakeGenerator(ROOF))
    monkeypatch.setattr(Library, "_begin_embedder", lambda library: None)
    with Library(folder, settings=make_settings(model=models[1], embedder=models[3])) as library:
        library.sync()
        events = library.stream(QUESTION, answers="kept")
        while not isinstance(next(events), TextDelta):
            pass
        events.close()  # type: ignore[attr-defined]
        assert library.ask(QUESTION, answers="kept").remembered is None
        assert library.ask(QUESTION, answers="kept").remembered is not None
        assert library.ask(QUESTION).remembered is None


def test_an_answer_from_before_all_vectors_were_there_is_not_kept(folder: Path, models: list[str], cli: Cli) -> None:
    few = ["--set", "embedding.before_answer=0", *models]
    assert asked_anew(cli, folder, *few)
    assert asked_anew(cli, folder, *few)
    assert not asked_anew(cli, folder, *few)


# --- keeping none, and forgetting ----------------------------------------------------------------------------------


def test_no_cache_answers_anew_and_keeps_nothing(folder: Path, models: list[str], cli: Cli) -> None:
    assert asked_anew(cli, folder, *models, "--no-cache")
    assert not (folder / ".bunko/store" / FILE).exists()
    assert asked_anew(cli, folder, *models)
    assert asked_anew(cli, folder, *models, "--no-cache")


def test_keeping_none_forgets_those_that_were_kept(folder: Path, models: list[str], cli: Cli) -> None:
    assert asked_anew(cli, folder, *models)
    assert asked_anew(cli, folder, *models, "--set", "answers.keep=0")
    assert ROOF.encode() not in (folder / ".bunko/store" / FILE).read_bytes()
    assert asked_anew(cli, folder, *models)


def test_the_words_of_a_deleted_document_do_not_stay_behind(folder: Path, models: list[str], cli: Cli) -> None:
    assert asked_anew(cli, folder, *models)
    kept = folder / ".bunko/store" / FILE
    assert b"warm roof" in kept.read_bytes()
    (folder / "cats.txt").unlink()
    assert cli("index", str(folder), *models[2:]).code == 0
    assert b"warm roof" not in kept.read_bytes()


def test_only_the_newest_are_kept(folder: Path, models: list[str], cli: Cli) -> None:
    few = [*models, "--set", "answers.keep=2"]
    questions = [f"Where does cat number {n} sleep?" for n in range(3)]
    for question in questions:
        assert asked_anew(cli, folder, *few, question=question)
    assert not asked_anew(cli, folder, *few, question=questions[2])
    assert not asked_anew(cli, folder, *few, question=questions[1])
    assert asked_anew(cli, folder, *few, question=questions[0])


def test_batch_measures_what_it_is_asked_to(folder: Path, models: list[str], tmp_path: Path, cli: Cli) -> None:
    assert asked_anew(cli, folder, *models)
    questions = tmp_path / "questions.txt"
    questions.write_text(f"{QUESTION}\n")
    generator = FakeGenerator(ROOF)
    out = str(tmp_path / "answers.jsonl")
    assert cli("batch", str(folder), str(questions), "--out", out, *models, generator=generator).code == 0
    assert len(generator.prompts) == 1


# --- what is reported ----------------------------------------------------------------------------------------------


def test_files_that_could_not_be_read_are_told_of_each_time(folder: Path, models: list[str], cli: Cli) -> None:
    write_files(folder, {"broken.pdf": b"%PDF-1.7"})
    settle(folder)
    for anew in (True, False):
        outcome, asked = ask(cli, folder, *models)
        assert asked == anew
        assert "could not be read; `bunko index" in outcome.err


def test_without_a_sync_the_index_alone_counts(folder: Path, models: list[str], cli: Cli) -> None:
    assert asked_anew(cli, folder, *models)
    (folder / "cats.txt").write_text(CATS.replace("roof", "wall"))
    assert not asked_anew(cli, folder, *models, "--no-sync")
    assert asked_anew(cli, folder, *models)


# --- the file, and other processes ---------------------------------------------------------------------------------


@pytest.fixture
def memory(folder: Path, models: list[str], cli: Cli) -> Iterator[Path]:
    ask(cli, folder, *models)
    yield folder / ".bunko/store" / FILE


@pytest.mark.parametrize("content", [b"", b"nonsense" * 1000], ids=["empty", "nonsense"])
def test_a_damaged_file_is_made_anew(memory: Path, folder: Path, models: list[str], cli: Cli, content: bytes) -> None:
    memory.write_bytes(content)
    assert asked_anew(cli, folder, *models)
    assert not asked_anew(cli, folder, *models)


def test_an_answer_that_can_not_be_understood_is_given_anew(
    memory: Path, folder: Path, models: list[str], cli: Cli
) -> None:
    with sqlite3.connect(memory) as database:
        database.execute("UPDATE answers SET answer = ?", (json.dumps({"question": QUESTION, "timings": {}}),))
    assert asked_anew(cli, folder, *models)
    assert not asked_anew(cli, folder, *models)


def test_a_file_that_another_process_holds_is_not_waited_for(
    memory: Path, folder: Path, models: list[str], cli: Cli
) -> None:
    holding = sqlite3.connect(memory, isolation_level=None)
    holding.execute("BEGIN EXCLUSIVE")
    assert asked_anew(cli, folder, *models)
    holding.execute("ROLLBACK")
    holding.close()
    assert not asked_anew(cli, folder, *models)


def test_a_killed_writer_costs_its_answer_at_most(memory: Path, folder: Path, models: list[str], cli: Cli) -> None:
    # Kills itself in the middle of a transaction that has reached the disk in part.
    code = (
        "import os, signal, sqlite3, sys\n"
        "database = sqlite3.connect(sys.argv[1])\n"
        "database.execute('PRAGMA cache_size = 1')\n"
        "for n in range(2000):\n"
        "    database.execute('INSERT INTO answers VALUES (?, ?, ?, ?)', (str(n), 'x', 9e9, 'nonsense' * 500))\n"
        "database.execute('DELETE FROM answers WHERE state != ?', ('x',))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(memory)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not asked_anew(cli, folder, *models)
    assert [path.name for path in memory.parent.glob(FILE + "*")] == [FILE]


def test_processes_that_keep_answers_at_the_same_time_do_not_lose_any(
    folder: Path, models: list[str], cli: Cli
) -> None:
    assert cli("index", str(folder), *models[2:]).code == 0
    questions = [f"Where does cat number {n} sleep?" for n in range(4)]
    running = [
        Program(
            command("ask", folder, question, "--json", *models),
            env=environment(),
            cwd=REPOSITORY,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for question in questions
    ]
    for process in running:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
    assert not any(asked_anew(cli, folder, *models, question=question) for question in questions)


def test_what_is_kept_while_another_process_changes_the_index_is_not_stale(
    folder: Path, models: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_settings(model=models[1], embedder=models[3])
    embedder = FakeEmbedder()
    monkeypatch.setattr(Library, "embedder", embedder)

    def another_process(_: object) -> str:
        (folder / "cats.txt").write_text(CATS.replace("roof", "wall"))
        with Library(folder, settings=settings) as other:
            other.sync()
        return ROOF

    monkeypatch.setattr(Library, "generator", FakeGenerator(another_process))
    monkeypatch.setattr(Library, "_begin_embedder", lambda library: None)
    with Library(folder, settings=settings) as library:
        library.sync()
        library.ask(QUESTION, answers="kept")
        monkeypatch.setattr(Library, "generator", FakeGenerator())
        now = library.ask(QUESTION, answers="kept")
        assert now.remembered is None
        assert "wall" in now.text


def test_a_library_that_may_not_be_written_to_still_answers(folder: Path, models: list[str], cli: Cli) -> None:
    assert cli("index", str(folder), *models[2:]).code == 0
    (folder / ".bunko/store" / FILE).mkdir()  # nothing can be opened in its place, not even by root
    assert asked_anew(cli, folder, *models)
    assert asked_anew(cli, folder, *models)


# --- the parts alone -----------------------------------------------------------------------------------------------


def test_an_object_store_has_no_memory() -> None:
    memory = Memory("s3://bucket/store", keep=5)
    memory.keep(Answer(question="q", text="a", timings={"total": 1.0}), key="k", state="s")
    assert memory.answer("k") is None
    assert state_of("s3://bucket/store") == ""


def test_writers_that_meet_all_the_time_lose_nothing(tmp_path: Path) -> None:
    # Each opens the file while the journals of others appear and vanish beside it.
    code = (
        "import sys\n"
        "from bunko.answering.answer_cache import Memory\n"
        "from bunko.types import Answer\n"
        "memory = Memory(sys.argv[1], keep=1000)\n"
        "for n in range(100):\n"
        "    key = f'{sys.argv[2]} {n}'\n"
        "    memory.keep(Answer(question=key, text='x' * 5000, timings={'total': 1.0}), key=key, state='s')\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(n)], env=environment(), cwd=REPOSITORY)
        for n in range(4)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * 4
    memory = Memory(str(tmp_path), keep=1000)
    assert [f"{n} {k}" for n in range(4) for k in range(100) if memory.answer(f"{n} {k}") is None] == []


def test_what_is_kept_comes_back_whole(tmp_path: Path) -> None:
    answer = Answer(
        question="q",
        text="a\ud800".encode("utf-8", "replace").decode(),
        reasoning="r",
        usage=Usage(prompt_tokens=3),
        timings={"read": 1.5, "total": 2.0},
        unsupported=("a",),
        notes=("n",),
        standalone_question="q",
    )
    memory = Memory(str(tmp_path), keep=5)
    memory.keep(answer, key="k", state="s")
    again = memory.answer("k")
    assert again is not None
    assert again.remembered is not None
    assert (again.remembered.usage, again.remembered.timings) == (answer.usage, answer.timings)
    assert again.notes[0] == "n"
    restored = dataclasses.replace(
        again, remembered=None, usage=answer.usage, timings=answer.timings, notes=answer.notes
    )
    assert restored == answer
    kinds = [type(event) for event in replay(again)]
    assert kinds == [Retrieved, ReasoningDelta, TextDelta, Finished]


def test_there_is_nothing_to_recall_before_there_is_an_index(folder: Path) -> None:
    library = Library(folder, settings=make_settings(model="no-such-model"))
    assert library.recall(QUESTION, watch=Stopwatch()) is None
