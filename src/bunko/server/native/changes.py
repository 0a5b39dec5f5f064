"""The routes that change something: uploads, syncs, conversations. In: requests. Out: JSON, and progress events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from bunko.contract import records
from bunko.contract.serialise import error_json, to_json
from bunko.errors import AccessRefused, BunkoError
from bunko.server.hosting.host import Host
from bunko.server.hosting.jobs import in_thread
from bunko.server.hosting.libraries import HostedLibrary
from bunko.server.http.access import principal_of
from bunko.server.http.events import EventResponse, event_bytes
from bunko.server.http.gate import raise_body_limit
from bunko.server.native import uploads
from bunko.server.native.conversations import Conversations
from bunko.server.native.documents import suffixes
from bunko.server.native.replies import replies, reply
from bunko.server.native.requests import ConversationBody
from bunko.types import SyncReport

_LOOK_S = 0.1
_FILE = {
    "requestBody": {
        "required": False,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def add_routes(routes: APIRouter, host: Host) -> None:
    """Add the routes."""

    @routes.put(
        "/api/libraries/{library}/files",
        status_code=201,
        responses=replies(records.Uploaded, status=201),
        openapi_extra=_FILE,
    )
    async def upload(
        library: str,
        request: Request,
        path: Annotated[str, Query(min_length=1, max_length=2000)],
        replace: bool = False,
    ) -> Response:
        """Add a file to the library's folder. The body is the file itself; it is indexed within seconds."""
        principal_of(request).require(library)
        hosted = host.library(library)
        server = host.settings.server
        if not server.upload:
            raise AccessRefused("This server accepts no files.", "It was started with --no-upload.")
        path = uploads.safe_path(path)
        uploads.check_kind(path, suffixes(hosted.settings))
        most = server.upload_mb * 1_000_000
        uploads.check_length(request.headers.get("content-length", ""), most)
        existing: uploads.Existing = "replace" if replace else "refuse"
        target = uploads.target_in(hosted.root, path, existing=existing)
        raise_body_limit(request, most)
        try:
            size = await uploads.receive(request.stream(), target, most_bytes=most, existing=existing)
        except ClientDisconnect:
            return Response(status_code=499)
        return reply(records.Uploaded(path=path, bytes=size), status=201)

    @routes.post("/api/libraries/{library}/sync", responses=replies(SyncReport, events=True))
    async def sync(library: str, request: Request, retry_failed: bool = True, allow_empty: bool = False) -> Response:
        """Bring the index in step with the folder now; the reply is a stream of progress events.

        With `Accept: application/json`, the reply is the report. Files that could not be read are tried again unless
        `retry_failed` is false. The sync continues if the client disconnects.
        """
        principal_of(request).require(library)
        hosted = host.library(library)
        work = asyncio.ensure_future(in_thread(lambda: hosted.sync(retry_failed=retry_failed, allow_empty=allow_empty)))
        work.add_done_callback(lambda done: done.cancelled() or done.exception())  # the client may have disconnected
        if "application/json" in request.headers.get("accept", ""):
            return reply(await asyncio.shield(work))
        return EventResponse(_progress(hosted, work))

    @routes.get("/api/libraries/{library}/conversations", responses=replies(records.Conversations))
    async def conversations(library: str, request: Request) -> Response:
        """List the conversations that are kept on the server's disk."""
        kept = _conversations(host, request, library)
        return reply(records.Conversations(conversations=tuple(await in_thread(kept.all))))

    @routes.get("/api/libraries/{library}/conversations/{id}", responses=replies(records.KeptConversation))
    async def conversation(library: str, id: str, request: Request) -> Response:
        """Return one conversation."""
        kept = _conversations(host, request, library)
        return reply(await in_thread(lambda: kept.one(id)))

    @routes.put("/api/libraries/{library}/conversations/{id}", responses=replies(records.KeptConversation))
    async def keep(library: str, id: str, body: ConversationBody, request: Request) -> Response:
        """Keep a conversation; it replaces an earlier one with this id."""
        kept = _conversations(host, request, library)
        return reply(await in_thread(lambda: kept.keep(id, title=body.title, turns=body.turns, pinned=body.pinned)))

    @routes.delete("/api/libraries/{library}/conversations/{id}", status_code=204, responses=replies(None, status=204))
    async def delete(library: str, id: str, request: Request) -> Response:
        """Delete a conversation."""
        kept = _conversations(host, request, library)
        await in_thread(lambda: kept.delete(id))
        return Response(status_code=204)


def _conversations(host: Host, request: Request, library: str) -> Conversations:
    principal_of(request).require(library)
    hosted = host.library(library)
    if host.history == "off":
        raise AccessRefused("This server keeps no conversations.", "Keep them in the browser.")
    return Conversations(hosted.own_files)


async def _progress(hosted: HostedLibrary, work: asyncio.Future[SyncReport]) -> AsyncGenerator[bytes, None]:
    """Yield the progress of a sync whenever it changes, then its report."""
    sent = None
    while not work.done():
        progress = hosted.progress
        if progress.stage and progress != sent:
            sent = progress
            shown = records.Progress(stage=progress.stage, done=progress.done, total=progress.total)
            yield event_bytes("progress", to_json(shown, surface="api"))
        await asyncio.wait((work,), timeout=_LOOK_S)
    try:
        yield event_bytes("finished", to_json(work.result(), surface="api"))
    except BunkoError as error:
        yield event_bytes("error", error_json(error))
