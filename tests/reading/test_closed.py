"""A folder that may not be listed, and a path that is too long, are reported, not left out."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bunko.errors import ReadError
from bunko.reading.folder import list_files
from bunko.reading.read import read_file
from bunko.settings import ReadingSettings
from tests.support import CATS, run_program, without_privileges, write_files


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")
def test_a_path_that_is_too_long_is_listed_and_fails_to_be_read(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"cats.txt": CATS})
    here = Path.cwd()
    os.chdir(root)
    try:
        for _ in range(22):
            Path("d" * 200).mkdir()
            os.chdir("d" * 200)
        Path("deep.txt").write_text(CATS)
    finally:
        os.chdir(here)
    cats, deep = list_files(root)
    assert (cats.path, deep.path.startswith("d" * 200 + "/")) == ("cats.txt", True)
    with pytest.raises(ReadError, match="too long") as caught:
        read_file(deep.absolute, deep.path, settings=ReadingSettings())
    assert "Shorten" in caught.value.hint


def test_folders_that_may_not_be_entered_are_reported_by_name(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"cats.txt": CATS, "closed/a.txt": CATS, "unlisted/b.txt": CATS})
    (root / "closed").chmod(0)
    (root / "unlisted").chmod(0o444)  # its names can be listed, and not its files
    try:
        outcome = run_program("index", root, "--json", prefix=without_privileges())
    finally:
        for name in ("closed", "unlisted"):
            (root / name).chmod(0o755)
    assert outcome.code == 0, outcome
    failed = {item["path"]: item["error"] for item in outcome.json["failed"]}
    assert set(failed) == {"closed", "unlisted/b.txt"}
    assert all("ermission denied" in error for error in failed.values())
    assert outcome.json["documents"] == 1
