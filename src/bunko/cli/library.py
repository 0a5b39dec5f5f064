"""`bunko index`, `bunko documents` and `bunko show`."""

from __future__ import annotations

import argparse
import sys
import time

from bunko.cli.common import bold, dim, note, open_from, print_json, safe
from bunko.contract.records import DocumentList, row_of
from bunko.contract.serialise import to_json
from bunko.errors import LibraryNotFound
from bunko.language.detection import LANGUAGE_NAMES
from bunko.library import Library
from bunko.types import SyncReport


def run_index(arguments: argparse.Namespace) -> int:
    """Bring the index in step with the folder."""
    with open_from(arguments, arguments.folder) as library:
        report = library.sync(retry_failed=True)
        tell_of_languages(arguments, library, report)
    if arguments.json:
        print_json(to_json(report))
        return 0
    print(summary(report))
    print_failed(report)
    return 0


def tell_of_languages(arguments: argparse.Namespace, library: Library, report: SyncReport) -> None:
    """Say once for a library that the embedder does not know the language that much of it is in."""
    if not report.added or report.unchanged or not (unknown := library.unknown_languages()):
        return
    names = " and ".join(LANGUAGE_NAMES.get(language, language) for language in unknown)
    note(
        arguments,
        f"{library.settings.embedder} does not know {names}: such texts are found by their words. A multilingual "
        "embedder finds them by meaning, too: see `bunko models list`, and name one with --embedder.",
    )


def summary(report: SyncReport) -> str:
    """Return what a sync did, in one line."""
    return (
        f"{report.documents} documents, {report.chunks} passages: {report.added} added, {report.updated} updated, "
        f"{report.removed} removed, {report.unchanged} unchanged, in {report.seconds:.1f} s"
    )


def print_failed(report: SyncReport) -> None:
    """Print the files that could not be read, a line for each."""
    if report.failed:
        print(bold(f"{len(report.failed)} files could not be read:"))
    for item in report.failed:
        print(f"  {safe(item.path)}: {safe(item.error)} {dim(safe(item.hint))}", flush=True)


def run_documents(arguments: argparse.Namespace) -> int:
    """List the documents of the index as it is."""
    with open_from(arguments, arguments.folder) as library:
        records = [record for _, record in sorted(library.records().items())]
    if arguments.json:
        print_json(to_json(DocumentList(documents=tuple(map(row_of, records)))))
        return 0
    for record in records:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.indexed_at))
        pages = f"{record.pages} pages, " if record.pages else ""
        state = (
            safe(record.error)
            if record.error
            else f"{record.format}, {record.language}, {pages}{record.chunks} passages"
        )
        print(f"{safe(record.path)}  {dim(f'{state}, {when}')}")
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    """Print a document's extracted text, exactly the text that offsets count in."""
    with open_from(arguments, arguments.folder) as library:
        document = library.document(arguments.path)
    if document is None:
        raise LibraryNotFound(
            f"There is no document {arguments.path!r} in the index of {arguments.folder!r}.",
            f"List them: bunko documents {arguments.folder}",
        )
    if arguments.json:
        print_json({"path": document.path, "text": document.text})
    else:
        print(safe(document.text) if sys.stdout.isatty() else document.text, end="")
    return 0
