from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type

from bunko.errors import DiskFull, ModelNotFound, UsageError
from bunko.models import LocalModel, cache, read_gguf, resolve
from bunko.models.fingerprints import fingerprint_of
from bunko.models.gguf.faster_copy import faster_copy, make_faster_copy
from bunko.models.gguf.header import read_layout
from bunko.models.gguf.requantise import to_q8_0
from bunko.models.inventory import optimise, remove, show_model, undo_optimise
from bunko.settings import Settings

CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache_dir=str(tmp_path / "cache"))


def write_model(path: Path, kind: Type, *, seed: int = 0) -> Path:
    """Write a file whose tensors have one type, except for a norm."""
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(512)
    writer.add_chat_template(CHATML)
    writer.add_token_list(["a", "b"])
    for name, rows in (("token_embd.weight", 7), ("blk.0.ffn_up.weight", 33)):
        weights = random.normal(size=(rows, 64)).astype(np.float32)
        weights[0] = 0
        writer.add_tensor(name, gguf.quants.quantize(weights, kind), raw_dtype=kind)
    writer.add_tensor("output_norm.weight", np.ones(64, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("kind", [Type.Q4_1, Type.Q5_0, Type.Q5_1])
def test_blocks_become_what_the_gguf_package_makes_of_them(kind: Type) -> None:
    weights = np.random.default_rng(1).normal(size=(50, 96)).astype(np.float32)
    weights[3] = 0
    packed = gguf.quants.quantize(weights, kind)
    expected = gguf.quants.quantize(gguf.quants.dequantize(packed, kind), Type.Q8_0)
    assert np.array_equal(to_q8_0(packed.reshape(-1), type_number=int(kind)), expected.reshape(-1))


def test_a_copy_differs_in_its_slow_tensors_alone(tmp_path: Path, settings: Settings) -> None:
    path = write_model(tmp_path / "m.gguf", Type.Q4_1)
    copy = make_faster_copy(path, settings)
    assert copy.made
    assert read_gguf(copy.path).chat_template == CHATML
    assert read_layout(copy.path).metadata.endswith(read_layout(path).metadata)
    before, after = gguf.GGUFReader(path), gguf.GGUFReader(copy.path)
    assert [tensor.name for tensor in after.tensors] == [tensor.name for tensor in before.tensors]
    for old, new in zip(before.tensors, after.tensors, strict=True):
        if old.tensor_type == Type.Q4_1:
            assert new.tensor_type == Type.Q8_0
            expected = gguf.quants.quantize(gguf.quants.dequantize(old.data, Type.Q4_1), Type.Q8_0)
            assert np.array_equal(new.data, expected)
        else:
            assert np.array_equal(new.data, old.data)


def test_a_copy_is_used_by_itself_until_its_original_changes(tmp_path: Path, settings: Settings) -> None:
    path = write_model(tmp_path / "m.gguf", Type.Q4_1)
    assert file_of(path, settings) == path
    fingerprint = fingerprint_of(str(path), settings=settings)
    copy = optimise(str(path), settings=settings).path
    assert fingerprint_of(str(path), settings=settings) != fingerprint  # what was answered before may differ now
    assert file_of(path, settings) == copy
    assert show_model(str(path), settings).files[0].faster_copy == copy
    assert not optimise(str(path), settings=settings).made
    write_model(path, Type.Q4_1, seed=1)
    os.utime(path, ns=(0, 0))
    assert file_of(path, settings) == path
    assert optimise(str(path), settings=settings).made
    assert file_of(path, settings) == copy
    assert undo_optimise(str(path), settings=settings).bytes_freed > 0
    assert file_of(path, settings) == path
    with pytest.raises(ModelNotFound, match="no faster copy"):
        undo_optimise(str(path), settings=settings)


def test_a_quick_model_is_left_as_it_is(tmp_path: Path, settings: Settings) -> None:
    path = write_model(tmp_path / "m.gguf", Type.Q8_0)
    with pytest.raises(UsageError, match="would not be faster"):
        optimise(str(path), settings=settings)
    assert not Path(settings.cache_dir).exists()


def test_what_a_killed_run_left_is_not_used_and_is_replaced(tmp_path: Path, settings: Settings) -> None:
    path = write_model(tmp_path / "m.gguf", Type.Q4_1)
    whole = make_faster_copy(path, settings).path
    part = whole.with_name(whole.name + ".part")
    part.write_bytes(whole.read_bytes()[:-100])
    whole.unlink()
    assert faster_copy(path, settings) is None
    make_faster_copy(path, settings)
    assert faster_copy(path, settings) == whole
    assert not part.exists()


def test_an_interrupt_leaves_nothing(tmp_path: Path, settings: Settings) -> None:
    path = write_model(tmp_path / "m.gguf", Type.Q4_1)

    @contextmanager
    def interrupt(what: str, *, total: int | None, done: int = 0) -> Iterator[Callable[[int], object]]:
        def advance(count: int) -> None:
            raise KeyboardInterrupt

        yield advance

    with pytest.raises(KeyboardInterrupt):
        make_faster_copy(path, settings, progress=interrupt)
    assert not any(path.is_file() and ".gguf" in path.name for path in Path(settings.cache_dir).rglob("*"))


def test_a_full_disk_is_noticed_before_anything_is_written(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_model(tmp_path / "m.gguf", Type.Q4_1)
    monkeypatch.setattr(cache, "_SPARE_BYTES", 2**60)
    with pytest.raises(DiskFull):
        make_faster_copy(path, settings)
    assert not any(path.is_file() and ".gguf" in path.name for path in Path(settings.cache_dir).rglob("*"))


def test_the_copy_of_a_download_is_removed_with_it(settings: Settings) -> None:
    directory = cache.model_directory(settings, "hf:owner/repo/x.gguf")
    directory.mkdir(parents=True)
    write_model(directory / "x.gguf", Type.Q4_1)
    assert optimise("hf:owner/repo/x.gguf", settings=settings).path.parent == directory
    remove("hf:owner/repo/x.gguf", settings=settings)
    assert not directory.exists()


def file_of(path: Path, settings: Settings) -> Path:
    model = resolve(str(path), kind="chat", settings=settings)
    assert isinstance(model, LocalModel)
    return model.files["model"]
