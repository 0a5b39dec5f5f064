"""Compare variants on the same questions. In: folder, questions, variants. Out: a Comparison, which reports show.

    for each variant: sync -> answer all questions -> release the model;  then judge -> score -> pair

One model at a time is in memory. Each variant runs its own searches, even if its settings find the same passages, so
that its times are complete. An evaluation is a comparison with one variant.
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

from bunko.evaluation import evaluating, statistics
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
"""Called with the variant's name, the number of questions done, and the total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    variant: Variant
    embedder: str
    batch: BatchReport
    missing: list[str]
    """Files that the questions name and the library does not have."""


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

    `answers_file` returns the file where a variant's answers are kept and resumed from; `judge` names the model that
    judges answers; `prepare` updates the index before a variant that needs it. Raises errors that would repeat for
    every question: ModelError, StoreError, LibraryError, EngineStartFailed, RemoteUnavailable.
    """
    report = progress or (lambda name, done, total: None)
    notes: list[str] = []
    _check_models(variants, open_library, judge=judge)
    answered = [
        _answer(
            questions,
            variant,
            open_library=open_library,
            out=answers_file(variant),
            parallel=parallel,
            prepare=prepare,
            report=report,
        )
        for variant in variants
    ]
    judged = None
    if judge:
        judged = _judge(questions, answered, open_library, judge, report)
    results = [
        evaluating.score(
            questions,
            item.batch.lines,
            variant=item.variant.name,
            answer_from=item.variant.answer_from,
            judged=judged[n] if judged else None,
        )
        for n, item in enumerate(answered)
    ]
    if missing := next((item.missing for item in answered if item.missing), None):
        notes.append(
            f"{len(missing)} of the files that the questions name are not in the library, for example {missing[0]!r}."
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
    """Return the file of a variant's answers. Its name has a hash of the settings, so that variants never share a file.

    Settings that do not change answers are left out: the places of the index and the models, and the server's.
    """
    settings = asdict(replace(variant.settings, store="", cache_dir="", offline=False))
    del settings["server"], settings["given"]
    identity = json.dumps([settings, variant.answer_from == "documents"], sort_keys=True)
    digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
    name = re.sub(r"[^\w.-]+", "-", variant.name).strip("-")[:60]
    return folder / f"{name}-{digest}.jsonl"


# --- answering ---------------------------------------------------------------------------------------------------


def _check_models(variants: Sequence[Variant], open_library: OpenLibrary, *, judge: str) -> None:
    """Find every model, and download it if necessary, before the first question is asked."""
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
    report: Progress,
) -> _Answered:
    from_documents = variant.answer_from == "documents"
    with contextlib.ExitStack() as opened:
        settings = variant.settings
        if any(name.startswith(("chunking.", "reading.")) for name in variant.changed):
            # A temporary index: the folder's own one is not changed.
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="bunko-", ignore_cleanup_errors=True))
            settings = replace(settings, store=folder)
        library = opened.enter_context(open_library(settings))
        if from_documents:
            prepare(library)
        answered = batch(
            library,
            questions,
            answer_from=variant.answer_from,
            out=out,
            parallel=parallel,
            progress=lambda done, total: report(variant.name, done, total),
        )
        embedder = library.embedder.spec.name if from_documents else ""
        missing = _missing_files(library, questions) if from_documents else []
    return _Answered(variant=variant, embedder=embedder, batch=answered, missing=missing)


def _judge(
    questions: Sequence[Question],
    answered: Sequence[_Answered],
    open_library: OpenLibrary,
    judge: str,
    report: Progress,
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
                progress=lambda: report("judging", next(count), total),
            )
            for item in answered
        ]


def _notes(item: _Answered) -> list[str]:
    name, errors = item.variant.name, [line["error"] for line in item.batch.lines if "error" in line]
    notes = [f"{name}, in {count} of the answers: {text}" for text, count in item.batch.notes.items()]
    return [f"{name}: {len(errors)} questions failed, the first with: {errors[0]}", *notes] if errors else notes


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
        rag=variant.answer_from == "documents",
        settings={name: short_name(value) if name == "model" else value for name, value in variant.changed.items()},
        summary=evaluating.summarise(questions, results),
        timings_ms=evaluating.stage_times(results),
        times_ms=evaluating.times(results),
    )


def _pair(a: Sequence[Result], b: Sequence[Result]) -> Pair:
    """Compare two variants question by question: right or wrong, F1, time."""
    both = list(zip(a, b, strict=True))
    outcomes = [(one["right"], other["right"]) for one, other in both if one["right"] is not None]
    wins = sum(bool(one) and not other for one, other in outcomes)
    losses = sum(bool(other) and not one for one, other in outcomes)
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
        ties=len(outcomes) - wins - losses,
        p=statistics.mcnemar(wins, losses) if outcomes else None,
        f1_difference=_interval(statistics.paired_difference, scored),
        time_ratio=_interval(statistics.paired_ratio, timed),
        differences=_differences(both),
    )


def _differences(both: Sequence[tuple[Result, Result]]) -> dict[str, Interval]:
    """Return the difference of each paired figure that both variants have on some question."""
    found = {}
    for name in evaluating.PAIRED:
        scores = [(one["scores"][name], other["scores"][name]) for one, other in both]
        scored = [(one, other) for one, other in scores if one is not None and other is not None]
        if scored:
            found[name] = _interval(statistics.paired_difference, scored)
    return found


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
        differs=len({_outcome(result) for result in results}) > 1,
        results=results,
    )


def _outcome(result: Result) -> tuple[object, ...]:
    return result["right"], result["refused"], *(nugget["in_answer"] for nugget in result["nuggets"])


def _machine() -> Machine:
    from bunko.engine.parameters import Machine as Measured
    from bunko.hardware.memory import machine_memory

    return Machine(cores=Measured.here().cores, memory_gb=round(machine_memory().total / 1e9, 1))
