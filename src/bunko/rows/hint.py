"""Say quickly whether a question may be over rows. In: a question. Out: a bool. Knows nothing of tables."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from bunko.language.data_files import read_data
from bunko.rows.values import fold

_LONGEST = 300  # characters of a question; no form is so long


def may_be_over_rows(question: str) -> bool:
    """Return whether a question has a word that computes, groups or lists.

    >>> may_be_over_rows("What is the total for North?"), may_be_over_rows("金額の合計は？"), may_be_over_rows("Hello")
    (True, True, False)
    """
    return len(question) <= _LONGEST and bool(_words().search(fold(question)))


@cache
def _words() -> re.Pattern[str]:
    latin: list[str] = []
    others: list[str] = []
    for language in ("english", "japanese"):
        data = read_data(Path(__file__).with_name(f"{language}.toml"))
        phrases = [phrase for words in data["ops"].values() for phrase in words]
        phrases += [phrase for words in data["group"].values() for phrase in words]
        for phrase in phrases:
            (latin if phrase.isascii() else others).append(re.escape(phrase))
    return re.compile(rf"\b(?:{'|'.join(latin)})\b|{'|'.join(others)}")
