"""Mark the words that answer a question of fact. In: a question, quotes, hits, a reader. Out: the words, or None.

A reader is a small model that marks words and writes none (`bunko.ports.Reader`). It reads the passages of the best
quotes, and what it marks lies within a quote. Knows nothing of how the words are shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bunko.answering.trust import confidence_of, least_confidence_of
from bunko.grounding.citation_marks import take_marks
from bunko.grounding.ground import Grounding
from bunko.grounding.verbatim import only_repeats
from bunko.language.sentences import sentences
from bunko.language.words import source_words, words
from bunko.models.ability import ability_of
from bunko.ports import GeneratorSpec, Passage, Reader, ReaderSpec, Reading, ReadSpan
from bunko.question.answer_type import may_answer
from bunko.question.parts import parts
from bunko.question.question import Question
from bunko.settings import Settings
from bunko.types import AnswerSpan, Chunk, Citation, Evidence, Hit, MarkedSpan

# Quotes that are read, the best ones. A passage takes about 20 ms on one core.
_READ = 3
# The four logarithms that add up to a quote's score: of the passage's relevance and of the words' probability, with the
# weights that did best on questions about two articles of SQuAD 2.0 for the search's own order: of passages, of quotes.
_WEIGHT_OF_PASSAGE = 4.0
_WEIGHT_OF_QUOTE = 4.0
_SHARE_OF_RANK = (1.0, 0.6, 0.4)
_LEAST_SCORE = 0.05
"""Of a passage, relative to the best one: the last of a search has 0, which has no logarithm."""
_AGREEING = 0.5
"""Share of the words of the shorter text that the other one has, where both say the same."""
_AT_THE_END = " \t\n,;:、。，．`*"
_PAIRS = {")": "(", "]": "[", "）": "（", "」": "「", "』": "『", "”": "“"}
# A Japanese particle after a word in other letters than hiragana: 1867年に
_PARTICLE = re.compile(r"(?<=[\u30a1-\u30ff\u3400-\u9fff々〆0-9０-９A-Za-z」』）)])[にをはがでへと]\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadQuote:
    """What a reader says of the passage of a quote."""

    n: int
    """The quote's place, counted from 1."""
    text: str
    """The passage, or the quote alone."""
    offset: int
    """Where it starts in the document, in characters."""
    share: float
    """The passage's score, relative to the best one."""
    reading: Reading


def find_span(
    question: Question, evidence: Sequence[Evidence], hits: Sequence[Hit], reader: Reader
) -> AnswerSpan | None:
    """Return the words of the first quotes that answer a question of fact; None where the reader is not sure.

    `n` of the result is the quote's place in `evidence`, counted from 1. Raises ModelBroken, EngineError.
    """
    if not _is_asked_for_words(question):
        return None
    return choose_span(question, read_quotes(question, evidence, hits, reader), reader.spec)


def read_quotes(
    question: Question, evidence: Sequence[Evidence], hits: Sequence[Hit], reader: Reader
) -> list[ReadQuote]:
    """Read the passages of the first quotes. Raises ModelBroken, EngineError.

    Quotes in a language that the reader does not know are left out, and so are those that give orders.
    """
    if question.is_bare or not reader.spec.knows(question.language):
        return []
    passages: list[Passage] = []
    places: list[tuple[int, int, float]] = []
    asked = question.distinct_words
    has_all = bool(evidence) and asked <= source_words(evidence[0].quote)
    best = max((hit.score for hit in hits), default=0.0)
    for n, item in enumerate(evidence[:_READ], 1):
        hit = _hit_of(item, hits)
        language = hit.chunk.language if hit else question.language
        if item.gives_orders or not reader.spec.knows(language):
            continue
        if has_all and not asked <= source_words(item.quote):  # another line, of another thing
            continue
        passage, offset = _passage(item, hit.chunk if hit else None)
        relative = hit.score / best if hit and best > 0 else 1.0
        passages.append(passage)
        places.append((n, offset, max(relative, _LEAST_SCORE)))
    readings = reader.read(question.text, passages) if passages else []
    return [
        ReadQuote(n=n, text=passage.text, offset=offset, share=share, reading=reading)
        for (n, offset, share), passage, reading in zip(places, passages, readings, strict=True)
    ]


def choose_span(question: Question, read: Sequence[ReadQuote], spec: ReaderSpec) -> AnswerSpan | None:
    """Return the words that answer a question of fact; None where the reader is not sure.

    Their confidence is how often words of such a score are right, where that was measured.
    """
    if not _is_asked_for_words(question):
        return None
    found: list[tuple[float, AnswerSpan]] = []
    for one in read:
        (span,) = one.reading.spans
        if span is None or span.probability <= 0 or one.reading.relevance <= 0:
            continue
        confidence = one.reading.relevance * span.probability
        marked = _marked(span, one.text, one.offset, confidence=confidence, n=one.n)
        if marked is None or only_repeats(marked.text, question) or _is_of_another_type(marked.text, question):
            continue
        rank = _WEIGHT_OF_QUOTE * _SHARE_OF_RANK[one.n - 1] + _WEIGHT_OF_PASSAGE * math.log(one.share)
        found.append((math.log(confidence) + rank, marked))
    _, chosen = max(found, key=lambda pair: pair[0], default=(0.0, None))
    if chosen is None:
        return None
    chosen = replace(chosen, confidence=confidence_of(chosen.confidence, spec.name))
    least = least_confidence_of(spec.name, otherwise=spec.least_confidence)
    return chosen if chosen.confidence >= least else None


def is_read_for_words(question: Question, read: Sequence[ReadQuote]) -> bool:
    """Return whether a reader looked for the words that answer, whatever it found."""
    return bool(read) and _is_asked_for_words(question)


def _is_of_another_type(text: str, question: Question) -> bool:
    """Return whether words can't answer: no number or time, where one is asked for."""
    return question.expects in ("number", "time") and not may_answer(text, question.expects, asked=frozenset())


def stands_alone(spec: GeneratorSpec, settings: Settings) -> bool:
    """Return whether marked words are the answer: a tiny model is right less often, unless the user instructs it."""
    wants_model = settings.generation.style == "free" or settings.answers.prompt_file or settings.answers.instructions
    return not wants_model and ability_of(spec, settings.generation) == "tiny"


def is_for_reader(question: Question, reader: Reader | None, spec: GeneratorSpec, settings: Settings) -> bool:
    """Return whether a reader will probably answer without the model, so that the model need not be started early.

    Passages in a language that the reader does not know go to the model all the same.
    """
    reads = reader is not None and reader.spec.knows(question.language) and _is_asked_for_words(question)
    return reads and not settings.generation.translation and stands_alone(spec, settings)


def with_span(evidence: Sequence[Evidence], span: AnswerSpan) -> tuple[Evidence, ...]:
    """Return the quotes with the marked words in theirs."""
    mark = MarkedSpan(start=span.start, end=span.end, text=span.text, confidence=span.confidence)
    return tuple(replace(item, span=mark) if n == span.n else item for n, item in enumerate(evidence, 1))


def with_span_first(evidence: Sequence[Evidence], span: AnswerSpan) -> tuple[tuple[Evidence, ...], AnswerSpan]:
    """Return the quotes with the one that has the marked words first, and the span with its new place."""
    marked = with_span(evidence, span)
    first = replace(marked[span.n - 1], score=max(item.score for item in marked))
    return (first, *marked[: span.n - 1], *marked[span.n :]), replace(span, n=1)


def cite_span(span: AnswerSpan, item: Evidence) -> Grounding:
    """Return the citation of words that were marked in a quote: they are there word for word, in one sentence."""
    places = [(item.start + start, item.start + end) for start, end in sentences(item.quote)]
    within = next((place for place in places if place[0] <= span.start and span.end <= place[1]), None)
    start, end = within or (item.start, item.end)
    citation = Citation(
        n=1,
        path=item.path,
        page=item.page,
        start=start,
        end=end,
        quote=item.quote[start - item.start : end - item.start],
        sentence=span.text,
        verified=True,
    )
    return Grounding(citations=(citation,), unsupported=(), text=span.text)


def compared(span: AnswerSpan | None, text: str, *, refused: bool) -> AnswerSpan | None:
    """Return the span with whether a model's answer says the same. A refusal does not.

    >>> span = AnswerSpan(start=0, end=8, text="Ada Lind", confidence=0.9, n=1)
    >>> compared(span, "It was built by Ada Lind.", refused=False).agrees
    True
    """
    if span is None:
        return None
    return replace(span, agrees=not refused and _agree(span.text, text))


def _agree(span: str, text: str) -> bool:
    marked, said = set(words(span)), set(words(take_marks(text)[0]))
    if not marked or not said:
        return span.strip() in text
    return len(marked & said) / min(len(marked), len(said)) > _AGREEING


def _is_asked_for_words(question: Question) -> bool:
    """Return whether a few words can be the whole answer."""
    return question.kind == "fact" and not question.is_bare and not parts(question)


def _hit_of(item: Evidence, hits: Sequence[Hit]) -> Hit | None:
    """Return the best hit whose passage has the whole quote."""
    return next(
        (
            hit
            for hit in hits
            if hit.chunk.path == item.path and hit.chunk.start <= item.start and item.end <= hit.chunk.end
        ),
        None,
    )


def _passage(item: Evidence, chunk: Chunk | None) -> tuple[Passage, int]:
    """Return what is read for a quote, its passage or the quote alone, and where it starts in the document."""
    if chunk is None:
        return Passage(text=item.quote, within=((0, len(item.quote)),)), item.start
    return Passage(text=chunk.text, within=((item.start - chunk.start, item.end - chunk.start),)), chunk.start


def _marked(span: ReadSpan, text: str, offset: int, *, confidence: float, n: int) -> AnswerSpan | None:
    """Return the words without the marks around them; None if nothing is left."""
    said = text[span.start : span.end]
    said = said.rstrip(_AT_THE_END)
    said = said[:-1] if said.endswith(".") and "." not in said[:-1] else said
    said = _PARTICLE.sub("", said)
    said = said[:-1] if said[-1:] in _PAIRS and _PAIRS[said[-1]] not in said else said
    begin = len(said) - len(said.lstrip(_AT_THE_END))
    begin += said[begin : begin + 1] in _PAIRS.values() and not any(close in said for close in _PAIRS)
    said = said[begin:]
    start = offset + span.start + begin
    return AnswerSpan(start=start, end=start + len(said), text=said, confidence=confidence, n=n) if said else None
