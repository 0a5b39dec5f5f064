"""Warn of a chat template that is missing or another model's. In: a local model. Out: notes for the reader.

`bunko models check` renders the template, too; this reads only the header, since every start of a model asks for it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bunko.models.gguf.template_family import foreign_template, tokens_of
from bunko.models.records import LocalModel


def template_notes(model: LocalModel) -> tuple[str, ...]:
    """Return what the reader should know of a model's chat template; nothing for models of the catalogue.

    Raises ModelNotFound, ModelBroken.
    """
    if model.entry is not None or model.info is None:
        return ()
    if not model.info.chat_template:
        return (
            f"{model.name} has no chat template: it is a base model, or its file has lost the template. It gets a "
            "plain prompt; an instruct model, with its template, answers better.",
        )
    path = model.files["model"]
    state = path.stat()
    about = f"{model.info.architecture} {model.info.name} {model.name}"
    foreign = _foreign(path, state.st_size, state.st_mtime_ns, model.info.chat_template, about)
    if not foreign:
        return ()
    return (
        f"{model.name} seems to have another model's chat template: it {foreign}. Answers may be confused. Use a file "
        "with the right template, or convert the model again with its own; `bunko models check` tests it.",
    )


@cache
def _foreign(path: Path, size: int, modified_ns: int, template: str, about: str) -> str:
    """Compare template and vocabulary, once for each state of a file."""
    return foreign_template(template, tokens_of(path), model=about)
