"""`bunko serve` without a folder, and `--open`: the program in a process of its own."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import pytest

from tests.server.support import program
from tests.support import write_files


def environment_of(tmp_path: Path) -> dict[str, str]:
    """Return where the program keeps its data, on each system."""
    home = str(tmp_path / "data")
    return {"XDG_DATA_HOME": home, "LOCALAPPDATA": home, "HOME": str(tmp_path / "home")}


def test_it_starts_empty_and_knows_its_libraries_again(tmp_path: Path) -> None:
    papers = write_files(tmp_path / "papers", {"b.txt": "The windmill of Emden was built in 1811."})
    env = environment_of(tmp_path)
    with program(env=env) as running:
        assert running.token  # else another user of the machine could choose a folder
        with running.client() as client:
            assert client.get("/api/libraries").json()["libraries"] == []
            assert client.get("/api/about").json()["libraries"] == "any"
            made = client.post("/api/libraries", json={"folder": str(papers)})
            assert made.status_code == 201, made.text
        assert running.client().get("/api/libraries", headers={"Authorization": ""}).status_code == 401
    with program(env=env) as running, running.client() as client:
        assert [one["title"] for one in client.get("/api/libraries").json()["libraries"]] == ["papers"]
        found = client.post("/api/libraries/papers/search", json={"query": "windmill"}).json()["hits"]
        assert found[0]["path"] == "b.txt"
    with program(papers, env=env) as running:
        assert not running.token  # as before, with a folder on this machine


@pytest.mark.skipif(os.name == "nt", reason="BROWSER names a program in other ways there")
def test_open_opens_the_page_with_its_token(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(f"#!{sys.executable}\nimport sys\nopen({str(seen)!r}, 'w').write(sys.argv[1])\n")
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    with program(flags=["--open"], env={**environment_of(tmp_path), "BROWSER": str(browser)}) as running:
        until = time.monotonic() + 30
        while not (seen.exists() and seen.read_text()):
            assert time.monotonic() < until
            time.sleep(0.02)
        assert seen.read_text() == f"{running.url}/#token={running.token}"
