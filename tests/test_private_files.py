"""The program's own files among those of other processes: what another one makes meanwhile is left alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bunko.private_files import LinkFound, make_place, remove_foreign


@pytest.mark.parametrize("step", [make_place, remove_foreign])
def test_a_file_that_another_process_makes_during_the_look_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: Any
) -> None:
    place, look = tmp_path / "writer.lock", os.lstat
    made: list[Path] = []

    def lstat(path: Any) -> os.stat_result:
        if Path(path) != place or made:
            return look(path)
        place.write_text("of the other process", encoding="utf-8")
        made.append(place)
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr(os, "lstat", lstat)
    step(place)
    assert made
    assert place.read_text(encoding="utf-8") == "of the other process"


def test_a_file_that_vanishes_during_the_look_is_no_error(tmp_path: Path) -> None:
    remove_foreign(tmp_path / "answers.sqlite-journal")


def test_a_folder_in_the_place_of_a_file_is_not_deleted(tmp_path: Path) -> None:
    for step in (make_place, remove_foreign):
        with pytest.raises(LinkFound):
            step(tmp_path)
    assert tmp_path.is_dir()
