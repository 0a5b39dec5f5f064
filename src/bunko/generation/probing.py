"""Find out what a server supports. In: a connection. Out: ServerFacts. Its requests cost the server nothing.

llama-server reports everything; other servers report their context window in different places, some nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bunko.engine.failures import bad_answer
from bunko.engine.http import Connection
from bunko.generation.thinking import Tag, tag_in

# Ollama's default, and the smallest context window of recent models.
UNKNOWN_CONTEXT = 4096
_SCALES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What Bunko needs to know of a server and its model."""

    model: str
    """The model's name in requests; empty for a server with one model."""
    context_tokens: int
    is_llama_server: bool
    """Whether it renders templates, counts tokens, and supports llama.cpp's own options."""
    has_system_role: bool = True
    """False if the model's template refuses or drops system messages."""
    tag: Tag | None = None
    """The tags around reasoning, if the model's template has any."""
    can_continue: bool = False
    """Whether the server can continue the last message of the assistant."""
    parameters: int = 0
    """The model's number of parameters; 0 if the server doesn't tell."""


def probe(connection: Connection, *, model: str) -> ServerFacts:
    """Ask a server what it supports. Raises EngineError if it is down, or serves no model."""
    properties = connection.probe("/props")
    if "default_generation_settings" in properties:
        return _llama_server_facts(properties, model, _entries(connection.probe("/v1/models")))
    # Without a model's name, the list of models is required: we must choose from it.
    entries = _entries(connection.probe("/v1/models") if model else connection.get_json("/v1/models"))
    if not model:
        if not entries:
            raise bad_answer(connection.endpoint, "without a list of its models")
        model = str(entries[0].get("id", ""))
    entry = next((entry for entry in entries if entry.get("id") == model), {})
    context = _listed_context(entry) or _lm_studio_context(connection, model)
    shown = {} if context else connection.probe("/api/show", {"model": model})
    context = context or _ollama_context(connection, model, shown)
    return ServerFacts(
        model=model,
        context_tokens=context or UNKNOWN_CONTEXT,
        is_llama_server=False,
        can_continue=entry.get("owned_by") in ("vllm", "sglang"),
        parameters=_ollama_parameters(shown),
    )


def _llama_server_facts(properties: Mapping[str, Any], model: str, entries: Sequence[Mapping[str, Any]]) -> ServerFacts:
    settings, caps = properties["default_generation_settings"], properties.get("chat_template_caps")
    template = str(properties.get("chat_template"))
    return ServerFacts(
        model=model,
        context_tokens=_positive(settings if isinstance(settings, dict) else {}, "n_ctx") or UNKNOWN_CONTEXT,
        is_llama_server=True,
        has_system_role=not isinstance(caps, dict) or caps.get("supports_system_role") is not False,
        tag=tag_in(template),
        parameters=_listed_parameters(entries, model),
    )


def _listed_context(entry: Mapping[str, Any]) -> int:
    """Return the context window from the list of models, under vLLM's name or that of hosted services."""
    return _positive(entry, "max_model_len") or _positive(entry, "context_length") or _positive(entry, "context_window")


def _lm_studio_context(connection: Connection, model: str) -> int:
    for entry in _entries(connection.probe("/api/v0/models")):
        if entry.get("id") == model:
            return _positive(entry, "loaded_context_length")
    return 0


def _listed_parameters(entries: Sequence[Mapping[str, Any]], model: str) -> int:
    """Return the number of parameters of a model in llama-server's list; of the only one, if it has no name."""
    listed = [entry for entry in entries if entry.get("id") == model] or (entries if len(entries) == 1 else [])
    meta = listed[0].get("meta") if listed else None
    return _positive(meta, "n_params") if isinstance(meta, dict) else 0


def _ollama_parameters(shown: Mapping[str, Any]) -> int:
    """Return the number of parameters that Ollama writes as "494.03M"."""
    details = shown.get("details")
    size = details.get("parameter_size") if isinstance(details, dict) else None
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)([KMBT])", size) if isinstance(size, str) else None
    return int(float(found[1]) * _SCALES[found[2]]) if found else 0


def _ollama_context(connection: Connection, model: str, shown: Mapping[str, Any]) -> int:
    """Return the running model's context window, else the one that its file sets."""
    for entry in _entries(connection.probe("/api/ps"), key="models"):
        if model in (entry.get("name"), entry.get("model")):
            return _positive(entry, "context_length")
    parameters = shown.get("parameters")
    found = re.search(r"^num_ctx\s+(\d{1,9})$", parameters, re.MULTILINE) if isinstance(parameters, str) else None
    return int(found[1]) if found else 0


def _entries(answer: Mapping[str, Any], *, key: str = "data") -> list[dict[str, Any]]:
    entries = answer.get(key)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _positive(values: Mapping[str, Any], key: str) -> int:
    value = values.get(key)
    return value if isinstance(value, int) and value > 0 else 0
