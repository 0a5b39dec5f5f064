"""Several stores as one. In: stores by the names of their libraries. Out: hits, documents and records of all.

The path of a document begins with the name of its library: `reports/2024/mill.md`. Words are scored again over the best
passages of all stores; similarities of another embedder are scaled by what unrelated texts have there. Knows nothing of
folders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from bunko.ports import Sketching
from bunko.retrieval.one_scale import rescored
from bunko.retrieval.ranking import best_first
from bunko.scope.asking import Documents, Whole
from bunko.several.embedder import Remembering
from bunko.store import FileRecord, Listed, Record
from bunko.types import Document, Hit, Span
from bunko.versions import Sketched

if TYPE_CHECKING:
    from bunko.ports import Embedder, EmbedderSpec, Vectors

Item = TypeVar("Item", Record, Listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the stores."""

    name: str
    """The name of its library; no slash is in it."""
    store: Documents
    embedder: Callable[[], Embedder]
    """Loads the embedder of its vectors."""


class SeveralStores:
    """Several stores, searched and read like one."""

    def __init__(self, parts: Sequence[Part], asked_by: Remembering) -> None:
        """`asked_by` is the embedder of the questions."""
        self._parts = {part.name: part for part in parts}
        self._asked_by = asked_by

    # --- what retrieval needs -----------------------------------------------------------------------------------

    def search_dense(self, spec: EmbedderSpec, vector: Vectors, *, limit: int) -> list[Hit]:
        """Return the nearest chunks by cosine similarity, best first, with `dense` set."""
        found: list[Hit] = []
        for part in self._parts.values():
            own, question, scale = self._in_space_of(part, spec, vector)
            if question is not None:
                hits = part.store.search_dense(own, question, limit=limit)
                found += (_scaled(_placed(hit, part.name), scale) for hit in hits)
        return sorted(found, key=best_first)[:limit]

    def search_lexical(self, query: str, *, limit: int) -> list[Hit]:
        """Return the best chunks by BM25, best first, with `lexical` set."""
        indexes = [
            [_placed(hit, part.name) for hit in part.store.search_lexical(query, limit=limit)]
            for part in self._parts.values()
        ]
        return rescored(query, indexes)[:limit]

    def similarities(self, spec: EmbedderSpec, keys: Sequence[str], vector: Vectors) -> dict[str, float]:
        """Return the cosine similarity of the chunks with these keys; keys without a vector are left out."""
        found: dict[str, float] = {}
        for part in self._parts.values():
            own, question, scale = self._in_space_of(part, spec, vector)
            if question is not None:
                known = part.store.similarities(own, keys, question)
                found = {key: score * scale for key, score in known.items()} | found
        return found

    def _in_space_of(
        self, part: Part, spec: EmbedderSpec, vector: Vectors
    ) -> tuple[EmbedderSpec, Vectors | None, float]:
        """Return a store's embedder, the question's vector in its space, and the factor to this embedder's scale."""
        embedder = part.embedder()
        if embedder.spec.name == spec.name:
            return spec, vector, 1.0
        text = self._asked_by.text_of(vector)
        other = embedder.embed_query(text) if text else None
        known = spec.related and embedder.spec.related
        return embedder.spec, other, spec.related / embedder.spec.related if known else 1.0

    # --- what answering needs -----------------------------------------------------------------------------------

    def pages(self, path: str) -> Sequence[Span]:
        """Return where the pages of a document begin and end, in order; none where it has no pages."""
        part, own = self._find(path)
        return part.store.pages(own) if part else ()

    def document(self, path: str) -> Document | None:
        """Return a document with its text; None if there is none of this path."""
        part, own = self._find(path)
        found = part.store.document(own) if part else None
        return replace(found, path=path) if found else None

    def outlines(self, formats: Sequence[str]) -> dict[str, tuple[str, tuple[Span, ...]]]:
        """Return format and tables of the documents of some formats, by path."""
        return {
            f"{part.name}/{path}": found
            for part in self._parts.values()
            for path, found in part.store.outlines(formats).items()
        }

    def sketched(self, paths: Sequence[str] | None = None) -> list[Sketched]:
        """Return what shows which of these documents are copies or versions of each other; None: of all."""
        found: list[Sketched] = []
        paths = self.paths() if paths is None else paths
        for part in self._parts.values():
            own = [path[len(part.name) + 1 :] for path in paths if path.startswith(f"{part.name}/")]
            if own and isinstance(part.store, Sketching):
                found += (replace(one, path=f"{part.name}/{one.path}") for one in part.store.sketched(own))
        return found

    def paths(self) -> list[str]:
        """Return the paths of the documents that could be read."""
        return [f"{part.name}/{path}" for part in self._parts.values() for path in part.store.paths()]

    def _find(self, path: str) -> tuple[Part | None, str]:
        name, _, own = path.partition("/")
        return self._parts.get(name), own

    # --- what questions about the whole folder need -------------------------------------------------------------

    def scan_records(self) -> Iterator[Record]:
        """Yield the record of every document, including failed ones."""
        for part in self._parts.values():
            yield from (_renamed(record, part.name) for record in part.store.scan_records())

    def scan(self) -> Iterator[Document]:
        """Yield every document that could be read, with its text."""
        for part in self._parts.values():
            for document in part.store.scan():
                yield replace(document, path=f"{part.name}/{document.path}")

    def files(self) -> Mapping[str, FileRecord]:
        """Return the manifest, by path."""
        return {
            f"{part.name}/{path}": replace(record, path=f"{part.name}/{path}")
            for part in self._parts.values()
            for path, record in part.store.files().items()
        }

    def places_with(self, words: str) -> Mapping[str, Sequence[tuple[int, int]]]:
        """Return the passages that have all of these words: their places, by path."""
        return {
            f"{part.name}/{path}": places
            for part in self._parts.values()
            for path, places in part.store.places_with(words).items()
        }

    def count_documents(self) -> int:
        """Return the number of documents that could be read."""
        return sum(part.store.count_documents() for part in self._parts.values())

    def languages(self) -> dict[str, int]:
        """Return the number of documents in each language."""
        counts: Counter[str] = Counter()
        for part in self._parts.values():
            counts.update(part.store.languages())
        return dict(counts)

    # --- what filters need --------------------------------------------------------------------------------------

    def listing(self) -> tuple[Listed, ...]:
        """Return what filters compare of every document."""
        return tuple(
            replace(_renamed(one, part.name), library=part.name)
            for part in self._parts.values()
            for one in part.store.listing()
        )

    def part(self, paths: AbstractSet[str]) -> SeveralStores:
        """Return the documents of these paths as stores of their own; a store without any is left out."""
        parts = []
        for part in self._parts.values():
            own = {path[len(part.name) + 1 :] for path in paths if path.startswith(f"{part.name}/")}
            if own:
                parts.append(replace(part, store=_whole(part).part(own)))
        return SeveralStores(parts, self._asked_by)


def _whole(part: Part) -> Whole:
    assert isinstance(part.store, Whole)
    return part.store


def _placed(hit: Hit, name: str) -> Hit:
    return replace(hit, chunk=replace(hit.chunk, path=f"{name}/{hit.chunk.path}"))


def _scaled(hit: Hit, scale: float) -> Hit:
    return hit if scale == 1.0 or hit.dense is None else replace(hit, score=hit.score * scale, dense=hit.dense * scale)


def _renamed(record: Item, name: str) -> Item:
    return replace(record, path=f"{name}/{record.path}", file=f"{name}/{record.file}")
