"""Read web pages. In: bytes. Out: a Document in Markdown. Knows nothing of scripts or the network.

Lexbor parses a page as browsers do; what a browser hides (hidden.py) and menus are left out. Kreuzberg keeps menus,
lists every link with its address, and drops parts of lists: see benchmarks/LOG.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bunko.reading.html.grid import Cell, Row, span_of, table_rows
from bunko.reading.html.hidden import Hidden
from bunko.reading.pdf.lines import unwrapped
from bunko.reading.text.encoding import decode
from bunko.reading.text.pipe_table import pipe_table
from bunko.reading.text.plain import markdown_headings
from bunko.reading.text.tables import markdown_cells, markdown_tables
from bunko.types import Document

_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)|<\?xml[^>]{0,100}?encoding=[\"']([A-Za-z0-9_.-]+)",
    re.I,
)
_NEVER = frozenset("script style noscript template svg canvas iframe object head rt rp".split())
_FURNITURE = frozenset("nav button select textarea datalist dialog".split())
_FURNITURE_ROLES = frozenset("navigation search menu menubar dialog".split())
# HTML lets these go without an end tag.
_END_IS_OPTIONAL = frozenset("p li dt dd tr td th thead tbody tfoot caption colgroup html body".split())
_Unread: TypeAlias = Literal["furniture", "hidden"]
_KEPT: tuple[tuple[_Unread, ...], ...] = ((), ("furniture",), ("furniture", "hidden"))
_BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form header "
    "hr html legend main ol p section summary ul".split()
)
_SMALL_TABLE = 3  # line breaks: a header and two rows
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}


def read_html(data: bytes, relative: str) -> Document:
    """Return a page's Document; its title is a heading if it has none of the first level."""
    text = html_text(data)
    return Document(
        path=relative, text=text, headings=markdown_headings(text), tables=markdown_tables(text), format="html"
    )


def html_text(data: bytes) -> str:
    """Return a page's text in Markdown without menus, hidden parts and link targets."""
    source = decode_html(data)
    tree = LexborHTMLParser(source.encode("utf-8", "replace"))
    hidden = Hidden(tree, source)
    # A menu that is never closed holds the rest of the page, and so does a hidden part.
    for keep in _KEPT:
        reader = _Reader(source, hidden, keep=keep)
        reader.read(tree)
        if not reader.dropped_the_end:
            break
    return reader.text()


def decode_html(data: bytes) -> str:
    """Decode a page by its byte order mark, by the charset it declares, or, if that fails, by its bytes.

    >>> decode_html('<meta charset="Shift_JIS">①髙'.encode("cp932"))[-2:]
    '①髙'
    """
    declared = _CHARSET.search(data[:4096])
    return decode(data, declared=(declared.group(1) or declared.group(2)).decode() if declared else "")


@dataclass(slots=True)
class _Table:
    outside: list[str]
    """The blocks before the table, to which the table is added."""
    rows: list[Row] = field(default_factory=list)
    group: int = 0
    in_head: bool = False
    is_layout: bool = False
    in_cell: bool = False
    inner: list[str] = field(default_factory=list)
    """The tables within its cells, as they are written in the blocks of the cells."""

    @property
    def only_places(self) -> bool:
        """Whether it only places text on the page: it holds headings, or tables and no headers, or it is one column."""
        has_header = any(cell.is_header for row in self.rows for cell in row.cells)
        columns = max((len(row.cells) for row in self.rows), default=0)
        return self.is_layout or columns < 2 or (bool(self.inner) and not has_header)


class _Reader:
    """Collects blocks of Markdown on a walk through a page's tree."""

    def __init__(self, source: str, hidden: Hidden, *, keep: Collection[_Unread]) -> None:
        self._source = source
        self._hidden = hidden
        self._keep = keep
        self._blocks: list[str] = []
        self._inline: list[str] = []
        self._prefix = ""
        self._tables: list[_Table] = []
        self._lists: list[int | None] = []  # the open lists: the last number, None without numbers
        self._pre = 0
        self._title = ""
        self._unclosed: dict[str, bool] = {}
        """By tag, whether the page has more start tags than end tags."""
        self.dropped_the_end = False
        """Whether an element that is never closed was left out, and the rest of the page with it."""

    def read(self, tree: LexborHTMLParser) -> None:
        """Walk through the tree, without recursion: a page may be nested thousands deep."""
        title = tree.css_first("title")
        self._title = title.text() if title else ""
        node, depth = tree.body or tree.root, 0
        while node is not None:
            if (entered := self._enter(node)) and (child := node.first_child) is not None:
                node, depth = child, depth + 1
                continue
            if entered:
                self._end(node.tag or "")
            while depth and node.next is None and (parent := node.parent) is not None:
                node, depth = parent, depth - 1
                self._end(node.tag or "")
            node = node.next if depth else None
        self._flush()

    def text(self) -> str:
        """Return the page in Markdown, under its title if it has no heading of the first level."""
        title = unwrapped(self._title)
        has_top = any(block.startswith("# ") for block in self._blocks)
        return _stacked(self._blocks if has_top or not title else [f"# {title}", *self._blocks])

    def _enter(self, node: LexborNode) -> bool:
        """Read a text, or start an element. Returns whether to go on with its children."""
        tag = node.tag or ""
        if node.is_text_node:
            self._inline.append(node.text_content or "")
            return False
        if not node.is_element_node or tag in _NEVER:
            return False
        if self._is_unread(node, tag):
            self.dropped_the_end = self.dropped_the_end or self._holds_the_end(node, tag)
            return False
        self._start(tag, node)
        return True

    def _is_unread(self, node: LexborNode, tag: str) -> bool:
        attributes = node.attributes
        if tag in _FURNITURE or (attributes.get("role") or "").lower() in _FURNITURE_ROLES:
            return "furniture" not in self._keep
        return "hidden" not in self._keep and self._hidden.hides(node)

    def _holds_the_end(self, node: LexborNode, tag: str) -> bool:
        """Return whether an element lacks its end tag, so that it holds the rest of the page."""
        if tag in _END_IS_OPTIONAL or node.first_child is None:
            return False
        if tag not in self._unclosed:
            starts, ends = (len(re.findall(rf"<{mark}{tag}[\s/>]", self._source, re.I)) for mark in ("", "/"))
            self._unclosed[tag] = starts > ends
        if not self._unclosed[tag]:
            return False
        at: LexborNode | None = node
        while at is not None and at.tag != "body":
            if at.next is not None:
                return False
            at = at.parent
        return True

    def _start(self, tag: str, node: LexborNode) -> None:
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
            self._tables.append(_Table(self._blocks))
            self._blocks = []
        elif tag in ("tr", "td", "th", "caption", "thead", "tbody", "tfoot"):
            self._start_part_of_table(tag, node)
        elif tag in _BLOCKS:
            self._flush()

    def _start_item(self) -> None:
        self._flush()
        number = self._lists[-1] if self._lists else None
        if number is not None:
            self._lists[-1] = number + 1
        mark = "-" if number is None else f"{number + 1}."
        self._prefix = f"{'  ' * (len(self._lists) - 1)}{mark} "

    def _start_part_of_table(self, tag: str, node: LexborNode) -> None:
        if not self._tables:
            self._flush()
            return
        table = self._tables[-1]
        self._end_cell()
        if tag in ("thead", "tbody", "tfoot"):
            table.group, table.in_head = table.group + 1, tag == "thead"
        elif tag == "tr" or not table.rows:
            table.rows.append(Row(group=table.group, in_head=table.in_head))
        if tag in ("td", "th"):
            spans = node.attributes
            across, down = span_of(spans.get("colspan")), span_of(spans.get("rowspan"), least=0)
            table.rows[-1].cells.append(Cell(across=across, down=down, is_header=tag == "th"))
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
            table.rows[-1].cells[-1].blocks = self._blocks
        else:
            table.outside += self._blocks  # a caption, or misplaced content
        self._blocks = []
        table.in_cell = False

    def _end_table(self) -> None:
        self._end_cell()
        table = self._tables.pop()
        self._blocks = table.outside
        cells = [cell for row in table.rows for cell in row.cells]
        if table.only_places:
            self._blocks += [block for cell in cells for block in cell.blocks]
            inner = table.inner
        else:
            large = [block for block in table.inner if block.count("\n") > _SMALL_TABLE]
            for cell in cells:
                cell.blocks = [_in_line(block, table.inner) for block in cell.blocks if block not in large]
            titles, rows = table_rows(table.rows)
            inner = [text] if (text := pipe_table(rows)) else []
            self._blocks += [*titles, *inner, *large]
            inner += large
        if self._tables:
            self._tables[-1].inner += inner

    def _flush(self) -> None:
        """End the block that is being read."""
        raw = "".join(self._inline)
        self._inline.clear()
        if self._pre and raw.strip():
            self._blocks.append(f"```\n{raw.strip()}\n```")
        elif text := "\n".join(line for part in raw.split("\x00") if (line := unwrapped(part))):
            self._blocks.append(self._prefix + text)
            self._prefix = ""


def _in_line(block: str, tables: Collection[str]) -> str:
    """Return a small table within a cell as text in one line; other blocks as they are."""
    if block not in tables:
        return block
    rows = [markdown_cells(line) for line in block.split("\n") if line.strip("|- ")]
    return ", ".join(" ".join(filter(None, row)) for row in rows)


def _stacked(blocks: list[str]) -> str:
    """Join blocks with a blank line between them, and list items without."""
    text = ""
    item = re.compile(r" *(?:-|\d+\.) ")
    for block in blocks:
        previous = text.rpartition("\n")[2]
        text += ("" if not text else "\n" if item.match(previous) and item.match(block) else "\n\n") + block
    return text
