"""Answer a question about a document itself from its facts. In: a question, facts of the documents. Out: events.

Only where one document is named and says the fact: else the question is answered from the texts like any other. No
model is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bunko.facts import Facts, facts_from
from bunko.language.words import words
from bunko.question.about_document import AboutDocument, about_document
from bunko.scope.matching import Known, fold
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Citation, Event, Evidence, Finished, Retrieved, TextDelta

# What a question calls any document. A name of a kind says which formats it may have.
_ANY = frozenset(words("document file paper text 文書 文章 資料 書類 ファイル"))
_KINDS = {"mail": ("mail",)}
_OF_KIND = {"mail": frozenset(words("mail mails email emails message letter メール 電子メール"))}
_LABELS = {
    "en": {"created": "Date", "modified": "Modified", "authors": "Author", "recipients": "To"},
    "ja": {"created": "日付", "modified": "更新", "authors": "作成者", "recipients": "宛先"},
}
_OF_MAIL = {"authors": {"en": "From", "ja": "差出人"}, "created": {"en": "Sent", "ja": "送信"}}
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::\d{2})?(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A fact of a document that answers."""

    document: Known
    fact: str
    value: str
    """As it is shown."""


def find_fact(question: str, documents: Sequence[Known]) -> Found | None:
    """Return the fact that answers a question; None where no document, or more than one, is named, or none is said."""
    asked = about_document(question)
    if asked is None:
        return None
    named = _named(asked, documents)
    if len(named) != 1:
        return None
    value = _value(facts_from(named[0].facts), asked.fact)
    return Found(document=named[0], fact=asked.fact, value=value) if value else None


def _named(asked: AboutDocument, documents: Sequence[Known]) -> list[Known]:
    """Return the documents whose path, title and people have all the words with which the question names one."""
    name = fold(asked.what)
    if by_path := [one for one in documents if fold(one.path) == name or fold(one.path).endswith(f"/{name}")]:
        return by_path
    wanted = set(words(asked.what))
    formats = [form for kind, forms in _KINDS.items() if wanted & _OF_KIND[kind] for form in forms]
    wanted -= _ANY.union(*(_OF_KIND.values() if formats else ()))
    if not wanted:
        of_kind = [one for one in documents if not formats or one.format in formats]
        return of_kind if formats or len(documents) == 1 else []
    known = [one for one in documents if one.facts and (not formats or one.format in formats)]
    return [one for one in known if wanted <= _words_of(one)]


def _words_of(document: Known) -> frozenset[str]:
    facts = facts_from(document.facts)
    name = re.sub(r"[_\-./#]+", " ", document.path)
    return frozenset(words("\n".join([name, document.path, facts.title, *facts.authors, *facts.recipients])))


def _value(facts: Facts, fact: str) -> str:
    value = getattr(facts, fact)
    if isinstance(value, tuple):
        return ", ".join(value)
    if match := _MOMENT.fullmatch(value):
        day, time, zone = match.groups()
        return f"{day} {time}" + (f" ({zone})" if zone else "")
    return str(value)


def answer_from_facts(
    found: Found, question: str, *, language: str, documents: int, model: str, embedder: str, watch: Stopwatch
) -> Iterator[Event]:
    """Yield Retrieved with the fact as a quote, the text, Finished."""
    label = _label(found, language)
    item = Evidence(
        path=found.document.path, start=0, end=0, quote=f"{label}: {found.value}", score=1.0, fact=found.fact
    )
    citation = Citation(
        n=1, path=item.path, start=0, end=0, quote=item.quote, sentence=found.value, verified=True, fact=found.fact
    )
    yield Retrieved(question=question, evidence=(item,), hits=())
    yield TextDelta(text=found.value)
    yield Finished(
        answer=Answer(
            question=question,
            standalone_question=question,
            text=found.value,
            evidence=(item,),
            citations=(citation,),
            documents_searched=documents,
            documents_read=1,
            timings=watch.timings(),
            model=model,
            embedder=embedder,
            finish_reason="none",
        )
    )


def _label(found: Found, language: str) -> str:
    language = language if language in _LABELS else "en"
    if found.document.format == "mail" and found.fact in _OF_MAIL:
        return _OF_MAIL[found.fact][language]
    return _LABELS[language][found.fact]
