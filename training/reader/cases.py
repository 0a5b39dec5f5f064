"""Collect what the program finds for held-out questions. In: a SQuAD folder. Out: list[Case], kept in a JSON file.

The program searches a folder of all articles, held-out and not: a collection is never of the asked subject alone. Where
no question is unanswerable, passages are taken out of the folder, and their questions are.
"""

import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.reader.data import HELD_OUT_ARTICLES, read_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A passage that the program found; `share`: its score over the best one's; `sentences` are characters."""

    text: str
    share: float
    sentences: list[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A held-out question; no answers: the documents don't answer it.

    `found` and `quotes` are the program's own passages and quotes, best first.
    """

    question: str
    answers: list[str]
    found: list[Found]
    quotes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Held-out questions: rows of `queries.jsonl`. Passages in `without` are not in the folder that is searched."""

    rows: list[dict[str, Any]]
    without: frozenset[str] = frozenset()


def load_cases(squad: Path, kept: Path, *, ask: Callable[[], Asked]) -> list[Case]:
    """Return the cases of the file `kept`, which is made first if it is missing."""
    if not kept.exists():
        asked = ask()
        cases = collect(squad, asked.rows, without=asked.without)
        kept.write_text(json.dumps([asdict(case) for case in cases], ensure_ascii=False), encoding="utf-8")
    return [_case(row) for row in json.loads(kept.read_text(encoding="utf-8"))]


def sample(squad: Path, *, answerable: int, unanswerable: int, seed: int = 7) -> Asked:
    """Return questions of the held-out articles of SQuAD 2.0."""
    held_out = {row["id"] for row in read_rows(squad / "corpus.jsonl") if row["title"] in HELD_OUT_ARTICLES}
    rows = [row for row in read_rows(squad / "queries.jsonl") if row["context_id"] in held_out]
    random.Random(seed).shuffle(rows)
    yes = [row for row in rows if not row["unanswerable"]][:answerable]
    return Asked(rows=yes + [row for row in rows if row["unanswerable"]][:unanswerable])


def sample_removing(
    squad: Path, articles: Collection[str], *, answerable: int, unanswerable: int, seed: int = 7
) -> Asked:
    """Return questions of some articles, and questions whose passage is taken out, so that nothing answers them.

    A question whose answer stands elsewhere in its article is not asked when its passage is gone.
    """
    corpus = [row for row in read_rows(squad / "corpus.jsonl") if row["title"] in articles]
    title_of = {row["id"]: row["title"] for row in corpus}
    rng = random.Random(seed)
    order = rng.sample(sorted(title_of), len(title_of))
    mine = [row for row in read_rows(squad / "queries.jsonl") if row["context_id"] in title_of]
    from bunko.evaluation.metrics import holds_any

    without: set[str] = set()
    gone: list[dict[str, Any]] = []
    while order and len(gone) < unanswerable:
        without.add(order.pop())
        left: dict[str, list[str]] = defaultdict(list)
        for row in corpus:
            if row["id"] not in without:
                left[row["title"]].append(row["text"])
        gone = [
            {**row, "answers": [], "unanswerable": True}
            for row in mine
            if row["context_id"] in without
            and not holds_any(left[title_of[row["context_id"]]], row["answers"], question=row["question"])
        ]
    there = [row for row in mine if row["context_id"] not in without]
    return Asked(rows=rng.sample(there, min(answerable, len(there))) + gone[:unanswerable], without=frozenset(without))


def collect(squad: Path, asked: list[dict[str, Any]], *, without: Collection[str] = ()) -> list[Case]:
    """Ask the program for passages and quotes; it uses no language model."""
    from bunko.config import load_settings
    from bunko.language.sentences import sentences
    from bunko.library import Library
    from bunko.testing import FakeGenerator

    cases = []
    with tempfile.TemporaryDirectory() as made:
        documents = Path(made, "documents")
        documents.mkdir()
        _write_articles(squad, documents, without=without)
        settings = load_settings(overrides={"store": str(Path(made, "store")), "answers.keep": 0})
        with Library(documents, settings=settings, generator=FakeGenerator(parameters=135_000_000)) as library:
            library.sync()
            library.complete()
            for number, row in enumerate(asked, 1):
                hits = library.search(row["question"])
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


def _write_articles(squad: Path, folder: Path, *, without: Collection[str]) -> None:
    articles: dict[str, list[str]] = defaultdict(list)
    for row in read_rows(squad / "corpus.jsonl"):
        if row["id"] in without:
            continue
        articles[row["title"]].append(row["text"])
    for title, passages in articles.items():
        (folder / f"{title.replace('/', '-')}.txt").write_text("\n\n".join(passages), encoding="utf-8")


def _case(row: dict[str, Any]) -> Case:
    found = [
        Found(text=item["text"], share=item["share"], sentences=[(start, end) for start, end in item["sentences"]])
        for item in row["found"]
    ]
    return Case(question=row["question"], answers=row["answers"], found=found, quotes=row["quotes"])
