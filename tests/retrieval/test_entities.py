"""A quote is an answer only if it is about the id, the date and the name that the question has."""

from __future__ import annotations

import pytest

from bunko.answering.missing import missing
from bunko.question.question import parse_question
from bunko.retrieval.entities import exact, scope_of, share
from bunko.types import Chunk, Evidence, Hit

LOG = "The backup started on 2026-03-05 and failed.\n\nThe backup started on 2026-05-03 and finished.\n\nCall Bob."
CODES = "PPR-9087\n\nThe system validates the reading.\n\nPPR-9807\n\nThe system logs the reading."


def about(question: str, text: str, quote: str, *, path: str = "a.txt", heading: str = "") -> int:
    chunk = Chunk(path=path, start=0, end=len(text), text=text, heading=heading, key="1")
    start = text.index(quote)
    return exact(parse_question(question), scope_of(chunk, start=start, end=start + len(quote), heading=""))


@pytest.mark.parametrize(
    "asked",
    ["2026-03-05", "5 March 2026", "March 5, 2026", "03/05/2026", "05/03/2026", "2026年3月5日", "令和8年3月5日"],
)
def test_a_date_is_met_in_any_notation_and_by_no_other_date(asked: str) -> None:
    question = f"What happened on {asked}?" if asked.isascii() else f"{asked}に何がありましたか"
    assert about(question, LOG, "The backup started on 2026-03-05 and failed.") == 1
    if "/" not in asked:
        assert about(question, LOG, "The backup started on 2026-05-03 and finished.") == 0
    assert about(question, LOG, "Call Bob.") == 0


def test_an_id_is_one_word_and_may_stand_above_the_quote() -> None:
    assert about("What does ppr-9087 say?", CODES, "The system validates the reading.") == 1
    assert about("What does PPR-9087 say?", CODES, "The system logs the reading.") == 0
    assert about("What does PPR-9087 say?", "It is so.", "It is so.", heading="PPR-9087") == 1
    assert about("Who paid INV-7?", "It was paid.", "It was paid.", path="bills/INV-7.txt") == 1
    assert about("第三条は何ですか", "第１３条（休暇）", "第１３条（休暇）") == 0


def lacks(question: str, text: str, *, language: str = "en", elsewhere: str = "") -> bool:
    hit = Hit(chunk=Chunk(path="a.txt", start=0, end=len(text), text=text, language=language, key="1"), score=1.0)
    other = Hit(chunk=Chunk(path="b.txt", start=0, end=9, text=elsewhere, language="en", key="2"), score=0.5)
    quote = Evidence(path="a.txt", start=0, end=len(text), quote=text, score=1.0)
    found = missing(parse_question(question), [hit, other] if elsewhere else [hit], [quote])
    return bool(found.numbers or found.names)


def test_a_name_must_be_in_the_passage_of_a_quote_not_in_any_passage() -> None:
    assert lacks(
        "ウクライナの人口は何人ですか", "日本の人口は1億2千万人である。", language="ja", elsewhere="Ukraine has people."
    )
    assert lacks("What did Bob Hay build?", "Ada Lind built the mill.", elsewhere="Bob Hay left.")
    assert not lacks("プリンタはどこですか", "ﾌﾟﾘﾝﾀは二階にある。", language="ja")


def test_an_unknown_id_and_another_day_are_lacking() -> None:
    assert lacks("What is E-99?", "- E-17: The pump is stuck. E-9 is free.")
    assert lacks("What happened on 6 March 2026?", LOG)
    assert not lacks("What happened in March 1911?", "It was built in 1911.")


def test_a_question_without_names_has_no_share() -> None:
    chunk = Chunk(path="a.txt", start=0, end=5, text="It is", key="1")
    assert share(parse_question("What is old?"), scope_of(chunk, start=0, end=5, heading="")) == 0
