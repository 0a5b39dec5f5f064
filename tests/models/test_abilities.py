"""The languages that a model supports, from the catalogue alone."""

from __future__ import annotations

import pytest

from bunko.models.abilities import language_notes, speaks, translates, translation_notes

ENGLISH, ANY = "smollm2-135m", "qwen3-4b"


@pytest.mark.parametrize(
    ("model", "language", "expected"),
    [
        (ENGLISH, "en", True),
        (ENGLISH, "ja", False),
        ("SmolLM2", "ja", False),
        ("catalogue:smollm2-135m", "ja", False),
        (ANY, "ja", True),
        ("ruri-v3-30m", "en", False),
        ("models/mine.gguf", "ja", True),
        ("http://127.0.0.1:8080/v1", "ja", True),
        ("", "ja", True),
    ],
)
def test_only_the_catalogue_limits_a_model(model: str, language: str, expected: bool) -> None:
    assert speaks(model, language) is expected


@pytest.mark.parametrize(
    ("model", "source", "target", "expected"),
    [(ENGLISH, "en", "ja", False), (ENGLISH, "ja", "en", False), (ANY, "ja", "en", True), ("", "ja", "en", True)],
)
def test_a_translator_knows_both_languages(model: str, source: str, target: str, expected: bool) -> None:
    assert translates(model, source, target) is expected
    notes = translation_notes(model, source, target)
    assert bool(notes) is not expected
    assert all("Japanese" in note and "English" in note and "no translation" in note for note in notes)


def test_a_language_without_an_english_name_is_named_by_its_code() -> None:
    assert "for English and sw:" in translation_notes(ENGLISH, "en", "sw")[0]


def test_unsupported_languages_give_notes() -> None:
    both = language_notes(model=ENGLISH, embedder="all-minilm", asked_in="ja", answer_in="ja")
    assert [note.partition(":")[0] for note in both] == [
        f"{ENGLISH} was not made for Japanese",
        "minilm does not know Japanese",
    ]
    assert language_notes(model=ENGLISH, embedder="minilm", asked_in="en", answer_in="en") == ()
    assert language_notes(model="", embedder="", asked_in="ja", answer_in="ja") == ()


def test_the_search_minds_the_question_and_the_model_the_answer() -> None:
    (note,) = language_notes(model=ENGLISH, embedder="minilm", asked_in="ja", answer_in="en")
    assert note.startswith("minilm")
    (note,) = language_notes(model=ENGLISH, embedder="minilm", asked_in="en", answer_in="ja")
    assert note.startswith(ENGLISH)
