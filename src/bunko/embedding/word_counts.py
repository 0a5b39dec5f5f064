"""Count the tokens of texts word by word, and each word once. In: texts. Out: numbers of tokens.

Exact for tokenizers that cut a text at white space before anything else, as BERT's do. Most words of a text have been
counted before, and looking them up takes a tenth of the tokenizer's time (`benchmarks/LOG.md`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

CountTokens = Callable[[Sequence[str]], list[int]]
"""Texts -> the tokens of each."""
_MOST_WORDS = 50_000
_LONGEST_WORD = 30
"""Characters. Longer ones are rare, or text without spaces, and aren't kept."""
# White space to Python, and removed by BERT's normaliser, which joins what is beside it.
_REMOVED = re.compile("[\v\f\x1c-\x1f\x85]")


def cuts_at_spaces(tokenizer: Any) -> bool:
    """Return whether a `tokenizers.Tokenizer` is one that words can be counted with."""
    tree = json.loads(tokenizer.to_str())
    normaliser, before = tree.get("normalizer") or {}, tree.get("pre_tokenizer") or {}
    is_bert = normaliser.get("type") == "BertNormalizer" and before.get("type") == "BertPreTokenizer"
    added = [token["content"] for token in tree.get("added_tokens", ())]
    return is_bert and bool(normaliser.get("clean_text")) and all(text.split() == [text] for text in added)


class WordCounts:
    """Counts with a tokenizer, and remembers the words."""

    def __init__(self, count: CountTokens) -> None:
        self._count = count
        self._known: dict[str, int] = {}

    def __call__(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text."""
        split = [_REMOVED.sub("", text).split() for text in texts]
        words = {word for each in split for word in each}
        known = self._known  # another thread may exchange it
        counts = {word: count for word in words if (count := known.get(word)) is not None}
        missing = [word for word in words if word not in counts]
        new = dict(zip(missing, self._count(missing), strict=True))
        counts |= new
        if len(known) + len(new) > _MOST_WORDS:
            self._known = known = {}
        known.update((word, count) for word, count in new.items() if len(word) <= _LONGEST_WORD)
        return [sum(map(counts.__getitem__, each)) for each in split]
