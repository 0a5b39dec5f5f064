"""What was made of words is remembered, and not of too many."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from bunko.embedding.recent_words import RecentWords


def lengths(words: Sequence[str]) -> list[int]:
    return [*map(len, words)]


def test_few_words_are_kept() -> None:
    recent = RecentWords(lengths, most=4)
    for text in ("one two three", "three four five", "one six", "a b c d e f g h", "one", ""):
        words = text.split()
        assert recent(words) == dict(zip(words, lengths(words), strict=True))
        assert len(recent) <= 4 + 8 + 4


def test_a_word_that_is_in_use_is_kept() -> None:
    given: list[str] = []

    def noting(words: Sequence[str]) -> list[int]:
        given.extend(words)
        return lengths(words)

    recent = RecentWords(noting, most=10)
    for n in range(200):
        assert recent(["mill", f"rare{n}"])["mill"] == 4
    assert given.count("mill") == 1
    recent(["rare0", "x" * 40])
    recent(["x" * 40, ""])
    assert given.count("rare0") == 2  # it was forgotten
    assert given.count("x" * 40) == 2  # it is too long to be kept


def test_several_threads_ask_at_once() -> None:
    recent, chance = RecentWords(lengths, most=20), random.Random(5)  # what is kept is exchanged all the time
    texts = [chance.choices([f"word{n}" for n in range(60)], k=12) for _ in range(400)]
    with ThreadPoolExecutor(8) as threads:
        found = [*threads.map(recent, texts)]
    assert found == [{word: len(word) for word in text} for text in texts]
