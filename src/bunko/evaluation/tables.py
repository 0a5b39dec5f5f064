"""Format a comparison as Markdown. In: a Comparison. Out: text. `screen.py` shows one on a terminal.

Knows nothing of HTML, files or commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from bunko.evaluation.records import Comparison, Estimate, Interval, Metric, Pair, Result, Row, Unit
from bunko.language.scripts import columns

_LONGEST_CELL = 300
_NO_INTERVAL = Interval(value=None, low=None, high=None)
# Characters that Markdown reads as a table cell, HTML, a link or a picture; some sites also link bare addresses.
_MARKUP = re.compile(r"[\\`\[|]|<(?=[A-Za-z/!?])|(?<=:)/(?=/)|(?<=www)\.|@(?=\w)", re.IGNORECASE)


def as_markdown(comparison: Comparison) -> str:
    """Return a complete document: the tables, then every question with its answers."""
    machine = comparison["machine"]
    parts = [
        f"# {_plain(comparison['title'])}",
        f"{len(comparison['questions'])} questions, folder {_plain(comparison['folder'])}, {comparison['created']}, "
        f"{machine['cores']} cores, {machine['memory_gb']} GB of memory. Intervals are 95% bootstraps.",
        "## Figures",
        _table(*summary_rows(comparison)),
        "## Time by stage",
        _table(*stage_rows(comparison)),
    ]
    if comparison["pairs"]:
        parts += ["## Pairs on the same questions", _table(*pair_rows(comparison["pairs"], comparison["metrics"]))]
    if comparison["notes"]:
        parts += ["## Notes", "\n".join(f"- {_plain(text)}" for text in comparison["notes"])]
    differing = [row for row in comparison["questions"] if row["differs"]]
    others = [row for row in comparison["questions"] if not row["differs"]]
    for title, rows in (("Questions on which variants differ", differing), ("Questions", others)):
        if rows:
            parts += [f"## {title}", *map(_question, rows)]
    return "\n\n".join(parts) + "\n"


# --- the tables --------------------------------------------------------------------------------------------------


Table: TypeAlias = tuple[Sequence[str], Sequence[Sequence[str]]]
"""The heads of a table's columns, and its rows."""


def summary_rows(comparison: Comparison) -> Table:
    """Return the figures of each variant, with their 95% intervals."""
    variants = comparison["variants"]
    if len(variants) == 1:
        summary = variants[0]["summary"]
        rows = [
            (
                metric["label"],
                _value(summary[metric["name"]]["value"], metric["unit"]),
                _range(summary[metric["name"]], metric["unit"]),
                str(summary[metric["name"]]["n"]),
            )
            for metric in comparison["metrics"]
        ]
        return [variants[0]["name"], "value", "95% interval", "questions"], rows
    by_variant = [
        (metric["label"], *(_cell(variant["summary"].get(metric["name"]), metric) for variant in variants))
        for metric in comparison["metrics"]
    ]
    return ["", *(variant["name"] for variant in variants)], by_variant


def stage_rows(comparison: Comparison) -> Table:
    """Return the times of each stage."""
    variants = comparison["variants"]
    stages = list(dict.fromkeys(stage for variant in variants for stage in variant["timings_ms"] if stage != "total"))
    rows = []
    for stage in [*stages, "total"]:
        cells = []
        for variant in variants:
            time = variant["timings_ms"].get(stage)
            cells.append(f"{_value(time['median'], 'ms')} / {_value(time['p95'], 'ms')}" if time else "–")
        rows.append((stage, *cells))
    heads = [variant["name"] for variant in variants] if len(variants) > 1 else ["median / 95th percentile"]
    title = "stage: median / 95th percentile" if len(variants) > 1 else "stage"
    return [title, *heads], rows


def pair_rows(pairs: Sequence[Pair], metrics: Sequence[Metric]) -> Table:
    """Return the comparison of each pair of variants."""
    compared = [metric for metric in metrics if any(metric["name"] in pair["differences"] for pair in pairs)]
    rows = [
        (
            f"{pair['a']} vs {pair['b']}",
            str(pair["wins"]),
            str(pair["losses"]),
            str(pair["ties"]),
            "–" if pair["p"] is None else _p(pair["p"]),
            _difference(pair["f1_difference"]),
            _ratio(pair["time_ratio"]),
            *(_difference(pair["differences"].get(metric["name"], _NO_INTERVAL)) for metric in compared),
        )
        for pair in pairs
    ]
    more = [f"difference in {metric['label']}" for metric in compared]
    return ["", "wins", "losses", "ties", "p (McNemar)", "F1 difference", "time ratio", *more], rows


def _question(row: Row) -> str:
    """Return a question and a list of its answers."""
    nuggets = row["results"][0]["nuggets"]
    gold = "no answer" if row["unanswerable"] else " / ".join(row["answers"]) or "not known"
    if nuggets and not row["answers"]:
        gold = " ".join(nugget["fact"] for nugget in nuggets)
    lines = [f"**{_plain(row['question'])}** (right: {_plain(gold)})", ""]
    lines += [
        f"- {_mark(result)} {_plain(result['variant'])}{_nuggets(result)}: {_answer(result)}"
        for result in row["results"]
    ]
    return "\n".join(lines)


def _nuggets(result: Result) -> str:
    """Return how many nuggets an answer has, in brackets; empty if the question has none."""
    if not result["nuggets"]:
        return ""
    return f" ({sum(nugget['in_answer'] for nugget in result['nuggets'])} of {len(result['nuggets'])} nuggets)"


def _mark(result: Result) -> str:
    return {True: "✓", False: "✗", None: "·"}[result["right"]]


def _answer(result: Result) -> str:
    if result["error"] is not None:
        return f"failed: {_plain(result['error'])}"
    return _plain(result["answer"]) or "(empty)"


# --- cells -------------------------------------------------------------------------------------------------------


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table with aligned columns, in Japanese too."""
    cells = [[_plain(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(columns(row[n]) for row in cells) for n in range(len(heads))]
    lines = ["| " + " | ".join(_padded(cell, widths[n]) for n, cell in enumerate(row)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - columns(cell))


def _plain(text: str) -> str:
    r"""Return a text on one line, escaped for tables, HTML and the terminal: no links, no pictures.

    >>> _plain("![a](https://b.example/?q=1)\n<b>")
    '!\\[a](https:\\//b.example/?q=1) &lt;b>'
    """
    folded = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    escaped = _MARKUP.sub(lambda sign: "&lt;" if sign[0] == "<" else f"\\{sign[0]}", folded)
    return escaped if len(escaped) <= _LONGEST_CELL else escaped[: _LONGEST_CELL - 1] + "…"


def _cell(estimate: Estimate | None, metric: Metric) -> str:
    if estimate is None:
        return "–"
    return f"{_value(estimate['value'], metric['unit'])} ({_range(estimate, metric['unit'])})"


def _range(estimate: Estimate, unit: Unit) -> str:
    return f"{_value(estimate['low'], unit)} – {_value(estimate['high'], unit)}"


def _value(value: float | None, unit: Unit) -> str:
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.1f}%"
    if unit == "ms":
        return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.2f} s"
    return f"{value:.1f}"


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def _difference(interval: Interval) -> str:
    value, low, high = interval["value"], interval["low"], interval["high"]
    if value is None or low is None or high is None:
        return "–"
    return f"{100 * value:+.1f} ({100 * low:+.1f} – {100 * high:+.1f})"


def _ratio(interval: Interval) -> str:
    value, low, high = interval["value"], interval["low"], interval["high"]
    if value is None or low is None or high is None:
        return "–"
    return f"{value:.2f} ({low:.2f} – {high:.2f})"
