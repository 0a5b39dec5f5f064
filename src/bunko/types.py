"""The records that travel between the stages. Frozen, standard library only.

One vocabulary: a *library* holds *documents*; a document is cut into *chunks*; a search returns *hits*
(chunks with scores); the best sentences of the hits are *evidence*; an *answer* carries *citations*.
Offsets (`start`, `end`) always count characters (Unicode code points) of `Document.text`.
Scores are always higher-is-better. Times are milliseconds.
"""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["system", "user", "assistant", "raw"]
Mode: TypeAlias = Literal["hybrid", "dense", "lexical"]
Think: TypeAlias = Literal["auto", "off", "low", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A labelled stretch of a document: a page (`label` is its number) or a section (its heading)."""

    start: int
    end: int
    label: str
    level: int = 0
    """Depth of a heading, 1 for the topmost; 0 for pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text to be searched and quoted. `text` is exactly what offsets count in, and what `bunko show` prints.

    Most files hold one document. An archive, a mailbox or a JSONL file holds many: see `member_path`.
    """

    path: str
    """Relative to the library's folder, with forward slashes."""
    text: str
    pages: tuple[Span, ...] = ()
    headings: tuple[Span, ...] = ()
    """Sections in reading order; a section ends where the next heading of its level or above begins.

    The sheets of a workbook are sections, too.
    """
    tables: tuple[Span, ...] = ()
    """Stretches that hold one row a line. `label` is the header row, which tells what the cells mean."""
    format: str = "text"


def member_path(file: str, member: str) -> str:
    """Return the path of a document that is one of many in a file.

    >>> member_path("mails/2024.mbox", "17")
    'mails/2024.mbox#17'
    """
    return f"{file}#{member}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A stretch of a document, the unit of retrieval: `document.text[start:end] == text`."""

    path: str
    start: int
    end: int
    text: str
    page: int | None = None
    """The page on which the chunk starts, counted from 1; None where there are no pages."""
    heading: str = ""
    """The headings above the chunk, outermost first, joined by " > "."""
    language: str = "en"
    """ISO 639-1 code, found from the script and the commonest words."""
    key: str = ""
    """What its vector is stored under: equal for equal heading and text, wherever they stand."""

    @property
    def file_words(self) -> str:
        """The words of the file's name, without numbers, its ending and the folders: often the subject."""
        name = self.path.rpartition("/")[2].rpartition(".")[0] or self.path
        return " ".join(re.findall(r"[^\W\d_]{2,}", name))

    @property
    def in_context(self) -> str:
        """The headings above the chunk, then its text: what is embedded, and searched by words."""
        return under_heading(self.heading, self.text)


def under_heading(heading: str, text: str) -> str:
    """Return a text in its context, which is what is embedded and what the key of its vector stands for."""
    return f"{heading}\n{unwrap(text)}" if heading else unwrap(text)


_JAPANESE = "\u3005-\u3007\u3041-\u3096\u30a1-\u30fc\u3400-\u4dbf\u4e00-\u9fff\uff10-\uff5a「」『』（）〔〕・"
# A shorter line is no full one: it stands for itself, and its last word does not go on.
_WRAP = re.compile(rf"(?<=[^\n]{{12}})(?<=[{_JAPANESE}、，])\n(?=[{_JAPANESE}])")


def unwrap(text: str) -> str:
    r"""Join lines that were broken between two Japanese characters, where a space or a break would part a word.

    >>> unwrap("この塔は東京にある高い電\n波塔である。\nIt is\nhigh.")
    'この塔は東京にある高い電波塔である。\nIt is\nhigh.'
    """
    return _WRAP.sub("", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk that a search found."""

    chunk: Chunk
    score: float
    """Comparable within one result list only."""
    dense: float | None = None
    """Cosine similarity to the question, -1 to 1; None where it was not computed."""
    lexical: float | None = None
    """BM25; None where no word of the question occurs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A verbatim quote chosen from the hits, known before the model speaks: `text[start:end] == quote`."""

    path: str
    start: int
    end: int
    quote: str
    score: float
    page: int | None = None
    heading: str = ""
    gives_orders: bool = False
    """True where the quote seems to give orders to a language model: no source for an answer to lean on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Which words of which document carry a sentence of the answer: `text[start:end] == quote`."""

    n: int
    """The source's place in the answer's evidence, counted from 1."""
    path: str
    start: int
    end: int
    quote: str
    sentence: str
    """The sentence of the answer that is carried."""
    page: int | None = None
    verified: bool = False
    """True only where the sentence was checked against the quote: its numbers and names stand there, or in another
    source where the question asked about them, its words too or others that mean the same, and not the contrary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A sentence of the answer in another language. What carries the sentence carries it as well."""

    sentence: str
    text: str
    language: str
    complete: bool = True
    """False where it lacks a number of its sentence, or is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation; alone, of the role "raw", a text to be gone on with as it stands."""

    role: Role
    content: str
    reasoning: str = ""
    """What was thought before it was said; sent again only to models whose template wants it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the model read and wrote, in its own tokens."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Those of the prompt that were reused from an earlier one, and cost nothing."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """That an answer was given before, to the same question, and what it cost then."""

    at: float
    """Seconds since the epoch."""
    timings: Mapping[str, float]
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What `ask` returns: the text, where it comes from, and what it cost."""

    question: str
    text: str
    reasoning: str = ""
    refused: bool = False
    """True where the documents seem to hold no answer: `text` says so, and `notes` why."""
    support: float = math.inf
    """How much speaks for an answer: the strictness above which the question is refused."""
    evidence: tuple[Evidence, ...] = ()
    citations: tuple[Citation, ...] = ()
    unsupported: tuple[str, ...] = ()
    """Sentences of the answer that no source in the prompt carries; those with an unverified citation among them."""
    translation: tuple[Translation, ...] = ()
    """Each sentence of the answer in another language, where one was asked for."""
    hits: tuple[Hit, ...] = ()
    documents_searched: int = 0
    documents_read: int = 0
    """Those whose words the answer was made from: what the model read, or all that a scan looked at."""
    usage: Usage = Usage()
    timings: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds for each stage, in the order in which they ran, and "total"."""
    model: str = ""
    embedder: str = ""
    notes: tuple[str, ...] = ()
    """What the user should know about how the answer came about, in plain sentences."""
    standalone_question: str = ""
    """The question as it was searched for: a follow-up is rewritten with what was said before."""
    finish_reason: Literal["stop", "length", "loop", "none"] = "stop"
    """"loop": the model repeated itself and was stopped; "none": it was not asked."""
    remembered: Remembered | None = None
    """Set where the answer was given before; `usage` and `timings` are then those of finding it again."""

    @property
    def documents_cited(self) -> int:
        """The number of distinct documents among the citations."""
        return len({citation.path for citation in self.citations})


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFile:
    """A file that could not be read, why, and what would help."""

    path: str
    error: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a sync changed. `added`, `updated`, `removed`, `unchanged` count documents."""

    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    failed: tuple[FailedFile, ...] = ()
    documents: int = 0
    """Documents in the library after the sync."""
    chunks: int = 0
    seconds: float = 0.0
    unembedded: int = 0
    """Chunks whose vectors are still to be made; they are found by their words meanwhile."""


# What `Library.stream` yields, in this order: Retrieved, any number of deltas, Finished.


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """Retrieval is done: the evidence can be shown while the model reads it."""

    question: str
    """As it was searched for."""
    evidence: tuple[Evidence, ...]
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningDelta:
    """The next piece of the model's reasoning, which is not part of the answer."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The answer is complete."""

    answer: Answer


Event: TypeAlias = Retrieved | TextDelta | ReasoningDelta | Finished


def page_at(pages: Sequence[Span], offset: int) -> int | None:
    """Return the number of the page that holds a character; None where there are no pages."""
    n = bisect.bisect_right(pages, offset, key=lambda page: page.start) - 1
    return int(pages[n].label) if n >= 0 else None
