"""`bunko index`, `bunko documents` and `bunko show`."""

from __future__ import annotations

import argparse
import sys
import time

from bunko.cli.common import bold, counted, dim, for_terminal, note, open_from, print_json, safe
from bunko.contract.records import DocumentList, DuplicateList, row_of
from bunko.contract.serialise import to_json
from bunko.errors import LibraryNotFound, ReadError, StoreBusy
from bunko.language.detection import LANGUAGE_NAMES
from bunko.library import Library
from bunko.models.catalogue.lookup import multilingual_embedder
from bunko.types import Document, FailedFile, SyncReport

# Another process that updates the index is mostly done within this; one that builds it may take hours.
_SILENT_S = 2.0
_WAIT_S = 24 * 3600.0


def run_index(arguments: argparse.Namespace) -> int:
    """Bring the index in step with the folder."""
    if arguments.check:
        return _check(arguments)
    with open_from(arguments, arguments.folder) as library:
        report = _sync(arguments, library)
        if report.added and not report.unchanged:
            note_languages(arguments, library)
    if arguments.json:
        print_json(to_json(report))
        return 0
    print(summary(report))
    print_notes(arguments, report)
    print_failed(report)
    print_left_out(report)
    return 0


def _sync(arguments: argparse.Namespace, library: Library) -> SyncReport:
    """Sync; if another process writes to the index, say so and wait for it."""
    try:
        return library.sync(retry_failed=True, allow_empty=arguments.allow_empty, wait_s=_SILENT_S)
    except StoreBusy as error:
        note(arguments, f"{error.message} Waiting for it to finish; Ctrl-C is safe.")
    return library.sync(retry_failed=True, allow_empty=arguments.allow_empty, wait_s=_WAIT_S)


def _check(arguments: argparse.Namespace) -> int:
    """Print what is wrong with the index; return 1 if anything is."""
    with open_from(arguments, arguments.folder) as library:
        problems = library.check()
        documents, chunks = (0, 0) if problems else (library.store.count_documents(), library.store.count_chunks())
    if arguments.json:
        found = [{"table": problem.table, "detail": problem.detail} for problem in problems]
        print_json({"documents": documents, "chunks": chunks, "problems": found})
    elif problems:
        print(bold("The index is damaged:"))
        for problem in problems:
            print(f"  {safe(str(problem))}")
        print(f"Mend it from the documents: bunko index {safe(arguments.folder)}")
    else:
        print(f"The index is whole: {counted(documents, 'document')}, {counted(chunks, 'passage')}.")
    return 1 if problems else 0


def print_notes(arguments: argparse.Namespace, report: SyncReport) -> None:
    """Print what was wrong with the index, on stderr."""
    for text in report.notes:
        note(arguments, text)


def note_languages(arguments: argparse.Namespace, library: Library) -> None:
    """Print that the embedder does not know the language of many documents: after the first sync."""
    if not (unknown := library.unknown_languages()):
        return
    names = " and ".join(LANGUAGE_NAMES.get(language, language) for language in unknown)
    note(
        arguments,
        f"{library.settings.embedder} does not know {names}: it finds such texts by their words only. `--embedder "
        f"{multilingual_embedder()}` also finds them by meaning.",
    )


def summary(report: SyncReport) -> str:
    """Return what a sync did, in one line."""
    return (
        f"{counted(report.documents, 'document')}, {counted(report.chunks, 'passage')}: {report.added} added, "
        f"{report.updated} updated, "
        f"{report.removed} removed, {report.unchanged} unchanged, in {report.seconds:.1f} s"
    )


def print_failed(report: SyncReport) -> None:
    """Print the files that could not be read, one per line."""
    if report.failed:
        print(bold(f"{counted(len(report.failed), 'file')} could not be read:"))
    for item in report.failed:
        text = safe(f"{item.path}: {item.error} {item.hint}").rstrip()
        print(for_terminal(text, sys.stdout, first="  ", rest="    "), flush=True)


def print_left_out(report: SyncReport) -> None:
    """Print what was left out of the documents, one line each: links, pictures."""
    if report.left_out:
        print(bold("Left out:"))
    for item in report.left_out:
        print(for_terminal(safe(f"{item.path}: {item.reason}"), sys.stdout, first="  ", rest="    "), flush=True)


def run_documents(arguments: argparse.Namespace) -> int:
    """List the documents in the index, without a sync."""
    if arguments.duplicates:
        return _list_duplicates(arguments)
    with open_from(arguments, arguments.folder) as library:
        records = [record for _, record in sorted(library.records().items())]
    if arguments.json:
        print_json(to_json(DocumentList(documents=tuple(map(row_of, records)))))
        return 0
    for record in records:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.indexed_at))
        pages = f"{counted(record.pages, 'page')}, " if record.pages else ""
        state = (
            safe(record.error)
            if record.error
            else f"{record.format}, {record.language}, {pages}{counted(record.chunks, 'passage')}"
        )
        print(f"{safe(record.path)}  {dim(f'{state}, {when}')}")
    return 0


def _list_duplicates(arguments: argparse.Namespace) -> int:
    """List the documents that are copies or versions of each other."""
    with open_from(arguments, arguments.folder) as library:
        groups = library.duplicates()
    if arguments.json:
        print_json(to_json(DuplicateList(groups=groups)))
        return 0
    for group in groups:
        for n, row in enumerate(group.documents):
            when = row.date[:10] or time.strftime("%Y-%m-%d", time.localtime(row.modified_at))
            state = "the newest" if n == 0 else "a copy" if row.is_copy else f"{row.alike:.0%} alike"
            print(f"{'  ' if n else ''}{safe(row.path)}  {dim(f'{state}, {when}')}")
    if not groups:
        print("No document is a copy or a version of another one.")
    return 0


def _read_now(library: Library, path: str) -> Document | None:
    """Read a document of a folder without an index; None if there is no such file. Raises ReadError."""
    from bunko.reading.folder import list_folder
    from bunko.reading.reader import Reader

    reading = library.settings.reading
    files = [file for file in list_folder(library.root, ignore=reading.ignore).files if path.startswith(file.path)]
    with Reader(reading) as reader:
        for _, item in reader.read(file for file in files if path == file.path or path[len(file.path)] == "#"):
            if isinstance(item, FailedFile) and item.path == path:
                raise ReadError(item.error, item.hint)
            if isinstance(item, Document) and item.path == path:
                return item
    return None


def run_show(arguments: argparse.Namespace) -> int:
    """Print a document's extracted text: the text that offsets count in."""
    with open_from(arguments, arguments.folder) as library:
        document = library.document(arguments.path) if library.is_indexed else _read_now(library, arguments.path)
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
