"""The notebook runs in a real kernel, from the first cell to the last, and so do bars and errors.

REWRITE_NOTEBOOK=1 writes its outputs anew into examples/notebook.ipynb.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support import REPOSITORY

nbformat = pytest.importorskip("nbformat", reason="needs nbclient: pip install --group dev")
nbclient = pytest.importorskip("nbclient", reason="needs nbclient: pip install --group dev")
pytest.importorskip("ipykernel", reason="needs ipykernel: pip install --group dev")

NOTEBOOK = Path(REPOSITORY) / "examples" / "notebook.ipynb"
REWRITE = os.environ.get("REWRITE_NOTEBOOK")


def execute(notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, *, errors: bool = False) -> None:
    """Run all cells in a kernel whose working folder is `folder`."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(Path(REPOSITORY) / "src"), str(REPOSITORY))))
    monkeypatch.setenv("IPYTHONDIR", str(folder / ".ipython"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    client = nbclient.NotebookClient(
        notebook,
        timeout=240,
        kernel_name="python3",
        allow_errors=errors,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()


def texts(cell: Any) -> str:
    """Return what a cell shows: what it printed, and the HTML of its last line."""
    data = [output.get("data", {}) for output in cell.get("outputs", ())]
    printed = [output.get("text", "") for output in cell.get("outputs", ())]
    return "\n".join([*printed, *(str(each.get("text/html", each.get("text/plain", ""))) for each in data)])


@pytest.mark.models
def test_the_notebook_runs_from_the_first_cell_to_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert len(notebook.cells) == 10
    execute(notebook, tmp_path, monkeypatch)
    _, model, complete, _, sync, documents, question, listed, compared, times = map(texts, notebook.cells)
    assert "smollm2-135m" in model
    assert complete.strip()
    assert "<b>4</b> documents" in sync
    assert "図書館.txt" in documents
    assert "Ada Lind" in question and "quotes support it" in question
    for said in ("1958", "Ilse Maar", "1987年", "Sources:", "出典:"):
        assert said in listed
    assert "with documents" in compared and "the model alone" in compared
    assert re.search(r"(?m)^retrieve +\d+ ms$", times) and re.search(r"(?m)^total +\d+ ms$", times)
    if REWRITE:
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = [output for output in cell.outputs if output.output_type != "display_data"]
        nbformat.write(notebook, NOTEBOOK)


def test_what_the_notebook_shows_is_small_and_names_no_machine() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text) < 60_000
    assert not re.search(r"(?<![\w.~/])/(?:work|root|tmp|home|Users)/", text)
    assert '"output_type": "error"' not in text
    assert '"name": "stderr"' not in text


BAR = """
import time
from bunko.notebook_progress import NotebookBars, in_notebook
print(in_notebook())
bars = NotebookBars()
for done in range(5):
    bars("reading", done, 5)
    time.sleep(0.2)
"""
LEFT = BAR + 'bars("reading", 5, 5)\n'
WRONG = 'import bunko\nbunko.open("missing")'
WRONG_STREAM = """
from bunko.testing import FakeGenerator
model = bunko.LanguageModel(bunko.Settings(), generator=FakeGenerator())
list(model.stream(" "))
"""


def test_bars_and_errors_in_a_real_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in (BAR, LEFT, WRONG, WRONG_STREAM)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    execute(notebook, tmp_path, monkeypatch, errors=True)
    during, after, wrong, stream = notebook.cells
    assert "True" in texts(during)
    assert "<progress" in texts(during) and "reading: 0.0 MB of 0.0 MB" in texts(during)
    assert "<progress" not in texts(after)
    assert [output.ename for output in wrong.outputs] == ["LibraryNotFound"]
    assert wrong.outputs[0].traceback == [
        'line 2: bunko.open("missing")',
        "LibraryNotFound: There is no folder or file 'missing'.",
        "Check the path.",
    ]
    (error,) = stream.outputs
    assert error.ename == "QuestionError"
    assert len(error.traceback) <= 3
    assert error.traceback[0] == 'line 3: list(model.stream(" "))'
