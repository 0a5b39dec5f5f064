"""Collect the signals of questions, for `benchmarks.trust.fit`. In: a folder, questions. Out: lines of numbers.

usage: python -m benchmarks.trust.collect FOLDER QUESTIONS.jsonl --part NAME [--store DIR] >> signals.jsonl

A question has `question`, `answers` and `unanswerable`; with `exclude`, these documents are not asked, so that a
question whose passage is left out has no answer. Questions that several passages answer are left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bunko.answering.breadth import breadth_of, evidence_for
from bunko.answering.finding import find
from bunko.answering.missing import missing
from bunko.answering.refusal import signals_of, support
from bunko.answering.spans import choose_span, read_quotes
from bunko.config import load_settings
from bunko.evaluation.metrics import begins_right
from bunko.library import Library, open_library
from bunko.ports import ReaderSpec
from bunko.question.question import parse_question
from bunko.scope import asking
from bunko.settings import apply_overrides
from bunko.stopwatch import Stopwatch

_MOST = 9.0  # in place of infinity, which JSON does not have


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--part", required=True)
    parser.add_argument("--store", default="")
    parser.add_argument("--embedder", default="auto")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.questions.read_text(encoding="utf-8").splitlines()]
    overrides = {"model": "none", "embedder": arguments.embedder, "store": arguments.store}
    with open_library(arguments.folder, settings=load_settings(overrides=overrides)) as library:
        library.sync()
        for row in rows:
            for line in signals(library, row):
                print(json.dumps({"part": arguments.part, **line}, ensure_ascii=False), flush=True)


def signals(library: Library, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the numbers of one question; none where no reader reads it, or no vector was compared."""
    settings = apply_overrides(library.settings, {"scope.exclude": tuple(row.get("exclude", ()))})
    question, watch = parse_question(row["question"]), Stopwatch()
    breadth = breadth_of(question, library.generator.spec, settings)
    place = asking.within(library.store, settings.scope, ())
    hits, vector = find(question, place.store, library.embedder, settings=settings, watch=watch)
    evidence, quotes = evidence_for(
        question, [hits], [], place.store, library.embedder, vector=vector, breadth=breadth, settings=settings.evidence
    )
    reader = library._engines.reader(settings, question.language)
    lacking = missing(question, hits, evidence[:quotes])
    spec = library.embedder.spec
    found = signals_of(question, hits, evidence[:quotes], lacking, spec=spec)
    if reader is None or found is None or breadth.is_wide:
        return
    read = read_quotes(question, evidence, hits, reader)
    raw = ReaderSpec(name="as it says", languages=reader.spec.languages, least_confidence=0.0)
    span = choose_span(question, read, raw)

    def right(text: str) -> bool:
        return not row["unanswerable"] and bool(begins_right(text, row["answers"], question=row["question"]))

    yield {
        "language": question.language,
        "kind": question.kind,
        "unanswerable": row["unanswerable"],
        "reader": reader.spec.name,
        "relevance": round(max((one.reading.relevance for one in read), default=0.0), 5),
        "likeness": round(found.likeness, 4),
        "quote": round(found.quote, 4),
        "lacks": found.lacks,
        "rule": round(min(support(question, hits, evidence[:quotes], spec=spec).strength, _MOST), 4),
        "confidence": round(span.confidence, 5) if span else None,
        "right": span is not None and right(span.text),
        "quote_right": bool(evidence) and right(evidence[0].quote),
        "judged": True,
    }


if __name__ == "__main__":
    main()
