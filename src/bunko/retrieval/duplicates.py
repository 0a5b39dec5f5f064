"""Keep one of the passages that copies and versions of a document share. In: a question, hits, what is known of their
documents. Out: hits, and what was left out.

The newer version wins, unless the question says otherwise: it asks for an old version, or has a word, a number or a
year that only the older one has. A passage that only one of the versions has stays. Knows no storage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations

from bunko.language.words import source_words
from bunko.ports import Sketching
from bunko.question.question import Question
from bunko.question.versions import Wanted
from bunko.types import Chunk, Evidence, Hit
from bunko.versions import Sketched, alike_among, newest_first

_COUNTERPART = 0.5
"""The share of words that a passage has in common with its counterpart in another version."""
_NAMED = 3
_SIGNS = re.compile(r"[\W_]+|(?<=\D)(?=\d)|(?<=\d)(?=\D)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A document of which a passage was left out for that of another."""

    path: str
    kept: str
    """The document whose passage is there instead."""
    reason: str
    """`copy`, `older` or `newer`: what the document is, seen from the other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """Hits without those that repeat another version."""

    hits: tuple[Hit, ...]
    left: tuple[Left, ...] = ()
    newer: tuple[tuple[str, str], ...] = ()
    """Pairs of documents, an older and a newer version of it, which were found both."""


class Versions:
    """Which of some documents are copies and versions of each other."""

    def __init__(self, documents: Sequence[Sketched]) -> None:
        self._place = {one.path: n for n, one in enumerate(newest_first(documents))}
        self._alike = {frozenset((one.path, other.path)) for one, other in alike_among(documents)}
        self._same = {
            frozenset((one.path, other.path)) for one, other in combinations(documents, 2) if one.digest == other.digest
        }
        self._years = {one.path: one.date[:4] for one in documents}

    def __bool__(self) -> bool:
        return bool(self._alike)

    def are_alike(self, one: str, other: str) -> bool:
        """Return whether two documents are copies or versions of each other."""
        return frozenset((one, other)) in self._alike

    def are_copies(self, one: str, other: str) -> bool:
        """Return whether two documents say the same."""
        return frozenset((one, other)) in self._same

    def is_newer(self, one: str, other: str) -> bool:
        """Return whether the first document is the newer one."""
        return self._place[one] < self._place[other]

    def pairs(self) -> list[tuple[str, str]]:
        """Return all versions that are not copies, each as an older one and a newer one; the newest ones first."""
        found = [sorted(pair, key=self._place.__getitem__) for pair in self._alike if pair not in self._same]
        return [(older, newer) for newer, older in sorted(found, key=lambda pair: self._place[pair[0]])]

    def year_of(self, path: str) -> str:
        """Return the year of a document's own date; empty if it says none."""
        return self._years.get(path, "")


def versions_among(searches: Sequence[Sequence[Hit]], store: object) -> Versions:
    """Return which of the documents that were found are versions of each other; none where the store can't say."""
    paths = list(dict.fromkeys(hit.chunk.path for hits in searches for hit in hits))
    return Versions(store.sketched(paths) if len(paths) > 1 and isinstance(store, Sketching) else ())


def together(found: Sequence[Distinct]) -> Distinct:
    """Return what several searches found as one, with the hits of the first."""
    left = {(one.path, one.kept): one for each in found for one in each.left}
    return Distinct(hits=found[0].hits, left=tuple(left.values()), newer=found[0].newer)


def distinct(
    question: Question, hits: Sequence[Hit], versions: Versions, *, wanted: Wanted, keep: Sequence[str] = ()
) -> Distinct:
    """Return the hits, best first, with one of those that versions share.

    The one that stays takes the better place of both. Documents in `keep` lose no passage.
    """
    if not versions:
        return Distinct(hits=tuple(hits))
    chosen: list[Hit] = []
    left: dict[tuple[str, str], Left] = {}
    for hit in hits:
        for n, other in enumerate(chosen):
            if not _is_counterpart(hit.chunk, other.chunk, versions):
                continue
            winner, loser = _ordered(hit, other, versions, wanted)
            if not _may_go(loser.chunk, winner.chunk, question, versions, wanted=wanted, keep=keep):
                continue
            chosen[n] = replace(winner, score=max(hit.score, other.score))
            _note(left, loser.chunk.path, winner.chunk.path, versions)
            break
        else:
            chosen.append(hit)
    return Distinct(hits=tuple(_without_repeats(chosen)), left=tuple(left.values()), newer=tuple(versions.pairs()))


def _is_counterpart(one: Chunk, other: Chunk, versions: Versions) -> bool:
    if one.path == other.path or not versions.are_alike(one.path, other.path):
        return False
    if one.key == other.key:
        return True
    own, others = source_words(one.text), source_words(other.text)
    return len(own & others) >= _COUNTERPART * max(1, len(own | others))


def _ordered(hit: Hit, other: Hit, versions: Versions, wanted: Wanted) -> tuple[Hit, Hit]:
    """Return the winner and the loser; of copies, the newer one or the one with the plainer path wins in any case."""
    hit_is_newer = versions.is_newer(hit.chunk.path, other.chunk.path)
    prefers_newer = wanted != "oldest" or versions.are_copies(hit.chunk.path, other.chunk.path)
    return (hit, other) if hit_is_newer == prefers_newer else (other, hit)


def _may_go(
    loser: Chunk, winner: Chunk, question: Question, versions: Versions, *, wanted: Wanted, keep: Sequence[str]
) -> bool:
    """Return whether the question lets the loser go."""
    if loser.path in keep:
        return False
    if versions.are_copies(loser.path, winner.path) and loser.text == winner.text:
        return True
    return wanted != "all" and _said(question, loser, versions) <= _said(question, winner, versions)


def _said(question: Question, chunk: Chunk, versions: Versions) -> frozenset[str]:
    """Return the words of the question that are in a passage, its headings, its path, or the year of its document."""
    name = " ".join(_SIGNS.split(chunk.path.rpartition(".")[0] or chunk.path))
    around = _words(f"{chunk.heading}\n{name}\n{versions.year_of(chunk.path)}") | _words(chunk.text)
    return question.distinct_words & around


def further(
    question: Question,
    hits: Sequence[Hit],
    more: Sequence[Hit],
    versions: Versions,
    *,
    wanted: Wanted,
    keep: Sequence[str] = (),
) -> list[Hit]:
    """Return more hits, without those that repeat another version of hits that are distinct already."""
    found = distinct(question, [*hits, *more], versions, wanted=wanted, keep=keep).hits
    known = {(hit.chunk.path, hit.chunk.start) for hit in hits}
    asked = {(hit.chunk.path, hit.chunk.start) for hit in more}
    return [hit for hit in found if (hit.chunk.path, hit.chunk.start) in asked - known]


@lru_cache(maxsize=512)
def _words(text: str) -> frozenset[str]:
    return source_words(text)


def _note(left: dict[tuple[str, str], Left], loser: str, winner: str, versions: Versions) -> None:
    age = "older" if versions.is_newer(winner, loser) else "newer"
    reason = "copy" if versions.are_copies(loser, winner) else age
    left[loser, winner] = Left(path=loser, kept=winner, reason=reason)


def _without_repeats(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits without a second one of the same place, and in the order of their scores."""
    found: dict[tuple[str, int], Hit] = {}
    for hit in hits:
        found.setdefault((hit.chunk.path, hit.chunk.start), hit)
    return list(found.values())


def notes_on_versions(found: Distinct, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Return notes for the reader on the documents that are quoted in place of copies or of other versions."""
    quoted = list(dict.fromkeys(item.path for item in evidence))
    notes: list[str] = []
    for path in quoted:
        for reason in ("copy", "older", "newer"):
            others = [one.path for one in found.left if one.kept == path and one.reason == reason]
            if others := [other for other in others if other not in quoted]:
                notes.append(_in_place_of(path, reason, _listed(others)))
    gone = {one.path for one in found.left}
    for path in quoted:
        newer = [new for old, new in found.newer if old == path]
        if newer and not {*newer} & {*quoted, *gone}:
            notes.append(f"{path} is quoted, and {newer[0]} is a newer version of it.")
    return tuple(notes)


def _in_place_of(path: str, reason: str, others: str) -> str:
    if reason == "copy":
        return f"{path} is quoted in place of copies: {others}."
    if reason == "older":
        return f"{path} is quoted in place of older versions: {others}."
    return f"{path} is quoted in place of newer versions: {others}."


def _listed(paths: Sequence[str]) -> str:
    more = len(paths) - _NAMED
    return ", ".join(paths[:_NAMED]) + (f" and {more} more" if more > 0 else "")
