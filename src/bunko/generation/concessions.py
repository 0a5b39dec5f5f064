"""Do without what a server refuses. In: a refused request's error. Out: concessions, and request bodies that make them.

Some servers refuse fields that others have (`seed`, `stream_options`), have another name for a field
(`max_completion_tokens`), or a template without a system role. Which, only their messages say. Knows no connections.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bunko.errors import RemoteBadAnswer
from bunko.generation.wire import merge_system
from bunko.types import Message

# A server may name one field at a time.
MOST_RETRIES = 4
# What an answer can do without. `stop` is then applied here. A grammar is none of these: without it, the answer may
# have any form.
_FIELDS = ("stream_options", "seed", "temperature", "stop", "logprobs", "top_logprobs", "reasoning_effort")
_EXTRAS = ("chat_template_kwargs", "add_generation_prompt", "continue_final_message", "top_k", "cache_prompt")
_SYSTEM_ROLE = re.compile(
    r"system[ _-]?(?:role|message|prompt|instruction)|role\W{0,3}system|only user and assistant", re.I
)
_TURNS = re.compile(r"alternat", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concessions:
    """What the requests to a server do without."""

    fields: frozenset[str] = frozenset()
    merges_system: bool = False
    """Whether the system prompt goes into the first user message."""
    merges_turns: bool = False
    """Whether messages of one role that follow each other become one."""
    notes: tuple[str, ...] = ()
    """What the server said of fields that change every answer, for the reader."""
    latest: str = ""
    """What the server said to the last refusal."""

    def body(self, body: Mapping[str, object]) -> dict[str, object]:
        """Return the body of a request with these concessions."""
        made = {name: value for name, value in body.items() if name not in self.fields}
        if "max_tokens" in self.fields and "max_completion_tokens" not in self.fields:
            made["max_completion_tokens"] = body.get("max_tokens")
        messages = body.get("messages")
        if (self.merges_system or self.merges_turns) and isinstance(messages, list):
            made["messages"] = self._merged(messages)
        return made

    def after(self, error: RemoteBadAnswer, body: Mapping[str, object], *, said: str) -> Concessions | None:
        """Return further concessions after a refusal of this body; None if it can't be helped."""
        if error.status not in (400, 422, 500, 501):
            return None
        merged = self._after_roles(body, said)
        if merged or error.status >= 500:
            return merged
        named = {
            name
            for name in (*_FIELDS, *_EXTRAS, "max_tokens", "max_completion_tokens")
            if name in body and re.search(rf"(?<![\w-]){name}(?![\w-])", said)
        }
        if "max_tokens" in body and "max_completion_tokens" in named:
            named = named - {"max_completion_tokens"} | {"max_tokens"}
        if not named:  # it does not say which: everything that OpenAI's first servers did not have
            named = {
                name
                for name in (*_EXTRAS, "stream_options", "logprobs", "top_logprobs", "reasoning_effort")
                if name in body
            }
        if not named:
            return None
        lost = ", ".join(sorted(named))
        instead = "with max_completion_tokens" if named == {"max_tokens"} else "without"
        note = f"The server refused {lost} ({said or 'it does not say why'}); it was asked {instead}."
        lasting = (note,) if named - {"max_tokens", "stream_options"} else ()
        return replace(self, fields=self.fields | named, notes=(*self.notes, *lasting), latest=note)

    def _after_roles(self, body: Mapping[str, object], said: str) -> Concessions | None:
        if not isinstance(messages := body.get("messages"), list):
            return None
        has_system = any(message.get("role") == "system" for message in messages)
        if has_system and not self.merges_system and (_SYSTEM_ROLE.search(said) or _TURNS.search(said)):
            note = f"The server refused a system message ({said}); it was put before the question."
            return replace(self, merges_system=True, latest=note)
        if _TURNS.search(said) and not self.merges_turns:
            return replace(self, merges_turns=True, latest=f"The server refused two turns of one role ({said}).")
        return None

    def _merged(self, messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
        turns = [Message(role=turn["role"], content=turn["content"]) for turn in messages]  # type: ignore[arg-type]
        if self.merges_system:
            turns = merge_system(turns)
        if not self.merges_turns:
            return [{"role": turn.role, "content": turn.content} for turn in turns]
        return [
            {"role": role, "content": "\n\n".join(turn.content for turn in group)}
            for role, group in groupby(turns, key=lambda turn: turn.role)
        ]
