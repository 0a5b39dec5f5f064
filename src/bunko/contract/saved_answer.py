"""The records of a saved answer, and of what changed when it was replayed. Frozen, standard library only.

Knows nothing of files, models and libraries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bunko.types import Answer, Message

FORMAT = "bunko saved answer"
FORMAT_VERSION = 1

Changed: TypeAlias = Literal[
    "version", "model", "embedder", "settings", "documents", "passages", "evidence", "prompt", "text"
]
"""What can differ between an answer and its replay, causes before effects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFile:
    """A file that an answer depends on."""

    name: str
    """Its name, without its folder; of an adapter, with its scale."""
    bytes: int
    """Its size."""
    sha256: str
    """The SHA-256 of its content, in hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedModel:
    """A model that an answer depends on."""

    name: str
    """Its name, as answers show it."""
    files: tuple[SavedFile, ...] = ()
    """Its files. Empty for a model on a server, whose changes can't be seen."""
    adapters: tuple[SavedFile, ...] = ()
    """The LoRA adapters that were applied to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPrompt:
    """One request to the model."""

    messages: tuple[Message, ...]
    """The messages as they were sent. The role `raw` is a plain text, which the model continues."""
    rendered: str = ""
    """The text that the model's template made of them; empty where only the server knows it."""
    arguments: Mapping[str, object] = field(default_factory=dict)
    """What the template was given beside the messages."""
    max_tokens: int
    """The most tokens that it could write."""
    temperature: float
    """The temperature."""
    seed: int
    """The seed."""
    stop: tuple[str, ...] = ()
    """The texts at which it had to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedDocument:
    """A document from which passages or quotes were taken."""

    path: str
    """Its path, relative to the library's folder, with forward slashes."""
    sha256: str
    """The SHA-256 of its text, as `bunko show` prints it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPassage:
    """A passage that was found."""

    path: str
    """The document's path."""
    start: int
    """Where it starts in the document's text, in code points."""
    end: int
    """Where it ends."""
    sha256: str
    """The SHA-256 of its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedLibrary:
    """The library that was asked."""

    folder: str
    """The folder, as an absolute path."""
    documents: int
    """How many documents it had."""
    sha256: str
    """A hash of the paths and contents of all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedAnswer:
    """An answer with everything that it was made from."""

    format: str = FORMAT
    """Always `bunko saved answer`."""
    format_version: int = FORMAT_VERSION
    """The version of this format, 1."""
    saved_at: float
    """When it was saved, in seconds since 1970."""
    question: str
    """The question."""
    library: SavedLibrary | None = None
    """Null where the model was asked without documents (`--no-rag`)."""
    settings: Mapping[str, object]
    """Every setting that matters to an answer, by its dotted name, with the value that held. Paths are absolute."""
    versions: Mapping[str, str]
    """The versions of Bunko, of Python, and of the packages that run the models and the index."""
    model: SavedModel
    """The language model."""
    embedder: SavedModel
    """The embedding model."""
    context_tokens: int = 0
    """The size of the context window; 0 where the model was not asked."""
    placement: str = ""
    """Where the model ran, such as `processor, 2 threads`."""
    prompts: tuple[SavedPrompt, ...] = ()
    """What the model was asked, in order. Empty where it was not asked."""
    documents: tuple[SavedDocument, ...] = ()
    """The documents of the passages and quotes."""
    passages: tuple[SavedPassage, ...] = ()
    """The passages that were found, best first."""
    answer: Answer
    """The answer, with all of its fields: evidence, citations, hits, notes and timings among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that differs between a saved answer and its replay."""

    what: Changed
    """What has changed."""
    message: str
    """The change, in a sentence."""
    before: str
    """What it was, shortened."""
    now: str
    """What it is now, shortened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A saved answer, compared with the answer that the same question gets now."""

    question: str
    """The question."""
    changed: bool
    """Whether anything has changed."""
    changes: tuple[Change, ...]
    """What has changed, causes before effects."""
    notes: tuple[str, ...]
    """What could not be compared, in sentences."""
    before: str
    """The text of the saved answer."""
    saved_at: float
    """When it was saved, in seconds since 1970."""
    answer: Answer
    """The answer now, as `bunko ask --json` prints it."""
