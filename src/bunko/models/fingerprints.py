"""Detect whether a model has changed. In: its name. Out: a fingerprint. Opens none of its files."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from bunko.errors import ModelError, UsageError
from bunko.models.cache import model_directory
from bunko.models.catalogue.lookup import find_entry
from bunko.models.fetching.ollama import ollama_model
from bunko.models.fetching.sources import Download, OllamaSource, PlainSource, parse_source
from bunko.models.gguf.faster_copy import faster_copy
from bunko.models.imported import find_imported
from bunko.models.resolve import downloadable_file
from bunko.settings import NO_MODEL, Settings


def fingerprint_of(name: str, *, settings: Settings) -> str:
    """Return a fingerprint of a model: paths, sizes and timestamps of its files.

    It is empty for a model on a server, whose changes can't be detected, and for one that is not on this machine.
    """
    if name == NO_MODEL:
        return NO_MODEL
    try:
        files = _with_copies(_files(name, settings), settings)
        return "\n".join(f"{path} {state.st_size} {state.st_mtime_ns}" for path, state in _states(files))
    except (ModelError, UsageError, OSError, ValueError):
        return ""


def model_files(name: str, *, settings: Settings) -> list[Path]:
    """Return a model's files on this machine, faster copies too; none for a model on a server, or one that is missing.

    Of a model in a Python package, all files of the package.
    """
    if name == NO_MODEL:
        return []
    try:
        entry = find_entry(name)
        files = list(_files(name, settings))
        if entry and entry.package:
            homes = [file.parent for file in files]
            files = [file for home in homes for file in sorted(home.rglob("*")) if "__pycache__" not in file.parts]
        return [file for file in _with_copies(files, settings) if file.is_file()]
    except (ModelError, UsageError, OSError, ValueError):
        return []


def _with_copies(files: Iterable[Path], settings: Settings) -> list[Path]:
    originals = list(files)
    return originals + [copy for file in originals if (copy := faster_copy(file, settings))]


def _files(name: str, settings: Settings) -> Iterable[Path]:
    entry = find_entry(name)
    if entry is not None:
        if entry.package:
            spec = importlib.util.find_spec(entry.package)
            return [Path(spec.origin)] if spec and spec.origin else []
        return [model_directory(settings, name) / file.name for file in entry.files]
    match parse_source(name):
        case Download():
            return [model_directory(settings, name) / downloadable_file(name).name]
        case OllamaSource() as ollama:
            model = ollama_model(ollama)
            return [model.manifest, model.path]
        case PlainSource(path=path):
            if imported := find_imported(name, settings):
                return [imported.path]
            return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        case _:
            return []


def _states(files: Iterable[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    return ((path.resolve(), path.stat()) for path in files)
