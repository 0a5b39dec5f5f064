"""Say which version of a document a question wants. In: a question. Out: the newest, the oldest, or all.

The forms are in `versions.toml`. Which documents are versions of each other is not known here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast

from bunko.language.data_files import read_patterns

PATTERNS = Path(__file__).with_suffix(".toml")
Wanted: TypeAlias = Literal["newest", "oldest", "all"]


def wanted_version(question: str) -> Wanted:
    """Return which version a question wants; the newest where it does not say.

    >>> wanted_version("What is the fee?"), wanted_version("What did the old version say?")
    ('newest', 'oldest')
    """
    text = unicodedata.normalize("NFKC", question)
    return next((name for name, pattern in _patterns() if pattern.search(text)), "newest")


@cache
def _patterns() -> tuple[tuple[Wanted, re.Pattern[str]], ...]:
    return tuple((cast("Wanted", item.name), re.compile(item.regex)) for item in read_patterns(PATTERNS))
