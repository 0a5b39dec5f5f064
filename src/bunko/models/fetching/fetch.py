"""Download one file of a model. In: a catalogue file. Out: a verified file, from the first source that works."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from bunko.errors import DownloadFailed, HashMismatch, ModelBroken, ModelError
from bunko.models.cache import WORK_PREFIX, FileRecord, add_to_record, locked, writing_to
from bunko.models.fetching.progress import Progress
from bunko.models.fetching.sources import Download, parse_source
from bunko.models.gguf.header import read_gguf
from bunko.models.records import CatalogueFile


def fetch(
    file: CatalogueFile,
    directory: Path,
    *,
    name: str,
    progress: Progress,
    existing: Literal["keep", "replace"] = "keep",
) -> Path:
    """Download a file into `directory` if it is missing, or with "replace"; return its path.

    Raises HashMismatch and DiskFull at once, other errors only after every source has failed.
    """
    target = directory / file.name
    if target.is_file() and existing == "keep":
        return target
    errors: list[ModelError] = []
    with locked(directory), writing_to(directory):
        if target.is_file() and existing == "keep":  # another process downloaded it meanwhile
            return target
        for leftover in directory.glob(f"{WORK_PREFIX}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for source in file.sources:
            try:
                digest = _fetch_from(source, target, size=file.size, sha256=file.sha256, progress=progress)
                _check_gguf(target, source)
            except HashMismatch:  # noqa: PERF203 - each source may fail in its own way
                raise
            except ModelError as error:
                errors.append(error)
            else:
                record = FileRecord(source=source, size=target.stat().st_size, sha256=digest)
                add_to_record(directory, name=name, file=file.name, record=record)
                return target
    if len(errors) == 1:
        raise errors[0]
    reasons = " ".join(f"{number}: {error.message}" for number, error in enumerate(errors, start=1))
    raise DownloadFailed(f"{name} could not be downloaded from any source. {reasons}", errors[0].hint) from errors[0]


def _check_gguf(path: Path, source: str) -> None:
    """Delete a download that should be a GGUF file but is not (for example a login page). Raises ModelBroken."""
    if path.suffix != ".gguf":
        return
    try:
        parts = read_gguf(path).split_count
        if parts > 1:
            raise ModelBroken(f"it is one of {parts} files that belong together")
    except ModelBroken as error:
        path.unlink()
        raise ModelBroken(
            f"The file from {source} was not kept: {error.message}", "Use a model that is one whole GGUF file."
        ) from error


def _fetch_from(text: str, target: Path, *, size: int | None, sha256: str, progress: Progress) -> str:
    source = parse_source(text)
    if not isinstance(source, Download):
        raise TypeError(f"{text} can't be downloaded")
    return source.fetch(target, size=size, sha256=sha256, progress=progress)
