"""LoRA adapters made with PEFT: merged, and kept for the engine to load."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.errors import ModelBroken
from bunko.models.gguf.header import read_gguf
from bunko.settings import Settings
from tests.importing.support import PROMPT, TOLERANCE, apart, expected, found, found_with_adapter, make
from tests.importing.tiny_folder import TEMPLATE, make_adapter, make_folder

pytestmark = pytest.mark.conversion
pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")


@pytest.mark.parametrize("architecture", ["llama", "phi3", "qwen3", "gemma"])
def test_an_adapter_merged_is_the_adapter_loaded(architecture: str, tmp_path: Path, settings: Settings) -> None:
    base = make_folder(tmp_path / "base", architecture)
    plain = make(tmp_path / "base", settings, "plain", kind="F16")
    before = expected(base, PROMPT)
    merged = make_adapter(tmp_path / "adapter", base, tmp_path / "base", rslora=architecture == "qwen3")
    after = expected(merged, PROMPT)
    assert apart(before, after) > 5 * TOLERANCE  # else nothing would be tested

    made = make(tmp_path / "adapter", settings, "merged", kind="F16")
    assert apart(after, found(made.path, settings, PROMPT)) < TOLERANCE
    kept = make(tmp_path / "adapter", settings, "kept", keep_adapter=True)
    assert kept.is_adapter
    assert apart(after, found_with_adapter(plain.path, kept.path, PROMPT)) < TOLERANCE


def test_an_adapter_brings_its_tokenizer(tmp_path: Path, settings: Settings) -> None:
    base = make_folder(tmp_path / "base", "llama")
    make_adapter(tmp_path / "adapter", base, tmp_path / "base")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        text = (tmp_path / "base" / name).read_text(encoding="utf-8")
        (tmp_path / "adapter" / name).write_text(text.replace("assistant\\n", "mill\\n"), encoding="utf-8")
    made = make(tmp_path / "adapter", settings, "tiny", kind="F16")
    assert read_gguf(made.path).chat_template == TEMPLATE.replace("assistant\n", "mill\n")


def test_the_base_of_an_adapter_is_another_model(tmp_path: Path, settings: Settings) -> None:
    base = make_folder(tmp_path / "base", "llama")
    make_adapter(tmp_path / "adapter", base, tmp_path / "base")
    make_folder(tmp_path / "other", "phi3")
    with pytest.raises(ModelBroken, match="which its base does not have"):
        make(tmp_path / "adapter", settings, "tiny", base=tmp_path / "other")
    assert not list(tmp_path.glob("cache/models/*/.import-*"))
