"""What the engine is told on machines with GPUs, described here: none was at hand."""

from __future__ import annotations

import dataclasses
import json
import os
from enum import Enum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.engine.gpus import RESERVE, Gpu, GpuWish, found_gpus, gpu_values, layers_that_fit, visible_gpus
from bunko.engine.logs import offloaded_layers
from bunko.engine.parameters import chat_parameters
from bunko.models.gguf.adapters import Adapter
from bunko.settings import GenerationSettings, Settings, apply_overrides
from tests.engine.test_parameters import GIB, LARGE, ROOMY

CUDA = Gpu(name="CUDA0", description="NVIDIA GeForce RTX 3060", free=11 * GIB, total=12 * GIB)
SECOND = Gpu(name="CUDA1", description="NVIDIA GeForce RTX 3060", free=3 * GIB, total=12 * GIB)
ON_ANY_GPU = {
    "flash_attn_type": "LLAMA_FLASH_ATTN_TYPE_AUTO",
    "n_batch": 512,
    "n_ubatch": 512,
    "no_kv_offload": False,
    "split_mode": "LLAMA_SPLIT_MODE_LAYER",
    "main_gpu": 0,
    "verbosity": 4,
}


class Kind(Enum):
    """As the binding has it."""

    GGML_BACKEND_DEVICE_TYPE_CPU = 0
    GGML_BACKEND_DEVICE_TYPE_GPU = 1
    GGML_BACKEND_DEVICE_TYPE_IGPU = 2
    GGML_BACKEND_DEVICE_TYPE_ACCEL = 3


def device(name: str, kind: str, gibibytes: int = 8) -> dict[str, object]:
    size = gibibytes * GIB
    type_ = Kind[f"GGML_BACKEND_DEVICE_TYPE_{kind}"]
    return {"name": name, "description": f"a {name}", "memory_free": size, "memory_total": size, "type": type_}


def told(gpus: list[Gpu], **changed: object) -> dict[str, object]:
    """Return all that the engine is told of an 8-billion-parameter model with these settings on these GPUs."""
    settings = apply_overrides(Settings(), {f"generation.{name}": value for name, value in changed.items()})
    parameters = chat_parameters(Path("model.gguf"), LARGE, settings.generation, machine=ROOMY)
    assert parameters.gpu is not None
    return {**parameters.values, **gpu_values(parameters.gpu, gpus)}


def test_without_a_gpu_the_engine_is_told_nothing_of_it() -> None:
    assert gpu_values(GpuWish(), []) == {}
    plain = chat_parameters(Path("model.gguf"), LARGE, GenerationSettings(), machine=ROOMY).values
    assert told([]) == plain


@pytest.mark.parametrize("gpus", [[CUDA], [CUDA, SECOND]])
def test_by_default_the_engine_fits_the_layers_to_the_free_memory(gpus: list[Gpu]) -> None:
    values = told(gpus)
    assert ON_ANY_GPU.items() <= values.items()
    assert (values["n_gpu_layers"], values["fit_params"]) == (-1, True)
    assert "tensor_split" not in values
    assert values["n_ctx"] == 4096


def test_a_number_of_layers_is_taken_as_it_is() -> None:
    values = told([CUDA], gpu_layers=12)
    assert (values["n_gpu_layers"], values["fit_params"]) == (12, False)


def test_with_no_layers_wanted_all_gpus_are_hidden() -> None:
    values = told([CUDA], gpu_layers=0)
    assert values["n_gpu_layers"] == 0
    assert values["flash_attn_type"] == "LLAMA_FLASH_ATTN_TYPE_DISABLED"
    assert set(visible_gpus(GpuWish(layers=0)).values()) == {""}
    assert visible_gpus(GpuWish()) == visible_gpus(None) == {}


def test_gpus_are_chosen_by_their_numbers() -> None:
    parameters = chat_parameters(Path("m.gguf"), LARGE, GenerationSettings(gpus="0, 2"), machine=ROOMY)
    assert visible_gpus(parameters.gpu) == {
        "CUDA_VISIBLE_DEVICES": "0,2",
        "HIP_VISIBLE_DEVICES": "0,2",
        "GGML_VK_VISIBLE_DEVICES": "0,2",
    }


def test_shares_are_passed_on_and_the_layers_counted_since_the_engine_then_fits_none() -> None:
    values = told([CUDA, SECOND], gpu_shares="1,1")
    assert values["tensor_split"] == [1.0, 1.0]
    assert values["fit_params"] is False
    # The second GPU has 2 GiB to give; as much goes to the first. A layer is 155 MiB and 16 MiB of cache.
    assert values["n_gpu_layers"] == 23 == 4 * GIB // (5 * GIB // 33 + 16 * 2**20)
    assert told([CUDA, SECOND], gpu_shares="3,1")["n_gpu_layers"] == 33
    # One GPU has nothing to share.
    assert "tensor_split" not in told([CUDA], gpu_shares="3,1")
    assert told([CUDA, SECOND], gpu_shares="1")["tensor_split"] == [1.0, 0.0]


def test_rows_are_counted_too_and_a_single_gpu_is_fitted() -> None:
    rows = told([CUDA, SECOND], gpu_split="row")
    assert (rows["split_mode"], rows["fit_params"], rows["n_gpu_layers"]) == ("LLAMA_SPLIT_MODE_ROW", False, 33)
    single = told([CUDA, SECOND], gpu_split="none")
    assert (single["split_mode"], single["fit_params"], single["main_gpu"]) == ("LLAMA_SPLIT_MODE_NONE", True, 0)


def test_a_quantised_cache_lies_on_the_gpu_with_flash_attention() -> None:
    values = told([CUDA], cache_type="q8_0")
    assert (values["cache_type_k"], values["no_kv_offload"]) == ("GGML_TYPE_Q8_0", False)
    assert values["flash_attn_type"] == "LLAMA_FLASH_ATTN_TYPE_AUTO"


def test_an_integrated_gpu_counts_only_where_there_is_no_other() -> None:
    devices = [device("CPU", "CPU"), device("Vulkan0", "IGPU"), device("BLAS", "ACCEL")]
    assert [gpu.name for gpu in found_gpus(devices)] == ["Vulkan0"]
    assert [gpu.name for gpu in found_gpus([*devices, device("CUDA0", "GPU")])] == ["CUDA0"]
    assert found_gpus([device("CPU", "CPU")]) == []


@given(
    free=st.lists(st.integers(0, 96 * GIB), min_size=1, max_size=4),
    shares=st.lists(st.floats(0, 10), max_size=4),
    layers=st.integers(1, 100),
    size=st.integers(2**20, 2 * GIB),
)
def test_what_is_counted_always_fits(free: list[int], shares: list[float], layers: int, size: int) -> None:
    gpus = [Gpu(name=f"CUDA{n}", description="", free=one, total=one) for n, one in enumerate(free)]
    wish = GpuWish(shares=shares, model_layers=layers, layer_bytes=size)
    fitting = layers_that_fit(wish, gpus)
    assert 0 <= fitting <= layers
    assert fitting * size <= sum(max(0, one - RESERVE) for one in free)


def test_the_log_tells_how_many_layers_went_to_the_gpu() -> None:
    assert offloaded_layers(["0.1 I load_tensors: offloaded 12/33 layers to GPU"]) == "12 of 33 layers"
    assert offloaded_layers(["nothing"]) == ""


def test_the_bindings_own_parameters_take_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child's own code sets the real binding's parameters; only the devices and the server are made up."""
    import xllamacpp

    from bunko.engine import child

    kinds = xllamacpp.ggml_backend_dev_type
    devices = [
        {**device("CPU", "CPU"), "type": kinds.GGML_BACKEND_DEVICE_TYPE_CPU},
        {**device("CUDA0", "GPU", 11), "type": kinds.GGML_BACKEND_DEVICE_TYPE_GPU},
        {**device("CUDA1", "GPU", 3), "type": kinds.GGML_BACKEND_DEVICE_TYPE_GPU},
    ]
    monkeypatch.setattr(xllamacpp, "get_device_info", lambda: devices)
    monkeypatch.setattr(xllamacpp, "Server", lambda params: params)
    for name in visible_gpus(GpuWish(layers=0)):
        monkeypatch.setenv(name, "")  # put back after the test
    settings = GenerationSettings(gpus="0,1", gpu_shares=("3", "1"), gpu_split="row")
    adapters = [Adapter(path=tmp_path / "mine.gguf", scale=0.5)]
    parameters = chat_parameters(Path("m.gguf"), LARGE, settings, machine=ROOMY, adapters=adapters)
    assert parameters.gpu is not None
    request = {"values": dict(parameters.values), "gpu": dataclasses.asdict(parameters.gpu)}
    params, names = child._serve(json.loads(json.dumps(request)))
    assert names == ["CUDA0", "CUDA1"]
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert params.tensor_split[:3] == [3.0, 1.0, 0.0]
    assert params.split_mode == xllamacpp.llama_split_mode.LLAMA_SPLIT_MODE_ROW
    assert params.flash_attn_type == xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_AUTO
    assert (params.n_gpu_layers, params.fit_params, params.n_ubatch, params.no_kv_offload) == (33, False, 512, False)
    assert [(adapter.path, adapter.scale) for adapter in params.lora_adapters] == [(str(tmp_path / "mine.gguf"), 0.5)]
    default = chat_parameters(Path("m.gguf"), LARGE, GenerationSettings(), machine=ROOMY)
    assert default.gpu is not None
    params, _ = child._serve({"values": dict(default.values), "gpu": dataclasses.asdict(default.gpu)})
    assert (params.n_gpu_layers, params.fit_params, set(params.tensor_split)) == (-1, True, {0.0})
    none = chat_parameters(Path("m.gguf"), LARGE, GenerationSettings(gpu_layers=0), machine=ROOMY)
    assert none.gpu is not None
    params, names = child._serve({"values": dict(none.values), "gpu": dataclasses.asdict(none.gpu)})
    assert (params.n_gpu_layers, names, os.environ["CUDA_VISIBLE_DEVICES"]) == (0, [], "")
