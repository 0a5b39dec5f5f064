"""Open the zip packages of office files. In: a path. Out: their parts as trees. Knows nothing of documents."""

from __future__ import annotations

import io
import posixpath
import xml.parsers.expat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder

from bunko.errors import ReadError
from bunko.reading.text.pipe_table import pipe_table

_LARGEST_PART = 200_000_000  # bytes, unpacked; a real part has a few million
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
        try:
            with self._archive.open(name) as part:
                data = part.read(_LARGEST_PART + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise ReadError(f"The file is broken: its part {name} can't be unpacked ({error}).", _MEND) from error
        if len(data) > _LARGEST_PART:
            raise ReadError(f"Its part {name} unpacks to more than {_LARGEST_PART:,} bytes.", "Leave the file out.")
        return data

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
    parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        builder.start(tag.rpartition(" ")[2], {_attribute(key): value for key, value in attributes.items()})

    def refuse(*_: Any) -> None:
        raise ReadError(f"The file may be an attack: its part {name} declares entities.", "Leave the file out.")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda tag: builder.end(tag.rpartition(" ")[2])
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except xml.parsers.expat.ExpatError as error:
        raise ReadError(f"The file is broken: its part {name} is not XML ({error}).", _MEND) from error
    return builder.close()


def _attribute(key: str) -> str:
    namespace, _, name = key.rpartition(" ")
    return f"r:{name}" if namespace.endswith(_RELATIONSHIPS) else name


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


def charts_of(package: Package, folder: str) -> Iterator[str]:
    """Yield the charts in a folder of the package, in the order of their names."""
    for name in package.names():
        if name.startswith(f"{folder}/charts/chart") and name.endswith(".xml"):
            tree = package.tree(name)
            if tree is not None and (text := chart_text(tree)):
                yield text


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
