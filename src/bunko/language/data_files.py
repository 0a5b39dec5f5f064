"""Read the patterns and word lists in the TOML files beside the code. In: a path. Out: tables, Patterns.

A pattern file has `[[pattern]]` tables: `name`, `regex`, and the examples `matches` and `passes`, which a test runs.
A `regex` is a string or a list of strings that are joined. `(?&name)` stands for a part that several patterns use, as
in PCRE; the parts are in the table `[parts]`. Knows nothing of what the patterns are for.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_PART = re.compile(r"\(\?&([a-z_]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A regular expression with its examples."""

    name: str
    regex: str
    matches: tuple[Any, ...]
    """Texts that the pattern matches; pairs of texts where two are compared."""
    passes: tuple[Any, ...]
    """Similar texts that no pattern of the file matches."""


@cache
def read_data(path: Path) -> Mapping[str, Any]:
    """Return the tables of a TOML file. Each file is read once."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    tables: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return tables


def read_patterns(path: Path, *, parts: Mapping[str, str] | None = None) -> tuple[Pattern, ...]:
    """Return the patterns of a file, in order, with their parts filled in.

    `parts` adds parts that the code makes. Raises KeyError where a pattern names a part that does not exist.
    """
    data = read_data(path)
    known = read_parts(path, parts=parts)
    return tuple(
        Pattern(
            name=table["name"],
            regex=_fill(joined(table["regex"]), known),
            matches=_examples(table.get("matches", ())),
            passes=_examples(table.get("passes", ())),
        )
        for table in data["pattern"]
    )


def read_parts(path: Path, *, parts: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the parts of a file by name. A part may use those above it."""
    known = dict(parts or {})
    for name, text in read_data(path).get("parts", {}).items():
        known[name] = _fill(joined(text), known)
    return known


def _fill(text: str, parts: Mapping[str, str]) -> str:
    """Fill the parts in.

    >>> _fill("(?&say) only", {"say": "say|answer"})
    '(?:say|answer) only'
    """
    return _PART.sub(lambda match: f"(?:{parts[match[1]]})", text)


def joined(text: str | Sequence[str]) -> str:
    """Return a text that may be written as a list of its pieces."""
    return text if isinstance(text, str) else "".join(text)


def _examples(examples: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(tuple(one) if isinstance(one, list) else one for one in examples)
