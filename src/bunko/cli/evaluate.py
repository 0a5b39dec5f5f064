"""`bunko batch`, `bunko eval`, `bunko eval draft` and `bunko compare`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bunko.cli.batch_output import printer
from bunko.cli.common import (
    download_progress_from,
    note,
    note_failed,
    open_from,
    print_json,
    progress_from,
    safe,
    settings_from,
    wide,
)
from bunko.cli.library import summary
from bunko.errors import StoreBusy, UsageError
from bunko.evaluation.batching import BatchReport, batch
from bunko.evaluation.comparing import answers_path, compare
from bunko.evaluation.drafting import draft_questions
from bunko.evaluation.questions import read_questions
from bunko.evaluation.records import AnswerFrom, Comparison
from bunko.evaluation.screen import on_screen
from bunko.evaluation.tables import as_markdown
from bunko.evaluation.variants import Variant, build_variants
from bunko.language.wrapping import wrapped
from bunko.library import Library
from bunko.settings import Settings

_WAIT_S = 3.0
_NOTE_EVERY_S = 30.0
_SHOWN = 20  # questions on the screen; a report has all
_UNLIMITED = 10_000  # columns of a table that is written into a file
_REPORTS = (".html", ".md", ".json")


def run_batch(arguments: argparse.Namespace) -> int:
    """Answer every question in a file: print each answer as it comes, and write it to the file that --out names."""
    questions = read_questions(arguments.questions, limit=arguments.limit)
    out = Path(arguments.out).expanduser() if arguments.out else None
    with open_from(arguments, arguments.folder) as library:
        if not arguments.no_rag:
            _prepare(arguments, library)
        _note_parallel(arguments, library.settings)
        each = printer(arguments)
        bar = _Progress(arguments)
        shows_bar = each is None or not sys.stdout.isatty()  # on a terminal the answers show how far it is
        try:
            report = batch(
                library,
                questions,
                answer_from="model" if arguments.no_rag else "documents",
                out=out,
                parallel=arguments.parallel,
                progress=(lambda done, total: bar("answering", done, total)) if shows_bar else None,
                each=each,
            )
        except KeyboardInterrupt:
            if out:
                note(arguments, f"\nThe answers so far are in {out}; the same command continues from there.")
            raise
        finally:
            bar.close()
    _show_batch(arguments, report, questions=len(questions))
    return 0 if report.answered or report.present else 1


def _show_batch(arguments: argparse.Namespace, report: BatchReport, *, questions: int) -> None:
    counts = {"questions": questions, "answered": report.answered, "present": report.present, "failed": report.failed}
    before = f", {report.present} already present" if report.present else ""
    text = f"{report.answered} answered{before}, {report.failed} failed, in {report.seconds:.1f} s"
    if not arguments.out:
        note(arguments, text)
    elif arguments.json:
        print_json({"out": str(Path(arguments.out).expanduser()), **counts, "seconds": report.seconds})
    else:
        print(f"{text}: {safe(str(Path(arguments.out).expanduser()))}")
    for said, count in report.notes.items():
        if "closest quote:" in said or "最も近い引用：" in said:
            continue  # shown with its answer
        note(arguments, f"In {count} of the answers: {said}")
    if report.failed:
        again = "The same command asks the failed questions again." if arguments.out else ""
        note(arguments, again or "With --out FILE, the same command asks only the failed questions again.")


def run_eval(arguments: argparse.Namespace) -> int:
    """Measure the answers of one configuration."""
    root = Path(arguments.folder).expanduser()
    answer_from: AnswerFrom = "model" if arguments.no_rag else "documents"
    variants = build_variants(settings_from(arguments, root), answer_from=[answer_from])
    out = Path(arguments.out).expanduser() if arguments.out else None
    comparison = _compare(arguments, variants, lambda variant: out)
    return _show(arguments, comparison)


def run_compare(arguments: argparse.Namespace) -> int:
    """Measure several configurations on the same questions."""
    variants = build_variants(
        settings_from(arguments, Path(arguments.folder).expanduser()),
        models=arguments.models,
        adapters=arguments.adapters,
        changes=arguments.setting,
        written_out=arguments.variant,
        answer_from=("documents", "model") if arguments.no_rag else ("documents",),
    )
    if len(variants) < 2:
        raise UsageError(
            "There is only one variant, so there is nothing to compare.",
            "Add another --model, --no-rag, --setting NAME=V1,V2 or --variant; `bunko eval` measures a single variant.",
        )
    folder = Path(arguments.answers).expanduser() if arguments.answers else None
    comparison = _compare(arguments, variants, lambda variant: answers_path(folder, variant) if folder else None)
    return _show(arguments, comparison)


def run_draft(arguments: argparse.Namespace) -> int:
    """Let the model draft questions about the folder's passages."""
    out = Path(arguments.out).expanduser()
    if out.exists():
        raise UsageError(f"{out} exists already.", "Choose another file with --out, or remove this one.")
    bar = _Progress(arguments)
    with open_from(arguments, arguments.folder) as library:
        _prepare(arguments, library)
        seed = library.settings.generation.seed
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            with out.open("w", encoding="utf-8") as file:
                written = 0
                for line in draft_questions(library, wanted=arguments.count, seed=seed):
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
                    file.flush()
                    written += 1
                    bar("drafting", written, arguments.count)
        except OSError as error:
            raise UsageError(f"{out} can't be written: {error.strerror}.", "Choose another file with --out.") from error
    bar.close()
    if not written:
        out.unlink()
    if arguments.json:
        print_json({"out": str(out), "questions": written})
    else:
        print(f"{written} questions drafted: {safe(str(out))}")
    if written < arguments.count:
        note(arguments, f"The model wrote {written} of {arguments.count} questions; a larger model writes better ones.")
    note(arguments, "Read the questions before you trust what they measure.")
    return 0 if written else 1


# --- shared parts -------------------------------------------------------------------------------------------------


def _compare(
    arguments: argparse.Namespace, variants: Sequence[Variant], answers_file: Callable[[Variant], Path | None]
) -> Comparison:
    _check_reports(arguments.report)
    questions = read_questions(arguments.questions, limit=arguments.limit)
    root = Path(arguments.folder).expanduser()
    _note_parallel(arguments, variants[0].settings)

    def open_library(settings: Settings) -> Library:
        return Library(
            root,
            settings=settings,
            progress=progress_from(arguments),
            download_progress=download_progress_from(arguments),
        )

    bar = _Progress(arguments)
    try:
        return compare(
            questions,
            variants,
            open_library=open_library,
            title=f"{root.resolve().name}: {Path(arguments.questions).stem}",
            answers_file=answers_file,
            judge=arguments.judge or "",
            parallel=arguments.parallel,
            prepare=lambda library: _prepare(arguments, library),
            progress=bar,
        )
    finally:
        bar.close()


def _show(arguments: argparse.Namespace, comparison: Comparison) -> int:
    for report in arguments.report:
        _write_report(Path(report).expanduser(), comparison)
        note(arguments, f"Report: {report}")
    if arguments.json:
        print_json(comparison)
    else:
        shown = 0 if arguments.quiet else _SHOWN
        tables = wide() if sys.stdout.isatty() else _UNLIMITED
        print(on_screen(comparison, width=wide(), fill=wrapped, questions=shown, table_width=tables))
    failed = any(
        all(row["results"][n]["error"] for row in comparison["questions"]) for n in range(len(comparison["variants"]))
    )
    return 1 if failed else 0


def _check_reports(reports: Sequence[str]) -> None:
    for report in reports:
        if not report.lower().endswith(_REPORTS):
            raise UsageError(f"--report {report} has no known ending.", "Use .html, .md or .json.")


def _write_report(path: Path, comparison: Comparison) -> None:
    if path.suffix.lower() == ".html":
        from bunko.evaluation.report import render

        text = render(comparison)
    elif path.suffix.lower() == ".md":
        text = as_markdown(comparison)
    else:
        text = json.dumps(comparison, ensure_ascii=False, indent=1) + "\n"
    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8", errors="replace")
        os.replace(beside, path)  # noqa: PTH105 (the same)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}.", "Choose another file with --report.") from error


def _prepare(arguments: argparse.Namespace, library: Library) -> None:
    """Bring the index in step, with all vectors, before anything is measured."""
    if arguments.no_sync:
        return
    try:
        report = library.sync(wait_s=_WAIT_S)
    except StoreBusy as error:
        note(arguments, f"{error.message} The answers are from what is indexed so far.")
        return
    if report.added or report.updated or report.removed:
        note(arguments, summary(report))
    note_failed(arguments, report, library.root)


def _note_parallel(arguments: argparse.Namespace, settings: Settings) -> None:
    if arguments.parallel > 1 and not settings.model.startswith(("http://", "https://")):
        note(arguments, f"A model on this machine is loaded {arguments.parallel} times; this helps only on a GPU.")


class _Progress:
    """A bar on a terminal; elsewhere a line every half minute. Both show the remaining time."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._name = ""
        self._bar: Any = None
        self._begun = self._noted = 0.0
        self._first = 0

    def __call__(self, name: str, done: int, total: int) -> None:
        if self._arguments.quiet:
            return
        now = time.monotonic()
        if name != self._name:
            self.close()
            self._name, self._begun, self._noted, self._first = name, now, now, done
        if sys.stderr.isatty():
            self._show_bar(done, total)
        elif now - self._noted >= _NOTE_EVERY_S and done > self._first:
            self._noted = now
            left = (now - self._begun) / (done - self._first) * (total - done)
            note(self._arguments, f"{safe(name)}: {done} of {total}, {_duration(left)} left")

    def _show_bar(self, done: int, total: int) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(desc=self._name, total=total, initial=done, leave=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
