"""A name is the same name however it is spelled, and another name is another."""

from __future__ import annotations

import pytest
from hypothesis import example, given

from bunko.language.names import fold_kanji, has_part, has_whole, names
from tests.strategies import anything


def bears(name: str, text: str) -> bool:
    """Tell whether a text names whom a sentence is about."""
    (found,) = names(f"It was {name}." if name.isascii() or name[0].isupper() else f"{name}が来た。")
    return has_part(found, text) and has_whole(found, text)


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("The lamp was built by Ada Lind of Norway.", ["Ada Lind of Norway"]),
        ("Paul Bocuse designed it.", ["Paul Bocuse"]),
        ("Napoleon did not.", ["Napoleon"]),
        ("Construction began in May. Elephants came. However, it rained.", []),
        ("He met Dr. Lind, President Lincoln and the Queen.", ["Dr. Lind", "President Lincoln"]),
        ("the UN and NATO", ["UN", "NATO"]),
        ("アダ・リンドが灯台を建設した。", ["アダ・リンド", "灯台"]),
        ("足利義満によって建てられた。", ["足利義満"]),
        ("それは1958年に完成した。", []),
        ("", []),
    ],
)
def test_names_are_found(sentence: str, found: list[str]) -> None:
    assert [name.text for name in names(sentence)] == found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Zelensky", "Volodymyr Zelenskyy spoke."),
        ("Zelenskyy", "President Zelensky spoke."),
        ("Svyrydenko", "Prime Minister Yulia SVYRYDENKO."),
        ("Ada Lind", "It was Ada Lind's lamp."),
        ("Ada Lind", "A. Lind built it."),
        ("Lind", "Ada Lind built it."),
        ("J. F. Kennedy", "John Fitzgerald Kennedy spoke."),
        ("Dr. Lind", "Ada Lind built it."),
        ("Gdansk", "It is in Gdańsk."),
        ("United Nations", "The UN met."),
        ("UN", "The United Nations met."),
        ("British", "It is in Britain."),
        ("Japanese", "It is in Japan."),
        ("アダ・リンド", "アダリンドが建てた。"),
        ("リンド", "アダ・リンドが建てた。"),
        ("コンピュータ", "コンピューターである。"),
        ("斉藤", "齋藤が来た。"),
        ("高橋", "髙橋が来た。"),
        ("東京都港区", "東京都の港区にある。"),
    ],
)
def test_variants_of_a_name_are_the_name(name: str, text: str) -> None:
    assert bears(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Svydenko", "Prime Minister Yulia Svyrydenko."),
        ("Paul Lind", "Ada Lind built it."),
        ("Johnson", "John built it."),
        ("Linda", "Ada Lind built it."),
        ("United States", "among us"),
        ("Austria", "It is in Australia."),
        ("University", "Universal made the film."),
        ("徳川家康", "足利義満が建てた。"),
        ("大阪", "東京にある。"),
        ("リンダ", "アダ・リンドが建てた。"),
    ],
)
def test_another_name_is_not(name: str, text: str) -> None:
    assert not bears(name, text)


def test_a_name_may_be_put_together_from_two_people_by_no_text() -> None:
    (name,) = names("It was Ada Smith.")
    assert has_part(name, "Ada Lind met John Smith.")
    assert not has_whole(name, "Ada Lind and her friend met John Smith.")


@given(anything)
@example("A¼")
@example("Ab⑴c Ŀa")
def test_a_text_has_its_own_names(text: str) -> None:
    for name in names(text):
        assert text[name.start : name.end] or not name.text
        assert has_part(name, text)


@given(anything)
def test_folding_kanji_loses_only_dots(text: str) -> None:
    assert len(fold_kanji(text)) == len(text) or any(dot in text for dot in "・＝=")
