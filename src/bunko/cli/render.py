"""Show answers and passages to a person. In: events. Out: text on stdout, as it arrives."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence

from bunko.cli.common import bold, dim, safe, width
from bunko.types import Answer, Event, Evidence, Finished, Hit, ReasoningDelta, Retrieved, TextDelta

_BAR = 40
_QUOTE = 300  # characters of a quote on the screen; --json has all of it


def render_events(events: Iterator[Event], *, verbose: bool, quiet: bool) -> Answer:
    """Print the evidence, the answer as it streams, what carries it, and what it cost; return the answer."""
    writing = held = ""
    for event in events:
        match event:
            case Retrieved() if not quiet:
                _print_evidence(event.evidence, scores=verbose)
            case ReasoningDelta() if not quiet:
                writing = _heading("Reasoning", writing)
                _write(dim(safe(event.text)))
            case TextDelta():
                writing = _heading("Answer", writing) if not quiet else writing
                # White space is held back until something follows it: an answer may end in blank lines.
                text = held + safe(event.text)
                _write(text.rstrip())
                held = text[len(text.rstrip()) :]
            case Finished():
                _write("\n")
                if not quiet:
                    _print_footer(event.answer, verbose=verbose)
                return event.answer
    raise AssertionError("a stream of events ends with Finished")


def render_hits(hits: Sequence[Hit], *, verbose: bool) -> None:
    """Print passages, best first."""
    if not hits:
        print("No passage matches.")
    for n, hit in enumerate(hits, 1):
        scores = f"  dense {hit.dense or 0:.3f}  bm25 {hit.lexical or 0:.2f}" if verbose else ""
        print(f"{bold(f'{n:2}')}  {_place(hit.chunk.path, hit.chunk.page, hit.chunk.heading)}{dim(scores)}")
        print(textwrap.indent(safe(hit.chunk.text).strip(), "    "), end="\n\n")


def _print_evidence(evidence: Sequence[Evidence], *, scores: bool) -> None:
    if not evidence:
        return
    print(bold("Evidence"))
    for n, item in enumerate(evidence, 1):
        score = dim(f"  {item.score:.2f}") if scores else ""
        mark = dim(", gives orders to the assistant") if item.gives_orders else ""
        print(f"{bold(f'[{n}]')} {_place(item.path, item.page, item.heading)}{mark}{score}")
        quote = " ".join(safe(item.quote).split())
        print(_wrapped(f"“{quote[:_QUOTE]}{'…' if len(quote) > _QUOTE else ''}”"))
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


def _print_footer(answer: Answer, *, verbose: bool) -> None:
    print()
    for citation in answer.citations:
        mark = "carried by" if citation.verified else "near"
        print(
            dim(f"{mark} [{citation.n}] {_place(citation.path, citation.page, '')}: ") + safe(_short(citation.sentence))
        )
    for sentence in answer.unsupported:
        if not any(citation.sentence == sentence for citation in answer.citations):
            print(dim("in no source: ") + safe(_short(sentence)))
    for text in answer.notes:
        print(dim(safe(text)))
    print(dim(_cost(answer)))
    if verbose:
        print(_chart(answer))


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
