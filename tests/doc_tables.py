"""The tables in docs/ that are made from definitions in the code. `python -m tests.doc_tables` writes them anew.

A table is what lies between the lines `<!-- table: NAME -->` and `<!-- end of table -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from bunko.contract.fields import Surface
from bunko.contract.records import DocumentList, ErrorReply, SearchResult
from bunko.contract.schema import rows
from bunko.types import Answer, SyncReport

DOCS = Path(__file__).parent.parent / "docs"
MARK = r"<!-- table: ([^>]+) -->"
_END = "<!-- end of table -->"


def _fields(record: type, surface: Surface, *, without: Iterable[tuple[str, str]] = ()) -> str:
    known = set(without)
    lines = [f"| `{name}` | {text} |" for name, text in rows(record, surface=surface) if (name, text) not in known]
    return "\n".join(["| field | meaning |", "|---|---|", *lines])


TABLES: Mapping[str, Callable[[], str]] = {
    "fields of an answer": lambda: _fields(Answer, "command"),
    "fields of an answer of the API": lambda: _fields(Answer, "api", without=rows(Answer, surface="command")),
    "fields of a search": lambda: _fields(SearchResult, "command"),
    "fields of a sync report": lambda: _fields(SyncReport, "command"),
    "fields of a list of documents": lambda: _fields(DocumentList, "command"),
    "fields of an error": lambda: _fields(ErrorReply, "command"),
}


def pages() -> list[Path]:
    """Return the pages that have such tables."""
    return [page for page in sorted(DOCS.glob("*.md")) if re.search(MARK, page.read_text(encoding="utf-8"))]


def with_tables(text: str) -> str:
    """Return a page with its tables made anew. Raises KeyError for a table that nobody makes."""
    pattern = re.compile(rf"^{MARK}\n.*?^{_END}$", re.M | re.S)
    return pattern.sub(lambda found: f"<!-- table: {found[1]} -->\n\n{TABLES[found[1]]()}\n\n{_END}", text)


if __name__ == "__main__":
    for each in pages():
        each.write_text(with_tables(each.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
