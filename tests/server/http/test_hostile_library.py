"""A folder that was made to be slow costs its own index: the server stays in reach, and ends when it is told to."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from tests.server.support import program
from tests.support import write_files

# Texts that took minutes or gigabytes once, and patterns that took exponential time.
TEXTS = {
    "one-letter": "a" * 2_000_000,
    "one-kana": "あ" * 700_000,
    "ends": "！？。" * 300_000,
    "headings": "".join(f"# Heading {n}\n\nA word.\n\n" for n in range(100_000)),
    "brackets": "(" * 2_000_000,
    "lines": "- \n" * 700_000,
    "surrogates": '{"note":"\\ud800"}',
    "nested": "[" * 200_000,
}
PATTERNS = "\n".join(["*a*a*a*a*a*a*a*a*a*a*b", "**/a*/**/a*/**/b", "[z-a]", "!", "\\"] * 200)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Return a folder that takes far longer to index than the test lasts."""
    files = {f"{n}/{name}.{'json' if name in ('surrogates', 'nested') else 'md'}": text for n in range(8)
             for name, text in TEXTS.items()}  # fmt: skip
    names = {f"{n}/{'a' * 200}/{'a' * 200}.txt": "a" for n in range(50)}
    return write_files(tmp_path / "hostile", {**files, **names, ".bunkoignore": PATTERNS})


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM for another process")
def test_health_is_answered_and_a_signal_is_obeyed_while_a_hostile_library_is_indexed(hostile: Path) -> None:
    with program(hostile, until="listening") as running, running.client() as client:
        begin, slowest = time.monotonic(), 0.0
        while time.monotonic() - begin < 5:
            asked = time.monotonic()
            assert client.get("/health").status_code == 200
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.05)
        assert slowest < 5  # 0.1 s on a machine that does nothing else
        assert client.get("/ready").json()["ready"] is False, "the folder is too harmless for this test"
        running.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        assert running.process.wait(30) == 0
        assert time.monotonic() - told < 10
        assert b"Traceback" not in (running.process.stderr.read() if running.process.stderr else b"")
