"""Read JSON whose records are documents. In: a path, which may be compressed. Out: Documents, one at a time."""

from __future__ import annotations

import codecs
import gzip
import itertools
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, TypeAlias

from bunko.errors import ReadError
from bunko.reading.containers.members import Context, Items, UniqueNames
from bunko.reading.text.data import json_document, one_line, render
from bunko.reading.text.encoding import decode
from bunko.types import Document, FailedFile, Span, member_path

TEXT_FIELDS = ("text", "content", "contents", "body", "passage", "abstract")
"""The text of a record is the first of these fields that it has."""
ID_FIELDS = ("id", "_id", "doc_id", "docid")
_LOOK_AHEAD = 20
"""Number of records that show whether each is a document, or the file is a table of data."""
_FAILURES_LISTED = 20
_ID_LIMIT = 200
_HINT = "Each line must be a JSON object; mend or remove the line."
_Records: TypeAlias = Iterator[Document | FailedFile]


def read_json_lines(path: Path, relative: str, context: Context) -> Items:
    """Yield a document for each record that has a text field, or one document of all records if none has.

    Its path ends with the record's id, or the number of its line. Raises ReadError where no line is a record.
    """
    with path.open("rb") as raw, gzip.GzipFile(fileobj=raw) if path.suffix.lower() == ".gz" else raw as stream:
        lines = _parsed_lines(stream, context)  # type: ignore[arg-type]
        first = list(itertools.islice(lines, _LOOK_AHEAD))
        everything = itertools.chain(first, lines)
        if any(isinstance(record, dict) and text_field(record) for _, record in first):
            items = _documents(everything, relative)
        else:
            items = _one_document(everything, relative, context)
        yield from _without_flood(items)


def read_json(path: Path, relative: str, context: Context) -> Items:
    """Yield a document for each record of a list of records with text, or the file as one document.

    What is no strict JSON, such as one with comments, is read as the text that it is.
    """
    del context
    text = decode(path.read_bytes())
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        yield Document(path=relative, text=text, format="json")
        return
    if isinstance(value, list) and any(isinstance(item, dict) and text_field(item) for item in value[:_LOOK_AHEAD]):
        items = ((n, item if isinstance(item, dict) else "It is no JSON object.") for n, item in enumerate(value, 1))
        yield from _without_flood(_documents(items, relative))
    else:
        yield json_document(value, relative)


Line: TypeAlias = "tuple[int, dict[str, Any] | str]"
"""The number of a line or an item, and its record or error."""


def _parsed_lines(stream: IO[bytes], context: Context) -> Iterator[Line]:
    """Yield the records of the lines that are not blank. Raises ReadError if the file is cut off."""
    compressed = isinstance(stream, gzip.GzipFile)
    limit = 4 * context.settings.max_characters
    for number in itertools.count(1):
        try:
            line = stream.readline(limit)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ReadError(f"The file is cut off or damaged after line {number - 1}.", "Fetch it again.") from error
        if not line:
            return
        if compressed:
            context.budget.take_bytes(len(line))
        if line.strip():
            yield number, _parsed(line.removeprefix(codecs.BOM_UTF8))


def _parsed(line: bytes) -> dict[str, Any] | str:
    try:
        try:
            record = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError:
            record = json.loads(decode(line))
    except (ValueError, RecursionError) as error:
        return f"The line is no JSON: {error}."
    return record if isinstance(record, dict) else "The line is no JSON object."


def text_field(record: Mapping[str, Any]) -> str:
    """Return the text of a record, "" if it has none."""
    values = (record.get(name) for name in TEXT_FIELDS)
    return next((value for value in values if isinstance(value, str) and value.strip()), "")


def _documents(lines: Iterable[Line], relative: str) -> _Records:
    unique = UniqueNames()
    for number, record in lines:
        if isinstance(record, str):
            yield FailedFile(path=member_path(relative, str(number)), error=record, hint=_HINT)
            continue
        path = member_path(relative, unique(*_names(record), str(number)))
        title = record.get("title")
        document = titled(one_line(title) if isinstance(title, str) else "", text_field(record) or render(record))
        yield replace(document, path=path, format="jsonl")


def _names(record: Mapping[str, Any]) -> Iterator[str]:
    for field in ID_FIELDS:
        value = record.get(field)
        if isinstance(value, str | int) and (name := str(value)).isprintable() and 0 < len(name) <= _ID_LIMIT:
            yield name
            return


def titled(title: str, text: str) -> Document:
    r"""Return a text that begins with its title.

    >>> titled("Rain", "It falls.").text, titled("Rain", "Rain falls.").text
    ('Rain\n\nIt falls.', 'Rain falls.')
    """
    if not title:
        return Document(path="", text=text)
    text = text.lstrip()
    if not text.startswith(title):
        text = f"{title}\n\n{text}"
    return Document(path="", text=text, headings=(Span(start=0, end=len(text), label=title, level=1),))


def _one_document(lines: Iterable[Line], relative: str, context: Context) -> _Records:
    texts: list[str] = []
    size = 0
    for number, record in lines:
        if isinstance(record, str):
            yield FailedFile(path=member_path(relative, str(number)), error=record, hint=_HINT)
            continue
        texts.append(render(record))
        size += len(texts[-1]) + 2
        if size > context.settings.max_characters:
            break  # the caller refuses it for its size; the rest is not needed
    if texts:
        yield Document(path=relative, text="\n\n".join(texts), format="jsonl")


def _without_flood(items: _Records) -> _Records:
    """Yield the items, but only the first failures and the number of the others.

    Raises ReadError if there are only failures.
    """
    held: list[FailedFile] = []  # until a document shows that the file has the format of its name
    listed = more = 0
    readable = False
    for item in items:
        if isinstance(item, Document):
            yield from held
            held.clear()
            readable = True
            yield item
        elif listed < _FAILURES_LISTED:
            listed += 1
            held.append(item)
            if readable:
                yield held.pop()
        else:
            more += 1
            last = item
    if not readable and held:
        raise ReadError(f"No line of the file is a JSON object. {held[0].error}", _HINT)
    if more:
        yield replace(last, error=f"{more:,} more lines can't be read; this is the last of them. {last.error}")
