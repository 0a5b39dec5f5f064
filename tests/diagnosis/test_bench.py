"""`bunko bench` with a tiny model in the real engine, and with that engine as a server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bunko.cli.main import main
from bunko.diagnosis.bench.alternatives import candidates, compare, optimised, other_quantisations
from bunko.diagnosis.bench.local import Size, in_order, reference_size, time_sizes
from bunko.diagnosis.bench.timing import Budget, figure, is_clear, machine_load
from bunko.engine.gpus import Gpu
from bunko.engine.measuring import TimedEngine, TimedRun
from bunko.engine.parameters import Parameters, chat_parameters
from bunko.models import read_gguf
from bunko.models.gguf.shapes import SHAPES, file_bytes
from bunko.settings import GenerationSettings
from tests.engine.support import MACHINE, happens_within, make_process, make_tiny_model

GPU = Gpu(name="CUDA0", description="RTX 3060", free=11 * 2**30, total=12 * 2**30)
ONE_THREAD = GenerationSettings(threads=1)


@pytest.fixture
def tiny_model(tmp_path: Path) -> Path:
    return make_tiny_model(tmp_path)


def parameters(model: Path) -> Parameters:
    return chat_parameters(model, read_gguf(model), ONE_THREAD, machine=MACHINE)


def quiet(text: str) -> None:
    assert text


def test_sizes_are_timed_after_a_warm_up(tiny_model: Path, tmp_path: Path) -> None:
    with TimedEngine(parameters(tiny_model), log_directory=tmp_path / "logs") as engine:
        speed, notes = time_sizes(engine, (256, 64, 5000), threads=1, context_tokens=2048, budget=Budget(60), say=quiet)
    rows = in_order(speed).sizes
    assert [row.prompt_tokens for row in rows] == [64, 256]  # 5,000 tokens are more than the context holds
    assert notes == []
    for row in rows:
        assert row.prompt.runs == row.writing.runs == 3
        assert 0 < row.prompt.least <= row.prompt.median <= row.prompt.most
        assert row.writing.least > 0
        assert row.first_token_s.median == pytest.approx(row.prompt_tokens / row.prompt.median, rel=0.05)
    assert speed.load_s > 0
    assert speed.warm_up_s > 0
    assert speed.memory > 5_000_000


def test_what_the_budget_does_not_hold_is_left_out_and_said(tiny_model: Path, tmp_path: Path) -> None:
    with TimedEngine(parameters(tiny_model), log_directory=tmp_path / "logs") as engine:
        speed, notes = time_sizes(engine, (256, 1024), threads=1, context_tokens=2048, budget=Budget(0), say=quiet)
        tried = candidates(tiny_model, read_gguf(tiny_model), ONE_THREAD, machine=MACHINE, logical=2, gpus=[])
        compared = compare(
            engine, tried, Size(prompt=64, answer=8), logs=tmp_path / "logs", threads=1, budget=Budget(0), say=quiet
        )
    assert [row.prompt.runs for row in speed.sizes] == [1]  # one run of one size is always there
    assert notes == ["Prompts of 1,024 tokens were left out for lack of time."]
    assert compared.alternatives == ()
    assert len(compared.notes) == len(tried)


def test_every_other_setting_is_measured_in_turns_with_the_one_in_use(tiny_model: Path, tmp_path: Path) -> None:
    tried = candidates(tiny_model, read_gguf(tiny_model), ONE_THREAD, machine=MACHINE, logical=4, gpus=[])
    with TimedEngine(parameters(tiny_model), log_directory=tmp_path / "logs") as engine:
        engine.run([100] * 64)
        found = compare(
            engine, tried, Size(prompt=64, answer=16), logs=tmp_path / "logs", threads=1, budget=Budget(90), say=quiet
        )
    # A head of this model has 16 numbers, and a cache of eight bits has blocks of 32: a note says so.
    assert [one.setting for one in found.alternatives] == [one.setting for one in tried if "cache" not in one.setting]
    assert len(found.notes) == 1
    assert "does not run with generation.cache_type = q8_0" in found.notes[0]
    assert [row.threads for row in found.threads] == [1, 2, 4]
    assert [row.in_use for row in found.threads] == [True, False, False]
    assert all(one.writing_gain and one.writing_gain > 0 for one in found.alternatives)
    speculation = next(one for one in found.alternatives if "speculation" in one.setting)
    assert speculation.prompt_gain is None


def test_a_gpu_is_compared_with_the_processor(tiny_model: Path) -> None:
    info = read_gguf(tiny_model)
    with_gpu = candidates(tiny_model, info, ONE_THREAD, machine=MACHINE, logical=2, gpus=[GPU])
    assert with_gpu[0].command == "--gpu-layers 0"
    assert with_gpu[0].parameters.gpu is not None
    assert with_gpu[0].parameters.gpu.layers == 0
    hidden = candidates(tiny_model, info, replace(ONE_THREAD, gpu_layers=0), machine=MACHINE, logical=2, gpus=[GPU])
    assert "--gpu-layers 0" not in [one.command for one in hidden]


def test_every_command_of_a_setting_is_one_that_the_program_takes(tiny_model: Path) -> None:
    from bunko.config import load_settings

    found = candidates(tiny_model, read_gguf(tiny_model), ONE_THREAD, machine=MACHINE, logical=4, gpus=[])
    given = dict(one.command.removeprefix("--set ").split("=") for one in found if one.command)
    settings = load_settings(library_config=None, overrides=given)
    assert {"generation.threads", "generation.cache_type"} <= set(given)
    assert settings.generation.cache_type == "q8_0"


def test_a_slow_model_gets_a_smaller_prompt() -> None:
    fast, slow = (TimedRun(prompt=speed, writing=speed / 5, first_token_s=1, text="") for speed in (300.0, 4.0))
    assert reference_size(fast, context_tokens=4096, budget=Budget(60)) == Size(prompt=256, answer=32)
    assert reference_size(slow, context_tokens=4096, budget=Budget(60)) == Size(prompt=64, answer=8)
    assert reference_size(fast, context_tokens=128, budget=Budget(60)).prompt == 80


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_fewer_bytes_are_written_faster(name: str) -> None:
    shape = SHAPES[name]
    found = other_quantisations(
        shape, quantisation="Q5_K_M", size=file_bytes(shape, "Q5_K_M"), writing=10.0, bandwidth=20e9
    )
    gains = {one.setting.rpartition(" ")[2]: one.writing_gain or 0 for one in found}
    assert list(gains) == ["Q8_0", "Q6_K", "Q4_K_M", "Q3_K_M"]
    assert gains["Q8_0"] < gains["Q6_K"] < 1 < gains["Q4_K_M"] < gains["Q3_K_M"]
    assert all(one.how == "estimated" for one in found)
    assert optimised("a").command == "bunko models optimise a"


def test_two_runs_are_never_a_clear_difference() -> None:
    assert not is_clear(figure([1.0, 1.1]), figure([5.0, 5.1]))
    assert is_clear(figure([5.0, 5.1, 5.2]), figure([1.0, 1.1, 1.2]))


def test_other_programs_are_noticed() -> None:
    code = "import time; end = time.time() + 20\nwhile time.time() < end: pass"
    hogs = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(psutil.cpu_count() or 1)]
    try:
        time.sleep(0.5)
        load = machine_load()
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    assert load.is_busy
    assert load.busy_share > 0.5


def test_the_command_prints_a_table_or_json(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUNKO_CACHE_DIR", str(tmp_path / "cache"))
    common = ["bench", "-m", str(tiny_model), "--offline", "--seconds", "4", "--set", "embedder=minilm"]
    assert main([*common, "--quick", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == ""  # no terminal, no progress
    assert found["model"] == "tiny.gguf"
    assert [row["prompt_tokens"] for row in found["sizes"]] == [256]
    assert found["threads"] == []
    # The embedder is not on this machine, and must not be downloaded.
    assert found["embedding"] is None
    assert any("not on this machine" in note for note in found["notes"])
    assert main(common) == 0
    table = capsys.readouterr().out
    assert "tokens per second, medians" in table
    assert "Other settings, measured" in table or "Not tried, for lack of time" in table


def test_offline_nothing_is_downloaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUNKO_CACHE_DIR", str(tmp_path / "cache"))
    assert main(["bench", "--offline"]) == 1
    assert "bunko models pull" in capsys.readouterr().err


def test_a_server_is_timed_by_its_url(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUNKO_CACHE_DIR", str(tmp_path / "cache"))
    process = make_process(tiny_model)
    try:
        address = process.address()
        monkeypatch.setenv("BUNKO_API_KEY", address.key)
        assert main(["bench", "-m", f"{address.url}/v1", "--offline", "--seconds", "10", "--json"]) == 0
    finally:
        process.close()
    found = json.loads(capsys.readouterr().out)
    assert found["load_s"] is found["memory"] is None
    assert found["alternatives"] == []
    assert found["sizes"][0]["prompt_tokens"] < found["sizes"][-1]["prompt_tokens"]
    for row in found["sizes"]:
        assert row["writing"]["median"] > 0
        assert row["first_token_s"]["median"] > 0
    assert found["placement"].startswith(f"server {address.url}")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_leaves_no_engine_behind(tiny_model: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "BUNKO_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "bunko.cli.main", "bench", "-m", str(tiny_model), "--offline", "--seconds", "60"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        own = psutil.Process(process.pid)
        assert happens_within(30, lambda: bool(own.children()))
        engines = own.children(recursive=True)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
    assert happens_within(10, lambda: not any(one.is_running() for one in engines))
