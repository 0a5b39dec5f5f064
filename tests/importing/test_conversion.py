"""Folders made with transformers are converted, quantised and run by the engine, with the same numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from bunko.errors import ModelBroken, UsageError
from bunko.importing.divergence import divergence
from bunko.models.gguf.header import read_gguf, read_layout
from bunko.settings import Settings
from tests.importing.support import PROMPT, TOLERANCE, apart, expected, found, make
from tests.importing.tiny_folder import ARCHITECTURES, TEMPLATE, make_folder

pytestmark = pytest.mark.conversion
pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_sixteen_bits_say_what_transformers_says(architecture: str, tmp_path: Path, settings: Settings) -> None:
    model = make_folder(tmp_path / "folder", architecture)
    made = make(tmp_path / "folder", settings, "tiny", kind="F16")
    info = read_gguf(made.path)
    assert (info.architecture, info.quantisation, info.licence) == (architecture, "F16", "apache-2.0")
    assert info.chat_template == TEMPLATE
    assert apart(expected(model, PROMPT), found(made.path, settings, PROMPT)) < TOLERANCE

    small = make(made.path, settings, "small", kind="Q4_K_M")
    assert small.path.stat().st_size < 0.6 * made.path.stat().st_size  # a third of it is vocabulary here
    far = divergence(found(made.path, settings, PROMPT), found(small.path, settings, PROMPT))
    assert 0 < far.mean < 0.25
    assert far.left_over < 1e-3


def test_shards_are_one_model_and_the_report_is_good(tmp_path: Path, settings: Settings) -> None:
    make_folder(tmp_path / "folder", "llama", shard="1MB")
    assert len(list((tmp_path / "folder").glob("*.safetensors"))) > 1
    made = make(tmp_path / "folder", settings, "tiny", kind="q8_0", checks=True)
    checks = made.report["checks"]
    assert checks["template"]["findings"] == []
    assert checks["tokenizer"]["findings"] == []
    assert "by the original tokenizer" in checks["tokenizer"]["summary"]
    assert 0 <= checks["quality"]["kl_mean"] < 0.01
    assert math.isclose(checks["quality"]["perplexity"], checks["quality"]["reference_perplexity"], rel_tol=0.05)
    assert checks["speed"]["writing_per_second"] > 0
    assert all(each["measured"] for each in checks["memory"])


def test_an_unknown_architecture_is_named(tmp_path: Path, settings: Settings) -> None:
    make_folder(tmp_path / "folder", "llama")
    config = json.loads((tmp_path / "folder" / "config.json").read_text(encoding="utf-8"))
    config |= {"architectures": ["WindmillForCausalLM"], "model_type": "windmill"}
    (tmp_path / "folder" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelBroken, match="does not know the architecture WindmillForCausalLM") as raised:
        make(tmp_path / "folder", settings, "tiny")
    assert "Llama" in raised.value.hint and "upgrade" in raised.value.hint


def test_a_wrong_shape_is_named(tmp_path: Path, settings: Settings) -> None:
    import safetensors.torch
    import torch

    make_folder(tmp_path / "folder", "llama")
    file = tmp_path / "folder" / "model.safetensors"
    weights = safetensors.torch.load_file(file)
    weights["model.layers.1.mlp.windmill.weight"] = torch.zeros(4, 4)
    safetensors.torch.save_file(weights, file)
    with pytest.raises(ModelBroken, match="weights that its architecture does not have"):
        make(tmp_path / "folder", settings, "tiny")


def test_a_tokenizer_with_more_tokens_than_the_model_is_named(tmp_path: Path, settings: Settings) -> None:
    make_folder(tmp_path / "folder", "llama")
    file = tmp_path / "folder" / "tokenizer.json"
    tree = json.loads(file.read_text(encoding="utf-8"))
    tree["added_tokens"].append({**tree["added_tokens"][0], "id": 5000, "content": "<|windmill|>"})
    file.write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises(ModelBroken, match="more tokens than the model") as raised:
        make(tmp_path / "folder", settings, "tiny")
    assert "resize_token_embeddings" in raised.value.hint


def test_keeping_needs_an_adapter(tmp_path: Path, settings: Settings) -> None:
    make_folder(tmp_path / "folder", "llama")
    with pytest.raises(UsageError, match="is not an adapter"):
        make(tmp_path / "folder", settings, "tiny", keep_adapter=True)


def test_nothing_of_the_folder_is_run(tmp_path: Path, settings: Settings) -> None:
    make_folder(tmp_path / "folder", "llama")
    ran = tmp_path / "ran"
    for name in ("tokenizer.py", "modeling_tiny.py", "sitecustomize.py", "torch.py", "gguf.py", "json.py"):
        (tmp_path / "folder" / name).write_text(f"open({str(ran)!r}, 'w')", encoding="utf-8")
    made = make(tmp_path / "folder", settings, "tiny", kind="F16")
    assert read_layout(made.path).tensors and not ran.exists()
