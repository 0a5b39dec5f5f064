"""A part of a store: only some of its documents. In: a Store, paths. Out: hits, documents and records of those.

The search gets the paths as a condition (a prefilter), so that it finds as many hits among them as there are. Scores
are those of the whole library. Knows nothing of how the documents were chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from bunko.store.rows import FileRecord, Listed, Record
from bunko.store.store import Store
from bunko.store.tables import one_of, quoted
from bunko.types import Chunk, Document, Hit, Span
from bunko.versions import Sketched

if TYPE_CHECKING:
    from bunko.ports import EmbedderSpec, Vectors

# So many ranges of neighbouring paths are a shorter condition than a list of paths.
_RANGES = 200
# Looking up so many texts takes as long as reading those of a small library.
_LOOKED_UP = 100


class StoreWithin:
    """Some documents of a store, searched and read like a store of their own."""

    def __init__(self, store: Store, paths: AbstractSet[str]) -> None:
        """`paths` are those of the documents; those that could not be read may be among them."""
        self._store = store
        self._paths = paths

    @cached_property
    def _condition(self) -> str:
        return condition_on_paths(self._paths, [one.path for one in self._store.listing()])

    # --- what retrieval needs -----------------------------------------------------------------------------------

    def nearest(self, spec: EmbedderSpec, vector: Vectors, *, limit: int) -> dict[str, float]:
        """Return the keys of the nearest vectors with their cosine similarity, best first."""
        return self._store.nearest_within(spec, vector, limit=limit, within=self._condition)

    def passages(self, keys: Sequence[str]) -> list[Chunk]:
        """Return the passages with these keys, in any order."""
        return [chunk for chunk in self._store.passages(keys) if chunk.path in self._paths]

    def search_dense(self, spec: EmbedderSpec, vector: Vectors, *, limit: int) -> list[Hit]:
        """Return the nearest chunks by cosine similarity, best first, with `dense` set."""
        found = self._store.search_dense(spec, vector, limit=limit, within=self._condition)
        return [hit for hit in found if hit.chunk.path in self._paths]

    def search_lexical(self, query: str, *, limit: int) -> list[Hit]:
        """Return the best chunks by BM25, best first, with `lexical` set."""
        found = self._store.search_lexical(query, limit=limit, within=self._condition)
        return [hit for hit in found if hit.chunk.path in self._paths]

    def similarities(self, spec: EmbedderSpec, keys: Sequence[str], vector: Vectors) -> dict[str, float]:
        """Return the cosine similarity of the chunks with these keys; keys without a vector are left out."""
        return self._store.similarities(spec, keys, vector)

    # --- what answering needs -----------------------------------------------------------------------------------

    def pages(self, path: str) -> tuple[Span, ...]:
        """Return where the pages of a document begin and end, in order; none where it has no pages."""
        return self._store.pages(path) if path in self._paths else ()

    def document(self, path: str) -> Document | None:
        """Return a document with its text; None if there is none of this path."""
        return self._store.document(path) if path in self._paths else None

    def sketched(self, paths: Sequence[str] | None = None) -> list[Sketched]:
        """Return what shows which of these documents are copies or versions of each other; None: of all."""
        wanted = self.paths() if paths is None else [path for path in paths if path in self._paths]
        return self._store.sketched(wanted)

    def outlines(self, formats: Sequence[str]) -> dict[str, tuple[str, tuple[Span, ...]]]:
        """Return format and tables of the documents of some formats, by path."""
        return {path: found for path, found in self._store.outlines(formats).items() if path in self._paths}

    def paths(self) -> list[str]:
        """Return the paths of the documents that could be read."""
        return [one.path for one in self._store.listing() if one.path in self._paths and not one.error]

    # --- what questions about the whole folder need -------------------------------------------------------------

    def scan_records(self) -> Iterator[Record]:
        """Yield the record of every document, including failed ones."""
        return (record for record in self._store.scan_records() if record.path in self._paths)

    def scan(self) -> Iterator[Document]:
        """Yield every document that could be read, with its text."""
        paths = self.paths()
        if len(paths) > _LOOKED_UP:
            return (document for document in self._store.scan() if document.path in self._paths)
        return (document for document in map(self._store.document, paths) if document is not None)

    def files(self) -> Mapping[str, FileRecord]:
        """Return the manifest, by path."""
        files = {one.file for one in self._store.listing() if one.path in self._paths}
        return {path: record for path, record in self._store.files().items() if path in files}

    def places_with(self, words: str) -> Mapping[str, Sequence[tuple[int, int]]]:
        """Return the passages that have all of these words: their places, by path."""
        return {path: places for path, places in self._store.places_with(words).items() if path in self._paths}

    def listing(self) -> tuple[Listed, ...]:
        """Return what filters compare of every document."""
        return tuple(one for one in self._store.listing() if one.path in self._paths)

    def count_documents(self) -> int:
        """Return the number of documents that could be read."""
        return len(self.paths())

    def languages(self) -> dict[str, int]:
        """Return the number of documents in each language."""
        counts: dict[str, int] = {}
        for one in self._store.listing():
            if one.path in self._paths and one.language:
                counts[one.language] = counts.get(one.language, 0) + 1
        return counts


def condition_on_paths(chosen: AbstractSet[str], known: Sequence[str]) -> str:
    """Return a filter expression for the chosen ones of the known paths, which are sorted: the shortest of three kinds.

    >>> condition_on_paths({"a/1", "a/2"}, ["a/1", "a/2", "b"])
    "(path >= 'a/1' AND path <= 'a/2')"
    >>> condition_on_paths({"b"}, ["a", "b", "c"])
    "path IN ('b')"
    """
    runs = [(value, list(group)) for value, group in groupby(known, key=chosen.__contains__)]
    wanted = [group for is_chosen, group in runs if is_chosen]
    inside, outside = sum(map(len, wanted)), len(known) - sum(map(len, wanted))
    if not inside:
        return "false"
    if len(wanted) <= min(_RANGES, inside / 2):
        return " OR ".join(_range(group) for group in wanted)
    if outside < inside:
        return f"path NOT IN ({', '.join(quoted(path) for path in known if path not in chosen)})"
    return one_of("path", [path for group in wanted for path in group])


def _range(group: Sequence[str]) -> str:
    if len(group) == 1:
        return f"path = {quoted(group[0])}"
    return f"(path >= {quoted(group[0])} AND path <= {quoted(group[-1])})"
