"""The server's log: one line for each request and each answer, as text or JSON, on stderr.

A line contains names, numbers and times. It contains questions and answers only on request, no paths of documents, and
never a token. Text from outside can't end a line or control a terminal.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Literal

LOGGER = "bunko.server"
# Fields of a record besides its message, in the order in which they are shown.
_FIELDS = (
    *("method", "route", "status", "ms", "client", "library", "model", "outcome"),
    *("prompt_tokens", "completion_tokens", "question", "answer", "error"),
)


def set_up(form: Literal["text", "json"], *, quiet: bool = False) -> None:
    """Write this server's log, and uvicorn's warnings, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    for name, level in ((LOGGER, logging.WARNING if quiet else logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        tree = {"time": _time(record), "level": record.levelname.lower(), "event": record.getMessage()}
        tree |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            tree["fault"] = self.formatException(record.exc_info)
        return json.dumps(tree)  # ASCII only: no character can end the line


class TextLines(logging.Formatter):
    """Text for people: 2026-11-23T16:00:00Z request GET /ready 200 1.2 ms."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, with a traceback below it if there is one."""
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
