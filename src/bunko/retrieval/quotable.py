"""Find the sentences of passages that may be quoted. In: hits. Out: sentences with their surroundings.

Headings, marks and lone labels are none. Knows nothing of questions and scores.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bunko.language.entries import is_label_alone, label_of
from bunko.language.numbered_parts import is_label
from bunko.language.sentences import sentences
from bunko.language.words import estimate_tokens, source_words
from bunko.retrieval.question_answer_pairs import AnsweringSentence, answering_sentences
from bunko.types import Chunk, Hit

# Tokens, about 12 letters or 3 Japanese characters. Shorter pieces are headings, list marks, page numbers; they are
# used only where they are statements, answer a question in the text, or where the passage has nothing else.
_SHORTEST = 5
_STATEMENT = re.compile(r"[.!?。！？]\W*$|^\w[^:：]*(?:: |：)\S")
# Structure without content: headings, code fences, table rules.
_NO_SENTENCE = re.compile(r"#{1,6}\s|`{3}|~{3}|[\s|:=_*-]+$")
_TABLE_RULE = "|:- \t"  # the signs of the line below the names of a Markdown table's columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence of a passage, with what its surroundings say."""

    chunk: Chunk
    start: int
    """In characters of the document, as in Chunk."""
    end: int
    quote: str
    words: frozenset[str]
    context: frozenset[str]
    """Words of the headings above it, the file's name and the sentence before that it does not contain itself."""
    rank: int
    passage: float
    """The score of its passage, relative to the best passage."""
    heading: str
    """The headings above it, joined by " > "."""
    question: str
    """The question in the document that it answers, if there is one."""
    said: frozenset[str]
    """Its words and those of `question`."""
    label: str
    """What stands before its first colon; empty where none is near its beginning."""


def candidates_of(hits: Sequence[Hit]) -> list[Candidate]:
    """Return the sentences of the hits that may be quoted, in the order of the hits; of each hit at least one."""
    best = max((hit.score for hit in hits), default=0.0)
    return [
        _candidate(hit, rank, item, before=before, best=best)
        for rank, hit in enumerate(hits)
        for item, before in _sentences_of(hit.chunk)
    ]


def _sentences_of(chunk: Chunk) -> Iterator[tuple[AnsweringSentence, str]]:
    """Yield the sentences of a passage that may be quoted, each with the sentence before it in its section."""
    text, offset = chunk.text, chunk.start
    spans = sentences(text)
    whole = [item for item in answering_sentences(text, spans) if _is_quotable(chunk, item)]
    for item in whole or [AnsweringSentence(start=start, end=end) for start, end in spans]:
        n = bisect.bisect_left(spans, (item.start,)) - 1
        before = spans[n] if n >= 0 else (0, 0)
        in_section = chunk.heading_at(offset + before[0]) == chunk.heading_at(offset + item.start)
        sentence = text[before[0] : before[1]] if in_section else ""
        if not item.question and is_label_alone(sentence) and not text[before[1] : item.start].strip(" \n"):
            yield replace(item, start=before[0]), ""
        else:
            yield item, sentence


def _is_quotable(chunk: Chunk, item: AnsweringSentence) -> bool:
    """Return whether a sentence is more than a heading, a mark or the names of a table's columns."""
    quote = chunk.text[item.start : item.end]
    is_long = estimate_tokens(quote) >= _SHORTEST or (_STATEMENT.search(quote) and len(source_words(quote)) > 1)
    if _NO_SENTENCE.match(quote) or is_label_alone(quote) or is_label(quote) or not (item.question or is_long):
        return False
    if "|" in quote and _is_above_rule(chunk.text, item.end):
        return False  # the rows are shown with their columns
    return quote not in chunk.heading_at(chunk.start + item.start).split(" > ")


def _is_above_rule(text: str, end: int) -> bool:
    """Return whether the line after a place is the rule below the names of a Markdown table's columns."""
    line = text[end:].lstrip(" \t").removeprefix("\n").partition("\n")[0]
    return "-" in line and not line.strip(_TABLE_RULE)


def _candidate(hit: Hit, rank: int, item: AnsweringSentence, *, before: str, best: float) -> Candidate:
    chunk = hit.chunk
    quote = chunk.text[item.start : item.end]
    heading = chunk.heading_at(chunk.start + item.start)
    own = source_words(quote)
    said = own | source_words(item.question)
    return Candidate(
        chunk=chunk,
        start=chunk.start + item.start,
        end=chunk.start + item.end,
        quote=quote,
        words=own,
        heading=heading,
        question=item.question,
        said=said,
        label=label_of(quote),
        context=source_words(f"{chunk.file_words} {heading}\n{before}") - said,
        rank=rank,
        passage=hit.score / best if best > 0 else 0.0,
    )


def in_full(candidate: Candidate) -> str:
    """Return a sentence after the question in the document that it answers, if there is one."""
    return f"{candidate.question} {candidate.quote}" if candidate.question else candidate.quote


def is_structure(text: str) -> bool:
    r"""Return whether a text has only headings, code fences and table rules.

    >>> is_structure("## The mill\n\n---"), is_structure("## The mill\nIt is old.")
    (True, False)
    """
    return all(_NO_SENTENCE.match(line.strip()) for line in text.splitlines() if line.strip())
