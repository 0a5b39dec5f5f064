"""Import a model: examine, convert, quantise, check, publish. In: a path, a name. Out: ImportedModel.

    source = examine(path)
    sixteen = convert(source)                # Hugging Face folders; a GGUF file needs no conversion
    write(plan(sixteen, kind), target)
    report = check(target, sixteen)
    publish(target, report)

All files are written to a work directory inside the model's directory and renamed at the end: an import that is killed
leaves no model, and the next import removes its work directory.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock

import bunko
from bunko.errors import LibraryEmpty, ModelTooLarge, UsageError
from bunko.hardware.memory import machine_memory
from bunko.importing import converting, quantising
from bunko.importing.kinds import KINDS, Kind
from bunko.importing.licences import licence_facts
from bunko.importing.sources import AdapterFolder, GgufFile, ImportSource, ModelFolder, examine
from bunko.importing.texts import ROUND_TRIPS
from bunko.models.cache import (
    LOCK_NAME,
    RECORD_NAME,
    FileRecord,
    add_to_record,
    check_space,
    hash_file,
    locked,
    model_directory,
    models_directory,
    writing_to,
)
from bunko.models.fetching.progress import Progress, silent
from bunko.models.gguf.header import read_gguf
from bunko.models.gguf.tensor_types import TENSOR_TYPES
from bunko.models.imported import (
    ADAPTER_SUFFIX,
    REPORT_NAME,
    SOURCE_PREFIX,
    ImportedModel,
    check_name,
    find_imported,
)
from bunko.settings import Settings

if TYPE_CHECKING:
    from bunko.importing.calibrating import Calibration

DEFAULT_KIND = "Q4_K_M"
_WORK_PREFIX = ".import-"
_CHILD_BYTES = 700 * 2**20
"""Memory of torch, transformers and a vocabulary in the converter's process; 560 MB were measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """The options of `bunko models import`."""

    source: Path
    name: str
    kind: str = ""
    """As in "Q4_K_M", the default if empty."""
    base: Path | None = None
    keep_adapter: bool = False
    calibrate: Path | None = None
    """A folder of documents to calibrate the quantisation on."""
    text: Path | None = None
    """A text for the checks; Bunko's own if None."""
    checks: bool = True


def import_model(
    options: ImportOptions,
    *,
    settings: Settings,
    progress: Progress = silent,
    say: Callable[[str], object] = lambda text: None,
) -> ImportedModel:
    """Import a model. `say` is called with a line as each stage begins.

    Raises UsageError, ModelNotFound, ModelBroken, ModelTooLarge, MissingExtra, DiskFull, EngineError, and the errors of
    `obtain_converter`.
    """
    check_name(options.name)
    kind = _kind(options)
    source = examine(options.source.expanduser(), base=options.base.expanduser() if options.base else None)
    if options.keep_adapter and not isinstance(source, AdapterFolder):
        raise UsageError(f"{options.source} is not an adapter.", "Leave out --keep-adapter.")
    if kind.is_quantised or isinstance(source, GgufFile):
        quantising.check_quantiser()
    _check_texts(options, settings)
    _remove_leftovers(settings)
    directory = model_directory(settings, options.name)
    with locked(directory), writing_to(directory), _work_directory(directory) as work:
        if find_imported(options.name, settings) is not None:
            raise UsageError(
                f"There is a model called {options.name} already.",
                f"Give another --name, or remove it first: bunko models remove {options.name}",
            )
        job = _Job(options, kind, source, work, settings=settings, progress=progress, say=say)
        if options.keep_adapter:
            made, report = job.adapter()
        else:
            made, report = job.model()
        _publish(made, report, directory, options)
    imported = find_imported(options.name, settings)
    assert imported is not None
    return imported


class _Job:
    """One import, in its work directory."""

    def __init__(
        self,
        options: ImportOptions,
        kind: Kind,
        source: ImportSource,
        work: Path,
        *,
        settings: Settings,
        progress: Progress,
        say: Callable[[str], object],
    ) -> None:
        self._options, self._kind, self._source, self._work = options, kind, source, work
        self._settings, self._progress, self._say = settings, progress, say
        self._seconds: dict[str, float] = {}
        self._tokens: dict[str, list[int]] = {}

    def model(self) -> tuple[Path, dict[str, Any]]:
        """Make a model that needs no base."""
        self._check_room()
        sixteen = self._sixteen()
        calibration = self._calibration(sixteen)
        made = self._quantised(sixteen, calibration)
        report = self._facts(made, sixteen) | {"types": quantising.type_names(made)}
        if calibration:
            report["calibrated_on"] = str(self._options.calibrate)
            report["calibration_pieces"] = calibration.pieces
        if self._options.checks:
            report["checks"] = self._check(made, sixteen, calibration)
        report["seconds"] = self._seconds
        return made, report

    def adapter(self) -> tuple[Path, dict[str, Any]]:
        """Make an adapter that is loaded with its base."""
        assert isinstance(self._source, AdapterFolder)
        made = self._work / f"{self._options.name}{ADAPTER_SUFFIX}"
        reply = self._convert(made, type_name="auto")
        report = self._facts(made, made) | {
            "base": str(self._source.base.path),
            "base_architecture": self._source.base.architecture,
            "matrices": reply.get("matrices"),
            "seconds": self._seconds,
        }
        return made, report

    def _sixteen(self) -> Path:
        """Return the 16-bit model, or the user's GGUF file."""
        if isinstance(self._source, GgufFile):
            return self._source.path
        path = self._work / f"{self._options.name}.16-bit.gguf"
        type_name = "auto" if self._kind.is_quantised else self._kind.name
        self._tokens = self._convert(path, type_name=type_name).get("tokens") or {}
        return path

    def _convert(self, path: Path, *, type_name: str) -> Any:
        assert not isinstance(self._source, GgufFile)
        adapter = self._source if isinstance(self._source, AdapterFolder) else None
        model = adapter.base if adapter else self._source
        assert isinstance(model, ModelFolder)
        converter = converting.obtain_converter(self._settings, progress=self._progress)
        facts = self._work / "facts.json"
        facts.write_text(json.dumps(licence_facts(model.path)), encoding="utf-8")
        folder = model.path if adapter is None else staged(model, adapter, self._work / "base")
        order = converting.Order(
            converter=str(converter),
            folder=str(folder),
            out=str(path),
            name=self._options.name,
            facts=str(facts),
            type=type_name,
            adapter=converting.adapter_order(adapter) if adapter else None,
            keep_adapter=self._options.keep_adapter,
            texts=ROUND_TRIPS,
        )
        self._say(f"Converting {self._options.source} ({model.architecture}) …")
        with self._timed("convert"):
            return converting.convert(
                order, expected=2 * model.weights, what="converting", progress=self._progress
            )  # fmt: skip

    def _calibration(self, sixteen: Path) -> Calibration | None:
        if self._options.calibrate is None or not self._kind.is_quantised:
            return None
        from bunko.importing import calibrating

        self._say(f"Calibrating on {self._options.calibrate} …")
        with self._timed("calibrate"):
            return calibrating.measure(
                sixteen, self._options.calibrate, work=self._work, settings=self._settings, progress=self._progress
            )

    def _quantised(self, sixteen: Path, calibration: Calibration | None, *, suffix: str = "") -> Path:
        if not self._kind.is_quantised and sixteen.parent == self._work:
            return sixteen
        made = self._work / f"{self._options.name}{suffix}.{self._kind.name}.gguf"
        plan = quantising.plan(sixteen, self._kind, has_importance=calibration is not None)
        check_space(self._work, plan.size)
        importance = calibration.importance if calibration else None
        self._say(f"Quantising to {self._kind.name} …")
        with self._timed(f"quantise{suffix}"), self._progress("quantising", total=sixteen.stat().st_size) as advance:
            quantising.write(plan, made, importance=importance, advance=advance)
        return made

    def _check(self, made: Path, sixteen: Path, calibration: Calibration | None) -> dict[str, Any]:
        from bunko.importing import checking

        uncalibrated = self._quantised(sixteen, None, suffix=".uncalibrated") if calibration else None
        with self._timed("check"):
            return checking.check(
                made,
                reference=sixteen if sixteen != made else None,
                uncalibrated=uncalibrated,
                tokens=self._tokens,
                text=checking.chosen_text(self._options.text, calibration.held_out if calibration else ""),
                settings=self._settings,
                progress=self._progress,
                say=self._say,
            )

    def _check_room(self) -> None:
        """Raise DiskFull or ModelTooLarge if there is too little disk or memory; `_quantised` checks GGUF files."""
        if isinstance(self._source, GgufFile):
            return
        base = self._source.base if isinstance(self._source, AdapterFolder) else self._source
        tensor_type = TENSOR_TYPES[self._kind.type]
        bytes_per_weight = tensor_type.block_bytes / tensor_type.block_weights
        quantised = 1.2 * base.weights * bytes_per_weight if self._kind.is_quantised else 0.0
        check_space(self._work, int(2 * base.weights + quantised))
        largest = max((_product(facts.shape) for facts in base.tensors.values()), default=0)
        needed, total = _CHILD_BYTES + 12 * largest, machine_memory().total
        if needed > total:
            raise ModelTooLarge(
                f"Converting {base.path.name} needs {needed / 1e9:.1f} GB of memory, and this machine has "
                f"{total / 1e9:.1f} GB.",
                "Convert it on another machine, and import the GGUF file here.",
            )

    def _facts(self, made: Path, sixteen: Path) -> dict[str, Any]:
        info = read_gguf(made)
        return {
            "bunko": bunko.__version__,
            "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "source": str(self._options.source),
            "source_kind": {ModelFolder: "folder", AdapterFolder: "adapter", GgufFile: "gguf"}[type(self._source)],
            "converter": None
            if isinstance(self._source, GgufFile)
            else f"{converting.CONVERTER.package} {converting.CONVERTER.version}",
            "architecture": info.architecture,
            "parameters": info.parameters,
            "licence": info.licence,
            "quantisation": info.quantisation,
            "from_quantisation": read_gguf(sixteen).quantisation,
            "bytes": made.stat().st_size,
            "from_bytes": sixteen.stat().st_size,
        }

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        self._seconds[stage] = round(time.monotonic() - start, 1)


def staged(base: ModelFolder, adapter: AdapterFolder, place: Path) -> Path:
    """Make a folder with the base's weights and the adapter's tokenizer, which training may have changed."""
    place.mkdir()
    for file in base.path.iterdir():
        if file.is_file():
            _link(file, place / file.name)
    tokenizer = [file for file in adapter.path.iterdir() if _is_tokenizer(file)]
    if any(file.name in ("tokenizer.json", "tokenizer.model") for file in tokenizer):
        for file in tokenizer:
            (place / file.name).unlink(missing_ok=True)
            _link(file, place / file.name)
    return place


def _is_tokenizer(file: Path) -> bool:
    names = ("tokenizer", "special_tokens_map", "added_tokens", "chat_template", "vocab.json", "merges.txt")
    return file.is_file() and file.name.startswith(names)


def _link(file: Path, place: Path) -> None:
    target = file.resolve()
    for make in (os.symlink, os.link, shutil.copy2):  # on Windows, symbolic links need a permission
        try:
            make(target, place)
        except OSError as error:  # noqa: PERF203 - each may fail
            if error.errno == errno.ENOSPC:
                raise
        else:
            return


def _kind(options: ImportOptions) -> Kind:
    name = (options.kind or DEFAULT_KIND).upper()
    if name not in KINDS:
        raise UsageError(f"The quantisation {options.kind} is not supported.", f"Use one of {', '.join(KINDS)}.")
    if options.calibrate is not None and (options.keep_adapter or not KINDS[name].is_quantised):
        raise UsageError("There is nothing to calibrate, because nothing is quantised.", "Leave out --calibrate.")
    if options.keep_adapter and options.kind:
        raise UsageError("A kept adapter is not quantised.", "Leave out --quantize, or --keep-adapter.")
    return KINDS[name]


def _check_texts(options: ImportOptions, settings: Settings) -> None:
    """Check the text and the calibration folder before the work starts. Raises ModelNotFound, LibraryEmpty."""
    from bunko.importing.checking import chosen_text
    from bunko.reading.folder import list_files

    if options.text is not None:
        chosen_text(options.text, "")
    if options.calibrate is not None and not list_files(options.calibrate, ignore=settings.reading.ignore):
        raise LibraryEmpty.without_files(str(options.calibrate))


def _publish(made: Path, report: dict[str, Any], directory: Path, options: ImportOptions) -> None:
    """Move the files into the model's directory; the record is written last, since it makes them a model."""
    record = FileRecord(
        source=f"{SOURCE_PREFIX}{options.source}", size=made.stat().st_size, sha256=hash_file(made)
    )  # fmt: skip
    name = made.name.replace(".16-bit.", f".{report['quantisation']}.")
    (directory / RECORD_NAME).unlink(missing_ok=True)  # from a model whose file was deleted
    written = made.with_name(REPORT_NAME)
    written.write_text(json.dumps(report, indent=2, ensure_ascii=False), encoding="utf-8")
    made.replace(directory / name)
    written.replace(directory / REPORT_NAME)
    add_to_record(directory, name=options.name, file=name, record=record)


@contextmanager
def _work_directory(directory: Path) -> Iterator[Path]:
    """Create a work directory, and remove it at the end."""
    work = Path(tempfile.mkdtemp(prefix=_WORK_PREFIX, dir=directory))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _remove_leftovers(settings: Settings) -> None:
    """Remove the work directories of killed imports; a running import holds its lock."""
    for work in models_directory(settings).glob(f"*/{_WORK_PREFIX}*"):
        with contextlib.suppress(filelock.Timeout), filelock.FileLock(work.parent / LOCK_NAME, timeout=0):
            shutil.rmtree(work, ignore_errors=True)


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for length in shape:
        product *= length
    return product
