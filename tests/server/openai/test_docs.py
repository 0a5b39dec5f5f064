"""The Python in docs/openai-api.md runs as it stands, on a server with such a library."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from tests.server.openai.support import SlowGenerator, serving
from tests.test_docs import ROOT, blocks

_SAID = "The apple trees were planted in 1987 by Ada Whitlock."


def test_the_python_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "garden.md").write_text(f"# The garden\n\n{_SAID}\n", encoding="utf-8")
    program = "\n".join(block.text for block in blocks(ROOT / "docs" / "openai-api.md") if block.language == "python")
    out = io.StringIO()
    with serving(folder, SlowGenerator(_SAID)) as url, contextlib.redirect_stdout(out):
        exec(program.replace("http://127.0.0.1:8642/v1", url), {})
    shown = out.getvalue()
    assert f"{_SAID}\ngarden.md {_SAID} True\n" in shown
    assert f"Sources:\n- garden.md: “{_SAID}”" in shown
    assert "64 " in shown
