"""Find words that are written in kanji or in kana. In: folded text. Out: their other spellings.

お茶 and おちゃ, 子供, 子ども and こども are one word each; `reading_variants.toml` lists such words, since which kana a
kanji is read as can't be seen. A short word in hiragana counts only where `hiragana_words` cuts it: くつ is in いくつ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from bunko.language.data_files import read_data
from bunko.language.japanese_words import kana_words, to_hiragana

FILE = Path(__file__).with_name("reading_variants.toml")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{2,}")
_HIRAGANA = re.compile(r"[\u3041-\u3096]+")
_PARTICLES = frozenset("のはがをにとも")
_LONG = 3
"""Characters of a reading that is found without a cut: at the beginning of a run of hiragana, or after a particle."""


def reading_variants(text: str) -> list[str]:
    """Return the other spellings of the words in a folded text, each once.

    >>> reading_variants("こどもの料金"), reading_variants("いくつ")
    (['子供', '子ども'], [])
    """
    if text.isascii():
        return []
    in_kanji, groups, longest = _table()
    found = in_kanji.findall(text)
    found += [word for run in _HIRAGANA.findall(text) for word in _at_beginnings(run, groups, longest)]
    found += [word for word in kana_words(text) if word in groups]
    for word in _KATAKANA.findall(text):
        found += [form for form in (word, to_hiragana(word)) if form in groups]
    others = [other for word in dict.fromkeys(found) for other in groups[word] if other not in text]
    return list(dict.fromkeys(others))


def _at_beginnings(run: str, groups: Mapping[str, tuple[str, ...]], longest: int) -> Iterator[str]:
    """Yield the long readings at the beginning of a run of hiragana, or after a particle in it."""
    for start in range(len(run)):
        if start == 0 or run[start - 1] in _PARTICLES:
            for end in range(start + _LONG, min(start + longest, len(run)) + 1):
                if run[start:end] in groups:
                    yield run[start:end]


@cache
def _table() -> tuple[re.Pattern[str], Mapping[str, tuple[str, ...]], int]:
    """Return a pattern of the spellings with kanji, the group of each spelling, and the length of the longest."""
    groups: dict[str, tuple[str, ...]] = {}
    for line in read_data(FILE)["words"]:
        group = tuple(line.split())
        groups |= dict.fromkeys(group, group)
    kanji = [word for word in groups if not _HIRAGANA.fullmatch(word) and not _KATAKANA.fullmatch(word)]
    pattern = "|".join(map(re.escape, sorted(kanji, key=len, reverse=True)))
    return re.compile(pattern), groups, max(map(len, groups))
