"""A replay with the real starter models, in processes of their own, as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import THOROUGH, run_program, write_files

pytestmark = pytest.mark.models


CASES: list[tuple[str, tuple[str, ...]]] = [
    ("神戸港はいつ開港しましたか。", ()),
    ("Who drew the plan of the harbour?", ("--set", "generation.style=free", "--temperature", "0.9", "--seed", "5")),
]
if THOROUGH:
    CASES += [
        ("When did the harbour of Kobe open?", ()),
        ("Who drew the plan of the harbour?", ("--set", "generation.prompt=chat", "--strictness", "0")),
    ]


@pytest.mark.parametrize(("question", "flags"), CASES)
def test_the_real_models_give_the_same_answer_again(tmp_path: Path, question: str, flags: tuple[str, ...]) -> None:
    texts = {
        "kobe.txt": "The harbour of Kobe opened in 1868. John Marshall drew its plan.",
        "神戸.txt": "神戸港は1868年に開港した。",
    }
    folder, place = write_files(tmp_path / "library", texts), tmp_path / "answer.json"
    saved = run_program("ask", folder, question, "--max-tokens", "24", "--save", place, *flags, fake=False)
    assert saved.code == 0, saved
    tree = json.loads(place.read_text("utf-8"))
    assert all(tree[kind]["files"] for kind in ("model", "embedder"))
    for prompt in tree["prompts"]:
        assert all(message["content"].strip() in prompt["rendered"] for message in prompt["messages"])
    again = run_program("replay", place, "--json", fake=False)
    assert (again.code, again.json["changes"]) == (0, []), again
