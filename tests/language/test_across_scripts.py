"""Names in katakana and kanji are found in English texts, and the reverse."""

from __future__ import annotations

import pytest

from bunko.language.across_scripts import FILE, has_across_scripts, is_same_name, names_in_other_script
from bunko.language.data_files import read_data

SOUNDS = """
アルバニア Albania|アンゴラ Angola|アゼルバイジャン Azerbaijan|バングラデシュ Bangladesh|ボリビア Bolivia
ブルガリア Bulgaria
カメルーン Cameroon|カナダ Canada|コロンビア Colombia|キューバ Cuba|エクアドル Ecuador|エストニア Estonia|ガボン Gabon
グアテマラ Guatemala|インドネシア Indonesia|イラン Iran|ジャマイカ Jamaica|ラトビア Latvia|リトアニア Lithuania
マダガスカル Madagascar|モンテネグロ Montenegro|ナミビア Namibia|ネパール Nepal|パキスタン Pakistan|パラグアイ Paraguay
ポルトガル Portugal|ルーマニア Romania|セルビア Serbia|シンガポール Singapore|スロベニア Slovenia|タンザニア Tanzania
ウガンダ Uganda|ウルグアイ Uruguay|ベネズエラ Venezuela|ルカシェンコ Lukashenko|ゼレンスキー Zelenskyy|バイデン Biden
ショルツ Scholz|マクロン Macron|ガリレオ Galileo|トルストイ Tolstoy|シカゴ Chicago|ボストン Boston|テスラ Tesla
""".replace("\n", "|").strip("|")
PAIRS = [tuple(pair.split()) for pair in SOUNDS.split("|")]


@pytest.mark.parametrize(("japanese", "latin"), PAIRS)
def test_a_name_is_heard(japanese: str, latin: str) -> None:
    assert is_same_name(japanese, latin)


def test_other_names_are_not() -> None:
    wrong = [(one, other) for one, own in PAIRS for _, other in PAIRS if other != own and is_same_name(one, other)]
    assert wrong == []


@pytest.mark.parametrize(("japanese", "latin"), [("ロシア", "Laos"), ("レバノン", "Urban"), ("スウェーデン", "Sudan")])
def test_names_that_sound_a_little_alike(japanese: str, latin: str) -> None:
    assert not is_same_name(japanese, latin)


def test_a_text_has_a_name_of_the_other_script() -> None:
    assert has_across_scripts("ドイツ", "The capital of Germany is Berlin.")
    assert has_across_scripts("アダ・リンド", "Ms. Lind built the mill.")
    assert has_across_scripts("Zelensky", "ゼレンスキー大統領は演説した。")
    assert not has_across_scripts("ドイツ", "The capital of France is Paris.")
    assert not has_across_scripts("ドイツ", "フランスの首都はパリである。")
    assert not has_across_scripts("Germany", "The capital of France is Paris.")


def test_names_of_the_list_are_searched_for_in_both_scripts() -> None:
    assert "Germany" in names_in_other_script("ドイツの人口は？")
    assert "ドイツ" in names_in_other_script("What is the capital of Germany?")
    assert names_in_other_script("What is the capital of Varn?") == []


def test_the_list_has_no_form_in_the_wrong_script() -> None:
    for japanese, forms in read_data(FILE)["names"].items():
        assert not japanese.isascii()
        assert forms
        assert all(ord(sign) < 0x250 for form in forms for sign in form)
