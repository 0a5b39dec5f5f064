"""Break text into lines for a terminal. In: text, a number of columns. Out: lines. Never breaks within a word.

A line ends at a space. Japanese has none: there it ends after punctuation, or after hiragana where a word in other
characters follows, but not within 取り扱い or お茶. A word, number, path or address that is wider than a line stays
whole, and the terminal folds it; only of Japanese without such a place, a line ends between two characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from bunko.language.scripts import CJK, WIDE, columns

_KANJI, _HIRAGANA, _KATAKANA = "\u3400-\u4dbf\u4e00-\u9fff々〆", "\u3041-\u3096", "\u30a1-\u30fa"
_OPENING, _CLOSING = "「『（［【〈《〔“", "、。，．！？：；」』）］】〉》〕”…ー"
_SMALL = "ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
# The end of a verb between two kanji, after which the word goes on.
_INNER_PAIRS = "わせ らせ まり がり わり もり かり らし かし まし かえ まえ かけ だて".split()
_INNER = "".join(f"(?<![{_KANJI}]{pair})" for pair in _INNER_PAIRS) + (
    f"(?<![{_KANJI}][いきぎしちびみりえけげせねべめれてっ])(?<![おご])"
)
_BREAK = (
    rf"(?<=[、。，．！？：；」』）］】〉》〕])(?![{_CLOSING}])"
    rf"|(?<=[{_HIRAGANA}])(?:(?=[{_KATAKANA}{_OPENING}0-9０-９A-Za-z])|{_INNER}(?=[{_KANJI}]))"
    rf"|(?<=[{_KANJI}{_KATAKANA}ー])(?=[{_OPENING}])"
)
# A number and its unit are one word.
_PART = re.compile(r"\s+|\S+(?:(?<=[0-9]) (?:ms|s|min|h|kB|MB|GB|%)(?!\w)\S*)?")
_BULLET = re.compile(r"\s*(?:[-*•・]|\d{1,3}[.)])\s+(?=\S)")


def wrapped(text: str, width: int, *, first: str = "", rest: str | None = None) -> str:
    """Return the text in lines of at most `width` columns; `first` begins the first line, and `rest` the others.

    Line breaks in the text count as spaces.

    >>> print(wrapped("kept in /srv/a-long-path/of/files", 16, first="> ", rest="  "))
    > kept in
      /srv/a-long-path/of/files
    >>> print(wrapped("水車小屋は1843年に大工の佐藤健一が建てた。", 20))
    水車小屋は1843年に
    大工の佐藤健一が
    建てた。
    """
    shown: list[str] = []
    writer = LineWriter(shown.append, width=lambda: width, first=first, rest=first if rest is None else rest)
    writer.write(" ".join(text.split()))
    writer.end()
    return "".join(shown)


def wrapped_lines(text: str, width: int, *, indent: str = "") -> str:
    """Return the text with each of its lines broken on its own; lines below a bullet begin where its text begins."""
    shown: list[str] = []
    writer = LineWriter(shown.append, width=lambda: width, first=indent, rest=indent, form="markdown")
    writer.write(text)
    writer.end()
    return "".join(shown)


class LineWriter:
    """Breaks a text that comes in pieces, such as an answer while it is written. Call `end` after the last piece."""

    def __init__(
        self,
        put: Callable[[str], object],
        *,
        width: Callable[[], int],
        first: str = "",
        rest: str = "",
        form: Literal["plain", "markdown"] = "plain",
    ) -> None:
        """`put` gets what is shown at once; `width` returns the columns of a line, as they are at the time.

        `first` begins each line of the text, `rest` each further line that a long one is broken into. In Markdown,
        those below a bullet begin where its text begins, and lines of tables are not broken.
        """
        self._put, self._width, self._first, self._rest, self._form = put, width, first, rest, form
        self._held = ""  # the end of the text, whose last word may go on
        self._begin_line()

    def _begin_line(self) -> None:
        self._used, self._below, self._space = 0, self._rest, ""
        self._is_empty, self._at_left, self._is_table = True, True, False

    def write(self, text: str) -> None:
        """Show a piece of the text, but for its last word."""
        *whole, self._held = (self._held + text).split("\n")
        for line in whole:
            self._show(line)
            self._put("\n")
            self._begin_line()
        if self._is_empty and len(self._held.split()) < 2:
            return  # a bullet is known by what follows it
        parts = list(_parts(self._after_head(self._held)))
        kept = 1 if parts and not parts[-1].isspace() else 2  # a unit may follow a number and a space
        self._held = "".join(parts[-kept:])
        self._show("".join(parts[:-kept]))

    def end(self) -> None:
        """Show what was held back. White space at the end of a line is not shown."""
        held, self._held = self._held, ""
        self._show(held)

    def _after_head(self, text: str) -> str:
        """Show the white space and the bullet at the beginning of a line; return what follows them."""
        if not (self._is_empty and text.strip()):
            return text
        bullet = _BULLET.match(text) if self._form == "markdown" else None
        head = bullet[0] if bullet else text[: len(text) - len(text.lstrip())]
        self._put(self._first + head)
        self._used = columns(self._first + head)
        self._below = self._rest + " " * columns(head)
        self._is_empty, self._at_left = False, True
        self._is_table = self._form == "markdown" and text.lstrip().startswith("|")
        return text[len(head) :]

    def _show(self, text: str) -> None:
        for part in _parts(self._after_head(text)):
            if part.isspace():
                self._space = part
            elif part:
                self._place(part)

    def _place(self, word: str) -> None:
        """Show a word, on a new line if there is no room for it."""
        room = self._width() - self._used - columns(self._space)
        if columns(word) > room and not self._at_left and not self._is_table:
            self._put("\n" + self._below)
            self._used, self._space = columns(self._below), ""
            room = self._width() - self._used
        *lines, last = [word] if self._is_table else _cut(word, room, self._width() - columns(self._below))
        for line in lines:
            self._put(self._space + line + "\n" + self._below)
            self._used, self._space = columns(self._below), ""
        self._put(self._space + last)
        self._used += columns(self._space + last)
        self._space, self._at_left = "", False


def _parts(text: str) -> Iterator[str]:
    """Yield the text in parts between which a line may end: white space, and words."""
    for part in _PART.findall(text):
        begin = 0
        for match in re.finditer(_BREAK, part) if CJK.search(part) else ():
            if begin < match.start() < len(part):
                yield part[begin : match.start()]
                begin = match.start()
        yield part[begin:]


def _cut(word: str, room: int, later: int) -> list[str]:
    """Return Japanese without a place to break, cut to `room` columns, then to `later`; other words whole."""
    pieces, begin, used = [], 0, 0
    for n, sign in enumerate(word):
        used += columns(sign)
        is_wide = n > begin and WIDE.match(sign) and WIDE.match(word[n - 1])
        if used > room and is_wide and sign not in _CLOSING + _SMALL and word[n - 1] not in _OPENING:
            pieces.append(word[begin:n])
            begin, used, room = n, columns(sign), later
    return [*pieces, word[begin:]]
