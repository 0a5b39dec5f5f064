"""A parser whose help has groups and examples, and whose errors name the nearest word. In: flags. Out: a parser.

Knows nothing of what a command does.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from bunko.cli.help_groups import EXAMPLES, grouped
from bunko.language.wrapping import wrapped

_TWO_WORDS = (["eval", "draft"],)  # a folder with that name is written ./draft there
_ALIKE = 0.6  # difflib's own default: "aks" is near to "ask", "bogus" is near to nothing


class _Formatter(argparse.HelpFormatter):
    """Breaks lines at spaces only: flags and names have hyphens."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(text, width).split("\n")

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return wrapped(text, width, first=indent)


class CommandParser(argparse.ArgumentParser):
    """The parser of `bunko`, of a group such as `bunko models`, or of one command."""

    commands: argparse._SubParsersAction[CommandParser] | None = None
    """The commands below it; None for a command."""

    def add_commands(self, *, metavar: str) -> argparse._SubParsersAction[CommandParser]:
        """Add commands. Without one, the help is printed."""
        self.commands = self.add_subparsers(metavar=metavar, parser_class=CommandParser)
        return self.commands

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, and exit with the nearest command or flag for one that does not exist."""
        words = list(sys.argv[1:] if args is None else args)
        if self.commands is not None:
            words = self._command_first(words)
        known, rest = super().parse_known_args(words, namespace)
        if rest and not self._takes(rest, known):
            self._refuse(rest)
        return known, []

    def _takes(self, rest: Sequence[str], known: argparse.Namespace) -> bool:
        """Add words that come after a flag to those before it, if the command takes any number; return whether it does.

        argparse itself takes only those that stand side by side: of `ask FOLDER --no-cache QUESTION` the folder.
        """
        several = [action for action in self._actions if not action.option_strings and action.nargs in ("+", "*")]
        if not several or any(word.startswith("-") for word in rest):
            return False
        dest = several[-1].dest
        setattr(known, dest, [*getattr(known, dest), *rest])
        return True

    def _command_first(self, words: list[str]) -> list[str]:
        """Return the words: `help ask` as `ask --help`, a command of two words as one. Exits if the first is none."""
        assert self.commands is not None
        if words[:1] == ["help"]:
            words = [*words[1:], "--help"]
        if words[:2] in _TWO_WORDS and " ".join(words[:2]) in self.commands.choices:
            return [" ".join(words[:2]), *words[2:]]
        first = words[0] if words else ""
        if first.startswith("-") and not self._has_flag(first):
            self._refuse([first])
        if first and not first.startswith("-") and first not in self.commands.choices:
            self.error(f"there is no command {first!r}{self._meant(first)}")
        return words

    def _has_flag(self, word: str) -> bool:
        flag = word.partition("=")[0]
        return any(known.startswith(flag) for known in self._option_string_actions)

    def _meant(self, word: str) -> str:
        """Return what was probably meant by a word that is no command, and where the list of commands is."""
        assert self.commands is not None
        near = nearest(word, self.commands.choices)
        if os.path.exists(word) and "ask" in self.commands.choices:  # noqa: PTH110 (raises nothing for odd names)
            return f"; to ask this folder, write `{self.prog} ask {word} QUESTION`"
        if near:
            return f"; did you mean `{self.prog} {near}`?"
        return f"; `{self.prog} --help` lists the commands"

    def _refuse(self, rest: list[str]) -> NoReturn:
        flags = [word for word in rest if word.startswith("-")]
        if not flags:
            words = " ".join(rest)
            self.error(f"too many words: {words}; put words that belong together in quotes")
        flag = flags[0].partition("=")[0]
        known = [name for name in self._option_string_actions if name.startswith("--") or len(flag) == 2]
        near = nearest(flag, known)
        meant = f"did you mean {near}?" if near else f"`{self.prog} --help` lists the flags"
        self.error(f"there is no flag {flag}; {meant}")

    def format_usage(self) -> str:
        """Return the usage in one line: the flags are in the help."""
        return f"usage: {self._usage()}\n"

    def format_help(self) -> str:
        """Return the help: what the command does, its flags in groups, three examples."""
        formatter = _Formatter(prog=self.prog)
        formatter.add_text(self.description)
        for title, actions in grouped(self._actions):
            formatter.start_section(title)
            formatter.add_arguments(actions)
            formatter.end_section()
        examples = EXAMPLES.get(self.prog.removeprefix("bunko "), ()) if self.commands is None else ()
        shown = "".join(["examples:\n", *(f"  {line}\n" for line in examples)]) if examples else ""
        parts = (self.format_usage(), formatter.format_help(), shown, self.epilog or "")
        return "\n".join(part for part in parts if part)

    def _usage(self) -> str:
        if self.commands is not None:
            return f"{self.prog} {self.commands.metavar} ..."
        words = [_shown(action) for action in self._actions if not action.option_strings]
        needed = [f"{action.option_strings[-1]} {action.metavar}" for action in self._actions if _is_needed(action)]
        return " ".join([self.prog, *words, *needed, "[FLAGS]"])


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is nearest to a misspelt one; empty if none is near.

    >>> nearest("aks", ["ask", "search"]), nearest("--modle", ["--mode", "--model"]), nearest("bogus", ["ask"])
    ('ask', '--model', '')
    """
    found = difflib.get_close_matches(word, sorted(known), n=5, cutoff=_ALIKE)
    # Two letters that changed places are the commonest mistake: the same letters come first.
    return next((each for each in found if sorted(each) == sorted(word)), found[0] if found else "")


def _is_needed(action: argparse.Action) -> bool:
    return bool(action.option_strings) and action.required


def _shown(action: argparse.Action) -> str:
    metavar = str(action.metavar or action.dest)
    if action.nargs == "?":
        return f"[{metavar}]"
    return f"[{metavar} ...]" if action.nargs == "*" else metavar
