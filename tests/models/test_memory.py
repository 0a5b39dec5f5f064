from __future__ import annotations

from pathlib import Path

import pytest

from bunko.errors import ModelTooLarge
from bunko.hardware import memory as hardware_memory
from bunko.models import LocalModel, check_memory, memory, read_gguf
from tests.models.support import write_gguf


@pytest.fixture
def model(tmp_path: Path) -> LocalModel:
    path = write_gguf(tmp_path / "x.gguf")
    return LocalModel(
        name="x", kind="chat", engine="gguf", files={"model": path}, languages=frozenset(), info=read_gguf(path)
    )


def machine_with(total: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        memory, "machine_memory", lambda: hardware_memory.MachineMemory(total=total, available=total // 2)
    )


def test_weights_and_cache_are_added_up(model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    machine_with(10**9, monkeypatch)
    need = check_memory(model, context_tokens=1000)
    assert need.weights == model.files["model"].stat().st_size
    assert need.kv_cache == 1000 * 256
    assert check_memory(model, context_tokens=1000, cache_type="q8_0").kv_cache == need.kv_cache * 34 // 64


def test_only_what_exceeds_all_memory_is_refused(model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    total = check_memory(model, context_tokens=1000).total
    machine_with(total, monkeypatch)  # more than what is available now, but there
    check_memory(model, context_tokens=1000)
    machine_with(total - 1, monkeypatch)
    check_memory(model, context_tokens=1000, gpu_bytes=1)
    with pytest.raises(ModelTooLarge, match="1,000 tokens") as caught:
        check_memory(model, context_tokens=1000)
    assert "smaller context" in caught.value.hint
    machine_with(10, monkeypatch)
    with pytest.raises(ModelTooLarge) as caught:
        check_memory(model, context_tokens=1000)
    assert "smaller model" in caught.value.hint


def test_a_containers_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit, unlimited = tmp_path / "memory.max", tmp_path / "unlimited"
    limit.write_text("1048576\n")
    unlimited.write_text("max\n")
    monkeypatch.setattr(hardware_memory, "_CGROUP_LIMITS", (unlimited, tmp_path / "missing"))
    assert hardware_memory.machine_memory().total > 2**20
    monkeypatch.setattr(hardware_memory, "_CGROUP_LIMITS", (limit, unlimited))
    assert hardware_memory.machine_memory() == hardware_memory.MachineMemory(total=2**20, available=2**20)
