"""Several libraries in one question. In: folders. Out: what a Library gives, with the library of each source.

    with bunko.open_several(["reports", "mails"]) as libraries:
        libraries.sync()
        print(libraries.ask("Who approved the budget?").citations[0].library)

Each has its own index, and may have its own embedder. The model and the other settings are those of the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bunko.answering.recall import KeptAnswers
from bunko.door import at_the_door, steps_at_the_door
from bunko.engines import Engines
from bunko.errors import UsageError
from bunko.library import Library, open_library
from bunko.settings import Settings, apply_overrides
from bunko.several.embedder import Remembering
from bunko.several.naming import joined, named_event, named_hit
from bunko.several.stores import Part, SeveralStores
from bunko.stopwatch import Stopwatch
from bunko.types import Document, Event, Message, SyncReport

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from bunko.contract.records import SearchResult
    from bunko.ports import Embedder
    from bunko.store import Record
    from bunko.within import Within


@at_the_door
def open_several(
    folders: Sequence[str | Path],
    *,
    settings: Settings | Mapping[str, object] | None = None,
    model: str | None = None,
    embedder: str | None = None,
) -> SeveralLibraries:
    """Open several folders of documents, to be asked together. Nothing is read or written until it is needed.

    Settings are those that `bunko.open` takes; each folder's own config file holds for its own index. Raises
    UsageError for less than one folder or a folder that is named twice, LibraryNotFound, SettingsError.
    """
    opened = [open_library(folder, settings=settings, model=model, embedder=embedder) for folder in folders]
    return SeveralLibraries(dict(zip(names_of([one.root for one in opened]), opened, strict=True)))


def names_of(roots: Sequence[Path]) -> list[str]:
    """Return a name for each folder: its own, with a number where two have the same. Raises UsageError.

    >>> names_of([Path("/a/docs"), Path("/b/docs"), Path("/a/mails")])
    ['docs', 'docs-2', 'mails']
    """
    places = [root.resolve() for root in roots]
    if not places or len(set(places)) < len(places):
        raise UsageError("A folder is named twice.", "Name each once.") if places else UsageError("No folder is named.")
    names: list[str] = []
    for place in places:
        base = name = place.name.replace("/", "-") or "library"
        n = 1
        while name in names:
            n += 1
            name = f"{base}-{n}"
        names.append(name)
    return names


def _embedder_of(library: Library) -> Callable[[], Embedder]:
    return lambda: library.embedder


class _Indexes:
    """The indexes of all libraries: what `Library` needs of its one."""

    def __init__(self, libraries: Mapping[str, Library], embedder: Remembering | None = None) -> None:
        self._libraries = libraries
        self.embedder = embedder

    def for_reading(self) -> SeveralStores:
        """Return the stores as one. Raises NotIndexed, StoreError."""
        assert self.embedder is not None
        parts = [
            Part(name=name, store=library._index.for_reading(), embedder=_embedder_of(library))
            for name, library in self._libraries.items()
        ]
        return SeveralStores(parts, self.embedder)

    @property
    def exists(self) -> bool:
        """Whether all are indexed."""
        return all(library.is_indexed for library in self._libraries.values())

    def has_documents(self) -> bool:
        """Return whether any has documents."""
        return any(library.has_documents() for library in self._libraries.values())

    def refresh(self) -> None:
        """See what others have committed."""
        for library in self._libraries.values():
            library.refresh()


class SeveralLibraries(Library):
    """Several libraries, asked like one. Use it in a `with`, or `close` it. Not thread-safe."""

    def __init__(self, libraries: Mapping[str, Library], *, engines: Engines | None = None) -> None:
        """`libraries` by their names, which sources have; they are closed with this one.

        `engines` are shared with others, and stay open.
        """
        first = next(iter(libraries.values()))
        self.libraries = dict(libraries)
        super().__init__(
            first.root,
            settings=first.settings,
            generator=first._given_generator,
            reader=first._given_reader,
            entailment=first._entailment,
            engines=engines or first._engines,
        )
        self._given_embedder = first._given_embedder
        self._indexes = _Indexes(self.libraries)
        self._index: Any = self._indexes

    def __repr__(self) -> str:
        return f"<SeveralLibraries {', '.join(self.libraries)}>"

    def _repr_html_(self) -> str:
        return "".join(library._repr_html_() for library in self.libraries.values())

    def __enter__(self) -> SeveralLibraries:
        return self

    def close(self) -> None:
        """Stop the engines of all. The libraries can be used again."""
        super().close()
        for library in self.libraries.values():
            library.close()

    @cached_property
    @at_the_door
    def embedder(self) -> Embedder:
        """The embedder of the first library, which the questions are embedded with."""
        return self._remembering

    @cached_property
    def _remembering(self) -> Remembering:
        return Remembering(next(iter(self.libraries.values())).embedder)

    @cached_property
    def _kept_answers(self) -> KeptAnswers:
        # No answer is kept: it would depend on the state of every index.
        return KeptAnswers(self.root, "", keep=1, engines="unknown")

    def _check_embedder(self, settings: Settings) -> None:
        """Raise EmbedderMismatch where an index has vectors of another embedder only."""
        for library in self.libraries.values():
            library._check_embedder(apply_overrides(library.settings, {"retrieval.mode": settings.retrieval.mode}))

    @at_the_door
    def check_folder(self) -> None:
        """Raise LibraryNotFound or LibraryEmpty if one of the folders has nothing to index and no index."""
        for library in self.libraries.values():
            library.check_folder()

    @at_the_door
    def sync(
        self,
        *,
        vectors: Literal["all", "few"] = "all",
        retry_failed: bool = False,
        allow_empty: bool = False,
        wait_s: float = 0.0,
    ) -> SyncReport:
        """Bring each index in step with its folder, one after the other; return the sums of their reports."""
        reports = {
            name: library.sync(vectors=vectors, retry_failed=retry_failed, allow_empty=allow_empty, wait_s=wait_s)
            for name, library in self.libraries.items()
        }
        each = list(reports.values())
        sums: dict[str, Any] = {
            name: sum(getattr(report, name) for report in each)
            for name in ("added", "updated", "removed", "unchanged", "documents", "chunks", "seconds", "unembedded")
        }
        return SyncReport(
            failed=tuple(one for report in each for one in report.failed),
            left_out=tuple(one for report in each for one in report.left_out),
            notes=tuple(f"{name}: {note}" for name, report in reports.items() for note in report.notes),
            **sums,
        )

    @at_the_door
    def complete(self, *, seconds: float = math.inf, wait_s: float = 0.0) -> int:
        """Make the vectors that `sync(vectors="few")` left for later; return how many."""
        return sum(library.complete(seconds=seconds, wait_s=wait_s) for library in self.libraries.values())

    @at_the_door
    def find(
        self,
        query: str,
        *,
        settings: Settings | Mapping[str, object] | None = None,
        watch: Stopwatch | None = None,
        **within: Unpack[Within],
    ) -> SearchResult:
        """Return what `Library.find` does, with the library of each passage."""
        from dataclasses import replace

        self._open_all()
        found = super().find(query, settings=settings, watch=watch, **within)
        return replace(found, hits=tuple(map(named_hit, found.hits)))

    @steps_at_the_door
    def stream(
        self,
        question: str,
        *,
        settings: Settings | Mapping[str, object] | None = None,
        history: tuple[Message, ...] = (),
        watch: Stopwatch | None = None,
        answers: Literal["new", "kept"] = "new",
        **within: Unpack[Within],
    ) -> Iterator[Event]:
        """Yield what `Library.stream` does, with the library of each source. No answer is kept."""
        del answers
        self._open_all()
        events = super().stream(
            question, settings=settings, history=tuple(map(joined, history)), watch=watch, answers="new", **within
        )
        return map(named_event, events)

    def _open_all(self) -> None:
        self._indexes.embedder = self._remembering

    @at_the_door
    def records(self) -> Mapping[str, Record]:
        """Return the record of every file of all libraries, by the library's name and the path."""
        self._open_all()
        return {record.path: record for record in self._indexes.for_reading().scan_records()}

    @at_the_door
    def document(self, path: str) -> Document | None:
        """Return a document by its library's name and its path: `reports/2024/mill.md`; None if there is none."""
        self._open_all()
        return self._indexes.for_reading().document(path)
