"""Cutting texts into the pieces of a vocabulary, held to the package `tokenizers`."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from bunko.embedding.unigram import Unigram, make_table, normalise

ALPHABET = "abcdeかきカガ日本語、。0１"


def vocabulary(seed: int = 0) -> tuple[list[str], list[float]]:
    """Return pieces of up to 16 characters with scores that no two cuts are likely to share."""
    rng = random.Random(seed)
    words = {"▁", *(character for character in ALPHABET if character not in "e１")}
    while len(words) < 400:
        length = rng.choice([2, 2, 3, 4, 6, 16])
        words.add(rng.choice(["", "▁"]) + "".join(rng.choices(ALPHABET.replace("１", ""), k=length - 1)))
    pieces = ["<s>", "<unk>", *sorted(words)]
    return pieces, [0.0, 0.0, *(rng.uniform(-12, -2) for _ in pieces[2:])]


PIECES, SCORES = vocabulary()
OURS = Unigram(make_table(PIECES, SCORES, special={0, 1}), unknown=1)


def theirs() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram(list(zip(PIECES, SCORES, strict=True)), 1, False))
    spaces = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), spaces])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    return tokenizer


THEIRS = theirs()


@given(st.text(alphabet=ALPHABET + " \t\n\u200b\u3000ﾊﾞ①éЖ😀", max_size=60))
def test_the_cut_is_that_of_tokenizers(text: str) -> None:
    assert OURS.encode(text) == THEIRS.encode(text, add_special_tokens=False).ids


@given(st.lists(st.text(alphabet=ALPHABET + " ", max_size=30), max_size=5))
def test_counting_counts_what_is_cut(texts: list[str]) -> None:
    fresh = Unigram(make_table(PIECES, SCORES, special={0, 1}), unknown=1)
    assert fresh.count(texts) == [len(OURS.encode(text)) for text in texts]


def test_words_that_are_cut_in_several_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(map("".join, itertools.product("abcd日", repeat=3)))
    for most in (1, 7, 50):  # characters of a group: less than a word, and more
        monkeypatch.setattr("bunko.embedding.unigram._AT_ONCE", most)
        fresh = Unigram(make_table(PIECES, SCORES, special={0, 1}), unknown=1)
        assert fresh.encode(text) == THEIRS.encode(text, add_special_tokens=False).ids


def test_the_wave_of_japanese_ranges_is_kept() -> None:
    assert normalise("１０～２０\x07㌔") == "10～20キロ"


def test_a_lone_surrogate_is_an_unknown_character() -> None:
    assert OURS.encode("a\ud800")[-1] == 1


@pytest.mark.parametrize("pieces", [["<unk>", "a" * 17], ["<unk>", "a", "a"]])
def test_a_vocabulary_that_does_not_fit_is_refused(pieces: list[str]) -> None:
    with pytest.raises(ValueError, match="piece"):
        make_table(pieces, [0.0] * len(pieces), special={0})


@pytest.mark.parametrize("table", [b"", b"\0" * 17])
def test_a_damaged_table_is_refused(table: bytes) -> None:
    with pytest.raises(ValueError, match="table"):
        Unigram(table, unknown=0)
