"""Question files: what is read, and what is said of a line that can't be understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.errors import QuestionError, UsageError
from bunko.evaluation.questions import read_questions


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_plain_text_has_a_question_a_line(tmp_path: Path) -> None:
    questions = read_questions(write(tmp_path / "q.txt", "Who?\r\n\r\n  いつですか  \nWhere?"))
    assert [(q.id, q.text, q.language) for q in questions] == [
        (1, "Who?", "en"),
        (3, "いつですか", "ja"),
        (4, "Where?", "en"),
    ]
    assert questions[0].answers == () and not questions[0].unanswerable


def test_jsonl_has_answers_and_files(tmp_path: Path) -> None:
    lines = [
        '{"id": "a", "question": "Who?", "answers": ["Ada", " Ada "], "file": "x\\\\y.txt", "lang": "en"}',
        "",
        '{"question": "When?", "answers": "1803", "unanswerable": null, "file": ["a.txt", "b.txt"]}',
        '{"id": 7, "question": "Why?", "answers": [], "unanswerable": true, "file": {"a.txt": 2}}',
        '{"question": "How?", "evidence": [{"file": "c.txt", "quote": "so"}]}',
    ]
    who, when, why, how = read_questions(write(tmp_path / "q", "\ufeff" + "\n".join(lines)))
    assert (who.id, who.answers, who.files) == ("a", ("Ada",), (("x/y.txt", 1),))
    assert (when.id, when.answers, when.files) == (3, ("1803",), (("a.txt", 1), ("b.txt", 1)))
    assert (why.id, why.unanswerable, why.files) == (7, True, (("a.txt", 2),))
    assert how.files == (("c.txt", 1),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932", "euc-jp"])
def test_any_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    text = "梅雨とは何季の一種ですか。\n日本の首都はどこですか。\n"
    assert [q.text for q in read_questions(write(tmp_path / "q.txt", text.encode(encoding)))] == text.split()


def test_a_limit_takes_the_first(tmp_path: Path) -> None:
    assert [q.id for q in read_questions(write(tmp_path / "q.txt", "a\nb\nc"), limit=2)] == [1, 2]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not an object"),
        ('{"id": "a"}', 'has no "question"'),
        ('{"question": " "}', 'has no "question"'),
        ('{"question": "q", "id": [1]}', "neither a string nor an integer"),
        ('{"question": "q", "id": "first"}', "repeats the id 'first' of line 1"),
        ('{"question": "q", "answers": [1]}', "not a list of strings"),
        ('{"question": "q", "unanswerable": "yes"}', "neither true nor false"),
        ('{"question": "q", "unanswerable": true, "answers": ["a"]}', "marked as unanswerable"),
        ('{"question": "q", "file": 1}', "not a path"),
        ('{"question": "q", "file": {"a": "b"}}', "not a path"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, line: str, said: str) -> None:
    file = write(tmp_path / "q.jsonl", f'{{"id": "first", "question": "q"}}\n{line}\n')
    with pytest.raises(QuestionError, match="line 2 ") as raised:
        read_questions(file)
    assert said in raised.value.message


def test_files_that_are_missing_or_empty_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        read_questions(tmp_path / "none.txt")
    with pytest.raises(QuestionError, match="has no questions"):
        read_questions(write(tmp_path / "empty.txt", " \n\n"))
