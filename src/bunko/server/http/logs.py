"""What the server tells of its work: one line for each request and each answer, as text or JSON, on stderr.

A line holds names, numbers and times: no questions or answers unless they are asked for, no paths of documents, and
never a token. What comes from outside can't end a line or drive a terminal.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Literal

LOGGER = "bunko.server"
# What a record may carry beside its message, in the order in which it is shown.
_FIELDS = (
    *("method", "route", "status", "ms", "client", "library", "model", "outcome"),
    *("prompt_tokens", "completion_tokens", "question", "answer", "error"),
)


def set_up(form: Literal["text", "json"], *, quiet: bool = False) -> None:
    """Have the lines of this server, and what uvicorn complains of, written to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    for name, level in ((LOGGER, logging.WARNING if quiet else logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False


class JsonLines(logging.Formatter):
    """An object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        tree = {"time": _time(record), "level": record.levelname.lower(), "event": record.getMessage()}
        tree |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            tree["fault"] = self.formatException(record.exc_info)
        return json.dumps(tree)  # ASCII alone: nothing in it can end the line


class TextLines(logging.Formatter):
    """Words for people: 2026-11-23T16:00:00Z request GET /ready 200 1.2 ms."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and the lines of a fault below it."""
        fields = [f"{name}={_plain(getattr(record, name))}" for name in _FIELDS if hasattr(record, name)]
        line = " ".join([_time(record), record.levelname.lower(), _plain(record.getMessage()), *fields])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _time(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))


def _plain(value: object) -> str:
    text = str(value)
    if not text.isprintable():
        text = json.dumps(text)
    return json.dumps(text, ensure_ascii=False) if " " in text and not text.startswith('"') else text
