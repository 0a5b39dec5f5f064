"""Requests about the last answer: its sources are the sources again, by every way to hold a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bunko.answering.kept_sentences import in_sentences, reworked
from bunko.conversation import Conversation
from bunko.library import Library
from bunko.settings import Settings
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Evidence, Message
from tests.support import write_files

FILES = {
    "mill.txt": "The mill of Varn was built in 1911 by Ada Lind. It was closed in 1958 after a flood broke its wheel.",
    "bridge.txt": "The bridge of Hest was finished in 1932. It is 210 metres long.",
}
OPEN = "Tell me about the mill of Varn."
TINY = 135_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_files(tmp_path / "docs", FILES)
    with library_of(root, FakeGenerator()) as library:
        library.sync()
    return root


def library_of(root: Path, generator: FakeGenerator, *, model: str = "") -> Library:
    settings = Settings(model=model) if model else Settings()
    return Library(root, settings=settings, embedder=FakeEmbedder(), generator=generator)


def begun(root: Path, generator: FakeGenerator) -> Conversation:
    conversation = library_of(root, generator).chat()
    first = conversation.ask(OPEN)
    assert not first.refused
    return conversation


def test_a_tiny_model_s_answer_is_shortened_by_whole_sentences_with_their_sources(folder: Path) -> None:
    generator = FakeGenerator(parameters=TINY)
    conversation = begun(folder, generator)
    before = conversation.history[-1]
    answer = conversation.ask("shorter please")
    assert generator.prompts == [], "no model was asked"
    assert answer.text in before.content
    assert len(in_sentences(answer.text).items) < len(in_sentences(before.content).items)
    assert answer.evidence == before.evidence
    assert [item.verified for item in answer.citations] == [True]
    assert answer.revision == ("shorter",)
    assert answer.standalone_question == OPEN
    assert answer.question == "shorter please"
    assert "whole sentences of it were kept" in " ".join(answer.notes)
    assert "retrieve" not in answer.timings, "nothing was searched"


def test_the_forms_follow_each_other(folder: Path) -> None:
    conversation = begun(folder, FakeGenerator(parameters=TINY))
    one = conversation.ask("in one sentence")
    assert "\n" not in one.text
    assert one.citations[0].verified
    listed = conversation.ask("as bullets")
    assert listed.text == f"- {one.text}"
    again = conversation.ask("longer")
    assert len(in_sentences(again.text).items) > 1
    assert again.revision == ("bullets", "longer")
    assert conversation.ask("Who finished the bridge of Hest?").revision == ()


def test_a_capable_model_rewrites_its_answer_from_the_same_sources(folder: Path) -> None:
    def reply(messages: Sequence[Message]) -> str:
        if "Rewrite the answer" in messages[0].content:
            return "- Ada Lind built the mill of Varn in 1911 [1]."
        return "The mill of Varn was built in 1911 by Ada Lind [1]. It was closed in 1958 after a flood [1]."

    generator = FakeGenerator(reply, context=8192)
    conversation = begun(folder, generator)
    answer = conversation.ask("as bullets please")
    assert answer.text == "- Ada Lind built the mill of Varn in 1911 [1]."
    assert [item.verified for item in answer.citations] == [True]
    prompt = generator.prompts[-1][-1].content
    assert "Rewrite the answer as a bulleted list" in prompt
    assert "It was closed in 1958 after a flood [1]." in prompt, "the last answer"
    assert "[1] mill.txt" in prompt, "its sources"
    assert OPEN in prompt
    assert "bullets please" not in prompt


def test_a_translation_keeps_the_originals_and_their_sources(folder: Path) -> None:
    def reply(messages: Sequence[Message]) -> str:
        said = messages[-1].content
        if "Japanese" in messages[0].content or "日本語" in messages[0].content:
            return "水車は1911年に建てられました。" if "1911" in said else "1958年に閉鎖されました。"
        return "The mill of Varn was built in 1911 by Ada Lind [1]. It was closed in 1958 after a flood [1]."

    conversation = begun(folder, FakeGenerator(reply, context=8192))
    before = conversation.history[-1].content
    answer = conversation.ask("in Japanese please")
    assert answer.text == "水車は1911年に建てられました。 [1]1958年に閉鎖されました。 [1]"
    assert [(item.language, item.citations) for item in answer.translation] == [("en", (1,)), ("en", (1,))]
    assert all(item.text in before.replace(" [1]", "") for item in answer.translation)
    assert [item.verified for item in answer.citations] == [False, False], "nobody checked the translation"
    assert list(answer.unsupported) == [item.sentence for item in answer.citations]
    assert "translation" in " ".join(answer.notes)
    shorter = conversation.ask("in one sentence")
    assert shorter.revision == ("one_sentence", "ja"), "the language is kept"


def test_a_model_that_does_not_know_the_language_says_so_and_the_answer_stays(folder: Path) -> None:
    generator = FakeGenerator(name="smollm2-135m", parameters=TINY)
    conversation = begun(folder, generator)
    before = conversation.history[-1].content
    answer = conversation.ask("in Japanese please")
    assert generator.prompts == []
    assert answer.text == before
    assert all(item.verified for item in answer.citations)
    assert "smollm2-135m was not made for English and Japanese: there is no translation." in " ".join(answer.notes)


def test_a_translation_that_is_none_is_not_shown(folder: Path) -> None:
    conversation = begun(folder, FakeGenerator("The mill of Varn was built in 1911 by Ada Lind [1].", context=8192))
    answer = conversation.ask("in Japanese")
    assert answer.text == "The mill of Varn was built in 1911 by Ada Lind [1]."
    assert "gave no translation into Japanese" in " ".join(answer.notes)


def test_where_only_texts_are_known_the_sources_are_found_with_the_last_question(folder: Path) -> None:
    history = (
        Message(role="user", content=OPEN),
        Message(role="assistant", content=FILES["mill.txt"]),
        Message(role="user", content="as bullets"),
        Message(role="assistant", content="- …"),
    )
    with library_of(folder, FakeGenerator(parameters=TINY)) as library:
        answer = library.ask("shorter please", history=history)
    assert answer.text == "- The mill of Varn was built in 1911 by Ada Lind. [1]"
    assert answer.citations[0].path == "mill.txt"
    assert answer.citations[0].verified
    assert answer.standalone_question == OPEN
    assert "retrieve" in answer.timings


def test_quotes_that_a_client_invents_are_not_used(folder: Path) -> None:
    invented = (
        Evidence(path="mill.txt", start=0, end=9, quote="The moon.", score=1.0),
        Evidence(path="no.txt", start=0, end=3, quote="The", score=1.0),
    )
    history = (
        Message(role="user", content=OPEN),
        Message(role="assistant", content=FILES["mill.txt"], evidence=invented),
    )
    with library_of(folder, FakeGenerator(parameters=TINY)) as library:
        answer = library.ask("shorter", history=history)
    assert "The moon." not in {item.quote for item in answer.evidence}
    assert {item.path for item in answer.evidence} <= set(FILES)


def test_what_was_refused_stays_refused(folder: Path) -> None:
    conversation = library_of(folder, FakeGenerator("The documents don't say.", context=8192)).chat()
    assert conversation.ask("Who painted the mill of Varn?").refused
    answer = conversation.ask("shorter")
    assert answer.refused
    assert answer.revision == ("shorter",)


def test_sentences_with_sources_are_kept_first() -> None:
    def sources_of(sentence: str) -> Sequence[int]:
        return (2,) if "old" in sentence else ()

    text = "Well, hello. It is old. It may be big. It is very old."
    assert reworked(text, ("one_sentence",), sources_of=sources_of) == "It is old. [2]"
    assert reworked(text, ("shorter",), sources_of=sources_of) == "It is old. [2] It is very old. [2]"
    assert reworked("古い。大きい。", ("bullets",), sources_of=lambda _: ()) == "- 古い。\n- 大きい。"
