"""Collect what the program finds for held-out questions. In: a SQuAD folder. Out: list[Case], kept in a JSON file.

The program searches a folder of all articles, held-out and not: a collection is never of the asked subject alone.
"""

import json
import random
import tempfile
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.reader.data import HELD_OUT_ARTICLES

PASSAGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A passage that the program found; `share`: its score over the best one's; `sentences` are characters."""

    text: str
    share: float
    sentences: list[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A held-out question; no answers: the documents don't answer it. `quotes` are the program's own, best first."""

    question: str
    answers: list[str]
    found: list[Found]
    quotes: list[str]


def load_cases(squad: Path, kept: Path, *, answerable: int, unanswerable: int, seed: int = 7) -> list[Case]:
    """Return the cases of the file `kept`, which is made first if it is missing."""
    if not kept.exists():
        asked = sample(squad, answerable=answerable, unanswerable=unanswerable, seed=seed)
        cases = collect(squad, asked)
        kept.write_text(json.dumps([asdict(case) for case in cases], ensure_ascii=False), encoding="utf-8")
    return [_case(row) for row in json.loads(kept.read_text(encoding="utf-8"))]


def sample(squad: Path, *, answerable: int, unanswerable: int, seed: int) -> list[dict[str, Any]]:
    """Return questions of the held-out articles: rows of `queries.jsonl`."""
    held_out = {row["id"] for row in _rows(squad / "corpus.jsonl") if row["title"] in HELD_OUT_ARTICLES}
    rows = [row for row in _rows(squad / "queries.jsonl") if row["context_id"] in held_out]
    random.Random(seed).shuffle(rows)
    yes = [row for row in rows if not row["unanswerable"]][:answerable]
    return yes + [row for row in rows if row["unanswerable"]][:unanswerable]


def collect(squad: Path, asked: list[dict[str, Any]]) -> list[Case]:
    """Ask the program for passages and quotes; it uses no language model."""
    from bunko.config import load_settings
    from bunko.language.sentences import sentences
    from bunko.library import Library
    from bunko.testing import FakeGenerator

    cases = []
    with tempfile.TemporaryDirectory() as made:
        documents = Path(made, "documents")
        documents.mkdir()
        _write_articles(squad, documents)
        settings = load_settings(overrides={"store": str(Path(made, "store")), "answers.keep": 0})
        with Library(documents, settings=settings, generator=FakeGenerator(parameters=135_000_000)) as library:
            library.sync()
            library.complete()
            for number, row in enumerate(asked, 1):
                hits = library.search(row["question"])[:PASSAGES]
                best = max((hit.score for hit in hits), default=1.0) or 1.0
                found = [
                    Found(text=hit.chunk.text, share=hit.score / best, sentences=sentences(hit.chunk.text))
                    for hit in hits
                ]
                quotes = [evidence.quote for evidence in library.ask(row["question"]).evidence]
                cases.append(Case(question=row["question"], answers=row["answers"], found=found, quotes=quotes))
                if number % 25 == 0:
                    print(f"{number} of {len(asked)} held-out questions searched", flush=True)
    return cases


def _write_articles(squad: Path, folder: Path) -> None:
    articles: dict[str, list[str]] = defaultdict(list)
    for row in _rows(squad / "corpus.jsonl"):
        articles[row["title"]].append(row["text"])
    for title, passages in articles.items():
        (folder / f"{title.replace('/', '-')}.txt").write_text("\n\n".join(passages), encoding="utf-8")


def _case(row: dict[str, Any]) -> Case:
    found = [
        Found(text=item["text"], share=item["share"], sentences=[(start, end) for start, end in item["sentences"]])
        for item in row["found"]
    ]
    return Case(question=row["question"], answers=row["answers"], found=found, quotes=row["quotes"])


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
