"""The real starter models: downloaded on the first run, checked against their hashes on each run."""

from __future__ import annotations

import pytest

from bunko.config import load_settings
from bunko.models import LocalModel, resolve
from bunko.models.cache import hash_file
from bunko.models.records import Kind
from bunko.settings import Settings


@pytest.mark.models
@pytest.mark.parametrize(("name", "kind"), [(Settings().model, "chat"), (Settings().embedder, "embedding")])
def test_the_starter_models_are_what_the_catalogue_promises(name: str, kind: Kind) -> None:
    model = resolve(name, kind=kind, settings=load_settings())
    assert isinstance(model, LocalModel)
    assert model.entry is not None
    for file in model.entry.files:
        assert hash_file(model.files[file.role]) == file.sha256
    if kind == "chat":
        assert model.info is not None
        assert (model.info.kind, model.info.quantisation) == ("chat", "Q4_1")
        assert model.info.context_length == model.entry.context_tokens
