"""`bunko watch`: one line for every sync that changed something, until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
import time

from bunko.cli.common import bold, dim, note, open_from, print_json, safe
from bunko.cli.library import print_failed, print_left_out, print_notes, summary
from bunko.contract.serialise import to_json
from bunko.errors import BunkoError


def run(arguments: argparse.Namespace) -> int:
    """Keep the index in step with the folder; reports go to stdout, errors to stderr."""
    with open_from(arguments, arguments.folder) as library:
        note(arguments, f"Watching {safe(arguments.folder)}. Ctrl-C ends it.")
        for outcome in library.watch(notice="poll" if arguments.poll else "system"):
            when = time.strftime("%H:%M:%S")
            if isinstance(outcome, BunkoError):
                print(f"{when}  {bold(safe(outcome.message), sys.stderr)} {safe(outcome.hint)}", file=sys.stderr)
            elif arguments.json:
                print_json(to_json(outcome))
            else:
                print(f"{dim(when)}  {summary(outcome)}", flush=True)
                print_notes(arguments, outcome)
                print_failed(outcome)
                print_left_out(outcome)
    return 0
