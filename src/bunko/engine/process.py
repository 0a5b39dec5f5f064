"""Start, watch, restart and stop the engine's process. In: parameters. Out: its address, or an error with a cure.

    engine = LlamaProcess(parameters, log_directory=..., start_timeout_s=180)
    engine.start()              # returns at once; the model loads meanwhile
    engine.address()            # waits until it is ready; starts it (again) if it is not running
    engine.close()

Knows nothing of HTTP: the child reports when it is ready.
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
from bunko.installation import this_installation

# Threads that wait for each other spin briefly, then yield the processor. By default they spin on, and with any other
# program running, the engine falls to a tenth of its speed: 14 and 3 tokens per second instead of 124 and 70. Without
# spinning, an idle machine writes at a third of its speed (benchmarks/LOG.md).
_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}

# Text in the log -> cure.
_CURES = {
    "unknown model architecture": "This model is newer than the engine: `{upgrade}`.",
    "not within the file bounds": "The file is truncated. Download it again: `bunko models pull`.",
    "invalid magic": "This is not a GGUF file. `bunko models list` shows what there is.",
    "failed to open": "Check the path, and that you may read the file.",
    "allocate": "There is too little memory: use a smaller model, or a smaller context "
    "(BUNKO_GENERATION__CONTEXT_TOKENS=2048).",
    "No module named": "Install it: `{again}`.",
    "ImportError": "The engine does not fit this system: `{again}`.",
}
_EXIT_CURES = {
    "SIGILL": "This processor lacks instructions (AVX2) that the engine was built with.",
    "SIGKILL": "The system may have run out of memory: use a smaller model or context.",
}
_OTHER_CURE = "`bunko doctor` checks the engine; its log is in {directory}."


class LlamaProcess:
    """The engine as a child process. It ends with this object, with `close`, and with the parent."""

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
        """The process id; None if no process runs."""
        return self._run.popen.pid if self._run is not None and self._run.popen.poll() is None else None

    def start(self) -> None:
        """Begin to load the model, unless that was done, and return at once. Raises EngineStartFailed."""
        self._current_run()

    def address(self) -> Address:
        """Start the process if needed, wait until the model is loaded, and return its address.

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
        """Return EngineCrashed with the reason from the log; the next `address` starts a new process."""
        run = self._run
        if run is None or self._closed:
            return EngineCrashed("The engine was stopped during a request.", "Ask again.")
        end = run.describe_end(wait_s=1.0)
        if not end:
            return EngineCrashed(f"The connection to the engine broke: {reason}.", "Ask again.")
        said = last_words(run.log.lines())
        return EngineCrashed(
            f"The engine's process died during a request ({end}{said and ': ' + said}).",
            f"The next question starts a new one. {self._cure(end, said)}",
        )

    def close(self) -> None:
        """Stop the process. May be called twice, and by any thread."""
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
        here = this_installation()
        return (by_log or _EXIT_CURES.get(end) or _OTHER_CURE).format(
            directory=self._log_directory,
            upgrade=here.install("xllamacpp", how="upgrade"),
            again=here.install("xllamacpp", how="again"),
        )


class _Run:
    """One run of the process."""

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
        self._failure_reported = False
        gpu = dataclasses.asdict(parameters.gpu) if parameters.gpu else None
        request = {"values": {**parameters.values, "api_keys": [self.key]}, "gpu": gpu}
        assert self.popen.stdin is not None
        with contextlib.suppress(OSError):  # the process died at once: its stdout ends
            self.popen.stdin.write(json.dumps(request).encode() + b"\n")
            self.popen.stdin.flush()
        threading.Thread(target=self._read_reply, daemon=True).start()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the child's reply or its end; return False if neither came within this time after the start."""
        # In short steps: Windows does not deliver Ctrl-C to a thread that waits for a lock.
        while not self._answered.wait(0.2):
            if time.monotonic() - self._deadline_start > timeout_s:
                return False
        return True

    def is_over(self) -> bool:
        """Return whether a new run may start: this one has ended, and a failed start has been reported."""
        return self.popen.poll() is not None and (bool(self.url) or self._failure_reported)

    def describe_end(self, *, wait_s: float) -> str:
        """Return how the process ended, as in "SIGKILL" or "exit code 1"; empty if it is running."""
        self._failure_reported = True
        try:
            code = self.popen.wait(wait_s)
        except subprocess.TimeoutExpired:
            return ""
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
        return f"exit code {code}"

    def stop(self) -> None:
        """Kill the process; it has nothing to save."""
        self._failure_reported = True
        stop(self.popen, os.getpid())

    def _read_reply(self) -> None:
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
    except ValueError:  # empty or incomplete: the process died
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
