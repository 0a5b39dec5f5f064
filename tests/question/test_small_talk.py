"""Greetings and the like are no questions for the documents; questions that begin like them are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given

from bunko.language.data_files import read_patterns
from bunko.language.words import words
from bunko.question.small_talk import LANGUAGES, file_of, small_talk
from tests.strategies import anything

PATTERNS = [(language, pattern) for language in LANGUAGES for pattern in read_patterns(file_of(language))]


def talk(text: str) -> str | None:
    found = small_talk(text, words(text))
    return found.kind if found else None


@pytest.mark.parametrize(("language", "pattern"), PATTERNS, ids=lambda item: getattr(item, "name", item))
def test_the_examples_of_each_kind(language: str, pattern: object) -> None:
    assert [text for text in pattern.matches if talk(text) in (None, "")] == []  # type: ignore[attr-defined]
    assert [text for text in pattern.passes if talk(text) is not None] == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text", ["???", "…", "👋🙂", "What is it?", "Who?", "and then?", "これは何ですか", "どうして？", "!"]
)
def test_a_text_without_a_word_to_search_for(text: str) -> None:
    assert talk(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "insurance?",
        "5179",
        "PPR-9087",
        "What is IT?",
        "WHO",
        "C++",
        "みかんは？",
        "保険",
        "2026-03-05",
        "¿Qué?",
        "ใคร",
        "кто",
        "10%",
    ],
)
def test_a_word_to_search_for_is_a_question(text: str) -> None:
    assert talk(text) is None


def test_a_reply_says_how_to_ask_in_the_language_of_the_text() -> None:
    for text, greeting, purpose in (
        ("hi", "Hello.", "Ask a whole question"),
        ("こんにちは", "こんにちは。", "質問してください"),
    ):
        found = small_talk(text, words(text))
        assert found and found.reply.startswith(greeting) and purpose in found.reply


@given(anything)
def test_any_text_is_judged(text: str) -> None:
    small_talk(text, words(text))


def test_long_and_repetitive_texts_take_no_time() -> None:
    started = time.perf_counter()
    for text in ("hi " * 39, "test " * 24 + "x", "ですね" * 39, "hahaha" * 19 + "x", "a" * 100_000):
        talk(text)
    assert time.perf_counter() - started < 2
