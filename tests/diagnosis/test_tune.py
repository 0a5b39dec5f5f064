"""`bunko bench --tune` with a tiny model in the real engine."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from bunko.cli.bench import _show_tuning
from bunko.cli.main import main
from bunko.diagnosis.bench.exactness import exact_width, reuses_exactly
from bunko.diagnosis.bench.records import Tried, Tuning
from bunko.diagnosis.bench.run import tune_model
from bunko.diagnosis.bench.tune import tune
from bunko.engine.gpus import Gpu
from bunko.engine.measuring import TimedEngine, arbitrary_tokens
from bunko.engine.parameters import Machine, Parameters, chat_parameters
from bunko.engine.tuned import FILE, FLASH, Speculation, Tuned, TunedModels, tuned_key
from bunko.errors import UsageError
from bunko.models import read_gguf
from bunko.settings import GenerationSettings, Settings, apply_overrides
from tests.engine.support import MACHINE, make_tiny_model

GPU = Gpu(name="CUDA0", description="RTX 3060", free=11 * 2**30, total=12 * 2**30)


@pytest.fixture
def tiny_model(tmp_path: Path) -> Path:
    return make_tiny_model(tmp_path)


@pytest.fixture
def parameters(tiny_model: Path) -> Parameters:
    return chat_parameters(tiny_model, read_gguf(tiny_model), GenerationSettings(threads=1), machine=MACHINE)


def quiet(text: str) -> None:
    assert text


def test_the_width_is_where_numbers_begin_to_differ(parameters: Parameters, tmp_path: Path) -> None:
    """Asked again, the engine gives the same numbers; the width says how many tokens at once do, too."""
    with TimedEngine(parameters, log_directory=tmp_path / "logs") as engine:
        width = exact_width(engine, most=4, context_tokens=2048)
        assert 1 <= width <= 4
        assert exact_width(engine, most=4, context_tokens=2048) == width
        tokens = (engine.tokens("The mill was built by a miller and his daughter.") * 9)[:43]
        seen = []
        for _ in range(2):
            engine.likeliest(tokens[:40], reuse=False)
            found, read = engine.likeliest(tokens, reuse=True)
            assert read == 3
            assert len(found) == 5
            seen.append(found)
        assert seen[0] == seen[1]


def test_a_prompt_that_was_read_in_parts_has_the_same_numbers_but_with_flash_attention(
    parameters: Parameters, tmp_path: Path
) -> None:
    flash = dataclasses.replace(parameters, values={**parameters.values, **FLASH})
    found = []
    for used in (parameters, flash):
        with TimedEngine(used, log_directory=tmp_path / "logs") as engine:
            found.append(reuses_exactly(engine, context_tokens=2048))
    assert found[0]
    if found[1]:
        pytest.skip("on this processor, flash attention reads many tokens as it reads few")


def test_guesses_are_counted(parameters: Parameters, tmp_path: Path) -> None:
    values = {**parameters.values, **Speculation(match=1, most=4).values()}
    guessing = dataclasses.replace(parameters, values=values)
    runs = []
    for used in (parameters, guessing):
        with TimedEngine(used, log_directory=tmp_path / "logs") as engine:
            runs.append(engine.run(arbitrary_tokens(16, seed=1) * 4, answer_tokens=64))
    plain, guessed = runs
    assert plain.drafted == 0
    assert guessed.drafted > 0
    assert guessed.accepted <= guessed.drafted


def test_without_time_the_defaults_stay(parameters: Parameters, tmp_path: Path) -> None:
    found = tune(
        parameters, cores=2, is_busy=False, context_tokens=2048, logs=tmp_path / "logs", seconds=0.01, say=quiet
    )
    assert found.tuned == Tuned()
    assert {one.remark for one in found.tried} == {"left out, for lack of time"}
    assert not any(one.is_kept for one in found.tried)


def test_threads_are_not_compared_while_other_programs_use_them(parameters: Parameters, tmp_path: Path) -> None:
    found = tune(
        parameters, cores=2, is_busy=True, context_tokens=2048, logs=tmp_path / "logs", seconds=0.01, say=quiet
    )
    threads = [one for one in found.tried if "threads" in one.setting]
    assert threads
    assert all("other programs" in one.remark for one in threads)


def test_only_what_is_faster_in_the_end_is_kept(parameters: Parameters, tmp_path: Path) -> None:
    found = tune(parameters, cores=1, is_busy=True, context_tokens=2048, logs=tmp_path / "logs", seconds=20, say=quiet)
    assert all(one.gain is not None or one.remark for one in found.tried)
    if found.tuned.values:
        assert found.tuned.gain >= 1.03 or found.tuned.quoting_gain >= 1.1
    else:
        assert found.tuned == Tuned()


def test_what_is_found_is_kept_and_used(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUNKO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("BUNKO_OFFLINE", "1")  # the embedder is a note
    arguments = ["bench", "--tune", "--seconds", "1", "--model", str(tiny_model), "--gpu-layers", "0"]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["seconds"] > 0
    assert found["tried"]
    assert (tmp_path / "cache" / FILE).is_file()
    kept = Tuned(values={"n_batch": 64, "n_ubatch": 64}, speculation=Speculation(), gain=1.5, quoting_gain=2.0)
    _show_tuning(
        Tuning(tuned=kept, tried=(Tried(setting="batches", gain=1.5, is_kept=True),), seconds=1, guesses=False)
    )
    shown = capsys.readouterr().out
    assert "×1.50  kept" in shown
    assert "Tuned: n_batch = 64, n_ubatch = 64, ×1.50 for a usual question; words guessed from the prompt" in shown
    assert "only with --set generation.style=free" in shown

    generation = GenerationSettings(gpu_layers=0)
    machine = Machine.here()
    defaults = chat_parameters(tiny_model, read_gguf(tiny_model), generation, machine=machine)
    TunedModels(tmp_path / "cache").keep(tuned_key(defaults, machine), kept)
    quick = ["bench", "--quick", "--seconds", "2", "--model", str(tiny_model), "--gpu-layers", "0"]
    assert main([*quick, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["tuned"]["values"] == {"n_batch": 64, "n_ubatch": 64}
    assert shown["speculates"] is False


def test_servers_and_gpus_are_not_tuned(tiny_model: Path, tmp_path: Path) -> None:
    server = apply_overrides(Settings(), {"model": "http://127.0.0.1:9/v1", "cache_dir": str(tmp_path)})
    with pytest.raises(UsageError, match="server"):
        tune_model(server, gpus=[], seconds=1, say=quiet)
    local = apply_overrides(Settings(), {"model": str(tiny_model), "cache_dir": str(tmp_path)})
    with pytest.raises(UsageError, match="GPU"):
        tune_model(local, gpus=[GPU], seconds=1, say=quiet)
