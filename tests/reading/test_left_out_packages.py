"""A slim installation reads everything but scans and old office files, and says what those need."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest

from bunko.cli.main import main
from bunko.diagnosis import doctor
from bunko.errors import ReadError
from bunko.reading.left_out_packages import KREUZBERG, kreuzberg_for
from tests.support import REPOSITORY


@pytest.fixture
def slim(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make both packages as if they were not installed."""
    for name in ("kreuzberg", "mcp"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures("slim")
def test_what_is_missing_is_named_with_its_command() -> None:
    with pytest.raises(ReadError, match=r"Reading \.doc files needs the package kreuzberg") as raised:
        kreuzberg_for(".doc files")
    assert "install" in raised.value.hint
    assert KREUZBERG in (Path(REPOSITORY) / "pyproject.toml").read_text(encoding="utf-8")


def test_doctor_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", version)
    assert doctor._package("kreuzberg").state == "warning"
    assert "scans" in doctor._package("kreuzberg").detail
    assert doctor._package("lancedb").state == "problem"


def test_where_it_is_installed_it_is_used() -> None:
    assert kreuzberg_for("scans").__name__ == "kreuzberg"


def test_bunko_mcp_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["mcp", str(tmp_path)]) == 1
    assert "needs the package mcp, which is not installed" in capsys.readouterr().err
