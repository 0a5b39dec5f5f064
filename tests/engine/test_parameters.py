"""What the engine is told for which model, settings and machine."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bunko.engine.parameters import (
    BASE_MODEL_TEMPLATE,
    DEFAULT_CONTEXT,
    Machine,
    chat_parameters,
    container_quota,
    embedding_parameters,
    fit_context,
)
from bunko.errors import SettingsError
from bunko.models import GgufInfo
from bunko.models.gguf.adapters import Adapter
from bunko.settings import GenerationSettings

GIB = 2**30
# An 8-billion-parameter model of the usual shape: 128 KiB of cache for each token, 128k of context.
LARGE = GgufInfo(
    version=3,
    architecture="llama",
    name="Large",
    licence="",
    quantisation="Q4_K_M",
    chat_template="{{ messages }}",
    context_length=131072,
    embedding_length=4096,
    vocabulary_size=128256,
    pooling_type=None,
    has_bos=True,
    has_eos=True,
    block_count=32,
    heads_kv=(8,) * 32,
    key_length=128,
    value_length=128,
    sliding_window=None,
    split_count=1,
    parameters=8_000_000_000,
    tensor_count=291,
    file_bytes=5 * GIB,
    expected_bytes=5 * GIB,
)
ROOMY = Machine(cores=4, available_memory=64 * GIB)
MODEL = Path("model.gguf")


def test_a_chat_model_gets_exactly_this() -> None:
    parameters = chat_parameters(MODEL, LARGE, GenerationSettings(), machine=ROOMY)
    assert parameters.values == {
        "model.path": str(MODEL.resolve()),
        "hostnames": ["127.0.0.1"],
        "port": 0,
        "n_parallel": 1,
        "n_threads_http": 4,
        "cache_ram_mib": 0,
        "cpuparams.n_threads": 4,
        "warmup": False,
        "ui": False,
        "endpoint_slots": False,
        "endpoint_props": False,
        "offline": True,
        "verbosity": 1,
        "n_ctx": 4096,
        "n_batch": 128,
        "n_ubatch": 128,
        "n_gpu_layers": -1,
        "fit_params": True,
        "cache_type_k": "GGML_TYPE_F16",
        "cache_type_v": "GGML_TYPE_F16",
        "flash_attn_type": "LLAMA_FLASH_ATTN_TYPE_DISABLED",
        "cache_prompt": True,
    }
    assert parameters.gpu is not None
    assert dataclasses.asdict(parameters.gpu) == {
        "layers": -1,
        "visible": [],
        "split": "layer",
        "shares": [],
        "model_layers": 33,
        "layer_bytes": 5 * GIB // 33 + 16 * 2**20,
    }
    assert parameters.model_file == "model.gguf"


def test_settings_win_over_what_would_be_fitted() -> None:
    settings = GenerationSettings(threads=3, gpu_layers=12, context_tokens=1024)
    values = chat_parameters(MODEL, LARGE, settings, machine=ROOMY).values
    assert values["cpuparams.n_threads"] == 3
    assert values["n_gpu_layers"] == 12
    assert values["fit_params"] is False
    assert values["n_ctx"] == 1024


def test_adapters_are_told_with_their_scales() -> None:
    adapters = [Adapter(path=Path("mine.gguf"), scale=0.5)]
    values = chat_parameters(MODEL, LARGE, GenerationSettings(), machine=ROOMY, adapters=adapters).values
    assert values["lora_adapters"] == [{"path": str(Path("mine.gguf").resolve()), "scale": 0.5}]


@pytest.mark.parametrize(("name", "value"), [("gpus", "first"), ("gpu_shares", ("much",))])
def test_gpus_are_given_by_their_numbers(name: str, value: object) -> None:
    settings = dataclasses.replace(GenerationSettings(), **{name: value})  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="lists of numbers"):
        chat_parameters(MODEL, LARGE, settings, machine=ROOMY)


def test_a_quantised_cache_needs_flash_attention() -> None:
    values = chat_parameters(MODEL, LARGE, GenerationSettings(cache_type="q8_0"), machine=ROOMY).values
    assert values["cache_type_v"] == "GGML_TYPE_Q8_0"
    assert values["flash_attn_type"] == "LLAMA_FLASH_ATTN_TYPE_AUTO"


def test_only_a_model_without_a_template_gets_ours() -> None:
    base = dataclasses.replace(LARGE, chat_template="")
    assert "chat_template" not in chat_parameters(MODEL, LARGE, GenerationSettings(), machine=ROOMY).values
    values = chat_parameters(MODEL, base, GenerationSettings(), machine=ROOMY).values
    assert values["chat_template"] == BASE_MODEL_TEMPLATE


@pytest.mark.parametrize(
    ("trained", "memory_gib", "cache_type", "context"),
    [
        (131072, 64, "f16", DEFAULT_CONTEXT),
        (4096, 64, "f16", 4096),
        (512, 64, "f16", 512),
        (None, 64, "f16", DEFAULT_CONTEXT),
        # 5 GiB of weights, 0.75 for the rest; then half a GiB of cache holds 4096 tokens, and so on down.
        (131072, 6.26, "f16", 4096),
        (131072, 6.13, "f16", 3072),
        (131072, 6.03, "q8_0", 4096),
        (131072, 3, "f16", 2048),
        (512, 3, "f16", 512),
    ],
)
def test_the_context_fits_the_model_and_the_memory(
    trained: int | None, memory_gib: float, cache_type: str, context: int
) -> None:
    info = dataclasses.replace(LARGE, context_length=trained)
    machine = Machine(cores=4, available_memory=int(memory_gib * GIB))
    settings = dataclasses.replace(GenerationSettings(), cache_type=cache_type)  # type: ignore[arg-type]
    assert fit_context(info, settings, machine=machine) == context


def test_a_context_that_is_set_stops_at_what_the_model_was_trained_for() -> None:
    info = dataclasses.replace(LARGE, context_length=4096)
    assert fit_context(info, GenerationSettings(context_tokens=100_000), machine=ROOMY) == 4096


def test_an_encoder_reads_its_longest_text_in_one_batch() -> None:
    info = dataclasses.replace(LARGE, architecture="bert", context_length=512, chat_template="")
    values = embedding_parameters(MODEL, info, machine=ROOMY, pooling="cls").values
    assert (values["n_ctx"], values["n_batch"], values["n_ubatch"]) == (512, 512, 512)
    assert values["embedding"] is True
    assert values["pooling_type"] == "LLAMA_POOLING_TYPE_CLS"
    unspecified = embedding_parameters(MODEL, info, machine=ROOMY).values
    assert unspecified["pooling_type"] == "LLAMA_POOLING_TYPE_UNSPECIFIED"


def test_this_machine_has_cores_and_memory() -> None:
    machine = Machine.here()
    assert machine.cores >= 1
    assert machine.available_memory > 2**20


@pytest.mark.parametrize(
    ("text", "cores"), [("150000 100000", 1), ("400000 100000", 4), ("50000 100000", 1), ("max 100000", 0), ("", 0)]
)
def test_a_container_may_allow_fewer_cores(tmp_path: Path, text: str, cores: int) -> None:
    file = tmp_path / "cpu.max"
    assert container_quota(file) == 0
    file.write_text(text)
    assert container_quota(file) == cores
