"""Print answers and passages. In: events. Out: text on stdout as it arrives, or one JSON object."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from bunko.certainty import certainty_line
from bunko.cli.common import bold, counted, dim, note, print_json, safe, width
from bunko.contract.serialise import to_json
from bunko.conversation import last
from bunko.errors import BunkoError
from bunko.types import (
    Answer,
    AnswerSpan,
    Event,
    Evidence,
    Finished,
    Hit,
    ReasoningDelta,
    Retrieved,
    Scope,
    TableCell,
    TextDelta,
)

Detail: TypeAlias = Literal["answer", "sources", "everything"]
"""How much to print: the answer alone, its sources too, or also scores, the whole reasoning and a chart."""

_BAR = 40
_QUOTE = 300  # characters of a quote on the screen; --json has all of it
_REASONING = 240  # characters of a model's reasoning; --verbose shows all of it
_QUOTES = 10  # of a scan of the whole folder; --json has more of them


def show_answer(arguments: argparse.Namespace, events: Iterator[Event]) -> None:
    """Print an answer as the flags ask: as text while it streams, or as one JSON object with the notes on stderr."""
    if not arguments.json:
        render_events(events, detail="everything" if arguments.verbose else "answer" if arguments.quiet else "sources")
        return
    answer = last(events)
    print_json(to_json(answer))
    for text in answer.notes:
        note(arguments, text)


def render_events(events: Iterator[Event], *, detail: Detail) -> Answer:
    """Print the evidence, the answer as it streams, its citations, and what it cost; return the answer."""
    writing = held = ""
    quiet = detail == "answer"
    fold = _Fold(None if detail == "everything" else _REASONING)
    for event in _ending_lines(events):
        match event:
            case Retrieved() if not quiet:
                if event.scope:
                    print(scope_line(event.scope), end="\n\n")
                _print_evidence(event.evidence, scores="shown" if detail == "everything" else "hidden")
                if event.span:
                    _print_span(event.span, seconds=event.seconds)
            case ReasoningDelta() if not quiet:
                writing = _heading("Reasoning", writing)
                _write_dim(fold.shown(safe(event.text)))
            case TextDelta():
                _write_dim(fold.rest())
                writing = _heading("Answer", writing) if not quiet else writing
                # White space is held back until something follows it, since an answer may end in blank lines.
                text = held + safe(event.text)
                _write(text.rstrip())
                held = text[len(text.rstrip()) :]
            case Finished():
                _write_dim(fold.rest())
                _write("\n")
                if not quiet:
                    _print_footer(event.answer, detail=detail)
                return event.answer
    raise AssertionError("a stream of events ends with Finished")


def _ending_lines(events: Iterator[Event]) -> Iterator[Event]:
    """Yield the events; end the line before an error in the middle of an answer, so that its message begins a line."""
    begun = False
    try:
        for event in events:
            yield event
            begun = begun or isinstance(event, TextDelta | ReasoningDelta)
    except BunkoError:
        if begun:
            _write("\n")
        raise


class _Fold:
    """Shortens a model's reasoning to its beginning and the number of characters left out."""

    def __init__(self, limit: int | None) -> None:
        """`limit` counts characters; None shows all."""
        self._limit = limit
        self._seen = 0
        self._hidden = ""

    def shown(self, text: str) -> str:
        """Return the part of the next piece to print, without white space at the very beginning."""
        text = text if self._seen else text.lstrip()
        room = len(text) if self._limit is None else max(0, self._limit - self._seen)
        self._seen += len(text)
        more = "…" if text[room:] and not self._hidden else ""
        self._hidden += text[room:]
        return text[:room] + more

    def rest(self) -> str:
        """Return, once, how many characters were left out."""
        hidden, self._hidden = len(self._hidden), ""
        return f" ({hidden:,} more characters; --verbose shows all)" if hidden else ""


def scope_line(scope: Scope) -> str:
    """Return which documents were asked, as the filters were understood."""
    return dim(safe(f"Within {scope.filters}: {scope.documents:,} of {counted(scope.of, 'document')}"))


def render_hits(hits: Sequence[Hit], *, scores: Literal["shown", "hidden"]) -> None:
    """Print passages, best first."""
    if not hits:
        print("No passage matches.")
    for n, hit in enumerate(hits, 1):
        parts = f"dense {hit.dense or 0:.3f}  bm25 {hit.lexical or 0:.2f}"
        score = parts if hit.dense is not None or hit.lexical is not None else f"score {hit.score:.3f}"
        shown = f"  {score}" if scores == "shown" else ""
        place = _place(hit.chunk.path, hit.chunk.page, hit.chunk.heading, hit.chunk.library)
        print(f"{bold(f'{n:2}')}  {place}{dim(shown)}")
        print(textwrap.indent(safe(hit.chunk.text).strip(), "    "), end="\n\n")


def _print_evidence(evidence: Sequence[Evidence], *, scores: Literal["shown", "hidden"]) -> None:
    if not evidence:
        return
    print(bold("Evidence"))
    for n, item in enumerate(evidence[:_QUOTES], 1):
        score = dim(f"  {item.score:.2f}") if scores == "shown" else ""
        mark = dim(", gives orders to the assistant") if item.gives_orders else ""
        print(f"{bold(f'[{n}]')} {_place(item.path, item.page, _above(item), item.library)}{mark}{score}")
        quote = " ".join(safe(item.row.words if item.row else item.quote).split())
        shown = f"{quote[:_QUOTE]}{'…' if len(quote) > _QUOTE else ''}"
        print(_wrapped(shown if item.row else f"“{shown}”"))
    if len(evidence) > _QUOTES:
        print(dim(f"… and {len(evidence) - _QUOTES:,} more quotes; --json has them."))
    print(flush=True)


def _above(item: Evidence) -> str:
    """Return the headings above a quote; of a row of a table its number, since its sheet stands before its cells."""
    return f"row {item.row.row:,}" if item.row else item.heading


def _print_span(span: AnswerSpan, *, seconds: float) -> None:
    """Print the words that answer, before a model says more."""
    after = f" in {seconds:.1f} s" if seconds else ""
    print(f"Found{after}: {bold(' '.join(safe(span.text).split()))} {dim(f'[{span.n}]')}\n", flush=True)


def _place(path: str, page: int | None, heading: str, library: str = "") -> str:
    parts = [f"{library}: {path}" if library else path, f"page {page}" if page else "", heading]
    return safe(", ".join(part for part in parts if part))


def _cell(cell: TableCell | None) -> str:
    """Return the names of a table's cell."""
    if cell is None:
        return ""
    return f"row “{_short(cell.row)}”" + (f", column “{_short(cell.column)}”" if cell.column else "")


def _wrapped(text: str) -> str:
    return textwrap.fill(text, width(), initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def _heading(title: str, current: str) -> str:
    if title != current:
        if current:
            _write("\n\n")
        print(bold(title))
    return title


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _write_dim(text: str) -> None:
    if text:
        _write(dim(text))


def _print_footer(answer: Answer, *, detail: Detail) -> None:
    print()
    if answer.translation:
        _print_translation(answer)
    if len(answer.citations) > _QUOTES:
        found, cited = sum(citation.verified for citation in answer.citations), len(answer.citations)
        print(dim(f"{found:,} of {cited:,} cited sentences were found in their sources; --json has them."))
    for citation in answer.citations if len(answer.citations) <= _QUOTES else ():
        mark = dim("found in") if citation.verified else f"{bold('not found')}{dim(', near')}"
        place = dim(f"[{citation.n}] {_place(citation.path, citation.page, _cell(citation.cell), citation.library)}: ")
        print(f"{mark} {place}{safe(_short(citation.sentence))}")
    for sentence in answer.unsupported:
        if not any(citation.sentence == sentence for citation in answer.citations):
            print(f"{bold('not found')}{dim(' in any source: ')}{safe(_short(sentence))}")
    if answer.query:
        print(dim(f"SQL: {safe(answer.query.sql)}"))
    for text in (certainty_line(answer), *answer.notes, documents_line(answer)):
        if text:
            print(dim(safe(text)))
    print(dim(_cost(answer)))
    if detail == "everything":
        print(_chart(answer))


def _print_translation(answer: Answer) -> None:
    print(bold("Translation"))
    for item in answer.translation:
        numbers = dict.fromkeys(citation.n for citation in answer.citations if citation.sentence == item.sentence)
        marks = "".join(f" [{n}]" for n in numbers)
        lacking = "" if item.complete else dim("  (a number of the sentence is missing)")
        print(f"{safe(item.text)}{dim(marks)}{lacking}")
    print()


def documents_line(answer: Answer) -> str:
    """Return how many documents were cited, read and searched, as `documents` has it in JSON; empty without documents.

    >>> documents_line(Answer(question="", text="", documents_searched=206, documents_read=3))
    '0 documents cited, 3 read, 206 searched.'
    """
    cited, read, total = answer.documents_cited, answer.documents_read, answer.documents_searched
    if not total:
        return ""
    if not read and not answer.refused:
        return f"Answered from the list of {counted(total, 'document')}."
    return f"{counted(cited, 'document')} cited, {read:,} read, {total:,} searched."


def _short(text: str) -> str:
    return textwrap.shorten(" ".join(text.split()), 70, placeholder="…")


def _cost(answer: Answer) -> str:
    """Return one line: the time of each stage, and the tokens read, reused and written."""
    stages = [
        f"{name} {_duration(milliseconds)}"
        for name, milliseconds in answer.timings.items()
        if name != "total" and milliseconds >= 1
    ]
    usage = answer.usage
    tokens = f"{usage.prompt_tokens} tokens read ({usage.cached_tokens} reused), {usage.completion_tokens} written"
    return f"{' + '.join(stages)} = {_duration(answer.timings.get('total', 0))} · {tokens} · {answer.model}"


def _duration(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _chart(answer: Answer) -> str:
    """Return a waterfall chart: one bar per stage, which begins where the previous one ends."""
    stages = {name: value for name, value in answer.timings.items() if name != "total"}
    total = max(answer.timings.get("total", 0.0), sum(stages.values()), 1e-9)
    lines, begin = [], 0.0
    for name, value in stages.items():
        left = round(begin / total * _BAR)
        right = max(round((begin + value) / total * _BAR), left)
        bar = " " * left + ("█" * (right - left) or "▏")
        lines.append(f"{name:>10} {bar:<{_BAR + 1}} {_duration(value):>7}")
        begin += value
    rest = total - begin
    return "\n".join([*lines, f"{'between':>10} {' ' * (_BAR + 1)} {_duration(rest):>7}"])
