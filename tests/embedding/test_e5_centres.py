"""Vectors are counted from the mean of their language."""

from __future__ import annotations

import numpy as np
import pytest

from bunko.embedding.e5_centres import Centres, share_of_japanese


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        ("2025-11-29", 0, 0),
        ("Der Müller Жук", 0, 0),
        ("水車小屋", 1, 1),
        ("ﾊﾞｽ停", 1, 1),
        ("LanceDBの索引は速い", 0.6, 0.9),
        ("The word 水車 means a water wheel.", 0.05, 0.3),
    ],
)
def test_the_share_of_japanese(text: str, least: float, most: float) -> None:
    assert least <= share_of_japanese(text) <= most


def test_what_texts_of_a_language_share_is_taken_away() -> None:
    centres = Centres()
    rng = np.random.default_rng(0)
    for kind, text in (("query", "Who built it?"), ("passage", "It was built."), ("passage", "それは建てられた。")):
        mean = centres._means[kind][1 if share_of_japanese(text) else 0]
        raw = [mean + 0.4 * noise / np.linalg.norm(noise) for noise in rng.normal(size=(2, mean.size))]
        raw = [vector / np.linalg.norm(vector) for vector in raw]
        first, second = (centres.centred(v.astype(np.float32), text, kind=kind) for v in raw)  # type: ignore[arg-type]
        assert raw[0] @ raw[1] > 0.7
        assert abs(float(first @ second)) < 0.3
        assert np.isclose(np.linalg.norm(first), 1, atol=1e-5)
