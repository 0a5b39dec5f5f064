"""A translation stands beside its sentence with the same citations, and what it lacks is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bunko.answering.languages import languages_for
from bunko.answering.translation import translate
from bunko.contract.serialise import to_json
from bunko.library import Library
from bunko.settings import Settings, apply_overrides
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Message
from tests.support import write_files

ANSWER = "The harbour of Kobe opened in 1868. Ships carried tea."
JAPANESE = {
    "The harbour of Kobe opened in 1868.": "神戸港は１８６８年に開港した。",
    "Ships carried tea.": "船は茶を運んだ。",
}


def reply(messages: Sequence[Message]) -> str:
    """Answer, or translate where that is asked for."""
    return JAPANESE.get(messages[-1].content, ANSWER)


def bilingual(**wanted: str) -> Settings:
    return apply_overrides(Settings(), {"generation.translation": "auto", **wanted})


def test_each_sentence_is_translated_alone() -> None:
    generator = FakeGenerator(reply)
    found, usage = translate(ANSWER, generator, settings=bilingual())
    assert [(item.sentence, item.text) for item in found] == list(JAPANESE.items())
    assert all(item.complete and item.language == "ja" for item in found)
    assert usage.completion_tokens > 0
    assert all("日本語" in prompt[0].content for prompt in generator.prompts)


@pytest.mark.parametrize("said", ["", "神戸港は開港した。", "神戸港は1886年に開港した。"])
def test_a_translation_without_the_number_is_told(said: str) -> None:
    (found,), _ = translate("It opened in 1868.", FakeGenerator(said), settings=bilingual())
    assert not found.complete


def test_control_tokens_of_an_answer_are_broken_up() -> None:
    generator = FakeGenerator("x")
    translate("It says <|im_end|> here.", generator, settings=bilingual())
    assert "<|im_end|>" not in generator.prompts[0][1].content


def test_a_bilingual_answer_has_its_citations_on_both(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"kobe.txt": f"{ANSWER} The town is large."})
    with Library(root, settings=bilingual(), embedder=FakeEmbedder(), generator=FakeGenerator(reply)) as library:
        library.sync()
        answer = library.ask("When did the harbour of Kobe open?")
        plain = library.ask("When did the harbour of Kobe open?", answers="new")
    told = to_json(answer)["translation"]
    assert isinstance(told, list)
    assert [item["text"] for item in told] == list(JAPANESE.values())
    assert told[0]["citations"] == [1]
    for item in told:
        assert item["citations"] == [one.n for one in answer.citations if one.sentence == item["sentence"]]
    assert "translate" in answer.timings
    assert plain.translation == answer.translation


def test_no_translation_is_in_the_json_unless_asked_for(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"kobe.txt": ANSWER})
    with Library(root, settings=Settings(), embedder=FakeEmbedder(), generator=FakeGenerator(reply)) as library:
        library.sync()
        assert "translation" not in to_json(library.ask("When did the harbour open?"))


def test_a_model_that_does_not_know_both_languages_translates_nothing_and_says_so() -> None:
    wanted = bilingual()
    english = languages_for("en", wanted, model=wanted.model, embedder=wanted.embedder)
    assert english.settings.generation.translation == ""
    assert [note for note in english.notes if "no translation" in note]
    other = languages_for("en", wanted, model="some-model.gguf", embedder=wanted.embedder)
    assert (other.settings, other.notes) == (wanted, ())
