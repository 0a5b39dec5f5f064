"""Count the tokens of texts word by word, and each word once. In: texts. Out: numbers of tokens.

Exact for tokenizers that cut a text at white space before anything else, as BERT's do. Most words of a text have been
counted before, and looking them up takes a tenth of the tokenizer's time (`benchmarks/LOG.md`).
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from bunko.embedding.recent_words import RecentWords

CountTokens = Callable[[Sequence[str]], list[int]]
"""Texts -> the tokens of each."""
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
        self._counts = RecentWords(count)

    def __call__(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text."""
        split = [_REMOVED.sub("", text).split() for text in texts]
        counts = self._counts(itertools.chain.from_iterable(split))
        return [sum(map(counts.__getitem__, each)) for each in split]
