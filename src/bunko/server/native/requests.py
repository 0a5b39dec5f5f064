"""The bodies of requests: their schemas, by which they are checked. Knows nothing of what is done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, create_model

from bunko.askable import ASKABLE
from bunko.server.request_fields import SetsSettings, setting_fields

_MOST_CHARACTERS = 100_000


Text = Annotated[str, Field(max_length=_MOST_CHARACTERS)]


class Body(SetsSettings):
    """A body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Quote(Body):
    """A quote that an earlier answer was made from: an item of its `evidence`. Other fields of it are not read."""

    model_config = ConfigDict(extra="ignore", strict=True)

    path: Annotated[str, Field(max_length=4000)]
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    quote: Text


class Turn(Body):
    """An earlier question with its answer."""

    question: Text
    answer: Text
    evidence: list[Quote] = Field([], max_length=50)


if TYPE_CHECKING:
    _Settings = Body
    _SearchSettings = Body
else:
    _Settings = create_model("_Settings", __base__=Body, **setting_fields(ASKABLE))
    _SearchSettings = create_model(
        "_SearchSettings", __base__=Body, **setting_fields(each for each in ASKABLE if "search" in each.calls)
    )


class AskOptions(_Settings):
    """How to find and write an answer; the server's settings hold for what is left out."""

    model: Annotated[str, Field(max_length=500)] = ""
    answers: Literal["new", "kept"] = "new"


class AskBody(AskOptions):
    """A question."""

    question: Text
    history: list[Turn] = Field([], max_length=100)
    stream: bool = False


class SearchBody(_SearchSettings):
    """A search."""

    query: Text


class Variant(AskOptions):
    """One way to answer a question; without a library, the model answers alone."""

    library: Annotated[str, Field(max_length=500)] = ""


class CompareBody(Body):
    """A question, and the ways to answer it."""

    question: Text
    variants: Annotated[list[Variant], Field(min_length=2, max_length=4)]


class ConversationBody(Body):
    """A conversation to keep. The client decides what its turns hold."""

    title: Annotated[str, Field(max_length=500)]
    turns: Annotated[list[dict[str, Any]], Field(max_length=1000)]
    pinned: bool | None = None
    """Left out, it stays as it was."""


class LibraryBody(Body):
    """A library to make: a name of a new one, or a folder of the server's machine."""

    name: Annotated[str, Field(max_length=200)] = ""
    folder: Annotated[str, Field(max_length=4000)] = ""


class PasswordsBody(Body):
    """Passwords to try on locked files."""

    passwords: Annotated[list[Annotated[str, Field(min_length=1, max_length=500)]], Field(min_length=1, max_length=20)]
