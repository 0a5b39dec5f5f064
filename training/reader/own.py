"""Read the questions that we wrote ourselves. In: `own_questions*.jsonl`. Out: list[Question]. Knows nothing of models.

A line is a text with its questions: `kind`, `title`, `text`, `questions` with `question`, `start`, `end` (characters of
the answer; null: the text is about it and does not answer).
"""

from pathlib import Path

from training.reader.bm25 import Bm25
from training.reader.data import NEGATIVES, RETRIEVED, Question, read_rows
from training.reader.japanese import COMMON_SHARE, bigrams

NAMES = {"en": "own_questions.jsonl", "ja": "own_questions_ja.jsonl"}
FILES = {language: Path(__file__).with_name(name) for language, name in NAMES.items()}


def load_own(language: str = "en", *, file: Path | None = None) -> list[Question]:
    """Return our own questions, each with the other texts that share most words with it and lack its answer."""
    rows = read_rows(file or FILES[language])
    texts = [row["text"] for row in rows]
    index = Bm25(texts, split=bigrams, common=COMMON_SHARE) if language == "ja" else Bm25(texts)
    questions = []
    for row in rows:
        for asked in row["questions"]:
            span = None if asked["start"] is None else (asked["start"], asked["end"])
            answer = row["text"][slice(*span)] if span else None
            others = [texts[place] for place in index.best(asked["question"], limit=RETRIEVED)]
            found = [text for text in others if text != row["text"] and not (answer and answer in text)]
            questions.append(
                Question(
                    source="own",
                    text=asked["question"],
                    passage=row["text"],
                    span=span,
                    negatives=tuple(found[:NEGATIVES]),
                )
            )
    return questions
