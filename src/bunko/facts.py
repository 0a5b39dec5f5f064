"""What a document says of itself: title, authors, dates, tags, language. In: texts of any form. Out: Facts, JSON.

Frozen, standard library only. Knows no format of files.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

MOST = 50
"""The most authors, recipients or tags that are kept of one document."""
_LONGEST = 500
_DAY = re.compile(
    r"(?P<year>[12]\d{3})(?:[-/.年](?P<month>\d{1,2})(?:[-/.月](?P<day>\d{1,2})日?)?)?月?年?"
    r"(?:[T ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:\.\d+)?\s?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_LIST = re.compile(r"[,;、，；]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a document says of itself. What it does not say is empty."""

    title: str = ""
    """Its title; of a mail, the subject."""
    authors: tuple[str, ...] = ()
    """Who wrote it; of a mail, who sent it."""
    recipients: tuple[str, ...] = ()
    """To whom a mail was sent."""
    created: str = ""
    """When it was written or sent: `2024-01-31` or `2024-01-31T09:05:00+09:00`, or shorter."""
    modified: str = ""
    """When it was last changed, in the same form."""
    tags: tuple[str, ...] = ()
    """Its tags, keywords or subjects."""
    language: str = ""
    """The language that it names, such as `en` or `ja-JP`."""
    source: str = ""
    """The address that it was saved from."""
    saved: str = ""
    """When it was saved from there."""

    def __bool__(self) -> bool:
        return self != Facts()

    @property
    def date(self) -> str:
        """When it was last changed, else when it was written; empty if it says neither."""
        return self.modified or self.created


_NAMES = tuple(field.name for field in dataclasses.fields(Facts))


def facts_json(facts: Facts) -> str:
    """Return facts as JSON, without what is empty; an empty text where there are none."""
    known = {name: value for name in _NAMES if (value := getattr(facts, name))}
    return json.dumps(known, ensure_ascii=False) if known else ""


@lru_cache(maxsize=100_000)
def facts_from(text: str) -> Facts:
    """Return the facts of a JSON text that `facts_json` wrote; none for an empty text.

    >>> facts_from(facts_json(Facts(title="Minutes", tags=("work",)))).tags
    ('work',)
    """
    return facts_of(json.loads(text)) if text else Facts()


def facts_of(tree: Mapping[str, Any]) -> Facts:
    """Return the facts of a JSON object."""
    values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in tree.items()}
    return Facts(**values)


def plain(value: object) -> str:
    """Return a value as a text of one line, cut where it is long."""
    return " ".join(str(value).split())[:_LONGEST].replace("\0", "") if value is not None else ""


def several(value: object) -> tuple[str, ...]:
    """Return a list, or a text with commas or semicolons, as texts, each once.

    >>> several("work, plans; 2024"), several(["Ada Lind", "Bob Hay", "Ada Lind"]), several(None)
    (('work', 'plans', '2024'), ('Ada Lind', 'Bob Hay'), ())
    """
    parts: Iterable[object] = [value]
    if isinstance(value, str):
        parts = _LIST.split(value)
    elif isinstance(value, list | tuple | set):
        parts = value
    texts = dict.fromkeys(text for part in parts if part is not None and (text := plain(part)))
    return tuple(texts)[:MOST]


def moment(value: object) -> str:
    """Return a date, or a date and time, in the form of ISO 8601; empty for what is none.

    >>> moment("D:20240131090500+09'00'"), moment("2024/1/5"), moment("2024-01-31T09:05:00Z"), moment("soon")
    ('2024-01-31T09:05:00+09:00', '2024-01-05', '2024-01-31T09:05:00+00:00', '')
    """
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if value is None:
        return ""
    text = plain(value)
    if pdf := re.match(r"(?:D:)?(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?([Z+-]\d{0,2}'?\d{0,2})?", text):
        text = _from_pdf(pdf)
    found = _DAY.match(text)
    if not found:
        return ""
    part = found.groupdict()
    try:
        return _written(part)
    except ValueError:  # the 31st of February
        return ""


def _from_pdf(found: re.Match[str]) -> str:
    year, month, day, hour, minute, second, zone = found.groups()
    time = f"T{hour}:{minute}:{second or '00'}" if hour else ""
    offset = re.sub(r"\D", "", zone or "")
    away = f"{zone[0]}{offset[:2]}:{offset[2:4] or '00'}" if zone and zone[0] in "+-" and len(offset) >= 2 else ""
    return f"{year}-{month}-{day}{time}" + (away or ("Z" if zone and time else "") if time else "")


def _written(part: dict[str, str | None]) -> str:
    year, month, day = part["year"], part["month"], part["day"]
    date = datetime(int(year or 0), int(month or 1), int(day or 1))
    if not (month and day):
        return f"{date:%Y-%m}" if month else f"{date:%Y}"
    if not part["hour"]:
        return f"{date:%Y-%m-%d}"
    date = date.replace(hour=int(part["hour"]), minute=int(part["minute"] or 0), second=int(part["second"] or 0))
    zone = part["zone"]
    if zone == "Z":
        date = date.replace(tzinfo=timezone.utc)
    elif zone:
        date = datetime.strptime(f"{date:%Y-%m-%dT%H:%M:%S}{zone.replace(':', '')}", "%Y-%m-%dT%H:%M:%S%z")
    return date.isoformat(timespec="seconds")
