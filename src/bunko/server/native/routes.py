"""The native API: health, libraries, ask, search. In: requests. Out: the JSON of the contract, and event streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from fastapi import APIRouter, Request
from starlette.responses import Response

import bunko
from bunko.contract.records import About, Health, Libraries, Ready, SearchResult, UploadRules
from bunko.contract.serialise import Json, error_json, event_json, to_json
from bunko.errors import BunkoError
from bunko.server.hosting.host import Host, Inquiry, Queued
from bunko.server.hosting.inquiry import last_answer
from bunko.server.hosting.metrics import CONTENT_TYPE
from bunko.server.http.access import Access, Principal, principal_of
from bunko.server.http.events import EventResponse, event_bytes, first_of, until_gone
from bunko.server.native import changes, documents, managing
from bunko.server.native.library_states import state_of
from bunko.server.native.replies import model_of, replies, reply
from bunko.server.native.requests import AskBody, AskOptions, CompareBody, Quote, SearchBody
from bunko.types import Answer, Event, Evidence, Message

# Most errors are known within this time and have a status of their own; a client that waits longer for the head of the
# response would think that the server hangs.
_STATUS_WITHIN_S = 0.3
_TEXT = {**replies(None), 200: {"description": "Counts.", "content": {"text/plain": {"schema": {"type": "string"}}}}}


def router(host: Host) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/health", responses=replies(Health))
    async def health() -> Response:
        """Report that the process runs, and which published version it serves."""
        versions = [library.version for library in host.libraries.values() if library.is_replica]
        return reply(Health(status="ok", version=min(versions, default=0)))

    @routes.get("/ready", responses=replies(Ready) | {503: {"model": model_of(Ready)}})
    async def ready(request: Request) -> Response:
        """Report whether the libraries are in step and the model can be asked."""
        states = {name: library.state for name, library in host.libraries.items()}
        model = host.model_state()
        is_here = all(library.report for library in host.libraries.values() if library.is_replica)
        is_ready = not host.stopping and "indexing" not in states.values() and model in ("idle", "loaded") and is_here
        principal = principal_of(request)
        shown = {name: state for name, state in states.items() if principal.may(name)}
        versions = {name: host.libraries[name].version for name in shown if host.libraries[name].is_replica}
        known = Ready(ready=is_ready, libraries=shown, model=model, versions=versions)
        return reply(known, status=200 if is_ready else 503)

    @routes.get("/metrics", responses=_TEXT)
    async def metrics(request: Request) -> Response:
        """Return counts and times for Prometheus."""
        principal_of(request).require_all()
        return Response(host.metrics.text(), media_type=CONTENT_TYPE)

    @routes.get("/api/about", responses=replies(About))
    async def about(request: Request) -> Response:
        """Return the server's version, models and limits."""
        return reply(about_of(host, request.app.state.access))

    @routes.get("/api/libraries", responses=replies(Libraries))
    async def libraries(request: Request) -> Response:
        """List the libraries that the token opens."""
        principal = principal_of(request)
        opened = [library for name, library in host.libraries.items() if principal.may(name)]
        return reply(Libraries(libraries=tuple(map(state_of, opened))))

    @routes.post("/api/libraries/{library}/ask", responses=replies(Answer, events=True))
    async def ask(library: str, body: AskBody, request: Request) -> Response:
        """Answer a question from a library's documents, as one object or as a stream of events."""
        principal = principal_of(request)
        principal.require(library)
        return await _answered(request, host, inquiry_of(body, library=library), principal, stream=body.stream)

    @routes.post("/api/ask", responses=replies(Answer, events=True))
    async def ask_model(body: AskBody, request: Request) -> Response:
        """Answer a question with the model alone, without documents."""
        return await _answered(request, host, inquiry_of(body), principal_of(request), stream=body.stream)

    @routes.post("/api/libraries/{library}/search", responses=replies(SearchResult))
    async def search(library: str, body: SearchBody, request: Request) -> Response:
        """Find passages, without a language model."""
        principal = principal_of(request)
        principal.require(library)
        found = await host.search(library, body.query, overrides=body.overrides, client=principal.client)
        return reply(SearchResult(query=body.query, hits=found.hits, timings=found.timings, scope=found.scope))

    @routes.post("/api/compare", responses=replies(None, events=True))
    async def compare(body: CompareBody, request: Request) -> Response:
        """Answer one question in two to four ways, one after the other: the events of `ask`, each with its variant."""
        principal = principal_of(request)
        for variant in body.variants:
            if variant.library:
                principal.require(variant.library)
        inquiries = [inquiry_of(variant, library=variant.library, question=body.question) for variant in body.variants]
        for inquiry in inquiries:
            host.settings_for(inquiry)  # an error in any of them is reported before the first begins
        return EventResponse(_compared(host, inquiries, principal))

    documents.add_routes(routes, host)
    changes.add_routes(routes, host)
    managing.add_routes(routes, host)
    return routes


# --- answers ------------------------------------------------------------------------------------------------------


def inquiry_of(body: AskOptions, *, library: str = "", question: str = "") -> Inquiry:
    """Return the inquiry of a body."""
    history: list[Message] = []
    if isinstance(body, AskBody):
        question = body.question
        for turn in body.history:
            history += (
                Message(role="user", content=turn.question),
                Message(role="assistant", content=turn.answer, evidence=tuple(map(_evidence, turn.evidence))),
            )
    return Inquiry(
        question=question,
        library=library,
        model=body.model,
        history=tuple(history),
        overrides=body.overrides,
        answers=body.answers,
    )


def _evidence(quote: Quote) -> Evidence:
    """Return a quote that a client sent. It is compared with its document before it is used."""
    return Evidence(path=quote.path, start=quote.start, end=quote.end, quote=quote.quote, score=0.0)


async def _answered(request: Request, host: Host, inquiry: Inquiry, principal: Principal, *, stream: bool) -> Response:
    events = host.answer(inquiry, client=principal.client)
    if stream:
        return EventResponse(as_events(await first_of(events, within_s=_STATUS_WITHIN_S)))
    answer = await until_gone(request.receive, asyncio.ensure_future(last_answer(events)))
    return Response(status_code=499) if answer is None else reply(answer)


async def _compared(host: Host, inquiries: Sequence[Inquiry], principal: Principal) -> AsyncGenerator[bytes, None]:
    for n, inquiry in enumerate(inquiries):
        async with aclosing(as_events(host.answer(inquiry, client=principal.client), extra={"variant": n})) as events:
            async for data in events:
                yield data


async def as_events(
    events: AsyncGenerator[Queued | Event, None], *, extra: Json | None = None
) -> AsyncGenerator[bytes, None]:
    """Yield server-sent events, an error as one of them. `extra` goes into each."""
    try:
        async for event in events:
            name, tree = ("queued", to_json(event)) if isinstance(event, Queued) else event_json(event)
            yield event_bytes(name, {**tree, **(extra or {})})
    except BunkoError as error:
        yield event_bytes("error", {**error_json(error), **(extra or {})})
    finally:
        await events.aclose()


# --- what there is ------------------------------------------------------------------------------------------------


def about_of(host: Host, access: Access) -> About:
    """Return the server's version, models and limits."""
    server = host.settings.server
    return About(
        version=bunko.__version__,
        models=tuple(host.models),
        default_model=host.models[0],
        upload=UploadRules(
            allowed=server.upload,
            max_bytes=server.upload_mb * 1_000_000,
            suffixes=tuple(documents.suffixes(host.settings)),
        ),
        history=host.history,
        embedder=host.embedders[0],
        libraries=managing.may_make(host, access),
    )
