"""Answer a question about the whole folder. In: a plan, the store, a model. Out: events, the answer last.

    count, list, failed, most     from the manifest
    mention                       from a scan of every document
    contents, summary             map: what each document says; reduce: what all of them say

Only a summary asks the model. Counts are exact. Texts are read a few at a time, so that memory does not grow with the
library. Long lists are cut, with the total.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bunko.answering.languages import Languages
from bunko.language.detection import detect_language
from bunko.language.words import normalise, words
from bunko.overview import wording
from bunko.overview.kinds import ending_of, is_of
from bunko.overview.mentions import Term, quote
from bunko.overview.quoting import cite, evidence_at
from bunko.overview.summarising import parts_of, write_summary
from bunko.overview.types import Found, Plan, Progress
from bunko.ports import Generator
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Citation, Document, Event, Evidence, Finished, Retrieved, TextDelta

if TYPE_CHECKING:
    from bunko.store import FileRecord, Record

NAMED = 50
"""The most documents that an answer lists; the others are in `evidence`, or listed by `bunko documents`."""
KEPT = 1_000
"""The most documents that are quoted in `evidence`: those with the most mentions."""
_RUNNERS_UP = 4


class Shelf(Protocol):
    """The part of a store that a survey needs."""

    def scan_records(self) -> Iterator[Record]:
        """Yield the record of every document, including failed ones."""
        ...

    def scan(self) -> Iterator[Document]:
        """Yield every document that could be read, with its text."""
        ...

    def files(self) -> Mapping[str, FileRecord]:
        """Return the manifest, by path."""
        ...

    def places_with(self, words: str) -> Mapping[str, Sequence[tuple[int, int]]]:
        """Return the passages that have all of these words, as the index knows words: their places, by path."""
        ...


def survey(
    plan: Plan,
    question: str,
    shelf: Shelf,
    generator: Generator,
    *,
    languages: Languages,
    embedder: str,
    documents: int,
    watch: Stopwatch,
    progress: Progress,
) -> Iterator[Event]:
    """Yield Retrieved, the text, Finished. `documents` is how many could be read.

    A model that does not know the language of the answer is not asked. `embedder` is only named in the answer. Raises
    EngineError if the model, asked for a summary, fails.
    """
    language = languages.answer
    if plan.task in ("contents", "summary"):
        with watch.stage("scan"):
            counts = _counts(plan, shelf)
            parts = parts_of(plan, shelf.scan(), total=documents, keep=KEPT, progress=progress)
        yield Retrieved(question=question, evidence=(), hits=())
        head = wording.counted(counts, plan, language=language)
        found = yield from write_summary(
            plan,
            parts,
            generator,
            head=head,
            language=language,
            settings=languages.settings,
            words_of=languages.words_of,
            watch=watch,
            progress=progress,
        )
    else:
        with watch.stage("scan" if plan.terms else "manifest"):
            if plan.terms:
                found = _mentions(plan, shelf, total=documents, language=language, progress=progress)
            else:
                found = _from_manifest(plan, shelf, language=language)
        yield Retrieved(question=question, evidence=found.evidence, hits=())
        yield TextDelta(text=found.text)
    yield Finished(
        answer=Answer(
            question=question,
            standalone_question=question,
            text=found.text,
            evidence=found.evidence,
            citations=found.citations,
            unsupported=found.unsupported,
            documents_searched=documents,
            documents_read=found.read,
            usage=found.usage,
            timings=watch.timings(),
            model=generator.spec.name,
            embedder=embedder,
            finish_reason=found.finish_reason,
            notes=found.notes,
        )
    )


# --- from the manifest --------------------------------------------------------------------------------------------


def _counts(plan: Plan, shelf: Shelf) -> wording.Counts:
    documents = chosen = failed = 0
    files: set[str] = set()
    chosen_files: set[str] = set()
    endings: Counter[str] = Counter()
    for record in shelf.scan_records():
        if record.error:
            failed += 1
            continue
        documents += 1
        files.add(record.file)
        endings[ending_of(record.path)] += 1
        if _is_wanted(record, plan):
            chosen += 1
            chosen_files.add(record.file)
    return wording.Counts(
        documents=documents,
        files=len(files),
        chosen=len(chosen_files) if plan.files else chosen,
        failed=failed,
        endings=endings,
    )


def _is_wanted(record: Record, plan: Plan) -> bool:
    return is_of(record.path, plan.kind) and (not plan.language or record.language == plan.language)


def _from_manifest(plan: Plan, shelf: Shelf, *, language: str) -> Found:
    if plan.task == "failed":
        failures = [(record.path, record.error) for record in shelf.scan_records() if record.error]
        first = heapq.nsmallest(NAMED, failures)
        return Found(text=wording.unread(first, more=len(failures) - len(first), language=language))
    if plan.task == "most":
        return Found(text=wording.extreme(plan, _most(plan, shelf), language=language))
    counts = _counts(plan, shelf)
    text = wording.counted(counts, plan, language=language)
    if plan.task == "count":
        return Found(text=text)
    wanted = (record for record in shelf.scan_records() if not record.error and _is_wanted(record, plan))
    paths = heapq.nsmallest(NAMED, {record.file if plan.files else record.path for record in wanted})
    total = counts.chosen if plan.files or plan.kind or plan.language else counts.documents
    return Found(text=wording.listed(text, paths, more=total - len(paths), language=language))


def _most(plan: Plan, shelf: Shelf) -> list[str]:
    """Return the newest files (or oldest, largest, smallest) in order, each with its date or size."""
    by_time = plan.most in ("newest", "oldest")
    wanted = [
        (file.modified_ns if by_time else file.size, path)
        for path, file in shelf.files().items()
        if not file.failed and is_of(path, plan.kind)
    ]
    first = sorted(wanted, key=lambda item: (-item[0] if plan.most in ("newest", "largest") else item[0], item[1]))
    lines = []
    for value, path in first[: 1 + _RUNNERS_UP]:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(value / 1e9)) if by_time else f"{value:,} bytes"
        lines.append(f"{path} ({when})")
    return lines


# --- from a scan of all texts -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mention:
    """A document that mentions the terms, with a quote for each term that it has."""

    path: str
    count: int
    quotes: tuple[Evidence, ...]

    @property
    def rank(self) -> tuple[int, str]:
        """Most mentions first."""
        return -self.count, self.path


class _Best:
    """The documents with the most mentions, and the number of all that have any."""

    def __init__(self) -> None:
        self.total = 0
        self._kept: list[_Mention] = []

    def add(self, mention: _Mention) -> None:
        self.total += 1
        self._kept.append(mention)
        if len(self._kept) >= 2 * KEPT:
            self._kept = self.kept()

    def kept(self) -> list[_Mention]:
        return sorted(self._kept, key=lambda one: one.rank)[:KEPT]


def _mentions(plan: Plan, shelf: Shelf, *, total: int, language: str, progress: Progress) -> Found:
    """Search every document. Those with all words of a phrase, but apart, count only if no document has the phrase."""
    terms = [_term(text, shelf) for text in plan.terms]
    apart = _words_apart(plan, shelf)
    exactly, loosely = _Best(), _Best()
    looked_at = 0
    for n, document in enumerate(shelf.scan(), 1):
        progress("scanning", n, max(n, total))
        if not is_of(document.path, plan.kind):
            continue
        looked_at += 1
        if found := _look(document, terms, join=plan.join):
            exactly.add(found)
        elif not exactly.total and apart and (found := _look(document, apart, join="all")):
            loosely.add(found)
    best = exactly if exactly.total else loosely
    kept = best.kept()
    head = wording.mentions(plan, exactly.total, looked_at, loosely=loosely.total, language=language)
    if plan.task == "count mentions":
        text = head
    else:
        named = [one.path for one in kept[:NAMED]]
        text = wording.listed(head, named, more=best.total - len(named), language=language)
    evidence: list[Evidence] = []
    citations: list[Citation] = []
    for n, one in enumerate(kept):
        sentence = one.path if plan.task == "mention" and n < NAMED else head.splitlines()[0]
        for item in one.quotes:
            evidence.append(item)
            citations.append(cite(len(evidence), item, sentence))
    return Found(text=text, evidence=tuple(evidence), citations=tuple(citations), read=looked_at)


def _term(text: str, shelf: Shelf) -> Term:
    known: list[Mapping[str, Sequence[tuple[int, int]]]] = []

    def is_word(path: str, start: int, end: int) -> bool:
        if not known:  # only once, and only if needed
            known.append(shelf.places_with(text))
        return any(begin < end and start < stop for begin, stop in known[0].get(path, ()))

    return Term(text, is_word=is_word)


def _words_apart(plan: Plan, shelf: Shelf) -> list[Term]:
    """Return the words of the phrase, if the question asks for a single phrase of several words."""
    if len(plan.terms) != 1 or detect_language(plan.terms[0]) == "ja":
        return []
    lines = [word for word in plan.terms[0].split() if words(word) and normalise(word) not in _SMALL]
    return [_term(word, shelf) for word in lines] if len(lines) > 1 else []


_SMALL = frozenset("of the a an and or in on at to for from by with".split())


def _look(document: Document, terms: Sequence[Term], *, join: str) -> _Mention | None:
    counts = [term.count(document.text, path=document.path) for term in terms]
    if not (all(counts) if join == "all" else any(counts)):
        return None
    places: dict[tuple[int, int], None] = {}
    for term, count in zip(terms, counts, strict=True):
        if count and (place := quote(document.text, term.counter(path=document.path))):
            places[place] = None
    quotes = tuple(evidence_at(document, start, end, score=float(sum(counts))) for start, end in places)
    return _Mention(path=document.path, count=sum(counts), quotes=quotes) if quotes else None
