"""The notes of an answer in Japanese: each that the code writes has its wording, and no other is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bunko
from bunko.language.detection import detect_language
from bunko.notes.wording import Wording, with_worded_notes, worded, wordings
from bunko.types import Answer
from tests.support import KYOTO, make_library, write_files

SOURCE = Path(bunko.__file__).parent
SCRIPT = (SOURCE / "server" / "page" / "messages.js").read_text(encoding="utf-8")
# The notes that the page knows: it is held to the code by tests/server/page/test_messages.py.
PAGE = re.findall(r'\["(note\w+)", /(\^.*\$)/(?:i?)\]', SCRIPT)
_OWN_JAPANESE = {"noteNoDuckdb", "noteSql"}  # the code writes these in both languages
_ERRORS = {"noteOllama", "noteUnread"}  # of files and of models, not of an answer


@pytest.mark.parametrize("wording", wordings(), ids=lambda wording: wording.example[:40])
def test_each_example_is_told_in_japanese(wording: Wording) -> None:
    (japanese,) = worded([wording.example], language="ja")
    assert detect_language(japanese) == "ja"
    first = next(each for each in wordings() if each.english.fullmatch(wording.example))
    assert first is wording, "another wording takes its notes"
    assert not re.search(r"[{}]", japanese.replace("{instructions}", ""))
    assert worded([wording.example], language="en") == (wording.example,)
    assert worded([japanese], language="ja") == (japanese,)


@pytest.mark.parametrize(("name", "pattern"), [each for each in PAGE if each[0] not in _OWN_JAPANESE | _ERRORS])
def test_each_note_that_the_page_knows_has_a_wording(name: str, pattern: str) -> None:
    """The page's patterns and the wordings are of the same notes: an example of each is known to the other."""
    compiled = re.compile(pattern.replace("(?<", "(?P<").replace("(?P<!", "(?<!").replace("(?P<=", "(?<="))
    assert any(compiled.match(wording.example) for wording in wordings()), name


def test_a_note_without_a_wording_stays_as_it_is() -> None:
    assert worded(["What nobody wrote."], language="ja") == ("What nobody wrote.",)


def test_only_a_question_in_japanese_gets_japanese_notes() -> None:
    notes = ("The model repeated itself and was stopped.",)
    assert with_worded_notes(Answer(question="Who?", text="", notes=notes)).notes == notes
    assert detect_language(with_worded_notes(Answer(question="誰ですか", text="", notes=notes)).notes[0]) == "ja"


@pytest.mark.parametrize(
    "question", ["フランスの国王は誰でしたか", "金閣寺は1844年に何がありましたか", "火星の天気はどうですか"]
)
@pytest.mark.parametrize("model", ["smollm2-135m", "none", "mine.gguf"])
def test_every_japanese_refusal_has_japanese_notes(tmp_path: Path, question: str, model: str) -> None:
    root = write_files(tmp_path / "docs", {"京都.txt": KYOTO})
    with make_library(root, model=model) as library:
        library.sync()
        answer = library.ask(question)
    assert answer.notes
    assert [detect_language(note) for note in answer.notes] == ["ja"] * len(answer.notes), answer.notes
