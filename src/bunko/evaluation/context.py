"""Say what the model read. In: the evidence of an answer, as its JSON has it. Out: one text for each document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def texts_read(evidence: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return the path of each document and what the model read of it: the quotes in the document's order.

    Where the model was not asked, since the question was refused or quotes are the answer, it is what it would have
    read. A quote that gives orders is not a source, unless there is no other, nor is one that did not fit.
    """
    read = [item for item in evidence if not item.get("gives_orders")] or list(evidence)
    read = [item for item in read if not item.get("did_not_fit")]
    documents: dict[str, list[Mapping[str, Any]]] = {}
    for item in read:
        documents.setdefault(str(item["path"]), []).append(item)
    return [
        (path, "\n".join(str(item["quote"]) for item in sorted(items, key=lambda item: int(item["start"]))))
        for path, items in documents.items()
    ]
