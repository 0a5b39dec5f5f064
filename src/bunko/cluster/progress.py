"""How far a run is. In: what was done. Out: the rate, the time to go, a line, a note in the index, metrics."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, start_http_server

from bunko.errors import UsageError

NOTE = "cluster"
"""The name of the note in an index that has the state of the last run."""

_WAITING = "Other runs use all cores of the cluster; a paused one keeps them until it goes on or is killed. Waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How far a run is."""

    files: int = 0
    of_files: int = 0
    bytes: int = 0
    of_bytes: int = 0
    passages: int = 0
    failed: int = 0
    nodes: int = 0
    redone: int = 0
    """Shares that were sent again since a node or a process died."""
    seconds: float = 0.0
    at: float = 0.0
    """Seconds since 1970."""
    is_over: bool = False
    is_waiting: bool = False
    """Whether other runs had all cores when this one began, and nothing is done yet."""

    @property
    def files_per_s(self) -> float:
        """How many files are indexed a second."""
        return self.files / self.seconds if self.seconds else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds to go, by the bytes; None while it is not known."""
        if self.is_over or self.files >= self.of_files:
            return 0.0
        done, total = (self.bytes, self.of_bytes) if self.bytes and self.of_bytes else (self.files, self.of_files)
        return self.seconds * (total - done) / done if done else None

    def __str__(self) -> str:
        """Return one line.

        >>> print(State(files=50, of_files=200, bytes=5, of_bytes=20, passages=900, seconds=10, nodes=2))
        50 of 200 files, 5.0 files/s, 900 passages, 2 nodes, 30 s to go
        """
        if self.is_waiting:
            return f"{_WAITING} ({self.nodes} node{'s' * (self.nodes != 1)})"
        left = self.left_s
        parts = [f"{self.files:,} of {self.of_files:,} files", f"{self.files_per_s:.1f} files/s"]
        parts += [f"{self.passages:,} passages", f"{self.nodes} node{'s' * (self.nodes != 1)}"]
        parts += [f"{self.redone} shares sent again"] if self.redone else []
        parts += [f"{self.failed:,} documents can't be read"] if self.failed else []
        return ", ".join([*parts, "" if left is None else f"{_duration(left)} to go"]).rstrip(", ")

    def as_json(self) -> str:
        """Return it as JSON, which `state_from` reads."""
        return json.dumps(asdict(self))


def state_from(text: str) -> State | None:
    """Return a state from its JSON; None for an empty text and what another version wrote."""
    try:
        return State(**json.loads(text)) if text else None
    except (ValueError, TypeError):
        return None


class Meter:
    """Adds up what is done, and shows it as Prometheus metrics."""

    def __init__(self, *, files: int, size: int) -> None:
        """`files` and `size` in bytes are all that has to be done."""
        self.state = State(of_files=files, of_bytes=size, at=time.time())
        self._begin = time.monotonic()
        registry = self._registry = CollectorRegistry()
        self._gauges = {
            name: Gauge(f"bunko_cluster_{name}", text, registry=registry)
            for name, text in {
                "files": "Files that are indexed, or have failed, in this run",
                "of_files": "Files to index in this run",
                "bytes": "Bytes of these files",
                "of_bytes": "Bytes to index in this run",
                "passages": "Passages that were written",
                "failed": "Documents that could not be read",
                "nodes": "Nodes that can run tasks",
                "redone": "Shares that were sent again, after a node or a process died",
                "files_per_s": "Files a second",
                "left_s": "Seconds to go",
            }.items()
        }

    def serve(self, place: str) -> tuple[Any, int]:
        """Serve the metrics at [HOST:]PORT; return the server and its port. Raises UsageError."""
        host, _, port = place.rpartition(":")
        if not port.isdecimal() or int(port) > 65_535:
            raise UsageError(f"{place!r} is no port for metrics.", "Write --metrics 9464, or --metrics 0.0.0.0:9464.")
        try:
            server, _ = start_http_server(int(port), addr=host or "127.0.0.1", registry=self._registry)
        except OSError as error:
            raise UsageError(f"Metrics can't be served at {place}: {error}.", "Name another port.") from error
        return server, int(server.server_address[1])

    def add(self, **changes: int) -> State:
        """Add what was done, and return the state."""
        before = asdict(self.state)
        return self._set({name: before[name] + value for name, value in changes.items()})

    def note(self, **values: int | bool) -> State:
        """Set some values, and return the state."""
        return self._set(values)

    def _set(self, values: dict[str, Any]) -> State:
        seconds = time.monotonic() - self._begin
        self.state = State(**(asdict(self.state) | {"seconds": seconds, "at": time.time()} | values))
        for name, gauge in self._gauges.items():
            gauge.set(getattr(self.state, name) or 0)
        return self.state


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
