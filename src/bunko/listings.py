"""Lists that a notebook shows as a table. In: hits or documents. Out: lists like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bunko.contract.records import DocumentRow
    from bunko.types import Hit


class Hits(list["Hit"]):
    """The passages that a search found, best first."""

    def _repr_html_(self) -> str:
        from bunko.notebook_html import hits_html

        return hits_html(self)


class Documents(list["DocumentRow"]):
    """The documents of a library, by path."""

    def _repr_html_(self) -> str:
        from bunko.notebook_html import documents_html

        return documents_html(self)
