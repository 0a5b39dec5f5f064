"""Which sentences stand for a document."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bunko.overview.central import central, is_prose, spread, title
from bunko.types import Document

MILL = """# The mill of Kobe

Dear reader!

The mill of Kobe was built in 1803 by the river, and it grinds the wheat of the whole valley.
Wheat price 2023: 12 (est.)
Rain fell on Monday, and nobody was there to see it at all.
The river turns the wheel of the mill, and the mill grinds wheat in the valley every day.
"""


def test_a_sentence_about_what_the_text_is_about_goes_before_data_greetings_and_the_weather() -> None:
    chosen = central(Document(path="mill.md", text=MILL), limit=2)
    assert [one.quote.split()[0] + " " + one.quote.split()[1] for one in chosen] == ["The mill", "The river"]


def test_japanese_sentences_are_chosen_too() -> None:
    text = "目次\n\n京都の金閣寺は、京都で最もよく知られている寺です。雨が降っていましたが、誰もいませんでした。"
    assert central(Document(path="a.txt", text=text), limit=1)[0].quote.startswith("京都の金閣寺は")


def test_the_title_is_the_first_line_that_is_no_sentence() -> None:
    assert MILL[slice(*(title(Document(path="a.md", text=MILL)) or ()))] == "The mill of Kobe"
    assert title(Document(path="a.txt", text="It was built in 1803.\nMore.")) is None
    assert title(Document(path="a.csv", text="a | b | c\n1 | 2 | 3")) is None


def test_data_is_no_prose() -> None:
    assert is_prose("この塔は東京にある高い電波塔である。")
    assert not is_prose("人口：1,234人（2023年）")


def test_the_quotes_that_are_chosen_tell_of_different_things() -> None:
    quotes = ["cats sleep well", "cats sleep", "ships carry tea", "tea ships carry", "cats sleep ships tea"]
    assert len(spread(quotes, limit=2)) == 2
    assert sorted(spread(quotes, limit=9)) == [0, 1, 2, 3, 4]


@given(st.text(max_size=500))
def test_every_sentence_is_a_slice_of_its_document(text: str) -> None:
    document = Document(path="a.txt", text=text)
    for one in central(document, limit=3):
        assert text[one.start : one.end] == one.quote != ""
    place = title(document)
    assert place is None or text[slice(*place)].strip()
