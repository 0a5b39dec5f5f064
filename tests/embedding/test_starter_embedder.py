"""MiniLM, rebuilt to multiply in 8 bits, against the very file that it was built from."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bunko.config import load_settings
from bunko.embedding import open_embedder
from bunko.embedding.integer_minilm import integer_model
from bunko.embedding.recipes import INTEGER_MINILM
from bunko.models import LocalModel, resolve
from bunko.ports import Embedder
from bunko.settings import Settings

pytestmark = pytest.mark.models

TEXTS = [
    "The Normans were the people who in the 10th and 11th centuries gave their name to Normandy.",
    "A recipe for bread: flour, water, salt and yeast.",
    "",
    "The processor multiplies matrices of eight-bit numbers. " * 40,
    "x = [n ** 2 for n in range(10)]  # squares",
    "日本語の文章",
]


@pytest.fixture(scope="module")
def model() -> LocalModel:
    model = resolve("minilm", kind="embedding", settings=load_settings())
    assert isinstance(model, LocalModel)
    return model


@pytest.fixture(scope="module")
def embedder(model: LocalModel) -> Embedder:
    return open_embedder(model, Settings())


def test_its_vectors_are_near_those_of_the_file(model: LocalModel, embedder: Embedder) -> None:
    as_it_is = open_embedder(dataclasses.replace(model, entry=None), Settings())
    cosines = (as_it_is.embed_passages(TEXTS) * embedder.embed_passages(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.98  # the empty text; the others are above 0.997
    assert embedder.spec.name.endswith("+" + INTEGER_MINILM)
    assert as_it_is.spec.name != embedder.spec.name


def test_neighbours_and_reruns_change_nothing(embedder: Embedder) -> None:
    together = embedder.embed_passages(TEXTS)
    assert np.array_equal(together, np.array([embedder.embed_query(text) for text in TEXTS]))
    assert np.array_equal(together[::-1], embedder.embed_passages(TEXTS[::-1]))


def test_the_same_file_gives_the_same_model(model: LocalModel) -> None:
    data = model.files["model"].read_bytes()
    assert integer_model(data) == integer_model(data)


def test_another_file_is_refused(model: LocalModel) -> None:
    data = model.files["model"].read_bytes()
    with pytest.raises((KeyError, ValueError, IndexError)):
        integer_model(data.replace(b"position_embeddings", b"position_embeddingz"))
