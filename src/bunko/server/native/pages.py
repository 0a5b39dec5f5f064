"""The web page: the files of the folder `page`, and pages of PDFs as pictures. In: requests. Out: bytes.

The files hold nothing of the user's and need no token; pictures need the library's token.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from bunko.errors import InvalidRequest, UnknownDocument
from bunko.reading.pdf.page_picture import PageOrder
from bunko.server.native.page_pictures import PictureDrawer
from bunko.server.native.replies import replies

if TYPE_CHECKING:
    from bunko.library import Library
    from bunko.server.hosting.host import Host
    from bunko.server.http.access import Principal

# Not by the system's table of types, which may say that scripts are plain text.
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"
_PICTURE = replies(None) | {200: {"description": "The picture.", "content": {"image/png": {}}}}
_BASE, _PRELOADS = "{{ base }}", "{{ preloads }}"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of the page."""

    data: bytes
    type: str


def page_files() -> dict[str, StaticFile]:
    """Return the files of the page by their names; `vendor` has those that others wrote."""
    found = {}
    folder = files("bunko.server").joinpath("page")
    for item in sorted([*folder.iterdir(), *folder.joinpath("vendor").iterdir()], key=lambda item: item.name):
        ending = PurePosixPath(item.name).suffix
        if ending in _TYPES:
            found[item.name] = StaticFile(item.read_bytes(), f"{_TYPES[ending]}; charset=utf-8")
    return found


def digest_of(found: dict[str, StaticFile]) -> str:
    """Return a digest of the files. It is part of their address, so that browsers may cache each version for ever."""
    whole = hashlib.sha256()
    for name, file in found.items():
        whole.update(f"{name} {len(file.data)} ".encode() + file.data)
    return whole.hexdigest()[:16]


def index_html(found: dict[str, StaticFile], base: str) -> bytes:
    """Return the page itself. It lists its modules, so that the browser fetches all of them at once."""
    scripts = ("app.js", "early.js")
    modules = [name for name in found if name.endswith(".js") and name not in scripts and ".min." not in name]
    preloads = "\n".join(f'<link rel="modulepreload" href="{base}/{name}">' for name in modules)
    text = found["index.html"].data.decode("utf-8")
    return text.replace(_PRELOADS, preloads).replace(_BASE, base).encode("utf-8")


def router(host: Host, *, drawer: PictureDrawer | None = None) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    found = page_files()
    digest = digest_of(found)
    index = index_html(found, f"/page/{digest}")
    drawer = drawer or PictureDrawer()

    @routes.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        """Return the page."""
        return _cached(request, index, _TYPES[".html"] + "; charset=utf-8", digest=digest, policy="no-cache")

    @routes.get("/favicon.ico", include_in_schema=False)
    async def favicon(request: Request) -> Response:
        icon = found["icon.svg"]
        return _cached(request, icon.data, icon.type, digest=digest, policy="no-cache")

    @routes.get("/page/{version}/{name}", include_in_schema=False)
    async def static(version: str, name: str, request: Request) -> Response:
        """Return a file of the page."""
        file = found.get(name)
        if file is None or name == "index.html":
            raise UnknownDocument(f"The page has no file {name[:100]!r}.", "Load the page again.")
        policy = _FOR_EVER if version == digest else "no-store"
        return _cached(request, file.data, file.type, digest=digest, policy=policy)

    @routes.get("/api/libraries/{library}/page", responses=_PICTURE, response_class=Response)
    async def picture(  # noqa: PLR0917 - FastAPI takes them from the query
        library: str,
        request: Request,
        path: Annotated[str, Query(max_length=4096)],
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
        start: Annotated[int, Query(ge=0, le=2**31)] = 0,
        end: Annotated[int, Query(ge=0, le=2**31)] = 0,
    ) -> Response:
        """Draw a page of a PDF, with the words between two offsets of the document marked.

        The headers `X-Page-Count`, `X-Marked` (runs of words) and `X-Marked-Top` (a share of the height) describe it.
        """
        principal: Principal = request.scope["state"]["principal"]
        principal.require(library)

        def look(opened: Library) -> PageOrder:
            return order_for(opened, path, page=page, start=start, end=end)

        order = await host.library_call(library, look)
        reading = host.library(library).settings.reading
        drawn = await asyncio.to_thread(drawer.draw, order, reading)
        headers = {
            "X-Page-Count": str(drawn.pages),
            "X-Marked": str(drawn.marked),
            "X-Marked-Top": str(drawn.top),
        }
        return Response(drawn.png, media_type="image/png", headers=headers)

    return routes


def order_for(library: Library, path: str, *, page: int, start: int, end: int) -> PageOrder:
    """Return which page to draw. Raises UnknownDocument, and InvalidRequest for a document that is no PDF."""
    document = library.document(path)
    if document is None:
        raise UnknownDocument(f"There is no document {path[:200]!r}.", "GET …/documents lists them.")
    if document.format != "pdf" or "#" in path or ".." in PurePosixPath(path).parts:
        raise InvalidRequest(f"{path[:200]!r} is not a PDF of the folder.", "GET …/text has its text.")
    span = next((span for span in document.pages if span.label == str(page)), None)
    root = Path(library.root)
    file = root if root.is_file() else root / path
    if span is None:
        return PageOrder(path=file, page=page)
    first, last = max(start, span.start), min(end, span.end)
    text = document.text[span.start : span.end]
    if last <= first:
        return PageOrder(path=file, page=page)
    return PageOrder(path=file, page=page, text=text, start=first - span.start, end=last - span.start)


def _cached(request: Request, data: bytes, kind: str, *, digest: str, policy: str) -> Response:
    tag = f'"{digest}"'
    headers = {"ETag": tag, "Cache-Control": policy}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers | {"Content-Type": kind})
