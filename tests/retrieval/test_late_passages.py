"""Reading few passages of meaning changes nothing among the first hits."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bunko.retrieval.late_passages import fuse_by_key, with_similar
from bunko.retrieval.ranking import fuse
from bunko.types import Chunk, Hit

_SCORES = st.integers(0, 40).map(lambda n: n / 40)


def _chunk(key: str, copy: int) -> Chunk:
    return Chunk(path=f"{key}-{copy}.txt", start=0, end=4, text="text", key=key)


class Shelf:
    """Passages by key, some of them in two documents. Counts the keys that are asked for."""

    def __init__(self, copies: dict[str, int]) -> None:
        self.copies = copies
        self.asked = 0

    def nearest(self, spec: object, vector: object, *, limit: int) -> dict[str, float]:
        raise NotImplementedError

    def passages(self, keys: Sequence[str]) -> list[Chunk]:
        self.asked += len(keys)
        return [_chunk(key, copy) for key in keys for copy in range(self.copies[key])]


@given(
    st.dictionaries(st.sampled_from("abcdefghijklmnop"), st.tuples(_SCORES, st.integers(1, 2)), max_size=16),
    st.dictionaries(st.sampled_from("ijklmnopqrstuvwx"), st.tuples(_SCORES, st.none() | _SCORES), max_size=12),
    st.integers(1, 12),
)
def test_the_first_hits_are_those_of_fusing_all(
    dense: dict[str, tuple[float, int]], words: dict[str, tuple[float, float | None]], wanted: int
) -> None:
    nearest = {key: score for key, (score, _) in dense.items()}
    lexical = [
        Hit(chunk=_chunk(key, 0), score=score, lexical=score, dense=nearest.get(key, similar))
        for key, (score, similar) in words.items()
    ]
    shelf = Shelf({key: copies for key, (_, copies) in dense.items()})
    every = [
        Hit(chunk=_chunk(key, copy), score=score, dense=score)
        for key, (score, copies) in dense.items()
        for copy in range(copies)
    ]
    whole = fuse(with_similar(every, lexical), lexical)
    assert fuse_by_key(nearest, lexical, shelf, wanted=wanted)[:wanted] == whole[:wanted]


def test_passages_that_do_not_survive_are_not_read() -> None:
    nearest = {f"n{n}": 0.9 - n / 100 for n in range(50)}
    lexical = [
        Hit(chunk=_chunk(f"w{n}", 0), score=20.0 / (n + 1), lexical=20.0 / (n + 1), dense=0.5) for n in range(50)
    ]
    shelf = Shelf(dict.fromkeys(nearest, 1))
    assert len(fuse_by_key(nearest, lexical, shelf, wanted=8)) == len(lexical) + shelf.asked
    assert 0 < shelf.asked <= 8
