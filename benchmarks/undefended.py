"""Bunko without its defences against orders in documents, for injections.py to compare with.

As a module of its own, since files are read in another process: its `main` is that of the reader, without defences.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

import bunko.answering.prompts
import bunko.reading.html.hidden
import bunko.reading.pdf.read
import bunko.reading.read
import bunko.reading.text.plain
import bunko.reading.worker
import bunko.retrieval.evidence


def same(value: Any) -> Any:
    return value


@contextlib.contextmanager
def undefended() -> Iterator[None]:
    """Take each of the defences away."""
    with contextlib.ExitStack() as stack:
        for holder, name, instead in (
            (bunko.reading.read, "seen", same),
            (bunko.reading.html.hidden.Hidden, "hides", lambda page, attributes: False),
            (bunko.reading.pdf.read, "shown_text", lambda page, text_page: text_page.get_text_range(errors="replace")),
            (bunko.reading.text.plain, "without_comments", same),
            (bunko.retrieval.evidence, "gives_orders", lambda text: False),
            (bunko.answering.prompts, "gives_orders", lambda text: False),
            (bunko.answering.prompts, "neutralise", same),
            (bunko.answering.prompts, "fence", same),
        ):
            stack.enter_context(mock.patch.object(holder, name, instead))
        yield


def main() -> None:
    with undefended():
        bunko.reading.worker.main()
