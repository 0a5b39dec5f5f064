"""Find what has changed in a source since it was indexed. In: its listing, the manifest. Out: a Plan.

The rules are those of `bunko.indexing.compare`, on whole columns: a million files take a second or two. Opens no file:
where a file's size is as before and its time stamp is not, the task that fetches it compares its digest.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bunko.indexing.compare import RACY_NS, fingerprint
from bunko.settings import Settings
from bunko.sources import Listed
from bunko.store.rows import FileRecord

MANIFEST = ["path", "digest", "size", "modified_ns", "indexed_at", "failed"]
"""The columns of the table of files that a plan needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A file that a node looks at."""

    file: Listed
    before: FileRecord | None
    """What the manifest has: with the same digest, nothing but the time stamp has changed. None: read the file."""
    known: bool
    """Whether it has rows that are replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run has to do."""

    listed: int
    known: int
    files: Any
    """An Arrow table of the files to look at: the columns of a listing, `known`, and of the manifest those that a
    `before` needs."""
    gone: list[str]
    """Paths that are indexed, and no longer listed."""

    def tasks(self, begin: int, end: int) -> list[Task]:
        """Return the files of some rows."""
        return [_task(row) for row in self.files.slice(begin, end - begin).to_pylist()]


def make_plan(
    listed: Any,
    manifest: Any,
    *,
    stray: Collection[str] = (),
    unembedded: Collection[str] = (),
    settings: Settings,
    retry_failed: bool = False,
) -> Plan:
    """Compare a listing with the manifest, both Arrow tables.

    `stray` are files with documents but no row there; `unembedded` are files to read in any case, since passages of
    theirs have no vector.
    """
    retry_failed = retry_failed or settings.reading.archives or bool(settings.reading.password_file)
    paths = manifest["path"].combine_chunks()
    places = pc.index_in(listed["path"].combine_chunks(), value_set=paths)
    before = {name: manifest[name].combine_chunks().take(places) for name in MANIFEST[1:]}
    is_new = pc.is_null(places)
    has_size = pc.equal(listed["size"].combine_chunks(), before["size"])
    has_time = pc.equal(listed["modified_ns"].combine_chunks(), before["modified_ns"])
    modified = pc.cast(listed["modified_ns"].combine_chunks(), pa.float64(), safe=False)
    age = pc.subtract(pc.multiply(before["indexed_at"], 1e9), modified)
    is_settled = pc.greater(age, float(RACY_NS))
    is_stale = pc.invert(pc.ends_with(before["digest"], fingerprint(settings)))
    if retry_failed:
        is_stale = pc.or_(is_stale, before["failed"])
    if unembedded:
        again = pa.array(sorted(unembedded), pa.string())
        is_stale = pc.or_(is_stale, pc.is_in(listed["path"].combine_chunks(), value_set=again))
    is_read = _true(pc.or_kleene(is_new, pc.or_(is_stale, pc.invert(has_size))))
    is_same = pc.and_(pc.and_(is_settled, has_time), has_size)
    is_done = pc.and_(pc.invert(is_read), _true(is_same))
    left = pa.array(sorted(stray), pa.string())
    is_known = pc.or_(pc.invert(is_new), pc.is_in(listed["path"].combine_chunks(), value_set=left))
    files = listed.append_column("known", is_known).append_column("is_read", is_read)
    for name in ("digest", "indexed_at", "failed", "before_ns"):
        files = files.append_column(name, before["modified_ns" if name == "before_ns" else name])
    files = files.filter(pc.invert(is_done))
    indexed = pa.concat_arrays([paths.cast(pa.string()), left])
    gone = indexed.filter(pc.invert(pc.is_in(indexed, value_set=listed["path"].combine_chunks())))
    return Plan(listed=listed.num_rows, known=manifest.num_rows, files=files, gone=sorted(pc.unique(gone).to_pylist()))


def _task(row: dict[str, Any]) -> Task:
    file = Listed(**{name: row[name] for name in ("path", "size", "modified_ns", "place")})
    before = None
    if not row["is_read"]:
        before = FileRecord(
            path=file.path,
            digest=row["digest"],
            size=file.size,
            modified_ns=row["before_ns"],
            indexed_at=row["indexed_at"],
            failed=row["failed"],
        )
    return Task(file=file, before=before, known=row["known"])


def _true(mask: Any) -> Any:
    """Return a mask without nulls: unknown is false."""
    return pc.fill_null(mask, False)
