"""Print the answers of `bunko batch` as they come. In: lines of a batch. Out: text or JSON on stdout."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from bunko.cli.common import bold, dim, print_json, safe, width
from bunko.evaluation.records import Answered
from bunko.language.wrapping import wrapped
from bunko.notes.answer_words import AnswerWords, words_for

_INDENT = "   "
_QUOTES = 3
_QUOTE = 200  # characters; --json and --out have all


def printer(arguments: argparse.Namespace) -> Callable[[Answered], None] | None:
    """Return what prints a line of a batch; None where only the file that --out names gets them."""
    if arguments.json:
        return None if arguments.out else print_json
    return lambda line: print_line(line, sources="hidden" if arguments.quiet else "shown")


def print_line(line: Answered, *, sources: str) -> None:
    """Print a question, its answer, and where the answer is from; on stderr, how long it took."""
    print(bold(wrapped(safe(f"{line['id']}. {line['question']}"), width(), rest=_INDENT)))
    if "error" in line:
        print(_wrapped(f"failed: {line['error']} {line['hint']}"), end="\n\n", flush=True)
        return
    words = words_for(str(line["question"]))
    if line.get("closest_quote"):
        print(_wrapped(f"{words.no_short_answer}; {words.closest}"))
    for paragraph in str(line["answer"]).splitlines() or ["(no answer)"]:
        print(_wrapped(words.quoted.format(paragraph) if line.get("closest_quote") else paragraph))
    if sources == "hidden":
        print(flush=True)
        return
    for text in _sources(line, words):
        print(dim(_wrapped(text)))
    print(flush=True)
    seconds = line.get("timings_ms", {}).get("total", 0.0) / 1000
    print(dim(_wrapped(f"{line['id']}. {seconds:.1f} s"), sys.stderr), file=sys.stderr, flush=True)


def _sources(line: Answered, words: AnswerWords) -> list[str]:
    """Return the best quote and those that support the answer, one a line.

    A small model may be wrong; the best quote does not depend on it.
    """
    is_answer = not line.get("closest_quote")
    supporting = {citation["n"] for citation in line.get("citations", ()) if citation.get("verified") and is_answer}
    lines: list[str] = []
    for n, item in enumerate(line.get("evidence", ()), 1):
        if n == 1 or (n in supporting and len(lines) < _QUOTES):
            page = f", {words.page.format(item['page'])}" if item.get("page") else ""
            quote = words.quoted.format(_short(item["quote"]))
            lines.append(f"[{n}] {item['path']}{page}: {quote}{words.supports if n in supporting else ''}")
    return lines


def _short(quote: str) -> str:
    """Return a quote in one line, cut after a word; where there are no spaces, as in Japanese, after a character.

    >>> _short("one   two"), len(_short("水車小屋" * 100))
    ('one two', 201)
    """
    line = " ".join(quote.split())
    if len(line) <= _QUOTE:
        return line
    head, _, _ = line[: _QUOTE + 1].rpartition(" ")
    return f"{head if len(head) > _QUOTE // 2 else line[:_QUOTE]}…"


def _wrapped(text: str) -> str:
    return wrapped(safe(text), width(), first=_INDENT)
