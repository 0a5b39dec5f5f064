"""A forked program is one like any other: its words, streams, signals, exit code and parent."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.reading_processes import CAN_FORK
from tests.started import _READ_AT_THE_START, Program, command_in
from tests.support import REPOSITORY, THOROUGH, command, environment

pytestmark = pytest.mark.skipif(not CAN_FORK or THOROUGH, reason="programs are not forked")


def run(*arguments: str | Path, **extra: str) -> tuple[int, str, str]:
    process = Program(
        command(*arguments), env=environment(extra), cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = process.communicate(timeout=100)
    return process.returncode, out.decode(), err.decode()


def waiting(extra: dict[str, str]) -> Program:
    """Start a program that waits for a byte."""
    return Program(
        command("--version"),
        env=environment({"TEST_WAIT": "1", **extra}),
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def command_line(process: subprocess.Popen[bytes]) -> list[str]:
    return list(psutil.Process(process.pid).cmdline())


def test_it_says_what_any_other_says(tmp_path: Path) -> None:
    for words in (["--version"], ["nonsense"], ["help", "ask"], ["ask", str(tmp_path / "nowhere"), "Why?"]):
        started = subprocess.run(
            command(*words), env=environment(), cwd=REPOSITORY, capture_output=True, check=False, text=True
        )
        assert run(*words) == (started.returncode, started.stdout, started.stderr)


def test_it_waits_for_input_and_is_a_child_that_signals_reach() -> None:
    for stop in (signal.SIGTERM, signal.SIGKILL):
        process = waiting({})
        assert process.stderr is not None
        assert process.stderr.readline() == b"ready\n"
        assert psutil.Process(process.pid).ppid() == os.getpid()
        assert "tests.started" in command_line(process)
        assert process.poll() is None
        process.send_signal(stop)
        process.communicate(timeout=60)
        assert process.returncode == -stop


@pytest.mark.parametrize("name", [name + "X" for name in _READ_AT_THE_START])
def test_what_is_read_at_the_start_needs_a_real_one(name: str) -> None:
    with waiting({name: "x"}) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"ready\n"
        assert "tests.program" in command_line(process)
        process.kill()


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")
def test_the_command_of_shells_has_words_streams_and_an_exit_code(tmp_path: Path) -> None:
    env = {**environment(), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    with command_in(tmp_path, environment()):
        for line, code, said in (
            ("bunko --version | head -c 5", 0, b"bunko"),
            ("bunko 'no command' 2>&1", 2, b"there is no command 'no command'"),
            ("printf '' | bunko ask . - 2>&1", 2, b"question"),
        ):
            done = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=env, capture_output=True, check=False)
            assert done.returncode == code and said in done.stdout, done
    assert sys.executable in (tmp_path / "bunko").read_text()
