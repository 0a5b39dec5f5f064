"""Read JSON, YAML, TOML and XML. In: bytes. Out: Document.

JSON and XML are rewritten as plain lines: their syntax does not help a search, and JSON may escape Japanese. YAML and
TOML are readable, and stay unchanged.
"""

from __future__ import annotations

import html
import re
import xml.parsers.expat
from collections.abc import Iterator
from typing import Any

from bunko.reading.text.encoding import decode
from bunko.reading.text.plain import sections
from bunko.types import Document

_YAML_KEY = re.compile(r"^([^\s#\-:][^:\n]{0,80}):[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_TOML_TABLE = re.compile(r"^\[{1,2}([^\[\]\n]{1,80})\]{1,2}[ \t]*(?:#[^\n]*)?$", re.MULTILINE)


def json_document(value: object, relative: str) -> Document:
    """Return JSON as "key: value" lines, with a heading for each topmost key that holds more than a value."""
    text, found = "", []
    topmost = value.items() if isinstance(value, dict) else [("", value)]
    for key, inner in topmost:
        is_section = isinstance(inner, dict | list) and bool(inner)
        if is_section and key:
            found.append((len(text), 1, one_line(key)))
        text += render({key: inner} if key else inner) + ("\n\n" if is_section else "\n")
    text = text.rstrip("\n")
    return Document(path=relative, text=text, headings=sections(found, len(text)), format="json")


def read_yaml(data: bytes, relative: str) -> Document:
    """Return a YAML file unchanged, with a heading for each topmost key that holds more than a value."""
    return _unchanged(decode(data), relative, _YAML_KEY, "yaml")


def read_toml(data: bytes, relative: str) -> Document:
    """Return a TOML file unchanged, with its tables as headings."""
    return _unchanged(decode(data), relative, _TOML_TABLE, "toml")


def _unchanged(text: str, relative: str, heading: re.Pattern[str], kind: str) -> Document:
    found = [(match.start(), 1, match.group(1).strip(" \"'")) for match in heading.finditer(text)]
    return Document(path=relative, text=text, headings=sections(found, len(text)), format=kind)


def render(value: object, *, indent: str = "") -> str:
    r"""Return a JSON value as readable lines.

    Short lists are one line; blank lines separate the items of a list of objects.

    >>> print(render({"name": "Ada", "born": 1815, "tags": ["a", "b"], "work": {"title": "Notes"}, "gone": None}))
    name: Ada
    born: 1815
    tags: a, b
    work:
      title: Notes
    """
    return "\n".join(_lines(value, indent))


def _lines(value: object, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if (short := _short(inner)) is not None:
                if short:
                    yield f"{indent}{one_line(key)}: {short}"
            else:
                yield f"{indent}{one_line(key)}:"
                yield from _lines(inner, indent + "  ")
    elif isinstance(value, list):
        for n, item in enumerate(value):
            if (short := _short(item)) is not None:
                yield f"{indent}- {short}"
            else:
                yield from [""] * bool(n)
                yield from _lines(item, indent)
    else:
        yield indent + (_short(value) or "")


def _short(value: object) -> str | None:
    """Return a value that fits after its key, "" if it is empty; None if it needs lines of its own."""
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict | list) for item in value)):
        return None if value else ""
    if isinstance(value, list):
        texts = [_short(item) or "" for item in value]
        return ", ".join(texts) if sum(map(len, texts)) < 200 else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).strip()


def one_line(text: object) -> str:
    """Return a text without line breaks and doubled spaces."""
    return " ".join(str(text).split())


# --- XML -------------------------------------------------------------------------------------------------------

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DECLARED = re.compile(rb"^[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)")
_MARKUP = re.compile(r"<[a-zA-Z/!][^<>]{0,2000}>")
_TITLES = frozenset({"title", "head", "heading", "subject"})
_INLINE = frozenset(
    "a abbr acronym b bold br cite citation code command corr del emph emphasis em foreignphrase guilabel hi i "
    "indexterm ins italic keycap lb link literal mark note q quote rb ref rp rt ruby s small span strong sub subscript "
    "sup superscript tt u ulink underline var xref".split()
)
_HIDDEN_ATTRIBUTES = ("xml", "xsi", "id", "class", "style", "href", "src", "lang")
_LABELLED = 200
"""Characters up to which a leaf's text is shown with its tag, as "capital: Paris"; what is longer is prose."""


class _Forbidden(Exception):
    """An entity declaration, which can expand a small file without end."""


def read_xml(data: bytes, relative: str) -> Document:
    """Return an XML file's text without its tags, with its titles as headings.

    A file that declares entities, or is not well-formed, is read as plain text.
    """
    text = _decode_xml(data)
    reader = _XmlReader()
    try:
        reader.read(_DECLARATION.sub("", text, count=1))
    except (xml.parsers.expat.ExpatError, _Forbidden):
        return Document(path=relative, text=text, format="xml")
    rendered, found = reader.result()
    return Document(path=relative, text=rendered, headings=sections(found, len(rendered)), format="xml")


def _decode_xml(data: bytes) -> str:
    """Decode by the declared encoding, or if that fails, by the bytes."""
    declared = _DECLARED.match(data[:1000])
    return decode(data, declared=declared.group(1).decode() if declared else "")


class _XmlReader:
    """Collects paragraphs while expat parses the file."""

    def __init__(self) -> None:
        self._parts: list[str] = []  # of the current paragraph
        self._lines: list[tuple[str, int]] = []  # a line, and its level if it is a title
        self._open: list[tuple[str, bool]] = []  # the open tags, and whether they contain elements

    def read(self, text: str) -> None:
        parser = xml.parsers.expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._parts.append
        parser.Parse(text.encode("utf-8", "replace"), True)

    def result(self) -> tuple[str, list[tuple[int, int, str]]]:
        """Return the text, and its titles as (start, level, label)."""
        text, found = [], []
        offset = 0
        for line, level in self._lines:
            if level:
                found.append((offset, level, line))
            text.append(line)
            offset += len(line) + 1
        return "\n".join(text).rstrip("\n"), found

    def _refuse(self, *_: Any) -> None:
        raise _Forbidden

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2].lower()
        if name in _INLINE:
            return
        self._flush("")
        if self._open:
            self._open[-1] = (self._open[-1][0], True)
        self._open.append((name, False))
        shown = [f"{key}: {one_line(value)}" for key, value in attributes.items() if _is_shown(key, value)]
        if shown:
            self._lines.append((f"{name} | " + " | ".join(shown), 0))

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2].lower()
        if name in _INLINE:
            return
        _, was_container = self._open.pop()
        self._flush("" if was_container else name)
        if was_container and self._lines and self._lines[-1][0]:
            self._lines.append(("", 0))

    def _flush(self, leaf: str) -> None:
        """End the paragraph; `leaf` is the tag of an element that holds nothing else."""
        text = "".join(self._parts)
        self._parts.clear()
        if "<" in text:  # escaped HTML, as in feeds
            text = html.unescape(_MARKUP.sub(" ", text))
        line = one_line(text)
        if not line:
            return
        if leaf in _TITLES:
            self._lines.append((line, min(6, max(1, len(self._open)))))
        elif leaf and len(leaf) > 1 and len(line) <= _LABELLED and leaf not in ("para", "text", "item", "simpara"):
            self._lines.append((f"{leaf}: {line}", 0))
        else:
            self._lines += [(line, 0), ("", 0)]


def _is_shown(attribute: str, value: str) -> bool:
    if attribute.startswith("xmlns") or attribute.lower().partition(":")[0] in _HIDDEN_ATTRIBUTES:
        return False
    return bool(value.strip()) and "://" not in value  # without URLs
