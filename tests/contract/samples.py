"""Records for the golden file of the JSON: every field set, and the cases in which fields come and go."""

from __future__ import annotations

import dataclasses

from bunko.errors import StoreBusy
from bunko.types import (
    Answer,
    AnswerSpan,
    Chunk,
    Citation,
    Event,
    Evidence,
    FailedFile,
    Finished,
    Hit,
    LeftOut,
    MarkedSpan,
    ReasoningDelta,
    Remembered,
    Retrieved,
    Scope,
    SyncReport,
    TextDelta,
    Translation,
    Usage,
)

_CHUNK = Chunk(
    path="sub/港.md", start=8, end=30, text="The harbour opened.", page=3, heading="Kobe > Port", language="ja", key="k"
)
_HITS = (
    Hit(chunk=_CHUNK, score=0.123456789, dense=0.5, lexical=2.25),
    Hit(chunk=Chunk(path="a.txt", start=0, end=5, text="Cats."), score=1),
)
_EVIDENCE = (
    Evidence(path="sub/港.md", start=8, end=27, quote="The harbour opened.", score=2 / 3, page=3, heading="Kobe"),
    Evidence(path="a.txt", start=0, end=5, quote="Cats.", score=1, gives_orders=True),
)
_CITATIONS = (
    Citation(n=1, path="sub/港.md", start=8, end=27, quote="The harbour opened.", sentence="It opened.", page=3),
    Citation(n=2, path="a.txt", start=0, end=5, quote="Cats.", sentence="Cats.", verified=True),
)
_USAGE = Usage(prompt_tokens=10, completion_tokens=5, cached_tokens=2)

_SCOPE = Scope(filters='file:"minutes 2024*" after:2024-01', documents=3, of=206)

FULL = Answer(
    question="When did it open?",
    text="It opened. Cats. “And” more.",
    reasoning="Let me see.",
    support=0.75,
    evidence=_EVIDENCE,
    citations=_CITATIONS,
    unsupported=("It opened.", "“And” more."),
    hits=_HITS,
    documents_searched=7,
    documents_read=2,
    usage=_USAGE,
    timings={"embed": 1.5, "total": 9.25},
    model="smollm2-135m",
    embedder="minilm",
    notes=("A note.", "注意"),
    standalone_question="When did the harbour open?",
    finish_reason="length",
)
REFUSED = Answer(
    question="Why?",
    text="The documents don't say.",
    refused=True,
    support=0.0,
    evidence=_EVIDENCE[:1],
    hits=_HITS[:1],
    documents_searched=7,
    timings={"total": 1.0},
    finish_reason="none",
    notes=("Nothing found bears on it.",),
)
ALONE = Answer(question="Hello", text="Hi.", model="m", timings={"total": 0.5})
TRANSLATED = dataclasses.replace(
    FULL,
    translation=(
        Translation(sentence="It opened.", text="開港した。", language="ja", citations=(1,)),
        Translation(sentence="Cats.", text="", language="ja", complete=False, citations=(2,)),
        Translation(sentence="“And” more.", text="さらに。", language="ja"),
    ),
)
REMEMBERED = dataclasses.replace(
    FULL,
    usage=Usage(),
    timings={"recall": 0.2, "total": 0.3},
    remembered=Remembered(at=1700000000.5, timings={"write": 700.0, "total": 1000.0}, usage=_USAGE),
)
_SPAN = {"start": 12, "end": 19, "text": "harbour", "confidence": 2 / 3}
MARKED = (dataclasses.replace(_EVIDENCE[0], span=MarkedSpan(**_SPAN)), _EVIDENCE[1])  # type: ignore[arg-type]
_ANSWER_SPAN = AnswerSpan(**_SPAN, n=1)  # type: ignore[arg-type]
SPANNED = dataclasses.replace(FULL, evidence=MARKED, span=_ANSWER_SPAN)
ANSWERS = {
    "full": FULL,
    "refused": REFUSED,
    "alone": ALONE,
    "translated": TRANSLATED,
    "remembered": REMEMBERED,
    "spanned": SPANNED,
    "compared": dataclasses.replace(SPANNED, span=dataclasses.replace(_ANSWER_SPAN, agrees=False)),
    "scoped": dataclasses.replace(REFUSED, scope=_SCOPE),
    "all": dataclasses.replace(TRANSLATED, remembered=REMEMBERED.remembered),
}
HITS = _HITS
REPORTS = {
    "empty": SyncReport(),
    "full": SyncReport(
        added=1,
        updated=2,
        removed=3,
        unchanged=4,
        failed=(FailedFile(path="b.pdf", error="broken", hint="mend it"), FailedFile(path="c.pdf", error="locked")),
        documents=5,
        chunks=6,
        seconds=0.125,
        unembedded=9,
        notes=("The index was damaged, and is mended.",),
    ),
    "partly": SyncReport(left_out=(LeftOut(path="a.lnk", reason="A link."), LeftOut(path="b.pdf", reason="Pictures."))),
}
ERROR = StoreBusy("Another sync runs.", "Wait.")
EVENTS: tuple[Event, ...] = (
    Retrieved(question="As searched", evidence=_EVIDENCE, hits=_HITS),
    Retrieved(question="As searched", evidence=MARKED, hits=_HITS, span=SPANNED.span, seconds=0.12345),
    Retrieved(question="As searched", evidence=(), hits=(), scope=_SCOPE),
    ReasoningDelta(text="Hm"),
    TextDelta(text="It"),
    Finished(answer=REMEMBERED),
)
