"""Mend the lines of a PDF or a scan. In: pages of lines. Out: text. Knows nothing of PDF."""

from __future__ import annotations

import dataclasses
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bunko.reading.pdf.compounds import is_compound

SOFT_HYPHEN = "\u00ad"
"""Marks a hyphen at the end of a line, directly before the next line."""

_CJK = "\u3041-\u3096\u30a1-\u30fc\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々〆"
_CJK_EDGE = _CJK + "、，（）「」『』【】〔〕・"  # what may be at a line break within a sentence
_ENDS_OPEN = re.compile(rf"[{_CJK_EDGE}]$")
_GOES_ON = re.compile(rf"^[{_CJK_EDGE}。．？！]")
_ITEM = re.compile(r"^(?:[・●○■□◆◇※•–—▪]|第[0-9０-９一二三四五六七八九十]+[章節条項編部]|[（(]?[0-9０-９]+[)）.．、])")
_GAP = re.compile(rf"(?<=[{_CJK_EDGE}。]) +(?=[{_CJK_EDGE}。])")
_BROKEN_LINE = re.compile(rf"(?<=[{_CJK_EDGE}。])[ \t]*\n\s*(?=[{_CJK_EDGE}。])")
_LEAST_FULL = 20  # half-width columns: ten Japanese characters; shorter lines are cells and lists
_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")
_NUMBERS = re.compile(r"#(?:\s*[/|–—-]\s*#)+")
_EDGE_LINES = 2  # how far from the top or bottom a running line may be
_BROKEN_WORD = re.compile(rf"(?:(\w+)-)?(\w+){SOFT_HYPHEN}\s*(\w+)")
_WORD = re.compile(r"\w+(?:-\w+)*")
# Ligatures, and radicals that Japanese fonts use instead of the ordinary characters of the same shape.
_COMPATIBLE = re.compile("[\ufb00-\ufb06\u2f00-\u2fdf]")
_RADICALS = str.maketrans("⺅⺉⺟⺠⺣⺩⺬⻁⻄⻆⻉⻑⻘⻝⻤⻨⻩⻫⻭⻯⻲", "亻刂母民灬王示虎西角貝長青食鬼麦黄斉歯竜亀")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a page. `size` is the height of its letters in points, 0 if unknown."""

    text: str
    size: float = 0.0
    table: int = 0
    """The table that it is a row of, counted from 1 in the document; 0 outside of tables."""


def clean(text: str) -> str:
    r"""Return a line with ordinary characters instead of ligatures and radicals, and without control characters.

    >>> clean("ﬁ⽇⺠\x03x")
    'fi日民 x'
    """
    text = _COMPATIBLE.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    return _CONTROL.sub(" ", text.translate(_RADICALS)).rstrip()


def without_gaps(text: str) -> str:
    """Return text without the spaces that OCR inserts between Japanese characters.

    >>> without_gaps("吾輩 は 猫 である 。 A cat")
    '吾輩は猫である。 A cat'
    """
    return _GAP.sub("", text)


def closed_up(text: str) -> str:
    r"""Return text without the blank lines that OCR inserts into Japanese sentences with wide line spacing.

    >>> closed_up("この文書は自由な文書として配布することができ\n\nます。次の文。\n\n終わり。")
    'この文書は自由な文書として配布することができ\nます。次の文。\n\n終わり。'
    """
    blocks: list[str] = []
    lines = [line for line in text.split("\n") if line.strip()]
    widths = [width(line) for line in lines]
    after_blank = [not before.strip() for before, line in itertools.pairwise(["", *text.split("\n")]) if line.strip()]
    for n, line in enumerate(lines):
        margin = max(widths[max(0, n - 3) : n + 2])
        gap = after_blank[n] and n and not flows_on(lines[n - 1], line, margin=margin)
        blocks += ["", line] if gap else [line]
    return "\n".join(blocks)


def unwrapped(text: str) -> str:
    r"""Return text with all white space as single spaces, and none where a Japanese line was broken.

    >>> unwrapped("吾輩は\n 猫である。\n A  cat")
    '吾輩は猫である。 A cat'
    """
    return " ".join(_BROKEN_LINE.sub("", text).split())


def without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the pages without lines that are at the top or bottom of many pages, apart from numbers.

    A line with letters is kept where it occurs first, so that its words can be found.
    """
    edges = [_edge_keys(lines) for lines in pages]
    pages_with = Counter(key for keys in edges for key in set(keys.values()))
    least = max(3, len(pages) // 10)
    kept_once: set[str] = set()
    kept: list[list[Line]] = []
    for lines, keys in zip(pages, edges, strict=True):
        if _is_all_running(lines, keys, pages_with, least):
            kept.append(list(lines))
            continue
        page = []
        for n, line in enumerate(lines):
            key = keys.get(n)
            if key and pages_with[key] >= least:
                if key in kept_once or not re.search(r"[^\W\d_]", key):
                    continue
                kept_once.add(key)
            page.append(line)
        kept.append(page)
    return kept


def _is_all_running(lines: Sequence[Line], keys: Mapping[int, str], pages_with: Mapping[str, int], least: int) -> bool:
    """Return whether a page would be left empty: a short page that the document repeats."""
    full = [n for n, line in enumerate(lines) if line.text.strip()]
    return len(full) > _EDGE_LINES and all(n in keys and pages_with[keys[n]] >= least for n in full)


def _edge_keys(lines: Sequence[Line]) -> dict[int, str]:
    """Return the keys for comparing the lines at the page's edges, by line number."""
    full = [n for n, line in enumerate(lines) if line.text.strip()]
    places = {*full[:_EDGE_LINES], *full[-_EDGE_LINES:]} if len(full) > _EDGE_LINES else {*full[:1], *full[-1:]}
    return {n: running_key(lines[n].text) for n in places}


def running_key(text: str) -> str:
    """Return a line with every number, also Roman ones, replaced by the same sign.

    >>> running_key("Guide  9 / 63") == running_key("Guide iv")
    True
    """
    return _NUMBERS.sub("#", _NUMBER.sub("#", " ".join(text.casefold().split())))


def joined(pages: Iterable[Sequence[Line]]) -> tuple[str, list[tuple[int, int]], list[list[int]]]:
    """Return the text of the pages, start and end of each page, and the start of each line.

    A wrapped Japanese line is joined with the next, also across pages; other lines keep their breaks.
    """
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    starts: list[list[int]] = []
    length, previous = 0, ""
    for lines in pages:
        widths = [width(line.text) for line in lines]
        places = []
        for n, line in enumerate(lines):
            margin = max(widths[max(0, n - 3) : n + 2])
            gap = "\n\n" if not n or bool(line.table) != bool(lines[n - 1].table) else "\n"
            glue = "" if not length or (not line.table and flows_on(previous, line.text, margin=margin)) else gap
            pieces.append(glue + line.text)
            places.append(length + len(glue))
            length += len(pieces[-1])
            previous = line.text
        spans.append((places[0] if places else length, length))
        starts.append(places)
    return "".join(pieces), spans, starts


def flows_on(line: str, following: str, *, margin: int) -> bool:
    """Return whether a Japanese line was broken only because it was full; `margin` is the width of full lines.

    >>> flows_on("この文書は自由な文書として配布することができ", "ます。", margin=44)
    True
    >>> flows_on("まえがき", "この文書は自由な文書です。", margin=44)
    False
    """
    full = width(line) >= max(_LEAST_FULL, 0.85 * margin)
    return bool(full and _ENDS_OPEN.search(line) and _GOES_ON.search(following) and not _ITEM.match(following))


def width(text: str) -> int:
    """Return the width of a text in columns: two for a full-width character, such as a Japanese one."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def mend_hyphens(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the pages with words joined that were divided at the end of a line.

    The hyphen stays if the word has one elsewhere in the document, if both parts are words by themselves, in an English
    compound such as "self-contained", and before a capital or a number: "Lucene-BM25" is not "LuceneBM25".
    """
    whole_words = (_WORD.findall(_BROKEN_WORD.sub(" ", line.text)) for lines in pages for line in lines)
    words = {word.casefold() for found in whole_words for word in found}

    def mend(match: re.Match[str]) -> str:
        before, first, second = match.groups("")
        start = f"{before}-" if before else ""
        whole, dashed = f"{first}{second}".casefold(), f"{first}-{second}".casefold()
        apart = {first.casefold(), second.casefold()} <= words
        keeps = not second[0].islower() or not first[-1].isalpha() or dashed in words or apart
        keeps = keeps or is_compound(first, second, before=before)
        return start + (f"{first}-{second}" if keeps and whole not in words else f"{first}{second}")

    return [
        [
            dataclasses.replace(line, text=_BROKEN_WORD.sub(mend, line.text).replace(SOFT_HYPHEN, "-"))
            if SOFT_HYPHEN in line.text
            else line
            for line in lines
        ]
        for lines in pages
    ]
