"""Copies and versions in answers: quoted once, the newer one first, unless the question says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bunko.several import SeveralLibraries
from bunko.types import Answer
from tests.conftest import Cli
from tests.support import make_library, write_files

OLD = """# Fees of the sports hall

The sports hall of Varn is open from Monday to Saturday. The fee for an hour is 5 euros for adults. Children under
twelve pay nothing if an adult comes with them. Groups book the hall two weeks in advance at the town office. The key is
at the office, and must be returned on the same evening. The janitor is Bob Hay. Smoking is not allowed in the building.
Lost things are kept for six months. The hall is cleaned every Friday afternoon, and is closed then.
"""
NEW = OLD.replace("5 euros", "7 euros").replace("two weeks", "three weeks").replace("The janitor is Bob Hay. ", "")
ALT = """体育館の使用規程

体育館は月曜日から土曜日まで開館する。大人の使用料は1時間500円とする。12歳未満の子どもは、大人と一緒であれば無料とする。
団体は2週間前までに役場で予約しなければならない。鍵は役場にあり、当日の夕方までに返却する。館内は禁煙とする。
忘れ物は6か月間保管する。毎週金曜日の午後は清掃のため休館とする。
"""
NEU = ALT.replace("500円", "700円").replace("2週間", "3週間")
_FILES = {
    "fees-2023.md": OLD,
    "fees-2024.md": NEW,
    "fees-2024 (1).md": NEW,
    "old/規程.txt": ALT,
    "new/規程.txt": NEU,
    "town.txt": "The town of Varn has 4,210 people. Its mayor is Ilse Maar.",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_files(tmp_path / "docs", _FILES)
    for n, path in enumerate(sorted(root.rglob("*.txt"), key=lambda path: "new" in path.parts)):
        os.utime(path, (1_700_000_000 + 100 * n,) * 2)
    return root


def ask(folder: Path, question: str, **within: object) -> Answer:
    with make_library(folder) as library:
        library.sync()
        answer = library.ask(question, **within)  # type: ignore[arg-type]
    for item in answer.evidence:
        assert item.quote in _FILES[item.path]
    return answer


def paths(answer: Answer) -> set[str]:
    return {item.path for item in answer.evidence}


def test_the_newer_version_is_quoted_once_with_a_note(folder: Path) -> None:
    answer = ask(folder, "What is the fee for an hour?")
    assert "7 euros" in answer.evidence[0].quote
    assert not any(path in paths(answer) for path in ("fees-2023.md", "fees-2024 (1).md"))
    assert "fees-2024.md is quoted in place of copies: fees-2024 (1).md." in answer.notes
    assert "fees-2024.md is quoted in place of older versions: fees-2023.md." in answer.notes
    quotes = [item.quote for item in answer.evidence]
    assert len(quotes) == len(set(quotes))


def test_japanese_versions(folder: Path) -> None:
    answer = ask(folder, "大人の使用料は1時間いくらですか。")
    assert "700円" in answer.evidence[0].quote and "old/規程.txt" not in paths(answer)
    assert "new/規程.txt から引用しました。古い版は除きました：old/規程.txt" in answer.notes
    assert "500円" in ask(folder, "旧版では大人の使用料は1時間いくらでしたか。").evidence[0].quote


@pytest.mark.parametrize(
    "question",
    [
        "What did the old version say about the fee for an hour?",
        "What was the fee for an hour in fees-2023.md?",
        "What is the fee for an hour? file:fees-2023.md",
        "What is the fee for an hour? -file:*2024*",
    ],
)
def test_a_question_that_says_otherwise(folder: Path, question: str) -> None:
    answer = ask(folder, question)
    assert "5 euros" in answer.evidence[0].quote
    assert "7 euros" not in "".join(item.quote for item in answer.evidence)


def test_a_year_that_only_the_older_one_has(folder: Path) -> None:
    assert "fees-2023.md" in paths(ask(folder, "What was the fee for an hour in 2023?"))


def test_a_word_that_only_the_older_one_has(folder: Path) -> None:
    answer = ask(folder, "Who is the janitor of the sports hall, Bob Hay?")
    assert any("Bob Hay" in item.quote for item in answer.evidence)


def test_a_question_for_all_versions(folder: Path) -> None:
    assert {"fees-2023.md", "fees-2024.md"} <= paths(ask(folder, "What is the fee for an hour in each version?"))


def test_without_versions_there_is_no_note(folder: Path) -> None:
    answer = ask(folder, "Who is the mayor?", only="town.txt")
    assert not [note for note in answer.notes if "quoted" in note]


def test_forms_are_asked_by_their_words(tmp_path: Path) -> None:
    """Invoices of one form are alike, and no versions of each other: the question says which one it means."""
    form = """Invoice {n} of the Varn saw mill to the {who} of the town, dated {month}. Please pay within thirty days to
    the account of the mill at the savings bank. We thank you for your order of planks, beams and slats. The wood was
    delivered to the yard, and counted there. The total is {total} euros, with tax. Yours, the office of the mill."""
    rows = [("11", "school", "January", "500"), ("12", "library", "February", "700"), ("13", "bakery", "March", "900")]
    files = {f"invoice-{n}.txt": form.format(n=n, who=who, month=month, total=total) for n, who, month, total in rows}
    root = write_files(tmp_path / "docs", files)
    with make_library(root) as library:
        library.sync()
        for n, who, month, total in rows:
            for question in (f"What is the total of the {who}'s invoice?", f"What did the {who} pay in {month}?"):
                answer = library.ask(question)
                assert any(item.path == f"invoice-{n}.txt" for item in answer.evidence), (question, total)


def test_replies_quote_the_mails_before(tmp_path: Path) -> None:
    head = "From: {}@a.example\nTo: b@a.example\nSubject: Hall\nDate: Sat, 0{} May 2024 09:00:00 +0000\n\n"
    mail = head.format("ada", 4) + OLD
    reply = head.format("bob", 5) + "I agree.\n\n" + "\n".join(f"> {line}" for line in OLD.splitlines())
    with make_library(write_files(tmp_path, {"1.eml": mail, "2.eml": reply, "copy.eml": mail})) as library:
        library.sync()
        groups = library.duplicates()
        assert [{row.path for row in group.documents} for group in groups] == [{"1.eml", "copy.eml"}]


def test_the_command_lists_them(folder: Path, cli: Cli) -> None:
    assert cli("index", str(folder), "--quiet").code == 0
    groups = cli("documents", str(folder), "--duplicates", "--json").json["groups"]
    shown = [[(row["path"], row["is_copy"]) for row in group["documents"]] for group in groups]
    assert shown == [
        [("fees-2024.md", True), ("fees-2024 (1).md", True), ("fees-2023.md", False)],
        [("new/規程.txt", True), ("old/規程.txt", False)],
    ]
    assert 0.5 < groups[0]["documents"][2]["alike"] < 1
    out = cli("documents", str(folder), "--duplicates").out
    assert "fees-2024.md  the newest" in out and "fees-2024 (1).md  a copy" in out and "% alike" in out


def test_a_changed_document_is_compared_anew(folder: Path) -> None:
    with make_library(folder) as library:
        library.sync()
        assert len(library.duplicates()) == 2
        (folder / "fees-2023.md").write_text("The hall was sold. " * 3 + "It is a library now.", encoding="utf-8")
        (folder / "new" / "規程.txt").unlink()
        library.sync()
        assert [[row.path for row in group.documents] for group in library.duplicates()] == [
            ["fees-2024.md", "fees-2024 (1).md"]
        ]


def test_several_folders(tmp_path: Path) -> None:
    first, second = write_files(tmp_path / "a", {"fees-1.md": OLD}), write_files(tmp_path / "b", {"fees-1.md": NEW})
    os.utime(first / "fees-1.md", (1_600_000_000,) * 2)
    with SeveralLibraries({"a": make_library(first), "b": make_library(second)}) as libraries:
        libraries.sync()
        answer = libraries.ask("What is the fee for an hour?")
        assert "7 euros" in answer.evidence[0].quote
        assert {item.library for item in answer.evidence} == {"b"}
        assert "b/fees-1.md is quoted in place of older versions: a/fees-1.md." in answer.notes
        assert [[row.path for row in group.documents] for group in libraries.duplicates()] == [
            ["b/fees-1.md", "a/fees-1.md"]
        ]
