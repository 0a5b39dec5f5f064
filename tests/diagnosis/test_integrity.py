"""The doctor notices a model or an index that has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.diagnosis.integrity import index_finding, model_findings
from bunko.models.cache import FileRecord, add_to_record, hash_file, model_directory
from bunko.models.verifying import changed_files
from bunko.settings import Settings
from tests.support import CATS, make_library, make_settings, write_files


def downloaded(settings: Settings, name: str) -> Path:
    directory = model_directory(settings, name)
    path = write_files(directory, {"model.gguf": b"weights" * 1000}) / "model.gguf"
    record = FileRecord(source="https://example.org/model.gguf", size=path.stat().st_size, sha256=hash_file(path))
    add_to_record(directory, name=name, file=path.name, record=record)
    return path


def test_a_byte_of_a_downloaded_model_that_changed_is_noticed(tmp_path: Path) -> None:
    name = "https://example.org/model.gguf"
    settings = make_settings(cache_dir=str(tmp_path), model=name)
    path = downloaded(settings, name)
    assert list(model_findings(settings)) == []
    content = bytearray(path.read_bytes())
    content[3000] ^= 1
    path.write_bytes(content)
    (finding,) = model_findings(settings)
    assert (finding.state, str(path) in finding.detail) == ("problem", True)
    assert "models pull" in finding.cure


def test_a_model_of_ollama_is_compared_with_the_name_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = tmp_path / "good"
    good.write_bytes(b"weights")
    digest = hash_file(good)
    manifest = f'{{"layers": [{{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:{digest}"}}]}}'
    blob = f"blobs/sha256-{digest}"
    write_files(tmp_path, {"manifests/registry.ollama.ai/library/tiny/latest": manifest, blob: b"weights"})
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path))
    assert changed_files("ollama:tiny", settings=Settings()) == []
    (tmp_path / blob).write_bytes(b"wEights")
    assert changed_files("ollama:tiny", settings=Settings()) == [tmp_path / blob]


def test_models_without_a_known_hash_are_not_accused(tmp_path: Path) -> None:
    (tmp_path / "own.gguf").write_bytes(b"mine")
    settings = make_settings(cache_dir=str(tmp_path / "cache"))
    for name in (str(tmp_path / "own.gguf"), "http://127.0.0.1:1/v1#x", "smollm2-135m", "nonsense"):
        assert changed_files(name, settings=settings) == []


def test_the_index_of_a_folder_is_checked(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"cats.txt": CATS})
    assert index_finding(root, make_library(root).check).state == "warning"
    make_library(root).sync()
    assert index_finding(root, make_library(root).check).state == "ok"
    for path in (root / ".bunko" / "store" / "documents.lance" / "data").iterdir():
        path.write_bytes(b"")
    finding = index_finding(root, make_library(root).check)
    assert (finding.state, "documents" in finding.detail, "bunko index" in finding.cure) == ("problem", True, True)
