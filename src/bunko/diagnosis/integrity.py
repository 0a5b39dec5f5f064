"""Compare an index and the models with their checksums. In: a folder, settings. Out: findings. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bunko.diagnosis.findings import Finding
from bunko.errors import BunkoError, NotIndexed
from bunko.models.verifying import changed_files
from bunko.settings import Settings


def index_finding(root: Path, check: Callable[[], Sequence[object]]) -> Finding:
    """Return whether a folder's index is whole; `check` compares every byte and count, and returns the problems."""
    try:
        problems = check()
    except NotIndexed as error:
        return Finding(check="index", state="warning", detail=error.message, cure=error.hint)
    except BunkoError as error:
        return Finding(check="index", state="problem", detail=error.message, cure=error.hint)
    if not problems:
        return Finding(check="index", state="ok", detail=f"the index of {root} is whole")
    detail = "is damaged: " + "; ".join(map(str, problems))
    return Finding(check="index", state="problem", detail=detail, cure=f"Mend it: bunko index {root}")


def model_findings(settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each model of the settings whose files are not what was downloaded."""
    for name in dict.fromkeys((settings.model, settings.embedder, *settings.server.models)):
        if changed := changed_files(name, settings=settings):
            detail = f"{name} is not what was downloaded: {', '.join(map(str, changed))} has changed"
            cure = f"Download it again: bunko models remove {name}, then bunko models pull {name}"
            yield Finding(check="model files", state="problem", detail=detail, cure=cure)
