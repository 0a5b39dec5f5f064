"""Read a file of questions. In: a path. Out: list[Question]. Knows nothing of libraries or models.

A JSONL file has one object per line: `question`, and optionally `id`, `answers` (all that count as correct),
`nuggets` (the facts of a good answer), `unanswerable`, and `file` (where the answer is). Any other file has one
question per line. The default id is the line number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bunko.errors import QuestionError, UsageError
from bunko.evaluation.nuggets import Nugget
from bunko.language.detection import detect_language
from bunko.reading.text.encoding import decode

_NUGGET_FORM = (
    'Write each nugget as a string, or as {"fact": "…", "quote": "…", "strings": ["…"], "vital": true}; only "fact" or '
    '"quote" is needed.'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and what is known about its answer."""

    id: str | int
    text: str
    answers: tuple[str, ...] = ()
    """Any of these is correct. Empty if no correct answer is known, or if there is none."""
    unanswerable: bool = False
    """True: the documents do not contain an answer, and refusing is correct."""
    files: tuple[tuple[str, int], ...] = field(default=())
    """Paths of documents that contain the answer, each with its grade; 1 by default."""
    nuggets: tuple[Nugget, ...] = ()
    """The facts that a good answer states; empty if they are not known."""

    @property
    def language(self) -> str:
        """The question's language (ISO 639-1)."""
        return detect_language(self.text)


def read_questions(path: str | Path, *, limit: int = 0) -> list[Question]:
    """Return the first `limit` questions of a file, in order; all of them for 0.

    Raises UsageError if the file can't be read, and QuestionError with the line number if a line can't be parsed.
    """
    path = Path(path).expanduser()
    try:
        text = decode(path.read_bytes())
    except OSError as error:
        message = f"The question file {str(path)!r} can't be read: {error.strerror}."
        raise UsageError(message, "Check the path.") from error
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    is_jsonl = path.suffix.lower() in (".jsonl", ".ndjson") or (bool(lines) and lines[0][1].startswith("{"))
    parsed = (_from_json if is_jsonl else _from_text)(lines, path)
    questions = list(_distinct(parsed, path))
    if not questions:
        raise QuestionError(f"{path} has no questions.", "Write one per line; see docs/evaluation.md.")
    return questions[:limit] if limit else questions


def questions_from(items: Sequence[str | Mapping[str, Any]]) -> list[Question]:
    """Return questions from texts, or from the objects of a JSONL file. Raises QuestionError for one without a text.

    >>> [question.id for question in questions_from(["Who?", {"question": "When?", "id": "b"}])]
    [1, 'b']
    """
    place = Path("questions")
    rows = [{"question": item} if isinstance(item, str) else dict(item) for item in items]
    if not rows:
        raise QuestionError("There is no question.", "Give a list of texts.")
    return list(_distinct(((number, _question(row, number, place)) for number, row in enumerate(rows, 1)), place))


def _from_text(lines: Iterable[tuple[int, str]], path: Path) -> Iterator[tuple[int, Question]]:
    for number, line in lines:
        yield number, Question(id=number, text=line)


def _from_json(lines: Iterable[tuple[int, str]], path: Path) -> Iterator[tuple[int, Question]]:
    for number, line in lines:
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise _wrong(path, number, f"is not JSON: {error.msg} at character {error.pos + 1}") from error
        if not isinstance(row, dict):
            raise _wrong(path, number, "is not an object")
        yield number, _question(row, number, path)


def _question(row: dict[str, Any], number: int, path: Path) -> Question:
    text, identity = row.get("question"), row.get("id")
    if not isinstance(text, str) or not text.strip():
        raise _wrong(path, number, 'has no "question"')
    if identity is None or identity == "":
        identity = number
    if not isinstance(identity, str | int) or isinstance(identity, bool):
        raise _wrong(path, number, 'has an "id" that is neither a string nor an integer')
    answers = _texts(row.get("answers"))
    if answers is None:
        raise _wrong(path, number, 'has "answers" that are not a list of strings')
    unanswerable = row.get("unanswerable") or False
    if not isinstance(unanswerable, bool):
        raise _wrong(path, number, 'has an "unanswerable" that is neither true nor false')
    if unanswerable and answers:
        raise _wrong(path, number, "is marked as unanswerable, but has answers")
    try:
        nuggets = _nuggets(row.get("nuggets"))
    except _Fault as fault:
        raise _wrong(path, number, fault.what, cure=fault.cure) from fault
    if unanswerable and nuggets:
        raise _wrong(path, number, "is marked as unanswerable, but has nuggets")
    files = _files(row)
    if files is None:
        raise _wrong(path, number, 'has a "file" that is not a path, a list of paths, or an object of paths and grades')
    return Question(
        id=identity, text=text.strip(), answers=answers, unanswerable=unanswerable, files=files, nuggets=nuggets
    )


def _texts(value: object) -> tuple[str, ...] | None:
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
        return None
    return tuple(dict.fromkeys(item.strip() for item in values if item.strip()))


def _files(row: dict[str, Any]) -> tuple[tuple[str, int], ...] | None:
    """Return paths and grades, from `file` or from the files of `evidence`."""
    value = row.get("file")
    if value is None and isinstance(row.get("evidence"), list):
        value = [item["file"] for item in row["evidence"] if isinstance(item, dict) and item.get("file")]
    if isinstance(value, dict):
        grades = value.items()
        right = all(isinstance(grade, int) and not isinstance(grade, bool) and grade >= 0 for _, grade in grades)
        return tuple(grades) if right else None
    paths = _texts(value)
    return None if paths is None else tuple((path.replace("\\", "/").removeprefix("./"), 1) for path in paths)


class _Fault(Exception):
    """What is wrong with the nuggets of a line, and how to mend it."""

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(what)
        self.what, self.cure = what, cure or _NUGGET_FORM


def _nuggets(value: object) -> tuple[Nugget, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _Fault('has "nuggets" that are not a list')
    return tuple(_nugget(item, n) for n, item in enumerate(value, 1))


def _nugget(item: object, n: int) -> Nugget:
    """Return a nugget from a string, which is the fact, or an object. Raises _Fault."""
    row = {"fact": item} if isinstance(item, str) else item
    if not isinstance(row, dict):
        raise _Fault(f'has "nuggets" of which number {n} is neither a string nor an object')
    for key in ("fact", "quote"):
        if not isinstance(row.get(key, ""), str):
            raise _Fault(f'has "nuggets" of which number {n} has a "{key}" that is not a string')
    fact, quote = (row.get(key, "").strip() for key in ("fact", "quote"))
    if not fact and not quote:
        raise _Fault(f'has "nuggets" of which number {n} has neither a "fact" nor a "quote"')
    if "strings" in row and "must" in row:
        raise _Fault(f'has "nuggets" of which number {n} has "strings" and "must"', "They mean the same: keep one.")
    strings = _texts(row.get("strings", row.get("must")))
    if strings is None:
        raise _Fault(f'has "nuggets" of which number {n} has "strings" that are not a list of strings')
    vital = row.get("vital", True)
    if not isinstance(vital, bool):
        raise _Fault(f'has "nuggets" of which number {n} has a "vital" that is neither true nor false')
    return Nugget(fact=fact or quote, quote=quote, strings=strings, vital=vital)


def _distinct(numbered: Iterable[tuple[int, Question]], path: Path) -> Iterator[Question]:
    seen: dict[str, int] = {}
    for number, question in numbered:
        first = seen.setdefault(str(question.id), number)
        if first != number:
            raise _wrong(path, number, f"repeats the id {question.id!r} of line {first}")
        yield question


def _wrong(path: Path, number: int, what: str, *, cure: str = "") -> QuestionError:
    return QuestionError(f"{path}: line {number} {what}.", cure or "See docs/evaluation.md for the format of a line.")
