"""Modelfiles of Ollama's models: what is loaded, what is refused, and that the reader is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.answering.answer_cache import key_of
from bunko.config import load_settings
from bunko.engines import load_generator
from bunko.errors import ModelBroken
from bunko.generation.chat import ChatGenerator
from bunko.library import Library
from bunko.models import LocalModel, resolve
from bunko.models.modelfile import Modelfile, with_modelfile
from bunko.ports import GenerationOptions
from bunko.settings import Settings, apply_overrides
from bunko.testing import FakeEmbedder
from bunko.types import Message
from tests.engine.support import CHATML, CHATML_MARKS
from tests.models.ollama_store import Parts, make_ollama_model
from tests.support import CATS, SHIPS, write_files
from tests.tiny_gguf import make_adapter_gguf, make_chat_gguf

# Ollama's own for these families, shortened.
GO_CHATML = (
    "{{- if .Messages }}{{- if or .System .Tools }}<|im_start|>system\n{{ .System }}\n{{- if .Tools }}\n# Tools\n"
    "You may call one or more functions.\n{{- range .Tools }}\n{{ . }}{{- end }}\n{{- end }}<|im_end|>\n{{ end }}"
    '{{- range .Messages }}{{- if eq .Role "tool" }}<tool_response>\nThe result: {{ .Content }}{{ else }}'
    "<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}{{ end }}<|im_start|>assistant\n"
    "{{- else }}<|im_start|>user\n{{ .Prompt }}<|im_end|>\n<|im_start|>assistant\n{{ end }}{{ .Response }}"
)
GO_LLAMA_2 = "[INST] {{ if .System }}<<SYS>>{{ .System }}<</SYS>>{{ end }}{{ .Prompt }} [/INST]{{ .Response }}"
GO_PIRATE = (
    "{{ if .System }}<|im_start|>system\nYou talk like a pirate. {{ .System }}<|im_end|>\n{{ end }}"
    "<|im_start|>user\n{{ .Prompt }}<|im_end|>\n<|im_start|>assistant\n"
)
DEFAULT_SYSTEM = "You are Tiny, a helpful assistant."
WITH_DEFAULT = f"{{% if messages[0]['role'] != 'system' %}}<|im_start|>system\n{DEFAULT_SYSTEM}<|im_end|>{{% endif %}}"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "ollama"))
    return tmp_path / "ollama"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return apply_overrides(Settings(), {"cache_dir": tmp_path / "cache", "generation.threads": 1})


def tiny(folder: Path, template: str = CHATML) -> Path:
    return make_chat_gguf(folder / "tiny.gguf", template=template, special=CHATML_MARKS)


def modelfile(name: str, settings: Settings) -> Modelfile:
    model = resolve(name, kind="chat", settings=settings)
    assert isinstance(model, LocalModel)
    assert model.modelfile is not None
    return model.modelfile


@pytest.mark.parametrize("template", [GO_CHATML, "{{ .Prompt }}", "{{- .Prompt }}\n", CHATML, ""])
def test_a_template_that_says_the_same_needs_no_word(
    tmp_path: Path, store: Path, settings: Settings, template: str
) -> None:
    name = make_ollama_model(store, tiny(tmp_path), parts={"template": template, "license": "MIT"})
    assert modelfile(name, settings) == Modelfile()


@pytest.mark.parametrize("template", [GO_LLAMA_2, GO_PIRATE])
def test_of_another_template_the_reader_is_told(tmp_path: Path, store: Path, settings: Settings, template: str) -> None:
    (note,) = modelfile(make_ollama_model(store, tiny(tmp_path), parts={"template": template}), settings).notes
    assert note == "The template of ollama:mine's Modelfile is not used, but the chat template in its GGUF file."


def test_a_template_without_one_in_the_file_is_refused(tmp_path: Path, store: Path, settings: Settings) -> None:
    base = tiny(tmp_path, template="")
    assert modelfile(make_ollama_model(store, base, parts={"template": "{{ .Prompt }}"}), settings) == Modelfile()
    name = make_ollama_model(store, base, parts={"template": GO_CHATML})
    with pytest.raises(ModelBroken, match="its file has none") as caught:
        resolve(name, kind="chat", settings=settings)
    assert "http://localhost:11434/v1#mine:latest" in caught.value.hint


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("system", "Talk like a pirate.", "a system prompt"),
        ("messages", '[{"role": "user", "content": "Hi"}]', "messages of its own"),
        ("adapter", b"ggla old form", "an adapter that is not"),
    ],
)
def test_what_can_not_be_loaded_is_refused(
    tmp_path: Path, store: Path, settings: Settings, kind: str, content: str | bytes, said: str
) -> None:
    name = make_ollama_model(store, tiny(tmp_path), parts={kind: content})
    with pytest.raises(ModelBroken, match=f"{said}.*does not load") as caught:
        resolve(name, kind="chat", settings=settings)
    assert "http://localhost:11434/v1#mine:latest" in caught.value.hint


def test_a_system_prompt_that_the_template_has_is_no_other(tmp_path: Path, store: Path, settings: Settings) -> None:
    name = make_ollama_model(store, tiny(tmp_path, WITH_DEFAULT + CHATML), parts={"system": DEFAULT_SYSTEM + "\n"})
    assert modelfile(name, settings) == Modelfile()


def test_parameters_are_defaults(tmp_path: Path, store: Path, settings: Settings) -> None:
    parameters = {
        "temperature": 0.7,
        "seed": 5,
        "num_ctx": 1024,
        "num_predict": 99,
        "top_k": 40,
        "stop": ["###", "<|im_end|>"],
    }
    name = make_ollama_model(store, tiny(tmp_path), parts={"params": parameters})
    found = modelfile(name, settings)
    assert found.stop == ("###", "<|im_end|>")
    used, unused = found.notes
    assert used.endswith("where you set none: temperature 0.7, seed 5, num_ctx 1024, num_predict 99, stop '###'.")
    assert unused.endswith("Modelfile: top_k 40.")
    own = with_modelfile(apply_overrides(settings, {"model": name})).generation
    assert (own.temperature, own.seed, own.context_tokens, own.max_tokens) == (0.7, 5, 1024, 99)


@pytest.mark.parametrize("source", ["flag", "environment"])
def test_what_the_user_sets_comes_first_even_if_it_is_the_default(tmp_path: Path, store: Path, source: str) -> None:
    name = make_ollama_model(store, tiny(tmp_path), parts={"params": {"temperature": 0.7, "seed": 5}})
    set_by_user = {"generation.temperature": 0.0}
    environment = {"BUNKO_CONFIG": str(tmp_path / "none.toml")}
    if source == "environment":
        environment["BUNKO_GENERATION__TEMPERATURE"] = "0"
    given = load_settings(
        environment=environment, overrides={"model": name, **(set_by_user if source == "flag" else {})}
    )
    own = with_modelfile(given)
    assert (own.generation.temperature, own.generation.seed) == (0.0, 5)
    assert with_modelfile(own) == own
    assert with_modelfile(apply_overrides(given, {"model": "smollm2-135m"})).generation.seed == 0


@pytest.mark.parametrize(
    "parameters",
    [{"num_predict": -1}, {"temperature": "hot"}, {"seed": -1}, {"num_ctx": None, "num_predict": True}, {"seed": [1]}],
)
def test_a_parameter_that_no_setting_can_have_is_named(
    tmp_path: Path, store: Path, settings: Settings, parameters: dict[str, object]
) -> None:
    name = make_ollama_model(store, tiny(tmp_path), parts={"params": parameters})
    assert with_modelfile(apply_overrides(settings, {"model": name})).generation == settings.generation
    (note,) = modelfile(name, settings).notes
    assert note.startswith("Bunko does not use")
    assert all(key in note for key in parameters)


@pytest.mark.parametrize("content", ["[1]", "{", "[" * 100_000])
def test_parameters_that_are_none_are_refused(tmp_path: Path, store: Path, settings: Settings, content: str) -> None:
    name = make_ollama_model(store, tiny(tmp_path), parts={"params": content})
    assert with_modelfile(apply_overrides(settings, {"model": name})).generation == settings.generation
    with pytest.raises(ModelBroken, match="parameters of Ollama's mine:latest"):
        resolve(name, kind="chat", settings=settings)


def written(name: str, settings: Settings, **options: object) -> str:
    generator = load_generator(apply_overrides(settings, {"model": name}))
    assert isinstance(generator, ChatGenerator)
    try:
        asked = GenerationOptions(**{"max_tokens": 24, **options})  # type: ignore[arg-type]
        return "".join(piece.text for piece in generator.stream([Message(role="user", content="Hello")], options=asked))
    finally:
        generator.close()


def test_an_adapter_and_stop_texts_are_applied(tmp_path: Path, store: Path, settings: Settings) -> None:
    model = tiny(tmp_path)
    plain = written(make_ollama_model(store, model, name="plain"), settings)
    adapter = make_adapter_gguf(tmp_path / "adapter.gguf").read_bytes()
    adapted = make_ollama_model(store, model, name="adapted", parts={"adapter": adapter})
    assert modelfile(adapted, settings).notes == ("The adapter of ollama:adapted's Modelfile is applied.",)
    assert written(adapted, settings) != plain
    stopped = make_ollama_model(store, model, name="stopped", parts={"params": {"stop": plain[4:6]}})
    assert written(stopped, settings) == plain[: plain.index(plain[4:6])]


def test_the_answer_says_what_is_used(tmp_path: Path, store: Path, settings: Settings) -> None:
    root = write_files(tmp_path / "docs", {"cats.txt": CATS, "ships.txt": SHIPS})
    parts: Parts = {"params": {"num_predict": 9, "top_k": 40}, "template": GO_LLAMA_2}
    name = make_ollama_model(store, tiny(tmp_path), parts=parts)
    chosen = apply_overrides(settings, {"model": name, "generation.style": "free", "answers.strictness": 0})
    with Library(root, settings=chosen, embedder=FakeEmbedder()) as library:
        library.sync()
        answer = library.ask("When did the harbour of Kobe open?")
    assert answer.usage.completion_tokens == 9
    notes = "\n".join(answer.notes)
    assert "num_predict 9" in notes
    assert "top_k 40" in notes
    assert "The template of ollama:mine's Modelfile is not used" in notes


def test_another_modelfile_is_another_model_to_the_kept_answers(
    tmp_path: Path, store: Path, settings: Settings
) -> None:
    model, chosen = tiny(tmp_path), apply_overrides(settings, {"embedder": str(tiny(tmp_path))})
    keys = set()
    parts: list[Parts] = [
        {},
        {"params": {"stop": "x"}},
        {"adapter": make_adapter_gguf(tmp_path / "a.gguf").read_bytes()},
    ]
    for part in parts:
        name = make_ollama_model(store, model, parts=part)
        keys.add(key_of("Who?", state="1", settings=with_modelfile(apply_overrides(chosen, {"model": name}))))
    assert len(keys - {""}) == 3
