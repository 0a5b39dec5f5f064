"""What each tool does. In: a host and checked arguments. Out: JSON as `contract` has it.

Knows nothing of the protocol.
"""

from __future__ import annotations

import difflib
from contextlib import aclosing
from typing import TYPE_CHECKING

from bunko.contract.records import DocumentList, SearchResult, row_of, text_part
from bunko.contract.serialise import Json, to_json
from bunko.errors import LibraryNotFound, QuestionError
from bunko.server.hosting.host import Host
from bunko.server.hosting.inquiry import Inquiry, Queued
from bunko.server.mcp.progress import Reporter
from bunko.server.mcp.tools import (
    READ_DEFAULT,
    READ_MOST,
    Arguments,
    AskArguments,
    ListArguments,
    ReadArguments,
    SearchArguments,
)
from bunko.types import Finished, Retrieved

if TYPE_CHECKING:
    from bunko.library import Library
    from bunko.store import Record

# Agents take turns as one client.
_CLIENT = "agent"


async def call(host: Host, library: str, given: Arguments, reporter: Reporter) -> Json:
    """Do what a tool does. Raises BunkoError. Cancelling it stops the model."""
    match given:
        case SearchArguments():
            return await _search(host, library, given)
        case AskArguments():
            return await _ask(host, library, given, reporter)
        case ReadArguments():
            return await host.library_call(library, lambda opened: _read(opened, given))
        case ListArguments():
            return await host.library_call(library, lambda opened: _list(opened, given))
    raise AssertionError(f"no tool takes {type(given).__name__}")


async def _search(host: Host, library: str, given: SearchArguments) -> Json:
    if not given.query.strip():
        raise QuestionError("The query is empty.", "Give a question or words to look for.")
    found = await host.search(library, given.query, overrides=given.overrides, client=_CLIENT)
    return to_json(
        SearchResult(query=given.query, hits=found.hits, timings=found.timings, scope=found.scope), surface="mcp"
    )


async def _ask(host: Host, library: str, given: AskArguments, reporter: Reporter) -> Json:
    if not given.question.strip():
        raise QuestionError("The question is empty.", "Give a complete question.")
    inquiry = Inquiry(question=given.question, library=library, overrides=given.overrides, answers="kept")
    async with aclosing(host.answer(inquiry, client=_CLIENT)) as events:
        async for event in events:
            match event:
                case Queued():
                    await reporter.report(0.85, f"waiting for {event.position} other questions")
                case Retrieved():
                    await reporter.report(0.9, f"reading {len(event.evidence)} quotes")
                case Finished():
                    return to_json(event.answer, surface="mcp")
                case _:
                    await reporter.report(0.95, "writing")
    raise AssertionError("a stream of events ends with Finished")


def _read(library: Library, given: ReadArguments) -> Json:
    document = library.document(given.path)
    if document is None:
        raise _no_document(given.path, library)
    default = given.start + READ_DEFAULT
    end = min(default if given.end is None else given.end, given.start + READ_MOST)
    return to_json(text_part(document, start=given.start, end=end), surface="mcp")


def _no_document(path: str, library: Library) -> LibraryNotFound:
    records = library.records()
    if path in records:
        failed = records[path]
        return LibraryNotFound(f"{path!r} could not be read: {failed.error}", failed.hint)
    near = difflib.get_close_matches(path, records, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else "Call `list_documents` to see the documents."
    return LibraryNotFound(f"There is no document {path!r}.", hint)


def _list(library: Library, given: ListArguments) -> Json:
    matching = [
        record
        for path, record in sorted(library.records().items())
        if given.query.casefold() in path.casefold() and given.state in ("all", _state(record))
    ]
    shown = tuple(map(row_of, matching[given.offset : given.offset + given.limit]))
    return to_json(DocumentList(documents=shown, total=len(matching), offset=given.offset), surface="mcp")


def _state(record: Record) -> str:
    return "failed" if record.error else "read"
