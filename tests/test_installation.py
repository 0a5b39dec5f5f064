"""Cures name commands that work here: each is looked at in a real environment, or parsed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bunko import installation
from bunko.installation import Installation, _manager, own_commands, this_installation, this_program


@pytest.fixture(autouse=True)
def anew() -> None:
    this_installation.cache_clear()
    this_program.cache_clear()


def test_this_installation_has_a_python_that_runs_and_a_place_that_is_there() -> None:
    here = this_installation()
    python = here.python.strip('"')
    assert subprocess.run([python, "-c", "import sys; print(sys.prefix)"], check=True, capture_output=True)
    if here.origin != "index":
        assert Path(here.place).exists()


@pytest.mark.parametrize("origin", ["index", "clone", "editable clone", "wheel"])
@pytest.mark.parametrize("manager", ["pip", "uv", "pipx"])
def test_each_way_has_its_commands(manager: str, origin: str, tmp_path: Path) -> None:
    place = "" if origin == "index" else str(tmp_path / ("bunko-1.whl" if origin == "wheel" else "bunko"))
    here = Installation(manager=manager, python="/v/bin/python", origin=origin, place=place)  # type: ignore[arg-type]
    begins = {
        "pip": "/v/bin/python -m pip install ",
        "uv": "uv pip install --python /v/bin/python ",
        "pipx": "pipx runpip bunko install ",
    }[manager]
    assert here.installer + " " == begins
    assert here.extra("tables").startswith(begins)
    assert "[tables]" in here.extra("tables") and place.rpartition("/")[2] in here.extra("tables")
    assert ("-e " in here.extra("tables")) is (origin == "editable clone")
    assert begins.strip() in here.update()
    assert ("git -C" in here.update()) is ("clone" in origin)
    # What is not on the index under our name is never fetched from there.
    assert origin == "index" or '"bunko[' not in here.extra("tables").replace('"bunko[tables] @ file:', "")


def test_the_manager_is_seen_by_what_it_leaves(tmp_path: Path) -> None:
    assert _manager(tmp_path) == "pip"
    (tmp_path / "uv-receipt.toml").touch()
    assert _manager(tmp_path) == "uv"
    (tmp_path / "pipx_metadata.json").touch()
    assert _manager(tmp_path) == "pipx"


def test_an_environment_without_pip_is_one_of_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "find_spec", lambda name: None)
    assert _manager(tmp_path) == "uv"


def test_commands_in_hints_begin_as_the_program_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "venv/bin/bunko"
    program.parent.mkdir(parents=True)
    shutil.copy(sys.executable, program)
    monkeypatch.setattr(sys, "argv", [str(program), "ask"])
    monkeypatch.setenv("PATH", str(tmp_path))
    said = "Run `bunko index a`, or bunko models list. The bunko folder; /x/bunko index; .bunko show; bunkobunko ask."
    assert own_commands(said) == (
        f"Run `{program} index a`, or {program} models list. The bunko folder; /x/bunko index; .bunko show; "
        "bunkobunko ask."
    )
    this_program.cache_clear()
    monkeypatch.setenv("PATH", str(program.parent))
    assert own_commands(said) == said
    this_program.cache_clear()
    monkeypatch.setattr(sys, "argv", [str(Path(installation.__file__).parent / "__main__.py")])
    assert this_program().endswith(" -m bunko")
