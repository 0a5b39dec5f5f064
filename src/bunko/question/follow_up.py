"""Make a follow-up question stand alone. In: question, history. Out: a question. Knows nothing of models."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bunko.language.words import words
from bunko.types import Message

# A name that is not the first word of its question: capitalised words, with lower-case ones such as "of" between.
_NAME = re.compile(r"(?<=\s)[A-Z][\w’'-]*(?:(?:\s(?:of|the|de|von|van|and))*\s[A-Z0-9][\w’'-]*)*")
_PRONOUN = re.compile(
    r"\b(?:he|him|his|she|her|it|its|they|them|their|there)\b(?!\s+(?:is|are|was|were)\s+(?:a|an|any)\b)", re.I
)


def accept_rewrite(rewritten: str, question: str, history: Sequence[Message]) -> str | None:
    """Return the model's rewritten question if it can be trusted, else None.

    It must keep every content word, add only words of earlier turns, and have a similar length.
    """
    rewritten = rewritten.strip().split("\n")[0].strip(' "「」')
    said = set(words(" ".join(turn.content for turn in history)))
    new, old = set(words(rewritten)), set(words(question))
    if not rewritten or len(rewritten) > 3 * len(question) + 200:
        return None
    return rewritten if old <= new <= old | said else None


def join_with_history(question: str, history: Sequence[Message]) -> str:
    """Return the follow-up joined with the question before it, where the model's rewriting can't be trusted.

    The first English pronoun is replaced by the name in the earlier question; without one, both questions are joined.

    >>> join_with_history("Where did he come from?", [Message(role="user", content="Who was Rollo the Viking?")])
    'Where did Rollo the Viking come from?'
    """
    asked = [turn.content for turn in history if turn.role == "user"]
    if not asked:
        return question
    names = _NAME.findall(asked[-1])
    pronoun = _PRONOUN.search(question)
    if not names or pronoun is None:
        return f"{asked[-1]} {question}"
    word = pronoun.group().lower()
    owns = word in ("his", "its", "their") or (word == "her" and re.match(r" \w", question[pronoun.end() :]))
    name = f"in {names[-1]}" if word == "there" else f"{names[-1]}'s" if owns else names[-1]
    return question[: pronoun.start()] + name + question[pronoun.end() :]
