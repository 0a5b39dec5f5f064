"""Read the Japanese question sets. In: folders of JSQuAD and JaQuAD. Out: list[Question]. Knows nothing of tokens.

JaQuAD and JSQuAD have no unanswerable questions. They are made: a question with a passage that looks like its own, and
a question with its own passage less the sentence of the answer. Whole articles of JSQuAD are held out.
"""

import hashlib
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Literal

from training.reader.bm25 import Bm25
from training.reader.data import NEGATIVES, RETRIEVED, Question, locate, read_rows
from training.reader.overlap import Overlap

WINDOW = 200  # Characters of a passage that does not answer: where it is most like the question.
STEP = 20
SEARCHED_SHARE = 0.5  # Of questions that get negatives, and are asked once more where nothing answers.
HELD_OUT_QUESTIONS = {"test": 400, "development": 250}
MOST_OF_ONE_ARTICLE = 120  # Questions of a held-out article, so that several are held out.
COMMON_SHARE = 0.01  # A pair of letters in more passages than this tells little: there are more of them than words.
NEAR_SHARE = 0.5  # Of those, asked of their own passage without the sentence of the answer.
RUN = 24  # Characters in a row that no two passages share by chance.

Part = Literal["test", "development"]


def bigrams(text: str) -> list[str]:
    """Return each two letters or figures that stand side by side, without the widths of characters.

    >>> bigrams("灯台は、ＡＢ")
    ['灯台', '台は', 'ab']
    """
    runs = re.findall(r"\w+", unicodedata.normalize("NFKC", text).lower())
    return [run[at : at + 2] for run in runs for at in range(max(1, len(run) - 1))]


def letters(text: str) -> list[str]:
    """Return the letters and figures of a text, without the widths of characters.

    >>> letters("灯台（１）。")
    ['灯', '台', '1']
    """
    return list(_plain(text))


@cache
def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))


def held_out_titles(squad: Path) -> dict[Part, frozenset[str]]:
    """Return the articles that are not trained on, by what they are for. The hash of a title decides their order."""
    title_of = {row["id"]: row["title"] for row in read_rows(squad / "corpus.jsonl")}
    asked = Counter(title_of[row["context_id"]] for row in read_rows(squad / "queries.jsonl"))
    titles = [title for title in sorted(asked, key=_hash) if asked[title] <= MOST_OF_ONE_ARTICLE]
    found: dict[Part, frozenset[str]] = {}
    for part in ("test", "development"):
        mine: list[str] = []
        while titles and sum(asked[title] for title in mine) < HELD_OUT_QUESTIONS[part]:
            mine.append(titles.pop(0))
        found[part] = frozenset(mine)
    return found


def _hash(title: str) -> str:
    return hashlib.sha256(title.encode()).hexdigest()


def load_japanese(squad: Path, rows: Path, *, seed: int = 0) -> list[Question]:
    """Return the training questions of JSQuAD in `squad` and of JaQuAD in `rows`/jaquad, in a fixed order."""
    held = frozenset().union(*held_out_titles(squad).values())
    corpus = read_rows(squad / "corpus.jsonl")
    overlap = Overlap((row["text"] for row in corpus if row["title"] in held), split=letters, run=RUN)
    passages = {f"jsquad {row['id']}": row["text"] for row in corpus if row["title"] not in held}
    jaquad = read_rows(rows / "jaquad" / "corpus.jsonl") if (rows / "jaquad").exists() else []
    passages |= {f"jaquad {row['id']}": row["text"] for row in jaquad if not overlap.touches(row["text"])}
    answered = [*_jsquad(squad, passages), *_jaquad(rows / "jaquad", passages)]
    return _with_negatives(answered, list(dict.fromkeys(passages.values())), seed=seed)


def _jsquad(folder: Path, passages: Mapping[str, str]) -> Iterable[tuple[Question, list[str]]]:
    for row in read_rows(folder / "queries.jsonl"):
        text = passages.get(f"jsquad {row['context_id']}")
        span = locate(row["answers"], text, row["question"]) if text else None
        if text and span:
            yield Question(source="jsquad", text=row["question"], passage=text, span=span), row["answers"]


def _jaquad(folder: Path, passages: Mapping[str, str]) -> Iterable[tuple[Question, list[str]]]:
    for row in read_rows(folder / "queries.jsonl") if folder.exists() else []:
        text = passages.get(f"jaquad {row['passage_id']}")
        if text:
            span = (row["start"], row["end"])
            yield Question(source="jaquad", text=row["question"], passage=text, span=span), [text[slice(*span)]]


def _with_negatives(
    answered: Sequence[tuple[Question, list[str]]], passages: Sequence[str], *, seed: int
) -> list[Question]:
    index, rng = Bm25(passages, split=bigrams, common=COMMON_SHARE), random.Random(seed)
    made = []
    for question, answers in answered:
        if rng.random() >= SEARCHED_SHARE or question.span is None:
            made.append(question)
            continue
        best = [passages[place] for place in index.best(question.text, limit=RETRIEVED)]
        others = [text for text in best if text != question.passage and not holds(text, answers)]
        negatives = tuple(focus(text, question.text) for text in others[:NEGATIVES])
        made.append(replace(question, negatives=negatives))
        rest = without_answer(question.passage, question.span)
        near = [rest] if rest and not holds(rest, answers) and rng.random() < NEAR_SHARE else []
        if alone := [*near, *negatives]:
            made.append(replace(question, passage=alone[0], span=None, negatives=tuple(alone[1:])))
    return made


def holds(text: str, answers: Iterable[str]) -> bool:
    """Return whether a text has an answer in it, whatever the widths of characters."""
    return any(_plain(answer) in _plain(text) for answer in answers)


def without_answer(passage: str, span: tuple[int, int]) -> str:
    """Return what stands around the sentence of the answer, without it: at most `WINDOW` characters.

    >>> without_answer("灯台がある。高さは41メートルである。港もある。", (9, 15))
    '灯台がある。港もある。'
    """
    begin = max((passage.rfind(mark, 0, span[0]) for mark in "。\n"), default=-1) + 1
    ends = [place + 1 for mark in "。\n" if (place := passage.find(mark, span[1])) >= 0]
    end = min(ends, default=len(passage))
    return passage[max(0, begin - WINDOW // 2) : begin] + passage[end : end + WINDOW // 2]


def focus(passage: str, question: str) -> str:
    """Return the `WINDOW` characters of a passage that share most with the question."""
    if len(passage) <= WINDOW:
        return passage
    asked = set(bigrams(question))
    shared = [0, *accumulate(passage[at : at + 2].lower() in asked for at in range(len(passage)))]
    starts = range(0, len(passage) - WINDOW + 1, STEP)
    best = max(starts, key=lambda start: shared[start + WINDOW] - shared[start])
    return passage[best : best + WINDOW]
