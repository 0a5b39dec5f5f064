"""Compare variants on the same questions. In: folder, questions, variants. Out: a Comparison, which reports show.

    for each variant: sync -> answer all questions -> let go of the model;  then judge -> score -> pair

One model at a time is in memory. Each variant searches by itself, though the same settings find the same passages: its
times would not be its own otherwise. An evaluation is a comparison of one variant.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import itertools
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bunko.errors import MissingExtra
from bunko.evaluation import evaluating, ranking, statistics
from bunko.evaluation.batching import BatchReport, batch
from bunko.evaluation.judging import judge_answers
from bunko.evaluation.questions import Question
from bunko.evaluation.records import Comparison, Interval, Machine, Pair, Result, Row
from bunko.evaluation.records import Variant as VariantRecord
from bunko.evaluation.variants import Variant, short_name
from bunko.library import Library
from bunko.models.gguf.adapters import name_with_adapters
from bunko.settings import Settings

OpenLibrary = Callable[[Settings], Library]
"""Opens the folder with these settings."""
Progress = Callable[[str, int, int], None]
"""Told which variant has answered how many of how many questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    variant: Variant
    embedder: str
    batch: BatchReport
    missing: list[str]
    """Files that the questions name and the library does not hold."""


def compare(
    questions: Sequence[Question],
    variants: Sequence[Variant],
    *,
    open_library: OpenLibrary,
    title: str,
    answers_file: Callable[[Variant], Path | None] = lambda variant: None,
    judge: str = "",
    parallel: int = 1,
    prepare: Callable[[Library], None] = lambda library: None,
    progress: Progress | None = None,
) -> Comparison:
    """Answer all questions with each variant in turn, and return the figures.

    `answers_file` tells where a variant's answers are kept, and taken up again; `judge` names the model that judges
    answers; `prepare` brings the index in step before a variant that needs it. Raises whatever would fail for every
    question: ModelError, StoreError, LibraryError, EngineStartFailed, RemoteUnavailable.
    """
    tell = progress or (lambda name, done, total: None)
    notes = []
    _check_models(variants, open_library, judge=judge)
    answered = [
        _answer(
            questions,
            variant,
            open_library=open_library,
            out=answers_file(variant),
            parallel=parallel,
            prepare=prepare,
            tell=tell,
        )
        for variant in variants
    ]
    with_ranking = True
    if any(question.files for question in questions):
        try:
            ranking.check_installed()
        except MissingExtra as error:
            with_ranking = False
            notes.append(str(error))
    judged = None
    if judge:
        judged = _judge(questions, answered, open_library, judge, tell)
    results = [
        evaluating.score(
            questions,
            item.batch.lines,
            variant=item.variant.name,
            rag=item.variant.rag,
            judged=judged[n] if judged else None,
            with_ranking=with_ranking,
        )
        for n, item in enumerate(answered)
    ]
    if missing := next((item.missing for item in answered if item.missing), None):
        notes.append(
            f"{len(missing)} of the files that the questions name are not in the library, such as {missing[0]!r}."
        )
    for item in answered:
        notes += _notes(item)
    root = open_library(variants[0].settings).root.resolve()
    records = [_record(item, questions, scored) for item, scored in zip(answered, results, strict=True)]
    present = {name for record in records for name in record["summary"]}
    return Comparison(
        title=title,
        folder=root.name or str(root),
        created=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        machine=_machine(),
        metrics=[metric for metric in evaluating.METRICS if metric["name"] in present],
        variants=records,
        pairs=[_pair(a, b) for a, b in itertools.combinations(results, 2)],
        questions=_rows(questions, results),
        notes=notes,
    )


def answers_path(folder: Path, variant: Variant) -> Path:
    """Return where a variant's answers are kept: another one for other settings, so that none are mixed up.

    Where the index lies, where models are kept and how libraries are served don't count.
    """
    settings = asdict(replace(variant.settings, store="", cache_dir="", offline=False))
    del settings["server"]
    digest = hashlib.sha256(json.dumps([settings, variant.rag], sort_keys=True).encode()).hexdigest()[:8]
    name = re.sub(r"[^\w.-]+", "-", variant.name).strip("-")[:60]
    return folder / f"{name}-{digest}.jsonl"


# --- answering ---------------------------------------------------------------------------------------------------


def _check_models(variants: Sequence[Variant], open_library: OpenLibrary, *, judge: str) -> None:
    """Find, and fetch if need be, every model before the first hour of answering begins."""
    for settings in [
        *(variant.settings for variant in variants),
        *([replace(variants[0].settings, model=judge)] if judge else []),
    ]:
        with open_library(settings) as library:
            assert library.generator


def _answer(
    questions: Sequence[Question],
    variant: Variant,
    *,
    open_library: OpenLibrary,
    out: Path | None,
    parallel: int,
    prepare: Callable[[Library], None],
    tell: Progress,
) -> _Answered:
    with contextlib.ExitStack() as opened:
        settings = variant.settings
        if any(name.startswith(("chunking.", "reading.")) for name in variant.changed):
            # The folder's own index stays as it is.
            place = opened.enter_context(tempfile.TemporaryDirectory(prefix="bunko-", ignore_cleanup_errors=True))
            settings = replace(settings, store=place)
        library = opened.enter_context(open_library(settings))
        if variant.rag:
            prepare(library)
        answered = batch(
            library,
            questions,
            rag=variant.rag,
            out=out,
            parallel=parallel,
            progress=lambda done, total: tell(variant.name, done, total),
        )
        embedder = library.embedder.spec.name if variant.rag else ""
        missing = _missing_files(library, questions) if variant.rag else []
    return _Answered(variant=variant, embedder=embedder, batch=answered, missing=missing)


def _judge(
    questions: Sequence[Question],
    answered: Sequence[_Answered],
    open_library: OpenLibrary,
    judge: str,
    tell: Progress,
) -> list[dict[str, bool | None]]:
    settings = replace(answered[0].variant.settings, model=judge)
    total = len(questions) * len(answered)
    with open_library(settings) as library:
        count = itertools.count(1)
        return [
            judge_answers(
                questions,
                item.batch.lines,
                library.generator,
                seed=settings.generation.seed,
                think=settings.generation.think,
                think_tokens=settings.generation.think_tokens,
                progress=lambda: tell("judging", next(count), total),
            )
            for item in answered
        ]


def _notes(item: _Answered) -> list[str]:
    name, errors = item.variant.name, [line["error"] for line in item.batch.lines if "error" in line]
    told = [f"{name}, in {count} of the answers: {text}" for text, count in item.batch.notes.items()]
    return [f"{name}: {len(errors)} questions failed, the first one so: {errors[0]}", *told] if errors else told


def _missing_files(library: Library, questions: Sequence[Question]) -> list[str]:
    known = library.records()
    named = dict.fromkeys(path for question in questions for path, _ in question.files)
    files = known.keys() | {path.partition("#")[0] for path in known}
    return [path for path in named if path not in files]


# --- comparing ---------------------------------------------------------------------------------------------------


def _record(item: _Answered, questions: Sequence[Question], results: Sequence[Result]) -> VariantRecord:
    variant = item.variant
    return VariantRecord(
        name=variant.name,
        model=name_with_adapters(short_name(variant.settings.model), variant.settings.generation.adapters),
        embedder=item.embedder,
        rag=variant.rag,
        settings={name: short_name(value) if name == "model" else value for name, value in variant.changed.items()},
        summary=evaluating.summarise(questions, results),
        timings_ms=evaluating.stage_times(results),
        times_ms=evaluating.times(results),
    )


def _pair(a: Sequence[Result], b: Sequence[Result]) -> Pair:
    """Compare two variants on the questions that both have: right or wrong, F1, time."""
    both = list(zip(a, b, strict=True))
    told = [(one["right"], other["right"]) for one, other in both if one["right"] is not None]
    wins = sum(bool(one) and not other for one, other in told)
    losses = sum(bool(other) and not one for one, other in told)
    scores = [(one["scores"]["f1"], other["scores"]["f1"]) for one, other in both]
    scored = [(one, other) for one, other in scores if one is not None and other is not None]
    timed = [
        (one["timings_ms"]["total"], other["timings_ms"]["total"])
        for one, other in both
        if one["error"] is None and other["error"] is None
    ]
    return Pair(
        a=a[0]["variant"],
        b=b[0]["variant"],
        wins=wins,
        losses=losses,
        ties=len(told) - wins - losses,
        p=statistics.mcnemar(wins, losses) if told else None,
        f1_difference=_interval(statistics.paired_difference, scored),
        time_ratio=_interval(statistics.paired_ratio, timed),
    )


def _interval(
    measure: Callable[[Sequence[float], Sequence[float]], Interval], pairs: Sequence[tuple[float, float]]
) -> Interval:
    return measure([one for one, _ in pairs], [other for _, other in pairs])


def _rows(questions: Sequence[Question], results: Sequence[Sequence[Result]]) -> list[Row]:
    rows = [_row(question, [scored[n] for scored in results]) for n, question in enumerate(questions)]
    return sorted(rows, key=lambda row: not row["differs"])


def _row(question: Question, results: list[Result]) -> Row:
    return Row(
        id=str(question.id),
        question=question.text,
        answers=list(question.answers),
        unanswerable=question.unanswerable,
        language=question.language,
        differs=len({(result["right"], result["refused"]) for result in results}) > 1,
        results=results,
    )


def _machine() -> Machine:
    from bunko.engine.parameters import Machine as Measured
    from bunko.hardware.memory import machine_memory

    return Machine(cores=Measured.here().cores, memory_gb=round(machine_memory().total / 1e9, 1))
