"""A greeting is answered without the documents; a bare id is answered with the quote, not with a model's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.testing import FakeGenerator
from bunko.types import Message
from tests.support import make_library, write_files

FILES = {
    "mill.md": "# The mill\n\nAda Lind built the mill in 1911.\n",
    "内線.txt": "車両の担当は佐藤であり、内線は5179番である。\n",
}


@pytest.mark.parametrize(
    "text",
    ["hi", "Thank you!", "test", "who are you?", "???", "こんにちは", "ありがとうございます", "あなたは誰ですか"],
)
def test_a_greeting_has_no_citation_and_says_how_to_ask(tmp_path: Path, text: str) -> None:
    library = make_library(write_files(tmp_path, FILES))
    library.sync()
    answer = library.ask(text)
    assert not (answer.citations or answer.evidence or answer.hits or answer.refused)
    assert "Bunko" in answer.text and "Ada" not in answer.text and not library.needs_model(text)


def test_a_question_without_words_may_follow_an_earlier_one(tmp_path: Path) -> None:
    library = make_library(write_files(tmp_path, FILES))
    library.sync()
    history = (Message(role="user", content="Who built the mill?"), Message(role="assistant", content="Ada Lind"))
    assert library.ask("And when?", history=history).evidence
    assert not library.ask("Thanks!", history=history).evidence


def test_a_bare_number_asked_of_japanese_documents_gets_the_quote(tmp_path: Path) -> None:
    library = make_library(write_files(tmp_path, FILES), generator=FakeGenerator("invented"))
    library.sync()
    assert library.ask("5179").text == FILES["内線.txt"].strip()
    assert library.ask("9999").refused
