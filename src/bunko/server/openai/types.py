"""The schemas of the OpenAI-compatible API. Knows nothing of how a request is answered.

Requests are checked as OpenAI's servers check them: types are strict. Unknown fields are accepted, since most clients
send some of their own; in our own field "bunko" they are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from bunko.askable import ASKABLE
from bunko.server.request_fields import Count, SetsSettings, Whole, setting_fields

MAX_INPUTS = 2048  # texts in one request for embeddings, as OpenAI has it
MAX_STOPS = 256  # OpenAI allows 4, llama.cpp any number


Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class _Lenient(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class ContentPart(_Lenient):
    """A part of a message. Parts other than text are refused."""

    type: str
    text: str | None = None


class ChatMessage(_Lenient):
    """A message of the conversation so far."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None
    reasoning_content: str | None = None
    """The reasoning of the assistant before this message, as it was sent."""


class StreamOptions(_Lenient):
    """How to stream."""

    include_usage: bool | None = None


class ResponseFormat(_Lenient):
    """Only `text` is supported."""

    type: str


class _Strict(SetsSettings):
    model_config = ConfigDict(strict=True, extra="forbid")


if TYPE_CHECKING:
    _Settings = _Strict
else:
    _Settings = create_model(
        "_Settings", __base__=_Strict, **setting_fields(each for each in ASKABLE if each.openai == "bunko")
    )


class BunkoOptions(_Settings):
    """Settings of Bunko for one answer, by the names of the native API; other fields are refused."""

    sources: Literal["fields", "text"] | None = None
    """"text": the answer ends in a list of its sources, for clients that show only text."""
    answers: Literal["new", "kept"] | None = None
    """"kept": an answer that was given before may be given again."""


class ChatRequest(_Lenient):
    """The body of /v1/chat/completions: the fields that Bunko knows."""

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    seed: Whole | None = None
    stop: str | Annotated[list[str], Field(max_length=MAX_STOPS)] | None = None
    reasoning_effort: Effort | None = None
    bunko: BunkoOptions | None = None
    # Not supported: refused where it would change the answer, else listed in "ignored".
    n: Whole | None = None
    logprobs: bool | None = None
    top_logprobs: Whole | None = None
    response_format: ResponseFormat | None = None
    tools: list[dict[str, object]] | None = None
    tool_choice: str | dict[str, object] | None = None
    functions: list[dict[str, object]] | None = None
    function_call: str | dict[str, object] | None = None
    modalities: list[str] | None = None
    logit_bias: dict[str, float] | None = None
    top_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None


class EmbeddingRequest(_Lenient):
    """The body of /v1/embeddings. The schema accepts token numbers, as OpenAI's does; they are refused later."""

    model: str
    input: str | list[str] | list[Whole] | list[list[Whole]]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Count | None = None


# --- responses ------------------------------------------------------------------------------------------------


class PromptDetails(BaseModel):
    """Tokens of the prompt that were cached."""

    cached_tokens: int


class ChatUsage(BaseModel):
    """Tokens that the model read and wrote for an answer, also to rewrite a follow-up, to check and to translate."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails


class UrlCitation(BaseModel):
    """The source of a sentence of the answer; `start_index` and `end_index` count characters of the answer."""

    url: str
    title: str
    start_index: int
    end_index: int


class Annotation(BaseModel):
    """A citation in OpenAI's form."""

    type: Literal["url_citation"]
    url_citation: UrlCitation


class AnswerMessage(BaseModel):
    """The answer. `bunko` has citations, evidence, hits, timings and notes, as in the native API."""

    role: Literal["assistant"]
    content: str
    refusal: None = None
    reasoning_content: str | None = None
    annotations: list[Annotation]
    bunko: dict[str, object]


class Choice(BaseModel):
    """The answer; there is always one."""

    index: Literal[0]
    message: AnswerMessage
    logprobs: None = None
    finish_reason: Literal["stop", "length", "content_filter"]


class ChatCompletion(BaseModel):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: ChatUsage


class ModelCard(BaseModel):
    """A library with a model, or a model alone."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: Literal["bunko"]
    bunko: dict[str, Any]


class ModelList(BaseModel):
    """What can be asked."""

    object: Literal["list"]
    data: list[ModelCard]


class EmbeddingUsage(BaseModel):
    """Tokens of the texts, counted by the embedder."""

    prompt_tokens: int
    total_tokens: int


class Embedding(BaseModel):
    """One vector: numbers, or base64 of little-endian 32-bit floats."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingList(BaseModel):
    """The vectors, in the order of the texts."""

    object: Literal["list"]
    model: str
    data: list[Embedding]
    usage: EmbeddingUsage


class ErrorBody(BaseModel):
    """What went wrong, and in which field."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIError(BaseModel):
    """An error in OpenAI's form."""

    error: ErrorBody
