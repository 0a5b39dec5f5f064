"""Where downloaded models are stored. In: a model's name. Out: its directory and record. Downloads nothing.

<cache>/models/<directory>/          one for each model
    record.json                      name, and for each file its source, size and SHA-256
    model.onnx, tokenizer.json, …    only whole, verified files have their final names
    model.onnx.part                  a download that can be resumed
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bunko.errors import DiskFull, DownloadFailed
from bunko.models.catalogue.lookup import find_entry
from bunko.settings import Settings, cache_directory

RECORD_NAME = "record.json"
LOCK_NAME = ".lock"
WORK_PREFIX = ".wheel-"
"""Prefix of temporary directories; one that exists while the lock is free was left by a killed process."""
_SPARE_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """A downloaded file, as recorded at the end of its download."""

    source: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """The content of a model's directory."""

    name: str
    files: Mapping[str, FileRecord] = field(default_factory=dict)


def models_directory(settings: Settings) -> Path:
    """Return the directory that holds one directory for each downloaded model."""
    return cache_directory(settings) / "models"


def model_directory(settings: Settings, name: str) -> Path:
    """Return the directory of a downloaded model, which may not exist yet.

    Catalogue entries use their own name; other names become a readable, unique one.
    """
    entry = find_entry(name)
    if entry is not None:
        return models_directory(settings) / entry.name
    readable = re.sub(r"[^A-Za-z0-9._]+", "-", name)[-80:].strip("-.")
    return models_directory(settings) / f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def read_record(directory: Path) -> ModelRecord | None:
    """Return a directory's record; None if there is no readable one."""
    try:
        tree = json.loads((directory / RECORD_NAME).read_text(encoding="utf-8"))
        return ModelRecord(
            name=str(tree["name"]), files={str(name): FileRecord(**file) for name, file in tree["files"].items()}
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def add_to_record(directory: Path, *, name: str, file: str, record: FileRecord) -> None:
    """Add a downloaded file to the directory's record."""
    known = read_record(directory)
    files = {**(known.files if known else {}), file: record}
    text = json.dumps(asdict(ModelRecord(name=name, files=files)), indent=2)
    temporary = directory / f"{RECORD_NAME}.new"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(directory / RECORD_NAME)


@contextmanager
def writing_to(directory: Path) -> Iterator[None]:
    """Map disk errors to DiskFull or DownloadFailed."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _disk_full(directory) from error
        raise DownloadFailed(
            f"Can't write to {directory}: {error.strerror or error}.",
            "Set BUNKO_CACHE_DIR to a directory of your own.",
        ) from error


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Create a model's directory and hold its lock, waiting for another process that downloads the same model."""
    import filelock

    with writing_to(directory):
        directory.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(directory / LOCK_NAME)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def check_space(directory: Path, needed: int) -> None:
    """Raise DiskFull unless the disk has this many free bytes and 64 MiB more."""
    free = shutil.disk_usage(directory).free
    if free < needed + _SPARE_BYTES:
        raise _disk_full(directory, f": {needed / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free")


def _disk_full(directory: Path, detail: str = "") -> DiskFull:
    return DiskFull(
        f"The disk that holds {directory} is full{detail}.", "Free some space, or set BUNKO_CACHE_DIR to a larger disk."
    )


def hash_file(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
