"""`ask`, `search` and `chat` on a served library: which file they trust, what they import, when they fall back."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunko.client.discovery import find_serving
from bunko.server.http.access import Access
from tests.conftest import Cli
from tests.served import announce, serving
from tests.server.support import SteppedGenerator, make_host, program
from tests.started import Program
from tests.support import CATS, REPOSITORY, SHIPS, command, environment, run_program, settle, write_files
from tests.test_public import HEAVY

QUESTION = "When did the harbour of Kobe open?"
ACCESS = Access(token="of-the-server", library_tokens={"library": ("a-token-of-the-run",)})
NO_PROCESS = 4_194_303  # above the largest process id


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("resident") / "library"
    write_files(folder, {"cats.txt": CATS, "ships.md": f"# Kobe\n\n{SHIPS}", "broken.pdf": b"%PDF-1.7"})
    settle(folder)
    with serving(make_host([folder]), access=ACCESS) as url:
        yield folder, url


@pytest.fixture
def folder(served: tuple[Path, str]) -> Path:
    announce(*served)
    return served[0]


# --- which file is trusted -------------------------------------------------------------------------------------------


def test_a_served_library_is_found(served: tuple[Path, str], folder: Path) -> None:
    place = find_serving(folder)
    assert place is not None
    assert (place.url, place.library, place.token) == (served[1], "library", "a-token-of-the-run")
    assert place.token not in repr(place)


@pytest.mark.parametrize(
    "changed",
    [
        {"pid": NO_PROCESS},
        {"pid": 0},
        {"pid": -1},
        {"pid": "1"},
        {"pid": True},
        {"version": "0.0.1"},
        {"root": "/somewhere/else"},
        {"url": "http://documents.example:8642"},
        {"url": "http://127.0.0.1.documents.example:8642"},
        {"url": "file:///etc/passwd"},
        {"url": 7},
        {"token": "a b"},
        {"token": None},
    ],
    ids=str,
)
def test_a_file_with_a_wrong_entry_is_ignored(served: tuple[Path, str], changed: dict[str, object]) -> None:
    announce(*served, **changed)
    assert find_serving(served[0]) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"7", b'{"pid": 1}', b" " * 100_000])
def test_a_file_of_another_form_is_ignored(served: tuple[Path, str], content: bytes) -> None:
    announce(*served).write_bytes(content)
    assert find_serving(served[0]) is None


@pytest.mark.skipif(sys.platform == "win32", reason="other permissions")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620])
def test_a_file_that_others_may_read_or_write_is_ignored(served: tuple[Path, str], mode: int) -> None:
    announce(*served).chmod(mode)
    assert find_serving(served[0]) is None


@pytest.mark.skipif(sys.platform == "win32", reason="other permissions")
def test_links_pipes_and_files_of_others_are_ignored(served: tuple[Path, str], tmp_path: Path) -> None:
    path = announce(*served)
    elsewhere = tmp_path / "serving.json"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert find_serving(served[0]) is None
    path.unlink()
    os.mkfifo(path, 0o600)
    assert find_serving(served[0]) is None  # and does not wait for a writer
    path.unlink()
    path.mkdir()
    assert find_serving(served[0]) is None
    path.rmdir()
    if os.geteuid() == 0:
        os.chown(announce(*served), 65_534, 65_534)
        assert find_serving(served[0]) is None


def test_a_folder_without_the_file_is_not_served(tmp_path: Path) -> None:
    assert find_serving(tmp_path) is None
    assert find_serving(tmp_path / "nowhere") is None


# --- what the commands do --------------------------------------------------------------------------------------------


def test_an_answer_has_the_same_form_as_without_a_server(folder: Path, cli: Cli) -> None:
    there = cli("ask", str(folder), QUESTION, "--json", "--no-cache")
    here = cli("ask", str(folder), QUESTION, "--json", "--no-cache", "--no-server")
    assert there.code == 0, there
    assert "sync" not in there.json["timings_ms"]  # the server answered
    assert "sync" in here.json["timings_ms"]
    assert list(there.json) == list(here.json)
    for name in ("answer", "evidence", "citations", "hits", "unsupported", "documents", "model", "embedder"):
        assert there.json[name] == here.json[name], name


def test_a_search_has_the_same_form_too(folder: Path, cli: Cli) -> None:
    there = cli("search", str(folder), "harbour", "--json", "--top-k", "1")
    here = cli("search", str(folder), "harbour", "--json", "--top-k", "1", "--no-server")
    assert list(there.json) == list(here.json)
    assert there.json["hits"] == here.json["hits"]
    assert "sync" not in there.json["timings_ms"]
    assert "ships.md" in cli("search", str(folder), "harbour").out


def test_a_person_is_shown_the_same(folder: Path, cli: Cli) -> None:
    there = cli("ask", str(folder), QUESTION, "--no-cache")
    here = cli("ask", str(folder), QUESTION, "--no-cache", "--no-server")
    assert "1868" in there.out
    assert there.out.splitlines()[0] == here.out.splitlines()[0] == "Evidence"
    assert [line for line in there.out.splitlines() if "supported by" in line] == [
        line for line in here.out.splitlines() if "supported by" in line
    ]


def test_a_new_file_is_found_at_once(folder: Path, cli: Cli) -> None:
    write_files(folder, {"moon.txt": "The moon has no weather."})
    found = cli("search", str(folder), "moon weather", "--json")
    assert found.json["hits"][0]["path"] == "moon.txt"
    (folder / "moon.txt").unlink()
    assert "moon.txt" not in cli("search", str(folder), "moon weather", "--json").out


def test_a_conversation_uses_the_server(folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("bunko.cli.chat.open_from")  # it opens a library in this process
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{QUESTION}\nAnd what do they carry?\n"))
    outcome = cli("chat", str(folder), "--json")
    answers = [json.loads(line) for line in outcome.out.splitlines()]
    assert len(answers) == 2, outcome
    assert "1868" in answers[0]["answer"]


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("--model", "another"), "it does not have the model another"),
        (("--embedder", "another"), "another is not its embedder"),
        (("--store", "STORE"), "--store"),
        (("--no-ocr",), "--ocr"),
        (("--archives",), "--archives"),
        (("--set", "evidence.quotes=2"), "--set"),
        (("--no-server",), ""),
    ],
)
def test_what_the_server_can_not_do_is_done_in_this_process(
    folder: Path, cli: Cli, tmp_path: Path, flags: tuple[str, ...], why: str
) -> None:
    flags = tuple(str(tmp_path / "store") if flag == "STORE" else flag for flag in flags)
    outcome = cli("ask", str(folder), QUESTION, "--verbose", "--no-cache", *flags)
    assert outcome.code == 0, outcome
    assert "sync" in outcome.err  # a server has no such stage
    assert why in outcome.err
    assert ("is not used" in outcome.err) == bool(why)


def test_a_question_from_a_pipe_is_answered_there(folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("bunko.cli.ask.open_from")  # it opens a library in this process
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{QUESTION}\n"))
    assert "1868" in cli("ask", str(folder), "-", "--json").json["answer"]


def test_without_a_server_nothing_is_said_of_it(tmp_path: Path, cli: Cli) -> None:
    write_files(tmp_path / "library", {"cats.txt": CATS})
    outcome = cli("ask", str(tmp_path / "library"), QUESTION, "--verbose", "--store", str(tmp_path / "store"))
    assert "serves this library" not in outcome.err


def test_flags_are_sent_with_the_question(folder: Path, cli: Cli) -> None:
    outcome = cli(
        "ask", str(folder), QUESTION, "--json", "--no-cache", "--max-tokens", "2", "--instructions", "Be brief."
    )
    assert outcome.json["usage"]["completion_tokens"] == 2
    outcome = cli("ask", str(folder), QUESTION, "--max-tokens", "many")
    outcome.assert_clear(2, "generation.max_tokens")


def test_a_setting_in_the_environment_is_respected(folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUNKO_EVIDENCE__QUOTES", "1")
    outcome = cli("ask", str(folder), QUESTION, "--verbose", "--no-cache")
    assert "BUNKO_EVIDENCE__QUOTES is set for this process" in outcome.err


def test_without_a_server_at_the_address_this_process_answers(served: tuple[Path, str], cli: Cli) -> None:
    announce(served[0], "http://127.0.0.1:9")
    outcome = cli("ask", str(served[0]), QUESTION, "--verbose", "--no-cache")
    assert outcome.code == 0
    assert "1868" in outcome.out
    assert "can't be reached" in outcome.err
    assert "a-token-of-the-run" not in outcome.out + outcome.err


def test_a_wrong_token_is_not_printed(served: tuple[Path, str], cli: Cli) -> None:
    announce(*served, token="a-wrong-token")
    outcome = cli("ask", str(served[0]), QUESTION, "--verbose", "--no-cache")
    assert outcome.code == 0
    assert "a-wrong-token" not in outcome.out + outcome.err


def test_nothing_heavy_is_loaded_where_a_server_answers(served: tuple[Path, str], folder: Path) -> None:
    check = (
        "import sys; from bunko.cli.main import main\n"
        f"assert main(['ask', {str(folder)!r}, {QUESTION!r}, '--no-cache']) == 0\n"
        f"print('LOADED', *sorted(set({[*HEAVY, 'bunko.library', 'bunko.settings']}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "LOADED"


def test_ctrl_c_stops_the_model_at_the_server(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "library", {"cats.txt": CATS})
    slow = SteppedGenerator(" ".join(f"word{n}" for n in range(400)), step_s=0.1)
    with serving(make_host([folder], generator=lambda: slow), access=ACCESS) as url:
        announce(folder, url)
        process = Program(
            command("ask", folder, "Where does the cat sleep?", "--no-cache"),
            cwd=REPOSITORY,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        until = time.monotonic() + 60
        while not slow.at_work:
            assert time.monotonic() < until
            time.sleep(0.01)
        begin = time.monotonic()
        while slow.at_work:
            assert time.monotonic() - begin < 10
            if process.poll() is None:
                process.send_signal(signal.SIGINT)  # Python drops one that arrives during clean-up
            time.sleep(1)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 130
        assert "Traceback" not in errors.decode()


def test_a_server_that_dies_during_an_answer_is_an_error(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "library", {"cats.txt": CATS})
    with program(folder, env={"TEST_ANSWER_SECONDS": "30"}) as running:
        assert find_serving(folder) is not None
        process = Program(
            command("ask", folder, "Where does the cat sleep?", "--no-cache"),
            cwd=REPOSITORY,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"Evidence\n"
        running.process.kill()
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 1
        assert "Traceback" not in errors.decode()
        assert "bunko: The server" in errors.decode()
        running.process.wait()
    assert find_serving(folder) is None  # the file still exists, the process does not
    assert run_program("ask", folder, "Where does the cat sleep?", "--json").json["answer"]


@pytest.mark.models
def test_with_the_real_models_it_is_the_same_answer(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "library", {"cats.txt": CATS, "ships.txt": SHIPS})
    with program(folder, fake=False):
        there = run_program("ask", folder, QUESTION, "--json", "--no-cache", fake=False)
        here = run_program("ask", folder, QUESTION, "--json", "--no-cache", "--no-server", fake=False)
    assert "sync" not in there.json["timings_ms"]
    assert list(there.json) == list(here.json)
    for name in ("answer", "evidence", "citations", "model", "embedder"):
        assert there.json[name] == here.json[name], name
