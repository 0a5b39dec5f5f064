"""What the tests of the core share: small folders, libraries with fake engines, the program in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bunko.library import Library
from bunko.ports import Embedder, Generator
from bunko.settings import Settings, apply_overrides
from bunko.testing import FakeEmbedder, FakeGenerator
from tests.started import Program

REPOSITORY = Path(__file__).parent.parent
THOROUGH = bool(os.environ.get("BUNKO_TEST_THOROUGH"))
"""Whether to try all that CI has no time for: CONTRIBUTING.md, "Checks"."""

CATS = "The cat sleeps on the warm roof. Cats dislike cold water."
SHIPS = "The harbour of Kobe opened in 1868. Ships carry tea and silk."
KYOTO = "京都は古い都です。金閣寺は1397年に建てられました。"
TOKYO = "東京都は日本の首都です。東京タワーの高さは333メートルです。"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    def assert_clear(self, code: int, *said: str) -> None:
        """It failed with this exit code and a sentence that says so, and never with a traceback."""
        assert self.code == code, self
        assert "Traceback" not in self.err
        assert "panicked" not in self.err
        assert any(line.startswith(("bunko: ", "usage: ")) for line in self.err.splitlines()), self.err
        for words in said:
            assert words in self.err


def write_files(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Make a folder with these files, and return it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def settle(root: Path) -> None:
    """Make all files old enough for their time stamps to be believed."""
    for path in root.rglob("*"):
        if path.is_file():
            os.utime(path, (1_700_000_000, 1_700_000_000))


def make_settings(**values: object) -> Settings:
    """Return the default settings with these replaced: retrieval__top_k=3."""
    return apply_overrides(Settings(), {name.replace("__", "."): value for name, value in values.items()})


def make_library(
    root: Path, *, embedder: Embedder | None = None, generator: Generator | None = None, **values: object
) -> Library:
    """Open a folder with fake engines."""
    return Library(
        root,
        settings=make_settings(**values),
        embedder=embedder or FakeEmbedder(),
        generator=generator or FakeGenerator(),
    )


# --- the program in a process of its own -----------------------------------------------------------------------


def command(*arguments: str | Path, fake: bool = True, prefix: Sequence[str] = ()) -> list[str]:
    """Return the command line that runs the program; `fake` puts fakes in the engines' place."""
    return [*prefix, sys.executable, "-m", "tests.program" if fake else "bunko.cli.main", *map(str, arguments)]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what a process of the program finds around itself."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(REPOSITORY / "src"), str(REPOSITORY))), **(extra or {})}


def run_program(
    *arguments: str | Path,
    fake: bool = True,
    env: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
    timeout: float = 120,
) -> Outcome:
    """Run a command to its end."""
    words = command(*arguments, fake=fake, prefix=prefix)
    with Program(
        words, env=environment(env), cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return Outcome(code=process.returncode, out=out.decode(), err=err.decode())


def without_privileges() -> list[str]:
    """Return what to put before a command so that file permissions bind it, as they don't bind root."""
    if sys.platform == "win32":
        pytest.skip("file permissions work otherwise on Windows")
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("nothing binds root here: no setpriv")
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Send what Ctrl-C sends."""
    process.send_signal(signal.SIGINT)
