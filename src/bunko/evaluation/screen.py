"""Show a comparison on a terminal. In: a Comparison, a number of columns. Out: text.

First the answers, side by side where there is room; then what the figures say in plain words; then the figures. Nothing
is escaped as Markdown needs it: `tables.py` does that. Knows nothing of commands and colours.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from bunko.evaluation.records import Comparison, Pair, Result, Row
from bunko.evaluation.tables import pair_rows, stage_rows, summary_rows
from bunko.language.scripts import columns

Fill: TypeAlias = Callable[[str, int], str]
"""Breaks a text into lines of at most so many columns, never within a word."""

_GAP = 3  # columns between two answers
_WIDE, _LEAST = 100, 30  # columns of a terminal, and of each answer, for answers beside each other
_LONGEST = 600  # characters of an answer; --json and a report have all of it
_CHANCE = 0.05


def on_screen(comparison: Comparison, *, width: int, fill: Fill, questions: int, table_width: int = 0) -> str:
    """Return the first `questions` questions with their answers, the statistics in words, and the figures.

    Where variants are compared, the questions on which they differ come first. Tables may be `table_width` columns
    wide; 0: `width`.
    """
    table_width = table_width or width
    parts: list[str] = []
    variants = comparison["variants"]
    if len(variants) > 1:
        rows = sorted(comparison["questions"], key=lambda row: not row["differs"])
        parts += [_question(row, width=width, fill=fill) for row in rows[:questions]]
        if len(rows) > questions > 0:
            parts.append(f"… and {len(rows) - questions:,} more questions; --json and --report have them.")
        differing = sum(row["differs"] for row in rows)
        parts.append(f"The variants differ on {differing} of {len(rows)} questions.")
        parts += [fill(text, width) for pair in comparison["pairs"] for text in in_words(pair)]
    parts.append(_table(*summary_rows(comparison), width=table_width, fill=fill))
    if any(variant["timings_ms"] for variant in variants):
        parts.append(_table(*stage_rows(comparison), width=table_width, fill=fill))
    if comparison["pairs"]:
        parts.append(_table(*pair_rows(comparison["pairs"], comparison["metrics"]), width=table_width, fill=fill))
    parts += [fill(_clean(text), width) for text in comparison["notes"]]
    return "\n\n".join(part for part in parts if part)


def in_words(pair: Pair) -> list[str]:
    """Return what the statistics of two variants say, in sentences.

    >>> pair = Pair(a="A", b="B", wins=1, losses=0, ties=3, p=1.0, f1_difference=NONE, time_ratio=NONE, differences={})
    >>> print(*in_words(pair), sep=" ")
    A was right where B was wrong on 1 question, B where A was wrong on 0; on 3 they were alike. That may be chance.
    """
    a, b = _clean(pair["a"]), _clean(pair["b"])
    sentences = []
    if pair["p"] is None:
        sentences.append(f"Whether {a} or {b} is right more often is not known: no question has a right answer.")
    elif not (pair["wins"] or pair["losses"]):
        sentences.append(f"{a} and {b} were right and wrong on the same questions.")
    else:
        wins, losses = _questions(pair["wins"]), f"{pair['losses']:,}"
        verdict = (
            "That may be chance."
            if pair["p"] >= _CHANCE
            else f"That is hardly chance: {a if pair['wins'] > pair['losses'] else b} is right more often."
        )
        sentences.append(
            f"{a} was right where {b} was wrong on {wins}, {b} where {a} was wrong on {losses}; on {pair['ties']:,} "
            f"they were alike. {verdict}"
        )
    ratio = pair["time_ratio"]
    if ratio["value"] and ratio["low"] and ratio["high"]:
        slow, quick = (a, b) if ratio["value"] >= 1 else (b, a)
        times = ratio["value"] if ratio["value"] >= 1 else 1 / ratio["value"]
        sure = ratio["low"] > 1 or ratio["high"] < 1
        sentences.append(f"{slow} took {times:.1f} times as long as {quick}{'' if sure else ', which may be chance'}.")
    return sentences


NONE = {"value": None, "low": None, "high": None}


def _questions(count: int) -> str:
    return f"{count:,} question{'' if count == 1 else 's'}"


def _question(row: Row, *, width: int, fill: Fill) -> str:
    """Return a question, and the answers beside each other, or below each other where there is no room."""
    right = "no answer" if row["unanswerable"] else " / ".join(row["answers"]) or _facts(row)
    head = fill(_clean(f"{row['question']}{f' (right: {right})' if right else ''}"), width)
    count = len(row["results"])
    room = (width - _GAP * (count - 1)) // count
    if width < _WIDE or room < _LEAST:
        return "\n".join([head, *(fill(" ".join(_lines(result)), width) for result in row["results"])])
    blocks = [[line for text in _lines(result) for line in fill(text, room).split("\n")] for result in row["results"]]
    lines = [
        (" " * _GAP).join(_padded(line, room) for line in beside).rstrip()
        for beside in itertools.zip_longest(*blocks, fillvalue="")
    ]
    return "\n".join([head, *lines])


def _facts(row: Row) -> str:
    return " ".join(nugget["fact"] for nugget in row["results"][0]["nuggets"])


def _lines(result: Result) -> list[str]:
    """Return the variant and whether it is right, the words of its answer, and its time."""
    mark = {True: "✓", False: "✗", None: "·"}[result["right"]]
    nuggets = result["nuggets"]
    found = f" ({sum(each['in_answer'] for each in nuggets)} of {len(nuggets)} nuggets)" if nuggets else ""
    if result["error"] is not None:
        text = f"failed: {result['error']}"
    else:
        text = result["answer"][:_LONGEST] + ("…" if len(result["answer"]) > _LONGEST else "") or "(empty)"
    total = result["timings_ms"].get("total")
    time = [f"({total / 1000:.1f} s)"] if total else []
    return [f"{mark} {_clean(result['variant'])}{found}:", _clean(text), *time]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, width: int, fill: Fill) -> str:
    """Return an aligned table; one that is wider than the terminal as a list."""
    cells = [[_clean(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(columns(row[n]) for row in cells) for n in range(len(heads))]
    if sum(widths) + 3 * len(widths) + 1 <= width:
        lines = ["| " + " | ".join(_padded(cell, widths[n]) for n, cell in enumerate(row)) + " |" for row in cells]
        return "\n".join([lines[0], "|" + "|".join("-" * (each + 2) for each in widths) + "|", *lines[1:]])
    lines = []
    for row in cells[1:]:
        lines += fill(row[0], width).split("\n")
        lines += [
            f"    {line}"
            for head, cell in zip(cells[0][1:], row[1:], strict=True)
            for line in fill(f"{head}: {cell}", width - 4).split("\n")
        ]
    title = [fill(cells[0][0], width)] if cells[0][0] else []
    return "\n".join([*title, *lines])


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - columns(cell))


def _clean(text: str) -> str:
    """Return a text on one line, without what could control a terminal."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
