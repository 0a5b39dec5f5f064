"""Chat templates of other models, seen without an engine: in the vocabulary's bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.errors import ModelBroken
from bunko.generation import open_generator
from bunko.models import LocalModel, resolve
from bunko.models.gguf.template_family import foreign_template, template_family, tokens_of
from bunko.models.template_notes import template_notes
from bunko.settings import Settings, apply_overrides
from tests.engine.support import CHATML, CHATML_MARKS, make_tiny_model
from tests.golden.templates import FAMILIES
from tests.tiny_gguf import make_chat_gguf

LLAMA_3 = "{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>{{ m.content }}<|eot_id|>{% endfor %}"
LLAMA_2 = "{% for m in messages %}[INST] {{ m.content }} [/INST]{% endfor %}"
ZEPHYR = "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}</s>{% endfor %}<|assistant|>"
ALPACA = "{% for m in messages %}### Instruction:\n{{ m.content }}{% endfor %}### Response:\n"
VICUNA = "{% for m in messages %}USER: {{ m.content }} ASSISTANT:{% endfor %}"


def notes(path: Path) -> tuple[str, ...]:
    model = resolve(str(path), kind="chat", settings=Settings())
    assert isinstance(model, LocalModel)
    return template_notes(model)


@pytest.mark.parametrize("template", [LLAMA_3, LLAMA_2, ZEPHYR, ALPACA, VICUNA])
def test_another_family_s_template_is_named_with_the_cure(tmp_path: Path, template: str) -> None:
    (note,) = notes(make_chat_gguf(tmp_path / "m.gguf", template=template, special=CHATML_MARKS))
    assert note.startswith("m.gguf seems to have another model's chat template: ")
    assert "<|im_start|>" in note
    assert "Use a file with the right template" in note


def test_chatml_is_foreign_to_models_without_its_marks(tmp_path: Path) -> None:
    (note,) = notes(make_chat_gguf(tmp_path / "m.gguf", template=CHATML, special=("<start_of_turn>",)))
    assert "that of ChatML models, but its vocabulary has no <|im_start|>; it has <start_of_turn>" in note
    (note,) = notes(make_chat_gguf(tmp_path / "n.gguf", template=CHATML))
    assert "has no <|im_start|>. Answers" in note


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    (note,) = notes(make_chat_gguf(tmp_path / "m.gguf", special=CHATML_MARKS))
    assert "has no chat template" in note


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - {"base"}))
def test_known_families_with_their_own_templates_are_sound(tmp_path: Path, family: str) -> None:
    known = FAMILIES[family]
    path = make_chat_gguf(tmp_path / f"{family}.gguf", template=known.template, special=known.marks, bos=known.bos)
    assert notes(path) == ()


@pytest.mark.parametrize(
    ("template", "tokens", "model"),
    [
        (ZEPHYR, {"<s>"}, "llama TinyLlama"),  # its marks are text in Llama 2's vocabulary
        (ZEPHYR, {"<|im_start|>"}, "olmo2 OLMo 2"),
        (ZEPHYR, {"<|start_header_id|>"}, "llama Llama 3.1 Tulu 3"),
        (ZEPHYR, {"<|assistant|>"}, "phi3"),
        (LLAMA_2, {"[INST]", "<|im_start|>"}, "llama Mistral"),
        (LLAMA_2, set(), "llama"),
        (ALPACA, set(), "llama"),
        (CHATML + LLAMA_2, {"<|im_start|>"}, "qwen2"),
        ("{{ messages }}", {"<|im_start|>"}, "qwen2"),
    ],
)
def test_templates_that_models_were_trained_with_are_sound(template: str, tokens: set[str], model: str) -> None:
    assert foreign_template(template, tokens.__contains__, model=model) == ""


def test_a_longer_token_is_another_one(tmp_path: Path) -> None:
    is_token = tokens_of(make_chat_gguf(tmp_path / "m.gguf", special=("<|im_start|>", "<|im_end|>x")))
    assert is_token("<|im_start|>")
    assert not is_token("<|im_end|>")
    assert not is_token("im_start")


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"no")
    with pytest.raises(ModelBroken):
        tokens_of(tmp_path / "m.gguf")


def test_a_file_that_is_replaced_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    make_chat_gguf(path, template=LLAMA_2, special=CHATML_MARKS)
    assert notes(path)
    make_chat_gguf(path, template=CHATML, special=CHATML_MARKS)
    assert notes(path) == ()


def test_the_generator_brings_the_note(tmp_path: Path) -> None:
    settings = apply_overrides(Settings(), {"cache_dir": tmp_path / "cache"})
    wrong = make_chat_gguf(tmp_path / "wrong.gguf", template=LLAMA_2, special=CHATML_MARKS)
    for path, count in ((make_tiny_model(tmp_path), 0), (wrong, 1)):
        generator = open_generator(resolve(str(path), kind="chat", settings=settings), settings)
        assert len(generator.spec.notes) == count


def test_the_family_of_a_template_in_ollama_s_form_is_known() -> None:
    assert template_family("<|im_start|>user\n{{ .Prompt }}<|im_end|>") == "ChatML"
