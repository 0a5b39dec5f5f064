"""Log one line for each question. In: the inquiry and its answer. Out: a record of the logger `bunko.server`.

Questions and answers themselves are logged only on request.
"""

from __future__ import annotations

import logging

from bunko.server.hosting.inquiry import Inquiry
from bunko.server.hosting.metrics import outcome_of
from bunko.types import Answer

log = logging.getLogger("bunko.server")


def log_answer(inquiry: Inquiry, answer: Answer, *, model: str, seconds: float, contents: bool) -> None:
    """Log an answer; with `contents`, the question and the text too."""
    fields: dict[str, object] = {
        "library": inquiry.library,
        "model": model,
        "ms": round(seconds * 1000, 1),
        "prompt_tokens": answer.usage.prompt_tokens,
        "completion_tokens": answer.usage.completion_tokens,
        "outcome": outcome_of(answer),
    }
    if contents:
        fields |= {"question": inquiry.question, "answer": answer.text}
    log.info("answer", extra=fields)


def log_failure(inquiry: Inquiry, *, model: str, outcome: str) -> None:
    """Log a question without an answer."""
    log.info("no answer", extra={"library": inquiry.library, "model": model, "outcome": outcome})
