"""Run one command. In: argv. Out: an exit code. `parser.py` has the commands and their flags."""

from __future__ import annotations

import atexit
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from bunko.cli.parser import build_parser
from bunko.errors import BunkoError

_INTERRUPTED = 130  # what shells expect after Ctrl-C


def run() -> NoReturn:
    """Run this process's command, and exit."""
    ended: list[int] = []
    atexit.register(_leave, ended)  # the first to be registered is the last to run
    code = main()
    if code == _INTERRUPTED:
        # Threads of libraries can crash an interpreter that is shutting down. Everything is closed by now, and engines
        # end with this process in any case.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    ended.append(code)
    sys.exit(code)


def _leave(ended: Sequence[int]) -> None:
    """End the process without freeing its objects one by one, which takes .13 s after a question."""
    if ended:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended[0])


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return 0 if it succeeded, 1 if it failed, 2 if the command line is wrong."""
    _use_utf8()
    parser = build_parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks what may follow
        from bunko.cli.completion import complete

        complete(parser)
    arguments = parser.parse_args(argv)
    module, _, function = arguments.run.partition(":")
    try:
        run = getattr(importlib.import_module(module), function)
        code = int(run(arguments))
        sys.stdout.flush()
        return code
    except BunkoError as error:
        return _report(error, as_json=getattr(arguments, "json", False))
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has ended, as `| head` does; keep the interpreter from printing an error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _report(error: BunkoError, *, as_json: bool) -> int:
    if as_json:
        import json

        from bunko.contract.serialise import error_json

        print(json.dumps(error_json(error), ensure_ascii=False))
    from bunko.cli.common import for_terminal, safe
    from bunko.installation import own_commands

    for text, name in ((error.message, "bunko: "), (error.hint, "       ")):
        if text:
            shown = for_terminal(own_commands(safe(text)), sys.stderr, first=name, rest="       ")
            print(shown, file=sys.stderr)
    return error.exit_code


def _use_utf8() -> None:
    """Read and write UTF-8 in any locale: an answer in Japanese must not fail in the C locale."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


if __name__ == "__main__":
    run()
