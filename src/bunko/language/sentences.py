"""Split text into sentences. In: a string. Out: spans, in order. Knows nothing of documents."""

from __future__ import annotations

import re

from bunko.language.line_lists import LineLists
from bunko.language.scripts import CJK, columns

_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Gen|Col|Lt|Sgt|Capt|Rev|Hon|Gov|Sen|Rep|Pres|No|Nos|Vol|Fig|Figs|Eq|pp|"
    r"Inc|Ltd|Co|Corp|Bros|dept|est|approx|ca|cf|vs|etc|al|ed|eds|e\.g|i\.e|a\.m|p\.m|U\.S|U\.K|U\.N|Ph\.D|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec))\.$",
    re.IGNORECASE,
)
_CLOSERS = "\"'”’)]}»」』）］】〉》"
_ENDING = re.compile(
    # Latin: a full stop, then white space and a character that may begin a sentence; Japanese: 。 needs no space.
    # Only from the first mark of a run: otherwise the dots of a table of contents take quadratic time.
    rf"(?P<latin>(?<![.!?…])[.!?…]+[{re.escape(_CLOSERS)}]*)(?=\s+[\"'“‘(\[«]*[A-Z0-9À-ÞЀ-Я\u3041-\u9fff])"
    rf"|(?P<cjk>(?<![。！？!?．])[。！？!?．]+[{re.escape(_CLOSERS)}]*)(?![。！？」』）])"
    r"|(?P<blank>\n[ \t\u3000]*\n\s*)|(?P<line>\n)"
)
_MARKER = re.compile(r"[ \t]*(?:[-*+•・●○■□◆◇※]|\d{1,3}[.)．）]|[(（]\d{1,3}[)）]|#{1,6}[ \t]|\||>|[:：])")
_QUOTING = re.compile(r"[とっ、をなのがはに]")
_TERMINAL = re.compile(rf"[.!?…。！？:：;；|][{re.escape(_CLOSERS)}]*\s*$")
_NEVER_LAST = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Gen|Col|Lt|Sgt|Capt|Rev|Hon|Gov|Sen|Rep|Pres|Vol|Fig|Figs|Eq|pp|e\.g|i\.e|cf|vs|ca)\.$"
)
_GOES_ON = re.compile(r"[、，]\s*$")
_LABEL = re.compile(r"[ \t]*[^\s:：][^:：\n]{0,24}(?::[ \t]|：)")  # Name: Alice
# A line that says what those below are. Area:
_LABEL_ALONE = re.compile(r"[ \t]*(?:[A-ZÀ-Þ0-9][^,.!?:：\n]{0,40}:|[^、。，,.!?！？:：\n]{1,20}：)[ \t]*$")
_ROW = re.compile(r"[^\n]*\S(?: \| |\t+)\S")
_HYPHEN = re.compile(r"[・-]\S")
_PAUSE = re.compile(r"[:;]$")
_NARROWEST = 30  # columns: no text is wrapped at less, so shorter lines end a sentence
_WIDEST = 120  # columns: no text is wrapped at more, so longer lines are paragraphs


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences, in order, without the white space around them.

    A blank line, a list item, a heading, a table row and a line like "Name: x" end a sentence, and so does each line
    of a list without marks; a line break within a wrapped paragraph does not.

    >>> [("Dr. Who left. 2.5 m! He is back."[a:b]) for a, b in sentences("Dr. Who left. 2.5 m! He is back.")]
    ['Dr. Who left.', '2.5 m!', 'He is back.']
    >>> [("「行く。」と言った。本当だ。"[a:b]) for a, b in sentences("「行く。」と言った。本当だ。")]
    ['「行く。」と言った。', '本当だ。']
    """
    spans: list[tuple[int, int]] = []
    start = 0
    margins = _margins(text)
    lists = LineLists(text)
    for match in _ENDING.finditer(text):
        end = match.end()
        if end <= start:
            continue
        kind = match.lastgroup
        if kind == "latin" and _ABBREVIATION.search(text, max(start, match.start() - 8), match.start() + 1):
            continue
        if kind == "cjk" and not _ends_cjk(text, start, match):
            continue
        if kind == "line" and not (
            _ends_at_line(text, start, match.start(), margins) or lists.separates(match.start())
        ):
            continue
        _append_trimmed(spans, text, start, end)
        start = end
    _append_trimmed(spans, text, start, len(text))
    return spans


def _ends_cjk(text: str, start: int, match: re.Match[str]) -> bool:
    mark = match.group()
    if mark[0] in "!?" and not CJK.match(text[match.start() - 1 : match.start()]):
        return False  # an ASCII mark ends a Japanese sentence only
    if mark[0] == "．" and text[match.end() : match.end() + 1].isdigit():
        return False  # ３．１４
    if mark[-1] in _CLOSERS:
        return not _QUOTING.match(text, match.end())  # 「行く。」と言った
    # Inside an open quotation the sentence goes on, unless the bracket never closes nearby.
    opened = max(text.rfind("「", start, match.start()), text.rfind("『", start, match.start()))
    closed = max(text.rfind("」", start, match.start()), text.rfind("』", start, match.start()))
    if opened > closed and match.end() - start < 300:
        return not re.search("[」』]", text[match.end() : match.end() + 200])
    return True


def _ends_at_line(text: str, start: int, line_end: int, margins: tuple[int, int]) -> bool:
    """Return whether a line break ends a sentence, or only wraps a paragraph."""
    line_start = text.rfind("\n", 0, line_end) + 1
    line = text[max(start, line_start) : line_end]
    following_end = text.find("\n", line_end + 1)
    following = text[line_end + 1 : following_end if following_end >= 0 else len(text)]
    fullness = _fullness(text[line_start:line_end], margins)
    if _MARKER.match(following):
        # ・ is also a hyphen in names, and may be at the beginning of a line.
        return not (_HYPHEN.match(following) and fullness > 0.9 and _ends_in_cjk(line) and not _MARKER.match(line))
    if line.lstrip().startswith(("#", "|")) or following.startswith("\u3000"):  # so Japanese paragraphs begin
        return True
    if any(pattern.match(line) and pattern.match(following) for pattern in (_LABEL, _ROW)):
        return True
    if _LABEL.match(line) and not following[:1].islower() and _had_room(text[line_start:line_end], following, margins):
        return True
    if _LABEL_ALONE.match(following) and not re.search(r"[,、，]\s*$", line):
        return True
    if _TERMINAL.search(line) and not _NEVER_LAST.search(line):
        return not (fullness > 0.75 and _PAUSE.search(line) and following[:1].islower())
    # A wrapped line is broken near the margin; a shorter one was ended on purpose. Japanese may be broken anywhere,
    # so its lines are fuller.
    return not _GOES_ON.search(line) and fullness < (0.75 if _ends_in_cjk(line) else 0.6)


def _had_room(line: str, following: str, margins: tuple[int, int]) -> bool:
    """Return whether the next word would have stood in a line: then it was not broken for lack of room."""
    word = following[:1] if CJK.match(following) else following.partition(" ")[0]
    return columns(line) + 1 + columns(word) <= margins[1]


def _ends_in_cjk(line: str) -> bool:
    return bool(CJK.match(line[-1:]))


def _fullness(line: str, margins: tuple[int, int]) -> float:
    """Return the length of a line as a share of a usual full line; 0 if the text has no full lines.

    Japanese is wrapped by characters or by columns.
    """
    width = columns(line)
    return max(len(line) / margins[0], width / margins[1]) if margins[1] >= _NARROWEST else 0.0


def _margins(text: str) -> tuple[int, int]:
    """Return the usual length of full lines, in characters and in columns.

    It is the 90th percentile, so that one long line does not decide.
    """
    lines = [line for line in text[:20_000].split("\n") if line.strip()]
    if not lines:
        return 0, 0
    place = int(0.9 * len(lines))
    usual = (sorted(map(measure, lines))[place] for measure in (len, columns))
    characters, width = (min(size, _WIDEST) for size in usual)
    return characters, width


def _append_trimmed(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        start += len(piece) - len(piece.lstrip())
        spans.append((start, start + len(stripped)))
