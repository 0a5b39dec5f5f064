"""Find the model that a name means. In: a name and a kind. Out: LocalModel or RemoteModel.

Downloads missing files unless the settings say offline, and checks every file. Loads no model.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import replace
from pathlib import Path

from bunko.errors import MissingExtra, ModelBroken, ModelNotFound, NotDownloaded, UsageError, WrongModelKind
from bunko.installation import this_installation
from bunko.models.cache import model_directory
from bunko.models.catalogue.lookup import CATALOGUE_ONLY, find_entry, nearest_names
from bunko.models.fetching.fetch import fetch
from bunko.models.fetching.ollama import ollama_model
from bunko.models.fetching.progress import Progress, silent
from bunko.models.fetching.sources import (
    Download,
    OllamaSource,
    PlainSource,
    PypiSource,
    ServerSource,
    parse_source,
)
from bunko.models.folder import check_card, read_embedder_folder
from bunko.models.gguf.faster_copy import faster_copy
from bunko.models.gguf.header import GgufInfo, ModelKind, read_gguf
from bunko.models.imported import find_imported
from bunko.models.modelfile import read_modelfile
from bunko.models.records import (
    CatalogueEntry,
    CatalogueFile,
    EmbedderFacts,
    FileRole,
    Kind,
    LocalModel,
    Pooling,
    RemoteModel,
)
from bunko.network import host_of, is_loopback
from bunko.settings import NO_MODEL, Settings

API_KEY_VARIABLE = "BUNKO_API_KEY"
# llama.cpp's pooling types.
_POOLING: dict[int | None, Pooling] = {1: "mean", 2: "cls", 3: "last"}
# Vocabularies of single-language encoders have 30,000 to 50,000 tokens, those for many languages 100,000 and more.
_MULTILINGUAL_VOCABULARY = 100_000

_CURES: dict[Kind, str] = {
    "chat": "--model smollm2-135m",
    "embedding": "--embedder minilm",
    "reranker": "--reranker ms-marco-minilm",
}
_SEE_LIST = "`bunko models list` shows the known models."


def resolve(name: str, *, kind: Kind, settings: Settings, progress: Progress = silent) -> LocalModel | RemoteModel:
    """Find a model, download it if needed, and check it.

    Raises UsageError for an invalid name, ModelNotFound, ModelBroken, WrongModelKind, MissingExtra,
    NotDownloaded (offline), and what a download can raise: DownloadFailed, HashMismatch, DiskFull.
    A chat model's faster copy is used if there is one (`gguf.faster_copy`).
    """
    model = resolve_original(name, kind=kind, settings=settings, progress=progress)
    return _with_faster_copy(model, settings) if kind == "chat" and isinstance(model, LocalModel) else model


def resolve_original(
    name: str, *, kind: Kind, settings: Settings, progress: Progress = silent
) -> LocalModel | RemoteModel:
    """Find a model as `resolve` does, but return the original file even if it has a faster copy."""
    if name == NO_MODEL:
        raise ModelNotFound("`none` stands for no language model, and one is needed here.", _SEE_LIST)
    entry = find_entry(name)
    if entry is not None:
        return _from_catalogue(entry, kind=kind, settings=settings, progress=progress)
    if name.startswith(CATALOGUE_ONLY):
        raise ModelNotFound(f"There is no model {name.removeprefix(CATALOGUE_ONLY)!r} in the catalogue.", _SEE_LIST)
    match parse_source(name):
        case ServerSource() as server:
            return _remote(name, server, kind=kind, settings=settings)
        case Download():
            path = obtain(name, downloadable_file(name), settings=settings, progress=progress)
            return _gguf(name, path, kind=kind)
        case OllamaSource() as ollama:
            return _from_ollama(name, ollama, kind=kind)
        case PlainSource() as plain:
            if imported := find_imported(name, settings):
                if imported.is_adapter:
                    raise _is_adapter(name)
                return _gguf(name, imported.path, kind=kind)
            return _from_path(plain, kind=kind)


def _with_faster_copy(model: LocalModel, settings: Settings) -> LocalModel:
    copy = faster_copy(model.files["model"], settings) if model.info else None
    if copy is None or model.info is None:
        return model
    info = replace(model.info, file_bytes=copy.stat().st_size)
    return replace(model, files={**model.files, "model": copy}, info=info)


def _from_catalogue(entry: CatalogueEntry, *, kind: Kind, settings: Settings, progress: Progress) -> LocalModel:
    if entry.kind != kind:
        raise _wrong_kind(entry.name, found=entry.kind, wanted=kind)
    check_package(entry)
    files: dict[FileRole, Path] = {}
    for file in entry.files:
        files[file.role] = obtain(entry.name, file, settings=settings, progress=progress)
    info = read_gguf(files["model"]) if entry.engine == "gguf" else None
    return LocalModel(
        name=entry.name,
        kind=kind,
        engine=entry.engine,
        files=files,
        languages=entry.languages,
        entry=entry,
        info=info,
        embedder=entry.embedder,
    )


def check_package(entry: CatalogueEntry) -> None:
    """Raise MissingExtra unless the package that the model comes in is installed."""
    if entry.package and importlib.util.find_spec(entry.package) is None:
        raise MissingExtra(
            f"The model {entry.name} needs the package {entry.package}, which is not installed.",
            f"Install it: {this_installation().extra(entry.extra)}",
        )


def downloadable_file(name: str) -> CatalogueFile:
    """Return the one file that an `hf:`, `pypi:` or `https:` name means. Raises UsageError for another type."""
    file_name = name.rpartition("/")[2].partition("?")[0].partition("#")[0]
    if not file_name.endswith(".gguf"):
        raise UsageError(f"{name} is not a GGUF file.", "Only files that end in .gguf can be downloaded.")
    return CatalogueFile(role="model", name=file_name, sources=(name,))


def obtain(name: str, file: CatalogueFile, *, settings: Settings, progress: Progress) -> Path:
    """Return a downloaded file's path, downloading it first unless the settings say offline."""
    directory = model_directory(settings, name)
    path = directory / file.name
    if settings.offline and not path.is_file() and not is_installed(file):
        raise NotDownloaded(
            f"The model {name} is not on this machine, and Bunko is set to be offline.",
            f"Run `bunko models pull {name}` once while online.",
        )
    path = fetch(file, directory, name=name, progress=progress)
    if file.size is not None and path.stat().st_size != file.size:
        raise ModelBroken(
            f"{path} has {path.stat().st_size:,} bytes, not {file.size:,}.",
            f"Something changed it after the download. Repair it with `bunko models pull {name}`.",
        )
    return path


def is_installed(file: CatalogueFile) -> bool:
    """Return whether an installed package has the file, which then needs no network."""
    from bunko.models.fetching.pypi import installed_file  # late: it imports subprocess and zipfile

    sources = [source for source in map(parse_source, file.sources) if isinstance(source, PypiSource)]
    return any(installed_file(source, size=file.size, sha256=file.sha256) for source in sources)


def _remote(name: str, server: ServerSource, *, kind: Kind, settings: Settings) -> RemoteModel:
    for url in (server.url, *server.more_urls):
        if settings.offline and not is_loopback(host_of(url)):
            raise NotDownloaded(
                f"{url} is not on this machine, and Bunko is set to be offline.",
                "Use a local model, or leave out --offline.",
            )
    return RemoteModel(
        name=name,
        kind=kind,
        url=server.url,
        model=server.model,
        api_key=os.environ.get(API_KEY_VARIABLE, ""),
        more_urls=server.more_urls,
    )


def _from_ollama(name: str, source: OllamaSource, *, kind: Kind) -> LocalModel:
    ollama = ollama_model(source)
    model = _gguf(name, ollama.path, kind=kind)
    if kind == "chat" and model.info:
        return replace(model, modelfile=read_modelfile(ollama, model.info, name=name))
    return model


def _from_path(source: PlainSource, *, kind: Kind) -> LocalModel:
    name, path = source.text, source.path
    if name and path.is_dir():
        if kind == "chat":
            raise ModelNotFound(f"{path} is a folder.", "Give the path of the .gguf file in it.")
        folder = read_embedder_folder(path)
        if kind == "reranker":
            check_card(path, folder.files)
        languages = _guess_languages(folder.vocabulary_size)
        return LocalModel(
            name=path.name, kind=kind, engine="onnx", files=folder.files, languages=languages, embedder=folder.facts
        )
    if path.is_file():
        return _gguf(path.name, path, kind=kind)
    if path.suffix == ".gguf" or len(path.parts) > 1:
        raise ModelNotFound(f"There is no file {path}.", f"Check the path. {_SEE_LIST}")
    near = nearest_names(name, kind=kind)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise ModelNotFound(f"There is no model {name!r}.", hint + _SEE_LIST)


def _gguf(name: str, path: Path, *, kind: Kind) -> LocalModel:
    """Check a GGUF file outside the catalogue, and read its facts from its header."""
    info = read_gguf(path)
    if info.is_adapter:
        raise WrongModelKind(
            f"{name} is an adapter, not a model.",
            f"Use the model that it was made for, with --adapter {path}.",
        )
    found = "chat" if info.kind == "base" else info.kind  # a base model chats with a plain prompt
    if found != kind:
        raise _wrong_kind(name, found=found, wanted=kind)
    return LocalModel(
        name=name,
        kind=kind,
        engine="gguf",
        files={"model": path},
        languages=_guess_languages(info.vocabulary_size),
        info=info,
        embedder=_embedder_facts(info) if kind == "embedding" else None,
    )


def _embedder_facts(info: GgufInfo) -> EmbedderFacts:
    return EmbedderFacts(
        dimension=info.embedding_length or 0,
        max_tokens=info.context_length or 512,
        pooling=_POOLING.get(info.pooling_type, "mean"),
    )


def _guess_languages(vocabulary_size: int | None) -> frozenset[str]:
    multilingual = vocabulary_size is not None and vocabulary_size >= _MULTILINGUAL_VOCABULARY
    return frozenset({"*"}) if multilingual else frozenset({"en"})


def _is_adapter(name: str) -> WrongModelKind:
    return WrongModelKind(
        f"{name} is an adapter, which changes another model and can't run by itself.",
        f"`bunko models show {name}` shows its base; or import it again without --keep-adapter.",
    )


def _wrong_kind(name: str, *, found: ModelKind, wanted: Kind) -> WrongModelKind:
    words = {"chat": "a chat model", "embedding": "an embedding model", "reranker": "a reranking model"}
    cure = _CURES[wanted]
    return WrongModelKind(
        f"{name} is {words[found]}, but {words[wanted]} is needed here.",
        f"Use {words[wanted]}, for example with {cure}.",
    )
