"""Compare variants from Python. In: a folder, questions, variants. Out: the answers side by side, and the figures.

    questions = ["Who built the mill?", {"question": "When?", "answers": ["1911"]}]
    print(bunko.compare("reports", questions, {"both": {}, "words": {"retrieval.mode": "lexical"}}))

The figures are those of `bunko compare`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunko.config import load_settings
from bunko.door import at_the_door
from bunko.errors import UsageError
from bunko.evaluation.comparing import compare
from bunko.evaluation.questions import Question, questions_from, read_questions
from bunko.evaluation.records import Comparison
from bunko.evaluation.tables import as_markdown
from bunko.evaluation.variants import Variant
from bunko.library import Library, open_library
from bunko.notebook_progress import NotebookBars, in_notebook
from bunko.paths import config_file
from bunko.settings import Settings, apply_overrides


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The answers of several variants to the same questions, and their figures."""

    data: Comparison
    """All of it: what `bunko compare --json` prints."""

    def __str__(self) -> str:
        """Return the tables, then each question with its answers, in Markdown."""
        return as_markdown(self.data)

    def _repr_html_(self) -> str:
        from bunko.notebook_html import comparison_html

        return comparison_html(self.data)


@at_the_door
def compare_variants(
    folder: str | Path,
    questions: str | Path | Sequence[str | Mapping[str, Any]],
    variants: Mapping[str, Mapping[str, object]] | Sequence[str],
    *,
    judge: str = "",
) -> Compared:
    """Answer questions with several variants, one model at a time in memory. The folder is indexed first.

    `questions` are texts, or dicts as a question file has them (with "answers", they are marked right or wrong), or
    the path of such a file. `variants` are names of models, or settings by the name of the variant, which differ from
    the folder's own; {"rag": False} asks the model without documents. `judge` names a model that judges the answers.
    Raises UsageError for less than two variants, and what `bunko.open`, `sync` and `ask` raise.
    """
    root = Path(folder).expanduser()
    base = load_settings(library_config=config_file(root))
    chosen = _variants(variants, base)
    asked = _questions(questions)
    bars = NotebookBars(unit="questions") if in_notebook() else None

    def prepare(library: Library) -> None:
        library.sync()

    data = compare(
        asked,
        chosen,
        open_library=lambda settings: open_library(root, settings=settings),
        title=root.resolve().name,
        judge=judge,
        prepare=prepare,
        progress=bars,
    )
    return Compared(data=data)


def _questions(questions: str | Path | Sequence[str | Mapping[str, Any]]) -> list[Question]:
    if isinstance(questions, str | Path):
        return read_questions(questions)
    return questions_from(questions)


def _variants(variants: Mapping[str, Mapping[str, object]] | Sequence[str], base: Settings) -> list[Variant]:
    if isinstance(variants, str) or len(variants) < 2:
        raise UsageError(
            "There is nothing to compare.", 'Name two variants: ["model-a", "model-b"], or {"a": {}, "b": {…}}.'
        )
    if not isinstance(variants, Mapping):
        variants = {model: {"model": model} for model in variants}
    return [_variant(name, dict(changed), base) for name, changed in variants.items()]


def _variant(name: str, changed: dict[str, object], base: Settings) -> Variant:
    documents = bool(changed.pop("rag", True))
    return Variant(
        name=name,
        settings=apply_overrides(base, changed),
        changed={key: str(value) for key, value in changed.items()},
        answer_from="documents" if documents else "model",
    )
