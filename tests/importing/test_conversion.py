"""Real folders made with transformers, converted, quantised and run by the engine: are the numbers the same?"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bunko.errors import ModelBroken, UsageError
from bunko.importing.divergence import divergence
from bunko.importing.making import Wishes, import_model
from bunko.importing.trial import Next, trying
from bunko.models.gguf_header import read_gguf, read_layout
from bunko.models.imported import ImportedModel
from bunko.settings import Settings
from tests.importing.tiny_folder import ARCHITECTURES, TEMPLATE, make_adapter, make_folder

pytestmark = pytest.mark.conversion
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

# Weights have 11 bits in a 16-bit file, and both engines add in another order.
_TOLERANCE = 0.06
_PROMPT = [5, 60, 17, 100, 42, 8, 200, 33, 90, 150, 12, 77]


def _import(source: Path, settings: Settings, name: str, **wishes: Any) -> ImportedModel:
    wanted = Wishes(source=source, name=name, checks=False)
    return import_model(replace(wanted, **wishes), settings=settings)


def _expected(model: Any, tokens: Sequence[int]) -> list[Next]:
    """Return what transformers says comes next after each token."""
    with torch.no_grad():
        logs = torch.log_softmax(model(torch.tensor([list(tokens)])).logits[0].double(), dim=-1)
    places = []
    for row in logs:
        order = torch.argsort(row, descending=True).tolist()
        places.append(Next(tokens=tuple(order), logs=tuple(float(row[token]) for token in order)))
    return places


def _found(path: Path, settings: Settings, tokens: Sequence[int]) -> list[Next]:
    with trying(path, settings, context_tokens=256) as trial:
        return [trial.next_tokens(tokens[: end + 1], count=1000) for end in range(len(tokens))]


def _apart(expected: Sequence[Next], found: Sequence[Next]) -> float:
    """Return the largest difference of a logarithm among each place's 50 likeliest tokens."""
    worst = 0.0
    for mine, theirs in zip(expected, found, strict=True):
        known = dict(zip(theirs.tokens, theirs.logs, strict=True))
        worst = max(worst, *(abs(log - known[token]) for token, log in zip(mine.tokens[:50], mine.logs, strict=False)))
    return worst


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_sixteen_bits_say_what_transformers_says(architecture: str, tmp_path: Path, settings: Settings) -> None:
    model = make_folder(tmp_path / "folder", architecture)
    made = _import(tmp_path / "folder", settings, "tiny", kind="F16")
    info = read_gguf(made.path)
    assert (info.architecture, info.quantisation, info.licence) == (architecture, "F16", "apache-2.0")
    assert info.chat_template == TEMPLATE
    assert _apart(_expected(model, _PROMPT), _found(made.path, settings, _PROMPT)) < _TOLERANCE

    small = _import(made.path, settings, "small", kind="Q4_K_M")
    assert small.path.stat().st_size < 0.6 * made.path.stat().st_size  # a third of it is vocabulary here
    apart = divergence(_found(made.path, settings, _PROMPT), _found(small.path, settings, _PROMPT))
    assert 0 < apart.mean < 0.25
    assert apart.left_over < 1e-3


@pytest.mark.parametrize("architecture", ["llama", "phi3", "qwen3", "gemma"])
def test_an_adapter_merged_is_the_adapter_loaded(architecture: str, tmp_path: Path, settings: Settings) -> None:
    base = make_folder(tmp_path / "base", architecture)
    plain = _import(tmp_path / "base", settings, "plain", kind="F16")
    before = _expected(base, _PROMPT)
    merged = make_adapter(tmp_path / "adapter", base, tmp_path / "base", rslora=architecture == "qwen3")
    expected = _expected(merged, _PROMPT)
    assert _apart(before, expected) > 5 * _TOLERANCE  # else nothing would be tested

    made = _import(tmp_path / "adapter", settings, "merged", kind="F16")
    assert _apart(expected, _found(made.path, settings, _PROMPT)) < _TOLERANCE
    kept = _import(tmp_path / "adapter", settings, "kept", keep_adapter=True)
    assert kept.is_adapter
    assert _apart(expected, _with_adapter(plain.path, kept.path, _PROMPT)) < _TOLERANCE


_SCRIPT = """
import json, os, sys, urllib.request, xllamacpp
model, adapter, tokens = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.warmup, params.verbosity, params.n_parallel = model, 256, False, 0, 1
params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(adapter, 1.0)]
server = xllamacpp.Server(params)
places = []
for end in range(1, len(tokens) + 1):
    body = {"prompt": tokens[:end], "n_predict": 1, "n_probs": 1000, "temperature": 0.0, "logit_bias": [[65, 1e6]]}
    request = urllib.request.Request(server.listening_address + "/completion", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        places.append(json.load(answer)["completion_probabilities"][0]["top_logprobs"])
print("\\n" + json.dumps([[(each["id"], each["logprob"]) for each in place] for place in places]), flush=True)
os._exit(0)
"""


def _with_adapter(model: Path, adapter: Path, tokens: Sequence[int]) -> list[Next]:
    """Ask the binding itself, in a process of its own."""
    command = [sys.executable, "-c", _SCRIPT, str(model), str(adapter), json.dumps(list(tokens))]
    output = subprocess.run(command, capture_output=True, timeout=120, check=True).stdout
    places = json.loads(output.splitlines()[-1])
    return [Next(tokens=tuple(p[0] for p in place), logs=tuple(p[1] for p in place)) for place in places]


def test_shards_are_one_model_and_the_report_is_good(tmp_path: Path, settings: Settings) -> None:
    make_folder(tmp_path / "folder", "llama", shard="1MB")
    assert len(list((tmp_path / "folder").glob("*.safetensors"))) > 1
    made = _import(tmp_path / "folder", settings, "tiny", kind="q8_0", checks=True)
    checks = made.report["checks"]
    assert checks["template"]["findings"] == []
    assert checks["tokenizer"]["findings"] == []
    assert "by the original tokenizer" in checks["tokenizer"]["summary"]
    assert 0 <= checks["quality"]["kl_mean"] < 0.01
    assert math.isclose(checks["quality"]["perplexity"], checks["quality"]["reference_perplexity"], rel_tol=0.05)
    assert checks["speed"]["writing_per_second"] > 0
    assert all(each["measured"] for each in checks["memory"])


def test_an_adapter_brings_its_tokenizer(tmp_path: Path, settings: Settings) -> None:
    base = make_folder(tmp_path / "base", "llama")
    make_adapter(tmp_path / "adapter", base, tmp_path / "base")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        text = (tmp_path / "base" / name).read_text(encoding="utf-8")
        (tmp_path / "adapter" / name).write_text(text.replace("assistant\\n", "mill\\n"), encoding="utf-8")
    made = _import(tmp_path / "adapter", settings, "tiny", kind="F16")
    assert read_gguf(made.path).chat_template == TEMPLATE.replace("assistant\n", "mill\n")


def test_the_base_of_an_adapter_is_another_model(tmp_path: Path, settings: Settings) -> None:
    base = make_folder(tmp_path / "base", "llama")
    make_adapter(tmp_path / "adapter", base, tmp_path / "base")
    make_folder(tmp_path / "other", "phi3")
    with pytest.raises(ModelBroken, match="which its base does not have"):
        _import(tmp_path / "adapter", settings, "tiny", base=tmp_path / "other")
    assert not list(tmp_path.glob("cache/models/*/.import-*"))


def test_an_unknown_architecture_is_named(tmp_path: Path, settings: Settings) -> None:
    make_folder(tmp_path / "folder", "llama")
    config = json.loads((tmp_path / "folder" / "config.json").read_text(encoding="utf-8"))
    config |= {"architectures": ["WindmillForCausalLM"], "model_type": "windmill"}
    (tmp_path / "folder" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelBroken, match="does not know the architecture WindmillForCausalLM") as raised:
        _import(tmp_path / "folder", settings, "tiny")
    assert "Llama" in raised.value.hint and "upgrade" in raised.value.hint


def test_a_wrong_shape_is_named(tmp_path: Path, settings: Settings) -> None:
    import safetensors.torch

    make_folder(tmp_path / "folder", "llama")
    file = tmp_path / "folder" / "model.safetensors"
    weights = safetensors.torch.load_file(file)
    weights["model.layers.1.mlp.windmill.weight"] = torch.zeros(4, 4)
    safetensors.torch.save_file(weights, file)
    with pytest.raises(ModelBroken, match="weights that its architecture does not have"):
        _import(tmp_path / "folder", settings, "tiny")


def test_a_tokenizer_with_more_tokens_than_the_model_is_named(tmp_path: Path, settings: Settings) -> None:
    make_folder(tmp_path / "folder", "llama")
    file = tmp_path / "folder" / "tokenizer.json"
    tree = json.loads(file.read_text(encoding="utf-8"))
    tree["added_tokens"].append({**tree["added_tokens"][0], "id": 5000, "content": "<|windmill|>"})
    file.write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises(ModelBroken, match="more tokens than the model") as raised:
        _import(tmp_path / "folder", settings, "tiny")
    assert "resize_token_embeddings" in raised.value.hint


def test_keeping_what_is_no_adapter_is_refused(tmp_path: Path, settings: Settings) -> None:
    make_folder(tmp_path / "folder", "llama")
    with pytest.raises(UsageError, match="no adapter"):
        _import(tmp_path / "folder", settings, "tiny", keep_adapter=True)


def test_nothing_of_the_folder_is_run(tmp_path: Path, settings: Settings) -> None:
    make_folder(tmp_path / "folder", "llama")
    ran = tmp_path / "ran"
    for name in ("tokenizer.py", "modeling_tiny.py", "sitecustomize.py", "torch.py", "gguf.py", "json.py"):
        (tmp_path / "folder" / name).write_text(f"open({str(ran)!r}, 'w')", encoding="utf-8")
    made = _import(tmp_path / "folder", settings, "tiny", kind="F16")
    assert read_layout(made.path).tensors and not ran.exists()
