"""List the copies and versions among the documents of an index. In: a store. Out: groups. Knows no questions."""

from __future__ import annotations

from bunko.contract.records import DuplicateGroup, DuplicateRow
from bunko.language.resemblance import resemblance
from bunko.store import Store
from bunko.store.duplicates import groups_of
from bunko.versions import Sketched


def duplicates_in(store: Store) -> tuple[DuplicateGroup, ...]:
    """Return the documents that are copies or versions of each other, the newest of each group first."""
    return tuple(
        DuplicateGroup(documents=tuple(_row(document, group[0]) for document in group))
        for group in groups_of(store.sketched())
    )


def _row(document: Sketched, first: Sketched) -> DuplicateRow:
    is_copy = document.digest == first.digest
    return DuplicateRow(
        path=document.path,
        date=document.date,
        modified_at=document.modified_s,
        is_copy=is_copy,
        alike=1.0 if is_copy else round(resemblance(document.sketch, first.sketch), 2),
    )
