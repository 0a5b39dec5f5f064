"""The command line with fakes in the engines' place: python -m tests.program ARGUMENTS.

What it must suffer is in the environment:
    TEST_KILL_AT=N         SIGKILL itself instead of the N-th change to a table
    TEST_EMBED_SECONDS=S   take this long for each call of the embedder, and say so on stderr first
"""

from __future__ import annotations

import functools
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from unittest import mock

from bunko.cli.main import main
from bunko.library import Library
from bunko.testing import FakeEmbedder, FakeGenerator

if TYPE_CHECKING:
    from bunko.ports import Vectors

_CHANGES = ("add", "delete", "update", "optimize", "create_index")


class SlowEmbedder(FakeEmbedder):
    """Takes as long for each batch as it is told."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Say that it has begun, wait, embed."""
        seconds = float(os.environ.get("TEST_EMBED_SECONDS", "0"))
        if seconds:
            sys.stderr.write("embedding\n")
            sys.stderr.flush()
            time.sleep(seconds)
        return super().embed_passages(texts)


def _kill_at(number: int) -> None:
    """Count the changes to LanceDB tables, and die in the place of one of them."""
    from lancedb.db import LanceDBConnection
    from lancedb.table import LanceTable

    count = itertools.count(1)

    def deadly(change: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(change)
        def counted(*arguments: Any, **named: Any) -> Any:
            if next(count) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*arguments, **named)

        return counted

    for owner, name in [*((LanceTable, name) for name in _CHANGES), (LanceDBConnection, "create_table")]:
        setattr(owner, name, deadly(getattr(owner, name)))


if __name__ == "__main__":
    if number := int(os.environ.get("TEST_KILL_AT", "0")):
        _kill_at(number)
    with (
        mock.patch.object(Library, "embedder", SlowEmbedder()),
        mock.patch.object(Library, "generator", FakeGenerator()),
    ):
        sys.exit(main())
