"""A plan finds what a sync of one machine finds, for a million files as well."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from bunko.cluster.plan import make_plan
from bunko.indexing.compare import compare, fingerprint
from bunko.reading.folder import FileEntry
from bunko.settings import Settings
from bunko.sources import Listed, listing_table
from bunko.store.rows import FileRecord, file_table

OWN = Settings()
NOW = 1_700_000_000
PATHS = ["a", "b/c", "日本", "d'e", "f"]
RECORDS = st.fixed_dictionaries(
    {
        "size": st.integers(0, 2),
        "modified_ns": st.sampled_from([NOW * 10**9, NOW * 10**9 - 1, (NOW - 60) * 10**9]),
        "indexed_at": st.sampled_from([float(NOW), float(NOW + 1), float(NOW + 600)]),
        "failed": st.booleans(),
        "digest": st.sampled_from([f"x:{fingerprint(OWN)}", "x:00000000"]),
    }
)
FILES = st.tuples(st.integers(0, 2), st.sampled_from([NOW * 10**9, (NOW - 60) * 10**9]))


@settings(max_examples=300, deadline=None)
@given(
    known=st.dictionaries(st.sampled_from(PATHS), RECORDS),
    there=st.dictionaries(st.sampled_from(PATHS), FILES),
    stray=st.sets(st.sampled_from(PATHS)),
    retry=st.booleans(),
)
def test_it_is_what_a_sync_of_one_machine_finds(
    known: dict[str, dict[str, object]], there: dict[str, tuple[int, int]], stray: set[str], retry: bool
) -> None:
    stray -= known.keys()
    records = {path: FileRecord(path=path, **record) for path, record in known.items()}  # type: ignore[arg-type]
    # No file has the bytes of a record: what is compared by its digest is read.
    entries = [
        FileEntry(path=path, absolute=Path("/nowhere", path), size=size, modified_ns=modified_ns)
        for path, (size, modified_ns) in sorted(there.items())
    ]
    listed = listing_table([Listed(path=each.path, size=each.size, modified_ns=each.modified_ns) for each in entries])
    expected = compare(entries, records, stray=stray, settings=OWN, retry_failed=retry)
    plan = make_plan(listed, file_table(list(records.values())), stray=stray, settings=OWN, retry_failed=retry)
    tasks = plan.tasks(0, plan.files.num_rows)
    assert [task.file.path for task in tasks] == [file.path for file in expected.to_read]
    assert plan.gone == expected.gone
    assert {task.file.path for task in tasks if task.known} == {task.file.path for task in tasks} & {*known, *stray}
    for task in tasks:
        record = records.get(task.file.path)
        if task.before:
            assert task.before == record
            assert task.file.size == task.before.size


def test_a_million_files_are_compared_in_seconds() -> None:
    count, change = 200_000, 2_000
    paths = [f"department-{n % 97:02d}/report-{n:08d}.pdf" for n in range(count + change)]
    record = FileRecord(path="", digest=f"{'0' * 32}:{fingerprint(OWN)}", size=1, modified_ns=1, indexed_at=100.0)
    columns = {field.name: [getattr(record, field.name)] * count for field in dataclasses.fields(FileRecord)} | {
        "path": paths[:count]
    }
    listed = pa.table(
        {
            "path": paths[change:],
            "size": pa.array([1] * count, pa.int64()),
            "modified_ns": pa.array([2] * change + [1] * (count - change), pa.int64()),
            "place": pa.array([b""] * count, pa.binary()),
        }
    )
    begin = time.monotonic()
    plan = make_plan(listed, pa.table(columns), settings=OWN)
    assert time.monotonic() - begin < 20
    assert (plan.files.num_rows, len(plan.gone)) == (2 * change, change)
    assert plan.gone == sorted(paths[:change])
    assert sum(task.known for task in plan.tasks(0, 2 * change)) == change
