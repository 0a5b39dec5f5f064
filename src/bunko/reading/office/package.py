"""Open the zip packages of office files. In: a path. Out: their parts as trees. Knows nothing of documents."""

from __future__ import annotations

import io
import posixpath
import xml.parsers.expat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder

from bunko.errors import ReadError
from bunko.reading.text.pipe_table import pipe_table

_LARGEST_PART = 200_000_000  # bytes, unpacked; a real part has a few million
_PIECE = 1 << 16
_DEEPEST = 256  # elements within elements; libxml2's limit as well
_RELATIONSHIPS = "/relationships"
_MEND = "Open and save it again in its program."


class Package:
    """The parts of an office file. Use it in a `with`. Raises ReadError for a broken file."""

    def __init__(self, source: Path | bytes) -> None:
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise ReadError(f"The file is broken: {error}.", _MEND) from error
        self._names = frozenset(self._archive.namelist())

    def __enter__(self) -> Package:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._archive.close()

    def names(self) -> list[str]:
        """Return the parts' names, sorted."""
        return sorted(self._names)

    def tree(self, name: str) -> Element | None:
        """Return a part as a tree without namespaces; None if there is no such part."""
        return parse_xml(self.read(name), name) if name in self._names else None

    def read(self, name: str) -> bytes:
        """Return a part's bytes."""
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a part's bytes piece by piece."""
        size = 0
        try:
            with self._archive.open(name) as part:
                while piece := part.read(_PIECE):
                    size += len(piece)
                    if size > _LARGEST_PART:
                        break
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise ReadError(f"The file is broken: its part {name} can't be unpacked ({error}).", _MEND) from error
        if size > _LARGEST_PART:
            raise ReadError(f"Its part {name} unpacks to more than {_LARGEST_PART:,} bytes.", "Leave the file out.")

    def targets(self, name: str) -> dict[str, tuple[str, str]]:
        """Return the internal relationships of a part: by identifier, the type and the target's name."""
        folder, _, base = name.rpartition("/")
        tree = self.tree(f"{folder}/_rels/{base}.rels")
        return {
            item.get("Id", ""): (
                item.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, item.get("Target", ""))).removeprefix("/"),
            )
            for item in (tree if tree is not None else ())
            if item.get("TargetMode") != "External"
        }


def parse_xml(data: bytes, name: str) -> Element:
    """Return an XML part as a tree whose tags have no namespaces; attributes keep an `r:` for relationships.

    Raises ReadError if it is not well-formed, or declares entities, which can expand a small file without end.
    """
    builder = TreeBuilder()
    visit_xml([data], name, start=builder.start, end=builder.end, text=builder.data)
    return builder.close()


def visit_xml(
    pieces: Iterable[bytes],
    name: str,
    *,
    start: Callable[[str, dict[str, str]], Any],
    end: Callable[[str], Any],
    text: Callable[[str], Any],
) -> None:
    """Call `start`, `end` and `text` for what an XML part holds: for parts that are too large for a tree.

    Tags and attributes are as in `parse_xml`. Raises ReadError, also for elements nested too deeply.
    """
    parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    tags, attributes = _Tags(), _Attributes()
    depth = 0

    def begin(tag: str, found: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise ReadError(f"The file may be an attack: its part {name} is nested too deeply.", "Leave the file out.")
        start(tags[tag], {attributes[key]: value for key, value in found.items()} if found else found)

    def finish(tag: str) -> None:
        nonlocal depth
        depth -= 1
        end(tags[tag])

    def refuse(*_: Any) -> None:
        raise ReadError(f"The file may be an attack: its part {name} declares entities.", "Leave the file out.")

    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = refuse
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except xml.parsers.expat.ExpatError as error:
        raise ReadError(f"The file is broken: its part {name} is not XML ({error}).", _MEND) from error


class _Tags(dict[str, str]):
    """Tags without their namespaces, each cut once."""

    def __missing__(self, key: str) -> str:
        short = self[key] = key.rpartition(" ")[2]
        return short


class _Attributes(dict[str, str]):
    """Names of attributes without their namespaces; those of relationships keep an `r:`."""

    def __missing__(self, key: str) -> str:
        namespace, _, name = key.rpartition(" ")
        short = self[key] = f"r:{name}" if namespace.endswith(_RELATIONSHIPS) else name
        return short


# --- charts ----------------------------------------------------------------------------------------------------


def chart_text(chart: Element) -> str:
    """Return a chart of DrawingML as its title and a table: a row for each category, a column for each series."""
    series = list(chart.iter("ser"))
    names = [" ".join(_cached(item.find("tx"))) for item in series]
    values = [_cached(_first(item, "val", "yVal")) for item in series]
    labels = max((_cached(_first(item, "cat", "xVal")) for item in series), key=len, default=[])
    count = max(map(len, [labels, *values]), default=0)
    rows = [[_at(labels, n), *(_at(column, n) for column in values)] for n in range(count)]
    title = chart.find("chart/title")
    heading = "".join(item.text or "" for item in title.iter("t")) if title is not None else ""
    table = pipe_table([["", *names], *rows]) if rows else ""
    return "\n\n".join(filter(None, [heading.strip(), table]))


def _first(item: Element, *tags: str) -> Element | None:
    return next((found for tag in tags if (found := item.find(tag)) is not None), None)


def _cached(item: Element | None) -> list[str]:
    """Return the values of a chart as they were when it was saved, with shortened numbers."""
    if item is None:
        return []
    found = {int(point.get("idx", "0")): (point.findtext("v") or "").strip() for point in item.iter("pt")}
    if not found:
        return [text.strip()] if (text := item.findtext("v")) else []
    return [_short(found.get(n, "")) for n in range(min(max(found) + 1, 10_000))]


def _short(value: str) -> str:
    """Return 4.3 for 4.2999999999999998, which is how spreadsheets save it."""
    try:
        return f"{float(value):.10g}" if len(value) > 15 else value
    except ValueError:
        return value


def _at(values: list[str], n: int) -> str:
    return values[n] if n < len(values) else ""
