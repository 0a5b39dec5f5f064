"""Summarise many documents. In: documents, one after the other. Out: a text, each part of it cited.

Map: find the most central sentences of each document. A model that is large enough to write freely ("free" in
`writing.style_of`) summarises them in a sentence or two. Reduce: such a model summarises the summaries; without one,
the documents' own sentences are chosen so that together they cover most.
"""

from __future__ import annotations

from collections.abc import Generator as Generator_
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bunko.answering import prompts
from bunko.answering.answer_length import most_tokens
from bunko.answering.writing import Written, finished, style_of, write
from bunko.grounding.citation_marks import take_marks
from bunko.grounding.ground import ground
from bunko.injection.control_tokens import neutralise
from bunko.language.detection import LANGUAGE_NAMES
from bunko.language.sentences import sentences
from bunko.language.words import estimate_tokens
from bunko.overview import wording
from bunko.overview.central import central, spread, title
from bunko.overview.kinds import is_of
from bunko.overview.quoting import cite, evidence_at
from bunko.overview.types import Found, Plan, Progress
from bunko.ports import Generator
from bunko.question.question import Question
from bunko.settings import Settings
from bunko.stopwatch import Stopwatch
from bunko.types import Citation, Document, Event, Evidence, Message, TextDelta, Usage

# The most documents that a summary of the folder lists, and that a summary of each document lists. All documents are
# read, and the quotes of all that are kept are in `evidence`.
_NAMED, _NAMED_EACH = 20, 200
# A model takes seconds for each document; with more documents than this, it does not summarise each.
_READ_BY_MODEL = 200
_SENTENCES_FOR_MODEL = 6
_MAP_TOKENS, _REDUCE_TOKENS = 80, 200
_REDUCE_ROOM = 1_500  # tokens: a small model loses track of more
_REDUCE_SHARE = 0.6
_MAP = {
    "en": "Say in one or two sentences what the text is about. Use only what the text says.",
    "ja": "文章の内容を一文か二文で要約してください。文章に書かれていることだけを使います。",
}
_REDUCE = {
    "en": "These are notes on several documents. Say in two or three sentences what they are about as a whole.",
    "ja": "次は複数の文書についてのメモです。全体として何について書かれているかを、二文か三文で述べてください。",
}
_TEXT = {"en": "Summary:", "ja": "要約:"}
_BY_QUOTES = "Each document is summarised by its most central sentences, verbatim."
_NO_QUESTION = Question(text="")
_Writing = Generator_[Event, None, Found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The most central sentences of a document, the best one first."""

    path: str
    quotes: tuple[Evidence, ...]
    title: tuple[Evidence, ...] = ()
    """Its first line, if that is a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The documents that are kept, by path, and how many were read."""

    kept: tuple[Part, ...]
    read: int


def parts_of(plan: Plan, documents: Iterable[Document], *, total: int, keep: int, progress: Progress) -> Parts:
    """Return the most central sentences of each document, or of an evenly spaced sample of about `keep` documents."""
    kept: list[Part] = []
    read = 0
    step = 1
    for n, document in enumerate(documents, 1):
        progress("summarising", n, max(n, total))
        if not is_of(document.path, plan.kind):
            continue
        read += 1
        if read % step:
            continue
        if part := _part(document):
            kept.append(part)
        if len(kept) > keep:
            kept, step = kept[1::2], 2 * step
    return Parts(kept=tuple(sorted(kept, key=lambda part: part.path)), read=read)


def _part(document: Document) -> Part | None:
    quotes = tuple(
        evidence_at(document, one.start, one.end, score=one.score)
        for one in central(document, limit=_SENTENCES_FOR_MODEL)
    )
    if not quotes:
        return None
    head = title(document)
    says_more = head and not any(quote.start < head[1] and head[0] < quote.end for quote in quotes)
    named = (evidence_at(document, *head, score=1.0),) if head and says_more else ()
    return Part(path=document.path, quotes=quotes, title=named)


def write_summary(
    plan: Plan,
    parts: Parts,
    generator: Generator,
    *,
    head: str,
    language: str,
    settings: Settings,
    words_of: Literal["model", "document"],
    watch: Stopwatch,
    progress: Progress,
) -> _Writing:
    """Yield the text of a summary as it is written, and return all of it. `head` says how many documents there are.

    With `words_of` "document" the model is not asked.
    """
    # The documents' languages do not matter: a small model can't summarise in any.
    style = style_of(generator, (), language=language, settings=settings)
    if plan.task == "summary" and words_of == "model" and style == "free" and parts.kept:
        return (
            yield from _by_model(
                plan, parts, generator, head=head, language=language, settings=settings, watch=watch, progress=progress
            )
        )
    with watch.stage("reduce"):
        found = _by_quotes(plan, parts, head=head, language=language)
    yield TextDelta(text=found.text)
    return found


# --- in the documents' own words ----------------------------------------------------------------------------------


def _by_quotes(plan: Plan, parts: Parts, *, head: str, language: str) -> Found:
    """Summarise each document by its best sentences: more of them if there are few documents."""
    chosen = _chosen(plan, parts)
    each = 1 if plan.task == "contents" or len(chosen) > 10 else 3 if len(chosen) <= 4 else 2
    evidence: list[Evidence] = []
    citations: list[Citation] = []
    lines = []
    for part in chosen:
        quotes = sorted(part.quotes[:each], key=lambda item: item.start)
        for item in (*part.title, *quotes):
            evidence.append(item)
            citations.append(cite(len(evidence), item, _one_line(item.quote)))
        heading = "".join(f"{_one_line(item.quote)} — " for item in part.title)
        lines.append(f"{part.path}: {heading}{' '.join(_one_line(item.quote) for item in quotes)}")
    named = {part.path for part in chosen}
    evidence += [part.quotes[0] for part in parts.kept if part.path not in named]
    text = wording.listed(head, lines, more=parts.read - len(lines), language=language)
    return Found(
        text=text,
        evidence=tuple(evidence),
        citations=tuple(citations),
        read=parts.read,
        notes=() if plan.task == "contents" else (_BY_QUOTES,),
    )


def _chosen(plan: Plan, parts: Parts) -> list[Part]:
    """Return the documents to list, by path: all if they are few, else those that together cover most."""
    limit = _NAMED_EACH if plan.each else _NAMED
    if len(parts.kept) <= limit:
        return list(parts.kept)
    if plan.each:
        return list(parts.kept[:limit])
    best = spread([part.quotes[0].quote for part in parts.kept], limit=limit)
    return [parts.kept[n] for n in sorted(best)]


# --- in the model's words -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Summary:
    """The model's summary of a document, and the quotes that it was made from."""

    path: str
    text: str
    shown: Sequence[Evidence]


def _by_model(
    plan: Plan,
    parts: Parts,
    generator: Generator,
    *,
    head: str,
    language: str,
    settings: Settings,
    watch: Stopwatch,
    progress: Progress,
) -> _Writing:
    usage = Usage()
    summaries: list[_Summary] = []
    asked = parts.kept if len(parts.kept) <= _READ_BY_MODEL else ()
    with watch.stage("load"):
        generator.context_tokens()
    with watch.stage("map"):
        for n, part in enumerate(asked):
            progress("writing summaries", n, len(asked))
            one, cost = _sum_up(part, generator, language=language, settings=settings)
            summaries.append(one)
            usage += cost
        if asked:
            progress("writing summaries", len(asked), len(asked))
    if not asked:
        summaries = [
            _Summary(path=part.path, text=_one_line(part.quotes[0].quote), shown=part.quotes)
            for part in _chosen(plan, parts)
        ]
    overall = ""
    if len(summaries) > 1:
        with watch.stage("reduce"):
            overall, cost = _reduce([one.text for one in summaries], generator, language=language, settings=settings)
            usage += cost
    with watch.stage("ground"):
        found = _grounded(plan, summaries, overall, parts, head=head, language=language)
    yield TextDelta(text=found.text)
    return replace(found, usage=usage, finish_reason="stop", notes=(*found.notes, *generator.spec.notes))


def _sum_up(part: Part, generator: Generator, *, language: str, settings: Settings) -> tuple[_Summary, Usage]:
    """Let the model summarise a document; where it writes nothing, return the document's best sentence."""

    def build(kept: Sequence[Evidence]) -> list[Message]:
        quotes = [item.quote for item in sorted(kept, key=lambda item: item.start)]
        return _messages(_MAP, quotes, language, own=settings.answers.instructions)

    room = generator.context_tokens() - _MAP_TOKENS
    messages, shown = prompts.fit(part.quotes, build=build, count_tokens=generator.count_tokens, room=room)
    written = _written(messages, generator, settings, tokens=_MAP_TOKENS)
    text = _whole(written) or _one_line(part.quotes[0].quote)
    return _Summary(path=part.path, text=text, shown=shown or part.quotes[:1]), written.usage


def _reduce(texts: Sequence[str], generator: Generator, *, language: str, settings: Settings) -> tuple[str, Usage]:
    """Let the model summarise texts, as many at once as fit, and then the summaries."""
    usage = Usage()
    room = min(_REDUCE_ROOM, int(_REDUCE_SHARE * (generator.context_tokens() - _REDUCE_TOKENS)))
    level = list(texts)
    while True:
        groups = _groups(level, room=room)
        summaries = []
        for group in groups:
            messages = _messages(_REDUCE, group, language, own=settings.answers.instructions)
            written = _written(messages, generator, settings, tokens=_REDUCE_TOKENS)
            usage += written.usage
            summaries.append(_whole(written))
        level = [text for text in summaries if text]
        if len(groups) == 1 or len(level) <= 1 or len(groups) >= len(texts):
            return (level[0] if level else ""), usage


def _groups(texts: Sequence[str], *, room: int) -> list[list[str]]:
    groups: list[list[str]] = []
    left = 0
    for text in texts:
        tokens = estimate_tokens(text)
        if not groups or (tokens > left and len(groups[-1]) > 1):  # at least two, or it would never end
            groups.append([])
            left = room
        groups[-1].append(text)
        left -= tokens
    return groups


def _messages(instructions: dict[str, str], texts: Sequence[str], language: str, *, own: str) -> list[Message]:
    """Return the messages that ask for a summary of the texts; `own` are the user's own instructions."""
    system = instructions.get(language) or f"{instructions['en']} Answer in {LANGUAGE_NAMES.get(language, language)}."
    if own:
        system = f"{system}\n\n{own}"
    body = "\n".join(neutralise(_one_line(text)) for text in texts)
    return [
        Message(role="system", content=system),
        Message(role="user", content=f"{body}\n\n{_TEXT.get(language, _TEXT['en'])}"),
    ]


def _written(messages: Sequence[Message], generator: Generator, settings: Settings, *, tokens: int) -> Written:
    """Return what the model writes; it is not streamed, since it is checked first."""
    limit = min(tokens, most_tokens(settings, generator.spec))
    limited = replace(settings, generation=replace(settings.generation, max_tokens=limit))
    return finished(write(messages, generator, limited, Stopwatch()))


def _whole(written: Written) -> str:
    """Return the complete sentences, on one line."""
    text = take_marks(written.text)[0].strip()
    spans = sentences(text)
    if written.finish_reason != "stop" and len(spans) > 1:
        spans = spans[:-1]
    return " ".join(_one_line(text[start:end]) for start, end in spans)


def _grounded(
    plan: Plan, summaries: Sequence[_Summary], overall: str, parts: Parts, *, head: str, language: str
) -> Found:
    """Ground each summary in its document's sentences, and the overall summary in all of them."""
    limit = _NAMED_EACH if plan.each else _NAMED
    evidence: list[Evidence] = []
    citations: list[Citation] = []
    unsupported: list[str] = []
    for one in summaries[:limit]:
        grounding = ground(one.text, one.shown, question=_NO_QUESTION)
        citations += [replace(item, n=item.n + len(evidence)) for item in grounding.citations]
        unsupported += grounding.unsupported
        evidence += one.shown
    evidence += [one.shown[0] for one in summaries[limit:]]
    whole = ground(overall, evidence, question=_NO_QUESTION) if overall else None
    if whole:
        citations = [*whole.citations, *citations]
        unsupported = [*whole.unsupported, *unsupported]
    lines = [f"{one.path}: {one.text}" for one in summaries[:limit]]
    text = wording.listed(head, lines, more=parts.read - len(lines), language=language)
    return Found(
        text=f"{overall}\n\n{text}" if overall else text,
        evidence=tuple(evidence),
        citations=tuple(citations),
        unsupported=tuple(dict.fromkeys(unsupported)),
        read=parts.read,
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
