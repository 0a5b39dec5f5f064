"""Say which words a search is for, as LanceDB's compiled part reads it. In: words. Out: queries.

The classes have the names and fields of those in `lancedb.query`, by which the compiled part knows them; theirs take
half a second to import. `of_lancedb` returns LanceDB's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class MatchQuery:
    """Texts with any of the words, or with all of them."""

    query: str
    column: str
    boost: float = 1.0
    fuzziness: int = 0
    """Letters by which a word may differ."""
    max_expansions: int = 50
    operator: str = "OR"
    prefix_length: int = 0
    """Letters at the beginning that may not differ."""
    document_granularity: str | None = None


@dataclass(frozen=True, slots=True)
class BooleanQuery:
    """Several queries, each with "SHOULD", "MUST" or "MUST_NOT"."""

    queries: Sequence[tuple[str, MatchQuery]]


WordQuery: TypeAlias = "MatchQuery | BooleanQuery"


def is_word_query(query: Any) -> bool:
    """Return whether it is one of these."""
    return isinstance(query, MatchQuery | BooleanQuery)


def of_lancedb(query: Any) -> Any:
    """Return LanceDB's own query for one of these, and anything else as it is."""
    if not is_word_query(query):
        return query
    from lancedb import query as lancedb

    if isinstance(query, BooleanQuery):
        return lancedb.BooleanQuery([(lancedb.Occur(occur), of_lancedb(part)) for occur, part in query.queries])
    return lancedb.MatchQuery(
        query.query,
        query.column,
        boost=query.boost,
        fuzziness=query.fuzziness,
        max_expansions=query.max_expansions,
        operator=lancedb.FullTextOperator(query.operator),
        prefix_length=query.prefix_length,
    )


def search_words(table: Any, query: WordQuery) -> Any:
    """Return a search of a table for words; the table is LanceDB's own, or one of `compiled_lancedb`."""
    is_own = type(table).__module__.startswith("bunko.")
    return table.search(query if is_own else of_lancedb(query), query_type="fts")
