"""Files that are made from a model's file: made once, and never trusted unread."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bunko.embedding.made_files import made

DATA = b"made" * 1000
SHA256 = hashlib.sha256(DATA).hexdigest()


class Maker:
    def __init__(self, data: bytes = DATA) -> None:
        self.calls = 0
        self._data = data

    def __call__(self) -> bytes:
        self.calls += 1
        return self._data


def test_it_is_made_once(tmp_path: Path) -> None:
    make = Maker()
    path = tmp_path / "encoder.onnx"
    assert [made(path, sha256=SHA256, make=make) for _ in range(3)] == [DATA] * 3
    assert make.calls == 1
    assert path.read_bytes() == DATA
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("damaged", [DATA[:-1], b"", b"x" + DATA[1:]])
def test_a_damaged_file_is_made_again(tmp_path: Path, damaged: bytes) -> None:
    path = tmp_path / "encoder.onnx"
    path.write_bytes(damaged)
    path.with_name("encoder.onnx.part").write_bytes(b"left by a killed process")
    assert made(path, sha256=SHA256, make=Maker()) == DATA
    assert path.read_bytes() == DATA
    assert not list(tmp_path.glob("*.part"))


def test_bytes_that_are_not_expected_are_used_and_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "encoder.onnx"
    assert made(path, sha256=SHA256, make=Maker(b"other")) == b"other"
    assert not path.exists()


def test_where_nothing_can_be_written_it_is_made_each_time(tmp_path: Path) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    make = Maker()
    for _ in range(2):
        assert made(blocked / "encoder.onnx", sha256=SHA256, make=make) == DATA
    assert make.calls == 2


def test_several_at_once_all_get_it(tmp_path: Path) -> None:
    path = tmp_path / "encoder.onnx"
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: made(path, sha256=SHA256, make=Maker()), range(24)))
    assert found == [DATA] * 24
