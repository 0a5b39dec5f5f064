"""Manage models: list, show, pull, optimise, remove. In: names and settings. Out: records; prints nothing.

Deletes nothing outside the cache directory.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bunko.errors import ModelBroken, ModelNotFound, NotDownloaded, UsageError
from bunko.models.cache import hash_file, model_directory, models_directory, read_record
from bunko.models.catalogue.entries import ENTRIES
from bunko.models.catalogue.lookup import find_entry, nearest_names
from bunko.models.fetching.fetch import fetch
from bunko.models.fetching.ollama import ollama_model
from bunko.models.fetching.progress import Progress, silent
from bunko.models.fetching.sources import OllamaSource, PlainSource, ServerSource, parse_source
from bunko.models.gguf.faster_copy import FasterCopy, faster_copy, make_faster_copy, remove_faster_copy
from bunko.models.gguf.header import GgufInfo, ModelKind, read_gguf
from bunko.models.imported import SOURCE_PREFIX, ImportedModel, find_imported
from bunko.models.records import CatalogueEntry, CatalogueFile, EmbedderFacts, LocalModel
from bunko.models.resolve import check_package, downloadable_file, obtain, resolve_original
from bunko.settings import NO_MODEL, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """One file of a model, on this machine or not yet."""

    name: str
    path: Path | None
    """None while it is not downloaded."""
    size: int | None
    sha256: str
    """From the catalogue, or from the download; empty if neither is known."""
    sources: tuple[str, ...] = ()
    faster_copy: Path | None = None
    """The copy that is used instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """Everything known about a model without running it."""

    name: str
    kind: ModelKind | None
    """None if the file is missing or can't be read."""
    downloaded: bool
    verified: bool
    """Whether the catalogue pins every file to a hash that the project has checked."""
    files: tuple[FileState, ...]
    description: str = ""
    languages: frozenset[str] = frozenset()
    licence: str = ""
    aliases: tuple[str, ...] = ()
    context_tokens: int = 0
    embedder: EmbedderFacts | None = None
    info: GgufInfo | None = None
    in_catalogue: bool = False
    imported: ImportedModel | None = None
    """Set for an imported model, with the report of its import."""

    @property
    def bytes_on_disk(self) -> int:
        """Bytes of the files on this machine."""
        return sum(file.path.stat().st_size for file in self.files if file.path and file.path.is_file())


_NONE = ModelState(
    name=NO_MODEL,
    kind=None,
    downloaded=True,
    verified=True,
    files=(),
    description="No language model: answers are quotes and marked words of the documents.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledFile:
    """A file after a pull: it was "present" and intact, was "downloaded", or was damaged and "replaced"."""

    path: Path
    sha256: str
    outcome: Literal["present", "downloaded", "replaced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedModel:
    """What a removal freed."""

    name: str
    directory: Path
    bytes_freed: int


def list_models(settings: Settings) -> list[ModelState]:
    """Return the catalogue's models, then other downloaded ones. `show_model` adds the facts in GGUF headers."""
    known = [_entry_state(entry, settings) for entry in ENTRIES]
    return known + [_downloaded_state(name, settings) for name in _other_downloads(settings)]


def show_model(name: str, settings: Settings) -> ModelState:
    """Return everything known about one model: a catalogue entry, a download, a file, or a model of Ollama's.

    Raises ModelNotFound, ModelBroken, and UsageError for a server's address.
    """
    if name == NO_MODEL:
        return _NONE
    entry = find_entry(name)
    if entry is not None:
        return _entry_state(entry, settings, with_info=True)
    match parse_source(name):
        case ServerSource():
            raise UsageError(f"{name} is a server.", "Ask the server for its models, at /v1/models.")
        case OllamaSource() as ollama:
            return _file_state(name, ollama_model(ollama).path, settings)
        case PlainSource(path=path):
            if imported := find_imported(name, settings):
                return _imported_state(imported, settings)
            if not path.is_file():
                raise _unknown(name)
            return _file_state(path.name, path, settings)
        case _:
            return _downloaded_state(name, settings)


def pull(name: str, *, settings: Settings, progress: Progress = silent) -> tuple[PulledFile, ...]:
    """Download a model's files; verify the hashes of existing ones, and replace damaged ones.

    Returns nothing for a model in an installed package. Raises what `resolve` raises.
    """
    if name == NO_MODEL:
        raise UsageError("`none` stands for no language model: there is nothing to download.", "Use --model none.")
    entry = find_entry(name)
    if entry is not None:
        check_package(entry)
        return tuple(_pull_file(entry.name, file, settings=settings, progress=progress) for file in entry.files)
    match parse_source(name):
        case ServerSource() | OllamaSource():
            raise UsageError(f"{name} can't be downloaded.", "Use it directly, with --model.")
        case PlainSource():
            if imported := find_imported(name, settings):
                return (_verify_import(imported),)
            raise _unknown(name)
        case _:
            return (_pull_file(name, downloadable_file(name), settings=settings, progress=progress),)


def optimise(name: str, *, settings: Settings, progress: Progress = silent) -> FasterCopy:
    """Make a chat model's faster copy, which is used in its place from then on; download the model if needed.

    Raises UsageError if a copy would not be faster, DiskFull, and what `resolve` raises.
    """
    return make_faster_copy(_chat_file(name, settings, progress), settings, progress=progress)


def undo_optimise(name: str, *, settings: Settings) -> RemovedModel:
    """Delete a chat model's faster copy, so that the original is used again. Raises ModelNotFound."""
    path = _chat_file(name, replace(settings, offline=True), silent)
    freed = remove_faster_copy(path, settings)
    if not freed:
        raise ModelNotFound(f"There is no faster copy of {name}.", f"Make one: bunko models optimise {name}")
    return RemovedModel(name=name, directory=path.parent, bytes_freed=freed)


def _chat_file(name: str, settings: Settings, progress: Progress) -> Path:
    model = resolve_original(name, kind="chat", settings=settings, progress=progress)
    if not isinstance(model, LocalModel):
        raise UsageError(f"{name} is a server.", "Only files have faster copies.")
    return model.files["model"]


def remove(name: str, *, settings: Settings) -> RemovedModel:
    """Delete a downloaded or imported model, partial downloads included. Raises ModelNotFound."""
    entry = find_entry(name)
    directory = model_directory(settings, name)
    if entry is not None and entry.package:
        raise ModelNotFound(
            f"{entry.name} is a Python package, not a download.", f"python -m pip uninstall {entry.package}"
        )
    if not directory.is_dir() or directory.is_symlink():
        raise ModelNotFound(f"There is no downloaded model {name!r}.", "`bunko models list` shows the models.")
    freed = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    shutil.rmtree(directory)
    return RemovedModel(name=entry.name if entry else name, directory=directory, bytes_freed=freed)


def _pull_file(name: str, file: CatalogueFile, *, settings: Settings, progress: Progress) -> PulledFile:
    directory = model_directory(settings, name)
    path = directory / file.name
    record = read_record(directory)
    expected = file.sha256 or (record.files[file.name].sha256 if record and file.name in record.files else "")
    found = hash_file(path) if path.is_file() else ""
    outcome: Literal["present", "downloaded", "replaced"] = "present"
    if not found:
        outcome = "downloaded"
        obtain(name, file, settings=settings, progress=progress)
    elif expected and found != expected:
        if settings.offline:
            raise NotDownloaded(
                f"{path} is damaged, and Bunko is set to be offline.", "Pull it again while online, or remove it."
            )
        outcome = "replaced"
        fetch(file, directory, name=name, progress=progress, existing="replace")
    if path.suffix == ".gguf":
        read_gguf(path)
    return PulledFile(path=path, sha256=found if outcome == "present" else hash_file(path), outcome=outcome)


def _verify_import(imported: ImportedModel) -> PulledFile:
    """Verify an imported model's hash; it can't be downloaded again."""
    record = read_record(imported.directory)
    found = hash_file(imported.path)
    if record is None or record.files[imported.path.name].sha256 != found:
        raise ModelBroken(
            f"{imported.path} has changed since it was imported.",
            f"Remove it and import it again: bunko models remove {imported.name}",
        )
    return PulledFile(path=imported.path, sha256=found, outcome="present")


def _entry_state(entry: CatalogueEntry, settings: Settings, *, with_info: bool = False) -> ModelState:
    files = tuple(_catalogue_file_state(file, settings, name=entry.name) for file in entry.files)
    downloaded = all(file.path for file in files)
    if entry.package:
        downloaded = importlib.util.find_spec(entry.package) is not None
    info = None
    if with_info and downloaded and entry.engine == "gguf" and files[0].path:
        info = read_gguf(files[0].path)
    return ModelState(
        name=entry.name,
        kind=entry.kind,
        downloaded=downloaded,
        verified=entry.verified,
        files=files,
        description=entry.description,
        languages=entry.languages,
        licence=entry.licence,
        aliases=entry.aliases,
        context_tokens=entry.context_tokens,
        embedder=entry.embedder,
        info=info,
        in_catalogue=True,
    )


def _catalogue_file_state(file: CatalogueFile, settings: Settings, *, name: str) -> FileState:
    directory = model_directory(settings, name)
    path = directory / file.name
    exists = path.is_file()
    record = read_record(directory)
    recorded = record.files.get(file.name) if record else None
    return FileState(
        name=file.name,
        path=path if exists else None,
        size=path.stat().st_size if exists else file.size,
        sha256=file.sha256 or (recorded.sha256 if recorded else ""),
        sources=file.sources,
        faster_copy=faster_copy(path, settings) if exists else None,
    )


def _downloaded_state(name: str, settings: Settings) -> ModelState:
    """Describe a model that is not in the catalogue: imported, downloaded, or downloadable."""
    if imported := find_imported(name, settings):
        return _imported_state(imported, settings)
    file = _catalogue_file_state(downloadable_file(name), settings, name=name)
    if file.path is None:
        return ModelState(name=name, kind=None, downloaded=False, verified=False, files=(file,))
    try:
        state = _file_state(name, file.path, settings)
    except ModelBroken:  # one damaged file must not break the list; using it raises the error
        return ModelState(name=name, kind=None, downloaded=True, verified=False, files=(file,))
    return replace(state, files=(file,))


def _imported_state(imported: ImportedModel, settings: Settings) -> ModelState:
    record = read_record(imported.directory)
    facts = record.files.get(imported.path.name) if record else None
    file = FileState(
        name=imported.path.name,
        path=imported.path,
        size=imported.path.stat().st_size,
        sha256=facts.sha256 if facts else "",
        sources=(facts.source,) if facts else (),
        faster_copy=faster_copy(imported.path, settings),
    )
    try:
        state = _file_state(imported.name, imported.path, settings)
    except ModelBroken:
        return ModelState(
            name=imported.name, kind=None, downloaded=True, verified=False, files=(file,), imported=imported
        )
    kind = None if imported.is_adapter else state.kind
    return replace(state, files=(file,), kind=kind, imported=imported)


def _file_state(name: str, path: Path, settings: Settings) -> ModelState:
    info = read_gguf(path)
    copy = faster_copy(path, settings)
    return ModelState(
        name=name,
        kind=info.kind,
        downloaded=True,
        verified=False,
        files=(FileState(name=path.name, path=path, size=info.file_bytes, sha256="", faster_copy=copy),),
        description=info.name,
        licence=info.licence,
        context_tokens=info.context_length or 0,
        info=info,
    )


def _other_downloads(settings: Settings) -> Iterator[str]:
    """Yield the names of downloaded and imported models that are not in the catalogue."""
    directory = models_directory(settings)
    for inner in sorted(directory.iterdir()) if directory.is_dir() else ():
        record = read_record(inner)
        if record is None or find_entry(record.name) is not None:
            continue
        if model_directory(settings, record.name) != inner:  # Bunko did not write this record
            continue
        is_import = any(file.source.startswith(SOURCE_PREFIX) for file in record.files.values())
        if not is_import or find_imported(record.name, settings):  # otherwise its file was deleted
            yield record.name


def _unknown(name: str) -> ModelNotFound:
    near = nearest_names(name)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`bunko models list` shows the models."
    return ModelNotFound(f"There is no model {name!r}.", hint)
