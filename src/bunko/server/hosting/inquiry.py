"""A question to a server. In: a question with its options. Out: the settings that it is answered with.

Knows nothing of libraries, engines or queues.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bunko.askable import SETTINGS
from bunko.errors import InvalidRequest
from bunko.server.hosting.stop_texts import HoldBack, stopped
from bunko.settings import OWN_RERANKERS, Settings, apply_overrides
from bunko.types import Answer, Event, Finished, Hit, Message, Scope, TextDelta

_MOST_CHARACTERS = 100_000  # of a question; no context window holds more


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A question with its library, model and options."""

    question: str
    library: str = ""
    """Empty: the model alone, without documents."""
    model: str = ""
    """Empty: the library's own."""
    history: tuple[Message, ...] = ()
    overrides: Mapping[str, object] = field(default_factory=dict)
    """Settings by their dotted names; only those of `bunko.askable`."""
    stop: tuple[str, ...] = ()
    """The answer ends before any of these texts."""
    answers: Literal["new", "kept"] = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """Other questions are ahead. Comes before the events of the answer, and again whenever the number changes."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The hits of a search, best first, and the milliseconds of its stages."""

    hits: tuple[Hit, ...]
    timings: Mapping[str, float]
    scope: Scope | None = None
    """The documents that were searched; None: all."""


def settings_for(inquiry: Inquiry, base: Settings, *, most_tokens: int) -> Settings:
    """Return the settings with the inquiry's own. Raises InvalidRequest, SettingsError."""
    for name in inquiry.overrides:
        if name not in SETTINGS:
            raise InvalidRequest(
                f"The setting {name!r} can't be changed by a request.", "The server's own value is used."
            )
    _check_reranker(inquiry, base)
    settings = apply_overrides(base, inquiry.overrides)
    _check_size(inquiry, settings, most_tokens=most_tokens)
    return settings


def until_stop(event: Event, held: HoldBack, stop: tuple[str, ...]) -> Iterator[Event]:
    """Yield an event without the text after a stop text."""
    if isinstance(event, TextDelta):
        if text := held.push(event.text):
            yield TextDelta(text=text)
        return
    if isinstance(event, Finished):
        if text := held.rest():
            yield TextDelta(text=text)
        event = Finished(answer=stopped(event.answer, stop)) if stop else event
    yield event


async def last_answer(events: AsyncGenerator[Queued | Event, None]) -> Answer:
    """Return the answer at the end of a stream, and close the stream."""
    try:
        async for event in events:
            if isinstance(event, Finished):
                return event.answer
    finally:
        await events.aclose()
    raise AssertionError("a stream of events ends with Finished")


def _check_reranker(inquiry: Inquiry, base: Settings) -> None:
    """Raise InvalidRequest for a reranker that a request may not name: it would load a file, or download one."""
    asked, own = inquiry.overrides.get("retrieval.reranker"), base.retrieval.reranker
    if asked is not None and asked not in (*OWN_RERANKERS, own):
        raise InvalidRequest(
            f"The reranker {str(asked)[:100]!r} can't be chosen by a request.",
            "Use none or reader, or set retrieval.reranker on the server.",
        )


def _check_size(inquiry: Inquiry, settings: Settings, *, most_tokens: int) -> None:
    if "generation.max_tokens" in inquiry.overrides and settings.generation.max_tokens > most_tokens:
        raise InvalidRequest(
            f"max_tokens is {settings.generation.max_tokens}; this server allows at most {most_tokens}.",
            "Use a smaller value, or raise server.max_tokens on the server.",
        )
    most = SETTINGS["retrieval.top_k"].highest
    if most is not None and settings.retrieval.top_k > most:
        raise InvalidRequest(f"top_k is {settings.retrieval.top_k}.", f"It can be at most {most}.")
    if len(inquiry.question) > _MOST_CHARACTERS:
        raise InvalidRequest("The question is too long.", f"It can have at most {_MOST_CHARACTERS} characters.")


def by_public_name(settings: Settings, libraries: Sequence[Settings]) -> dict[str, str]:
    """Return the models by their public names, which contain no path of this machine and no password."""
    given = settings.server.models or tuple(dict.fromkeys(own.model for own in libraries)) or (settings.model,)
    named: dict[str, str] = {}
    for model in given:
        base, n = public_name(model), 1
        name = base
        while name in named:
            n += 1
            name = f"{base}-{n}"
        named[name] = model
    return named


def public_name(model: str) -> str:
    """Return a model's public name.

    >>> [public_name(name) for name in ("/models/q.gguf", "catalogue:qwen3-4b", "http://me:pw@box:8080/v1#llama")]
    ['q', 'qwen3-4b', 'llama']
    """
    name = model.strip().rstrip("/")
    if "://" in name and "#" in name:
        name = name.rpartition("#")[2]
    elif name.startswith(("http://", "https://")) and not name.lower().endswith(".gguf"):
        name = name.partition("://")[2].rpartition("@")[2].partition("/")[0]
    name = name.removeprefix("catalogue:").replace("\\", "/").rpartition("/")[2]
    return name[: -len(".gguf")] if name.lower().endswith(".gguf") else name
