"""Turn a chat request into an inquiry. In: ChatRequest, the target of its model. Out: Asked, or Refused.

The last message is the question, those before it are the history. A field that Bunko can't honour is refused if it
changes the answer, and otherwise left out and listed in `ignored`. System messages are instructions.
Knows nothing of HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bunko.server.hosting.inquiry import Inquiry
from bunko.server.openai.errors import Refused
from bunko.server.openai.models import Target
from bunko.server.openai.text import without_sources
from bunko.server.openai.types import ChatMessage, ChatRequest, Effort
from bunko.types import Message, Think

TASK_NOTE = (
    "This was treated as a task about the conversation, such as finding a title, and not as a question about the "
    "documents: the model answered alone."
)
_SYSTEM = ("system", "developer")
_TOOLS = ("tool", "function")
_READ = ("text", "input_text", "output_text", "refusal")
# Characters of an earlier answer that a question can refer to (conversation.py has the same).
_REMEMBERED = 10_000
# Servers seed their random numbers with 32 bits, of which the highest value means "any".
_SEEDS = 2**31
_THINK: Mapping[Effort, Think] = {
    "none": "off",
    "minimal": "off",
    "low": "low",
    "medium": "auto",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
# Fields that only change the style of an answer: left out and listed in `ignored`, unless they have these values.
_NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "top_p": (1, 1.0),
    "presence_penalty": (0, 0.0),
    "frequency_penalty": (0, 0.0),
    "logit_bias": ({},),
    "top_k": (),
    "min_p": (0, 0.0),
    "repeat_penalty": (1, 1.0),
    "repetition_penalty": (1, 1.0),
    "verbosity": (),
    "prediction": (),
    "web_search_options": (),
    "tools": ([],),
    "functions": ([],),
}
# Clients that ask a model for titles, tags and suggestions send an instruction under this heading, with the
# conversation in this element: the templates of Open WebUI, and those made after them.
_TASK = re.compile(r"\A\s*#{1,4} *Task:?\s*\n", re.I)
_TASK_SUBJECT = re.compile(r"<(chat_history|text|context)>.*</\1>", re.S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, as Bunko understands it."""

    inquiry: Inquiry
    model_id: str
    """The name that the client gave, which the answer repeats."""
    stream: bool
    include_usage: bool
    sources_as_text: bool
    ignored: tuple[str, ...]
    """What the request asked for and Bunko left out."""
    notes: tuple[str, ...] = ()


def understand(request: ChatRequest, target: Target) -> Asked:
    """Return the inquiry of a request. Raises Refused, which names the field."""
    _refuse_unsupported(request)
    turns, ignored = _turns(request.messages)
    *before, last = turns
    task = bool(target.library) and is_task(last.content)
    alone = task or not target.library
    if alone:
        system = _system(request.messages)
        history = [*system, *_alternating(before)]
    else:
        history = [_shortened(turn) for turn in before]
    inquiry = Inquiry(
        question=last.content,
        library="" if alone else target.library,
        model=target.model,
        history=() if task else tuple(history),
        overrides=_overrides(request) if alone else _instructions(request) | _overrides(request),
        stop=_stops(request),
        answers=(request.bunko.answers if request.bunko else None) or "new",
    )
    return Asked(
        inquiry=inquiry,
        model_id=request.model,
        stream=bool(request.stream),
        include_usage=bool(request.stream_options and request.stream_options.include_usage),
        sources_as_text=bool(request.bunko and request.bunko.sources == "text"),
        ignored=(*ignored, *_left_out(request)),
        notes=(TASK_NOTE,) if task else (),
    )


def is_task(text: str) -> bool:
    r"""Check whether a message is an instruction about a conversation rather than a question.

    >>> is_task("### Task:\nGenerate a title.\n<chat_history>\nUSER: Hi\n</chat_history>"), is_task("Task: what is it?")
    (True, False)
    """
    return bool(_TASK.match(text) and _TASK_SUBJECT.search(text))


def _refuse_unsupported(request: ChatRequest) -> None:
    """Raise Refused for a field that would change the answer and can't be honoured."""
    if (request.n or 1) != 1:
        raise Refused("A request has one answer: n must be 1.", "Send several requests.", param="n")
    if request.logprobs or request.top_logprobs:
        raise Refused("The log probabilities of tokens are not available.", param="logprobs")
    if request.response_format and request.response_format.type != "text":
        raise Refused(
            f"The response format {request.response_format.type!r} is not supported: answers are text.",
            "Leave response_format out.",
            param="response_format",
        )
    if request.modalities and request.modalities != ["text"]:
        raise Refused("Answers are text only.", param="modalities")
    for name in ("tool_choice", "function_call"):
        choice = getattr(request, name)
        if choice is not None and choice not in ("auto", "none"):
            raise Refused("The model calls no tools, so none can be required.", 'Use "auto".', param=name)
    if request.logit_bias:
        raise Refused("logit_bias is not supported.", param="logit_bias")


def _turns(messages: Sequence[ChatMessage]) -> tuple[list[Message], list[str]]:
    """Return the turns, the question last, and what was left out of them. Raises Refused."""
    # An assistant's message without text calls a tool; Bunko gives the model none.
    spoken = [
        (n, message)
        for n, message in enumerate(messages)
        if message.role == "user" or (message.role == "assistant" and message.content)
    ]
    ignored = ["tool messages"] if any(message.role in _TOOLS for message in messages) else []
    if not spoken:
        raise Refused(
            "There is no question: no message is of the role user.", param="messages", code="missing_required_parameter"
        )
    n, last = spoken[-1]
    earlier = [_readable(sent) for _, sent in spoken[:-1]]
    ignored += ["parts of earlier messages that are not text"] if any(lost for _, lost in earlier) else []
    spoken = [*((m, sent) for (m, _), (sent, _) in zip(spoken, earlier, strict=False)), (n, last)]
    turns = [message for m, sent in spoken if (message := _turn(m, sent)).content]
    if last.role != "user":
        raise Refused(
            "The last message must be the user's: an unfinished answer can't be continued.",
            param=f"messages[{n}].role",
        )
    if not _text(n, last).strip():
        raise Refused("The question is empty.", param=f"messages[{n}].content", code="invalid_value")
    for n, sent in enumerate(messages):
        if sent.role in _SYSTEM:
            _text(n, sent)  # a part that can't be read is refused here, too
    return turns, ignored


def _turn(n: int, message: ChatMessage) -> Message:
    text = _text(n, message).strip()
    if message.role == "user":
        return Message(role="user", content=text)
    return Message(role="assistant", content=without_sources(text), reasoning=message.reasoning_content or "")


def _text(n: int, message: ChatMessage) -> str:
    """Return the text of a message. Raises Refused for parts that are not text."""
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    parts: list[str] = []
    for place, part in enumerate(message.content):
        if part.type not in _READ:
            raise Refused(
                f"A part of the type {part.type[:60]!r} can't be read: only text can.",
                "Leave out pictures, sound and files; put documents into the library's folder.",
                param=f"messages[{n}].content[{place}].type",
            )
        parts.append(part.text or "")
    return "\n".join(parts)


def _readable(message: ChatMessage) -> tuple[ChatMessage, bool]:
    """Return an earlier message without the parts that are not text, and whether it had any.

    They were refused when they were sent. A conversation goes on all the same.
    """
    if message.content is None or isinstance(message.content, str):
        return message, False
    kept = [part for part in message.content if part.type in _READ]
    return message.model_copy(update={"content": kept}), len(kept) < len(message.content)


def _system(messages: Sequence[ChatMessage]) -> list[Message]:
    """Return the system messages as one: most prompt templates have one system prompt, at the beginning."""
    texts = [_text(n, message).strip() for n, message in enumerate(messages) if message.role in _SYSTEM]
    joined = "\n\n".join(text for text in texts if text)
    return [Message(role="system", content=joined)] if joined else []


def _alternating(turns: Sequence[Message]) -> Iterator[Message]:
    """Yield turns that alternate, the user first and the assistant last, as prompt templates require.

    Consecutive messages of one role become one.
    """
    expected = "user"
    held: Message | None = None
    for turn in turns:
        if held and turn.role == held.role:
            held = Message(role=held.role, content=f"{held.content}\n\n{turn.content}", reasoning=turn.reasoning)
        elif held:
            yield held
            held = turn
        elif turn.role == expected:
            held = turn
    if held and held.role == "assistant":
        yield held


def _shortened(turn: Message) -> Message:
    if turn.role == "user":
        return turn
    return Message(role="assistant", content=turn.content[:_REMEMBERED], reasoning=turn.reasoning)


def _instructions(request: ChatRequest) -> dict[str, object]:
    """Return the system and developer messages as instructions, which are added to ours."""
    system = _system(request.messages)
    return {"answers.instructions": system[0].content} if system else {}


def _overrides(request: ChatRequest) -> dict[str, object]:
    """Return the settings that the fields of OpenAI and our own field set; ours win."""
    limits = [limit for limit in (request.max_tokens, request.max_completion_tokens) if limit is not None]
    wanted: dict[str, object] = {
        "generation.max_tokens": min(limits) if limits else None,
        "generation.temperature": request.temperature,
        "generation.seed": None if request.seed is None else request.seed % _SEEDS,
        "generation.think": _THINK[request.reasoning_effort] if request.reasoning_effort else None,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return given | (request.bunko.overrides if request.bunko else {})


def _stops(request: ChatRequest) -> tuple[str, ...]:
    stops = [request.stop] if isinstance(request.stop, str) else request.stop or []
    return tuple(dict.fromkeys(text for text in stops if text))


def _left_out(request: ChatRequest) -> list[str]:
    """Return the names of the fields that were set and have no effect."""
    extra = request.model_extra or {}
    found = []
    for name, neutral in _NEUTRAL.items():
        value = getattr(request, name, None) if name in type(request).model_fields else extra.get(name)
        if value is not None and value not in neutral:
            found.append(name)
    return found
