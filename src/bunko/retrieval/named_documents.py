"""Find the documents that a question names. In: a question, paths. Out: paths.

A document is named by its file name ("report.pdf", "minutes-2023-04"), by the words of its name ("the 2022 State of the
Union" for state_of_the_union_2022.txt), or by its date. Knows nothing of what documents say.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bunko.language.quantity import Quantity
from bunko.language.words import words
from bunko.question.question import Question
from bunko.retrieval.rarity import rarity

_MOST = 4
_SHARE = 0.5
"""The share of a name's own weight that a question must have."""
_NEAR_BEST = 0.85
"""Names with a lower share of the best score are left out."""
_FEWEST = 2
"""Words of a name that a question must share; one is often the subject of many documents."""
_DISTINCT = re.compile(r"[\d_-]")
# A certain file: not "which documents" or "each file", and not a property that all files have, such as "file formats".
_A_FILE = re.compile(
    r"(?<!\bwhich )(?<!\bwhat )(?<!\beach )(?<!\bevery )(?<!\bany )(?<!\bmany )"
    r"\b(?:file|document|report|paper)s?\b(?!s? (?:format|type|kind|name|ending|extension|size|system|number)s?\b)"
    r"|(?<!どの)(?<!どんな)(?<!各)(?<!全)(?:ファイル|文書|資料|書類)(?!形式|名|の形式|の種類|サイズ|の大きさ)",
    re.I,
)
_NAME_LIKE = re.compile(r"[\w-]\.[A-Za-z]\w{1,8}\b|\w[-_]\w")
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?([0-3]\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class _Name:
    """What the name of a file says."""

    path: str
    stem: str
    words: frozenset[str]
    days: frozenset[tuple[int, int, int]]


def may_name_file(question: Question) -> bool:
    """Return whether a question may name a file: it has something like a file name, or speaks of a file. Quick."""
    return bool(_NAME_LIKE.search(question.text) or _A_FILE.search(question.text))


def named_files(question: Question, paths: Iterable[str]) -> list[str]:
    """Return the documents whose file name is in the question, with or without its ending.

    A name that may be a common word ("mill" for mill.txt) counts with its ending, or if the question speaks of a file.

    >>> from bunko.question.question import parse_question
    >>> named_files(parse_question("What does town.txt say?"), ["a/town.txt", "port.txt"])
    ['a/town.txt']
    """
    asked = _fold(question.text)
    speaks_of_file = bool(_A_FILE.search(asked))
    found = []
    for path in paths:
        name = _fold(path.rpartition("/")[2])
        stem = name.rpartition(".")[0] or name
        bare = len(stem) > 2 and (speaks_of_file or bool(_DISTINCT.search(stem)))
        if _has(asked, name) or (bare and _has(asked, stem)):
            found.append(path)
    return found[:_MOST]


def without_file_names(question: Question, paths: Iterable[str]) -> str:
    """Return the question's text without the names of these files: what is asked about them.

    >>> from bunko.question.question import parse_question
    >>> without_file_names(parse_question("What does town.txt say of the mayor?"), ["a/town.txt"])
    'What does   say of the mayor?'
    """
    text = unicodedata.normalize("NFKC", question.text)
    for path in paths:
        name = unicodedata.normalize("NFKC", path.rpartition("/")[2])
        for form in (name, name.rpartition(".")[0] or name):
            text = re.sub(re.escape(form), " ", text, flags=re.I)
    return text


def named_by_words(question: Question, paths: Sequence[str]) -> list[str]:
    """Return the documents whose names have the question's words, or its date; best first, few or none.

    At least half of what sets a name apart from the others must be in the question: rare words count most.
    """
    asked = frozenset(question.words)
    dates = {day for item in question.quantities if (day := _day(item))}
    names = [_name(path) for path in paths]
    frequency = Counter(word for name in names for word in name.words)
    scored = []
    for name in names:
        shared = name.words & asked
        weight = _weight(shared, frequency, len(names)) / max(_weight(name.words, frequency, len(names)), 1e-9)
        by_date = bool(dates & name.days)
        if by_date or (len(shared) >= _FEWEST and weight >= _SHARE):
            scored.append((weight + by_date, name.path))
    scored.sort(key=lambda item: (-item[0], item[1]))
    return [path for score, path in scored if score >= _NEAR_BEST * scored[0][0]][:_MOST]


def _weight(found: frozenset[str], frequency: Counter[str], total: int) -> float:
    return math.fsum(rarity(frequency[word], total=total) for word in found)


@lru_cache(maxsize=8192)  # a server is asked about the same documents again
def _name(path: str) -> _Name:
    stem = path.rpartition("/")[2].rpartition(".")[0] or path
    days = frozenset((int(year), int(month), int(day)) for year, month, day in _DAY.findall(stem))
    said = words(re.sub(r"[_\W]+", " ", _DAY.sub(" ", stem)))
    return _Name(path, stem, frozenset(word for word in said if not word.isdigit() or len(word) == 4), days)


def _day(item: Quantity) -> tuple[int, int, int] | None:
    if item.kind == "date" and item.year and item.month and item.day:
        return int(item.year), int(item.month), int(item.day)
    return None


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _has(text: str, name: str) -> bool:
    # A pattern takes a hundred times as long, and a library may have a hundred thousand names.
    return name in text and bool(re.search(rf"(?<![a-z0-9_-]){re.escape(name)}(?![a-z0-9_])", text))
