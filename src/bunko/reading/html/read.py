"""Read web pages. In: bytes. Out: a Document in Markdown. Knows nothing of scripts, styles or the network.

Kreuzberg keeps menus, lists every link with its address, and drops parts of lists: see benchmarks/LOG.md.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal, TypeAlias

from bunko.reading.html.hidden import Hidden
from bunko.reading.pdf.lines import unwrapped
from bunko.reading.text.encoding import decode
from bunko.reading.text.pipe_table import pipe_table
from bunko.reading.text.plain import markdown_headings
from bunko.reading.text.tables import markdown_tables
from bunko.types import Document

_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)|<\?xml[^>]{0,100}?encoding=[\"']([A-Za-z0-9_.-]+)",
    re.I,
)
# What pages call an encoding, and the superset of it that they are really written in, as browsers take it.
_SUPERSETS = {"shift_jis": "cp932", "euc_jp": "euc_jis_2004", "iso8859-1": "cp1252", "ascii": "cp1252"}
_NEVER = frozenset("script style noscript template svg canvas iframe object head rt rp".split())
_FURNITURE = frozenset("nav button select textarea datalist dialog".split())
_FURNITURE_ROLES = frozenset("navigation search menu menubar dialog".split())
# What has no end tag can't be skipped to it; what may go without one ends where another of its kind begins.
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr html body".split())
_NESTS = frozenset("ul ol dl table".split())
_ENDED_BY = {
    "p": frozenset("p div section article ul ol dl table pre blockquote h1 h2 h3 h4 h5 h6 hr form li td th tr".split()),
    "li": frozenset(["li"]),
    "dt": frozenset(["dt", "dd"]),
    "dd": frozenset(["dt", "dd"]),
    "tr": frozenset("tr tbody tfoot".split()),
    "td": frozenset("td th tr tbody tfoot".split()),
    "th": frozenset("td th tr tbody tfoot".split()),
}
_ENDED_WITH = {
    "p": frozenset("div section article li td th body blockquote main".split()),
    "li": frozenset(["ul", "ol"]),
    "dt": frozenset(["dl"]),
    "dd": frozenset(["dl"]),
    **dict.fromkeys(("tr", "td", "th"), frozenset("table tbody thead tr".split())),
}
_Unread: TypeAlias = Literal["furniture", "hidden"]
_KEPT: tuple[tuple[_Unread, ...], ...] = ((), ("furniture",), ("furniture", "hidden"))
_BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form header "
    "hr html legend main ol p section summary ul".split()
)
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}


def read_html(data: bytes, relative: str) -> Document:
    """Return a page's Document; its title is a heading if it has none of the first level."""
    text = html_text(data)
    return Document(
        path=relative, text=text, headings=markdown_headings(text), tables=markdown_tables(text), format="html"
    )


def html_text(data: bytes) -> str:
    """Return a page's text in Markdown without menus, hidden parts and addresses of links."""
    source = decode_html(data)
    # A menu that never ends would hide the page, and so would a hidden part.
    for keep in _KEPT:
        reader = _Reader(keep=keep)
        reader.read(source)
        if not reader.is_skipping:
            break
    return reader.text()


def decode_html(data: bytes) -> str:
    """Decode a page by its byte order mark, the charset it declares, or, where that is not true, by what it looks like.

    >>> decode_html('<meta charset="Shift_JIS">①髙'.encode("cp932"))[-2:]
    '①髙'
    """
    declared = _CHARSET.search(data[:4096])
    if declared and not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            name = codecs.lookup((declared.group(1) or declared.group(2)).decode()).name
            if not name.startswith("utf-16"):  # who could read the declaration has not UTF-16 before him
                return data.decode(_SUPERSETS.get(name, name)).replace("\r\n", "\n").replace("\r", "\n")
        except (LookupError, UnicodeError):
            pass
    return decode(data)


@dataclass(slots=True)
class _Table:
    outside: list[str]
    """The blocks before the table, to which it will be added."""
    rows: list[list[list[str]]] = field(default_factory=list)
    """Rows of cells of blocks."""
    is_layout: bool = False
    in_cell: bool = False


class _Reader(HTMLParser):
    """Gathers blocks of Markdown while the parser walks through a page."""

    def __init__(self, *, keep: Collection[_Unread]) -> None:
        super().__init__(convert_charrefs=True)
        self._keep = keep
        self._blocks: list[str] = []
        self._inline: list[str] = []
        self._prefix = ""
        self._tables: list[_Table] = []
        self._lists: list[int | None] = []  # the lists that we are in: the last number, None without numbers
        self._skipped: list[str] = []  # the outermost is what began it
        self._nested = 0  # lists and tables within it
        self._hidden = Hidden("")
        self._pre = 0
        self._in_title = False
        self._title = ""

    @property
    def is_skipping(self) -> bool:
        """Whether the page ended within a part that was left out."""
        return bool(self._skipped)

    def read(self, source: str) -> None:
        self._hidden = Hidden(source)
        # What follows the last > holds no tag; the parser would look for one's end at each < again.
        tags, end, rest = source.rpartition(">")
        self.feed(tags + end + rest.replace("<", "&lt;"))
        self.close()
        self._flush()
        while self._tables:
            self._end_table()

    def text(self) -> str:
        title = unwrapped(self._title)
        has_top = any(block.startswith("# ") for block in self._blocks)
        return _stacked(self._blocks if has_top or not title else [f"# {title}", *self._blocks])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = not self._title
        if self._skipped and not self._nested and tag in _ENDED_BY.get(self._skipped[0], ()):
            self._skipped.clear()
        if self._skipped:
            if tag == self._skipped[0]:
                self._skipped.append(tag)
            elif tag in _NESTS:
                self._nested += 1
            return
        if tag == "body":
            self._skipped.clear()
        if tag in _NEVER or self._is_unread(tag, dict(attrs)):
            self._skipped.append(tag)
            self._nested = 0
            return
        self._start(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._skipped and tag not in _NEVER:
            self._start(tag)
            self._end(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if self._skipped and not self._nested and tag in _ENDED_WITH.get(self._skipped[0], ()):
            self._skipped.clear()
        if self._skipped:
            if tag == self._skipped[-1]:
                self._skipped.pop()
            elif tag in _NESTS:
                self._nested = max(0, self._nested - 1)
            return
        self._end(tag)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self._title += data
        elif not self._skipped:
            self._inline.append(data)

    def _is_unread(self, tag: str, attributes: dict[str, str | None]) -> bool:
        if tag in _FURNITURE or (attributes.get("role") or "").lower() in _FURNITURE_ROLES:
            return "furniture" not in self._keep
        return tag not in _VOID and "hidden" not in self._keep and self._hidden.hides(attributes)

    def _start(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._flush()
            self._prefix = f"{_HEADINGS[tag]} "
            for table in self._tables:
                table.is_layout = True
        elif tag == "br":
            self._inline.append("\n" if self._pre else "\x00")
        elif tag == "pre":
            self._flush()
            self._pre += 1
        elif tag in ("ul", "ol"):
            self._flush()
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._start_item()
        elif tag == "table":
            self._flush()
            for table in self._tables:
                table.is_layout = True
            self._tables.append(_Table(self._blocks))
            self._blocks = []
        elif tag in ("tr", "td", "th", "caption", "thead", "tbody", "tfoot"):
            self._start_part_of_table(tag)
        elif tag in _BLOCKS:
            self._flush()

    def _start_item(self) -> None:
        self._flush()
        number = self._lists[-1] if self._lists else None
        if number is not None:
            self._lists[-1] = number + 1
        mark = "-" if number is None else f"{number + 1}."
        self._prefix = f"{'  ' * (len(self._lists) - 1)}{mark} "

    def _start_part_of_table(self, tag: str) -> None:
        if not self._tables:
            self._flush()
            return
        table = self._tables[-1]
        self._end_cell()
        if tag == "tr" or not table.rows:
            table.rows.append([])
        if tag in ("td", "th"):
            table.in_cell = True

    def _end(self, tag: str) -> None:
        if tag == "pre":
            self._pre = max(0, self._pre - 1)
            code = "".join(self._inline).strip("\n")
            self._inline.clear()
            if code.strip():
                self._blocks.append(f"```\n{code}\n```")
        elif tag in ("ul", "ol"):
            self._flush()
            if self._lists:
                self._lists.pop()
        elif tag == "table" and self._tables:
            self._end_table()
        elif tag in ("td", "th", "tr") and self._tables:
            self._end_cell()
        elif tag in _HEADINGS or tag == "li":
            self._flush()
            self._prefix = ""  # of one without text
        elif tag in _BLOCKS or tag == "caption":
            self._flush()

    def _end_cell(self) -> None:
        self._flush()
        table = self._tables[-1]
        if table.in_cell:
            table.rows[-1].append(self._blocks)
        else:
            table.outside += self._blocks  # a caption, or what is out of place
        self._blocks = []
        table.in_cell = False

    def _end_table(self) -> None:
        self._end_cell()
        table = self._tables.pop()
        self._blocks = table.outside
        if table.is_layout or max(map(len, table.rows), default=0) < 2:
            self._blocks += [block for row in table.rows for cell in row for block in cell]
        elif text := pipe_table([[" ".join(cell) for cell in row] for row in table.rows if row]):
            self._blocks.append(text)

    def _flush(self) -> None:
        """End the block that is being read."""
        raw = "".join(self._inline)
        self._inline.clear()
        if self._pre and raw.strip():
            self._blocks.append(f"```\n{raw.strip()}\n```")
        elif text := "\n".join(line for part in raw.split("\x00") if (line := unwrapped(part))):
            self._blocks.append(self._prefix + text)
            self._prefix = ""


def _stacked(blocks: list[str]) -> str:
    """Join blocks with a blank line between them, and list items without."""
    text = ""
    item = re.compile(r" *(?:-|\d+\.) ")
    for block in blocks:
        previous = text.rpartition("\n")[2]
        text += ("" if not text else "\n" if item.match(previous) and item.match(block) else "\n\n") + block
    return text
