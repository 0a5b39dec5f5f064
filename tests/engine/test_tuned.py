"""What `bunko bench --tune` found is kept for one model on one machine, and used."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from bunko.engine.parameters import Machine, Parameters
from bunko.engine.tuned import EIGHT_BITS, FILE, Speculation, Tuned, TunedModels, speculates, tuned_key, with_tuned
from bunko.settings import GenerationSettings

HERE = Machine(cores=4, available_memory=2**33)
FOUND = Tuned(
    values={"n_batch": 256, "n_ubatch": 256, "cpuparams.n_threads": 2},
    attention=EIGHT_BITS,
    speculation=Speculation(match=3, most=6),
    gain=1.25,
    quoting_gain=2.0,
)


@pytest.fixture
def defaults(tmp_path: Path) -> Parameters:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"weights")
    return Parameters(
        values={"model.path": str(model), "n_batch": 128, "cpuparams.n_threads": 4, "cache_type_k": "GGML_TYPE_F16"}
    )


def test_an_entry_is_read_as_it_was_kept(tmp_path: Path) -> None:
    TunedModels(tmp_path).keep("a", FOUND)
    TunedModels(tmp_path).keep("b", Tuned())
    assert TunedModels(tmp_path).of("a") == FOUND
    assert TunedModels(tmp_path).of("b") == Tuned()
    assert TunedModels(tmp_path).of("c") is None


@pytest.mark.parametrize(
    "changed",
    [
        {"values": {"model.path": "/other"}},
        {"values": {"n_batch": "many"}},
        {"values": {"n_batch": 10**9}},
        {"values": {"cache_type_k": "GGML_TYPE_Q2_K"}},
        {"values": {"no_extra_bufts": 1}},
        {"values": []},
        {"attention": {"n_gpu_layers": 0}},
        {"speculation": {"draft": "", "match": 0, "most": 8}},
        {"speculation": {"match": 3}},
        {"speculation": "yes"},
        {"gain": "fast"},
    ],
)
def test_an_entry_with_anything_else_counts_as_none(tmp_path: Path, changed: dict[str, object]) -> None:
    TunedModels(tmp_path).keep("a", FOUND)
    entries = json.loads((tmp_path / FILE).read_text())
    entries["a"] |= changed
    (tmp_path / FILE).write_text(json.dumps(entries))
    assert TunedModels(tmp_path).of("a") is None


def test_a_damaged_file_counts_as_empty(tmp_path: Path) -> None:
    for text in ("{", "[]", "null", '{"a": 1}'):
        (tmp_path / FILE).write_text(text)
        assert TunedModels(tmp_path).of("a") is None
    TunedModels(tmp_path).keep("a", FOUND)
    assert TunedModels(tmp_path).of("a") == FOUND


def test_another_file_draft_or_machine_is_not_measured(defaults: Parameters, tmp_path: Path) -> None:
    model = Path(str(defaults.values["model.path"]))
    key = tuned_key(defaults, HERE)
    assert tuned_key(replace(defaults, values={**defaults.values, "n_ctx": 2048}), HERE) == key  # follows the memory
    assert tuned_key(defaults, replace(HERE, available_memory=1)) == key
    assert tuned_key(defaults, replace(HERE, cores=8)) != key
    assert tuned_key(defaults, HERE, draft=model) != key
    os.utime(model, ns=(1, 1))
    assert tuned_key(defaults, HERE) != key


def test_what_was_found_is_used_unless_the_settings_say_otherwise(defaults: Parameters) -> None:
    used = with_tuned(defaults, FOUND, GenerationSettings(), guesses=True).values
    assert used == {**defaults.values, **FOUND.values, **EIGHT_BITS, **Speculation(match=3, most=6).values()}
    threads = with_tuned(defaults, FOUND, GenerationSettings(threads=4), guesses=True).values
    assert threads["cpuparams.n_threads"] == 4
    four = with_tuned(defaults, FOUND, GenerationSettings(cache_type="q4_0"), guesses=True).values
    assert four["cache_type_k"] == defaults.values["cache_type_k"]
    assert with_tuned(defaults, None, GenerationSettings(), guesses=True) == defaults


@pytest.mark.parametrize(("setting", "guesses"), [("off", True), ("auto", False)])
def test_nothing_is_guessed_where_it_is_off_or_of_no_use(defaults: Parameters, setting: str, guesses: bool) -> None:
    used = with_tuned(defaults, FOUND, GenerationSettings(speculation=setting), guesses=guesses)  # type: ignore[arg-type]
    assert not speculates(used)
    assert used.values["n_batch"] == 256
    # Where a model writes freely, the text with guesses is the text without.
    assert (used.values["cache_type_k"] == "GGML_TYPE_Q8_0") is guesses
