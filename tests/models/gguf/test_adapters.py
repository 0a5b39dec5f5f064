"""Adapters: parsed, checked against their model, and used by the engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bunko.answering.answer_cache import key_of
from bunko.config import load_settings
from bunko.engine.http import Connection
from bunko.errors import AdapterMismatch, ModelBroken, ModelNotFound, SettingsError, UsageError, WrongModelKind
from bunko.generation import open_generator
from bunko.generation.states import state_key
from bunko.models import RemoteModel, resolve
from bunko.models.gguf.adapters import adapters_for, name_with_adapters, parse_adapter
from bunko.settings import Settings, apply_overrides
from tests.engine.support import connect, make_process, make_tiny_model
from tests.tiny_gguf import make_adapter_gguf, make_chat_gguf

PROMPT = "the cat"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_tiny_model(tmp_path)


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return make_adapter_gguf(tmp_path / "mine.gguf")


@pytest.mark.parametrize(
    ("text", "path", "scale"),
    [
        ("mine.gguf", "mine.gguf", 1.0),
        ("mine.gguf:0.5", "mine.gguf", 0.5),
        ("a/b.gguf:-1", "a/b.gguf", -1.0),
        ("C:/models/mine.gguf", "C:/models/mine.gguf", 1.0),
        ("C:/models/mine.gguf:.25", "C:/models/mine.gguf", 0.25),
        ("mine.gguf:half", "mine.gguf:half", 1.0),
    ],
)
def test_a_path_may_have_a_scale(text: str, path: str, scale: float) -> None:
    adapter = parse_adapter(text)
    assert (adapter.path.as_posix(), adapter.scale) == (path, scale)


def test_a_path_that_ends_like_a_scale_is_that_file_if_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "mine:2"
    file.touch()
    assert parse_adapter(str(file)).path == file


def test_an_empty_path_is_refused() -> None:
    with pytest.raises(UsageError, match="is empty"):
        parse_adapter(" ")


def test_the_names_of_adapters_are_part_of_the_models() -> None:
    assert name_with_adapters("smollm2-135m", ["a/mine.gguf", "b.gguf:0.5"]) == "smollm2-135m+mine+b:0.5"
    assert name_with_adapters("smollm2-135m", []) == "smollm2-135m"


# --- checked ---------------------------------------------------------------------------------------------------------


def test_an_adapter_that_fits_is_accepted(model: Path, adapter: Path) -> None:
    (found,) = adapters_for([f"{adapter}:0.5"], model)
    assert (found.path, found.scale) == (adapter, 0.5)


def test_another_architecture_is_named(tmp_path: Path, model: Path) -> None:
    other = make_adapter_gguf(tmp_path / "other.gguf", architecture="qwen2")
    with pytest.raises(
        AdapterMismatch, match=r"other\.gguf was made for the architecture qwen2, and tiny\.gguf is llama"
    ):
        adapters_for([str(other)], model)


def test_other_shapes_are_named_with_the_tensor(tmp_path: Path, model: Path) -> None:
    other = make_adapter_gguf(tmp_path / "other.gguf", width=48)
    with pytest.raises(AdapterMismatch, match=r"blk\.0\.attn_q\.weight is 32×32 in the model, and 48×2 and 2×32"):
        adapters_for([str(other)], model)


def test_a_tensor_that_the_model_has_not_is_named(tmp_path: Path, model: Path) -> None:
    other = make_adapter_gguf(tmp_path / "other.gguf", tensors=["blk.7.attn_q.weight"])
    with pytest.raises(AdapterMismatch, match=r"the model has no tensor blk\.7\.attn_q\.weight"):
        adapters_for([str(other)], model)


def test_an_adapter_that_changes_nothing_and_one_with_a_half_missing_are_refused(tmp_path: Path, model: Path) -> None:
    nothing = make_adapter_gguf(tmp_path / "nothing.gguf", tensors=[])
    with pytest.raises(AdapterMismatch, match="changes no tensor"):
        adapters_for([str(nothing)], model)
    half = make_adapter_gguf(tmp_path / "half.gguf", halves=(".lora_a",))
    with pytest.raises(AdapterMismatch, match="has only one of its two matrices"):
        adapters_for([str(half)], model)


def test_a_file_that_is_not_an_adapter_is_refused(tmp_path: Path, model: Path) -> None:
    with pytest.raises(WrongModelKind, match="is a model, not an adapter"):
        adapters_for([str(model)], model)
    with pytest.raises(ModelNotFound, match="is a folder"):
        adapters_for([str(tmp_path)], model)
    with pytest.raises(ModelNotFound):
        adapters_for([str(tmp_path / "missing.gguf")], model)
    text = tmp_path / "text.gguf"
    text.write_text("hello")
    with pytest.raises(ModelBroken):
        adapters_for([str(text)], model)


def test_an_adapter_can_not_be_used_as_a_model(adapter: Path) -> None:
    with pytest.raises(WrongModelKind, match="is an adapter") as caught:
        resolve(str(adapter), kind="chat", settings=Settings())
    assert "--adapter" in caught.value.hint


def test_a_server_has_its_own(adapter: Path) -> None:
    settings = apply_overrides(Settings(), {"generation.adapters": [str(adapter)]})
    with pytest.raises(UsageError, match="is a server"):
        open_generator(RemoteModel(name="there", kind="chat", url="http://127.0.0.1:9/v1", model=""), settings)


def test_a_folder_may_not_choose_adapters_for_its_reader(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[generation]\nadapters = ["mine.gguf"]\n')
    with pytest.raises(SettingsError, match=r"generation\.adapters"):
        load_settings(library_config=config, environment={"BUNKO_CONFIG": str(tmp_path / "none.toml")})


# --- at work ---------------------------------------------------------------------------------------------------------


def logits(model: Path, adapters: Sequence[str] = ()) -> dict[str, float]:
    """Return the log-probability of each possible next token after the prompt."""
    told = [{"path": str(one.path), "scale": one.scale} for one in adapters_for(adapters, model)]
    process = make_process(model, changed={"lora_adapters": told} if told else {})
    connection: Connection = connect(process)
    try:
        body = {"prompt": PROMPT, "n_predict": 1, "n_probs": 300, "temperature": 0, "cache_prompt": False}
        reply = connection.post_json("/completion", body)
        return {row["token"]: row["logprob"] for row in reply["completion_probabilities"][0]["top_logprobs"]}
    finally:
        connection.close()
        process.close()


def distance(one: dict[str, float], other: dict[str, float]) -> float:
    return max(abs(one[token] - other[token]) for token in one.keys() & other.keys())


def test_an_adapter_changes_the_logits_by_its_scale_and_two_add_up(tmp_path: Path, model: Path, adapter: Path) -> None:
    second = make_adapter_gguf(tmp_path / "second.gguf", seed=2)
    plain = logits(model)
    assert distance(plain, logits(model, [f"{adapter}:0"])) < 1e-5
    full = logits(model, [str(adapter)])
    assert distance(plain, full) > 0.05
    half = logits(model, [f"{adapter}:0.5"])
    assert 0.001 < distance(plain, half) < distance(plain, full)
    assert distance(half, full) > 0.001
    twice = logits(model, [f"{adapter}:0.5", f"{adapter}:0.5"])
    assert distance(twice, full) < 0.01 < distance(twice, half)  # halves are 16-bit
    both = logits(model, [str(adapter), str(second)])
    assert distance(both, full) > 0.05
    assert distance(both, logits(model, [str(second)])) > 0.05
    assert distance(both, logits(model, [str(second), str(adapter)])) < 1e-4


def test_an_adapter_is_part_of_what_is_remembered(tmp_path: Path, model: Path, adapter: Path) -> None:
    """Neither answers nor the engine's prompt cache are reused with another adapter."""
    plain = apply_overrides(Settings(), {"model": str(model), "embedder": str(model), "cache_dir": tmp_path / "c"})
    adapted = apply_overrides(plain, {"generation.adapters": [str(adapter)]})
    keys = {key_of("Who?", state="s", settings=settings) for settings in (plain, adapted)}
    states = {state_key(make_process(model).parameters, [1, 2])}
    told = {"lora_adapters": [{"path": str(adapter), "scale": 1.0}]}
    states.add(state_key(make_process(model, changed=told).parameters, [1, 2]))
    make_adapter_gguf(adapter, seed=5, rank=4)
    keys.add(key_of("Who?", state="s", settings=adapted))
    states.add(state_key(make_process(model, changed=told).parameters, [1, 2]))
    assert len(keys) == len(states) == 3
    assert "" not in keys
    adapter.unlink()
    assert key_of("Who?", state="s", settings=adapted) == ""


def test_answers_name_the_adapter(tmp_path: Path, adapter: Path) -> None:
    model = make_chat_gguf(tmp_path / "base.gguf")
    settings = apply_overrides(
        Settings(), {"cache_dir": tmp_path / "c", "generation.adapters": [f"{adapter}:0.5"], "generation.threads": 1}
    )
    generator = open_generator(resolve(str(model), kind="chat", settings=settings), settings)
    try:
        assert generator.spec.name == "base.gguf+mine:0.5"
        assert generator.context_tokens() > 0
    finally:
        generator.close()
