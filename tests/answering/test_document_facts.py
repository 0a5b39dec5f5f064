"""A question about a document itself is answered from its properties, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bunko.library import Library
from tests.support import make_library, write_files

_FILES = {
    "mails/1.eml": "From: Ada Lind <ada@a.example>\nTo: Bob Hay <bob@a.example>\nSubject: Budget of the mill\n"
    "Date: Tue, 12 Mar 2024 09:05:00 +0900\n\nHello Bob.\n",
    "mails/2.eml": "From: Olga Berg <olga@a.example>\nTo: bob@a.example\nSubject: Lunch\n"
    "Date: Wed, 13 Mar 2024 12:00:00 +0000\n\nAt noon.\n",
    "annual-report.md": (
        "---\ntitle: Report for 2023\nauthor: [Ilse Maar, Jon Aker]\nupdated: 2024-02-01\n---\nAll is well."
    ),
    "議事録.md": "---\ntitle: 三月の会議\n著者: 田中花子\n作成日: 2024年3月5日\n---\n会議をした。",
    "letter.txt": "Ilse Maar wrote the letter in 1911.",
    "plan a.md": "---\nauthor: Ann\n---\nPlan.",
    "plan b.md": "---\nauthor: Ben\n---\nPlan.",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with make_library(write_files(tmp_path_factory.mktemp("facts") / "docs", _FILES)) as opened:
        opened.sync()
        yield opened


@pytest.mark.parametrize(
    ("question", "path", "quote", "text"),
    [
        ("When was the mail about the budget sent?", "mails/1.eml", "Sent: 2024-03-12 09:05 (+09:00)", None),
        ("Who sent the mail about lunch?", "mails/2.eml", "From: Olga Berg <olga@a.example>", None),
        ("To whom was the budget mail sent?", "mails/1.eml", "To: Bob Hay <bob@a.example>", None),
        ("Who wrote the annual report?", "annual-report.md", "Author: Ilse Maar, Jon Aker", "Ilse Maar, Jon Aker"),
        ("When was annual-report.md last updated?", "annual-report.md", "Modified: 2024-02-01", None),
        ("議事録は誰が書きましたか。", "議事録.md", "作成者: 田中花子", "田中花子"),
        ("三月の会議の作成日はいつですか。", "議事録.md", "日付: 2024-03-05", "2024-03-05"),
    ],
)
def test_a_fact_answers(library: Library, question: str, path: str, quote: str, text: str | None) -> None:
    answer = library.ask(question)
    assert (answer.evidence[0].path, answer.evidence[0].quote) == (path, quote)
    assert answer.evidence[0].fact and answer.finish_reason == "none" and not answer.refused
    assert answer.text == (text or quote.partition(": ")[2])
    assert [(cited.n, cited.quote, cited.verified) for cited in answer.citations] == [(1, quote, True)]


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote the letter?",  # the document says nothing of itself, but its text does
        "Who wrote the plan?",  # there are two
        "Who wrote the novel about whales?",  # there is none
        "When was the plan sent?",
    ],
)
def test_other_questions_are_answered_from_the_texts(library: Library, question: str) -> None:
    assert not any(item.fact for item in library.ask(question).evidence)


def test_a_filter_chooses_which_document_is_meant(library: Library) -> None:
    answer = library.ask('Who wrote the plan? file:"plan b.md"')
    assert answer.text == "Ben"
    assert answer.scope is not None and answer.documents_searched == 1
