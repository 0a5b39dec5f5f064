"""A download source is added in its own module and in sources.py, nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from bunko.models.fetching import sources
from bunko.models.fetching.progress import Progress
from bunko.models.inventory import list_models, pull, remove
from bunko.models.resolve import resolve
from bunko.settings import Settings
from tests.models.support import write_gguf


@dataclass(frozen=True, kw_only=True)
class ShelfSource(sources.Download):
    """`shelf:name.gguf`: a file that the test has made."""

    path: Path

    def fetch(self, target: Path, *, size: int | None, sha256: str, progress: Progress) -> str:
        """Copy the file."""
        target.write_bytes(self.path.read_bytes())
        return "0" * 64


def test_a_new_source_can_be_used_listed_pulled_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gguf(tmp_path / "mine.gguf")
    pattern = re.compile(r"shelf:(?P<file>[a-z.]+)")
    syntax = sources._Syntax(pattern, "shelf:file.gguf", lambda found: ShelfSource(path=tmp_path / found["file"]))
    monkeypatch.setitem(sources._SYNTAXES, "shelf", syntax)
    monkeypatch.setenv("BUNKO_CACHE_DIR", str(tmp_path / "cache"))
    settings = Settings()
    assert resolve("shelf:mine.gguf", kind="chat", settings=settings).name == "shelf:mine.gguf"
    assert "shelf:mine.gguf" in {model.name for model in list_models(settings)}
    assert remove("shelf:mine.gguf", settings=settings).bytes_freed > 0
    assert pull("shelf:mine.gguf", settings=settings)[0].outcome == "downloaded"
