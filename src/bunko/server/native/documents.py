"""The documents of a library. In: requests. Out: the list of documents, and their text, in which offsets count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from bunko.contract.records import ServedDocuments, TextPart, served_row_of, text_part
from bunko.contract.serialise import Json, to_json
from bunko.errors import InvalidRequest, UnknownDocument
from bunko.server.http.access import principal_of
from bunko.server.http.events import JsonResponse
from bunko.server.native.replies import replies

if TYPE_CHECKING:
    from bunko.library import Library
    from bunko.server.hosting.host import Host
    from bunko.settings import Settings

TEXT_CHARACTERS = 200_000


def suffixes(settings: Settings) -> list[str]:
    """Return the suffixes of the files that can be read."""
    from bunko.reading.formats import archive_endings, endings

    return sorted([*endings(), *(archive_endings() if settings.reading.archives else [])])


def add_routes(routes: APIRouter, host: Host) -> None:
    """Add the routes."""

    @routes.get("/api/libraries/{library}/documents", responses=replies(ServedDocuments))
    async def documents(  # noqa: PLR0917 - FastAPI takes them from the query
        library: str,
        request: Request,
        query: Annotated[str, Query(max_length=1000)] = "",
        state: Literal["all", "read", "failed"] = "all",
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> Response:
        """List the documents, and the files that could not be read with the reason. `query` is a part of the path."""
        principal_of(request).require(library)

        def look(opened: Library) -> Json:
            wanted = query.casefold()
            records = [
                record
                for path, record in sorted(opened.records().items())
                if wanted in path.casefold() and state in ("all", "failed" if record.error else "read")
            ]
            shown = tuple(map(served_row_of, records[offset : offset + limit]))
            return to_json(ServedDocuments(documents=shown, total=len(records)), surface="api")

        return JsonResponse(await host.library_call(library, look))

    @routes.get("/api/libraries/{library}/text", responses=replies(TextPart))
    async def text(
        library: str,
        request: Request,
        path: Annotated[str, Query(max_length=4096)],
        start: Annotated[int, Query(ge=0, le=2**31)] = 0,
        end: Annotated[int | None, Query(ge=0, le=2**31)] = None,
    ) -> Response:
        """Return a document's text between two offsets, at most 200,000 characters of it."""
        principal_of(request).require(library)

        def look(opened: Library) -> Json:
            document = opened.document(path)
            if document is None:
                raise UnknownDocument(f"There is no document {path[:200]!r}.", "GET …/documents lists them.")
            if end is not None and end < start:
                raise InvalidRequest("`end` is before `start`.", "Leave it out to read to the end of the document.")
            most = start + TEXT_CHARACTERS
            part = text_part(document, start=start, end=most if end is None else min(end, most))
            return to_json(part, surface="api")

        return JsonResponse(await host.library_call(library, look))
