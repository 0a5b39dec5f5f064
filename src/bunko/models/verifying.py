"""Find out whether a model's files are those that were downloaded. In: its name. Out: the files that have changed.

Reads every byte. A model that was named by its path has no known hash, and neither has a faster copy.
"""

from __future__ import annotations

import base64
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

from bunko.errors import ModelError, UsageError
from bunko.models.cache import hash_file, model_directory, read_record
from bunko.models.catalogue.lookup import find_entry
from bunko.models.fetching.ollama import ollama_model
from bunko.models.fetching.sources import OllamaSource, parse_source
from bunko.settings import Settings


def changed_files(name: str, *, settings: Settings) -> list[Path]:
    """Return a model's files on this machine whose content is not what was downloaded, or that can't be read."""
    return [path for path, wanted in _known_hashes(name, settings) if not _is(path, wanted)]


def _known_hashes(name: str, settings: Settings) -> Iterator[tuple[Path, str]]:
    """Yield each file with its SHA-256 in hexadecimal, where that is known."""
    try:
        entry = find_entry(name)
        source = None if entry else parse_source(name)
        if isinstance(source, OllamaSource):
            path = ollama_model(source).path
            yield path, path.name.removeprefix("sha256-")
            return
        directory = model_directory(settings, name)
    except (ModelError, UsageError):
        return
    pinned = {file.name: file.sha256 for file in entry.files if file.sha256} if entry else {}
    record = read_record(directory)
    recorded = {file: facts.sha256 for file, facts in record.files.items()} if record else {}
    for file, wanted in {**recorded, **pinned}.items():
        if (directory / file).exists():
            yield directory / file, wanted
    if entry and entry.package:
        yield from _package_hashes(entry.package)


def _package_hashes(package: str) -> Iterator[tuple[Path, str]]:
    """Yield the files of an installed package with the hashes that its installer recorded."""
    try:
        files = importlib.metadata.distribution(package).files or ()
    except importlib.metadata.PackageNotFoundError:
        return
    for file in files:
        if file.hash and file.hash.mode == "sha256" and file.suffix != ".pyc":
            padded = file.hash.value + "=" * (-len(file.hash.value) % 4)
            yield Path(str(file.locate())), base64.urlsafe_b64decode(padded).hex()


def _is(path: Path, wanted: str) -> bool:
    try:
        return hash_file(path) == wanted
    except OSError:
        return False
