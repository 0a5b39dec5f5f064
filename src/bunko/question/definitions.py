"""Find the sentences that say who or what something is. In: a sentence, a name. Out: a degree.

The forms are in `definitions.toml`. Knows nothing of questions.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from bunko.language.data_files import read_patterns

PATTERNS = Path(__file__).with_name("definitions.toml")
_ENDINGS = "yij"
_DEGREES = {"says": 1.0, "titles": 0.5}


def defines(sentence: str, name: str) -> float:
    """Return how clearly a sentence says who or what a name is: 1, 0.5 where it only gives a title or a role, or 0.

    >>> defines("Ada Lind, an engineer, built it.", "Ada Lind"), defines("Its mayor is Ada Lind.", "Ada Lind")
    (1.0, 0.5)
    """
    text = unicodedata.normalize("NFKC", sentence)
    patterns = _patterns(unicodedata.normalize("NFKC", name))
    return next((degree for degree, pattern in patterns if pattern.search(text)), 0.0)


@lru_cache(maxsize=64)
def _patterns(name: str) -> tuple[tuple[float, re.Pattern[str]], ...]:
    last = name.rsplit(maxsplit=1)[-1] if name.split() else name
    known = f"(?:{re.escape(name)}|{re.escape(last)})"
    if last.endswith(tuple(_ENDINGS)):  # Zelensky, Zelenskyy, Zelenskiy
        known += f"[{_ENDINGS}]{{0,2}}"
    part = rf"(?i:(?<!\w){known})" if name.isascii() else known
    return tuple(
        (_DEGREES[item.name], re.compile(item.regex)) for item in read_patterns(PATTERNS, parts={"name": part})
    )
