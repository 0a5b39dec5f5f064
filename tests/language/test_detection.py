"""The language of documents, and of short questions."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from bunko.language.detection import (
    JAPANESE_LANGUAGE_NAMES,
    LANGUAGE_NAMES,
    OTHER_SCRIPTS,
    detect_document_language,
    detect_language,
    language_of_parts,
)
from tests.support import make_library, write_files

DOCUMENTS = {
    "ar": (
        "بُنيت الطاحونة القديمة على ضفة النهر عام 1803. "
        "كان صاحبها رجلاً فقيراً يحب الموسيقى. "
        "احترقت الطاحونة في شتاء بارد."
    ),
    "cs": (
        "Starý mlýn byl postaven na břehu řeky v roce 1803. "
        "Jeho majitel byl chudý muž, který miloval hudbu. "
        "Jednou v zimě vyhořel."
    ),
    "da": (
        "Den gamle mølle blev bygget ved åen i 1803. "
        "Ejeren var en fattig mand, som elskede musik. "
        "En vinternat brændte den ned."
    ),
    "de": (
        "Die alte Mühle wurde 1803 am Fluss gebaut. "
        "Ihr Besitzer war ein armer Mann, der Musik liebte. "
        "Eines Winters brannte sie ab."
    ),
    "en": (
        "The old mill was built by the river in 1803. "
        "Its owner was a poor man who loved music. "
        "One winter it burned down."
    ),
    "es": (
        "El viejo molino fue construido junto al río en 1803. "
        "Su dueño era un hombre pobre que amaba la música. "
        "Un invierno se quemó."
    ),
    "fi": (
        "Vanha mylly rakennettiin joen varrelle vuonna 1803. "
        "Sen omistaja oli köyhä mies, joka rakasti musiikkia. "
        "Eräänä talvena se paloi."
    ),
    "fr": (
        "Le vieux moulin fut construit au bord de la rivière en 1803. "
        "Son propriétaire était un homme pauvre qui aimait la musique. "
        "Il brûla un hiver."
    ),
    "id": (
        "Kincir tua itu dibangun di tepi sungai pada tahun 1803. "
        "Pemiliknya seorang lelaki miskin yang menyukai musik. "
        "Kincir itu terbakar pada suatu malam."
    ),
    "it": (
        "Il vecchio mulino fu costruito vicino al fiume nel 1803. "
        "Il suo proprietario era un uomo povero che amava la musica. "
        "Un inverno bruciò."
    ),
    "ja": ("古い水車小屋は1803年に川のそばに建てられた。持ち主は音楽を愛する貧しい男だった。ある冬に焼けた。"),
    "ko": ("오래된 방앗간은 1803년에 강가에 지어졌다. 주인은 음악을 사랑하는 가난한 사람이었다. 어느 겨울에 불탔다."),
    "nl": (
        "De oude molen werd in 1803 aan de rivier gebouwd. "
        "De eigenaar was een arme man die van muziek hield. "
        "Op een winternacht brandde hij af."
    ),
    "pl": (
        "Stary młyn zbudowano nad rzeką w 1803 roku. "
        "Jego właścicielem był biedny człowiek, który kochał muzykę. "
        "Pewnej zimy spłonął."
    ),
    "pt": (
        "O velho moinho foi construído junto ao rio em 1803. "
        "O seu dono era um homem pobre que amava a música. "
        "Num inverno ardeu."
    ),
    "ru": (
        "Старая мельница была построена у реки в 1803 году. "
        "Её хозяином был бедный человек, любивший музыку. "
        "Однажды зимой она сгорела."
    ),
    "sv": (
        "Den gamla kvarnen byggdes vid ån år 1803. Ägaren var en fattig man som älskade musik. En vinter brann den ner."
    ),
    "tr": (
        "Eski değirmen 1803 yılında nehir kıyısında yapıldı. "
        "Sahibi müziği seven yoksul bir adamdı. "
        "Bir kış gecesi yandı."
    ),
    "uk": (
        "Старий млин був побудований біля річки у 1803 році. "
        "Його власником був бідний чоловік, який любив музику. "
        "Однієї зими він згорів."
    ),
    "vi": (
        "Cối xay cũ được xây bên bờ sông vào năm 1803. "
        "Chủ của nó là một người nghèo yêu âm nhạc. "
        "Một mùa đông nó bị cháy."
    ),
    "zh": ("老磨坊于1803年建在河边。它的主人是一个热爱音乐的穷人。一年冬天它被烧毁了。"),
}


@pytest.mark.parametrize("language", list(DOCUMENTS))
def test_the_language_of_a_document(language: str) -> None:
    assert detect_document_language(DOCUMENTS[language]) == language


@pytest.mark.parametrize("text", ["", "1958", "Tokyo Tower", "???", "A | B | C"])
def test_a_text_too_short_to_tell_counts_as_english(text: str) -> None:
    assert detect_document_language(text) == "en"


def test_questions_are_detected_without_a_model() -> None:
    assert detect_language("Where is it?") == "en"
    assert detect_language("首都") == "ja"


def test_every_language_has_a_name_in_both_languages() -> None:
    assert set(LANGUAGE_NAMES) == set(JAPANESE_LANGUAGE_NAMES)
    assert set(LANGUAGE_NAMES) >= OTHER_SCRIPTS


def test_english_and_japanese_documents_do_not_load_py3langid() -> None:
    code = (
        "import sys; from bunko.language.detection import detect_document_language as detect;"
        f"detect({DOCUMENTS['en']!r}); detect({DOCUMENTS['ja']!r}); sys.exit('py3langid' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_model_is_freed_after_a_sync_and_loaded_again_when_it_is_needed(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"mlyn.txt": DOCUMENTS["cs"]})
    with make_library(root) as library:
        library.sync()
        assert library.records()["mlyn.txt"].language == "cs"
    assert not [it for it in gc.get_objects() if type(it).__name__ == "LanguageIdentifier"]
    assert detect_document_language(DOCUMENTS["cs"]) == "cs"


@pytest.mark.parametrize(
    "part",
    [
        "#define KEY_A (1 << 4)\n#define KEY_B (KEY_A + 1)\nint flags = KEY_A | KEY_B;",
        "Anna Berg | 114 | 5501\nBert Falk | 230 | 5502\nCarla Rossi | 231 | 5503",
        "2.1. Name\n2.2. Synopsis\n2.3. Arguments\n2.4. Description",
    ],
)
def test_a_table_or_code_in_an_english_document_is_english_without_py3langid(part: str) -> None:
    code = (
        "import sys; from bunko.language.detection import language_of_parts;"
        f"print(language_of_parts({DOCUMENTS['en'] + part!r})({part!r}), 'py3langid' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.split() == ["en", "False"]


@pytest.mark.parametrize("language", list(DOCUMENTS))
def test_a_part_in_another_language_than_its_document(language: str) -> None:
    for document in (DOCUMENTS["en"], DOCUMENTS["ja"], ""):
        assert language_of_parts(document + DOCUMENTS[language])(DOCUMENTS[language]) == language


def test_a_table_without_kana_is_japanese_where_a_character_is_only_japanese() -> None:
    assert (
        detect_document_language("支店 | 月 | 売上 | 担当\n札幌 | 四月 | 百二十 | 佐藤\n仙台 | 四月 | 九十五 | 高橋")
        == "ja"
    )
    assert (
        detect_document_language("型番: 甲二百\n設置場所: 札幌\n点検日: 三月二日\n\n型番: 乙三百\n設置場所: 仙台")
        == "ja"
    )


@pytest.mark.parametrize(
    "text",
    [
        "这座磨坊建于一八四三年，由木匠在河边建造。他们说，那里的水很清，现在没有人住在那里了。",
        "這座磨坊建於一八四三年，由木匠在河邊建造。他們說，那裡的水很清，現在沒有人住在那裡了。",
        "分店 | 月份 | 销售额 | 负责人\n北京 | 四月 | 一百二十 | 张伟\n上海 | 四月 | 九十五 | 李娜",
    ],
)
def test_chinese_stays_chinese(text: str) -> None:
    assert detect_document_language(text) == "zh"
