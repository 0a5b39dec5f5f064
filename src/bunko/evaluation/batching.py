"""Answer many questions into a file. In: questions, askers. Out: a line of JSON for each, in their order.

Each line is flushed at once: a run that was interrupted is resumed by the next one. The line of a question that failed
holds the error; the next run asks it again. Knows nothing of models or scores.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunko.contract.serialise import to_json
from bunko.errors import (
    BunkoError,
    EngineError,
    EngineStartFailed,
    PromptTooLong,
    QuestionError,
    RemoteUnavailable,
    UsageError,
)
from bunko.evaluation.asking import Asker, Identity, identity_of, open_askers, warm_up
from bunko.evaluation.questions import Question
from bunko.evaluation.records import Answered, AnswerFrom
from bunko.library import Library

# When this many questions in a row fail with an engine error, the engine is at fault, not the questions.
_GIVE_UP_AFTER = 5
_REWRITE_EVERY_S = 1.0

Progress = Callable[[int, int], None]
"""Called with the number of questions done and the total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """How a batch ended."""

    lines: tuple[Answered, ...]
    """One for each question, in order."""
    answered: int
    """In this run."""
    present: int
    """Answered in an earlier run."""
    failed: int
    seconds: float
    notes: Mapping[str, int]
    """The notes of this run's answers, each with the number of answers that had it. Lines do not hold notes."""


def batch(
    library: Library,
    questions: Sequence[Question],
    *,
    answer_from: AnswerFrom = "documents",
    out: Path | None = None,
    parallel: int = 1,
    progress: Progress | None = None,
    each: Callable[[Answered], None] | None = None,
) -> BatchReport:
    """Answer questions from a library whose index is up to date. Raises what `run_batch` raises."""

    def load(to_ask: Sequence[Question]) -> None:
        warm_up(library, [question.text for question in to_ask], answer_from=answer_from)

    with open_askers(library, answer_from=answer_from, parallel=parallel) as askers:
        identity = identity_of(library, answer_from=answer_from)
        return run_batch(questions, askers, out=out, identity=identity, before=load, progress=progress, each=each)


def run_batch(
    questions: Sequence[Question],
    askers: Sequence[Asker],
    *,
    out: Path | None = None,
    identity: Identity,
    before: Callable[[Sequence[Question]], None] = lambda questions: None,
    progress: Progress | None = None,
    each: Callable[[Answered], None] | None = None,
) -> BatchReport:
    """Answer the questions that the file does not answer yet, one at a time for each asker.

    Without `out` nothing is written or resumed. `before` is called with the questions to be asked, if there are any, so
    that it can load the model; `each` with every line of this run, as soon as it is there. Raises UsageError if the
    file belongs to another run, and errors that would repeat for every question: EngineStartFailed, RemoteUnavailable,
    ModelError, StoreError.
    """
    begin = time.monotonic()
    progress = progress or (lambda done, total: None)
    lines = _resume(out, questions, identity) if out else []
    present = sum("error" not in line for line in lines)
    again = [place for place, line in enumerate(lines) if "error" in line]
    done = present
    to_ask = [*(questions[place] for place in again), *questions[len(lines) :]]
    if to_ask:
        before(to_ask)
    progress(done, len(questions))
    notes: Counter[str] = Counter()
    with _OutFile(out, lines) as file:
        for write, numbered in (
            (file.replace, [(place, questions[place]) for place in again]),
            (file.append, list(enumerate(questions))[len(lines) :]),
        ):
            for place, line, answer_notes in _answer_all(numbered, askers):
                write(place, line)
                notes.update(answer_notes)
                if each:
                    each(line)
                done += 1
                progress(done, len(questions))
    failed = sum("error" in line for line in file.lines)
    return BatchReport(
        lines=tuple(file.lines),
        answered=len(questions) - present - failed,
        present=present,
        failed=failed,
        seconds=round(time.monotonic() - begin, 3),
        notes=notes,
    )


# --- the file ----------------------------------------------------------------------------------------------------


class _OutFile:
    """The lines so far, and the file that holds them."""

    def __init__(self, path: Path | None, lines: list[Answered]) -> None:
        self.lines = lines
        self._path = path
        self._file = path.open("ab") if path else None
        self._stale_since: float | None = None

    def __enter__(self) -> _OutFile:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._stale_since is not None:
            self._rewrite()
        if self._file:
            self._file.close()

    def append(self, place: int, line: Answered) -> None:
        """Append a line and flush it."""
        assert place == len(self.lines)
        if self._stale_since is not None:
            self._rewrite()
        self.lines.append(line)
        if self._file:
            self._file.write(_encode(line))
            self._file.flush()

    def replace(self, place: int, line: Answered) -> None:
        """Replace the line of a question that failed; the file is rewritten within a second, or at the end."""
        self.lines[place] = line
        now = time.monotonic()
        self._stale_since = self._stale_since or now
        if now - self._stale_since >= _REWRITE_EVERY_S:
            self._rewrite()

    def _rewrite(self) -> None:
        """Write a new file and put it in place atomically."""
        self._stale_since = None
        if not self._path or not self._file:
            return
        self._file.close()
        beside = self._path.with_name(self._path.name + ".part")
        beside.write_bytes(b"".join(map(_encode, self.lines)))
        os.replace(beside, self._path)  # noqa: PTH105 (the same)
        self._file = self._path.open("ab")


def _encode(line: Answered) -> bytes:
    # A lone surrogate has no UTF-8 encoding; JSON has an escape for it.
    text = json.dumps(line, ensure_ascii=False)
    with contextlib.suppress(UnicodeEncodeError):
        return text.encode() + b"\n"
    return json.dumps(line).encode() + b"\n"


def _resume(out: Path, questions: Sequence[Question], identity: Identity) -> list[Answered]:
    """Return the lines of an earlier run, without a truncated last one. Raises UsageError if they do not fit."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        data = out.read_bytes() if out.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        lines = [_line(text, out, number) for number, text in enumerate(whole.splitlines(), 1)]
        _check(lines, questions, identity, out)
        if len(whole) < len(data):
            with out.open("r+b") as file:
                file.truncate(len(whole))
        out.open("ab").close()  # fail before the first question if the file can't be written
    except OSError as error:
        raise UsageError(f"{out} can't be written: {error.strerror}.", "Name another file with --out.") from error
    return lines


def _line(text: bytes, out: Path, number: int) -> Answered:
    with contextlib.suppress(ValueError):
        row = json.loads(text)
        if isinstance(row, dict) and "id" in row and ("answer" in row or "error" in row):
            return row
    raise _other(out, f"line {number} is not a line of a batch")


def _check(lines: Sequence[Answered], questions: Sequence[Question], identity: Identity, out: Path) -> None:
    if len(lines) > len(questions):
        raise _other(out, f"it has {len(lines)} answers, but there are {len(questions)} questions")
    for number, (line, question) in enumerate(zip(lines, questions, strict=False), 1):
        if (str(line["id"]), line.get("question")) != (str(question.id), question.text):
            raise _other(out, f"line {number} is not for question {question.id}: {question.text[:60]!r}")
        if "error" in line:
            continue
        for what, is_now in (("model", identity.model), ("embedder", identity.embedder)):
            if line.get(what) != is_now:
                was = line.get(what) or "none"
                raise _other(out, f"line {number} was answered with the {what} {was}, not {is_now or 'none'}")


def _other(out: Path, why: str) -> UsageError:
    return UsageError(
        f"{out} is from another run: {why}.",
        "Name another file with --out, or delete this one to start again.",
    )


# --- asking ------------------------------------------------------------------------------------------------------

_Outcome = tuple[Answered, tuple[str, ...]] | BunkoError
"""A line and the answer's notes, or the error."""


def _answer_all(
    questions: Sequence[tuple[int, Question]], askers: Sequence[Asker]
) -> Iterator[tuple[int, Answered, tuple[str, ...]]]:
    """Yield each question's place, line and notes, in order. Raises errors that would repeat for every question."""
    answered = _one_by_one(questions, askers[0]) if len(askers) == 1 else _at_once(questions, askers)
    in_a_row = 0
    for place, question, outcome in answered:
        if isinstance(outcome, BunkoError):
            engine = isinstance(outcome, EngineError) and not isinstance(outcome, PromptTooLong)
            in_a_row = in_a_row + 1 if engine else 0
            yield place, _failed(question, outcome), ()
            if in_a_row >= _GIVE_UP_AFTER:
                raise outcome
        else:
            in_a_row = 0
            yield place, *outcome


def _one_by_one(questions: Sequence[tuple[int, Question]], asker: Asker) -> Iterator[tuple[int, Question, _Outcome]]:
    for place, question in questions:
        yield place, question, _ask(question, asker)


def _at_once(
    questions: Sequence[tuple[int, Question]], askers: Sequence[Asker]
) -> Iterator[tuple[int, Question, _Outcome]]:
    """Ask in one thread for each asker, and yield in the order of the questions."""
    todo: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()

    def work(asker: Asker) -> None:
        while (n := todo.get()) is not None:
            done.put((n, _caught(questions[n][1], asker)))

    for n in range(min(len(askers), len(questions))):
        todo.put(n)
    # Daemon threads: when the run is stopped, a server may be in the middle of a long answer.
    for asker in askers:
        threading.Thread(target=work, args=(asker,), daemon=True).start()
    waiting: dict[int, Any] = {}
    handed_out = min(len(askers), len(questions))
    try:
        for n, (place, question) in enumerate(questions):
            while n not in waiting:
                with contextlib.suppress(queue.Empty):
                    # Windows: Ctrl-C does not interrupt a wait without a timeout.
                    arrived, outcome = done.get(timeout=0.5)
                    if isinstance(outcome, _Fatal):
                        raise outcome.error
                    waiting[arrived] = outcome
                    if handed_out < len(questions):
                        todo.put(handed_out)
                        handed_out += 1
            yield place, question, waiting.pop(n)
    finally:
        for _ in askers:
            todo.put(None)


@dataclass(frozen=True, slots=True)
class _Fatal:
    error: BaseException


def _caught(question: Question, asker: Asker) -> _Outcome | _Fatal:
    try:
        return _ask(question, asker)
    except BaseException as error:  # noqa: BLE001 (raised again in the waiting thread)
        return _Fatal(error)


def _ask(question: Question, asker: Asker) -> _Outcome:
    """Return the line and the answer's notes, or an error that concerns this question only. Raises all others."""
    try:
        answer = asker(question.text)
        return {"id": question.id} | to_json(answer), answer.notes
    except (EngineStartFailed, RemoteUnavailable):
        raise
    except (EngineError, QuestionError) as error:
        return error


def _failed(question: Question, error: BunkoError) -> Answered:
    return {"id": question.id, "question": question.text, "error": error.message, "hint": error.hint}
