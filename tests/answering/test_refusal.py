"""What has nothing to do with the documents is refused, in both languages; what has is not, and nothing by a guess."""

from __future__ import annotations

from dataclasses import replace
from math import inf, log
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.answering.refusal import UNRELATED, support, support_by_model, support_by_phrase
from bunko.library import Library
from bunko.ports import EmbedderSpec
from bunko.question.question import parse_question
from bunko.settings import Settings, apply_overrides
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Chunk, Evidence, Hit
from tests.support import write_files

MILL = "The mill by the river was built in 1911 by Ada Lind, an engineer. Its wheel is nine metres high."
CASTLE = "江戸城は1457年に太田道灌が築いた城である。天守は1657年に焼失した。"
SPEC = EmbedderSpec(name="e", dimension=2, languages=frozenset({"en"}), max_tokens=256, related=0.4)
UNMEASURED = replace(SPEC, related=0.0)


def hit(text: str, *, language: str = "en", dense: float | None = None) -> Hit:
    chunk = Chunk(path="a.txt", start=0, end=len(text), text=text, language=language, key=text)
    return Hit(chunk=chunk, score=1.0, dense=dense, lexical=1.0)


def held(question: str, *hits: Hit, spec: EmbedderSpec = SPEC, strictness: float = 0.5) -> bool:
    return support(parse_question(question), hits, [quote(item) for item in hits], spec=spec).strength >= strictness


def quote(hit: Hit) -> Evidence:
    return Evidence(path=hit.chunk.path, start=hit.chunk.start, end=hit.chunk.end, quote=hit.chunk.text, score=1.0)


@pytest.mark.parametrize("question", ["Who built the mill?", "How high is its wheel?", "Was Ada Lind an engineer?"])
def test_what_the_passage_speaks_of_may_be_answered(question: str) -> None:
    assert held(question, hit(MILL, dense=0.1))
    assert held(question, hit(MILL), spec=UNMEASURED)


OFF = ["What is the capital of Peru?", "Which enzymes digest starch in the stomach?"]


@pytest.mark.parametrize("question", OFF)
def test_what_shares_neither_words_nor_meaning_is_refused(question: str) -> None:
    assert not held(question, hit(MILL, dense=0.2))
    assert not held(question, hit(MILL), spec=UNMEASURED)


def test_a_likeness_is_enough_where_the_words_are_others() -> None:
    question = OFF[1]
    assert held(question, hit(MILL, dense=0.45))
    assert not held(question, hit(MILL, dense=0.45), spec=UNMEASURED), "of this embedder nobody knows what .45 means"


def test_what_is_named_must_stand_somewhere() -> None:
    assert not held("What did Ada Lind build in 1951?", hit(MILL, dense=0.9))
    assert not held("What of the mill by the river did Bob Hay build?", hit(MILL, dense=0.9))
    assert not held("ポルトガルの江戸城を築いたのは誰ですか", hit(CASTLE, language="ja"))
    assert held("What mill did Ada Lindt build in 1911?", hit(MILL, dense=0.9)), "a slip of the pen"
    found = support(
        parse_question("What did Bob Hay build in 1951?"), [hit(MILL, dense=0.9)], [quote(hit(MILL))], spec=SPEC
    )
    assert "1951, Bob Hay" in found.doubt


@pytest.mark.parametrize(
    ("said", "strength"), [("Ada Lind", inf), ("engineer", inf), ("an engineer built the mill", 0.74), ("Bob", 0.59)]
)
def test_a_phrase_that_no_source_says_speaks_against_an_answer(said: str, strength: float) -> None:
    assert support_by_phrase(said, [quote(hit(MILL))], log_probability=None).strength == strength


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["Ada Lind", "an engineer built the mill", "Bob", ""]))
def test_a_less_probable_phrase_never_speaks_more_for_an_answer(one: float, other: float, said: str) -> None:
    strengths = [
        support_by_phrase(said, [quote(hit(MILL))], log_probability=log(value) if value else -inf).strength
        for value in sorted((one, other))
    ]
    assert 0 <= strengths[0] <= strengths[1]


@pytest.mark.parametrize(("probability", "strength"), [(0.05, 0.5), (0.15, 0.75), (0.45, 1.0), (1e-9, 0.0)])
def test_what_a_phrase_must_be_worth(probability: float, strength: float) -> None:
    found = support_by_phrase("Ada Lind", [quote(hit(MILL))], log_probability=log(probability))
    assert found.strength == pytest.approx(strength)


@pytest.mark.parametrize(
    ("parameters", "strictness", "refused"), [(5e8, 0.6, True), (5e8, 0.5, False), (1e8, 1, False)]
)
def test_a_model_that_invents_is_not_believed(
    tmp_path: Path, parameters: float, strictness: float, refused: bool
) -> None:
    root = write_files(tmp_path / "docs", {"mill.txt": MILL})
    settings = apply_overrides(Settings(), {"answers.strictness": strictness})
    generator = FakeGenerator("Bob Hay", parameters=int(parameters))
    with Library(root, settings=settings, embedder=FakeEmbedder(), generator=generator) as library:
        library.sync()
        answer = library.ask("Who built the mill by the river?")
    assert generator.prompts, "the model was asked"
    assert answer.refused is refused
    assert (answer.text == "The documents don't say.") is refused
    assert answer.evidence
    assert "The model's answer ('Bob Hay') is not in the documents" in " ".join(answer.notes)
    assert not (refused and (answer.citations or answer.unsupported))


@pytest.mark.parametrize("parameters", [1e8, 5e8, 4e9])
def test_a_model_that_finds_no_answer_is_believed(tmp_path: Path, parameters: float) -> None:
    root = write_files(tmp_path / "docs", {"mill.txt": MILL})
    generator = FakeGenerator("the documents don’t say", parameters=int(parameters))
    with Library(root, settings=Settings(), embedder=FakeEmbedder(), generator=generator) as library:
        library.sync()
        answer = library.ask("Who built the mill by the river?")
    assert (answer.refused, answer.text) == (True, "The documents don't say.")
    assert "The model found no answer in the quotes." in " ".join(answer.notes)
    assert answer.evidence
    assert not answer.citations


@pytest.mark.parametrize(("probability", "strength"), [(None, 0.49), (0.4, 0.49), (0.7, 0.3), (1.0, 0.0)])
def test_a_refusal_counts_the_more_the_surer_the_model_is(probability: float | None, strength: float) -> None:
    known = log(probability) if probability else None
    said = "The documents don't say."
    found = support_by_model(said, [quote(hit(MILL))], judged=False, log_probability=known)
    assert found.strength == pytest.approx(strength)


def test_a_refusal_that_is_a_source_s_own_sentence_is_a_phrase_like_any_other() -> None:
    source = "What did it cost? The documents don't say."
    found = support_by_model("The documents don't say.", [quote(hit(source))], judged=False, log_probability=None)
    assert found.strength == inf


def test_japanese_is_judged_by_its_words_where_the_embedder_knows_none() -> None:
    assert held("江戸城を築いたのは誰ですか", hit(CASTLE, language="ja"))
    assert not held("ペルーの首都はどこですか", hit(CASTLE, language="ja"))


def test_words_tell_nothing_across_languages() -> None:
    bilingual = replace(SPEC, languages=frozenset({"en", "ja"}))
    assert held("What is the capital of Peru?", hit(CASTLE, language="ja", dense=0.1), spec=bilingual)
    assert not held("What is the capital of Peru?", hit(CASTLE, language="ja", dense=0.1))


def test_what_was_found_by_words_in_another_language_must_share_one() -> None:
    population = hit("Japan: Population: total: 123,201,945 (2024 est.)")
    assert not held("ウクライナの人口は何人ですか", population)
    assert not held("What is the capital of Peru?", hit(CASTLE, language="ja"))
    assert held("NATOの加盟国は何か国ですか", hit("NATO has 32 members."))
    assert held("Japanの人口は何人ですか", population)


def test_an_embedder_that_can_not_cross_languages_found_nothing_by_meaning() -> None:
    by_meaning = replace(hit(CASTLE, language="ja", dense=0.9), lexical=None)
    assert not held("What is the capital of Peru?", by_meaning)
    assert held("What is the capital of Peru?", by_meaning, spec=replace(SPEC, languages=frozenset({"en", "ja"})))


def test_a_passage_in_two_languages_counts_for_both() -> None:
    both = hit(f"{MILL}\n\n{CASTLE}", language="en")
    assert held("江戸城を築いたのは誰か", both, hit("天守は高い。", language="ja"), spec=UNMEASURED)


def test_a_single_word_must_be_in_the_documents_or_near_them_in_meaning() -> None:
    assert held("Engineers?", hit(MILL, dense=0.0))
    assert held("Millers?", hit(MILL, dense=0.5))
    assert not held("Insurance?", hit(MILL, dense=0.1))
    assert not held("What about it?", hit(MILL, dense=0.0))


@pytest.mark.parametrize("question", [*OFF, "Who built the mill?", "Who owned the mill when it burned down?"])
def test_more_strictness_never_answers_more(question: str) -> None:
    found = [held(question, hit(MILL, dense=0.3), strictness=step / 10) for step in range(11)]
    assert found == sorted(found, reverse=True)
    assert found[0], "0 refuses nothing"


@pytest.mark.parametrize(("strictness", "refused"), [(0.5, True), (0.0, False)])
def test_a_refusal_shows_the_nearest_passages_and_says_how_to_ask_all_the_same(
    tmp_path: Path, strictness: float, refused: bool
) -> None:
    root = write_files(tmp_path / "docs", {"mill.txt": MILL})
    settings = apply_overrides(Settings(), {"answers.strictness": strictness})
    generator = FakeGenerator("Ada Lind")
    with Library(root, settings=settings, embedder=FakeEmbedder(), generator=generator) as library:
        library.sync()
        answer = library.ask("Which enzymes digest starch in the stomach?")
    assert answer.refused is refused
    assert bool(answer.evidence)
    assert (answer.text == "The documents don't say.") is refused
    assert (UNRELATED in answer.notes) is refused
    assert bool(generator.prompts) is not refused
    assert not (refused and (answer.citations or answer.unsupported or answer.documents_read))
