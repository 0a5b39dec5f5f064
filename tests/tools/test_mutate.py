"""The changes that are made to a module: each is valid, and there is one of every kind."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.tools.mutate import mutations_of

MODULE = '''"""Has 5 things."""
SHARE = 0.5
LIMIT = 20
SHIPS = {"galley", "sloop"}
語 = LIMIT <= 3 and True
'''


def test_each_kind_of_change_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(MODULE, encoding="utf-8")
    changed = []
    for item in mutations_of(path):
        data = path.read_bytes()
        text = (data[: item.start] + item.new.encode() + data[item.end :]).decode()
        ast.parse(text)
        changed.append(text.splitlines()[item.line - 1])
    assert sorted(changed) == sorted(
        [
            "SHARE = 0.4",
            "SHARE = 0.6",
            "LIMIT = 16",
            "LIMIT = 24",
            "SHIPS = {'galley☃', \"sloop\"}",
            "SHIPS = {\"galley\", 'sloop☃'}",
            "語 = LIMIT < 3 and True",
            "語 = LIMIT <= 2 and True",
            "語 = LIMIT <= 4 and True",
            "語 = LIMIT <= 3 and False",
        ]
    )
