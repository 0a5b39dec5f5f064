"""Name the cell of a table that a citation is about. In: citations, evidence, a question. Out: citations with cells.

A row stands in one line, with | between its cells, under a heading that ends with the names of the columns. That is so
for every kind of document. Knows nothing of their formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bunko.language.words import source_words, words
from bunko.types import Citation, Evidence, TableCell

_EDGE = re.compile(r"(?<!\\)\|")
_AROUND = " \t`*"
_PATH, _NAMES = " > ", " | "  # between headings, and between the names of columns in the last one
# What a question with "how" asks for, by its next word. Japanese has one stem for both: 高い, 高さ.
_MEASURES = {
    "wide": "width",
    "long": "length duration",
    "high": "height elevation altitude",
    "tall": "height",
    "deep": "depth",
    "thick": "thickness",
    "heavy": "weight mass",
    "old": "age",
    "fast": "speed",
    "far": "distance",
    "big": "size",
    "large": "size area",
    "hot": "temperature",
    "warm": "temperature",
    "cold": "temperature",
    "expensive": "price cost",
}
_HOW = re.compile(rf"\bhow ({'|'.join(_MEASURES)})\b", re.IGNORECASE)
# What other questions ask for, by the word that asks, where they say nothing else of the row: "where did the ship sink"
# asks for no column called Country.
_KINDS = {
    "where": "place location origin country city town region address venue room",
    "when": "date day time",
    "how much": "price cost fee",
    "どこ": "場所 産地 所在地 国 都市 住所 会場",
    "いつ": "日付 日時 期日",
    "いくら": "価格 料金 値段 金額 単価",
}
_KIND = re.compile(r"\b(?:where|when|how much)\b|どこ|いつ|いくら", re.IGNORECASE)
_TAKE_PLACE = re.compile(r"\b(?:take|takes|took|taken|taking) place\b", re.IGNORECASE)
SAYS_NOTHING = frozenset(words("come comes from hold held located situated lies kept costs 開催 開く 採れる"))
"""Words of questions after a place, a day or a price that don't tell which."""
_ASKS_FOR_WORDS = re.compile(r"\b(?:who|whose|whom|where)\b|誰|だれ|どこ", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")


def with_cells(citations: Sequence[Citation], evidence: Sequence[Evidence], *, question: str) -> tuple[Citation, ...]:
    """Return the citations; one that quotes a row of a table names it, and the column that answers if one does."""
    return tuple(_with_cell(citation, evidence, question) for citation in citations)


def _with_cell(citation: Citation, evidence: Sequence[Evidence], question: str) -> Citation:
    for item in evidence:
        if item.path == citation.path and item.start <= citation.start and citation.end <= item.end:
            cell = cell_of(item, start=citation.start, end=citation.end, sentence=citation.sentence, question=question)
            return replace(citation, cell=cell) if cell else citation
    return citation


def cell_of(item: Evidence, *, start: int, end: int, sentence: str, question: str) -> TableCell | None:
    """Return the row and the column that a quote is about; None if it is not one row of a table.

    `start` and `end` are the place of the quote in the document. The column is that of the words that were marked, else
    the one whose text the sentence has and no other, else the one that the question names; empty if there is none.

    >>> row = "| Moen | Tor Lie | 1972 |"
    >>> item = Evidence(path="a.pdf", start=0, end=25, quote=row, score=1.0, heading="Ports > Port | Master | Opened")
    >>> cell_of(item, start=0, end=25, sentence=row, question="When was Moen opened?")
    TableCell(row='Moen', column='Opened')
    """
    names = item.heading.rpartition(_PATH)[2].split(_NAMES)
    first = item.quote.rfind("\n", 0, start - item.start) + 1
    last = item.quote.find("\n", end - item.start)
    line = item.quote[first : last if last >= 0 else len(item.quote)]
    cells = list(_cells(line))
    if "\n" in line or len(names) < 2 or not 2 <= len(cells) <= len(names):
        return None
    texts = [text for _, _, text in cells]
    column = _marked(item, cells, item.start + first)
    if column is None:
        column = _said(texts, sentence)
    label = next((text for text in texts if text), "")
    if column is None:
        column = _asked(names[: len(texts)], texts, question)
    return TableCell(row=label, column=names[column].strip() if column is not None else "") if label else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCell:
    """The cell of a row that a question asks for."""

    label: str
    column: str
    start: int
    """In characters of the quote."""
    end: int


def asked_cell(item: Evidence, question: str) -> AskedCell | None:
    """Return the cell of the row that a quote is, whose label and column a question names.

    None where the quote is no row, the question lacks a word of the label, or no column has more of its words.

    >>> row = "| Moen | Tor Lie | 1972 |"
    >>> item = Evidence(path="a.pdf", start=0, end=25, quote=row, score=1.0, heading="Ports > Port | Master | Opened")
    >>> asked_cell(item, "Who is the master of Moen?")
    AskedCell(label='Moen', column='Master', start=9, end=16)
    """
    names = item.heading.rpartition(_PATH)[2].split(_NAMES)
    cells = list(_cells(item.quote))
    if "\n" in item.quote.strip() or len(names) < 2 or len(cells) != len(names):
        return None
    label = cells[0][2].strip(_AROUND)
    column = _asked(names, [text for _, _, text in cells], question)
    if not _is_named(label, question) or column is None or not cells[column][2]:
        return None
    start, end, _ = cells[column]
    text = item.quote[start:end]
    start, end = start + len(text) - len(text.lstrip(_AROUND)), start + len(text.rstrip(_AROUND))
    return AskedCell(label=label, column=names[column], start=start, end=end) if start < end else None


def _is_named(label: str, question: str) -> bool:
    """Return whether a question has every word of a label; of one without words of meaning, such as A, its letters."""
    named = set(words(label))
    if named:
        return named <= set(words(question))
    return bool(re.search(rf"(?<=\s){re.escape(label)}(?!\w)", question)) if label else False


def _cells(line: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and text of each cell."""
    begin = len(line) - len(line.lstrip())
    stop = len(line.rstrip())
    if line.startswith("|", begin):
        begin += 1
        stop -= line[:stop].endswith("|") and not line[:stop].endswith("\\|")
    for edge in [*(match.start() for match in _EDGE.finditer(line, begin, stop)), stop]:
        yield begin, edge, line[begin:edge].strip().replace("\\|", "|")
        begin = edge + 1


def _marked(item: Evidence, cells: Sequence[tuple[int, int, str]], offset: int) -> int | None:
    """Return the column of the words that a reader marked, if they are in one cell."""
    if item.span is None:
        return None
    start, end = item.span.start - offset, item.span.end - offset
    return next((n for n, (first, last, _) in enumerate(cells) if first <= start and end <= last), None)


def _said(texts: Sequence[str], sentence: str) -> int | None:
    """Return the only column, but for the first, whose text is in the sentence."""
    plain = f" {' '.join(sentence.casefold().split())} "
    found = [n for n, text in enumerate(texts) if n and text and _has(plain, " ".join(text.casefold().split()))]
    return found[0] if len(found) == 1 else None


def _has(sentence: str, text: str) -> bool:
    edge = r"(?<!\w)" if text[0].isascii() else "", r"(?!\w)" if text[-1].isascii() else ""
    return bool(re.search(f"{edge[0]}{re.escape(text)}{edge[1]}", sentence))


def _asked(names: Sequence[str], texts: Sequence[str], question: str) -> int | None:
    """Return the column, but for the first, whose name shares the most words with the question.

    Where none shares any, the one that names the measure or the kind of thing that is asked for: the width, of "how
    wide", the place or the country, of "where". "Who built it?" is not answered by the year under Built.
    """
    said = set(words(_TAKE_PLACE.sub(" ", question)))
    meant = [_MEASURES[match.lower()] for match in _HOW.findall(question)]
    if said <= SAYS_NOTHING.union(words(texts[0]), source_words(names[0])):
        meant += [_KINDS[match.lower()] for match in _KIND.findall(question)]
    for asked in (said, set(words(" ".join(meant)))):
        shares = [len(asked & source_words(name)) if n else 0 for n, name in enumerate(names)]
        most = max(shares)
        if most:
            column = shares.index(most)
            is_other = bool(_ASKS_FOR_WORDS.search(question)) and not _LETTER.search(texts[column])
            return column if shares.count(most) == 1 and not is_other else None
    return None
