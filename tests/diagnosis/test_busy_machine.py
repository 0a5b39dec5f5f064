"""A busy machine is named, and the model is timed again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bunko.diagnosis.busy_machine import BUSY, timed, used_by_others
from bunko.diagnosis.recommend import Yardstick


def yardstick(speed: float) -> Yardstick:
    return Yardstick(prompt=speed, writing=speed / 2, bytes_read=1000, bandwidth=1e9)


def test_a_quiet_machine_is_measured_once() -> None:
    said: list[str] = []
    found = timed(lambda: yardstick(100), say=said.append, look=lambda: 0.02)
    assert (found.times, found.note, said) == (1, "", [])


@pytest.mark.parametrize(("then", "note"), [(0.9, "may still be too low"), (0.05, "when it was quieter")])
def test_a_busy_machine_is_named_and_measured_again(then: float, note: str) -> None:
    said: list[str] = []
    looks, speeds = iter([0.8, then, then]), iter([40.0, 60.0])
    found = timed(lambda: yardstick(next(speeds)), say=said.append, look=lambda: next(looks), patience_s=0)
    assert "80%" in said[0] and "again" in said[0]
    assert found.yardstick and found.yardstick.prompt == 60 and found.times == 2
    assert note in found.note


def test_without_a_model_nothing_is_measured_again() -> None:
    assert timed(lambda: None, say=print, look=lambda: 1.0).times == 1


def test_other_programs_are_seen() -> None:
    spin = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        assert max(used_by_others() for _ in range(4)) > BUSY
    finally:
        for process in spin:
            process.kill()
            process.wait()
