"""A refusal is heard in a model's own words, and an answer with a gap is none: lists of wordings in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bunko.answering.spoken_refusal import PATTERNS, refuses
from bunko.language.data_files import Pattern, read_patterns
from bunko.language.detection import detect_language
from bunko.library import Library
from bunko.settings import Settings
from bunko.testing import FakeEmbedder, FakeGenerator
from tests.support import write_files

LIST = Path(__file__).with_name("spoken_refusals.tsv")
ROWS = [line.split("\t") for line in LIST.read_text(encoding="utf-8").splitlines()]
MILL = "The mill by the river was built in 1911 by Ada Lind, an engineer. Its wheel is nine metres high."


@pytest.mark.parametrize("pattern", read_patterns(PATTERNS), ids=lambda pattern: pattern.name)
def test_the_examples_of_each_pattern(pattern: Pattern) -> None:
    compiled = re.compile(pattern.regex, re.I)
    find = compiled.match if pattern.name.startswith("english") else compiled.search
    assert all(find(text) for text in pattern.matches)
    assert not any(find(text) for text in pattern.passes)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("part", ["build", "check"])
def test_wordings_of_refusals_and_of_answers_with_a_gap(part: str, language: str) -> None:
    rows = [(kind, text) for each, kind, text in ROWS if each == part and detect_language(text) == language]
    refusals = [text for kind, text in rows if kind == "refusal"]
    answers = [text for kind, text in rows if kind == "answer"]
    assert (len(refusals), len(answers)) == (15, 15)
    assert [text for text in answers if refuses(text)] == []
    assert [text for text in refusals if not refuses(text)] == []


def test_what_is_no_text_or_a_long_one_refuses_nothing() -> None:
    assert not refuses("")
    assert not refuses("   ")
    assert not refuses("The sources do not mention it. " * 100)


@pytest.mark.parametrize(
    "said", ["The provided documents do not contain information about that.", "資料には記載がありません。"]
)
def test_a_capable_model_s_refusal_is_one_and_keeps_its_words(tmp_path: Path, said: str) -> None:
    root = write_files(tmp_path / "docs", {"mill.txt": MILL})
    with Library(root, settings=Settings(), embedder=FakeEmbedder(), generator=FakeGenerator(said)) as library:
        library.sync()
        answer = library.ask("Who paid for the wheel of the mill by the river?")
        assert answer.refused
        assert answer.text == said
        assert not answer.citations
        assert not answer.unsupported
        assert "The model found no answer in the quotes." in " ".join(answer.notes)
        kept = library.ask("Who paid for the wheel of the mill by the river?", settings={"answers.strictness": 0.0})
        assert not kept.refused


def test_an_answer_that_says_what_the_sources_lack_is_none(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"mill.txt": MILL})
    said = "The mill was built in 1911 by Ada Lind [1]. The sources do not say what it cost."
    with Library(root, settings=Settings(), embedder=FakeEmbedder(), generator=FakeGenerator(said)) as library:
        library.sync()
        answer = library.ask("When was the mill by the river built, and what did it cost?")
    assert not answer.refused
    assert [item.verified for item in answer.citations][:1] == [True]


def test_a_small_model_s_phrase_that_refuses_gives_our_own_sentence(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"mill.txt": MILL})
    generator = FakeGenerator("Not mentioned in the text.", parameters=500_000_000)
    with Library(root, settings=Settings(), embedder=FakeEmbedder(), generator=generator) as library:
        library.sync()
        answer = library.ask("Who painted the wheel of the mill by the river?")
    assert answer.refused
    assert answer.text == "The documents don't say."
