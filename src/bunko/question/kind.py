"""Recognise the kind of a question. In: its text. Out: a Kind. Knows nothing of documents.

The kind decides how much is read and the form of the answer. A question whose form shows nothing is about a fact.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast

from bunko.language.data_files import read_patterns
from bunko.question.yes_no import asks_whether

Kind: TypeAlias = Literal["fact", "definition", "reason", "comparison", "list", "open", "yes_no", "summary", "greeting"]
"""What a question asks for: one fact; who or what something is; why or how; two or more things side by side; several
things; a discussion; yes or no; the content of a document; nothing from the documents."""

WIDE: frozenset[Kind] = frozenset({"reason", "comparison", "list", "open", "summary"})
"""The kinds whose answers come from several passages."""

PATTERNS = Path(__file__).with_name("kinds.toml")
# A yes/no question with one of these forms is no request for a yes: "Can you explain …", "Could you compare …".
_STRONGER_THAN_YES_NO = frozenset({"summary", "comparison"})


def kind_of(question: str) -> Kind:
    """Return the kind of a question.

    >>> kind_of("Who built the mill?"), kind_of("Why did it close?"), kind_of("Is it open?")
    ('fact', 'reason', 'yes_no')
    """
    found = next((name for name, pattern in _patterns() if pattern.search(question)), "fact")
    if asks_whether(question) and found not in _STRONGER_THAN_YES_NO and not _is_request(question):
        return "yes_no"
    return cast(Kind, found)


_REQUEST = re.compile(
    r"^\W*(?:can|could|would|will) you\b|(?:ください|もらえますか|いただけますか|くれますか)[。？?\s]*$", re.I
)


def _is_request(question: str) -> bool:
    return bool(_REQUEST.search(question))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((item.name, re.compile(item.regex, re.I)) for item in read_patterns(PATTERNS))
