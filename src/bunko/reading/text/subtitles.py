"""Read subtitles (SubRip and WebVTT). In: bytes. Out: Document of what is spoken, with times as headings."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bunko.errors import ReadError
from bunko.reading.text.encoding import decode
from bunko.reading.text.plain import sections
from bunko.types import Document

_TIMES = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,]\d{1,3}[ \t]*-->[ \t]*(?:(\d+):)?(\d{1,2}):(\d{2})[.,]\d{1,3}")
_SPEAKER = re.compile(r"<v(?:\.[^\s>]+)?[ \t]+([^>]+)>")
_TAG = re.compile(r"<[^<>\n]{0,100}>|\{\\[^{}\n]{0,100}\}")
_SENTENCE_END = re.compile(r"[.!?…。！？]['\"”’」』)]*$")
_PAUSE_S = 4
"""Silence after which a new paragraph begins."""
_PARAGRAPH = 400
"""Characters after which a paragraph ends with its sentence."""
_SECTION_S = 120
"""The first paragraph that begins this long after a heading gets a heading with its time."""
_JAPANESE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cue:
    start: int
    end: int
    text: str


def read_subtitles(data: bytes, relative: str) -> Document:
    """Return the spoken text in paragraphs, with times as headings. Raises ReadError if the file has no times."""
    cues = list(_cues(decode(data)))
    if not cues:
        raise ReadError("The file holds no subtitles.", "Rename it to .txt to read it as text.")
    text, found = "", []
    shown = -_SECTION_S
    for start, paragraph in _paragraphs(cues):
        text += "\n\n" if text else ""
        if start >= shown + _SECTION_S:
            found.append((len(text), 1, time_code(start)))
            shown = start
        text += paragraph
    return Document(path=relative, text=text, headings=sections(found, len(text)), format="subtitles")


def time_code(seconds: int) -> str:
    """Return a time as players show it.

    >>> time_code(3725), time_code(59)
    ('1:02:05', '0:00:59')
    """
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _cues(text: str) -> Iterator[_Cue]:
    """Yield the cues in order, without comments and styles. A line that stays on screen is listed once."""
    matches = list(_TIMES.finditer(text))
    ends = [*(match.start() for match in matches), len(text)][1:]
    previous: list[str] = []
    for match, end_of_block in zip(matches, ends, strict=True):
        lines = [_spoken(line) for line in _shown_lines(text[match.end() : end_of_block], text)]
        fresh = [line for line in lines if line and line not in previous]
        previous = lines
        numbers = [int(number or 0) for number in match.groups()]
        start, end = (60 * (60 * hours + minutes) + seconds for hours, minutes, seconds in (numbers[:3], numbers[3:]))
        if fresh:
            yield _Cue(start=start, end=end, text=join_lines(fresh))


def _shown_lines(block: str, text: str) -> list[str]:
    """Return a cue's lines, without the settings after its times, and the name or number of the next cue."""
    lines = block.split("\n")[1:]
    if text.lstrip().startswith("WEBVTT"):  # a blank line ends a cue there; comments may follow
        return lines[: lines.index("")] if "" in lines else lines
    while lines and not lines[-1].strip():
        lines.pop()
    return lines[:-1] if lines and lines[-1].strip().isdigit() and len(lines) > 1 else lines


def _spoken(line: str) -> str:
    return html.unescape(_TAG.sub("", _SPEAKER.sub(r"\1: ", line))).strip()


def _paragraphs(cues: Iterable[_Cue]) -> Iterator[tuple[int, str]]:
    """Yield each paragraph with the time at which it begins."""
    parts: list[str] = []
    start = end = 0
    for cue in cues:
        size = sum(map(len, parts))
        if parts and (
            cue.start - end >= _PAUSE_S
            or (size >= _PARAGRAPH and _SENTENCE_END.search(parts[-1]))
            or size >= 3 * _PARAGRAPH
        ):
            yield start, join_lines(parts)
            parts.clear()
        if not parts:
            start = cue.start
        parts.append(cue.text)
        end = cue.end
    if parts:
        yield start, join_lines(parts)


def join_lines(lines: Iterable[str]) -> str:
    """Join lines with spaces, but without one between two Japanese characters.

    >>> join_lines(["I am", "a cat."]), join_lines(["吾輩は", "猫である。"])
    ('I am a cat.', '吾輩は猫である。')
    """
    text = ""
    for line in lines:
        japanese = text and line and _JAPANESE.match(text[-1]) and _JAPANESE.match(line)
        text += ("" if japanese or not text else " ") + line
    return text
