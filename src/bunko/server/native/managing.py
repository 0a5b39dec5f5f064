"""The routes by which users manage libraries: originals, deletions, passwords, new libraries. In: requests. Out: JSON.

All of them go through the gate of the server: the name it is called by, the page that calls, the token. Libraries of
any folder are for those alone who have the token of a server that no other machine can reach.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse, Response

from bunko.contract.records import Folders, LibraryState, Topics
from bunko.errors import AccessRefused, InvalidRequest, UnknownDocument
from bunko.network import is_loopback
from bunko.private_files import is_plain, link_above
from bunko.server.hosting.jobs import in_thread
from bunko.server.hosting.made_libraries import absolute, subfolders
from bunko.server.http.access import Access, principal_of
from bunko.server.native.library_states import state_of
from bunko.server.native.replies import replies, reply
from bunko.server.native.requests import LibraryBody, PasswordsBody
from bunko.server.native.topics import topics_of

if TYPE_CHECKING:
    from bunko.library import Library
    from bunko.server.hosting.host import Host

_FILE = replies(None) | {200: {"description": "The file.", "content": {"application/octet-stream": {}}}}
_Path = Annotated[str, Query(min_length=1, max_length=4096)]
_NOT_HERE = "No libraries can be made on this server."


def may_make(host: Host, access: Access) -> Literal["fixed", "new", "any"]:
    """Return which libraries users may make. A server that other machines can reach has those it was started with."""
    server = host.settings.server
    if host.made is None or not server.upload or not is_loopback(server.host) or host.settings.store:
        return "fixed"
    return "any" if access.token else "new"  # without a token, any user of the machine could read any folder


def add_routes(routes: APIRouter, host: Host) -> None:
    """Add the routes."""
    _add_file_routes(routes, host)
    _add_library_routes(routes, host)


def _add_file_routes(routes: APIRouter, host: Host) -> None:
    @routes.get("/api/libraries/{library}/file", responses=_FILE, response_class=Response)
    async def original(library: str, request: Request, path: _Path) -> Response:
        """Return the file that holds a document, to be saved: browsers don't show it."""
        principal_of(request).require(library)
        file = await host.library_call(library, lambda opened: file_of(opened, path))
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"}
        return FileResponse(file, media_type="application/octet-stream", headers=headers)

    @routes.delete("/api/libraries/{library}/files", status_code=204, responses=replies(None, status=204))
    async def delete_file(library: str, request: Request, path: _Path) -> Response:
        """Delete a file of the library's folder. The index follows with the next sync."""
        principal_of(request).require(library)
        if not host.settings.server.upload:
            raise AccessRefused("This server changes no files.", "It was started with --no-upload.")

        def remove(opened: Library) -> None:
            file = file_of(opened, path)
            if Path(opened.root).is_file():
                raise InvalidRequest("This library is a single file.", "Delete it where it is.")
            file.unlink()

        await host.library_call(library, remove)
        return Response(status_code=204)

    @routes.post("/api/libraries/{library}/passwords", status_code=204, responses=replies(None, status=204))
    async def unlock(library: str, body: PasswordsBody, request: Request) -> Response:
        """Try passwords on locked files with the next sync. They are forgotten when the server ends."""
        principal_of(request).require(library)
        hosted = host.library(library)
        await in_thread(lambda: hosted.unlock_with(body.passwords))
        return Response(status_code=204)

    @routes.get("/api/libraries/{library}/topics", responses=replies(Topics))
    async def topics(library: str, request: Request) -> Response:
        """Return headings of several documents, about which questions may be asked."""
        principal_of(request).require(library)
        return reply(Topics(topics=await host.library_call(library, topics_of)))


def _add_library_routes(routes: APIRouter, host: Host) -> None:
    @routes.post("/api/libraries", status_code=201, responses=replies(LibraryState, status=201))
    async def make(body: LibraryBody, request: Request) -> Response:
        """Make a library: an empty one with a name, or one of a folder of the server's machine."""
        allowed = _allowed(request, host)
        made = host.made
        if made is None or bool(body.name.strip()) == bool(body.folder.strip()):
            raise InvalidRequest("Give either a name or a folder.", "A name makes an empty library.")
        if body.folder.strip() and allowed != "any":
            raise AccessRefused("A folder can't be chosen without a token.", "Start the server with --token auto.")
        name, folder = body.name, body.folder.strip()
        root = await in_thread(lambda: made.choose(folder) if folder else made.make(name))
        return reply(state_of(host.add_library(root)), status=201)

    @routes.delete("/api/libraries/{library}", status_code=204, responses=replies(None, status=204))
    async def remove(library: str, request: Request) -> Response:
        """Take a library off the list. Its files and its index stay."""
        _allowed(request, host)
        removed, made = host.remove_library(library), host.made
        if made is not None:
            await in_thread(lambda: made.forget(removed.root))
        return Response(status_code=204)

    @routes.get("/api/folders", responses=replies(Folders))
    async def folders(request: Request, path: Annotated[str, Query(max_length=4096)] = "") -> Response:
        """List the folders in a folder of the server's machine; without a path, in the user's own."""
        if _allowed(request, host) != "any":
            raise AccessRefused("Folders can't be listed without a token.", "Start the server with --token auto.")
        here = absolute(path) if path else Path.home()
        names = await in_thread(lambda: subfolders(here))
        parent = "" if here.parent == here else str(here.parent)
        return reply(Folders(path=str(here), parent=parent, folders=tuple(names)))


def _allowed(request: Request, host: Host) -> Literal["new", "any"]:
    principal_of(request).require_all()
    allowed = may_make(host, request.app.state.access)
    if allowed == "fixed":
        raise AccessRefused(_NOT_HERE, "Start it with the folders to serve.")
    return allowed


def file_of(library: Library, path: str) -> Path:
    """Return the file that holds a document of the index. Raises UnknownDocument where none does, or by a link."""
    record = library.records().get(path)
    root = Path(library.root)
    file = root if root.is_file() else root / record.file if record else None
    if record is None or file is None or link_above(file) or not is_plain(file):
        raise UnknownDocument(f"There is no document {path[:200]!r}.", "GET …/documents lists them.")
    if root.is_dir() and not file.resolve().is_relative_to(root.resolve()):
        raise UnknownDocument(f"There is no document {path[:200]!r}.", "GET …/documents lists them.")
    return file
