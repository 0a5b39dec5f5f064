"""Read text and Markdown files. In: bytes. Out: Document. Knows nothing of other formats."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bunko.reading.text.encoding import decode, wide_encoding
from bunko.reading.text.headings import text_headings
from bunko.reading.text.tables import markdown_tables
from bunko.reading.text.vault_notes import as_shown
from bunko.types import Document, Span

_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_UNDERLINE = re.compile(r"^ {0,3}(=|-)\1+[ \t]*$")
_NO_TITLE = re.compile(r"[ \t]*(?:[-*+>|#]|\d+[.)][ \t])| {4}|\t")  # list items, quotations, tables, code
_CODE_OR_COMMENT = re.compile(
    r"^ {0,3}(?P<fence>```|~~~).*?(?:^ {0,3}(?P=fence)|\Z)|(?<!`)`[^`\n]{1,500}`(?!`)|(?P<comment><!--)",
    re.MULTILINE | re.DOTALL,
)
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?:(?!---)[^\n]*\n){0,200}---[ \t]*\n")
_MARKUP = re.compile(r"[*_`]|\[([^\]]*)\]\([^)]*\)|!\[[^\]]*\]\([^)]*\)")


def looks_binary(data: bytes) -> bool:
    """Return whether bytes are not text in any encoding."""
    sample = data[:8192]
    if not sample or sample.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        return False
    controls = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in sample)
    return controls > (0.02 * len(sample) if 0 not in sample else 0) and not wide_encoding(data)


def read_text(data: bytes, relative: str) -> Document:
    """Return a text file's Document, with the headings that its layout shows."""
    text = decode(data)
    return Document(path=relative, text=text, headings=sections(text_headings(text), len(text)), format="text")


def read_markdown(data: bytes, relative: str) -> Document:
    """Return a Markdown file's Document, with its headings and tables, without comments and the marks of a vault."""
    text = as_shown(without_comments(decode(data)))
    headings, tables = markdown_headings(text), markdown_tables(text)
    return Document(path=relative, text=text, headings=headings, tables=tables, format="markdown")


def markdown_headings(text: str) -> tuple[Span, ...]:
    r"""Return the sections that headings open, with # before or a line below; except in fenced code.

    >>> [(s.label, s.level) for s in markdown_headings("A\n===\n```\n# no\n```\n## *B* c")]
    [('A', 1), ('B c', 2)]
    """
    found: list[tuple[int, int, str]] = []
    fence = ""
    offset = _front_matter(text)
    above, height = "", 0  # the last line, and the lines since a blank one: an underline makes a heading of one line
    for line in text[offset:].split("\n"):
        marker = _FENCE.match(line)
        if marker:
            if not fence:
                fence = marker.group(1)[:3]
            elif marker.group(1).startswith(fence):
                fence = ""
        elif not fence and (heading := _HEADING.match(line)):
            found.append((offset + heading.start(1), len(heading.group(1)), _plain(heading.group(2))))
        elif height == 1 and not _NO_TITLE.match(above) and (underline := _UNDERLINE.match(line)):
            found.append((offset - len(above) - 1, 1 if underline.group(1) == "=" else 2, _plain(above)))
        above, height = (line, height + 1) if line.strip() and not marker and not fence else ("", 0)
        offset += len(line) + 1
    return sections(found, len(text))


def without_comments(text: str) -> str:
    r"""Return Markdown without HTML comments, except in code.

    >>> without_comments("A <!-- not\nthis --> cat, `<!-- code -->`.")
    'A  cat, `<!-- code -->`.'
    """
    pieces, end, place = [], 0, 0
    while found := _CODE_OR_COMMENT.search(text, place):
        place = found.end()
        if found["comment"]:
            if (close := text.find("-->", place)) < 0:  # an open comment must not hide the rest
                break
            pieces.append(text[end : found.start()])
            end = place = close + 3
    return "".join([*pieces, text[end:]])


def _plain(heading: str) -> str:
    return _MARKUP.sub(lambda match: match.group(1) or "", heading).strip()


def _front_matter(text: str) -> int:
    """Return where the text begins after front matter between two lines of three dashes."""
    match = _FRONT_MATTER.match(text)
    return match.end() if match else 0


def sections(found: Sequence[tuple[int, int, str]], end: int) -> tuple[Span, ...]:
    """Return the sections that headings open, given as (start, level, label) in order, in a text of this length."""
    spans: list[Span] = []
    following: list[tuple[int, int]] = []  # level and start of the headings below that may still end a section
    for start, level, label in reversed(found):
        while following and following[-1][0] > level:
            following.pop()
        spans.append(Span(start=start, end=following[-1][1] if following else end, label=label, level=level))
        following.append((level, start))
    return tuple(reversed(spans))
