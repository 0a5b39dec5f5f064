"""What the stages of an answer share: the resources they use, and the answer in progress. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bunko.answering.breadth import Breadth
from bunko.answering.refusal import Support
from bunko.answering.reranking import Reranking
from bunko.answering.spans import ReadQuote
from bunko.answering.writing import Written
from bunko.grounding.ground import Grounding
from bunko.ports import Embedder, EntailmentModel, Generator, Quotable, Reader
from bunko.question.question import Question
from bunko.retrieval.duplicates import Distinct
from bunko.settings import Settings
from bunko.stopwatch import Stopwatch
from bunko.types import AnswerSpan, Evidence, Hit, Scope, Translation, Usage

if TYPE_CHECKING:
    from bunko.ports import Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a question is answered with."""

    store: Quotable
    embedder: Embedder
    generator: Generator
    settings: Settings
    """Those that hold for this question."""
    watch: Stopwatch
    documents: int = 0
    """Number of documents in the library, or in `scope`."""
    scope: Scope | None = None
    """The documents that are asked; None: all."""
    entailment: EntailmentModel | None = None
    """Asked whether a source entails a sentence; None: it is not."""
    words_of: Literal["model", "document"] = "model"
    """"document": marked words or the best quote are the answer, and the model is not asked."""
    unread_by_model: frozenset[str] = frozenset()
    """Languages, ISO 639-1, that the model can't read: where the first source is in one, its quote is the answer."""
    reader: Reader | None = None
    """Marks the words that answer a question of fact; None: nothing is marked."""
    reranking: Reranking | None = None
    """Reranks the first passages; None: the search's order stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An answer in progress. Each stage returns a copy with its own fields set."""

    asked: Question
    """As the user wrote it."""
    question: Question
    """As it is searched for: a follow-up is rewritten to stand alone."""
    language: str
    """Of the answer, ISO 639-1."""
    breadth: Breadth
    """How much of the documents it needs."""
    searches: tuple[tuple[Hit, ...], ...] = ()
    """The passages for the question, for each thing that it compares, and for what the first ones led to."""
    named: tuple[str, ...] = ()
    """The documents that it names."""
    hits: tuple[Hit, ...] = ()
    distinct: Distinct = field(default_factory=lambda: Distinct(hits=()))
    """What was left out of the hits since another version says it."""
    vector: Vectors | None = None
    """Of the question, shape (dimension,); None where no dense search was made."""
    evidence: tuple[Evidence, ...] = ()
    quotes: tuple[Evidence, ...] = ()
    """Those of the evidence that may answer by themselves."""
    sources: tuple[Evidence, ...] = ()
    """The evidence that the answer was made from, best first; empty where the question is refused."""
    read: tuple[ReadQuote, ...] = ()
    """What the reader says of the passages of the first quotes."""
    support: Support = field(default_factory=Support)
    span: AnswerSpan | None = None
    """The words of a quote that answer."""
    by_span: bool = False
    """Whether these words are the answer, and no model is asked."""
    written: Written = field(default_factory=lambda: Written(finish_reason="none"))
    grounding: Grounding = field(default_factory=lambda: Grounding(citations=(), unsupported=()))
    translation: tuple[Translation, ...] = ()
    usage: Usage = field(default_factory=Usage)
    notes: tuple[str, ...] = ()

    @property
    def probability(self) -> float | None:
        """How likely the documents answer, or the marked words are the answer, 0 to 1; None if it is not estimated."""
        found = self.support.probability
        return found * self.span.confidence if found is not None and self.by_span and self.span else found
