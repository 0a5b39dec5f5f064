"""Recommendations for the machines that are described here."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.diagnosis.recommend import Yardstick, place_of, prompt_speed, recommend, writing_speed
from bunko.engine.gpus import RESERVE, Gpu
from bunko.hardware.memory import MachineMemory
from bunko.models.gguf.shapes import SHAPES, file_bytes
from bunko.settings import Settings

GIB = 2**30
# The starter's speed and the memory's on two idle cores of a server.
SERVER = Yardstick(prompt=350, writing=62, bytes_read=96_576_768, bandwidth=29e9)
GPU = Gpu(name="CUDA0", description="RTX 3060", free=11 * GIB, total=12 * GIB)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache_dir=str(tmp_path))


def memory(gibibytes: float, available: float | None = None) -> MachineMemory:
    there = gibibytes if available is None else available
    return MachineMemory(total=int(gibibytes * GIB), available=int(there * GIB))


def test_the_starter_is_estimated_as_it_was_measured() -> None:
    assert prompt_speed(SERVER.shape, SERVER) == pytest.approx(350)
    assert writing_speed(SERVER.shape, SERVER.bytes_read, SERVER) == pytest.approx(62)


@given(
    writing=st.floats(1, 1000),
    bandwidth=st.floats(1e9, 1e12),
    name=st.sampled_from(sorted(SHAPES)),
    scale=st.floats(1.01, 4),
)
def test_more_bytes_are_never_quicker(writing: float, bandwidth: float, name: str, scale: float) -> None:
    measured = Yardstick(prompt=100, writing=writing, bytes_read=96_576_768, bandwidth=bandwidth)
    size = file_bytes(SHAPES[name], "Q4_K_M")
    speed = writing_speed(SHAPES[name], size, measured)
    assert 0 < writing_speed(SHAPES[name], int(size * scale), measured) <= speed < float("inf")


@pytest.mark.parametrize(
    ("gibibytes", "available", "english", "japanese"),
    [(1, 0.9, "smollm2-135m", ""), (8, 6, "qwen3-4b", "qwen3-4b"), (4, 2, "smollm2-135m", "")],
)
def test_what_fits_is_recommended(
    settings: Settings, gibibytes: float, available: float, english: str, japanese: str
) -> None:
    advice = recommend(settings, memory=memory(gibibytes, available), gpus=[], measured=SERVER)
    assert (advice.english, advice.japanese) == (english, japanese)
    assert bool(advice.notes) != bool(japanese)


def test_a_slow_machine_gets_the_small_model_though_a_large_one_fits(settings: Settings) -> None:
    slow = Yardstick(prompt=60, writing=20, bytes_read=96_576_768, bandwidth=4e9)
    advice = recommend(settings, memory=memory(32), gpus=[], measured=slow)
    assert advice.english == "smollm2-135m"
    assert advice.japanese == "qwen3-4b"  # the only kind that knows Japanese, slow or not


def test_a_gpu_takes_what_fits_into_its_free_memory(settings: Settings) -> None:
    advice = recommend(settings, memory=memory(32), gpus=[GPU], measured=SERVER)
    places = {choice.name: choice.place for choice in advice.choices}
    assert places["qwen3-4b"] == places["phi-3-medium"] == "gpu"
    assert advice.english == "phi-3-medium"
    assert any("No GPU was measured" in note for note in advice.notes)
    small = Gpu(name="CUDA0", description="", free=3 * GIB, total=4 * GIB)
    advice = recommend(settings, memory=memory(32), gpus=[small], measured=SERVER)
    assert {choice.name: choice.place for choice in advice.choices}["phi-3-medium"] == "gpu and memory"


def test_places() -> None:
    assert place_of(5 * GIB, memory=memory(16, 4), gpus=[]) == "memory, tight"
    assert place_of(17 * GIB, memory=memory(16), gpus=[]) == "nowhere"
    assert place_of(3 * GIB, memory=memory(16), gpus=[]) == "memory"
    # Memory that a GPU shares with the processor counts once.
    shared = Gpu(name="Metal", description="", free=16 * GIB, total=16 * GIB, integrated=True)
    assert place_of(16 * GIB - RESERVE, memory=memory(16), gpus=[shared]) == "gpu"
    assert place_of(20 * GIB, memory=memory(16), gpus=[shared]) == "nowhere"


def test_without_a_measurement_there_are_no_speeds(settings: Settings) -> None:
    advice = recommend(settings, memory=memory(32), gpus=[], measured=None)
    assert {choice.answer_s for choice in advice.choices} == {None}
    assert "bunko models pull smollm2-135m" in advice.notes[0]


@pytest.mark.parametrize(
    ("name", "gigabytes"), [("qwen3-4b", 2.50), ("gemma-3-4b", 2.49), ("phi-4-mini", 2.49), ("phi-3-medium", 8.57)]
)
def test_sizes_of_files_are_near_those_of_the_real_ones(name: str, gigabytes: float) -> None:
    """The real sizes, from the models' pages on the hub."""
    assert file_bytes(SHAPES[name], "Q4_K_M") / 1e9 == pytest.approx(gigabytes, rel=0.06)
