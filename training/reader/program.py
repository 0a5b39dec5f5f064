"""Measure what the program marks with a reader. In: a folder with a card, cases. Out: figures, the least confidence.

The program's own rules choose the words (bunko.answering.spans), from its own passages and quotes.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.reader.cases import Case

BINS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What the program marks for a question; `text` is empty where it marks nothing. `seconds`: processor time."""

    text: str
    confidence: float
    right: bool
    seconds: float


def mark_all(folder: Path, cases: Sequence[Case]) -> list[Marked]:
    """Return what the program would mark for each case if it were sure of everything."""
    import time

    from bunko.answering.spans import find_span
    from bunko.evaluation.metrics import begins_right
    from bunko.question.question import parse_question
    from bunko.reader.cards import read_card
    from bunko.reader.late import LateReader

    # The name keeps the weights of a shipped reader out (`bunko.answering.trust`): confidence is as the model says.
    reader = LateReader(replace(read_card(folder), least_confidence=0.0, name=folder.name), threads=1)
    marked = []
    for case in cases:
        evidence, hits = rebuilt(case)
        began = time.process_time()
        span = find_span(parse_question(case.question), evidence, hits, reader)
        seconds = time.process_time() - began
        right = span is not None and begins_right(span.text, case.answers, question=case.question)
        text, confidence = (span.text, span.confidence) if span else ("", 0.0)
        marked.append(Marked(text=text, confidence=confidence, right=right, seconds=seconds))
    reader.close()
    return marked


def rebuilt(case: Case) -> tuple[list[Any], list[Any]]:
    """Return the program's evidence and hits for a case; each passage is a document of its own."""
    from bunko.language.detection import detect_language
    from bunko.types import Chunk, Evidence, Hit

    hits: list[Any] = []
    evidence: list[Any] = []
    for n, found in enumerate(case.found):
        fields: dict[str, Any] = {
            "start": 0,
            "end": len(found.text),
            "text": found.text,
            "language": detect_language(found.text),
        }
        hits.append(Hit(chunk=Chunk(path=str(n), **fields), score=found.share))
    for rank, quote in enumerate(case.quotes):
        place = next((n for n, found in enumerate(case.found) if quote in found.text), None)
        start = 0 if place is None else case.found[place].text.index(quote)
        path = "elsewhere" if place is None else str(place)
        score = 1.0 / (1 + rank)
        evidence.append(Evidence(path=path, start=start, end=start + len(quote), quote=quote, score=score))
    return evidence, hits


def least_confidence(marked: Sequence[Marked]) -> float:
    """Return the confidence from which on most is gained: one for a right mark, one lost for a wrong one.

    >>> def mark(confidence, right):
    ...     return Marked(text="x", confidence=confidence, right=right, seconds=0.0)
    >>> least_confidence([mark(0.9, True), mark(0.6, True), mark(0.3, False), mark(0.1, False)])
    0.6
    """
    best, gained, at = 0, 0, 1.0
    for one in sorted((one for one in marked if one.text), key=lambda one: -one.confidence):
        gained += 1 if one.right else -1
        if gained > best:
            best, at = gained, one.confidence
    return math.floor(at * 1000) / 1000


def program_figures(cases: Sequence[Case], marked: Sequence[Marked], *, least: float) -> dict[str, Any]:
    """Return shares of 1: of the best quote alone, of the words that are marked, and of the words or else the quote."""
    pairs = list(zip(cases, marked, strict=True))
    shown = [(case, one) for case, one in pairs if one.text and one.confidence >= least]
    answerable = [(case, one) for case, one in pairs if case.answers]
    unanswerable = len(pairs) - len(answerable)

    def quote(case: Case, one: Marked) -> str:
        return case.quotes[0] if case.quotes else ""

    def words(case: Case, one: Marked) -> str:
        return one.text

    def words_or_quote(case: Case, one: Marked) -> str:
        return one.text if one.text and one.confidence >= least else quote(case, one)

    told = [one.right for case, one in shown if case.answers]
    said = [one for one in marked if one.text]
    return {
        "questions": len(answerable),
        "best quote": _shares(answerable, quote),
        "words however unsure": _shares(answerable, words),
        "words or best quote": _shares(answerable, words_or_quote),
        "marked": _share([bool(one.text) and one.confidence >= least for _, one in answerable]),
        "right of those marked": _share(told),
        "unanswerable": unanswerable,
        "unanswerable that are marked": round((len(shown) - len(told)) / max(1, unanswerable), 3),
        "calibration": calibration(said),
        "processor ms a question": round(1000 * sum(one.seconds for one in said) / max(1, len(said))),
    }


def _shares(pairs: Sequence[tuple[Case, Marked]], said: Callable[[Case, Marked], str]) -> dict[str, float]:
    from bunko.evaluation.metrics import begins_right, best_exact_match, best_f1

    rows = [(said(case, one), case.answers, case.question) for case, one in pairs]
    return {
        name: _share([measure(text, answers, question=question) for text, answers, question in rows])
        for name, measure in (("right", begins_right), ("F1", best_f1), ("exact", best_exact_match))
    }


def calibration(marked: Sequence[Marked]) -> dict[str, Any]:
    """Return, for each fifth of confidence from 0 to 1, how many there are, the mean and how many are right; the ECE.

    >>> one = Marked(text="x", confidence=0.9, right=True, seconds=0.0)
    >>> calibration([one, replace(one, right=False)])
    {'0.8 to 1.0': [2, 0.9, 0.5], 'ECE': 0.4}
    """
    table: dict[str, Any] = {}
    error = 0.0
    for place in range(BINS):
        mine = [one for one in marked if min(BINS - 1, int(one.confidence * BINS)) == place]
        if not mine:
            continue
        mean, right = sum(one.confidence for one in mine) / len(mine), sum(one.right for one in mine) / len(mine)
        error += len(mine) * abs(mean - right) / len(marked)
        table[f"{place / BINS:.1f} to {(place + 1) / BINS:.1f}"] = [len(mine), round(mean, 3), round(right, 3)]
    return {**table, "ECE": round(error, 3)}


def _share(values: Sequence[float]) -> float:
    return round(sum(values) / max(1, len(values)), 3)
