"""`bunko bench`: measure this machine with a model."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from bunko.cli.common import bold, dim, download_progress_from, print_json, safe, settings_from, width
from bunko.diagnosis.bench.records import Alternative, Bench, Figure, Tuning
from bunko.diagnosis.bench.run import QUICK, Effort, bench, tune_model
from bunko.diagnosis.bench.tune import SECONDS
from bunko.engine.seen import engine_gpus
from bunko.engine.tuned import Tuned
from bunko.language.wrapping import wrapped

_Found = TypeVar("_Found", Bench, Tuning)
# A change below this is none.
_SAME = 0.03
_TITLES = (("measured", "Other settings, measured"), ("estimated", "Estimated, not measured"))


def run(arguments: argparse.Namespace) -> int:
    """Measure, and print a table or JSON."""
    settings = settings_from(arguments)
    if arguments.tune:
        seconds = float(arguments.seconds or SECONDS)
        return _measure(arguments, _show_tuning, partial(tune_model, settings, seconds=seconds))
    effort = QUICK if arguments.quick else Effort()
    if arguments.seconds:
        effort = replace(effort, seconds=float(arguments.seconds))
    return _measure(arguments, _show, partial(bench, settings, effort=effort))


def _measure(arguments: argparse.Namespace, show: Callable[[_Found], None], measure: Callable[..., _Found]) -> int:
    progress = _Progress(arguments)
    try:
        found = measure(gpus=engine_gpus(), say=progress, progress=download_progress_from(arguments))
    finally:
        progress.clear()
    if arguments.json:
        print_json(dataclasses.asdict(found))
    else:
        show(found)
    return 0


def _show_tuning(found: Tuning) -> None:
    print(bold(f"{'Tried':<40}{'speed':>8}"))
    for one in found.tried:
        gain = _gain(one.gain, sure=one.is_kept) if one.gain else ""
        print(f"  {one.setting:<38}{gain:>8}{'  kept' if one.is_kept else ''}".rstrip())
        text = "; ".join(part for part in ("of an answer that quotes" if one.is_quoting else "", one.remark) if part)
        if text:
            print(dim(wrapped(safe(text), width(), first="    ")))
    print(tuned_line(found.tuned, guesses=found.guesses))


def tuned_line(tuned: Tuned, *, guesses: bool) -> str:
    """Say what runs from now on."""
    if not tuned.values and not tuned.speculation:
        return "The defaults stay: nothing else was faster in every run."
    used = ", ".join(f"{name} = {str(value).rpartition('_TYPE_')[2].lower()}" for name, value in tuned.values.items())
    guessed = ""
    if tuned.speculation:
        who = tuned.speculation.draft.name if tuned.speculation.draft else "the prompt"
        bits = " with an attention cache of eight bits" if tuned.attention else ""
        guessed = f"; words guessed from {who}{bits}, ×{tuned.quoting_gain:.2f} where an answer quotes"
        guessed += "" if guesses else ", only with --set generation.style=free"
    return f"Tuned: {used or 'the defaults'}, ×{tuned.gain:.2f} for a usual question{guessed}"


class _Progress:
    """One line on a terminal that says what is measured; nothing elsewhere."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._shown = not arguments.quiet and sys.stderr.isatty()

    def __call__(self, text: str) -> None:
        if self._shown:
            sys.stderr.write(f"\r\x1b[2K{dim(safe(text[:1].upper() + text[1:]), sys.stderr)} …")
            sys.stderr.flush()

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


def _show(found: Bench) -> None:
    file = ", ".join(part for part in (found.quantisation, f"{found.size / 1e6:,.0f} MB" if found.size else "") if part)
    print(bold(safe(found.model)) + (dim(f"   {file}") if file else ""))
    context = f"{found.context_tokens:,} tokens of context"
    print(f"{safe(found.processor)}, {found.cores} cores; {safe(found.placement)}; {context}")
    start = [f"loaded in {found.load_s:.1f} s" if found.load_s is not None else ""]
    start += [f"warm-up {found.warm_up_s:.1f} s"]
    start += [f"{found.memory / 1e6:,.0f} MB of memory at its peak" if found.memory else ""]
    print("; ".join(part for part in start if part))
    if found.tuned:
        print(tuned_line(found.tuned, guesses=found.speculates))
    _show_speeds(found)
    if found.embedding:
        one = found.embedding
        print(
            f"{bold(safe(one.name.partition('@')[0]))} embeds {_number(one.passages.median)} passages of "
            f"{one.passage_tokens} tokens per second{_range(one.passages)}; a question takes "
            f"{one.question_ms.median:.0f} ms; loaded in {one.load_s:.1f} s"
        )
    _show_estimate(found)
    _show_alternatives(found.alternatives)
    if any(one.how == "measured" for one in found.alternatives):
        print(dim("×: speed beside that of the setting in use; ?: the repeats of the two overlap, so it may be chance"))
    for text in found.notes:
        print(dim(wrapped(safe(text), width())))


def _show_speeds(found: Bench) -> None:
    print(
        bold(f"{'prompt':>8}{'reads':>9}{'':<16}{'writes':>9}{'':<16}{'first token':>12}")
        + dim("   tokens per second, medians")
    )
    for row in found.sizes:
        print(
            f"{row.prompt_tokens:>8,}{_number(row.prompt.median):>9}{dim(f'{_range(row.prompt):<16}')}"
            f"{_number(row.writing.median):>9}{dim(f'{_range(row.writing):<16}')}{row.first_token_s.median:>10.1f} s"
        )
    if found.threads:
        print(bold(f"{'threads':>8}"))
    for one in found.threads:
        mark = dim("in use") if one.in_use else ""
        print(
            f"{one.threads:>8}{_number(one.prompt.median):>9}{dim(f'{_range(one.prompt):<16}')}"
            f"{_number(one.writing.median):>9}{dim(f'{_range(one.writing):<16}')}{mark:>6}".rstrip()
        )


def _show_estimate(found: Bench) -> None:
    if found.estimate:
        one = found.estimate
        print(
            f"`bunko models recommend` estimates {_number(one.prompt)} and {_number(one.writing)} tokens per second: "
            f"measured are {one.prompt_ratio:.0%} and {one.writing_ratio:.0%} of it"
        )


def _show_alternatives(alternatives: tuple[Alternative, ...]) -> None:
    for how, title in _TITLES:
        rows = [one for one in alternatives if one.how == how]
        if not rows:
            continue
        print(bold(f"{title:<32}{'reads':>7}{'writes':>8}{'memory':>12}"))
        for one in rows:
            sure = how == "estimated"
            reads = _gain(one.prompt_gain, sure=sure or one.prompt_is_clear)
            writes = _gain(one.writing_gain, sure=sure or one.writing_is_clear)
            memory = f"{one.memory_change / 1e6:+,.0f} MB" if one.memory_change is not None else ""
            print(f"  {one.setting:<30}{reads:>7}{writes:>8}{memory:>12}".rstrip())
            if text := "; ".join(part for part in (one.remark, one.command) if part):
                print(dim(wrapped(safe(text), width(), first="    ")))


def _gain(gain: float | None, *, sure: bool) -> str:
    """Return a factor, with a question mark if it may be chance.

    >>> _gain(1.5, sure=True), _gain(0.8, sure=False), _gain(1.01, sure=True), _gain(None, sure=True)
    ('×1.50', '×0.80?', '=', '')
    """
    if gain is None:
        return ""
    return "=" if abs(gain - 1) < _SAME else f"×{gain:.2f}{'' if sure else '?'}"


def _number(value: float) -> str:
    """Return a speed.

    >>> _number(1234.5), _number(62.04), _number(3.14)
    ('1,234', '62', '3.1')
    """
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"


def _range(one: Figure) -> str:
    """Return the slowest and the fastest of several runs.

    >>> _range(Figure(median=2.0, least=1.0, most=30.0, runs=3))
    ' (1.0–30)'
    >>> _range(Figure(median=2.0, least=2.0, most=2.0, runs=1))
    ' (one run)'
    """
    return f" ({_number(one.least)}–{_number(one.most)})" if one.runs > 1 else " (one run)"
