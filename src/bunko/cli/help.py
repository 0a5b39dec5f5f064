"""`bunko`, `bunko models` and `bunko prompts` without a command: print help."""

from __future__ import annotations

import argparse

from bunko.cli.parser import build_parser


def run(arguments: argparse.Namespace) -> int:
    """Print the help of the group of commands that is named, or of bunko."""
    parser = build_parser()
    for name in arguments.help_about:
        assert parser.commands
        parser = parser.commands.choices[name]
    print(parser.format_help(), end="")
    return 0
