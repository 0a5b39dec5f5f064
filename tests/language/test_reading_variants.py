"""A word in kanji is found by its kana and the reverse, where the table has it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bunko.language.data_files import read_data
from bunko.language.japanese_words import fold_spellings
from bunko.language.reading_variants import FILE, reading_variants
from bunko.language.words import source_words, words
from tests.support import make_library, write_files


@pytest.mark.parametrize("example", read_data(FILE)["example"], ids=lambda example: example["text"])
def test_the_examples_of_the_file(example: dict[str, object]) -> None:
    others = set(reading_variants(fold_spellings(str(example["text"]))))
    present = {word for word in example["others"] if word in str(example["text"])}  # type: ignore[attr-defined]
    assert others == set(example["others"]) - present  # type: ignore[call-overload]


def test_no_spelling_is_of_two_words() -> None:
    spellings = Counter(word for line in read_data(FILE)["words"] for word in line.split())
    assert not [word for word, number in spellings.items() if number > 1]


@pytest.mark.parametrize("line", read_data(FILE)["words"])
def test_each_spelling_is_found_in_a_text_with_another(line: str) -> None:
    forms = line.split()
    for asked in forms:
        for written in forms:
            assert set(words(f"{asked}の値段")) <= source_words(f"{written}の値段は三百円である。"), (
                asked,
                written,
            )


def test_a_question_in_kana_is_answered_by_a_text_in_kanji(tmp_path: Path) -> None:
    lines = {"お茶": "二百円", "うどん": "五百円", "子供": "半額", "大人": "千円", "林檎": "百五十円"}
    write_files(
        tmp_path, {f"{n}.txt": f"{word}の料金は{price}です。\n" for n, (word, price) in enumerate(lines.items())}
    )
    with make_library(tmp_path) as library:
        library.sync()
        for asked, price in {"おちゃ": "二百円", "こども": "半額", "子ども": "半額", "リンゴ": "百五十円"}.items():
            answer = library.ask(f"{asked}の料金はいくらですか")
            assert price in answer.evidence[0].quote, asked
            assert not answer.refused, asked
