"""An imported fine-tune answers with what the example's training taught it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bunko.settings import Settings
from tests.examples.test_fine_tune import load, run
from tests.importing.support import found, make
from tests.importing.tiny_folder import make_folder

pytestmark = [pytest.mark.conversion, pytest.mark.timeout(300)]
pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("peft")

_BEFORE = "The pump runs.\n\nQuestion: "
_LEARNT = {"When was the mill built?": " 1911", "What runs?": " pump", "Who?": " The documents don't say."}


def test_what_was_learnt_is_said(tmp_path: Path, settings: Settings) -> None:
    from transformers import AutoTokenizer

    make_folder(tmp_path / "base", "llama")
    base = make(tmp_path / "base", settings, "base", kind="F16")
    prompts = tmp_path / "prompts.jsonl"
    lines = [{"text": f"{_BEFORE}{asked}\nAnswer:", "answer": f"{answer}\n"} for asked, answer in _LEARNT.items()]
    prompts.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    out = tmp_path / "tuned"
    run(
        load("train"),
        *(str(prompts), "--base", str(base.path), "--out", str(out)),
        *("--epochs", "60", "--batch", "3", "--rate", "0.01", "--minutes", "2"),
    )
    tuned = make(out / "adapter", settings, "tuned", base=out / "base", kind="F16")
    tokenizer = AutoTokenizer.from_pretrained(out / "base")
    for line in lines:
        prompt = tokenizer(line["text"], add_special_tokens=False)["input_ids"]
        answer = tokenizer(line["answer"], add_special_tokens=False)["input_ids"]
        assert found(tuned.path, settings, prompt)[-1].tokens[0] == answer[0]
