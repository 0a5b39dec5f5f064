"""The threat model names its proofs: each is a test that exists, and each kind of attacker has one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.support import REPOSITORY

ROOT = Path(REPOSITORY)
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
PROOF = re.compile(r"`(tests/[\w/.-]+\.py)(?:::(\w+))?`")
BY_HAND = "run by hand"


def missing(text: str) -> list[str]:
    """Return the proofs of a text that are not there: files, or tests in them."""
    found = []
    for file, test in PROOF.findall(text):
        path = ROOT / file
        names = _tests_of(path) if path.is_file() else set()
        if not names or (test and test not in names):
            found.append(f"{file}::{test}")
    return found


def _tests_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return {node.name for node in functions if node.name.startswith("test_")}


def test_every_proof_that_the_page_names_is_a_test() -> None:
    assert len(PROOF.findall(PAGE)) > 50
    assert missing(PAGE) == []


def test_a_proof_that_is_not_there_is_noticed() -> None:
    assert missing(
        "`tests/test_gone.py::test_x`, `tests/test_threat_model.py::test_gone`, `tests/test_settings.py`"
    ) == [
        "tests/test_gone.py::test_x",
        "tests/test_threat_model.py::test_gone",
    ]


def test_every_row_has_a_proof_and_every_attacker_what_is_not_held() -> None:
    sections = PAGE.split("\n## ")[1:]
    assert len(sections) == 8
    for section in sections:
        rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
        assert rows, section
        assert [row for row in rows if not PROOF.search(row) and BY_HAND not in row] == []
        assert "Not held:" in section
