"""Print answers and passages. In: events. Out: text on stdout as it arrives, or one JSON object; notes on stderr."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from bunko.certainty import certainty_line
from bunko.cli.answer_cost import chart, cost
from bunko.cli.common import bold, counted, dim, for_terminal, note, print_json, safe, width
from bunko.conversation import last
from bunko.errors import BunkoError
from bunko.installation import own_commands
from bunko.language.wrapping import LineWriter, wrapped, wrapped_lines
from bunko.notes.answer_words import WORDS, AnswerWords, words_for
from bunko.notes.wording import with_worded_notes
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

_QUOTE = 300  # characters of a quote on the screen; --json has all of it
_REASONING = 240  # characters of a model's reasoning; --verbose shows all of it
_QUOTES = 10  # of a scan of the whole folder; --json has more of them
_INDENT = "    "


def show_answer(arguments: argparse.Namespace, events: Iterator[Event]) -> Answer:
    """Print an answer as the flags ask: as text while it streams, or as one JSON object with the notes on stderr."""
    if not arguments.json:
        detail: Detail = "everything" if arguments.verbose else "answer" if arguments.quiet else "sources"
        return render_events(events, detail=detail)
    from bunko.contract.serialise import to_json

    answer = last(events)
    print_json(to_json(answer))
    for text in answer.notes:
        note(arguments, text)
    return answer


def render_events(events: Iterator[Event], *, detail: Detail) -> Answer:
    """Print the evidence, the answer as it streams, and its citations; return the answer.

    Notes, times and the number of tokens go to stderr.
    """
    writer = _Writer()
    try:
        return _render(_without_closest_quote(events), writer, detail=detail)
    except BunkoError:  # in the middle of an answer: the message of the error begins a line
        writer.end()
        raise


def _render(events: Iterator[Event], writer: _Writer, *, detail: Detail) -> Answer:
    words, known, quiet = WORDS["en"], False, detail == "answer"
    fold = _Fold(None if detail == "everything" else _REASONING)
    for event in events:
        if not known and isinstance(event, Retrieved | ReasoningDelta | TextDelta):
            words, known = words_for(event.question if isinstance(event, Retrieved) else event.text), True
        match event:
            case Retrieved() if not quiet:
                if event.scope:
                    print(scope_line(event.scope, words), end="\n\n")
                _print_evidence(event.evidence, words, scores="shown" if detail == "everything" else "hidden")
                if event.span:
                    _print_span(event.span, words, seconds=event.seconds)
            case ReasoningDelta() if not quiet:
                writer.begin(words.reasoning, "dim")
                writer.write(fold.shown(safe(event.text)))
            case TextDelta():
                writer.write(fold.rest(words))
                writer.begin("" if quiet else words.answer, "plain")
                writer.write(safe(event.text))
            case Finished():
                writer.write(fold.rest(words))
                return _end(with_worded_notes(event.answer), writer, words, detail=detail)
    raise AssertionError("a stream of events ends with Finished")


def _end(answer: Answer, writer: _Writer, words: AnswerWords, *, detail: Detail) -> Answer:
    """Print what follows a complete answer, and return the answer."""
    if answer.closest_quote:
        writer.end()
        print(bold(words.no_short_answer))
        _print_closest_quote(answer, words)
    else:
        writer.end()
    if detail != "answer":
        _print_footer(answer, words, detail=detail)
    return answer


class _Writer:
    """Writes the parts of an answer as they come: each below its title, its lines broken at words on a terminal."""

    def __init__(self) -> None:
        self._title: str | None = None
        self._style: Literal["plain", "dim"] = "plain"
        self._lines: LineWriter | None = None
        self._held = ""

    def begin(self, title: str, style: Literal["plain", "dim"]) -> None:
        """Begin a part, unless it is the one that is being written; without a title nothing is printed above it."""
        if self._title == title:
            return
        if self._title is not None:
            self.end()
            _write("\n")
        self._title, self._style = title, style
        if title:
            _write(bold(title) + "\n")
        self._lines = LineWriter(self._put, width=width, form="markdown") if sys.stdout.isatty() else None

    def write(self, text: str) -> None:
        """Write on. White space is held back until something follows it, since an answer may end in blank lines."""
        text = self._held + text
        self._held = text[len(text.rstrip()) :]
        (self._lines.write if self._lines else self._put)(text.rstrip())

    def end(self) -> None:
        """End the part, and its last line."""
        if self._title is None:
            return
        if self._lines:
            self._lines.end()
        _write("\n")
        self._lines, self._held, self._title = None, "", None

    def _put(self, text: str) -> None:
        if text:
            _write(dim(text) if text.strip() and self._style == "dim" else text)


def _without_closest_quote(events: Iterator[Event]) -> Iterator[Event]:
    """Yield the events, but for the text of an answer that is no more than the closest quote."""
    held: TextDelta | None = None
    begun = False
    try:
        for event in events:
            if held and not (isinstance(event, Finished) and event.answer.closest_quote):
                yield held
            held = None
            if isinstance(event, TextDelta) and not begun:
                begun, held = True, event
            else:
                yield event
    except BunkoError:
        if held:
            yield held
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

    def rest(self, words: AnswerWords) -> str:
        """Return, once, how many characters were left out."""
        hidden, self._hidden = len(self._hidden), ""
        return words.more_characters.format(n=hidden) if hidden else ""


def scope_line(scope: Scope, words: AnswerWords = WORDS["en"]) -> str:
    """Return which documents were asked, as the filters were understood."""
    of = counted(scope.of, "document") if words is WORDS["en"] else f"{scope.of:,}"
    return dim(safe(words.scope.format(filters=scope.filters, documents=scope.documents, of=of)))


def render_hits(hits: Sequence[Hit], *, scores: Literal["shown", "hidden"], words: AnswerWords = WORDS["en"]) -> None:
    """Print passages, best first."""
    if not hits:
        print(words.no_hits)
    for n, hit in enumerate(hits, 1):
        parts = f"dense {hit.dense or 0:.3f}  bm25 {hit.lexical or 0:.2f}"
        score = parts if hit.dense is not None or hit.lexical is not None else f"score {hit.score:.3f}"
        chunk = hit.chunk
        place = _place(chunk.path, chunk.page, chunk.heading, chunk.library, words)
        _print_place(f"{n:2} ", place, after=dim(f"  {score}") if scores == "shown" else "")
        text = safe(chunk.text).strip()
        print(wrapped_lines(text, width(), indent=_INDENT) if sys.stdout.isatty() else textwrap.indent(text, _INDENT))
        print()


def _print_place(mark: str, place: str, *, after: str = "") -> None:
    """Print where a text is from, behind its number."""
    line = wrapped(place, width(), first=f"{mark} ", rest=_INDENT)
    print(f"{bold(mark)}{line[len(mark) :]}{after}")


def _print_evidence(evidence: Sequence[Evidence], words: AnswerWords, *, scores: Literal["shown", "hidden"]) -> None:
    if not evidence:
        return
    print(bold(words.evidence))
    for n, item in enumerate(evidence[:_QUOTES], 1):
        score = dim(f"  {item.score:.2f}") if scores == "shown" else ""
        mark = dim(words.gives_orders) if item.gives_orders else ""
        place = _place(item.path, item.page, _above(item, words), item.library, words)
        _print_place(f"[{n}]", place, after=f"{mark}{score}")
        quote = " ".join(safe(item.row.words if item.row else item.quote).split())
        shown = _cut(quote, _QUOTE)
        print(_indented(shown if item.row else words.quoted.format(shown)))
    if len(evidence) > _QUOTES:
        print(dim(words.more_quotes.format(n=len(evidence) - _QUOTES)))
    print(flush=True)


def _above(item: Evidence, words: AnswerWords) -> str:
    """Return the headings above a quote; of a row of a table its number, since its sheet stands before its cells."""
    return words.row.format(item.row.row) if item.row else item.heading


def _print_span(span: AnswerSpan, words: AnswerWords, *, seconds: float) -> None:
    """Print the words that answer, before a model says more."""
    print(f"{words.found.format(seconds=seconds)} {bold(' '.join(safe(span.text).split()))} {dim(f'[{span.n}]')}\n")
    sys.stdout.flush()


def _place(path: str, page: int | None, heading: str, library: str, words: AnswerWords) -> str:
    parts = [f"{library}: {path}" if library else path, words.page.format(page) if page else "", heading]
    return safe(", ".join(part for part in parts if part))


def _cell(cell: TableCell | None, words: AnswerWords) -> str:
    """Return the names of a table's cell."""
    if cell is None:
        return ""
    column = words.column.format(_short(cell.column)) if cell.column else ""
    return words.cell.format(_short(cell.row)) + column


def _indented(text: str) -> str:
    return wrapped(text, width(), first=_INDENT)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _print_closest_quote(answer: Answer, words: AnswerWords) -> None:
    """Print that there is no answer in the documents, what the model said, and the quote that comes nearest."""
    head = next((head for text in answer.notes if (head := _before_quote(text, words))), words.closest)
    print(wrapped(safe(head), width()))
    print(_indented(words.quoted.format(" ".join(safe(answer.text).split()))))


def _before_quote(text: str, words: AnswerWords) -> str:
    """Return the note that has the closest quote, without the quote; empty for other notes."""
    head, mark, _ = text.partition(words.closest)
    return head + mark if mark else ""


def _print_footer(answer: Answer, words: AnswerWords, *, detail: Detail) -> None:
    print()
    if answer.translation:
        _print_translation(answer, words)
    _print_support(answer, words)
    if answer.query:
        print(dim(wrapped(f"SQL: {safe(answer.query.sql)}", width(), rest="     ")))
    for text in (certainty_line(answer), documents_line(answer, words)):
        if text:
            print(dim(wrapped(safe(text), width())))
    sys.stdout.flush()
    notes = [text for text in answer.notes if not (answer.closest_quote and _before_quote(text, words))]
    for text in (*notes, cost(answer, "ja" if words is WORDS["ja"] else "en")):
        print(dim(for_terminal(own_commands(safe(text)), sys.stderr), sys.stderr), file=sys.stderr)
    if detail == "everything":
        print(chart(answer), file=sys.stderr)
    sys.stderr.flush()


def _print_support(answer: Answer, words: AnswerWords) -> None:
    """Print for each sentence of the answer the quote that supports it, or that none does."""
    if len(answer.citations) > _QUOTES:
        found, cited = sum(citation.verified for citation in answer.citations), len(answer.citations)
        print(dim(wrapped(words.cited_sentences.format(found=found, cited=cited), width())))
    for citation in answer.citations if len(answer.citations) <= _QUOTES else ():
        state = words.supported if citation.verified else words.near
        place = _place(citation.path, citation.page, _cell(citation.cell, words), citation.library, words)
        sentence = "" if answer.closest_quote else safe(_short(citation.sentence))
        line = wrapped(f"{state} [{citation.n}] {place}: {sentence}".rstrip(": "), width(), rest=_INDENT)
        print(dim(line) if citation.verified else line)
    for sentence in answer.unsupported:
        if not any(citation.sentence == sentence for citation in answer.citations):
            print(wrapped(f"{words.unsupported} {safe(_short(sentence))}", width(), rest=_INDENT))


def sources_text(answer: Answer) -> str:
    """Return the sources of an answer in full: where each is from, its words, and whether it supports the answer."""
    words = words_for(answer.question)
    supporting = {citation.n for citation in answer.citations if citation.verified}
    lines = []
    for n, item in enumerate(answer.evidence, 1):
        place = _place(item.path, item.page, _above(item, words), item.library, words)
        lines.append(f"[{n}] {place}{words.supports if n in supporting else ''}")
        lines += [f"{_INDENT}{line}" for line in (item.row.words if item.row else item.quote).splitlines()]
    return "\n".join(lines)


def _print_translation(answer: Answer, words: AnswerWords) -> None:
    print(bold(words.translation))
    for item in answer.translation:
        numbers = dict.fromkeys(citation.n for citation in answer.citations if citation.sentence == item.sentence)
        marks = "".join(f" [{n}]" for n in numbers)
        print(wrapped(f"{safe(item.text)}{marks}", width()) + ("" if item.complete else dim(words.incomplete)))
    print()


def documents_line(answer: Answer, words: AnswerWords = WORDS["en"]) -> str:
    """Return how many documents were cited, quoted and searched; empty without documents.

    >>> documents_line(Answer(question="", text="", documents_searched=206, documents_read=3))
    '0 documents cited, 0 quoted, 206 searched.'
    """
    total, is_english = answer.documents_searched, words is WORDS["en"]
    if not total:
        return ""
    if not answer.documents_read and not answer.refused and not answer.evidence:
        return words.from_list.format(documents=counted(total, "document") if is_english else f"{total:,}")
    cited = counted(answer.documents_cited, "document") if is_english else f"{answer.documents_cited:,}"
    return words.cited.format(cited=cited, quoted=answer.documents_quoted, searched=total)


def _short(text: str) -> str:
    """Return the beginning of a sentence, without the mark of a list."""
    return _cut(" ".join(re.sub(r"^\s*(?:[-*•・]|\d{1,3}[.)])\s+", "", text).split()), 70)


def _cut(text: str, most: int) -> str:
    """Return at most so many characters, cut after a word; of Japanese or one long word, after a character.

    >>> _cut("the wheel turns", 12), _cut("水車小屋の水車", 4)
    ('the wheel…', '水車小屋…')
    """
    if len(text) <= most:
        return text
    head, _, _ = text[: most + 1].rpartition(" ")
    return f"{head if len(head) > most // 2 else text[:most]}…"
