from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bunko.errors import ModelBroken, ModelNotFound
from bunko.models import read_gguf
from tests.models.support import CHATML, write_gguf


@pytest.fixture(scope="module")
def chat_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "chat.gguf")


def test_a_chat_model_is_described(chat_file: Path) -> None:
    info = read_gguf(chat_file)
    assert (info.kind, info.architecture, info.name, info.licence) == ("chat", "llama", "Tiny", "mit")
    assert (info.quantisation, info.chat_template) == ("Q8_0", CHATML)
    assert (info.context_length, info.embedding_length, info.block_count) == (512, 64, 4)
    assert (info.vocabulary_size, info.tensor_count) == (100, 2)
    assert info.parameters == 100 * 64 + 64
    assert info.has_bos
    assert info.has_eos
    assert info.pooling_type is None
    assert info.file_bytes == chat_file.stat().st_size


@pytest.mark.parametrize(
    ("architecture", "template", "pooling", "kind"),
    [
        ("llama", "", None, "base"),
        ("llama", CHATML, None, "chat"),
        ("llama", CHATML, 0, "chat"),
        ("qwen3", CHATML, 3, "embedding"),
        ("bert", "", 1, "embedding"),
        ("nomic-bert", "", None, "embedding"),
        ("bert", "", 4, "reranker"),
    ],
)
def test_the_kind_is_found(tmp_path: Path, architecture: str, template: str, pooling: int | None, kind: str) -> None:
    path = write_gguf(tmp_path / "x.gguf", architecture=architecture, chat_template=template, pooling=pooling)
    assert read_gguf(path).kind == kind


def test_the_cache_grows_with_the_context_and_its_type(chat_file: Path) -> None:
    info = read_gguf(chat_file)
    per_token = 4 * 2 * (8 + 8) * 2  # layers, heads, a key and a value of 64 / 8 elements each, bytes
    assert info.kv_cache_bytes(1000) == 1000 * per_token
    assert info.kv_cache_bytes(1000, 1.0625) == pytest.approx(1000 * per_token * 1.0625 / 2)


def test_the_cache_counts_each_layers_heads(tmp_path: Path) -> None:
    info = read_gguf(write_gguf(tmp_path / "hybrid.gguf", heads_kv=[0, 0, 2, 4]))
    assert info.kv_cache_bytes(10) == 10 * (2 + 4) * (8 + 8) * 2


def test_a_sliding_window_bounds_the_cache(tmp_path: Path) -> None:
    gemma = read_gguf(write_gguf(tmp_path / "gemma.gguf", architecture="gemma2", sliding_window=128))
    # every second layer of four sees everything, the others 128 tokens
    assert gemma.kv_cache_bytes(1000) == (2 * 1000 + 2 * 128) * 2 * (8 + 8) * 2


def test_a_large_vocabulary_is_stepped_over(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "large.gguf", vocabulary=70_000)
    assert read_gguf(path).vocabulary_size == 70_000


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound):
        read_gguf(tmp_path / "none.gguf")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a GGUF"),
        (b"<!DOCTYPE html>", "not a GGUF"),
        (b"GGUF", "truncated"),
        (struct.pack("<4sIQQ", b"GGUF", 1, 0, 0), "version 1"),
        (struct.pack(">4sIQQ", b"GGUF", 3, 0, 0), "version"),
        (struct.pack("<4sIQQ", b"GGUF", 3, 0, 0), "architecture"),
        (struct.pack("<4sIQQ", b"GGUF", 3, 2**63, 0), "tensors"),
        (struct.pack("<4sIQQ", b"GGUF", 3, 0, 2**63), "keys"),
        # a key of 2^62 bytes; an array of 2^62 strings; an array within an array
        (struct.pack("<4sIQQQ", b"GGUF", 3, 0, 1, 2**62), "a string of"),
        (struct.pack("<4sIQQQ1sIIQ", b"GGUF", 3, 0, 1, 1, b"k", 9, 8, 2**62), "truncated"),
        (struct.pack("<4sIQQQ1sIIQ", b"GGUF", 3, 0, 1, 1, b"k", 9, 4, 2**62), "truncated"),
        (struct.pack("<4sIQQQ1sIIQ", b"GGUF", 3, 0, 1, 1, b"k", 9, 9, 2**62), "unknown type"),
    ],
)
def test_an_unusable_file_is_refused_at_once(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelBroken, match=words) as caught:
        read_gguf(path)
    assert caught.value.hint


def test_missing_tensor_data_is_counted(tmp_path: Path, chat_file: Path) -> None:
    whole = chat_file.read_bytes()
    info = read_gguf(chat_file)
    assert info.expected_bytes is not None
    path = tmp_path / "cut.gguf"
    path.write_bytes(whole[: info.expected_bytes])
    read_gguf(path)  # the padding behind the last tensor may be missing
    path.write_bytes(whole[: info.expected_bytes - 10])
    with pytest.raises(ModelBroken, match=r"truncated: 10 of"):
        read_gguf(path)


def test_a_tensor_of_unknown_type_leaves_the_size_open(tmp_path: Path, chat_file: Path) -> None:
    content = chat_file.read_bytes()
    name = content.index(b"output_norm.weight")
    kind = name + len("output_norm.weight") + 4 + 8  # after the number of dimensions and the one dimension
    path = tmp_path / "new.gguf"
    path.write_bytes(content[:kind] + struct.pack("<I", 999) + content[kind + 4 :])
    assert read_gguf(path).expected_bytes is None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_truncation_anywhere_is_found(tmp_path: Path, chat_file: Path, data: st.DataObject) -> None:
    whole = chat_file.read_bytes()
    expected = read_gguf(chat_file).expected_bytes
    assert expected is not None
    path = tmp_path / "cut.gguf"
    path.write_bytes(whole[: data.draw(st.integers(0, expected - 1))])
    with pytest.raises(ModelBroken):
        read_gguf(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_headers_raise_nothing_else(tmp_path: Path, chat_file: Path, data: st.DataObject) -> None:
    """Random bytes after the magic, or a real header with some bytes overwritten."""
    real = chat_file.read_bytes()
    if data.draw(st.booleans()):
        content = b"GGUF\3\0\0\0" + data.draw(st.binary(max_size=400))
    else:
        place = data.draw(st.integers(4, 4000))
        damage = data.draw(st.binary(min_size=1, max_size=16))
        content = real[:place] + damage + real[place + len(damage) :]
    path = tmp_path / "damaged.gguf"
    path.write_bytes(content)
    try:
        info = read_gguf(path)
    except ModelBroken:
        return
    assert info.kv_cache_bytes(4096) >= 0
    assert info.kind in ("chat", "base", "embedding", "reranker")
