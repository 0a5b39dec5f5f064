"""Cut a document into chunks. In: Document. Out: list[Chunk]. Knows nothing of models or storage.

A chunk is a run of whole sentences that fits the embedder. It ends at a section or a paragraph if one is near, and
never overlaps another. `document.text[c.start:c.end] == c.text` always. In a table, rows take the place of sentences,
and a chunk that begins within a table has the header row as its last heading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bunko.indexing.outline import Outline
from bunko.language.detection import detect_document_language
from bunko.language.sentences import sentences
from bunko.settings import ChunkingSettings
from bunko.types import Chunk, Document, page_at, under_heading

CountTokens = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """A sentence or a table row, or a piece of one that is too long."""

    start: int
    end: int
    tokens: int
    opens: int
    """What begins here: 2 a section, 1 a paragraph, 0 only a sentence."""


def chunk(document: Document, *, count_tokens: CountTokens, settings: ChunkingSettings) -> list[Chunk]:
    """Return the chunks in reading order; empty for a blank document.

    `count_tokens` is the embedder's own. The tokens of a chunk's sentences or rows add up to at most
    `settings.max_tokens`. Only a stretch without sentence end, space or comma is cut anywhere.
    """
    units = list(_units(document, count_tokens, settings.max_tokens))
    outline = Outline.of(document)
    return [_make_chunk(document, outline, run[0].start, run[-1].end) for run in _runs(units, settings)]


def _units(document: Document, count_tokens: CountTokens, max_tokens: int) -> Iterator[_Unit]:
    text = document.text
    spans = list(_spans(document))
    counts = count_tokens([text[start:end] for start, end in spans])
    heading_starts = {span.start for span in document.headings}
    previous_end = 0
    for (start, end), tokens in zip(spans, counts, strict=True):
        gap = text[previous_end:start]
        opens = 2 if start in heading_starts else 1 if gap.count("\n") > 1 else 0
        previous_end = end
        if tokens <= max_tokens:
            yield _Unit(start=start, end=end, tokens=tokens, opens=opens)
            continue
        for n, (piece_start, piece_end) in enumerate(_pieces(text, start, end, tokens, max_tokens)):
            share = max(1, round(tokens * (piece_end - piece_start) / (end - start)))
            yield _Unit(start=piece_start, end=piece_end, tokens=min(share, max_tokens), opens=0 if n else opens)


def _spans(document: Document) -> Iterator[tuple[int, int]]:
    """Yield the spans of the sentences, and of the rows in tables."""
    text, position = document.text, 0
    for table in document.tables:
        yield from _moved(sentences(text[position : table.start]), position)
        yield from _rows(text, table.start, table.end)
        position = table.end
    yield from _moved(sentences(text[position:]), position)


def _moved(spans: Iterable[tuple[int, int]], offset: int) -> Iterator[tuple[int, int]]:
    return ((start + offset, end + offset) for start, end in spans)


def _rows(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the lines that aren't blank, without the white space around them."""
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        line = text[start:stop]
        if stripped := line.strip():
            first = start + line.index(stripped)
            yield first, first + len(stripped)
        start = stop + 1


def _pieces(text: str, start: int, end: int, tokens: int, max_tokens: int) -> Iterator[tuple[int, int]]:
    """Cut an overlong sentence at the last line break, comma or space before each limit."""
    # Tokens are not spread evenly over the characters: aim at four fifths of the limit.
    width = max(1, int(0.8 * max_tokens * (end - start) / tokens))
    while start < end:
        stop = min(start + width, end)
        if stop < end:
            window = text[start + width // 2 : stop]
            cuts = [window.rfind(mark) for mark in ("\n", "、", "，", ", ", "; ", " ", "\u3000")]
            if (cut := next((cut for cut in cuts if cut >= 0), -1)) >= 0:
                stop = start + width // 2 + cut + 1
        piece = text[start:stop]
        if stripped := piece.strip():
            first = start + len(piece) - len(piece.lstrip())
            yield first, first + len(stripped)
        start = stop


def _runs(units: list[_Unit], settings: ChunkingSettings) -> Iterator[list[_Unit]]:
    run: list[_Unit] = []
    for unit in units:
        size = sum(member.tokens for member in run)
        if run and (
            size + unit.tokens > settings.max_tokens
            or (unit.opens == 2 and size >= settings.min_tokens // 2)
            or (unit.opens == 1 and size >= settings.max_tokens // 2)
        ):
            keep = _best_cut(run) if size + unit.tokens > settings.max_tokens else len(run)
            yield run[:keep]
            run = run[keep:]
            if run and sum(member.tokens for member in run) + unit.tokens > settings.max_tokens:
                yield run
                run = []
        run.append(unit)
    if run:
        yield run


def _best_cut(run: list[_Unit]) -> int:
    """Return where to end a full run: before its last paragraph, if at least half of it is left."""
    total = sum(unit.tokens for unit in run)
    size = 0
    best = len(run)
    for n, unit in enumerate(run):
        if n and unit.opens and size >= total / 2:
            best = n
        size += unit.tokens
    return best


def _make_chunk(document: Document, outline: Outline, start: int, end: int) -> Chunk:
    text = document.text[start:end]
    heading = outline.path(start)
    return Chunk(
        path=document.path,
        start=start,
        end=end,
        text=text,
        page=page_at(document.pages, start),
        heading=heading,
        sections=outline.sections(start, end),
        language=detect_document_language(text),
        key=hashlib.blake2b(under_heading(heading, text).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
    )
