"""A question in another language than all documents says that the embedder can't cross languages, and what can."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.answering.across_languages import note_across
from bunko.library import Library
from bunko.models.catalogue.lookup import find_entry
from bunko.ports import EmbedderSpec
from bunko.settings import Settings
from bunko.testing import FakeEmbedder, FakeGenerator
from tests.support import write_files

ENGLISH = EmbedderSpec(name="minilm@1", dimension=2, languages=frozenset({"en"}), max_tokens=256)
EVERY = EmbedderSpec(name="e5", dimension=2, languages=frozenset("*"), max_tokens=256)
DOCUMENTS = {
    "en": "The bridge of Hest was finished in 1932. It was designed by Bror Malm.",
    "ja": "白浜橋は1932年に完成した。設計したのは真柄忠で、長さは210メートルである。",
}


@pytest.mark.parametrize(
    ("asked_in", "documents", "expected"),
    [
        ("ja", {"en": 9}, "The question is in Japanese, and the documents are in English"),
        ("en", {"ja": 9}, "The question is in English, and the documents are in Japanese"),
        ("en", {"ja": 99, "en": 1}, "The question is in English"),  # one may be a wrong guess
        ("en", {"ja": 5, "en": 4}, ""),
        ("en", {"en": 5}, ""),
        ("en", {}, ""),
    ],
)
def test_when_there_is_a_note(asked_in: str, documents: dict[str, int], expected: str) -> None:
    note = note_across(asked_in, documents, spec=ENGLISH, embedder="minilm")
    assert note.startswith(expected) if expected else note == ""
    assert note_across(asked_in, documents, spec=EVERY, embedder="") == ""


def test_the_note_names_an_embedder_that_can() -> None:
    note = note_across("ja", {"en": 9}, spec=ENGLISH, embedder="minilm")
    name = note.partition("`--embedder ")[2].partition("`")[0]
    entry = find_entry(name)
    assert entry is not None
    assert entry.languages == {"*"}


@pytest.mark.parametrize(
    ("written_in", "question"),
    [("en", "橋を設計したのは誰ですか"), ("ja", "Who designed the bridge?"), ("ja", "How can a bridge be designed?")],
)
@pytest.mark.parametrize("crosses", [False, True])
def test_an_answer_across_languages(tmp_path: Path, written_in: str, question: str, crosses: bool) -> None:
    root = write_files(tmp_path / "docs", {"b1.txt": DOCUMENTS[written_in]})
    embedder = FakeEmbedder(languages=frozenset("*") if crosses else frozenset({"en"}))
    with Library(root, settings=Settings(), embedder=embedder, generator=FakeGenerator()) as library:
        library.sync()
        answer = library.ask(question)
    said = " ".join(answer.notes)
    told = "異なる言語の文章を照合できず" if written_in == "en" else "can't match texts across languages"
    assert (told in said) is not crosses
    assert crosses or answer.refused
    if crosses:  # the generator is passed in, and speaks every language: its answer is not a quote
        assert "quoted in" not in said and "引用です" not in said


@pytest.mark.parametrize(
    ("written_in", "question", "noted"),
    [
        ("en", "橋を設計したのは誰ですか", "質問は日本語ですが、回答は英語の文書からの引用です。"),
        ("ja", "Who designed the bridge?", "The question is in English, and the answer is quoted in Japanese."),
        ("ja", "橋を設計したのは誰ですか", ""),
    ],
)
def test_without_a_model_the_quote_is_said_to_be_in_its_language(
    tmp_path: Path, written_in: str, question: str, noted: str
) -> None:
    root = write_files(tmp_path / "docs", {"b1.txt": DOCUMENTS[written_in]})
    with Library(root, settings=Settings(model="none"), embedder=FakeEmbedder()) as library:
        library.sync()
        answer = library.ask(question)
    assert not answer.refused
    assert answer.text
    assert [note for note in answer.notes if "quoted in" in note or "引用です" in note] == ([noted] if noted else [])


def test_a_shared_name_is_found_across_languages(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"橋.txt": DOCUMENTS["ja"] + "型番はPPR-9087である。"})
    embedder = FakeEmbedder(languages=frozenset({"en"}))
    with Library(root, settings=Settings(), embedder=embedder, generator=FakeGenerator()) as library:
        library.sync()
        answer = library.ask("What is PPR-9087?")
    assert not answer.refused
    assert "can't match texts across languages" in " ".join(answer.notes)


def test_a_comparison_across_languages_is_of_the_things_that_are_named(tmp_path: Path) -> None:
    towns = {"ハルベン": "Harben", "トスカル": "Toskar", "モンデリ": "Mondeli"}
    texts = {f"{name}.txt": f"The town of {name} has {n},210 people." for n, name in enumerate(towns.values(), 2)}
    root = write_files(tmp_path / "docs", dict(texts))
    with Library(root, settings=Settings(model="none"), embedder=FakeEmbedder(languages=frozenset("*"))) as library:
        library.sync()
        answer = library.ask("ハルベンとモンデリの人口を比較してください。")
    assert not answer.refused
    assert {item.path for item in answer.citations} == {"Harben.txt", "Mondeli.txt"}


def test_a_definition_across_languages_is_the_sentence_that_defines(tmp_path: Path) -> None:
    text = (
        "Votes: Ilse MARLENKO 73.2%, Jon AKER 24.5%.\n\nChief of state: President Ilse MARLENKO (since 20 May 2019)\n"
    )
    root = write_files(tmp_path / "docs", {"varn.txt": text})
    with Library(root, settings=Settings(model="none"), embedder=FakeEmbedder(languages=frozenset("*"))) as library:
        library.sync()
        answer = library.ask("マルレンコとは誰ですか？")
    assert "President Ilse MARLENKO" in answer.text
    assert "73.2" not in answer.text
