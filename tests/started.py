"""Programs that start in a moment, for tests whose subject is not the start of one.

Importing what a command needs takes longer than most commands do. Here one process imports it, and is forked for each
program. The rest is real: arguments, environment, streams, signals, exit codes, and the processes that it starts.
LanceDB is not imported before, since the program itself decides whether it needs it.

    python -m tests.started SOCKET    the process that is forked; it ends when the other end is closed
    python -m tests.started PATH      the same for the command of `command_in`, at a socket with this path
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import json
import os
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.reading_processes import CAN_FORK, exactly

_ROOT = Path(__file__).parent.parent
_IMPORTED = """
bunko.cli.main bunko.cli.ask bunko.cli.chat bunko.cli.evaluate bunko.cli.library bunko.cli.serve bunko.cli.status
bunko.answering.answer_cache bunko.answering.breadth bunko.answering.document_facts bunko.answering.kept_sentences
bunko.answering.pipeline bunko.answering.recall bunko.answering.revision bunko.answering.small_talk_reply
bunko.answering.translated_answer bunko.engines bunko.indexing.mending bunko.library bunko.overview.surveying
bunko.reader.onnx bunko.reading.reader bunko.retrieval.evidence bunko.retrieval.search bunko.rows.answering
bunko.rows.hint bunko.rows.placing bunko.scope.asking bunko.store bunko.testing bunko.embedding.e5 bunko.generation.chat
bunko.server.http.app bunko.server.mcp.tools filelock numpy onnxruntime overrides pyarrow.compute pyarrow.dataset
tokenizers tqdm unittest.mock uvicorn
""".split()
_PROGRAMS = ("tests.program", "bunko.cli.main")
# What the interpreter and the system's libraries read once, when a process starts.
_READ_AT_THE_START = ("PYTHON", "LC_", "LANG", "LD_", "OMP_", "COVERAGE_")
_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


class Program(subprocess.Popen[bytes]):
    """A process of the program. Where it can't be forked, it is started like any other."""

    def _execute_child(self, args: Any, executable: Any, preexec_fn: Any, *rest: Any) -> None:
        _, _, folder, env, *_ = rest
        words = [os.fspath(word) for word in args]
        if not _can_be_forked(words, env) or preexec_fn is not None:
            super()._execute_child(args, executable, preexec_fn, *rest)  # type: ignore[misc]
            return
        ends: tuple[int, ...] = rest[7:13]  # ours and theirs of stdin, stdout, stderr, in the order of the pipes
        theirs = [end if end >= 0 else number for number, end in enumerate((ends[0], ends[3], ends[5]))]
        self.pid = _FORKING.fork(words[2:], environment=dict(env or os.environ), folder=folder, streams=theirs)
        self._child_created = True
        self._close_pipe_fds(*ends)  # type: ignore[attr-defined]


def _can_be_forked(words: list[str], env: Mapping[str, str] | None) -> bool:
    if not CAN_FORK or os.environ.get("BUNKO_TEST_THOROUGH"):
        return False
    if words[:2] != [sys.executable, "-m"] or words[2] not in _PROGRAMS:
        return False
    return _FORKING.started_with == _read_at_the_start(os.environ if env is None else env)


def _read_at_the_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_READ_AT_THE_START)}


def _path() -> str:
    return os.pathsep.join((str(_ROOT / "src"), str(_ROOT)))


class _Forking:
    """The process that is forked, started with the first program."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    @functools.cached_property
    def started_with(self) -> dict[str, str]:
        """What it reads at its start."""
        return _read_at_the_start({**os.environ, "PYTHONPATH": _path()})

    def fork(self, words: list[str], *, environment: dict[str, str], folder: Any, streams: list[int]) -> int:
        """Start a program; return its number. It is a child of this process."""
        told = {"words": words, "environment": environment, "folder": os.fspath(folder or Path.cwd())}
        request = json.dumps({**told, "parent": os.getpid()}).encode()
        with self._lock:
            connection = self._connection()
            with _adopting():
                socket.send_fds(connection, [len(request).to_bytes(4, "big") + request], streams)
                return int.from_bytes(exactly(connection, 4), "big")

    def _connection(self) -> socket.socket:
        if self._socket is None:
            self._socket, other = socket.socketpair()
            subprocess.Popen(
                [sys.executable, "-m", "tests.started", str(other.fileno())],
                pass_fds=[other.fileno()],
                env={**os.environ, **self.started_with},
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
            other.close()
        return self._socket


_FORKING = _Forking()


@contextlib.contextmanager
def _adopting() -> Iterator[None]:
    """Become the parent of what the process that is forked leaves behind, so that it can be waited for."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


# --- the command `bunko` of shells --------------------------------------------------------------------------------

_COMMAND = """\
#!/bin/sh
exec {python} -IS -c '
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({path})
    words = ["bunko.cli.main", *sys.argv[1:]]
    request = json.dumps({{"words": words, "environment": dict(os.environ), "folder": os.getcwd()}}).encode()
    socket.send_fds(connection, [len(request).to_bytes(4, "big") + request], [0, 1, 2])
    os._exit(connection.recv(1)[0])
' "$@"
"""


@contextlib.contextmanager
def command_in(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Have a command `bunko` in a folder, for a PATH."""
    with tempfile.TemporaryDirectory(prefix="bunko-") as place:  # the path of a socket must be short
        path = Path(place, "socket")
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.started", path], env={**environment, "PYTHONPATH": _path()}, cwd=_ROOT
        )
        try:
            while not path.exists():
                assert process.poll() is None
                time.sleep(0.01)
            script = folder / "bunko"
            script.write_text(_COMMAND.format(python=shlex.quote(sys.executable), path=json.dumps(str(path))))
            script.chmod(0o755)
            yield
        finally:
            process.kill()
            process.wait()


# --- the process that is forked -----------------------------------------------------------------------------------


_set_by_imports: dict[str, str] = {}


def _import() -> None:
    before = set(os.environ)
    for name in _IMPORTED:
        importlib.import_module(name)
    assert "lancedb.table" not in sys.modules
    _set_by_imports.update({name: os.environ[name] for name in os.environ.keys() - before})


def _serve(connection: socket.socket) -> dict[str, Any]:
    """Fork for each request, until there are no more; in a fork, return what it shall be."""
    _import()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        data, streams, _, _ = socket.recv_fds(connection, 4, 3)
        if not data:
            os._exit(0)
        request: dict[str, Any] = json.loads(exactly(connection, int.from_bytes(data, "big")))
        told, tells = os.pipe()
        if (between := os.fork()) == 0:
            if number := os.fork():
                os.write(tells, number.to_bytes(4, "big"))
                os._exit(0)
            connection.close()
            for end in (told, tells):
                os.close(end)
            _become(streams, request)
            return request
        os.waitpid(between, 0)  # so that its child is the parent's who asked
        connection.sendall(os.read(told, 4))
        for end in (told, tells, *streams):
            os.close(end)


def _listen(path: str) -> dict[str, Any]:
    """Fork for each that connects, and answer with the exit code; in a fork, return what it shall be."""
    parent = os.getppid()
    listening = socket.socket(socket.AF_UNIX)
    listening.settimeout(1.0)
    listening.bind(path)
    listening.listen()
    _import()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps those that end
    while True:
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            if os.getppid() != parent:
                os._exit(0)
            continue
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listening.close()
            data, streams, _, _ = socket.recv_fds(connection, 4, 3)
            request: dict[str, Any] = json.loads(exactly(connection, int.from_bytes(data, "big")))
            if (number := os.fork()) == 0:
                connection.close()
                _become(streams, request)
                return request
            _, status = os.waitpid(number, 0)
            connection.sendall(bytes([os.waitstatus_to_exitcode(status) & 0xFF]))
            os._exit(0)
        connection.close()


def _become(streams: list[int], request: dict[str, Any]) -> None:
    while os.getppid() != request.get("parent", os.getppid()):
        time.sleep(0.001)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(_set_by_imports | request["environment"])
    time.tzset()
    os.chdir(request["folder"])
    sys.path[0] = request["folder"]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in streams:
        os.close(stream)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)


def _run(module: str, *arguments: str) -> None:
    sys.argv = [str(_ROOT / "src" / "bunko" / "cli" / "main.py"), *arguments]
    if module == "bunko.cli.main":
        importlib.import_module(module).run()
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _to_be = sys.argv[1]
    _run(*(_serve(socket.socket(fileno=int(_to_be))) if _to_be.isdigit() else _listen(_to_be))["words"])
