"""Gather the context of a question that several passages answer. In: a question, hits for each part. Out: Evidence.

The best sentences with their neighbours, from as many documents as matter, until a budget of tokens is used up. The
parts of a question take turns, so that each gets its share. Knows nothing of models.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bunko.injection.detection import gives_orders
from bunko.language.sentences import sentences
from bunko.language.words import estimate_tokens, words
from bunko.question.question import Question
from bunko.retrieval.evidence import score_sentences
from bunko.types import Chunk, Evidence, Hit

# A further window of the same document counts for less, so that a long document does not take all the room.
_SAME_DOCUMENT = 0.93
_NEAR_DUPLICATE = 0.8
_NEIGHBOURS = 1
"""Sentences before and after a chosen one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """A sentence with its neighbours: a stretch of a passage."""

    chunk: Chunk
    start: int
    """In characters of the document."""
    end: int
    score: float

    @property
    def text(self) -> str:
        return self.chunk.text[self.start - self.chunk.start : self.end - self.chunk.start]


@dataclass(slots=True)
class _Chosen:
    """What has been chosen so far."""

    windows: list[_Window] = field(default_factory=list)
    of_document: Counter[str] = field(default_factory=Counter)
    tokens: int = 0

    def add(self, window: _Window) -> None:
        self.tokens += self.cost(window)
        self.windows.append(window)
        self.of_document[window.chunk.path] += 1

    def cost(self, window: _Window) -> int:
        """Return the tokens that a window adds; what overlaps a chosen one is already there."""
        new = set(range(window.start, window.end))
        for other in self.windows:
            if other.chunk.path == window.chunk.path:
                new -= set(range(other.start, other.end))
        return round(estimate_tokens(window.text) * len(new) / max(1, window.end - window.start))

    def repeats(self, window: _Window) -> bool:
        """Return whether a window says what a chosen one of another place says."""
        own = frozenset(words(window.text))
        for other in self.windows:
            theirs = frozenset(words(other.text))
            apart = (other.chunk.path, other.chunk.start) != (window.chunk.path, window.chunk.start)
            if apart and len(own & theirs) > _NEAR_DUPLICATE * max(1, min(len(own), len(theirs))):
                return True
        return False


def gather(searches: Sequence[tuple[Question, Sequence[Hit]]], *, max_tokens: int) -> list[Evidence]:
    """Return the context for a question, best document first, in reading order within each.

    `searches` holds the question with its hits, then each of its parts with its own. The quotes have about
    `max_tokens` tokens together, by estimate; none where there are no hits.
    """
    chosen = _Chosen()
    queues = [_windows(question, hits) for question, hits in searches if hits]
    waiting = list(queues)
    for queue in itertools.cycle(range(len(waiting))):
        if not any(waiting):
            break
        if not waiting[queue]:
            continue
        window = _next(waiting[queue], chosen)
        waiting[queue].remove(window)
        if chosen.repeats(window) or not (cost := chosen.cost(window)):
            continue
        if chosen.tokens + cost > max_tokens:
            waiting[queue].clear()
            continue
        chosen.add(window)
    return [*_evidence(chosen.windows)]


def _next(windows: Sequence[_Window], chosen: _Chosen) -> _Window:
    return max(windows, key=lambda item: item.score * _SAME_DOCUMENT ** chosen.of_document[item.chunk.path])


def _windows(question: Question, hits: Sequence[Hit]) -> list[_Window]:
    """Return the sentences of the passages with their neighbours."""
    found = []
    for chunk, start, end, score in score_sentences(question, hits):
        if not gives_orders(chunk.text[start - chunk.start : end - chunk.start]):
            first, last = _with_neighbours(chunk, start, end)
            found.append(_Window(chunk=chunk, start=first, end=last, score=score))
    return found


def _with_neighbours(chunk: Chunk, start: int, end: int) -> tuple[int, int]:
    """Return where a sentence with its neighbours in the same section starts and ends."""
    heading = chunk.heading_at(start)
    spans = [(first + chunk.start, last + chunk.start) for first, last in sentences(chunk.text)]
    inside = [n for n, (first, last) in enumerate(spans) if first < end and last > start]
    around = range(max(0, inside[0] - _NEIGHBOURS), min(len(spans), inside[-1] + _NEIGHBOURS + 1)) if inside else ()
    kept = [spans[n] for n in around if chunk.heading_at(spans[n][0]) == heading]
    return min([start, *(first for first, _ in kept)]), max([end, *(last for _, last in kept)])


def _evidence(windows: Sequence[_Window]) -> Iterator[Evidence]:
    """Yield the windows of each document, those that touch as one; documents by their best window."""
    best = {path: max(item.score for item in group) for path, group in _by_document(windows).items()}
    for path in sorted(best, key=lambda path: -best[path]):
        ordered = sorted(_by_document(windows)[path], key=lambda item: item.start)
        for chunk, group in itertools.groupby(ordered, key=lambda item: item.chunk.start):
            yield from _joined(list(group), chunk)


def _by_document(windows: Sequence[_Window]) -> dict[str, list[_Window]]:
    grouped: dict[str, list[_Window]] = {}
    for window in windows:
        grouped.setdefault(window.chunk.path, []).append(window)
    return grouped


def _joined(windows: list[_Window], _start: int) -> Iterator[Evidence]:
    runs: list[list[_Window]] = []
    for window in windows:
        touches = runs and window.start <= max(item.end for item in runs[-1]) + 2
        same = touches and runs[-1][0].chunk.heading_at(runs[-1][0].start) == window.chunk.heading_at(window.start)
        if same:
            runs[-1].append(window)
        else:
            runs.append([window])
    for run in runs:
        chunk, start, end = run[0].chunk, run[0].start, max(item.end for item in run)
        yield Evidence(
            path=chunk.path,
            start=start,
            end=end,
            quote=chunk.text[start - chunk.start : end - chunk.start],
            score=max(item.score for item in run),
            page=chunk.page,
            heading=chunk.heading_at(start),
        )
