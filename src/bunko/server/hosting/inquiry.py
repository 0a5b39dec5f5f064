"""What is asked of a server. In: a question with what is wished for. Out: the settings that it is answered with.

Knows nothing of libraries, models or turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bunko.askable import SETTINGS
from bunko.errors import InvalidRequest
from bunko.server.hosting.stop_texts import HoldBack, stopped
from bunko.settings import Settings, apply_overrides
from bunko.types import Event, Finished, Hit, Message, TextDelta

_MOST_CHARACTERS = 100_000  # of a question: a model's context holds less


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is asked, of which library and model."""

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
    """Others are ahead; comes before the first event of the answer, and again when the number has changed."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, best first, and what it took, in milliseconds."""

    hits: tuple[Hit, ...]
    timings: Mapping[str, float]


def settings_for(inquiry: Inquiry, base: Settings, *, most_tokens: int) -> Settings:
    """Return the settings with what the inquiry wishes. Raises InvalidRequest, SettingsError."""
    for name in inquiry.overrides:
        if name not in SETTINGS:
            raise InvalidRequest(f"The setting {name!r} can't be set with a request.", "The server's own holds.")
    settings = apply_overrides(base, inquiry.overrides)
    _check_size(inquiry, settings, most_tokens=most_tokens)
    return settings


def until_stop(event: Event, held: HoldBack, stop: tuple[str, ...]) -> Iterator[Event]:
    """Yield an event as it is shown: without what comes after a stop text."""
    if isinstance(event, TextDelta):
        if text := held.push(event.text):
            yield TextDelta(text=text)
        return
    if isinstance(event, Finished):
        if text := held.rest():
            yield TextDelta(text=text)
        event = Finished(answer=stopped(event.answer, stop)) if stop else event
    yield event


def _check_size(inquiry: Inquiry, settings: Settings, *, most_tokens: int) -> None:
    if "generation.max_tokens" in inquiry.overrides and settings.generation.max_tokens > most_tokens:
        raise InvalidRequest(
            f"max_tokens is {settings.generation.max_tokens}; {most_tokens} is the most that this server allows.",
            "Ask for less; who runs the server may raise server.max_tokens.",
        )
    most = SETTINGS["retrieval.top_k"].highest
    if most is not None and settings.retrieval.top_k > most:
        raise InvalidRequest(f"top_k is {settings.retrieval.top_k}.", f"It can be at most {most}.")
    if len(inquiry.question) > _MOST_CHARACTERS:
        raise InvalidRequest("The question is too long.", f"It can have {_MOST_CHARACTERS} characters at the most.")


def by_public_name(settings: Settings, libraries: Sequence[Settings]) -> dict[str, str]:
    """Return the models by the names that they are told to others by: no path of this machine, no password."""
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
    """Return what a model is called to others.

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
