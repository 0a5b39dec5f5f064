"""Format chat completions for the wire. In: messages, events. Out: request bodies, usage. Knows no connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bunko.generation.probing import ServerFacts
from bunko.ports import GenerationOptions
from bunko.types import Message, Usage

# Different servers have different names for the same field: DeepSeek's and llama-server's, then Ollama's and vLLM's.
REASONING_FIELDS = ("reasoning_content", "reasoning")


def is_raw(messages: Sequence[Message]) -> bool:
    """Return whether this is a plain text to be continued, without a template."""
    return len(messages) == 1 and messages[0].role == "raw"


def merge_system(messages: Sequence[Message]) -> list[Message]:
    r"""Put the system prompt before the first user message, for templates without a system role.

    >>> merged = merge_system([Message(role="system", content="Be brief."), Message(role="user", content="Hi")])
    >>> [(message.role, message.content) for message in merged]
    [('user', 'Be brief.\n\nHi')]
    """
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    others = [message for message in messages if message.role != "system"]
    if not system:
        return others
    if not others or others[0].role != "user":
        return [Message(role="user", content=system), *others]
    return [Message(role="user", content=f"{system}\n\n{others[0].content}"), *others[1:]]


def wire_messages(messages: Sequence[Message], facts: ServerFacts) -> list[dict[str, str]]:
    """Return messages as the API has them, the system prompt merged into the first one where the template has no system role."""
    if not facts.has_system_role:
        messages = merge_system(messages)
    return [
        {"role": message.role, "content": message.content}
        | ({"reasoning_content": message.reasoning} if message.reasoning else {})
        for message in messages
    ]


def request_body(messages: Sequence[Message], options: GenerationOptions, facts: ServerFacts) -> dict[str, object]:
    """Return the body of a streaming request, without what only some servers accept."""
    body: dict[str, object] = {
        **({"prompt": messages[0].content} if is_raw(messages) else {"messages": wire_messages(messages, facts)}),
        "max_tokens": options.max_tokens,
        "temperature": options.temperature,
        "seed": options.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if facts.model:
        body["model"] = facts.model
    if options.stop:
        body["stop"] = list(options.stop)
    if options.grammar:  # a server that does not support it should refuse it, not ignore it
        body["grammar"] = options.grammar
    if facts.is_llama_server and options.temperature == 0:
        body["top_k"] = 1
    return body


def usage_of(event: Mapping[str, Any]) -> Usage | None:
    """Return the usage that an event reports, None if it reports none."""
    usage, timings = as_mapping(event.get("usage")), as_mapping(event.get("timings"))
    if not usage and timings:  # llama-server gives no usage for a plain text
        cached = count_of(timings, "cache_n")
        read, written = count_of(timings, "prompt_n") + cached, count_of(timings, "predicted_n")
        return Usage(prompt_tokens=read, completion_tokens=written, cached_tokens=cached)
    if not usage:
        return None
    details = as_mapping(usage.get("prompt_tokens_details"))
    return Usage(
        prompt_tokens=count_of(usage, "prompt_tokens"),
        completion_tokens=count_of(usage, "completion_tokens"),
        cached_tokens=count_of(details, "cached_tokens") or count_of(timings, "cache_n"),
    )


def log_probabilities_of(choice: Mapping[str, Any]) -> list[float]:
    """Return the log probabilities of an event's tokens, in the chat form or in the older form for plain texts.

    >>> log_probabilities_of({"logprobs": {"content": [{"token": "a", "logprob": -0.5}]}})
    [-0.5]
    >>> log_probabilities_of({"logprobs": {"token_logprobs": [-1, None]}}), log_probabilities_of({"logprobs": None})
    ([-1.0], [])
    """
    logprobs = as_mapping(choice.get("logprobs"))
    content, plain = logprobs.get("content"), logprobs.get("token_logprobs")
    values = [as_mapping(token).get("logprob") for token in content] if isinstance(content, list) else plain
    return [float(value) for value in values if isinstance(value, int | float)] if isinstance(values, list) else []


def as_mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def count_of(values: Mapping[str, Any], key: str) -> int:
    """Return an integer of a JSON object; 0 if there is none."""
    value = values.get(key)
    return value if isinstance(value, int) else 0


def milliseconds_of(values: Mapping[str, Any], key: str) -> float:
    """Return a number of a JSON object as a float; 0 if there is none."""
    value = values.get(key)
    return float(value) if isinstance(value, int | float) else 0.0
