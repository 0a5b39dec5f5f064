r"""Make what a reader returns storable. In: Documents, FailedFiles. Out: the same, as any encoder takes them.

JSON's "\ud800", UTF-16 cut in the middle of a pair, and broken XML give half a surrogate pair. It has no UTF-8, so that
tokenizers, Arrow and SQLite refuse it. Each becomes one U+FFFD, and offsets stay. Labels are cut, because every passage
repeats those above it: a heading of 3 MB over 4,000 passages would take 12 GB.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from typing import Any, TypeVar

from bunko.facts import Facts
from bunko.types import Document, FailedFile, Span

LONGEST_LABEL = 1_000
"""Characters of a heading or a header row. The embedder reads about as many of a whole passage."""
_LONGEST_PATH = 4_000
_LONGEST_ERROR = 2_000
_HALF = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"

Item = TypeVar("Item", Document, FailedFile)


def storable_text(text: str) -> str:
    r"""Return a text that has a UTF-8 form: U+FFFD stands for each half of a surrogate pair.

    >>> storable_text("a\ud800b"), storable_text("東京 😀")
    ('a�b', '東京 😀')
    """
    return text if text.isascii() else _HALF.sub(_REPLACEMENT, text)


def storable(item: Item) -> Item:
    """Return a document or a failure whose texts have a UTF-8 form; labels, paths and messages are cut."""
    if isinstance(item, FailedFile):
        return dataclasses.replace(
            item,
            path=_path(item.path),
            error=storable_text(item.error[:_LONGEST_ERROR]),
            hint=storable_text(item.hint[:_LONGEST_ERROR]),
        )
    return dataclasses.replace(
        item,
        path=_path(item.path),
        text=storable_text(item.text),
        format=storable_text(item.format),
        pages=tuple(map(_span, item.pages)),
        headings=tuple(map(_span, item.headings)),
        tables=tuple(map(_span, item.tables)),
        facts=_facts(item.facts),
    )


def _facts(facts: Facts) -> Facts:
    if not facts:
        return facts
    values = {field.name: getattr(facts, field.name) for field in dataclasses.fields(facts)}
    clean: dict[str, Any] = {
        name: storable_text(value) if isinstance(value, str) else tuple(map(storable_text, value))
        for name, value in values.items()
    }
    return Facts(**clean)


def _span(span: Span) -> Span:
    label = span.label
    if len(label) > LONGEST_LABEL:
        label = label[: LONGEST_LABEL - 1] + "…"
    elif label.isascii():
        return span
    label = storable_text(label)
    return span if label == span.label else dataclasses.replace(span, label=label)


def _path(path: str) -> str:
    # NUL ends a text in C, and SQL has no literal for it.
    clean = storable_text(path[:_LONGEST_PATH]).replace("\0", _REPLACEMENT)
    if clean == path:
        return path
    digest = hashlib.blake2b(path.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{clean} ({digest})"  # two paths that differ stay two
