"""Tokens counted word by word are those of the whole text."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece

import bunko
from bunko.embedding.word_counts import WordCounts, cuts_at_spaces

# The English reader's: 30,522 pieces, lower case.
BERT = Tokenizer.from_file(str(Path(bunko.__file__).parent / "reader/model/en/tokenizer.json"))
BERT.no_truncation()
BERT.no_padding()


def count(texts: Sequence[str]) -> list[int]:
    return [len(item) for item in BERT.encode_batch(list(texts), add_special_tokens=False)]


def test_they_are_those_of_the_whole_text() -> None:
    chance = random.Random(3)
    signs = [chr(code) for code in range(1, 0x3100)] + [
        *"\t\n\v\f\r \x1c\x1f\x85\u3000\u200b\u0301\ufffd日本語",
        "[SEP]",
        " ",
    ] * 60
    words = ["Mill", "harbour-master", "antidisestablishmentarianism", "x" * 130, "3.14", "naïve", "水車"]
    texts = ["".join(chance.choices(signs, k=chance.randint(0, 60))) for _ in range(3_000)]
    texts += [" ".join(chance.choices(words, k=20)) for _ in range(50)]
    counts = WordCounts(count)
    for start in range(0, len(texts), 100):
        assert counts(texts[start : start + 100]) == count(texts[start : start + 100])


def test_a_word_is_given_to_the_tokenizer_once() -> None:
    given: list[str] = []

    def noting(texts: Sequence[str]) -> list[int]:
        given.extend(texts)
        return count(texts)

    counts, long = WordCounts(noting), "y" * 40
    assert counts(["the old mill", "the mill"]) == [3, 2]
    assert counts(["an old mill"]) == [3]
    assert sorted(given) == ["an", "mill", "old", "the"]
    counts([long, long])
    counts([long])
    assert given.count(long) == 2  # a word that is too long to be kept


def test_only_for_tokenizers_that_cut_at_spaces() -> None:
    assert cuts_at_spaces(BERT)
    other = Tokenizer(WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    assert not cuts_at_spaces(other)
    other.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    other.normalizer = normalizers.BertNormalizer(clean_text=False)
    assert not cuts_at_spaces(other)
    other.normalizer = normalizers.BertNormalizer()
    assert cuts_at_spaces(other)
    other.add_tokens(["two words"])
    assert not cuts_at_spaces(other)
