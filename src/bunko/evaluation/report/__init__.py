"""Make a comparison into one HTML page. In: a comparison (`bunko.evaluation.records`). Out: HTML as a string.

Everything is in the page: style, script and data; it asks no network for anything, and its Content-Security-Policy
forbids it to. The script builds the page from the data by text nodes only, so that words of a model or a document
are never read as HTML. Knows nothing of models, of files, or of how figures are made.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

__all__ = ["render"]

_PLACE = re.compile(r"\{\{ (\w+) \}\}")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Within a script element only these could end the data early, or upset a parser of JavaScript.
_UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def render(comparison: Mapping[str, Any]) -> str:
    """Return the page of a comparison: complete, self-contained, safe to open with any texts in it.

    Fields that are missing or None are shown as missing.

    >>> "<title>Two models</title>" in render({"title": "Two models"})
    True
    """
    style, script = _part("report.css"), _part("report.js")
    parts = {
        "title": html.escape(_text(comparison.get("title")) or "Bunko"),
        "policy": html.escape(_policy(style, script)),
        "style": style,
        "data": _data(comparison),
        "script": script,
    }
    return _PLACE.sub(lambda place: parts[place[1]], _part("report.html"))


def _part(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Allow this style and this script by their hashes, and nothing else: no network, no handlers in texts."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        ]
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _data(comparison: Mapping[str, Any]) -> str:
    """Return JSON that is safe inside a script element."""
    return json.dumps(_plain(comparison), ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE)


def _plain(value: Any) -> Any:
    """Return what JSON can say: NaN and infinities are None, half a surrogate pair is U+FFFD, the rest is text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_text(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item) for item in value]
    return _text(value)


def _text(value: object) -> str:
    return "" if value is None else _SURROGATE.sub("\ufffd", str(value))
