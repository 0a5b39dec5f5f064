"""What has been sent of an answer is what the whole of it would be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bunko.server.openai.text import Outgoing, content_of, sources_text, without_sources
from bunko.types import Answer, Citation

_WORDS = st.sampled_from(
    (
        *(" ", "\n", "In France", "東京", "。", ". ", "[", "]", "(", ")", "[1]", " [2, 3]", "［２］", "(source 2)"),
        *("【1†a.txt】", "（出典1）", "[^1]", "[Note]", "sources", "1", "†", "【", "END", "EN", "\n\n", "x" * 90),
    )
)
_TEXTS = st.lists(_WORDS, max_size=12).map("".join)
_STOPS = st.lists(st.sampled_from(["END", "\n\n", "France", " ", "1", "E"]), max_size=2)


def _streamed(text: str, sizes: list[int], *, stop: list[str], documents: bool = True) -> str:
    outgoing = Outgoing(from_documents=documents, stop=stop)
    sent, start = "", 0
    for size in [*sizes, len(text)]:
        sent += outgoing.more(text[start : start + size])
        start += size
    return sent + outgoing.rest(text)


@given(text=_TEXTS, sizes=st.lists(st.integers(1, 9), max_size=40), stop=_STOPS, documents=st.booleans())
def test_the_pieces_are_the_whole(text: str, sizes: list[int], stop: list[str], documents: bool) -> None:
    assert _streamed(text, sizes, stop=stop, documents=documents) == content_of(
        text, from_documents=documents, stop=stop
    )


@given(text=_TEXTS, stop=_STOPS)
def test_no_stop_text_and_no_outer_space_goes_out(text: str, stop: list[str]) -> None:
    content = content_of(text, from_documents=True, stop=stop)
    assert content == content.strip()
    assert not any(item in content for item in stop)


def test_source_numbers_wait_and_then_do_not_go_out() -> None:
    outgoing = Outgoing(from_documents=True)
    assert outgoing.more("It is in France [") == "It is in France"
    assert outgoing.more("1") == ""
    assert outgoing.more("]. And") == ". And"
    assert outgoing.rest("It is in France [1]. And big.") == " big."


def test_brackets_that_are_no_source_numbers_go_out() -> None:
    outgoing = Outgoing(from_documents=True)
    assert outgoing.more("a [b") == "a"
    assert outgoing.more("] c") == " [b] c"


def test_without_documents_nothing_is_taken_out() -> None:
    assert Outgoing(from_documents=False).more("x = a[1") == "x = a[1"
    assert content_of("see (source 2)", from_documents=False) == "see (source 2)"


def test_a_stop_text_is_held_until_it_is_whole() -> None:
    outgoing = Outgoing(from_documents=False, stop=["\nUser:"])
    assert outgoing.more("Yes.\nUse") == "Yes."
    assert outgoing.more("rs") == "\nUsers"
    assert outgoing.more("\nUser: and") == ""
    assert outgoing.rest("Yes.\nUsers\nUser: and more") == ""


def test_other_words_than_the_last_ones_are_not_sent_again() -> None:
    outgoing = Outgoing(from_documents=True)
    outgoing.more("again and again and again")
    assert outgoing.rest("again and") == ""
    assert outgoing.sent == "again and again and again"


def test_the_list_of_sources_comes_off_again() -> None:
    citation = Citation(
        n=1, path="a.pdf", page=3, start=0, end=9, quote="In\nFrance.", sentence="In France.", verified=True
    )
    answer = Answer(question="", text="In France. It is big.", citations=(citation,), unsupported=("It is big.",))
    listed = sources_text(answer)
    assert listed == ("\n\n---\nSources:\n- a.pdf, page 3: “In France.”\n\nNot found in the sources:\n- It is big.")
    assert without_sources(answer.text + listed) == answer.text
    assert sources_text(Answer(question="", text="None.")) == ""
    japanese = sources_text(Answer(question="", text="東京です。", citations=(citation,)))
    assert japanese.startswith("\n\n---\n出典:\n")
    assert without_sources("東京です。" + japanese) == "東京です。"
