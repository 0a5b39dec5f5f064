"""Models made by `bunko models import`. In: a name. Out: an ImportedModel.

They are stored in the cache like downloaded models, with the same record and the report of the import.

<cache>/models/<directory>/
    record.json                 as of a downloaded model; the file's source begins with "import:"
    mine.Q4_K_M.gguf            the model, or mine.adapter.gguf
    import.json                 how it was made, and the checks' report
    .import-xxxx/               unfinished; never used, and removed by the next import
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunko.errors import UsageError
from bunko.models.cache import model_directory, read_record
from bunko.models.catalogue.lookup import CATALOGUE_ONLY, find_entry
from bunko.models.fetching.sources import PREFIXES
from bunko.settings import Settings

SOURCE_PREFIX = "import:"
REPORT_NAME = "import.json"
ADAPTER_SUFFIX = ".adapter.gguf"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_RESERVED_PREFIXES = frozenset({CATALOGUE_ONLY.rstrip(":"), *PREFIXES})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedModel:
    """A model file that an import made."""

    name: str
    directory: Path
    path: Path
    report: dict[str, Any]
    """The content of `import.json`; empty if it can't be read."""

    @property
    def is_adapter(self) -> bool:
        """Whether it is an adapter, which runs only with its base model."""
        return self.path.name.endswith(ADAPTER_SUFFIX)


def check_name(name: str) -> None:
    """Raise UsageError unless this is a valid and unused name for an imported model."""
    if not _NAME.fullmatch(name) or name.endswith(".gguf") or name.casefold() in _RESERVED_PREFIXES:
        raise UsageError(
            f"{name!r} is not a valid model name.",
            "Use letters, digits, hyphens, underscores and full stops, at most 64, as in --name mine.",
        )
    if entry := find_entry(name):
        raise UsageError(f"{name} is a model of the catalogue ({entry.name}).", "Give yours another name.")


def find_imported(name: str, settings: Settings) -> ImportedModel | None:
    """Return the imported model of this name; None if there is none."""
    if not _NAME.fullmatch(name) or find_entry(name) is not None:
        return None
    directory = model_directory(settings, name)
    record = read_record(directory)
    if record is None or record.name != name:
        return None
    for file, facts in record.files.items():
        path = directory / file
        if facts.source.startswith(SOURCE_PREFIX) and Path(file).name == file and path.is_file():
            return ImportedModel(name=name, directory=directory, path=path, report=_read_report(directory))
    return None


def _read_report(directory: Path) -> dict[str, Any]:
    try:
        tree = json.loads((directory / REPORT_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return tree if isinstance(tree, dict) else {}
