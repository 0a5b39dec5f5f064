"""A word of the question is found by its meaning in a text of another script."""

from __future__ import annotations

import pytest

from bunko.config import load_settings
from bunko.embedding import open_embedder
from bunko.models import LocalModel, resolve
from bunko.ports import Embedder
from bunko.question.question import parse_question
from bunko.retrieval.evidence import select
from bunko.retrieval.words_across import is_across, words_across
from bunko.settings import EvidenceSettings, Settings
from bunko.testing import FakeEmbedder
from bunko.types import Chunk, Hit

PROFILE = """Location: a valley in the north, between the lake and the sea
Area: 1,204 sq km, of which 61 are water
Climate: mild and wet, with long winters
Population: 48,300 at the last count
Languages: two, of which one is written
Capital: Orla, at the mouth of the river
Exports: timber, fish and paper
Railways: 212 km, and a harbour for ferries"""


@pytest.fixture(scope="module")
def e5() -> Embedder:
    model = resolve("e5-small", kind="embedding", settings=load_settings())
    assert isinstance(model, LocalModel)
    return open_embedder(model, Settings())


def test_texts_in_one_script_are_not_compared() -> None:
    assert not is_across("What is the population?", PROFILE)
    assert words_across(parse_question("What is the population?"), [PROFILE], FakeEmbedder()) == {}


def test_few_words_are_not_compared() -> None:
    """Among a few words, the nearest one is nearest by chance."""
    assert words_across(parse_question("人口は？"), ["Area: large"], FakeEmbedder()) == {}


@pytest.mark.models
@pytest.mark.parametrize(
    ("asked", "word", "meant"),
    [("人口は？", "人口", "popul"), ("言語は何ですか", "言語", "languag"), ("主な輸出品は？", "輸出", "export")],
)
def test_a_word_is_found_by_its_meaning(e5: Embedder, asked: str, word: str, meant: str) -> None:
    found = words_across(parse_question(asked), [PROFILE], e5)
    assert meant in found[word]


@pytest.mark.models
def test_an_english_question_finds_japanese_words(e5: Embedder) -> None:
    text = "所在地は谷の北部。面積は広い。気候は温暖。人口は四万人。言語は二つ。首都は河口にある。輸出品は木材と紙。"
    found = words_across(parse_question("What is the population?"), [text], e5)
    assert "人口" in found["popul"]


@pytest.mark.models
@pytest.mark.parametrize(
    ("asked", "answer"),
    [("人口はどのくらいですか", "48,300"), ("気候を教えてください", "mild"), ("輸出品は何ですか", "timber")],
)
def test_the_line_is_quoted_that_is_asked_for_in_another_language(e5: Embedder, asked: str, answer: str) -> None:
    chunk = Chunk(path="profile.txt", start=0, end=len(PROFILE), text=PROFILE, key="profile")
    hits = [Hit(chunk=chunk, score=1.0)]
    quotes = select(parse_question(asked), hits, e5, vector=e5.embed_query(asked), settings=EvidenceSettings())
    assert answer in quotes[0].quote
