"""Find the sections of a plain text by its layout. In: a text. Out: headings. Knows nothing of files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bunko.language.scripts import columns

_Heading = tuple[int, int, str]
"""Start, level and label."""

_BLOCK = re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")
_UNFINISHED_OR_SENTENCE = re.compile(r"[.。!?！？,、;；:：|=…-]\s*$")
# At least two letters, and only capitals: GEOGRAPHY, PEOPLE AND SOCIETY, PART II.
_CAPITALS = re.compile(r"(?=(?:[^A-Z]*[A-Z]){2})[A-Z][A-Z0-9 &,'’()/.-]{2,60}")
_CHAPTER = re.compile(
    r"(?:Chapter|Part|Section|Article|Appendix)\s+(?:\d+|[IVXLC]+|[A-Z])\b.*"
    r"|第[0-9０-９一二三四五六七八九十百]+(?P<kind>[編部章節条]).*"
)
_MARKED = re.compile(r"(?:[■□◆◇●▼▲★☆]\s*|【)[^\s。].*")
_NUMBERED = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,3})[.．)]?[ \t\u3000]+(?=[^\W\d_]).*")
_ITEM = re.compile(r"[-*+•・>|#]|\d{1,3}[.)．]|[(（]\d+[)）]|\S+@\S+|https?:")
_FIELD = re.compile(r"[^\s:：][^:：\n]{0,24}(?::[ \t]|：|\t| {2,})|[-*+•・] ")
_LEVELS = {"編": 2, "部": 2, "章": 2, "節": 3, "条": 4}
_UNMARKED = 6
"""The level of headings that only their place shows."""
_SIBLING = 1.5
"""A first line that is longer than this many times another heading is the title."""
_WIDEST = 60
"""Columns of a heading without a mark."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines between blank ones."""

    start: int
    lines: list[str]

    @property
    def first(self) -> str:
        return self.lines[0].strip()


def text_headings(text: str) -> list[_Heading]:
    r"""Return the headings of a plain text, in order.

    They are its title, lines in capitals, numbered and marked lines, and short lines alone above a paragraph or above
    lines like "Name: value".

    >>> text_headings("Mills of Ashwood\n\nHISTORY\nThe mill was built in 1803.")
    [(0, 1, 'Mills of Ashwood'), (18, 2, 'HISTORY')]
    """
    blocks = [_Block(match.start(), match.group().split("\n")) for match in _BLOCK.finditer(text)]
    found: dict[int, _Heading] = {}
    for n, block in enumerate(blocks):
        following = blocks[n + 1] if n + 1 < len(blocks) else None
        for heading in (*_marked_lines(block), *_first_line(block, following)):
            found.setdefault(heading[0], heading)
    title = _title(blocks, found)
    if title:
        found[title[0]] = title
    return [found[start] for start in sorted(found)]


def _title(blocks: list[_Block], found: dict[int, _Heading]) -> _Heading | None:
    """Return the first line, if it is short and alone; not where it is the first of many headings like it."""
    if len(blocks) < 2 or len(blocks[0].lines) > 1 or not 2 <= len(blocks[0].first) <= 100:
        return None
    label = blocks[0].first
    if _UNFINISHED_OR_SENTENCE.search(label):
        return None
    start = _start(blocks[0], 0)
    others = [heading for place, heading in found.items() if place != start]
    return None if any(_is_one_of(label, other, found.get(start)) for other in others) else (start, 1, label)


def _is_one_of(label: str, other: _Heading, own: _Heading | None) -> bool:
    """Return whether the first line is a heading like another one, and not the title of all."""
    if form := _form(label):
        return form == _form(other[2])
    above_text = own is not None and own[1] == other[1] == _UNMARKED
    return above_text and len(label) <= _SIBLING * len(other[2])


def _form(label: str) -> str:
    """Return what headings of one series share: "WARD A" and "WARD B", "PPR-1" and "PPR-20"; empty without a number."""
    return (
        re.sub(r"\d+|\b[A-Z]\b|[一二三四五六七八九十百]+", "0", label) if re.search(r"\d|\b[A-Z]\b|第", label) else ""
    )


def _marked_lines(block: _Block) -> Iterator[_Heading]:
    """Yield the lines of a block that are headings by themselves."""
    for n, line in enumerate(block.lines):
        label = line.strip()
        if _CAPITALS.fullmatch(label):
            yield _start(block, n), 2, label
        elif columns(label) <= _WIDEST and not _UNFINISHED_OR_SENTENCE.search(label):
            if chapter := _CHAPTER.fullmatch(label):
                yield _start(block, n), _LEVELS.get(chapter["kind"] or "", 2), label
            elif _MARKED.fullmatch(label) and n == 0:
                yield _start(block, n), 4, label.strip("■□◆◇●▼▲★☆【】 \u3000")


def _first_line(block: _Block, following: _Block | None) -> Iterator[_Heading]:
    """Yield the first line of a block if it is a heading by what is below it."""
    label = block.first
    if not re.search(r"[^\W\d_]{2}", label) or columns(label) > _WIDEST or _UNFINISHED_OR_SENTENCE.search(label):
        return
    body = block.lines[1:] or (following.lines if following else [])
    if not body:
        return
    if numbered := _NUMBERED.fullmatch(label):
        if _is_paragraph(body) and not _ITEM.match(body[0].strip()):
            yield _start(block, 0), 3 + numbered["number"].count("."), label
        return
    is_title = not (_ITEM.match(label) or _FIELD.match(label) or label[0].islower() or label[0].isdigit())
    has_body = _is_paragraph(body) if len(block.lines) == 1 else all(_FIELD.match(line.strip()) for line in body)
    if is_title and has_body:
        yield _start(block, 0), _UNMARKED, label


def _is_paragraph(lines: list[str]) -> bool:
    """Return whether lines are a text below a heading, not another short line."""
    return len(lines) > 1 or bool(re.search(r"[.。!?！？:：]\W?$", lines[0].rstrip())) or columns(lines[0]) > _WIDEST


def _start(block: _Block, n: int) -> int:
    before = sum(len(line) + 1 for line in block.lines[:n])
    return block.start + before + len(block.lines[n]) - len(block.lines[n].lstrip())
