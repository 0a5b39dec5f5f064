"""Cut a document into chunks. In: Document. Out: list[Chunk]. Knows nothing of models or storage.

A chunk is a run of whole sentences that fits the embedder. It ends at a section or a paragraph if one is near, and
never overlaps another. `document.text[c.start:c.end] == c.text` always. In a table, rows take the place of sentences,
and a chunk that begins within a table has the header row as its last heading.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bunko.indexing.outline import Outline
from bunko.language.detection import language_of_parts
from bunko.language.sentences import sentences
from bunko.settings import ChunkingSettings
from bunko.types import Chunk, Document, page_at, under_heading

CountTokens = Callable[[Sequence[str]], list[int]]
LanguageOf = Callable[[str], str]
"""A part of a document -> its ISO 639-1 code."""
_COUNTED_AT_ONCE = 256
_SPLIT_AT_ONCE = 400_000
"""Characters that are split into sentences at a time. More than most documents have."""
_MOST_CHARACTERS = 16
"""Characters that count as one token at least: tokenizers take a word of any length for one unknown token."""


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
    return list(chunks_of(document, count_tokens=count_tokens, settings=settings))


def chunks_of(
    document: Document,
    *,
    count_tokens: CountTokens,
    settings: ChunkingSettings,
    language_of: LanguageOf | None = None,
) -> Iterator[Chunk]:
    """Yield the chunks of `chunk` one by one: of a large document, few are in memory at a time."""
    outline = Outline.of(document)
    language_of = language_of or language_of_parts(document.text)
    for run in _runs(_units(document, count_tokens, settings.max_tokens), settings):
        yield _make_chunk(document, outline, run[0].start, run[-1].end, language_of)


def _units(document: Document, count_tokens: CountTokens, max_tokens: int) -> Iterator[_Unit]:
    text = document.text
    heading_starts = {span.start for span in document.headings}
    previous_end = 0
    for start, end, counted in _counted(document, count_tokens):
        gap = start - previous_end  # a chunk holds the white space between its sentences, too
        opens = 2 if start in heading_starts else 1 if text.count("\n", previous_end, start) > 1 else 0
        previous_end = end
        tokens = max(counted, 1, (end - start) // _MOST_CHARACTERS)
        if tokens <= max_tokens:
            size = min(tokens + gap // _MOST_CHARACTERS, max_tokens)
            yield _Unit(start=start, end=end, tokens=size, opens=opens)
            continue
        before = start - gap
        for n, (piece_start, piece_end) in enumerate(_pieces(text, start, end, tokens, max_tokens)):
            share = max(1, round(tokens * (piece_end - piece_start) / (end - start)))
            share += (piece_start - before) // _MOST_CHARACTERS
            before = piece_end
            yield _Unit(start=piece_start, end=piece_end, tokens=min(share, max_tokens), opens=0 if n else opens)


def _counted(document: Document, count_tokens: CountTokens) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and tokens of the sentences and rows; few at a time, since a tokenizer keeps each token."""
    spans = _spans(document)
    while batch := list(itertools.islice(spans, _COUNTED_AT_ONCE)):
        counts = count_tokens([document.text[start:end] for start, end in batch])
        for (start, end), tokens in zip(batch, counts, strict=True):
            yield start, end, tokens


def _spans(document: Document) -> Iterator[tuple[int, int]]:
    """Yield the spans of the sentences, and of the rows in tables."""
    text, position = document.text, 0
    for table in document.tables:
        yield from _sentences(text, position, table.start)
        yield from _rows(text, table.start, table.end)
        position = table.end
    yield from _sentences(text, position, len(text))


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the sentences between two characters. Long texts are split at a line break first."""
    while start < end:
        stop = _split(text, start, end)
        for first, last in sentences(text[start:stop]):
            yield start + first, start + last
        start = stop


def _split(text: str, start: int, end: int) -> int:
    """Return where to split a long text: after a paragraph, a line, a sentence or a word, if there is one."""
    stop = start + _SPLIT_AT_ONCE
    if stop >= end:
        return end
    for mark in ("\n\n", "\n", "。", ". ", " "):
        if (cut := text.rfind(mark, stop - _SPLIT_AT_ONCE // 2, stop)) >= 0:
            return cut + len(mark)
    return stop


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


def _runs(units: Iterable[_Unit], settings: ChunkingSettings) -> Iterator[list[_Unit]]:
    run: list[_Unit] = []
    size = 0
    for unit in units:
        if run and (
            size + unit.tokens > settings.max_tokens
            or (unit.opens == 2 and size >= settings.min_tokens // 2)
            or (unit.opens == 1 and size >= settings.max_tokens // 2)
        ):
            keep = _best_cut(run) if size + unit.tokens > settings.max_tokens else len(run)
            yield run[:keep]
            run = run[keep:]
            size = sum(member.tokens for member in run)
            if run and size + unit.tokens > settings.max_tokens:
                yield run
                run, size = [], 0
        run.append(unit)
        size += unit.tokens
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


def _make_chunk(document: Document, outline: Outline, start: int, end: int, language_of: LanguageOf) -> Chunk:
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
        language=language_of(text),
        key=hashlib.blake2b(under_heading(heading, text).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
    )
