"""Read plain-text markup. In: bytes. Out: Document of the unchanged text, with its headings.

reStructuredText, Org, AsciiDoc, MediaWiki, DokuWiki; and notebooks, whose cells are written out.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from bunko.errors import ReadError
from bunko.reading.text.encoding import decode
from bunko.reading.text.plain import markdown_headings, sections
from bunko.reading.text.tables import markdown_tables
from bunko.types import Document

_Heading = tuple[int, int, str]
"""Start, level and label."""

_ORG = re.compile(r"^(\*{1,8})[ \t]+(?:(?:TODO|DONE)[ \t]+)?(.+?)(?:[ \t]+:[\w@#%:]+:)?[ \t]*$", re.MULTILINE)
_ORG_TITLE = re.compile(r"^#\+title:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_ASCIIDOC = re.compile(r"^(={1,6})[ \t]+(\S.*?)(?:[ \t]+=+)?[ \t]*$", re.MULTILINE)
_ASCIIDOC_BLOCK = re.compile(r"^(-{4,}|\.{4,}|\+{4,}|/{4,})[ \t]*\n.*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_WIKI = re.compile(r"^(={1,6})[ \t]*([^=\n](?:[^\n]*[^=\n])?)[ \t]*\1[ \t]*$", re.MULTILINE)
_ADORNMENT = re.compile(r"^([!-/:-@\[-`{-~])\1+[ \t]*$")
_LINK = re.compile(r"\[\[(?:[^\[\]]*(?:\]\[|\|))?([^\[\]]*)\]\]")


def read_rst(data: bytes, relative: str) -> Document:
    """Return a reStructuredText file, with the titles that are underlined."""
    return _document(data, relative, "rst", rst_headings)


def read_org(data: bytes, relative: str) -> Document:
    """Return an Org file, with its headlines."""
    return _document(data, relative, "org", org_headings)


def read_asciidoc(data: bytes, relative: str) -> Document:
    """Return an AsciiDoc file, with its section titles."""
    return _document(data, relative, "asciidoc", asciidoc_headings)


def read_mediawiki(data: bytes, relative: str) -> Document:
    """Return a page of MediaWiki, with its headings."""
    return _document(data, relative, "mediawiki", lambda text: wiki_headings(text, topmost=1))


def read_dokuwiki(data: bytes, relative: str) -> Document:
    """Return a page of DokuWiki, with its headings: six signs are the topmost."""
    return _document(data, relative, "dokuwiki", lambda text: wiki_headings(text, topmost=6))


def _document(data: bytes, relative: str, kind: str, find: Callable[[str], list[_Heading]]) -> Document:
    text = decode(data)
    headings = sections(find(text), len(text))
    return Document(path=relative, text=text, headings=headings, tables=markdown_tables(text), format=kind)


def rst_headings(text: str) -> list[_Heading]:
    r"""Return titles with a line of one mark below, and maybe above; levels are in the order of appearance.

    >>> rst_headings("====\nBook\n====\n\nPart\n----\ntext\n")
    [(5, 1, 'Book'), (16, 2, 'Part')]
    """
    found: list[_Heading] = []
    styles: list[tuple[str, bool]] = []
    lines = text.split("\n")
    offset = 0
    for n, line in enumerate(lines):
        below = lines[n + 1] if n + 1 < len(lines) else ""
        above = lines[n - 1] if n else ""
        title = line.strip()
        if title and not _ADORNMENT.match(line) and _is_underline(below, title):
            overlined = above.rstrip() == below.rstrip()
            if overlined or (not above.strip() and line[0] not in " \t"):
                style = (below[0], overlined)
                if style not in styles:
                    styles.append(style)
                found.append((offset + line.index(title), styles.index(style) + 1, title))
        offset += len(line) + 1
    return found


def _is_underline(line: str, title: str) -> bool:
    columns = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in title)
    # Docutils only warns of a slightly short underline; Japanese authors count characters or columns.
    return bool(_ADORNMENT.match(line)) and len(line.rstrip()) >= min(columns, max(3, len(title)))


def org_headings(text: str) -> list[_Heading]:
    r"""Return headlines, below the title if there is one.

    >>> org_headings("#+title: Book\n* TODO Part :tag:\n")
    [(9, 1, 'Book'), (14, 2, 'Part')]
    """
    title = _ORG_TITLE.search(text)
    found = [(title.start(1), 1, title.group(1))] if title else []
    found += [
        (match.start(), len(match.group(1)) + bool(title), _label(match.group(2))) for match in _ORG.finditer(text)
    ]
    return sorted(found)


def asciidoc_headings(text: str) -> list[_Heading]:
    r"""Return section titles, without those in listings.

    >>> asciidoc_headings("= Book\n\n== Part ==\n----\n== no\n----\n")
    [(0, 1, 'Book'), (8, 2, 'Part')]
    """
    text = _ASCIIDOC_BLOCK.sub(lambda match: " " * len(match.group()), text)
    return [(match.start(), len(match.group(1)), match.group(2)) for match in _ASCIIDOC.finditer(text)]


def wiki_headings(text: str, *, topmost: int) -> list[_Heading]:
    r"""Return titles between equal signs; `topmost` is the number of signs of the first level, 1 or 6.

    >>> wiki_headings("== Part ==\n=== [[a|Of it]] ===", topmost=1)
    [(0, 2, 'Part'), (11, 3, 'Of it')]
    """
    return [
        (match.start(), abs(topmost - len(match.group(1))) + 1, _label(match.group(2)))
        for match in _WIKI.finditer(text)
    ]


def _label(heading: str) -> str:
    return _LINK.sub(r"\1", heading).strip()


# --- notebooks -------------------------------------------------------------------------------------------------


def read_notebook(data: bytes, relative: str) -> Document:
    """Return a Jupyter notebook: its text unchanged, its code in fences, and printed output. Raises ReadError."""
    try:
        notebook = json.loads(decode(data))
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        text = "\n\n".join(filter(None, map(_cell, cells)))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise ReadError("The file is no Jupyter notebook.", "Open and save it again in Jupyter.") from error
    headings, tables = markdown_headings(text), markdown_tables(text)
    return Document(path=relative, text=text, headings=headings, tables=tables, format="ipynb")


def _cell(cell: dict[str, Any]) -> str:
    source = _joined(cell.get("source", cell.get("input", ""))).strip("\n")
    if cell.get("cell_type") != "code":
        return source
    parts = [_fenced(source)]
    for output in cell.get("outputs", ()):
        shown = output.get("text") or output.get("data", {}).get("text/plain", "")
        parts.append(_fenced(_joined(shown).strip("\n")))
    return "\n\n".join(filter(None, parts))


def _fenced(text: str) -> str:
    return f"```\n{text}\n```" if text.strip() else ""


def _joined(source: Any) -> str:
    return source if isinstance(source, str) else "".join(source)
