"""Show answers and passages to a person. In: events. Out: text on stdout, as it arrives."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence

from bunko.cli.common import bold, dim, safe, width
from bunko.types import Answer, Event, Evidence, Finished, Hit, ReasoningDelta, Retrieved, TextDelta

_BAR = 40
_QUOTE = 300  # characters of a quote on the screen; --json has all of it
_THOUGHT = 240  # characters of what a model thinks; --verbose shows all of it
_QUOTES = 10  # of a scan of the whole folder; --json has more of them


def render_events(events: Iterator[Event], *, verbose: bool, quiet: bool) -> Answer:
    """Print the evidence, the answer as it streams, what carries it, and what it cost; return the answer."""
    writing = held = ""
    fold = _Fold(None if verbose else _THOUGHT)
    for event in events:
        match event:
            case Retrieved() if not quiet:
                _print_evidence(event.evidence, scores=verbose)
            case ReasoningDelta() if not quiet:
                writing = _heading("Reasoning", writing)
                _write_dim(fold.shown(safe(event.text)))
            case TextDelta():
                _write_dim(fold.rest())
                writing = _heading("Answer", writing) if not quiet else writing
                # White space is held back until something follows it: an answer may end in blank lines.
                text = held + safe(event.text)
                _write(text.rstrip())
                held = text[len(text.rstrip()) :]
            case Finished():
                _write_dim(fold.rest())
                _write("\n")
                if not quiet:
                    _print_footer(event.answer, verbose=verbose)
                return event.answer
    raise AssertionError("a stream of events ends with Finished")


class _Fold:
    """Shows the beginning of what a model thinks, and then how much more there was."""

    def __init__(self, limit: int | None) -> None:
        """`limit` counts characters; None shows all."""
        self._limit = limit
        self._seen = 0
        self._hidden = ""

    def shown(self, text: str) -> str:
        """Return what is to be shown of the next piece; white space at the beginning is not."""
        text = text if self._seen else text.lstrip()
        room = len(text) if self._limit is None else max(0, self._limit - self._seen)
        self._seen += len(text)
        more = "…" if text[room:] and not self._hidden else ""
        self._hidden += text[room:]
        return text[:room] + more

    def rest(self) -> str:
        """Return what tells, once, of that which was not shown."""
        hidden, self._hidden = len(self._hidden), ""
        return f" ({hidden:,} more characters; --verbose shows all)" if hidden else ""


def render_hits(hits: Sequence[Hit], *, verbose: bool) -> None:
    """Print passages, best first."""
    if not hits:
        print("No passage matches.")
    for n, hit in enumerate(hits, 1):
        parts = f"dense {hit.dense or 0:.3f}  bm25 {hit.lexical or 0:.2f}"
        scored = parts if hit.dense is not None or hit.lexical is not None else f"score {hit.score:.3f}"
        scores = f"  {scored}" if verbose else ""
        print(f"{bold(f'{n:2}')}  {_place(hit.chunk.path, hit.chunk.page, hit.chunk.heading)}{dim(scores)}")
        print(textwrap.indent(safe(hit.chunk.text).strip(), "    "), end="\n\n")


def _print_evidence(evidence: Sequence[Evidence], *, scores: bool) -> None:
    if not evidence:
        return
    print(bold("Evidence"))
    for n, item in enumerate(evidence[:_QUOTES], 1):
        score = dim(f"  {item.score:.2f}") if scores else ""
        mark = dim(", gives orders to the assistant") if item.gives_orders else ""
        print(f"{bold(f'[{n}]')} {_place(item.path, item.page, item.heading)}{mark}{score}")
        quote = " ".join(safe(item.quote).split())
        print(_wrapped(f"“{quote[:_QUOTE]}{'…' if len(quote) > _QUOTE else ''}”"))
    if len(evidence) > _QUOTES:
        print(dim(f"… and {len(evidence) - _QUOTES:,} more quotes; --json has them."))
    print(flush=True)


def _place(path: str, page: int | None, heading: str) -> str:
    parts = [path, f"page {page}" if page else "", heading]
    return safe(", ".join(part for part in parts if part))


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


def _print_footer(answer: Answer, *, verbose: bool) -> None:
    print()
    if answer.translation:
        _print_translation(answer)
    if len(answer.citations) > _QUOTES:
        verified = sum(citation.verified for citation in answer.citations)
        print(
            dim(f"{verified:,} of {len(answer.citations):,} citations were checked and found right; --json has them.")
        )
    for citation in answer.citations if len(answer.citations) <= _QUOTES else ():
        mark = dim("carried by") if citation.verified else f"{bold('unsupported')}{dim(', near')}"
        place = dim(f"[{citation.n}] {_place(citation.path, citation.page, '')}: ")
        print(f"{mark} {place}{safe(_short(citation.sentence))}")
    for sentence in answer.unsupported:
        if not any(citation.sentence == sentence for citation in answer.citations):
            print(f"{bold('unsupported')}{dim(', in no source: ')}{safe(_short(sentence))}")
    for text in (*answer.notes, looked_at(answer)):
        if text:
            print(dim(safe(text)))
    print(dim(_cost(answer)))
    if verbose:
        print(_chart(answer))


def _print_translation(answer: Answer) -> None:
    print(bold("Translation"))
    for item in answer.translation:
        numbers = dict.fromkeys(citation.n for citation in answer.citations if citation.sentence == item.sentence)
        marks = "".join(f" [{n}]" for n in numbers)
        lacking = "" if item.complete else dim("  (a number of the sentence is missing)")
        print(f"{safe(item.text)}{dim(marks)}{lacking}")
    print()


def looked_at(answer: Answer) -> str:
    """Return on how many documents of how many an answer stands; empty where there are none.

    >>> looked_at(Answer(question="", text="", documents_searched=206, documents_read=3))
    'The answer is from 3 of 206 documents.'
    """
    read, total = answer.documents_read, answer.documents_searched
    if not total:
        return ""
    documents = f"{total:,} document{'' if total == 1 else 's'}"
    if read:
        return f"The answer is from {read:,} of {documents}."
    return f"None of {documents} bears on it." if answer.refused else f"The answer is from the list of {documents}."


def _short(text: str) -> str:
    return textwrap.shorten(" ".join(text.split()), 70, placeholder="…")


def _cost(answer: Answer) -> str:
    """Return one line: how long the stages took, and how many tokens were read, reused and written."""
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
    """Return a waterfall: each stage as a bar that begins where the one before it ended."""
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
