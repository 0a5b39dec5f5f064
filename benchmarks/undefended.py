"""Bunko without its defences against orders in documents, for injections.py to compare with.

As a module of its own, since files are read in another process: its `main` is that of the reader, without defences.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

import bunko.evidence
import bunko.prompting
import bunko.reading
import bunko.reading.hidden
import bunko.reading.pdf
import bunko.reading.plain
import bunko.reading.worker


def same(value: Any) -> Any:
    return value


@contextlib.contextmanager
def undefended() -> Iterator[None]:
    """Take each of the defences away."""
    with contextlib.ExitStack() as stack:
        for holder, name, instead in (
            (bunko.reading, "seen", same),
            (bunko.reading.hidden.Hidden, "hides", lambda page, attributes: False),
            (bunko.reading.pdf, "shown_text", lambda page, text_page: text_page.get_text_range(errors="replace")),
            (bunko.reading.plain, "without_comments", same),
            (bunko.evidence, "gives_orders", lambda text: False),
            (bunko.prompting, "gives_orders", lambda text: False),
            (bunko.prompting, "neutralise", same),
            (bunko.prompting, "fence", same),
        ):
            stack.enter_context(mock.patch.object(holder, name, instead))
        yield


def main() -> None:
    with undefended():
        bunko.reading.worker.main()
