"""Describe a served library. In: a HostedLibrary. Out: a LibraryState."""

from __future__ import annotations

from bunko.contract.records import LibraryState, Progress
from bunko.contract.serialise import error_record
from bunko.server.hosting.libraries import HostedLibrary


def state_of(library: HostedLibrary) -> LibraryState:
    """Return a library's state."""
    report, progress = library.report, library.progress
    return LibraryState(
        name=library.name,
        title=library.title,
        documents=report.documents if report else 0,
        chunks=report.chunks if report else 0,
        failed=len(report.failed) if report else 0,
        state=library.state,
        progress=Progress(stage=progress.stage, done=progress.done, total=progress.total) if progress.stage else None,
        error=error_record(library.error) if library.error else None,
    )
