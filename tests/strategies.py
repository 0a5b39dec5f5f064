"""What Hypothesis draws: texts as documents hold them, in both languages and with everything odd that occurs."""

from __future__ import annotations

from hypothesis import strategies as st

from bunko.types import Chunk, Evidence, Hit

_WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFG0123456789é", min_size=4, max_size=12)
_KANJI = st.text(alphabet="東京都日本猫屋根寝港茶絹年月あいうのはがでカタナー", min_size=3, max_size=20)
_ENGLISH = st.lists(_WORDS, min_size=1, max_size=30).map(lambda words: " ".join(words) + ".")
_JAPANESE = _KANJI.map(lambda text: text + "。")
_GAPS = st.sampled_from(
    [" ", "\n", "\n\n", "\n\n\n", " \t", "\n# Heading\n\n", "\n- ", "「", "」", "\u3000", "! ", "\f"]
)

sentences = st.one_of(_ENGLISH, _JAPANESE)


def _prose(size: int) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(sentences, _GAPS), max_size=size).map(lambda parts: "".join(a + b for a, b in parts))


prose = _prose(25)
"""Texts of sentences."""
anything = st.one_of(prose, st.text(max_size=300), st.lists(_GAPS, max_size=30).map("".join))
"""Texts, or what is none."""


@st.composite
def hits(draw: st.DrawFn, *, max_size: int = 6) -> list[Hit]:
    """Draw passages of a few documents, none twice, best first."""
    places = draw(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=max_size, unique=True))
    found = []
    for n, (path, number) in enumerate(places):
        text = draw(_prose(5).filter(str.strip))
        start = number * 10_000
        chunk = Chunk(path=path, start=start, end=start + len(text), text=text, key=f"{path}{number}")
        found.append(Hit(chunk=chunk, score=1 / (n + 1)))
    return found


@st.composite
def evidence(draw: st.DrawFn, *, max_size: int = 6) -> list[Evidence]:
    """Draw quotes, best first."""
    quotes = draw(st.lists(anything.filter(str.strip), max_size=max_size))
    return [
        Evidence(path=f"{n}.txt", start=0, end=len(quote), quote=quote, score=1 / (n + 1), heading=draw(anything))
        for n, quote in enumerate(quotes)
    ]
