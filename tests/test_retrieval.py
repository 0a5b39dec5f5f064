"""Two rankings become one: by rank alone, inventing nothing, and without an embedder that can't read the question."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bunko.ports import EmbedderSpec
from bunko.retrieval import fuse, retrieve
from bunko.settings import RetrievalSettings
from bunko.testing import FakeEmbedder
from bunko.types import Chunk, Hit
from tests.strategies import hits


def place(hit: Hit) -> tuple[str, int]:
    return hit.chunk.path, hit.chunk.start


def places(found: Sequence[Hit]) -> list[tuple[str, int]]:
    return [place(hit) for hit in found]


def make_hit(name: str, **scores: float) -> Hit:
    chunk = Chunk(path=name, start=0, end=4, text="text", key=name)
    return Hit(chunk=chunk, score=next(iter(scores.values()), 0.0), **scores)


@given(hits(), hits())
def test_fusion_invents_no_hit_and_loses_none(dense: list[Hit], lexical: list[Hit]) -> None:
    fused = fuse(dense, lexical)
    assert set(places(fused)) == set(places(dense)) | set(places(lexical))
    assert len(places(fused)) == len(set(places(fused)))
    chunks = [hit.chunk for hit in dense + lexical]
    assert all(hit.chunk in chunks for hit in fused)


@given(hits(), hits())
def test_fusion_stands_best_first_with_ties_by_place(dense: list[Hit], lexical: list[Hit]) -> None:
    fused = fuse(dense, lexical)
    assert fused == sorted(fused, key=lambda hit: (-hit.score, *place(hit)))


@given(hits(), hits(), st.floats(0.1, 10))
def test_fusion_looks_at_ranks_and_not_at_scores(dense: list[Hit], lexical: list[Hit], factor: float) -> None:
    scaled = [replace(hit, score=hit.score * factor) for hit in dense]
    assert places(fuse(scaled, lexical)) == places(fuse(dense, lexical))


@given(hits(), hits())
def test_neither_side_comes_first(one: list[Hit], other: list[Hit]) -> None:
    assert places(fuse(one, other)) == places(fuse(other, one))


@given(hits())
def test_an_empty_side_leaves_the_other_s_order(found: list[Hit]) -> None:
    assert places(fuse(found, [])) == places(fuse([], found)) == places(found)


def test_what_both_sides_find_stands_above_what_one_finds() -> None:
    both, dense, lexical = make_hit("both"), make_hit("dense"), make_hit("lexical")
    assert places(fuse([dense, both], [lexical, both]))[0] == place(both)


def test_a_fused_hit_keeps_both_scores() -> None:
    (fused,) = fuse([make_hit("a", dense=0.9)], [make_hit("a", lexical=7.0)])
    assert (fused.dense, fused.lexical) == (0.9, 7.0)


# --- the search as a whole --------------------------------------------------------------------------------------


class Shelf:
    """A store that returns what it was given, and remembers which searches were made."""

    def __init__(self, dense: Sequence[Hit] = (), lexical: Sequence[Hit] = (), *, shuffle: int = 0) -> None:
        self.dense = list(dense)
        self.lexical = list(lexical)
        self.known = {hit.chunk.key: hit.dense for hit in dense if hit.dense is not None}
        self.searches: list[str] = []
        random.Random(shuffle).shuffle(self.dense)

    def search_dense(self, spec: EmbedderSpec, vector: object, *, limit: int) -> list[Hit]:
        self.searches.append("dense")
        return sorted(self.dense, key=lambda hit: -hit.score)[:limit]

    def search_lexical(self, query: str, *, limit: int) -> list[Hit]:
        self.searches.append("lexical")
        return self.lexical[:limit]

    def similarities(self, spec: EmbedderSpec, keys: Sequence[str], vector: object) -> dict[str, float]:
        return {key: self.known[key] for key in keys if key in self.known}


ENGLISH_ONLY = FakeEmbedder(languages=frozenset({"en"}))
LEXICAL = [make_hit("a", lexical=3.0), make_hit("b", lexical=2.0), make_hit("c", lexical=1.0)]
DENSE = [make_hit("c", dense=0.9), make_hit("b", dense=0.8), make_hit("d", dense=0.7)]


def search(question: str, shelf: Shelf, embedder: FakeEmbedder, settings: RetrievalSettings | None = None) -> list[Hit]:
    vector = embedder.embed_query(question)
    return retrieve(question, shelf, embedder, vector=vector, settings=settings or RetrievalSettings())


def test_an_embedder_that_can_not_read_the_question_has_no_say() -> None:
    shelf = Shelf(DENSE, LEXICAL)
    assert places(search("京都はどこですか", shelf, ENGLISH_ONLY)) == places(LEXICAL)
    assert shelf.searches == ["lexical"]
    assert places(search("Where is Kyoto?", shelf, ENGLISH_ONLY)) != places(LEXICAL)


def test_an_embedder_that_can_not_read_the_question_still_finds_by_words_when_asked_for_meaning() -> None:
    found = search("京都はどこですか", Shelf(DENSE, LEXICAL), ENGLISH_ONLY, RetrievalSettings(mode="dense"))
    assert places(found) == places(LEXICAL)


def test_a_mode_leaves_the_other_side_out() -> None:
    for mode, expected in (("dense", DENSE), ("lexical", LEXICAL)):
        shelf = Shelf(DENSE, LEXICAL)
        found = search("Where is it?", shelf, FakeEmbedder(), RetrievalSettings(mode=mode))  # type: ignore[arg-type]
        assert places(found) == places(expected)
        assert shelf.searches == [mode]


def test_without_a_vector_words_decide() -> None:
    found = retrieve("Where?", Shelf(DENSE, LEXICAL), FakeEmbedder(), vector=None, settings=RetrievalSettings())
    assert places(found) == places(LEXICAL)


def test_never_more_than_asked_for() -> None:
    for limit in (1, 2, 3):
        found = search("Where is it?", Shelf(DENSE, LEXICAL), FakeEmbedder(), RetrievalSettings(top_k=limit))
        assert len(found) == limit


def test_the_order_in_which_equals_are_stored_does_not_matter() -> None:
    results = [places(search("Where is it?", Shelf(DENSE, LEXICAL, shuffle=n), FakeEmbedder())) for n in range(5)]
    assert all(result == results[0] for result in results)


def test_passages_without_a_vector_are_embedded_on_the_spot() -> None:
    embedder = FakeEmbedder()
    found = search("Where is it?", Shelf([], LEXICAL), embedder)
    assert len(embedder.embedded) == 3
    assert all(hit.dense is not None for hit in found)


def test_nothing_found_is_an_empty_list() -> None:
    assert search("Where is it?", Shelf(), FakeEmbedder()) == []
