"""Two rankings become one, whatever their units; an embedder that can't read the question has no say."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.ports import EmbedderSpec
from bunko.question.question import parse_question
from bunko.retrieval.ranking import by_order, by_sentence, fuse
from bunko.retrieval.search import retrieve
from bunko.settings import RetrievalSettings
from bunko.testing import FakeEmbedder
from bunko.types import Chunk, Hit
from tests.strategies import hits, prose
from tests.support import make_library, write_files


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


@given(hits(), hits(), st.integers(-2, 5))
def test_fusion_does_not_depend_on_the_units_of_the_scores(dense: list[Hit], lexical: list[Hit], power: int) -> None:
    def scaled(found: list[Hit], offset: float = 0.0) -> list[Hit]:  # by powers of two, so that nothing is rounded
        return [replace(hit, score=hit.score * 2.0**power + offset) for hit in found]

    fused = {place(hit): hit.score for hit in fuse(dense, lexical)}
    other = {place(hit): hit.score for hit in fuse(scaled(dense, offset=4.0), scaled(lexical))}
    assert other == pytest.approx(fused)


@given(hits())
def test_an_empty_side_leaves_the_other_s_order(found: list[Hit]) -> None:
    assert places(fuse(found, [])) == places(fuse([], found)) == places(found)


def test_what_both_sides_find_stands_above_what_one_finds() -> None:
    both, dense, lexical = make_hit("both"), make_hit("dense"), make_hit("lexical")
    assert places(fuse([dense, both], [lexical, both]))[0] == place(both)


def test_a_hit_that_stands_out_on_one_side_beats_hits_that_are_middling_on_both() -> None:
    dense = [make_hit("a", dense=0.52), make_hit("b", dense=0.51), make_hit("c", dense=0.5)]
    lexical = [make_hit("c", lexical=20.0), make_hit("a", lexical=2.0), make_hit("b", lexical=1.9)]
    assert places(fuse(dense, lexical))[:2] == [place(dense[0]), place(dense[2])]
    dense[2] = make_hit("c", dense=0.515)
    assert places(fuse(dense, lexical))[0] == place(dense[2])


def test_a_fused_hit_keeps_both_scores() -> None:
    (fused,) = fuse([make_hit("a", dense=0.9)], [make_hit("a", lexical=7.0)])
    assert (fused.dense, fused.lexical) == (0.9, 7.0)


# --- words ------------------------------------------------------------------------------------------------------


def passage(name: str, text: str, *, bm25: float) -> Hit:
    return Hit(chunk=Chunk(path=name, start=0, end=len(text), text=text, key=name), score=bm25, lexical=bm25)


def test_words_that_stand_together_as_in_the_question_decide_between_passages_that_have_the_same() -> None:
    found = [
        passage("apart", "The bank of the Thames, and a river of cars.", bm25=5.1),
        passage("together", "The cars went along the river bank, by the Thames.", bm25=5.0),
    ]
    assert [hit.chunk.path for hit in by_order(parse_question("Which river bank?"), found)] == ["together", "apart"]
    japanese = [passage("離れて", "大学は東京にある。", bm25=3.1), passage("続けて", "東京大学を訪れた。", bm25=3.0)]
    assert [hit.chunk.path for hit in by_order(parse_question("東京大学はどこか"), japanese)] == ["続けて", "離れて"]


def test_a_much_better_passage_stays_above_one_with_the_same_order() -> None:
    found = [passage("best", "A bank by a river.", bm25=9.0), passage("pair", "The river bank.", bm25=5.0)]
    assert [hit.chunk.path for hit in by_order(parse_question("Which river bank?"), found)] == ["best", "pair"]


def test_words_near_each_other_count_in_any_order() -> None:
    far = "The bank was robbed at noon, when nobody was about, by two men whom the river carried away."
    found = [passage("far", far, bm25=5.1), passage("near", "The bank of the river.", bm25=5.0)]
    assert [hit.chunk.path for hit in by_order(parse_question("Which river bank?"), found)] == ["near", "far"]
    far = "社長は午後に東京駅から列車で大阪支社へ出発した。会議で製品開発計画発表。"
    japanese = [passage("遠い", far, bm25=3.1), passage("近い", "計画を社長が立てた。", bm25=3.0)]
    assert [hit.chunk.path for hit in by_order(parse_question("社長の計画は何か"), japanese)] == ["近い", "遠い"]


def test_a_passage_that_says_it_in_one_sentence_goes_ahead_of_one_that_spreads_it_over_several() -> None:
    spread = passage("spread", "The mill is old. The well was dug by Ada. A pump came in 1911.", bm25=1.0)
    told = passage("told", "It is old. The pump of the mill was built by Ada.", bm25=0.98)
    question = "Was the pump of the mill built by Ada?"
    assert [hit.chunk.path for hit in by_sentence(parse_question(question), [spread, told])] == ["told", "spread"]
    assert [hit.chunk.path for hit in by_sentence(parse_question(question), [spread, replace(told, score=0.7)])] == [
        "spread",
        "told",
    ]


def test_a_heading_counts_for_every_sentence_below_it() -> None:
    below = passage("below", "Built by Ada.", bm25=0.98)
    below = replace(below, chunk=replace(below.chunk, heading="The mill"))
    found = [passage("apart", "The mill is old. The well was built by Ada.", bm25=1.0), below]
    assert [hit.chunk.path for hit in by_sentence(parse_question("Who built the mill?"), found)] == ["below", "apart"]


def test_sentences_decide_nothing_where_no_words_were_searched_for() -> None:
    found = [make_hit("a", dense=0.9), make_hit("b", dense=0.8)]
    assert by_sentence(parse_question("text"), found) == found


@given(hits(), prose)
def test_sentences_change_the_order_of_the_first_few_only(found: list[Hit], question: str) -> None:
    found = fuse([], [replace(hit, lexical=hit.score) for hit in found])
    moved = by_sentence(parse_question(question), found)
    assert sorted(places(moved[:5])) == sorted(places(found[:5]))
    assert places(moved[5:]) == places(found[5:])


@given(hits(), prose)
def test_order_invents_no_hit_loses_none_and_keeps_bm25(found: list[Hit], question: str) -> None:
    found = [replace(hit, lexical=hit.score) for hit in found]
    ordered = by_order(parse_question(question), found)
    assert {place(hit): hit.lexical for hit in ordered} == {place(hit): hit.lexical for hit in found}


@pytest.mark.parametrize(
    "question", ["コンピュータの管理", "コンピューターの管理", "ｺﾝﾋﾟｭｰﾀの管理", "サーバ", "サーバー"]
)
def test_words_in_katakana_are_found_with_and_without_the_mark_of_a_long_vowel(tmp_path: Path, question: str) -> None:
    files = {
        "a.txt": "コンピューターの管理者がいる。",
        "b.txt": "コンピュータを買った。",
        "c.txt": "サーバーは動いている。",
        "d.txt": "サーバを止めた。",
    }
    library = make_library(write_files(tmp_path, files), retrieval__mode="lexical")
    library.sync()
    assert len({hit.chunk.path for hit in library.search(question)}) == 2


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
    return retrieve(parse_question(question), shelf, embedder, vector=vector, settings=settings or RetrievalSettings())


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
    found = retrieve(
        parse_question("Where?"), Shelf(DENSE, LEXICAL), FakeEmbedder(), vector=None, settings=RetrievalSettings()
    )
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
