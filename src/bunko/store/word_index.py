"""Search passages by words with LanceDB's BM25. In: the table, a normalised query. Out: rows, best first."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from bunko.language.words import STOP_WORDS
from bunko.store.rows import CHUNK_COLUMNS
from bunko.store.word_queries import BooleanQuery, MatchQuery, search_words

_COLUMN = "search"
# Each fuzzy word costs a scan of the dictionary.
_FUZZY_WORDS = 16
# Letters. LanceDB builds an automaton for a fuzzy word. It has too many states from 50 letters on ("failed to construct
# the fuzzy query"), and building it takes time that grows with the square of the length: 55 s for 65,535 letters.
_FUZZY_LENGTHS = range(7, 33)
# Longer words are not indexed. LanceDB's own limit is 40; SHA-512 in hexadecimal has 128 digits.
LONGEST_WORD = 128
# Where the last hits tie with the next ones, this many times the limit is fetched and sorted.
_EQUALS = 8


def index_words(table: Any) -> None:
    """Create the full-text index.

    ICU segments Japanese (京都 does not match 東京都) as well as English, and stems English. Its own stop words belong
    to many languages at once: war, man, city and cat would never be found.
    """
    from bunko.store.quick_lancedb import FTS

    config = FTS(
        base_tokenizer="icu",
        with_position=False,
        max_token_length=LONGEST_WORD,
        custom_stop_words=sorted(STOP_WORDS),
    )
    table.create_index(_COLUMN, config=config)


def match(table: Any, query: str, *, limit: int, within: str = "") -> list[dict[str, Any]]:
    """Return the best rows by BM25, with the column `_score`; ties are sorted by path and start.

    `within` is a condition that they meet; it does not change their scores.
    """
    exact = MatchQuery(query, _COLUMN)
    rows = _best(table, [exact], limit, within)
    found = "\n".join(f"{row['path']}\n{row['heading']}\n{row['text']}" for row in rows).casefold()
    if unknown := [word for word in _spelt_variously(query) if word not in found]:
        like = [MatchQuery(word, _COLUMN, fuzziness=2, prefix_length=4, boost=0.3) for word in unknown]
        rows = _best(table, [exact, *like], limit, within)
    return rows


def match_all(table: Any, query: str, *, within: str = "") -> list[dict[str, Any]]:
    """Return path, start and end of every row that contains all words of a query, and meets a condition."""
    words = MatchQuery(query, _COLUMN, operator="AND")
    search = search_words(table, words).select(["path", "start", "end"])
    search = search.where(within, prefilter=True) if within else search
    rows: list[dict[str, Any]] = search.limit(max(1, table.count_rows())).to_list()
    return rows


def _best(table: Any, queries: Sequence[Any], limit: int, within: str) -> list[dict[str, Any]]:
    query = queries[0] if len(queries) == 1 else BooleanQuery([("SHOULD", part) for part in queries])
    search = search_words(table, query).select([*CHUNK_COLUMNS, "_score"])
    search = search.where(within, prefilter=True) if within else search
    rows: list[dict[str, Any]] = search.limit(limit + 1).to_list()
    if len(rows) > limit and rows[-1]["_score"] == rows[-2]["_score"]:
        # LanceDB orders ties by their place on disk, which depends on the history of the folder.
        rows = search.limit(_EQUALS * limit).to_list()
    return sorted(rows, key=lambda row: (-row["_score"], row["path"], row["start"]))[:limit]


def _spelt_variously(query: str) -> list[str]:
    """Return the words of a query that documents may spell differently, like zelensky(y).

    Only words that the best passages lack are searched this way: it takes as long as the rest of the search.
    """
    words = dict.fromkeys(query.replace("?", " ").split())
    likely = (word for word in words if len(word) in _FUZZY_LENGTHS and word.isascii() and word.isalpha())
    return list(itertools.islice(likely, _FUZZY_WORDS))
