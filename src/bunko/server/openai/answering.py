"""Give an answer in OpenAI's form. In: the events of an answer. Out: one completion, or the chunks of a stream.

What OpenAI has no field for is in "bunko": in the message, or in the delta of the last chunk with a choice; other
clients ignore it. Citations are there twice: also as OpenAI's `annotations`, which some clients show. Knows nothing of
HTTP.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from bunko.contract.serialise import Json, to_json
from bunko.ports import FinishReason
from bunko.server.openai.asking import Asked
from bunko.server.openai.text import Outgoing, content_of, place_name, sentences_in, sources_text
from bunko.types import Answer, Citation, Event, Finished, ReasoningDelta, TextDelta, Usage

Link: TypeAlias = Callable[[Citation], str]
"""A citation -> the address of its words."""

# Fields that a completion has in another place.
_ELSEWHERE = ("question", "answer", "reasoning", "usage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every chunk of one answer repeats."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))


def completion(answer: Answer, asked: Asked, *, frame: Frame, link: Link) -> Json:
    """Return the whole answer as one completion."""
    content = _content(answer, asked)
    message: Json = {"role": "assistant", "content": content, "refusal": None}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    message |= _fields(answer, asked, content=content, link=link)
    message["content"] = content + (sources_text(answer) if asked.sources_as_text else "")
    choice: Json = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason(answer)}
    return {
        "id": frame.id,
        "object": "chat.completion",
        "created": frame.created,
        "model": frame.model,
        "choices": [choice],
        "usage": usage_of(answer.usage),
    }


class Chunks:
    """Make the chunks of one stream, event by event."""

    def __init__(self, asked: Asked, *, frame: Frame, link: Link) -> None:
        self._asked = asked
        self._frame = frame
        self._link = link
        self._outgoing = Outgoing(from_documents=bool(asked.inquiry.library), stop=asked.inquiry.stop)
        self._begun = False

    def of(self, event: Event) -> Iterator[Json]:
        """Yield the chunks of an event: none, a piece of the text, or the end."""
        match event:
            case ReasoningDelta():
                yield from self._delta({"reasoning_content": event.text} if event.text else {})
            case TextDelta():
                text = self._outgoing.more(event.text)
                yield from self._delta({"content": text} if text else {})
            case Finished():
                yield from self._end(event.answer)

    def _end(self, answer: Answer) -> Iterator[Json]:
        rest = self._outgoing.rest(answer.text)
        sent = self._outgoing.sent
        if self._asked.sources_as_text:
            rest += sources_text(answer)
        yield from self._delta({"content": rest} if rest or not self._begun else {})
        fields = _fields(answer, self._asked, content=sent, link=self._link)
        if sent != (content := _content(answer, self._asked)):
            fields["bunko"] = {**_mapping(fields["bunko"]), "corrected": content}
        yield self._chunk([{"index": 0, "delta": fields, "logprobs": None, "finish_reason": finish_reason(answer)}])
        if self._asked.include_usage:
            yield {**self._chunk([]), "usage": usage_of(answer.usage)}

    def _delta(self, delta: Json) -> Iterator[Json]:
        if not delta:
            return
        if not self._begun:
            self._begun = True
            delta = {"role": "assistant", "content": "", **delta}
        yield self._chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}])

    def _chunk(self, choices: list[Json]) -> Json:
        chunk: Json = {
            "id": self._frame.id,
            "object": "chat.completion.chunk",
            "created": self._frame.created,
            "model": self._frame.model,
            "choices": choices,
        }
        return {**chunk, "usage": None} if self._asked.include_usage else chunk


def finish_reason(answer: Answer) -> FinishReason:
    """Return how an answer ended, in OpenAI's words; "bunko" has ours."""
    return answer.finish_reason if answer.finish_reason in ("length", "content_filter") else "stop"


def usage_of(usage: Usage) -> Json:
    """Return the tokens that the model read and wrote for an answer."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def _content(answer: Answer, asked: Asked) -> str:
    return content_of(answer.text, from_documents=bool(asked.inquiry.library), stop=asked.inquiry.stop)


def _fields(answer: Answer, asked: Asked, *, content: str, link: Link) -> Json:
    """Return the fields beside the text: OpenAI's annotations, and all others in "bunko"."""
    fields = {name: value for name, value in to_json(answer).items() if name not in _ELSEWHERE}
    return {
        "annotations": [
            {
                "type": "url_citation",
                "url_citation": {
                    "url": link(citation),
                    "title": place_name(citation),
                    "start_index": start,
                    "end_index": end,
                },
            }
            for citation, start, end in sentences_in(content, answer.citations)
            if citation.verified
        ],
        "bunko": {
            **fields,
            "library": asked.inquiry.library or None,
            "standalone_question": answer.standalone_question,
            "finish_reason": answer.finish_reason,
            "notes": [*asked.notes, *answer.notes],
            "ignored": list(asked.ignored),
        },
    }


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}
