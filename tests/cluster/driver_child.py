"""Run `bunko cluster index`, and die without a word after the commit of one table, or with a short lease. For tests.

usage: driver_child.py after=TABLE | lease=SECONDS, then the arguments of the command
"""

from __future__ import annotations

import os
import sys
from typing import Any

import bunko.cluster.steps as steps
import bunko.store.remote_place as place
from bunko.cli.main import main
from bunko.store import lease


def dies_after(wanted: str) -> None:
    """Let the process end after the commit of a table; `vectors` stands for that of vectors."""

    def wrapped(function: Any) -> Any:
        def commit(location: str, name: str, *arguments: Any, **options: Any) -> Any:
            result = function(location, name, *arguments, **options)
            if name.partition("_")[0] == wanted:
                os._exit(9)
            return result

        return commit

    for name in ("append", "append_vectors"):
        setattr(steps, name, wrapped(getattr(steps, name)))


if __name__ == "__main__":
    what, _, value = sys.argv[1].partition("=")
    if what == "after":
        dies_after(value)
    else:
        acquire = lease.acquire

        def short(*arguments: Any, **options: Any) -> Any:
            return acquire(*arguments, **{**options, "lease_s": float(value)})

        setattr(place, "acquire", short)  # noqa: B010
    sys.exit(main(sys.argv[2:]))
