"""Estimate tokens for servers that do not count them. In: messages. Out: an upper estimate.

A high estimate wastes a little of the context window; a low one would overflow it. Knows nothing of servers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bunko.types import Message

# Role, separators and end mark of a turn take 3 to 6 tokens in the usual templates.
_TOKENS_PER_MESSAGE = 8
# English has about 4.5 letters per token with large vocabularies, 3.5 with small ones; other Latin-script languages
# fewer. Digits and punctuation are often tokens of their own.
_LETTERS_PER_TOKEN = 3.0
# Kanji, kana and hangul take 0.7 to 1.1 tokens each with multilingual vocabularies, up to 3 (their bytes) without.
_TOKENS_PER_WIDE = 1.5


def estimate_tokens(messages: Sequence[Message]) -> int:
    """Return an upper estimate of the rendered prompt's tokens.

    >>> estimate_tokens([Message(role="user", content="Who wrote Hamlet?")])
    14
    """
    return sum(_TOKENS_PER_MESSAGE + math.ceil(_text_tokens(message.content)) for message in messages)


def _text_tokens(text: str) -> float:
    letters = sum(character.isascii() and character.isalpha() for character in text)
    spaces = text.count(" ")  # nearly always part of the word after them
    wide = sum(ord(character) >= 0x2E80 for character in text)
    others = len(text) - letters - spaces - wide
    return letters / _LETTERS_PER_TOKEN + others + wide * _TOKENS_PER_WIDE
