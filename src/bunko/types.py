"""The records that the stages pass on. Frozen, standard library only.

One vocabulary: a *library* holds *documents*; a document is cut into *chunks*; a search returns *hits*
(chunks with scores); the best sentences of the hits are *evidence*; an *answer* carries *citations*.
Offsets (`start`, `end`) always count characters (Unicode code points) of `Document.text`.
Scores are always higher-is-better. Times are milliseconds.

`bunko.contract` makes the JSON, its parser, the schemas and the tables in the documentation from these fields: in this
order, with the docstring below a field as its description. So all records stand in one file, although it is a long one.
"""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bunko.facts import Facts

Role: TypeAlias = Literal["system", "user", "assistant", "raw"]
Mode: TypeAlias = Literal["hybrid", "dense", "lexical"]
Think: TypeAlias = Literal["auto", "off", "low", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A labelled stretch of a document: a page (`label` is its number) or a section (its heading)."""

    start: int
    """Where it starts in the document's text, in code points."""
    end: int
    """Where it ends."""
    label: str
    """The number of a page, the words of a heading, the header row of a table."""
    level: int = 0
    """Depth of a heading, 1 for the topmost; 0 for pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text that is searched and quoted. Offsets count characters of `text`, which is what `bunko show` prints.

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
    """Stretches that hold one row a line. `label` is the header row, which names the columns."""
    format: str = "text"
    left_out: tuple[str, ...] = ()
    """What the file shows and `text` lacks, in sentences of one line: pictures, characters that can't be decoded."""
    facts: Facts = field(default_factory=Facts)
    """What it says of itself, such as its title and its author."""

    def _repr_html_(self) -> str:
        from bunko.notebook_html import document_html

        return document_html(self)


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
    """The document's path, relative to the library's folder, with forward slashes."""
    page: int | None = None
    """The page on which the passage starts, counted from 1; null where there are no pages."""
    start: int
    """Where the passage starts in the document's text, in code points."""
    end: int
    """Where it ends."""
    text: str
    """The passage: exactly the text from `start` to `end`."""
    heading: str = ""
    """The headings above its first character, outermost first, joined by " > "."""
    sections: tuple[Span, ...] = ()
    """The stretches of it that are under other headings, in order; `label` is their headings, joined by " > "."""
    language: str = "en"
    """ISO 639-1 code, detected from the script and the commonest words."""
    key: str = ""
    """The key of its vector: equal for equal heading and text, in any document."""
    library: str = ""
    """The name of the library that holds the document, where several were asked. Left out otherwise."""

    @property
    def file_words(self) -> str:
        """The words of the file's name, without numbers, suffix and folders: often the subject."""
        name = self.path.rpartition("/")[2].rpartition(".")[0] or self.path
        return " ".join(re.findall(r"[^\W\d_]{2,}", name))

    def heading_at(self, offset: int) -> str:
        """Return the headings above a character of the document, which is within the chunk, joined by " > "."""
        n = bisect.bisect_right(self.sections, offset, key=lambda section: section.start) - 1
        return self.sections[n].label if n >= 0 else self.heading

    @property
    def in_context(self) -> str:
        """The headings above the chunk, then its text: what is embedded and searched by words."""
        return under_heading(self.heading, self.text)


def under_heading(heading: str, text: str) -> str:
    """Return a text under its heading: what is embedded, and what the key of its vector is made from."""
    return f"{heading}\n{unwrap(text)}" if heading else unwrap(text)


_JAPANESE = "\u3005-\u3007\u3041-\u3096\u30a1-\u30fc\u3400-\u4dbf\u4e00-\u9fff\uff10-\uff5a「」『』（）〔〕・"
# A shorter line was not wrapped: its last word does not continue on the next line.
_WRAP = re.compile(rf"(?<=[^\n]{{12}})(?<=[{_JAPANESE}、，])\n(?=[{_JAPANESE}])")


def unwrap(text: str) -> str:
    r"""Join lines that were broken between two Japanese characters, where a space or a break would split a word.

    >>> unwrap("この塔は東京にある高い電\n波塔である。\nIt is\nhigh.")
    'この塔は東京にある高い電波塔である。\nIt is\nhigh.'
    """
    return text if text.isascii() else _WRAP.sub("", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk that a search found."""

    chunk: Chunk
    score: float
    """Higher is better; comparable within one result list only."""
    dense: float | None = None
    """Cosine similarity to the question, -1 to 1; None where it was not computed."""
    lexical: float | None = None
    """BM25; None where no word of the question occurs."""

    def _repr_html_(self) -> str:
        from bunko.notebook_html import hit_html

        return hit_html(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedSpan:
    """The words of a quote that answer, as a reader marked them: `document.text[start:end] == text`."""

    start: int
    """Where the words start in the document's text, in code points."""
    end: int
    """Where they end."""
    text: str
    """The words: exactly the text from `start` to `end`."""
    confidence: float
    """How likely they answer the question, from 0 to 1, as the reader says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSpan(MarkedSpan):
    """The marked words of an answer, and whether a model agrees."""

    n: int
    """The place of their quote in `evidence`, counted from 1."""
    agrees: bool | None = None
    """Whether the model's answer says the same; null where the words are the answer, or no model was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """The row of a sheet, or of a document's table, in which a quote starts."""

    sheet: str
    """The name of the sheet in a workbook; else the heading above the table, or the name of its file."""
    row: int
    """The row's number, counted from 1 below the header."""
    columns: tuple[str, ...]
    """The names of the columns, as the header has them."""
    cells: tuple[str, ...]
    """What the row has in each column."""

    @property
    def words(self) -> str:
        """The row in one line.

        >>> TableRow(sheet="Cups", row=2, columns=("Team", "", "Won"), cells=("Leafs", "", "13")).words
        'Cups › Team: Leafs · Won: 13'
        """
        pairs = [f"{name}: {cell}" if name else cell for name, cell in zip(self.columns, self.cells) if cell]  # noqa: B905
        return " › ".join(part for part in (self.sheet, " · ".join(pairs)) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A verbatim quote chosen from the hits, known before the model writes: `text[start:end] == quote`."""

    path: str
    """The document's path, relative to the library's folder, with forward slashes."""
    page: int | None = None
    """The page on which the quote starts, counted from 1; null where there are no pages."""
    start: int
    """Where the quote starts in the document's text, in code points."""
    end: int
    """Where it ends."""
    quote: str
    """The quote: exactly the text from `start` to `end`."""
    score: float
    """Higher is better; comparable within one answer only."""
    heading: str = ""
    """The headings above the quote, outermost first, joined by " > ". Left out where there are none."""
    gives_orders: bool = False
    """True where the quote seems to give orders to a language model; it is not used as a source. Left out otherwise."""
    did_not_fit: bool = False
    """True where the model's context window had no room for the quote, so that it was not read. Left out otherwise."""
    span: MarkedSpan | None = None
    """The words of the quote that answer a question of fact. Left out where none were marked."""
    library: str = ""
    """The name of the library that holds the document, where several were asked. Left out otherwise."""
    fact: str = ""
    """The fact of the document that the quote gives, such as `authors` or `created`: it is in its properties, not in
    its text, and `start` and `end` are 0. Left out otherwise."""
    row: TableRow | None = None
    """The row of a sheet or a table in which it starts. Left out where it is in none."""

    def _repr_html_(self) -> str:
        from bunko.notebook_html import evidence_html

        return evidence_html(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCell:
    """A cell of a table, by the names of its row and its column."""

    row: str
    """The first text of the row."""
    column: str
    """The name of the column; empty where it isn't clear which one answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """The words of a document in which a sentence of the answer was found: `text[start:end] == quote`."""

    n: int
    """The source's place in `evidence`, counted from 1."""
    path: str
    """The document's path, relative to the library's folder, with forward slashes."""
    page: int | None = None
    """The page on which the quote starts, counted from 1; null where there are no pages."""
    start: int
    """Where the quote starts in the document's text, in code points."""
    end: int
    """Where it ends."""
    quote: str
    """The words of the document: exactly the text from `start` to `end`."""
    sentence: str
    """The sentence of the answer."""
    verified: bool = False
    """True only where the sentence was found in the quote: its numbers and names are there, or in another source where
    the question asked about them; so are its words, or words that mean the same; and no sign of a contradiction was
    found. Words are compared: it is no proof that the quote means the same."""
    library: str = ""
    """The name of the library that holds the document, where several were asked. Left out otherwise."""
    fact: str = ""
    """The fact of the document that the quote gives, such as `authors` or `created`: it is in its properties, not in
    its text, and `start` and `end` are 0. Left out otherwise."""
    cell: TableCell | None = None
    """The row and the column of the table that the quote is from. Left out otherwise."""
    row: TableRow | None = None
    """The row of a sheet or a table in which it starts. Left out where it is in none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A sentence of the answer in another language, with the sources of the sentence."""

    sentence: str
    """The sentence of the answer."""
    text: str
    """Its translation."""
    language: str
    """ISO 639-1 code of the translation."""
    complete: bool = True
    """False where the translation is empty, or lacks a number of the sentence."""
    citations: tuple[int, ...] = ()
    """The numbers `n` of the citations of the sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation. A single message of the role "raw" is a plain text to be continued."""

    role: Role
    """`system`, `user` or `assistant`; `raw`: a text to be continued."""
    content: str
    """The text."""
    reasoning: str = ""
    """The reasoning before the content; sent again only to models whose template uses it."""
    evidence: tuple[Evidence, ...] = ()
    """The quotes that an earlier answer was made from, for requests about it; no model is sent them. Left out where
    there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the model read and wrote, in its own tokens."""

    prompt_tokens: int = 0
    """Tokens read."""
    completion_tokens: int = 0
    """Tokens written."""
    cached_tokens: int = 0
    """Tokens of the prompt that were reused from an earlier one, at no cost."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The documents that were asked, where not all were."""

    filters: str
    """The filters as they were understood, in the form in which a question can have them."""
    documents: int
    """Documents that pass them."""
    of: int
    """Documents in the library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """When the same question was answered before, and what that answer cost."""

    at: float
    """When the answer was given, in seconds since 1970."""
    timings: Mapping[str, float]
    """Milliseconds of each stage at that time, and `total`."""
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsQuery:
    """How an answer was computed from the rows of a sheet."""

    sql: str
    """The query, as DuckDB ran it. Its table is the sheet, and its columns are the sheet's."""
    written_by: Literal["form", "model"]
    """`form`: the program wrote it from the words of the question; `model`: the model proposed it."""
    paths: tuple[str, ...]
    """The documents whose rows were looked at."""
    rows: int
    """How many rows were looked at."""
    matched: int
    """How many of them the answer was computed from."""
    columns: tuple[str, ...]
    """The names of the result's columns."""
    result: tuple[tuple[str, ...], ...]
    """The rows of the result: digits with a point before the decimals, dates as in ISO 8601, nothing as an empty text.
    The first 1,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a question: its text, its sources, and what it cost."""

    question: str
    """The question as it was asked."""
    text: str
    """The text of the answer. Source numbers of the model's own, such as `[1]`, stay only where they are right."""
    reasoning: str = ""
    """What a reasoning model wrote before its answer; empty for other models."""
    refused: bool = False
    """True where the documents seem to hold no answer: `answer` says so, and a note says why."""
    evidence: tuple[Evidence, ...] = ()
    """The quotes that were chosen as sources, best first, known before the model writes."""
    span: AnswerSpan | None = None
    """The words of a quote that answer a question of fact, marked before a model is asked. Left out where none were."""
    citations: tuple[Citation, ...] = ()
    """For each sentence of the answer, the sentence of a quote in which it was found or that comes nearest; several
    where its parts have several sources."""
    unsupported: tuple[str, ...] = ()
    """Sentences of the answer that were found in no quote, those with an unverified citation among them."""
    hits: tuple[Hit, ...] = ()
    """The passages that were found, best first."""
    documents_searched: int = 0
    """Documents that were searched: those in the library, or within `scope`."""
    documents_read: int = 0
    """Documents that the answer was made from: those of the quotes that the model read, or all that a scan read."""
    usage: Usage = Usage()
    timings: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds of each stage, in the order in which they ran, and `total`."""
    kind: str = "fact"
    """What the question asks for: `fact`, `definition`, `reason`, `comparison`, `list`, `open`, `yes_no`, `summary` or
    `greeting`."""
    model: str = ""
    """The model that answered."""
    embedder: str = ""
    """The embedding model that found the passages."""
    translation: tuple[Translation, ...] = ()
    """Each sentence of the answer in another language. Left out where no translation was asked for."""
    remembered: Remembered | None = None
    """Present only in an answer that was given before; `usage` and `timings_ms` are then those of finding it."""
    closest_quote: bool = False
    """True where the model gave no answer, or one that is not in the documents: `answer` is then the closest quote, and
    a note has the model's words. Left out otherwise."""
    notes: tuple[str, ...] = ()
    """What the user should know about how the answer was made, in plain sentences."""
    standalone_question: str = ""
    """The question as it was searched for: a follow-up is rewritten with the conversation before it."""
    finish_reason: Literal["stop", "length", "content_filter", "loop", "none"] = "stop"
    """`stop`; `length`: it was cut at the token limit; `content_filter`: the model's server stopped it; `loop`: the
    model repeated itself and was stopped; `none`: the model was not asked."""
    scope: Scope | None = None
    """The documents that were asked. Left out where all were."""
    revision: tuple[str, ...] = ()
    """What was asked of the answer before: `shorter`, `one_sentence`, `summary`, `longer`, `bullets`, `table`, or the
    code of a language. `standalone_question` is then the question of that answer. Left out for a question."""
    support: float = math.inf
    """How well the evidence supports an answer: the strictness above which the question is refused; null for never."""
    probability: float | None = None
    """How likely the documents answer, from 0 to 1; for marked words, how likely they are the answer. Left out where it
    is not estimated."""
    query: RowsQuery | None = None
    """How the answer was computed from the rows of a sheet. Left out for every other answer."""

    @property
    def documents_cited(self) -> int:
        """The number of distinct documents among the citations."""
        return len({citation.path for citation in self.citations})

    @property
    def documents_quoted(self) -> int:
        """The number of distinct documents among the evidence."""
        return len({item.path for item in self.evidence})

    def __str__(self) -> str:
        """Return the text with its sources."""
        from bunko.plain_text import answer_text

        return answer_text(self)

    def _repr_html_(self) -> str:
        from bunko.notebook_html import answer_html

        return answer_html(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFile:
    """A file that could not be read."""

    path: str
    """The file's path, relative to the library's folder, with forward slashes."""
    error: str
    """Why it could not be read."""
    hint: str = ""
    """What to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A link that was not followed, or a document that was not read to the last part."""

    path: str
    """Its path, relative to the library's folder, with forward slashes."""
    reason: str
    """What was left out, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What a sync changed."""

    added: int = 0
    """Documents that were added."""
    updated: int = 0
    """Documents that were indexed again."""
    removed: int = 0
    """Documents that were removed from the index."""
    unchanged: int = 0
    """Documents that were left as they were."""
    failed: tuple[FailedFile, ...] = ()
    """Files that could not be read."""
    left_out: tuple[LeftOut, ...] = ()
    """What the folder shows and no document has: links that are not followed, and parts of documents that were read,
    such as pictures. Left out if there is none."""
    documents: int = 0
    """Documents in the library after the sync."""
    chunks: int = 0
    """Passages in the library after the sync."""
    seconds: float = 0.0
    """How long the sync took."""
    unembedded: int = 0
    """Chunks that have no vector yet; they are found by their words meanwhile."""
    notes: tuple[str, ...] = ()
    """What was wrong with the index and had to be made again, in sentences."""

    def __str__(self) -> str:
        """Return what changed in a line, then the files that could not be read."""
        from bunko.plain_text import report_text

        return report_text(self)

    def _repr_html_(self) -> str:
        from bunko.notebook_html import report_html

        return report_html(self)


# What `Library.stream` yields, in this order: Retrieved, any number of deltas, Finished.


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """Retrieval is done: the evidence can be shown while the model reads it."""

    question: str
    """The question as it was searched for."""
    evidence: tuple[Evidence, ...]
    """The quotes that were chosen as sources, best first."""
    hits: tuple[Hit, ...]
    """The passages that were found, best first."""
    span: AnswerSpan | None = None
    """The words of a quote that answer, where a model is asked for a fuller answer. Left out otherwise."""
    seconds: float = 0.0
    """Seconds since the question was asked. Left out where it is not known."""
    scope: Scope | None = None
    """The documents that are asked. Left out where all are."""


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
