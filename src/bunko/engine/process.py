"""Start, watch, restart and end the engine's process. In: parameters. Out: its address, or what went wrong and a cure.

    engine = LlamaProcess(parameters, log_directory=..., start_timeout_s=180)
    engine.start()              # returns at once; the model loads meanwhile
    engine.address()            # waits until it is ready; starts it (again) if it is not running
    engine.close()

Knows nothing of HTTP: the child says itself when it is ready.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

from bunko.child_process import spawn, stop
from bunko.engine.endpoint import Address
from bunko.engine.logs import EngineLog, first_complaint, last_words, offloaded_layers
from bunko.engine.parameters import Parameters
from bunko.errors import EngineCrashed, EngineError, EngineStartFailed, EngineTimeout

# Threads that wait for one another look for a moment, and then give up the processor. By default they go on looking,
# and wherever anything else is running, the engine then falls to a tenth of its speed: 14 and 3 tokens a second for 124
# and 70. Without the moment, an idle machine writes at a third of its speed (benchmarks/LOG.md).
_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}

# What the log says -> what helps.
_CURES = {
    "unknown model architecture": "This model is newer than the engine: `pip install --upgrade xllamacpp`.",
    "not within the file bounds": "The file is truncated. Download it again: `bunko models pull`.",
    "invalid magic": "This is not a GGUF file. `bunko models list` shows what there is.",
    "failed to open": "Check the path, and that you may read the file.",
    "allocate": "There is too little memory: take a smaller model, or a smaller context "
    "(BUNKO_GENERATION__CONTEXT_TOKENS=2048).",
    "No module named": "Install it: `pip install --force-reinstall xllamacpp`.",
    "ImportError": "The engine does not fit this system: `pip install --force-reinstall xllamacpp`.",
}
_EXIT_CURES = {
    "SIGILL": "This processor lacks instructions (AVX2) that the engine was built with.",
    "SIGKILL": "The system may have run out of memory: take a smaller model or context.",
}
_OTHER_CURE = "`bunko doctor` checks the engine; its log is in {directory}."


class LlamaProcess:
    """The engine as a child process. Dies with this object, with `close`, and with the parent in any case."""

    is_local = True
    name = "the engine"

    def __init__(self, parameters: Parameters, *, log_directory: Path, start_timeout_s: float) -> None:
        self.parameters = parameters
        self._log_directory = log_directory
        self._start_timeout_s = start_timeout_s
        self._lock = threading.Lock()
        self._run: _Run | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process's number, None if there is none."""
        return self._run.popen.pid if self._run is not None and self._run.popen.poll() is None else None

    def start(self) -> None:
        """Start loading the model, if that has not been done, and return at once. Raises EngineStartFailed."""
        self._current_run()

    def address(self) -> Address:
        """Wait until the model is loaded, after starting the process where needed, and return where it is served.

        Raises EngineStartFailed, EngineTimeout.
        """
        run = self._current_run()
        if not run.wait(self._start_timeout_s):
            run.stop()
            raise EngineTimeout(
                f"The engine did not load {self.parameters.model_file} within {self._start_timeout_s:g} seconds.",
                "A slow disk needs longer: BUNKO_GENERATION__START_TIMEOUT_S.",
            )
        if run.url:
            return Address(url=run.url, key=run.key)
        raise self._start_failure(run)

    @property
    def device(self) -> str:
        """What the engine computes on, "cpu" or "gpu"; empty while it is not loaded."""
        return self._run.device if self._run is not None else ""

    @property
    def placement(self) -> str:
        """Where the model is, as in "CUDA0: 25 of 29 layers" or "processor, 2 threads"; empty before it is loaded."""
        run = self._run
        if run is None or not run.device:
            return ""
        if run.device == "cpu":
            return f"processor, {self.parameters.values['cpuparams.n_threads']} threads"
        layers = offloaded_layers(run.log.lines())
        return f"{run.gpus}: {layers or 'layers unknown'}"

    def lost(self, reason: str) -> EngineError:
        """Return EngineCrashed with what the log tells of it; the next `address` starts a new process."""
        run = self._run
        if run is None or self._closed:
            return EngineCrashed("The engine was stopped while it was at work.", "Ask again.")
        end = run.describe_end(wait_s=1.0)
        if not end:
            return EngineCrashed(f"The connection to the engine broke: {reason}.", "Ask again.")
        said = last_words(run.log.lines())
        return EngineCrashed(
            f"The engine's process died while it was at work ({end}{said and ': ' + said}).",
            f"The next question starts a new one. {self._cure(end, said)}",
        )

    def close(self) -> None:
        """End the process. May be called again, and by any thread."""
        with self._lock:
            self._closed = True
        if self._run is not None:
            self._run.stop()

    def _current_run(self) -> _Run:
        with self._lock:
            if self._closed:
                raise _closed_error()
            if self._run is None or self._run.is_over():
                self._run = _Run(self.parameters, log_directory=self._log_directory)
                weakref.finalize(self, stop, self._run.popen, os.getpid())
            return self._run

    def _start_failure(self, run: _Run) -> EngineError:
        if self._closed:  # by another thread, meanwhile
            return _closed_error()
        end = run.describe_end(wait_s=2.0)
        said = first_complaint(run.log.lines()) or run.error
        return EngineStartFailed(
            f"The engine can't load {self.parameters.model_file}: {(said or end or 'it gives no reason').rstrip('.')}.",
            self._cure(end, said),
        )

    def _cure(self, end: str, said: str) -> str:
        by_log = next((cure for mark, cure in _CURES.items() if mark in said), "")
        return by_log or _EXIT_CURES.get(end) or _OTHER_CURE.format(directory=self._log_directory)


class _Run:
    """One life of the process."""

    def __init__(self, parameters: Parameters, *, log_directory: Path) -> None:
        self.key = secrets.token_urlsafe(32)
        self.url = ""
        self.device = self.gpus = ""
        self.error = ""
        self.popen = _spawn()
        assert self.popen.stderr is not None
        self.log = EngineLog(self.popen.stderr, directory=log_directory)
        self._deadline_start = time.monotonic()
        self._answered = threading.Event()
        self._failure_told = False
        gpu = dataclasses.asdict(parameters.gpu) if parameters.gpu else None
        request = {"values": {**parameters.values, "api_keys": [self.key]}, "gpu": gpu}
        assert self.popen.stdin is not None
        with contextlib.suppress(OSError):  # it died at once: the end of its stdout tells
            self.popen.stdin.write(json.dumps(request).encode() + b"\n")
            self.popen.stdin.flush()
        threading.Thread(target=self._hear, daemon=True).start()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the child's reply, or its end; False if neither came within this time of the start."""
        # In short turns, since Windows does not deliver Ctrl-C to a thread that waits for a lock.
        while not self._answered.wait(0.2):
            if time.monotonic() - self._deadline_start > timeout_s:
                return False
        return True

    def is_over(self) -> bool:
        """Return whether a new run is wanted: this one has ended, and if it never came up, that has been told."""
        return self.popen.poll() is not None and (bool(self.url) or self._failure_told)

    def describe_end(self, *, wait_s: float) -> str:
        """Return how the process ended, as in "SIGKILL" or "exit code 1"; empty if it goes on."""
        self._failure_told = True
        try:
            code = self.popen.wait(wait_s)
        except subprocess.TimeoutExpired:
            return ""
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
        return f"exit code {code}"

    def stop(self) -> None:
        """Kill the process: it has nothing to save."""
        self._failure_told = True
        stop(self.popen, os.getpid())

    def _hear(self) -> None:
        assert self.popen.stdout is not None
        with self.popen.stdout as stdout:
            reply = _parse_reply(stdout.readline())
        self.device, self.gpus = reply.get("device", ""), reply.get("gpus", "")
        self.url, self.error = reply.get("url", ""), reply.get("error", "")
        self._answered.set()


def _closed_error() -> EngineStartFailed:
    return EngineStartFailed("The engine was closed.", "Open the library again.")


def _parse_reply(line: bytes) -> dict[str, str]:
    try:
        reply: dict[str, Any] = json.loads(line)
    except ValueError:  # nothing, or the beginning of it: the process died
        return {}
    return {name: str(value) for name, value in reply.items()}


def _spawn() -> subprocess.Popen[bytes]:
    try:
        return spawn("bunko.engine.child", environment=_ENVIRONMENT)
    except OSError as error:
        raise EngineStartFailed(
            f"The engine's process can't be started with {sys.executable!r}: {error.strerror or error}.",
            "`bunko doctor` checks the installation.",
        ) from error
