"""The language of filters within a question. In: a text. Out: filters and the rest of the text, and back.

    Who is the mayor? file:"minutes 2024*" -file:drafts after:2024-01 before:2024-06 type:pdf tag:work author:Lind

A term stands alone between spaces. What is between quotation marks is text: "type:error" is searched for. Knows
nothing of documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bunko.scope.dates import is_date
from bunko.settings import ScopeSettings

_KEYS = {
    "file": "only", "after": "since", "since": "since", "before": "until", "until": "until", "type": "types",
    "tag": "tags", "author": "authors", "from": "authors",
    "ファイル": "only", "以降": "since", "以前": "until", "種類": "types", "タグ": "tags", "著者": "authors",
}  # fmt: skip
_WRITTEN = {
    "only": "file", "exclude": "-file", "since": "after", "until": "before", "types": "type", "tags": "tag",
    "authors": "author",
}  # fmt: skip
_DATES = ("since", "until")
_SEPARATED = ("types", "tags")
_QUOTED = r'"(?:[^"]|"")*"'
_TERM = re.compile(
    rf"(?P<text>{_QUOTED}|「[^」]*」)"
    rf"|(?<!\S)(?P<sign>-?)(?P<key>{'|'.join(_KEYS)})[:：](?P<value>{_QUOTED}|「[^」]*」|(?!//)[^\s\"「][^\s]*)(?=\s|$)",
    re.I,
)
_TRAILING = "?？!！。、，,;；"
_NEEDS_QUOTES = re.compile(rf'[\s"「」]|[{_TRAILING}.]$|^//')


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question with its filters taken out."""

    text: str
    """What is left to be searched for."""
    filters: ScopeSettings


def take_filters(question: str) -> Asked:
    """Return a question without the filters that it names, and the filters.

    >>> asked = take_filters('Who is the mayor? file:"minutes 2024*" after:2024-01 type:pdf,docx')
    >>> asked.text, asked.filters.only, asked.filters.since, asked.filters.types
    ('Who is the mayor?', ('minutes 2024*',), '2024-01', ('pdf', 'docx'))
    >>> take_filters('What does "type:error" mean? See http://a.b/c').text
    'What does "type:error" mean? See http://a.b/c'
    """
    found: dict[str, list[str]] = {}
    kept: list[str] = []
    place = 0
    for match in _TERM.finditer(question):
        values = list(_values(match))
        if not values:
            continue
        name = "exclude" if match["sign"] else _KEYS[match["key"].lower()]
        found.setdefault(name, []).extend(values)
        kept.append(question[place : match.start()])
        place = match.end()
    if not found:
        return Asked(text=question, filters=ScopeSettings())
    text = " ".join(" ".join([*kept, question[place:]]).split())
    dates = {name: found.pop(name)[-1] for name in _DATES if name in found}
    lists = {name: tuple(dict.fromkeys(values)) for name, values in found.items()}
    return Asked(text=text, filters=ScopeSettings(**dates, **lists))  # type: ignore[arg-type]


def _values(match: re.Match[str]) -> Iterator[str]:
    """Yield what a term asks for; nothing where it is no filter."""
    if match["text"] is not None:
        return
    name, value = _KEYS[match["key"].lower()], match["value"]
    if match["sign"] and name != "only":
        return
    is_quoted = value[0] in '"「'
    value = value[1:-1].replace('""', '"') if value[0] == '"' else value[1:-1] if is_quoted else value.rstrip(_TRAILING)
    if not is_quoted and name not in _DATES and value.endswith(".") and value.strip("."):
        value = value.rstrip(".")
    if name in _DATES and not is_date(value):
        return
    parts = value.split(",") if name in _SEPARATED and not is_quoted else [value]
    yield from (part.strip() for part in parts if part.strip())


def write_filters(filters: ScopeSettings) -> str:
    """Return filters as they are written in a question; empty where there are none.

    >>> write_filters(ScopeSettings(only=("minutes 2024*",), since="2024-01", authors=("Lind",)))
    'file:"minutes 2024*" after:2024-01 author:Lind'
    """
    terms: list[str] = []
    for name, key in _WRITTEN.items():
        value = getattr(filters, name)
        texts = (value,) if isinstance(value, str) else value
        terms += [f"{key}:{_written(text, name)}" for text in texts if text]
    return " ".join(terms)


def _written(text: str, name: str) -> str:
    if _NEEDS_QUOTES.search(text) or (name in _SEPARATED and "," in text):
        return '"' + text.replace('"', '""') + '"'
    return text
