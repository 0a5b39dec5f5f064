"""A question may name documents: by file name, by the words of a name, by date."""

from __future__ import annotations

import time

import pytest

from bunko.question.question import parse_question
from bunko.retrieval.named_documents import may_name_file, named_by_words, named_files, without_file_names

PATHS = [
    "talks/2024-03-07_speech-of-the-mayor-in-the-harbour-hall_12.txt",
    "talks/2024-03-07_market-day_13.txt",
    "talks/2024-04-11_speech-at-the-school_14.txt",
    "annual_report_2023.pdf",
    "annual_report_2022.pdf",
    "mill.txt",
    "議事録-2024-05.md",
]
BY_FILE = {
    "What does mill.txt say?": ["mill.txt"],
    "Summarise annual_report_2023.pdf": ["annual_report_2023.pdf"],
    "What is in annual_report_2022?": ["annual_report_2022.pdf"],
    "What does the file mill say?": ["mill.txt"],
    "議事録-2024-05.mdには何が書いてありますか": ["議事録-2024-05.md"],
    "Who built the mill?": [],
    "What is in mill.txtx?": [],
    "What do the files mill and annual_report_2023 say?": ["annual_report_2023.pdf", "mill.txt"],
    "Which document describes the mill?": [],
    "How many documents mention the mill?": [],
    "Which file formats can the mill read?": [],
    "millのファイルには何が書いてありますか": ["mill.txt"],
    "どの文書にmillのことがありますか": [],
}
BY_WORDS = {
    "Summarise the speech of the mayor in the harbour hall.": PATHS[:1],
    "What did the mayor say on 7 March 2024?": PATHS[:1],
    "What was said on 11 April 2024?": PATHS[2:3],
    "What is in the annual report of 2023?": ["annual_report_2023.pdf"],
    "Who is the mayor?": [],
    "How deep is the well?": [],
}


@pytest.mark.parametrize("question", BY_FILE)
def test_a_file_is_named_with_or_without_its_ending(question: str) -> None:
    asked = parse_question(question)
    assert named_files(asked, PATHS) == BY_FILE[question]
    assert may_name_file(asked) or not BY_FILE[question]


@pytest.mark.parametrize("question", BY_WORDS)
def test_a_document_is_named_by_most_of_its_own_words_or_its_date(question: str) -> None:
    assert named_by_words(parse_question(question), PATHS)[:1] == BY_WORDS[question][:1]


def test_the_name_is_not_what_is_asked() -> None:
    assert without_file_names(parse_question("What does Mill.txt say of rye?"), ["a/mill.txt"]).split() == [
        *"What does say of rye?".split()
    ]


def test_a_file_is_found_among_a_hundred_thousand_at_once() -> None:
    paths = [f"manuals/part-{n % 90}/page-{n}.txt" for n in range(100_000)]
    begin = time.process_time()
    assert named_files(parse_question("What does page-73214.txt say of re-use?"), paths) == [paths[73_214]]
    assert time.process_time() - begin < 5  # a pattern for each name took 20 s and more
