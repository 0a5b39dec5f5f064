"""The routes of the OpenAI-compatible API. In: requests of any OpenAI client. Out: completions, vectors, models.

A library is asked as if it were a model. `asking.py` reads requests, `answering.py` makes completions, `errors.py`
error responses; `types.py` has the schemas.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from bunko.contract.serialise import Json
from bunko.errors import BunkoError, UnknownModel
from bunko.server.hosting.host import Host
from bunko.server.hosting.inquiry import Inquiry, Queued, last_answer, public_name
from bunko.server.http.access import Principal, principal_of
from bunko.server.http.events import EventResponse, JsonResponse, event_bytes, first_of, until_gone
from bunko.server.openai.answering import Chunks, Frame, Link, completion
from bunko.server.openai.asking import Asked, understand
from bunko.server.openai.errors import Refused, Reply, body_of, reply_to, reply_to_invalid
from bunko.server.openai.models import Target, target_of, targets
from bunko.server.openai.types import (
    MAX_INPUTS,
    ChatCompletion,
    ChatRequest,
    EmbeddingList,
    EmbeddingRequest,
    ModelCard,
    ModelList,
    OpenAIError,
)
from bunko.types import Citation, Event

PREFIX = "/v1"
# A stream starts with its first words, so that an error before them still has its status; it starts after this at most.
_STATUS_WITHIN_S = 5.0
_DONE = b"data: [DONE]\n\n"
_CLIENT_GONE = 499
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": OpenAIError, "description": description}
    for status, description in {
        400: "The request is invalid, or asks for something that is not supported.",
        401: "The token is missing or wrong.",
        403: "Forbidden for this token, or for a page of another site.",
        404: "There is no library or model of this name.",
        413: "The body is too large.",
        422: "The library or the model can't be used.",
        429: "Too many questions are waiting; Retry-After says when to try again.",
        500: "An error in the server.",
        502: "The model failed.",
        503: "Not ready yet; Retry-After says when to try again.",
        504: "The model took too long.",
    }.items()
}

_EVENT = {
    "type": "object",
    "properties": {"data": {"type": "string", "description": "A chunk as JSON; at the end [DONE]."}},
    "required": ["data"],
}
_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with `stream`, server-sent events that hold chunks (chat.completion.chunk).",
        "content": {"text/event-stream": {"schema": _EVENT}},
    }
}


class _Route(APIRoute):
    """A route whose errors have the form and the status that OpenAI's clients expect."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_in_form(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return _error_response(reply_to_invalid(error.errors()))
            except BunkoError as error:
                return _error_response(reply_to(error))

        return handle_in_form


def error_form(error: BunkoError, status: int) -> Json:
    """Return the body of an error that occurs before a route is reached: no token, no such path."""
    return body_of(status, str(error), code=str(reply_to(error).code))


def router(host: Host) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix=PREFIX, route_class=_Route, responses=_ERRORS, tags=["OpenAI"])
    started = int(time.time())

    def opened(principal: Principal) -> dict[str, Target]:
        return targets([name for name in host.libraries if principal.may(name)], host.models)

    @routes.get("/models", response_model=ModelList)
    async def models(request: Request) -> Response:
        """List what can be asked: each library, each library with each model, each model alone."""
        known = opened(principal_of(request))
        cards = [_card(host, name, target, created=started) for name, target in known.items()]
        return JsonResponse({"object": "list", "data": cards})

    @routes.get("/models/{name:path}", response_model=ModelCard)
    async def model(name: str, request: Request) -> Response:
        """Describe one of them."""
        target = target_of(name, opened(principal_of(request)))
        return JsonResponse(_card(host, name, target, created=started))

    @routes.post("/chat/completions", response_model=ChatCompletion, responses=_STREAMED)
    async def chat(body: ChatRequest, request: Request) -> Response:
        """Answer the last message; with `stream`, as chunks in server-sent events.

        A library answers from its documents, with citations in the field "bunko" of the message.
        """
        principal = principal_of(request)
        asked = understand(body, target_of(body.model, opened(principal)))
        asked = replace(asked, inquiry=_within_limits(asked, host))
        events = host.answer(asked.inquiry, client=principal.client)
        frame, link = Frame(model=body.model), _link(request, asked)
        if asked.stream:
            chunks = _chunks(events, Chunks(asked, frame=frame, link=link))
            waiting = asyncio.ensure_future(first_of(chunks, within_s=_STATUS_WITHIN_S))
            begun = await until_gone(request.receive, waiting)
            return Response(status_code=_CLIENT_GONE) if begun is None else EventResponse(_to_the_end(begun))
        answer = await until_gone(request.receive, asyncio.ensure_future(last_answer(events)))
        if answer is None:
            return Response(status_code=_CLIENT_GONE)
        return JsonResponse(completion(answer, asked, frame=frame, link=link))

    @routes.post("/embeddings", response_model=EmbeddingList)
    async def embeddings(body: EmbeddingRequest, request: Request) -> Response:
        """Turn texts into vectors of length 1 with the embedder of a library."""
        principal = principal_of(request)
        embedder = _embedder(host, body.model, principal)
        texts = _texts(body)
        vectors = await host.embed(texts, embedder=embedder, client=principal.client)
        if body.dimensions not in (None, vectors.shape[1]):
            raise Refused(
                f"The vectors of {body.model[:100]!r} have {vectors.shape[1]} numbers; shorter ones are not available.",
                "Leave dimensions out.",
                param="dimensions",
            )
        counting = host.engines.embedder(replace(host.settings, embedder=embedder))
        tokens = sum(await asyncio.to_thread(counting.count_tokens, texts))
        as_text = body.encoding_format == "base64"
        data = [
            {"object": "embedding", "index": n, "embedding": _base64(row) if as_text else row.tolist()}
            for n, row in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return JsonResponse({"object": "list", "model": body.model, "data": data, "usage": usage})

    return routes


# --- answers ------------------------------------------------------------------------------------------------------


async def _chunks(events: AsyncGenerator[Queued | Event, None], chunks: Chunks) -> AsyncGenerator[bytes, None]:
    """Yield the chunks of a stream as server-sent events. Raises what the answer raises."""
    try:
        async for event in events:
            if not isinstance(event, Queued):
                for chunk in chunks.of(event):
                    yield event_bytes("", chunk)
        yield _DONE
    finally:
        await events.aclose()


async def _to_the_end(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield chunks; an error after the first is an event of the stream: the status has been sent."""
    try:
        async for chunk in chunks:
            yield chunk
    except BunkoError as error:
        yield event_bytes("", reply_to(error).body)
    finally:
        await chunks.aclose()


def _within_limits(asked: Asked, host: Host) -> Inquiry:
    """Return the inquiry with at most the tokens that the server allows: many clients always ask for very many."""
    wanted = asked.inquiry.overrides.get("generation.max_tokens")
    if not isinstance(wanted, int) or wanted <= host.settings.server.max_tokens:
        return asked.inquiry
    overrides = {**asked.inquiry.overrides, "generation.max_tokens": host.settings.server.max_tokens}
    return replace(asked.inquiry, overrides=overrides)


def _link(request: Request, asked: Asked) -> Link:
    """Return the function that makes the address of a citation's words in the native API."""
    base = f"{request.base_url}api/libraries/{quote(asked.inquiry.library, safe='')}/text"

    def link(citation: Citation) -> str:
        return f"{base}?{urlencode({'path': citation.path, 'start': citation.start, 'end': citation.end})}"

    return link


# --- models -------------------------------------------------------------------------------------------------------


def _card(host: Host, name: str, target: Target, *, created: int) -> Json:
    about: Json = {"model": host.model(target.model, library=target.library), "library": target.library or None}
    if target.library:
        library = host.library(target.library)
        about |= {"title": library.title, "state": library.state, "embedder": public_name(library.settings.embedder)}
    return {"id": name, "object": "model", "created": created, "owned_by": "bunko", "bunko": about}


# --- vectors ------------------------------------------------------------------------------------------------------


def _embedder(host: Host, name: str, principal: Principal) -> str:
    """Return the embedder of this name, or that of the library of this name, as in the settings."""
    known = {public_name(embedder): embedder for embedder in host.embedders}
    known |= {embedder: embedder for embedder in host.embedders}
    library = host.libraries.get(name) if principal.may(name) else None
    if library:
        return library.settings.embedder
    if name not in known:
        names = ", ".join(dict.fromkeys(map(public_name, host.embedders)))
        raise UnknownModel(f"There is no embedder {name[:200]!r} here.", f"There is {names}.")
    return known[name]


def _texts(body: EmbeddingRequest) -> list[str]:
    """Return the texts of a request. Raises Refused."""
    given = [body.input] if isinstance(body.input, str) else body.input
    texts = [text for text in given if isinstance(text, str)]
    if len(texts) < len(given):
        raise Refused(
            "Token numbers are not supported: they depend on the client's tokenizer.",
            "Send the texts themselves. With LangChain: OpenAIEmbeddings(check_embedding_ctx_length=False).",
            param="input",
        )
    if not 0 < len(texts) <= MAX_INPUTS:
        raise Refused(f"There are {len(texts):,} texts; 1 to {MAX_INPUTS:,} are allowed.", param="input")
    if not all(text.strip() for text in texts):
        raise Refused("An empty text has no vector.", param="input", code="invalid_value")
    return texts


def _base64(row: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(row.astype("<f4").tobytes()).decode("ascii")


def _error_response(reply: Reply) -> Response:
    return JsonResponse(reply.body, status=reply.status, headers=reply.headers)
