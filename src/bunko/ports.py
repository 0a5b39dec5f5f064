"""Protocols between the stages and the engines, and the records that they exchange. One adapter file per engine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Generator as Stream
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

from bunko.types import Chunk, Document, Hit, Message, Span, Think, Usage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bunko.versions import Sketched

    Vectors: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderSpec:
    """What an embedder reports about itself."""

    name: str
    """Identifies the vectors too: two embedders with the same name must give the same vectors."""
    dimension: int
    languages: frozenset[str]
    """ISO 639-1 codes; {"*"} for about a hundred languages."""
    max_tokens: int
    """Longest input, in its own tokens; longer texts are truncated."""
    related: float = 0.0
    """Cosine similarity that a question and an unrelated passage rarely reach; 0 if it has not been measured."""

    def knows(self, language: str) -> bool:
        """Return whether texts in this language get meaningful vectors."""
        return "*" in self.languages or language in self.languages

    @property
    def table(self) -> str:
        """The name of the table that an index keeps these vectors in."""
        return vectors_table(self.name, self.dimension)


VECTORS_PREFIX = "vectors_"


def vectors_table(name: str, dimension: int) -> str:
    """Return the name of the table for the vectors of an embedder."""
    return VECTORS_PREFIX + hashlib.blake2b(f"{name}/{dimension}".encode(), digest_size=8).hexdigest()


class Embedder(Protocol):
    """Texts -> vectors of length 1 (float32, C order), so that a dot product is the cosine similarity."""

    @property
    def spec(self) -> EmbedderSpec: ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text, in order: shape (len(texts), dimension). Raises EngineError."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """Return the question's vector: shape (dimension,). Raises EngineError."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, without special ones."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entailment:
    """How likely it is that a hypothesis follows from a premise. The three probabilities add up to 1."""

    entailment: float
    """That it follows."""
    neutral: float
    """That it neither follows nor is denied."""
    contradiction: float
    """That it is denied."""


class EntailmentModel(Protocol):
    """Two texts -> probabilities, as models of natural language inference give them."""

    def judge(self, premise: str, hypothesis: str) -> Entailment:
        """Return how likely the premise, a text of a source, entails the hypothesis, a sentence of an answer.

        Called once for a sentence that is not in a source word for word. Raises EngineError.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSpec:
    """What a reader reports about itself."""

    name: str
    languages: frozenset[str]
    """ISO 639-1 codes."""
    least_confidence: float
    """The confidence, 0 to 1, below which what it marks is wrong too often to be shown."""

    def knows(self, language: str) -> bool:
        """Return whether it reads questions and passages in this language."""
        return language in self.languages


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A text that may answer a question."""

    text: str
    within: tuple[tuple[int, int], ...]
    """The stretches that may hold the answer: start and end, in characters of the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSpan:
    """The words of a stretch that answer best."""

    start: int
    """In characters of the passage."""
    end: int
    probability: float
    """That the answer starts and ends there, if the passage answers: 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reader says of one passage."""

    relevance: float
    """The probability that the passage answers the question: 0 to 1."""
    spans: tuple[ReadSpan | None, ...]
    """The best words of each stretch, in their order; None for one without words, or beyond what the reader takes."""


class Reader(Protocol):
    """A question and passages -> how likely each passage answers, and with which of its words. Writes no text."""

    @property
    def spec(self) -> ReaderSpec: ...

    def begin(self) -> None:
        """Begin to load the model, and return at once. Raises nothing; `read` raises what went wrong."""
        ...

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """Return a reading for each passage, in order. Raises ModelBroken, EngineError."""
        ...

    def close(self) -> None:
        """Release the memory. May be called twice; the next question loads it again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerSpec:
    """What a reranker reports about itself."""

    name: str
    languages: frozenset[str]
    """ISO 639-1 codes; {"*"} for about a hundred languages."""
    weight_of_search: float = 0.0
    """How much the search's own order counts beside it: of the logarithm of a passage's share of the best score, added
    to that of the probability that it answers. 0: the reranker's order alone."""

    def knows(self, language: str) -> bool:
        """Return whether it judges questions and passages in this language."""
        return "*" in self.languages or language in self.languages


class Reranker(Protocol):
    """A question and passages -> how well each passage answers."""

    @property
    def spec(self) -> RerankerSpec: ...

    def begin(self) -> None:
        """Begin to load the model, and return at once. `judge` raises what went wrong."""
        ...

    def judge(self, question: str, passages: Sequence[str]) -> list[float]:
        """Return a number for each passage, in order: log odds that it answers, higher is better.

        Raises ModelBroken, WrongModelKind, EngineError.
        """
        ...

    def close(self) -> None:
        """Release the memory. May be called twice; the next question loads it again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationOptions:
    """Options of one completion."""

    max_tokens: int = 256
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    grammar: str = ""
    """GBNF; only engines of the llama.cpp family support it. It turns reasoning off."""
    logprobs: bool = False
    """Whether the last piece should have the text's log probability. Not every server can."""
    think: Think = "auto"
    """Whether and how long the model may reason first; "auto": its own default. Stop texts do not end reasoning."""
    think_tokens: int = 0
    """Most tokens of reasoning, beside `max_tokens`; the model must answer then. 0: the default of `think`."""


FinishReason: TypeAlias = Literal["stop", "length", "content_filter"]
"""How a completion ended: by itself or at a stop text, at its limit, or by a server's filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of a completion as it arrives; the last piece has `finish_reason` and `usage`."""

    text: str = ""
    reasoning: str = ""
    was_thought: bool = False
    """All text before this piece was reasoning: a closing tag came here. `text_of` leaves that text out."""
    thought_cut: bool = False
    """In the last piece: whether the reasoning was cut at its limit."""
    log_probability: float | None = None
    """In the last piece: the natural logarithm of the probability of everything written, reasoning included, before any
    sampling; None if it was not requested, or the server does not report it."""
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    notes: tuple[str, ...] = ()
    """In the last piece: what the reader should know of this answer, such as that a filter stopped it."""
    prompt_ms: float = 0.0
    """In the last piece: time spent on the prompt; 0 if the server does not report it."""
    predicted_ms: float = 0.0


Pieces: TypeAlias = Stream[Piece, None, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorSpec:
    """What a generator reports about itself."""

    name: str
    """The model's name, as answers report it."""
    parameters: int = 0
    """Number of weights; 0 if unknown. Prompts for small models are made differently."""
    notes: tuple[str, ...] = ()
    """What the reader of an answer should know of the model, such as that its chat template is another model's."""
    writes: bool = True
    """False: there is no model behind it, and every completion is empty (`--model none`)."""


class Generator(Protocol):
    """Messages -> tokens. All that writing an answer needs of a language model. Starts its engine when first needed."""

    @property
    def spec(self) -> GeneratorSpec: ...

    def context_tokens(self) -> int:
        """Return how many tokens prompt and completion may have together. Raises EngineError."""
        ...

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Count the rendered prompt's tokens, template included. Raises EngineError."""
        ...

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        """Yield the completion. Closing the generator stops the engine's work at once.

        Raises PromptTooLong, EngineCrashed, EngineTimeout, RemoteUnavailable, RemoteBadAnswer.
        """
        ...


@runtime_checkable
class Timed(Protocol):
    """A generator that knows how fast it reads. Check for it with `isinstance(generator, Timed)`."""

    def tokens_per_s(self) -> float:
        """Return the tokens of a prompt that it reads in a second; 0 if not known, infinite for a server."""
        ...


@runtime_checkable
class Engine(Protocol):
    """Lifecycle of an engine that the program runs itself. A generator may implement it, and need not.

    Check for it with `isinstance(generator, Engine)`. All methods may be called by any thread.
    """

    @property
    def placement(self) -> str:
        """Where the model is, such as "CUDA0: 25 of 29 layers"; empty if it is not loaded, or on a server."""
        ...

    def start(self) -> None:
        """Begin to load the model, and return at once. Errors are raised by the first request."""
        ...

    def prime(self, messages: Sequence[Message]) -> None:
        """Begin to read the messages that later prompts begin with, and return at once. Raises nothing."""
        ...

    def interrupt(self) -> None:
        """Stop the request that is running; its caller gets an EngineError. The next request works as usual."""
        ...

    def close(self) -> None:
        """Stop the engine and release its memory. May be called twice."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a model was asked for one completion."""

    messages: tuple[Message, ...]
    """As they were sent: the prompt of a model that reasons may be a single text of the role "raw"."""
    options: GenerationOptions
    arguments: Mapping[str, object] = field(default_factory=dict)
    """What the model's template was given beside the messages."""


@runtime_checkable
class Observable(Protocol):
    """A generator that reports what it asks its model. It may implement this, and need not."""

    def observe(self, observer: Callable[[Request], None] | None) -> None:
        """Call `observer` with each request of `stream` before it is sent; None: no more."""
        ...

    def render(self, messages: Sequence[Message], *, arguments: Mapping[str, object] | None = None) -> str | None:
        """Return the text that the model's template makes of the messages; None if that is unknown.

        Raises EngineError.
        """
        ...


class Searchable(Protocol):
    """What retrieval needs of a store."""

    def search_dense(self, spec: EmbedderSpec, vector: Vectors, *, limit: int) -> list[Hit]:
        """Return the nearest chunks by cosine similarity, best first, with `dense` set."""
        ...

    def search_lexical(self, query: str, *, limit: int) -> list[Hit]:
        """Return the best chunks by BM25, best first, with `lexical` set."""
        ...

    def similarities(self, spec: EmbedderSpec, keys: Sequence[str], vector: Vectors) -> dict[str, float]:
        """Return the cosine similarity of the chunks with these keys; keys without a vector are left out."""
        ...


@runtime_checkable
class Keyed(Protocol):
    """A store that finds keys first, and their passages when they are needed: reading a passage takes longest."""

    def nearest(self, spec: EmbedderSpec, vector: Vectors, *, limit: int) -> dict[str, float]:
        """Return the keys of the nearest vectors with their cosine similarity, best first."""
        ...

    def passages(self, keys: Sequence[str]) -> list[Chunk]:
        """Return the passages with these keys, in any order."""
        ...


class Quotable(Searchable, Protocol):
    """What answering needs of a store."""

    def pages(self, path: str) -> Sequence[Span]:
        """Return where the pages of a document begin and end, in order; none where it has no pages."""
        ...

    def document(self, path: str) -> Document | None:
        """Return a document with its text; None if there is none of this path."""
        ...

    def paths(self) -> Sequence[str]:
        """Return the paths of the documents that could be read."""
        ...


@runtime_checkable
class Sketching(Protocol):
    """A store that keeps sketches of its documents."""

    def sketched(self, paths: Sequence[str]) -> Sequence[Sketched]:
        """Return what shows which of these documents are copies or versions of each other."""
        ...
