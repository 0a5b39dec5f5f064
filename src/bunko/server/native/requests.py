"""What goes in and out: for the OpenAPI document, and to check what comes in. Knows nothing of what is done with it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bunko.types import Mode, Think

_MOST_CHARACTERS = 100_000


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# JSON has one kind of number: 10.0 is a whole one.
Whole = Annotated[int, BeforeValidator(_whole)]
Text = Annotated[str, Field(max_length=_MOST_CHARACTERS)]


class Body(BaseModel):
    """A body: fields that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Turn(Body):
    """An earlier question with its answer."""

    question: Text
    answer: Text


class AskOptions(Body):
    """How an answer is looked for and written; what is left out is as the server's settings have it."""

    model: Annotated[str, Field(max_length=500)] = ""
    max_tokens: Annotated[Whole, Field(ge=1, le=1_000_000)] | None = None
    temperature: Annotated[float, Field(ge=0, le=10)] | None = None
    seed: Annotated[Whole, Field(ge=0, le=2**31 - 1)] | None = None
    think: Think | None = None
    answer_language: Annotated[str, Field(max_length=20)] | None = None
    style: Literal["auto", "extractive", "free"] | None = None
    translation: Annotated[str, Field(max_length=20)] | None = None
    strictness: Annotated[float, Field(ge=0, le=1)] | None = None
    verify: Literal["quick", "deep"] | None = None
    top_k: Annotated[Whole, Field(ge=1, le=100)] | None = None
    mode: Mode | None = None
    answers: Literal["new", "kept"] = "new"


class AskBody(AskOptions):
    """A question."""

    question: Text
    history: Annotated[list[Turn], Field(max_length=100)] = []
    stream: bool = False


class SearchBody(Body):
    """What to look for."""

    query: Text
    top_k: Annotated[Whole, Field(ge=1, le=100)] | None = None


class Variant(AskOptions):
    """One way to answer a question; without a library, the model answers alone."""

    library: Annotated[str, Field(max_length=500)] = ""


class CompareBody(Body):
    """A question, and the ways in which it is to be answered."""

    question: Text
    variants: Annotated[list[Variant], Field(min_length=2, max_length=4)]


class ConversationBody(Body):
    """A conversation to keep. Its turns are whatever the page puts there."""

    title: Annotated[str, Field(max_length=500)]
    turns: Annotated[list[dict[str, Any]], Field(max_length=1000)]
