"""What counts as a mention, and the quotes that show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.overview.mentions import Term, quote


def count(term: str, text: str, *, is_word: bool = False) -> int:
    return Term(term, is_word=lambda path, start, end: is_word).count(text, path="a.txt")


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("Normans", "The Norman came."),
        ("norman", "The Normans' ships and the NORMANS."),
        ("apple tree", "He planted apple-trees, and **apple** trees."),
        ("apple trees", "An apple\ntree."),
        ("country", "Many countries."),
        ("invade", "They invaded it."),
        ("Treaty of Paris", "the treaty of Paris"),
        ("J. R. Whitlock", "It was J.R. Whitlock’s mill."),
        ("1,457", "built in 1457"),
        ("1457", "１，４５７ people"),
        ("C++", "written in C++"),
        ("café", "the Café"),
        ("ＡＢＣ", "abc"),
        ("京都", "京都は古い都です。"),
        ("京都", "秋の京都"),
        ("京都", "京都府と大阪府"),
        ("日本", "日本人の生活"),
        ("金閣寺", "金\n閣寺と銀閣寺"),
        ("サーバー", "サーバの再起動"),
        ("サーバ", "サーバーの再起動"),
        ("ｶﾞｿﾘﾝ", "ガソリンの値段"),
        ("東京タワー", "東京タワーの高さ"),
        ("AI研究", "AI研究の歴史"),
        ("AI", "このAIは賢い"),
    ],
)
def test_a_mention_is_known_in_any_form(term: str, text: str) -> None:
    assert count(term, text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("cat", "category, concatenate, scat"),
        ("art", "The cart started."),
        ("apple tree", "An apple. Trees."),
        ("apple tree", "apple and pear tree"),
        ("17", "1917, 1.17, 17,000"),
        ("1.5", "11.5 and 1.51"),
        ("京都", "東京都の人口"),
        ("パン", "パンダとジャパン"),
        ("りんご", "あまりんごめん"),
        ("王", "王様"),
        ("", "anything"),
        ("?!", "?!"),
    ],
)
def test_a_part_of_another_word_is_no_mention(term: str, text: str) -> None:
    assert not count(term, text)


def test_where_japanese_goes_on_the_index_decides() -> None:
    assert count("大学", "東京大学に入る", is_word=True) == 1
    assert count("大学", "東京大学に入る", is_word=False) == 0
    assert count("大学", "東京大学の大学", is_word=False) == 1
    assert count("京都", "京都府と東京都", is_word=True) == 1


def test_the_quote_is_from_a_passage_where_the_index_knows_the_word() -> None:
    text = "東京都に行く人は多い。\n\n平安京都市計画は昔の話である。"
    second = text.index("平安")
    term = Term("京都", is_word=lambda path, start, end: end > second)
    assert quote(text, term.counter(path="")) == (second, len(text))


@pytest.mark.parametrize(
    ("text", "term", "said"),
    [
        ("# Kobe\n\nIt rains. The harbour of Kobe opened in 1868.", "Kobe", "The harbour of Kobe opened in 1868."),
        ("# Kobe\n\nIt rains.", "Kobe", "# Kobe"),
        ("金閣寺は1397年に建てられた建物です。銀閣寺もあります。", "金閣寺", "金閣寺は1397年に建てられた建物です。"),
        ("x " * 3000 + "\n\nA cat sat on the mat here.\n\n" + "y " * 3000, "cat", "A cat sat on the mat here."),
        ("Ships carry\n\nsilk today.", "carry silk", "Ships carry\n\nsilk today."),
    ],
)
def test_the_quote_is_the_first_sentence_that_has_it(text: str, term: str, said: str) -> None:
    place = quote(text, Term(term).counter(path=""))
    assert place is not None
    assert text[slice(*place)] == said


@given(st.lists(st.sampled_from(["cat ", "Cats. ", "東京都。", "京都", "\n\n", "| a | b |\n", "dogs bark! ", "ｶﾞ"])))
def test_what_is_counted_can_be_quoted_and_the_quote_has_it(parts: list[str]) -> None:
    text = "".join(parts)
    for word in ("cat", "京都", "ガ"):
        counter = Term(word).counter(path="")
        if not counter(text, 0):
            continue
        place = quote(text, counter)
        assert place is not None
        assert counter(text[slice(*place)], place[0])


@given(st.text(max_size=30), st.text(max_size=200))
def test_any_term_is_looked_for_in_any_text(term: str, text: str) -> None:
    counter = Term(term).counter(path="")
    if counter(text, 0):
        assert quote(text, counter)
