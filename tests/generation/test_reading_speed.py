"""The speed at which a model read is kept for the next process."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.generation.reading_speed import ReadingSpeeds


def test_the_fastest_reading_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "speeds.json"
    for tokens, milliseconds in ((1000, 20_000), (1000, 10_000), (1000, 40_000)):
        ReadingSpeeds(file).note("a", tokens=tokens, milliseconds=milliseconds)
    assert ReadingSpeeds(file).of("a") == 100
    assert ReadingSpeeds(file).of("b") == 0


def test_a_short_prompt_says_nothing(tmp_path: Path) -> None:
    speeds = ReadingSpeeds(tmp_path / "speeds.json")
    speeds.note("a", tokens=20, milliseconds=1)
    speeds.note("a", tokens=2000, milliseconds=0)
    assert speeds.of("a") == 0


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b'{"a": "x"}', b'{"a": -3}', b"\xff", b"1"])
def test_a_damaged_file_is_an_unknown_speed(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "speeds.json"
    file.write_bytes(content)
    assert ReadingSpeeds(file).of("a") == 0
    ReadingSpeeds(file).note("a", tokens=500, milliseconds=1000)
    assert ReadingSpeeds(file).of("a") == 500


def test_the_file_does_not_grow_without_end(tmp_path: Path) -> None:
    speeds = ReadingSpeeds(tmp_path / "speeds.json")
    for n in range(80):
        speeds.note(str(n), tokens=500, milliseconds=1000)
    assert (speeds.of("0"), speeds.of("79")) == (0, 500)
