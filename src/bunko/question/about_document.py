"""Recognise a question about a document itself: when it was written or sent, by whom, to whom. In: a question. Out:
the fact that is asked for, and the words that name the document.

The forms are in `about_document.toml`. Whether there is such a document is not known here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bunko.language.data_files import read_patterns

PATTERNS = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutDocument:
    """What is asked about a document."""

    fact: str
    """`created`, `modified`, `authors` or `recipients`."""
    what: str
    """How the question names the document."""


def about_document(question: str) -> AboutDocument | None:
    """Return what a question asks about a document; None where it has another form.

    >>> about_document("When was the mail about the budget sent?")
    AboutDocument(fact='created', what='the mail about the budget')
    """
    text = unicodedata.normalize("NFKC", question)
    for fact, pattern in _patterns():
        if found := pattern.search(text):
            return AboutDocument(fact=fact, what=found["what"].strip())
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((item.name, re.compile(item.regex)) for item in read_patterns(PATTERNS))
