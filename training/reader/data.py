"""Read question sets into training questions. In: data folders. Out: list[Question]. Knows nothing of tokens or models.

Three articles of SQuAD 2.0 are held out: neither their passages nor their questions are read, not as negatives either.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.reader.bm25 import Bm25, words

HELD_OUT_ARTICLES = frozenset({"Steam engine", "Yuan dynasty", "Harvard University"})
RETRIEVED = 8  # As many passages as the program looks at.
NEGATIVES = 4  # Kept for each question; training draws from them.
MAX_ANSWER_CHARACTERS = 300
ROW_SETS = ("qed", "qamr", "fairytale-qa", "covid-qa")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, the passage that goes with it, and passages of the same collection that do not answer.

    `span` gives the characters of the answer in `passage`; None: the passage looks related but does not answer.
    """

    source: str
    text: str
    passage: str
    span: tuple[int, int] | None
    negatives: tuple[str, ...] = ()


def load_questions(squad: Path, rows: Path, *, seed: int = 0) -> list[Question]:
    """Return all training questions of a SQuAD folder and of a folder of row files, in a fixed order."""
    questions = load_squad(squad, seed=seed)
    for name in ROW_SETS:
        path = rows / f"{name}.jsonl"
        if path.exists():
            questions += load_rows(path, seed=seed)
    return questions


def load_squad(folder: Path, *, seed: int = 0) -> list[Question]:
    """Return the questions of a folder with `corpus.jsonl` and `queries.jsonl`, less the held-out articles."""
    passages = {row["id"]: row for row in read_rows(folder / "corpus.jsonl") if row["title"] not in HELD_OUT_ARTICLES}
    by_title: dict[str, list[str]] = defaultdict(list)
    for row in passages.values():
        by_title[row["title"]].append(row["text"])
    negatives = _Negatives([row["text"] for row in passages.values()], seed=seed)
    questions = []
    for row in read_rows(folder / "queries.jsonl"):
        if row["context_id"] not in passages:
            continue
        gold = passages[row["context_id"]]
        span = None if row["unanswerable"] else locate(row["answers"], gold["text"], row["question"])
        if span is None and not row["unanswerable"]:
            continue
        found = negatives.find(row["question"], gold["text"], answers=row["answers"], near=by_title[gold["title"]])
        questions.append(
            Question(source="squad2", text=row["question"], passage=gold["text"], span=span, negatives=found)
        )
    return questions


def load_rows(path: Path, *, seed: int = 0) -> list[Question]:
    """Return the questions of a file of rows: `question`, `passage`, `start`, `end` (null: not answered there).

    A row without an answer gives a negative of its question; where the question has no answered row, it stands alone.
    """
    rows = read_rows(path)
    unanswered: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["start"] is None:
            unanswered[row["question"]].append(row["passage"])
    answered = [row for row in rows if row["start"] is not None and row["end"] - row["start"] <= MAX_ANSWER_CHARACTERS]
    mine = _Negatives(sorted({row["passage"] for row in answered}), seed=seed) if not unanswered else None
    questions = []
    for row in answered:
        answer = row["passage"][row["start"] : row["end"]]
        given = tuple(unanswered.pop(row["question"], []))
        found = mine.find(row["question"], row["passage"], answers=[answer]) if mine else given
        span = (row["start"], row["end"])
        questions.append(
            Question(source=path.stem, text=row["question"], passage=row["passage"], span=span, negatives=found)
        )
    for text, passages in unanswered.items():
        first, *rest = passages
        questions.append(Question(source=path.stem, text=text, passage=first, span=None, negatives=tuple(rest)))
    return questions


def locate(answers: Iterable[str], passage: str, question: str) -> tuple[int, int] | None:
    """Return the characters of the most frequent answer; of several places, the one amid words of the question.

    >>> locate(["1810", "1810", "in 1810"], "It began in 1810.", "When did it begin?")
    (12, 16)
    """
    counted = Counter(answers).most_common(1)
    if not counted or not counted[0][0]:
        return None
    answer, asked = counted[0][0], set(words(question))
    places = list(_places(answer, passage))
    if not places:
        return None

    def shared(place: int) -> int:
        return len(asked & set(words(passage[max(0, place - 120) : place + 120])))

    place = max(places, key=lambda place: (shared(place), -place))
    return place, place + len(answer)


def _places(answer: str, passage: str) -> Iterator[int]:
    place = passage.find(answer)
    while place >= 0:
        yield place
        place = passage.find(answer, place + 1)


class _Negatives:
    """Finds passages that look like an answer and hold none."""

    def __init__(self, passages: list[str], *, seed: int) -> None:
        self._passages = passages
        self._index = Bm25(passages)
        self._random = random.Random(seed)

    def find(self, question: str, gold: str, *, answers: list[str], near: list[str] | None = None) -> tuple[str, ...]:
        """Return the best-ranked passages but the gold one, then one of the same article, less those with an answer."""
        wanted = [" ".join(words(answer)) for answer in answers]

        def holds(text: str) -> bool:
            plain = " ".join(words(text))
            return text == gold or any(answer in plain for answer in wanted)

        best = [self._passages[index] for index in self._index.best(question, limit=RETRIEVED)]
        found = [text for text in best if not holds(text)][:NEGATIVES]
        others = [text for text in near or [] if text not in found and not holds(text)]
        return (*found, *self._random.sample(others, min(1, len(others))))


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file with one a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
