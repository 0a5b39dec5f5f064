"""Sketches of texts: what they estimate, and that they are the same everywhere."""

from __future__ import annotations

import hashlib
import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.language.resemblance import LEAST_SHINGLES, SKETCH_BYTES, resemblance, resemblances, sketch
from tests.strategies import anything

_WORDS = [f"{a}{b}{c}" for a in "bdfgklmn" for b in ("a", "e", "or", "i") for c in ("lt", "n", "st", "ck", "m")]


def text(chance: random.Random, count: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(count))


def exactly(one: str, other: str) -> float:
    sets = [{tuple(words[n : n + 2]) for n in range(len(words) - 1)} for words in (one.split(), other.split())]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("count", [120, 400, 5_000])
def test_the_estimate_is_near_the_share_of_shingles(share: float, count: int) -> None:
    faults = []
    for seed in range(12):
        chance = random.Random(seed)
        one = text(chance, count).split()
        other = [chance.choice(_WORDS) if chance.random() < share else word for word in one]
        found = resemblance(sketch(" ".join(one)), sketch(" ".join(other)))
        faults.append(found - exactly(" ".join(one), " ".join(other)))
    assert abs(float(np.mean(faults))) < 0.04
    assert float(np.std(faults)) < 0.08


@given(anything)
def test_any_text_has_a_sketch(some: str) -> None:
    found = sketch(some)
    assert len(found) in (0, SKETCH_BYTES)
    assert sketch(some) == found
    assert resemblance(found, found) == (1.0 if found else 0.0)


@given(st.lists(st.sampled_from(_WORDS), max_size=LEAST_SHINGLES))
def test_a_short_text_has_none(words: list[str]) -> None:
    assert sketch(" ".join(words)) == b""


def test_signs_case_and_forms_of_letters_do_not_matter() -> None:
    one = text(random.Random(1), 100)
    assert sketch(one) == sketch(re.sub(" ", " — ", one.upper()))
    japanese = "".join(chr(0x4E00 + random.Random(n).randrange(3_000)) for n in range(100))
    assert sketch(f"{japanese}ＡＢＣ１２３") == sketch(f"{japanese[:50]}、\n{japanese[50:]}ABC123。")


def test_a_sketch_is_the_same_on_every_machine() -> None:
    """A sketch that is kept is compared with those of later versions of the program."""
    words = " ".join(f"word{n}" for n in range(300))
    japanese = "".join(chr(0x4E00 + n) for n in range(300))
    digest = hashlib.blake2b(sketch(words) + sketch(japanese), digest_size=8).hexdigest()
    assert digest == "c3d9aad6ca5e2659"


def test_all_pairs_at_once() -> None:
    sketches = [sketch(text(random.Random(n % 3), 100)) for n in range(4)] + [b"", b""]
    found = resemblances(sketches)
    assert found.shape == (6, 6)
    assert all(found[n, m] == resemblance(sketches[n], sketches[m]) for n in range(6) for m in range(6))
    assert resemblances([]).shape == (0, 0)


def test_repeated_words_have_no_sketch() -> None:
    assert sketch("yes no " * 500) == b""
    assert sketch("あ" * 500) == b""
