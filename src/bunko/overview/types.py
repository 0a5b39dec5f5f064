"""The records and types that the modules of this package share. Frozen, standard library only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from bunko.types import Citation, Evidence, Usage

Task: TypeAlias = Literal["count", "list", "mention", "count mentions", "failed", "most", "contents", "summary"]
Join: TypeAlias = Literal["all", "any"]
Terms: TypeAlias = tuple[tuple[str, ...], Join]
"""The words or names to search for, and whether a document must mention all of them."""
Most: TypeAlias = Literal["newest", "oldest", "largest", "smallest"]
Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with the task, the number of documents done, and the number of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a question asks about the whole folder."""

    task: Task
    kind: str = ""
    """Only documents of this kind, a name in `kinds.toml`; empty for all."""
    language: str = ""
    """Only documents in this language, as a code; empty for all."""
    files: bool = False
    """Whether the question asks for files. A file may contain many documents, as a mailbox does."""
    terms: tuple[str, ...] = ()
    """The words or names to be searched for, as written in the question."""
    join: Join = "all"
    """Whether a document must mention all of the terms or any of them."""
    most: Most = "newest"
    each: bool = False
    """Whether a summary has a part for each document, whatever their number."""

    def mentioning(self, terms: tuple[str, ...], join: Join) -> Plan:
        """Return this plan with terms."""
        return replace(self, terms=terms, join=join)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of a survey: the parts of an answer that it finds."""

    text: str
    evidence: tuple[Evidence, ...] = ()
    citations: tuple[Citation, ...] = ()
    unsupported: tuple[str, ...] = ()
    read: int = 0
    """The number of documents whose texts were read."""
    usage: Usage = field(default_factory=Usage)
    finish_reason: Literal["stop", "none"] = "none"
    notes: tuple[str, ...] = ()
