"""Which inputs can be imported, and why others are refused. No torch: the folders are written by hand."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bunko.errors import ModelBroken, ModelNotFound, UsageError
from bunko.importing.sources import AdapterFolder, GgufFile, ModelFolder, examine
from tests.tiny_gguf import make_chat_gguf

CONFIG = {"architectures": ["LlamaForCausalLM"], "hidden_size": 4, "vocab_size": 8, "model_type": "llama"}


def write_safetensors(path: Path, shapes: Mapping[str, tuple[int, ...]], *, cut: int = 0) -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, shape in shapes.items():
        size = 4
        for length in shape:
            size *= length
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    data = struct.pack("<Q", len(text)) + text + bytes(offset)
    path.write_bytes(data[: len(data) - cut])


def _folder(path: Path, *, config: Mapping[str, Any] = CONFIG) -> Path:
    path.mkdir()
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (path / "tokenizer.json").write_text("{}", encoding="utf-8")
    write_safetensors(path / "model.safetensors", {"model.embed_tokens.weight": (8, 4), "lm_head.weight": (8, 4)})
    return path


def _index(path: Path, places: Mapping[str, str]) -> None:
    (path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}), encoding="utf-8")


def _adapter(path: Path, base: str, **config: object) -> Path:
    path.mkdir()
    whole = {"peft_type": "LORA", "base_model_name_or_path": base, "r": 2, "lora_alpha": 4, "bias": "none", **config}
    (path / "adapter_config.json").write_text(json.dumps(whole), encoding="utf-8")
    write_safetensors(path / "adapter_model.safetensors", {"base_model.model.lm_head.lora_A.weight": (2, 4)})
    return path


def test_a_folder_a_file_and_an_adapter_are_known(tmp_path: Path) -> None:
    folder = examine(_folder(tmp_path / "folder"))
    assert isinstance(folder, ModelFolder)
    assert (folder.architecture, folder.weights) == ("LlamaForCausalLM", 64)
    adapter = examine(_adapter(tmp_path / "adapter", str(tmp_path / "folder")))
    assert isinstance(adapter, AdapterFolder)
    assert adapter.base.path == tmp_path / "folder"
    assert isinstance(examine(make_chat_gguf(tmp_path / "tiny.gguf")), GgufFile)


def test_shards_are_read_by_the_index(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "folder")
    (folder / "model.safetensors").unlink()
    write_safetensors(folder / "model-00001-of-00002.safetensors", {"model.embed_tokens.weight": (8, 4)})
    write_safetensors(folder / "model-00002-of-00002.safetensors", {"lm_head.weight": (8, 4)})
    _index(folder, {"model.embed_tokens.weight": "model-00001-of-00002.safetensors",
                    "lm_head.weight": "model-00002-of-00002.safetensors"})  # fmt: skip
    found = examine(folder)
    assert isinstance(found, ModelFolder) and len(found.tensors) == 2


def _no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def _missing_shard(folder: Path) -> None:
    _index(folder, {"lm_head.weight": "model-00001-of-00002.safetensors"})


def _missing_shard_without_index(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00003.safetensors")


def _shard_elsewhere(folder: Path) -> None:
    _index(folder, {"lm_head.weight": "../secret.safetensors"})


def _tensor_not_there(folder: Path) -> None:
    _index(folder, {"windmill": "model.safetensors"})


def _truncated(folder: Path) -> None:
    write_safetensors(folder / "model.safetensors", {"lm_head.weight": (8, 4)}, cut=5)


def _web_page(folder: Path) -> None:
    (folder / "model.safetensors").write_text("<html>Please sign in</html>", encoding="utf-8")


def _other_width(folder: Path) -> None:
    write_safetensors(folder / "model.safetensors", {"model.embed_tokens.weight": (8, 6)})


def _fewer_tokens(folder: Path) -> None:
    write_safetensors(folder / "model.safetensors", {"model.embed_tokens.weight": (7, 4)})


def _lying_shape(folder: Path) -> None:
    text = json.dumps({"x": {"dtype": "F32", "shape": [9, 9], "data_offsets": [0, 4]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(4))


def _pickles(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def _nothing(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def _remote_code(folder: Path) -> None:
    config = {**CONFIG, "auto_map": {"AutoModelForCausalLM": "modeling_mine.Mine"}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def _remote_tokenizer(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": ["x.Y", null]}}', encoding="utf-8")


def _packed(folder: Path) -> None:
    config = {**CONFIG, "quantization_config": {"quant_method": "bitsandbytes"}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def _no_architecture(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")


def _broken_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": ', encoding="utf-8")


def _no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


@pytest.mark.parametrize(
    ("spoil", "message", "cure"),
    [
        (_no_tokenizer, "has no tokenizer", "tokenizer.save_pretrained"),
        (_missing_shard, "1 of 1 weight files are missing .*model-00001-of-00002", "again"),
        (_missing_shard_without_index, "has only 1 of 3 weight files", "again"),
        (_shard_elsewhere, "names ../secret.safetensors", "again"),
        (_tensor_not_there, "lacks windmill", "again"),
        (_truncated, "truncated: 5 of", "again"),
        (_web_page, "not a safetensors file", "again"),
        (_other_width, "rows of 6 weights, but config.json says 4", "different models"),
        (_fewer_tokens, "has 7 tokens, but config.json says 8", "different models"),
        (_lying_shape, "does not match its shape", "again"),
        (_pickles, r"are pickles \(pytorch_model.bin\): loading them can run any code", "save_pretrained"),
        (_nothing, "has no model.safetensors", "GGUF"),
        (_remote_code, r"run the model's own program code \(auto_map\)", "GGUF"),
        (_remote_tokenizer, "tokenizer_config.json asks to run", "GGUF"),
        (_packed, r"quantised already \(bitsandbytes\)", "merged_16bit"),
        (_no_architecture, "does not name an architecture", "LlamaForCausalLM"),
        (_broken_config, "is not valid JSON", "again"),
        (_no_config, "no config.json", "folder"),
    ],
)
def test_a_broken_folder_says_what_and_what_to_do(
    spoil: Callable[[Path], None], message: str, cure: str, tmp_path: Path
) -> None:
    folder = _folder(tmp_path / "folder")
    spoil(folder)
    with pytest.raises(ModelBroken, match=message) as raised:
        examine(folder)
    assert cure in raised.value.hint


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no file or folder"):
        examine(tmp_path / "nowhere")


def test_a_pickle_by_itself(tmp_path: Path) -> None:
    (tmp_path / "model.pth").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelBroken, match="pickles"):
        examine(tmp_path / "model.pth")


def test_one_file_of_a_folder(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "folder")
    with pytest.raises(UsageError, match="one file of a model"):
        examine(folder / "model.safetensors")


def test_a_base_is_for_adapters_only(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not an adapter"):
        examine(_folder(tmp_path / "folder"), base=tmp_path)


def test_an_adapter_without_its_base_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    adapter = _adapter(tmp_path / "adapter", "somebody/windmill-1b")
    with pytest.raises(ModelNotFound, match="somebody/windmill-1b") as raised:
        examine(adapter)
    assert "--base" in raised.value.hint
    named = examine(adapter, base=_folder(tmp_path / "folder"))
    assert isinstance(named, AdapterFolder)


def test_a_base_in_the_hubs_cache_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    place = tmp_path / "hub" / "hub" / "models--somebody--windmill-1b" / "snapshots"
    place.mkdir(parents=True)
    _folder(place / "abc")
    found = examine(_adapter(tmp_path / "adapter", "somebody/windmill-1b"))
    assert isinstance(found, AdapterFolder) and found.base.path == place / "abc"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"peft_type": "IA3"}, "of the type IA3"),
        ({"use_dora": True}, "use_dora"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"bias": "all"}, "bias=all"),
    ],
)
def test_adapters_that_are_more_than_lora(config: Mapping[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match=message):
        examine(_adapter(tmp_path / "adapter", "x", **config))


def test_an_adapter_in_a_pickle(tmp_path: Path) -> None:
    adapter = _adapter(tmp_path / "adapter", "x")
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    with pytest.raises(ModelBroken, match="pickles"):
        examine(adapter)
