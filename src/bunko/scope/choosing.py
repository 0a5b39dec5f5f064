"""Choose the documents that pass all filters. In: filters, what is known of each document. Out: paths, or an error.

The error names what comes nearest: a filter with a mistyped name must not give an answer from nothing. Knows nothing of
storage.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bunko.errors import ScopeError
from bunko.facts import facts_from
from bunko.scope.language import write_filters
from bunko.scope.matching import Known, Test, date_of, fold, tests_of
from bunko.settings import ScopeSettings

_NEAR = 3
_CUTOFF = 0.4
_MOST_COMPARED = 5_000  # difflib compares a thousand names in about 0.1 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The documents that pass the filters."""

    written: str
    """The filters as a question writes them."""
    paths: frozenset[str]
    of: int
    """How many documents there are."""


def choose(filters: Sequence[ScopeSettings], documents: Sequence[Known]) -> Choice:
    """Return the documents that pass all filters. Raises ScopeError where none does, with what comes nearest."""
    tests = [(one, name, test) for one in filters for name, test in tests_of(one).items()]
    passed = [document for document in documents if all(test(document) for _, _, test in tests)]
    written = " ".join(filter(None, map(write_filters, filters)))
    if not passed and documents:
        raise _nothing(tests, documents, written)
    return Choice(written=written, paths=frozenset(document.path for document in passed), of=len(documents))


def _nothing(tests: Sequence[tuple[ScopeSettings, str, Test]], documents: Sequence[Known], written: str) -> ScopeError:
    """Return the error that names the filter which no document passes, and what comes nearest to it."""
    counts = []
    for filters, name, test in tests:
        alone = ScopeSettings(**{name: getattr(filters, name)})
        count = sum(map(test, documents))
        if not count:
            return ScopeError(f"No document passes {write_filters(alone)}.", _nearest(name, filters, documents))
        counts.append(f"{count:,} pass {write_filters(alone)}")
    return ScopeError(f"No document passes all of: {written}.", f"Each alone: {', '.join(counts)}.")


def _nearest(name: str, filters: ScopeSettings, documents: Sequence[Known]) -> str:
    match name:
        case "only" | "exclude":
            near = _near(getattr(filters, name), _names(documents))
            return _or_list(near, "`bunko documents FOLDER` lists the documents.")
        case "since" | "until":
            days = [date_of(document) for document in documents]
            return f"The documents are from {min(days)} to {max(days)}."
        case "types":
            found = Counter(_ending(document) for document in documents)
            listed = ", ".join(f"{ending} ({count:,})" for ending, count in found.most_common(8))
            return f"There are: {listed}. To search for the words, put them in quotation marks."
        case "tags":
            tags = Counter(tag for document in documents for tag in facts_from(document.facts).tags)
            return _or_counts(_near(filters.tags, tags), tags, "No document has tags.")
        case _:
            authors = Counter(one for document in documents for one in facts_from(document.facts).authors)
            return _or_counts(_near(filters.authors, authors), authors, "No document names its author.")


def _names(documents: Sequence[Known]) -> list[str]:
    """Return paths, names and folders, those of the first documents where there are many."""
    found: dict[str, None] = {}
    for document in documents[:_MOST_COMPARED]:
        folder, _, name = document.path.rpartition("/")
        found |= {document.path: None, name: None}
        if folder:
            found[f"{folder}/"] = None
    return list(found)


def _near(wanted: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return the names that come nearest to what was wanted, best first."""
    by_fold: dict[str, str] = {}
    for name in names:
        for key in (fold(name), *(fold(word) for word in name.split())):
            by_fold.setdefault(key, name)
    near: dict[str, None] = {}
    for text in wanted:
        plain = fold(text).replace("*", "").replace("?", "").strip("/") or fold(text)
        near |= {name: None for key, name in by_fold.items() if len(plain) > 2 and plain in key}
        near |= {by_fold[key]: None for key in difflib.get_close_matches(plain, by_fold, n=_NEAR, cutoff=_CUTOFF)}
    return list(near)[:_NEAR]


def _or_list(near: Sequence[str], otherwise: str) -> str:
    return f"The nearest: {', '.join(map(repr, near))}." if near else otherwise


def _or_counts(near: Sequence[str], found: Counter[str], otherwise: str) -> str:
    if near:
        return _or_list(near, otherwise)
    listed = ", ".join(f"{name} ({count:,})" for name, count in found.most_common(8))
    return f"There are: {listed}." if listed else otherwise


def _ending(document: Known) -> str:
    name = document.file.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else document.format
