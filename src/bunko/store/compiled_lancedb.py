"""Read tables with LanceDB's compiled part alone, without its Python modules. In: a folder. Out: a connection.

Why: `import lancedb` takes 0.5 to 2 s of processor time for pydantic classes, a client of a service, embeddings and
rerankers; a question to an index that has not changed only reads. The compiled part takes 10 ms, and a search by it
2 ms less, since LanceDB looks at the table's schema and indexes first. What a `Table` or a `Connection` here does not
have, such as adding rows, is done by LanceDB itself, which is imported then; from then on the table is LanceDB's.

What is used of the compiled part is not LanceDB's public interface. `tests/store/test_compiled_lancedb.py` compares
what both find. With a LanceDB of another version than those tested, `connect` returns LanceDB's own connection.
"""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from bunko.store.word_queries import is_word_query, of_lancedb

if TYPE_CHECKING:
    from typing_extensions import Self

os.environ.setdefault("LANCEDB_LOG", "error")  # as in quick_lancedb.py

loading = threading.RLock()
"""Held while LanceDB or its compiled part is imported: a process that loads that twice ends."""
_NAME = "lancedb._lancedb"
_INDEX_CACHE = 1 << 30
"""Bytes. LanceDB's own default is 6 GB for each connection; the indexes of 1,000,000 passages are 240 MB on disk."""
_METADATA_CACHE = 256 << 20
TESTED = ("0.40",)
"""The versions of LanceDB whose compiled part is used alone; with another, all of LanceDB is."""
_CALLS = ("where", "select", "limit", "distance_type", "nprobes", "refine_factor", "with_row_id")
"""The methods of a search that are known here; with any other, LanceDB does the search."""


def connect(location: str) -> Any:
    """Return a connection to the tables in a folder of this machine. Raises what LanceDB raises."""
    compiled = _compiled()
    if compiled is None:
        return _lancedb(location)
    return Connection(_LOOP.run(compiled.connect, location, session=new_session(compiled)), location)


def new_session(module: Any) -> Any:
    """Return the caches of a connection: what it has read of indexes and of tables' metadata."""
    return module.Session(index_cache_size_bytes=_INDEX_CACHE, metadata_cache_size_bytes=_METADATA_CACHE)


class Connection:
    """The tables of a folder."""

    def __init__(self, inner: Any, location: str) -> None:
        self._inner = inner
        self._location = location

    def list_tables(self) -> Any:
        """Return the names of the tables, in `tables`."""
        found = _LOOP.run(self._inner.list_tables, namespace_path=[], page_token=None, limit=None)
        return found if hasattr(found, "tables") else SimpleNamespace(tables=found["tables"])

    def open_table(self, name: str) -> Any:
        """Return a table at its latest version."""
        return Table(_LOOP.run(self._inner.open_table, name), lambda: self._whole.open_table(name))

    @functools.cached_property
    def _whole(self) -> Any:
        return _lancedb(self._location)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)


class Table:
    """A table that is read. What changes it is done by LanceDB's own, from then on and for good."""

    def __init__(self, inner: Any, open_whole: Any) -> None:
        self._inner = inner
        self._open_whole = open_whole

    @functools.cached_property
    def _whole(self) -> Any:
        return self._open_whole()

    @property
    def _is_whole(self) -> bool:
        return "_whole" in self.__dict__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._whole, name)

    @property
    def version(self) -> int:
        """The number of the version that is read."""
        return int(self._whole.version if self._is_whole else _LOOP.run(self._inner.version))

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self._whole.name if self._is_whole else self._inner.name())

    @property
    def schema(self) -> Any:
        """The columns."""
        return self._whole.schema if self._is_whole else _LOOP.run(self._inner.schema)

    def count_rows(self, condition: str | None = None) -> int:
        """Return the number of rows, or of those that meet a condition."""
        return int(
            self._whole.count_rows(condition) if self._is_whole else _LOOP.run(self._inner.count_rows, condition)
        )

    def checkout(self, version: int) -> None:
        """Read another version."""
        self._whole.checkout(version) if self._is_whole else _LOOP.run(self._inner.checkout, version)

    def checkout_latest(self) -> None:
        """Read the latest version."""
        self._whole.checkout_latest() if self._is_whole else _LOOP.run(self._inner.checkout_latest)

    def search(self, query: Any = None, *, query_type: str = "auto") -> Any:
        """Return a search for a vector, for words (`bunko.store.word_queries`), or of all rows."""
        if self._is_whole:
            return self._whole.search(of_lancedb(query), query_type=query_type)
        if isinstance(query, str):
            return self._whole.search(query, query_type=query_type)
        return Search(self, query)

    def take_row_ids(self, row_ids: Sequence[int]) -> Any:
        """Return the rows with these ids, as something that knows `select` and `to_arrow`."""
        return self._whole.take_row_ids(row_ids) if self._is_whole else Taken(self._inner.take_row_ids(row_ids))


class Taken:
    """Rows that are taken by their ids, in the order of these."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def select(self, columns: Sequence[str]) -> Self:
        """Read these columns only."""
        self._inner.select_columns(list(columns))
        return self

    def to_arrow(self) -> Any:
        """Return the rows as an Arrow table."""
        return _LOOP.run(_read, self._inner)


class Search:
    """A search, built call by call as LanceDB's are, and run when its rows are asked for."""

    def __init__(self, table: Table, query: Any) -> None:
        self._table = table
        self._query = query
        self._calls: dict[str, tuple[Any, ...]] = {}

    def where(self, condition: str, *, prefilter: bool = True) -> Self:
        """Leave out rows that don't meet a condition, before the others are ranked."""
        assert prefilter
        self._calls["where"] = (condition,)
        return self

    def __getattr__(self, name: str) -> Any:
        if name in _CALLS:
            return functools.partial(self._note, name)
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._as_whole(), name)

    def _note(self, name: str, value: Any) -> Self:
        self._calls[name] = (value,)
        return self

    def _as_whole(self) -> Any:
        search = self._table._whole.search(of_lancedb(self._query), **self._kind())
        for name, (value,) in self._calls.items():
            search = getattr(search, name)(value)
        return search

    def _kind(self) -> dict[str, str]:
        return {"query_type": "fts"} if is_word_query(self._query) else {}

    def _built(self) -> Any:
        query = self._table._inner.query()
        for name, (value,) in self._calls.items():
            if name == "select":
                query.select_columns(list(value))
            elif name == "where" or (name == "limit" and value is not None):
                getattr(query, name)(value)
            elif name == "with_row_id" and value:
                query.with_row_id()
        if is_word_query(self._query):
            return query.nearest_to_text({"query": self._query, "columns": []})
        if self._query is None:
            return query
        query = query.nearest_to(pa.array(self._query, type=pa.float32()))
        for name in ("distance_type", "refine_factor"):
            if name in self._calls:
                getattr(query, name)(*self._calls[name])
        if "nprobes" in self._calls:
            query.nprobes(*self._calls["nprobes"])
            query.maximum_nprobes(*self._calls["nprobes"])
        return query

    def to_batches(self, batch_size: int | None = None) -> Iterator[Any]:
        """Yield the rows in batches, read as they are taken."""
        if self._table._is_whole:
            yield from self._as_whole().to_batches(batch_size)
            return
        stream = _LOOP.run(_execute, self._built(), batch_size)
        while (batch := _LOOP.run(_next, stream)) is not None:
            yield batch

    def to_arrow(self) -> Any:
        """Return the rows as an Arrow table."""
        if self._table._is_whole:
            return self._as_whole().to_arrow()
        return _LOOP.run(_read, self._built())

    def to_list(self) -> list[dict[str, Any]]:
        """Return the rows as dicts."""
        rows: list[dict[str, Any]] = self.to_arrow().to_pylist()
        return rows


async def _execute(query: Any, batch_size: int | None) -> Any:
    return await query.execute(batch_size, None)


async def _next(stream: Any) -> Any:
    try:
        return await anext(stream)
    except StopAsyncIteration:
        return None


async def _read(query: Any) -> Any:
    stream = await query.execute()
    return pa.Table.from_batches([batch async for batch in stream], schema=stream.schema)


def _lancedb(location: str) -> Any:
    from bunko.store.quick_lancedb import lancedb

    return lancedb.connect(location, session=new_session(lancedb))


def _compiled() -> ModuleType | None:
    """Return the compiled part; None where it can't be had alone."""
    with loading:
        if not (places := _places()):
            return None
        if _NAME not in sys.modules:
            spec = PathFinder.find_spec(_NAME, places)
            if spec is None or spec.loader is None:
                return None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            sys.modules[_NAME] = module  # LanceDB takes this one
    return sys.modules[_NAME]


@functools.cache
def _places() -> list[str]:
    """Return the folders of the package, if it is one of those that were tested."""
    package = importlib.util.find_spec("lancedb")
    places = list(package.submodule_search_locations or ()) if package else []
    return places if any(_is_tested(Path(place).parent) for place in places) else []


def _is_tested(folder: Path) -> bool:
    """Return whether the LanceDB installed there is one of those that were tested; reads no metadata."""
    return any(True for version in TESTED for _ in folder.glob(f"lancedb-{version}.*dist-info"))


class _Loop:
    """An event loop in a thread, since the compiled part's calls are asynchronous. Begun when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Make an asynchronous call, from any thread, and return its result."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="lancedb", daemon=True).start()
        future = asyncio.run_coroutine_threadsafe(_called(call, arguments, named), self._loop)
        try:
            return future.result()
        finally:
            future.cancel()  # where the wait was broken off, as by Ctrl-C; one that is done stays as it is

    def forget(self) -> None:
        """Begin anew: threads don't survive a fork."""
        self._lock = threading.Lock()
        self._loop = None


async def _called(call: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
    return await call(*arguments, **named)  # called in the loop, which the compiled part looks for


_LOOP = _Loop()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_LOOP.forget)
