"""LanceDB's compiled part alone finds what LanceDB finds, and an unchanged index is read without LanceDB's modules."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bunko.store import compiled_lancedb, open_store
from bunko.store.compiled_lancedb import Connection, Table
from bunko.store.quick_lancedb import lancedb
from bunko.store.word_index import index_words, match, match_all
from bunko.store.word_queries import BooleanQuery, MatchQuery, search_words

TEXTS = [
    "The mill was rebuilt in 1803.",
    "A miller's wheel turns.",
    "京都の水車小屋",
    "Nothing of note.",
    "Wheels within wheels",
]
Both = tuple[Any, Any]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a table of passages with LanceDB."""
    folder = tmp_path_factory.mktemp("index")
    columns: dict[str, Any] = {"path": [f"{n}.txt" for n in range(5)], "start": [0] * 5, "end": [9] * 5}
    for name in ("key", "file", "heading", "language", "sections"):
        columns[name] = [f"{name}{n}" for n in range(5)]
    columns |= {"text": TEXTS, "search": TEXTS, "page": pa.array([None, 1, 2, None, 3], pa.int32())}
    columns["vector"] = pa.array([[float(n), 1.0] for n in range(5)], pa.list_(pa.float32(), 2))
    table = lancedb.connect(folder).create_table("chunks", data=pa.table(columns))
    index_words(table)
    return folder


def alone(folder: Path) -> Connection:
    compiled = compiled_lancedb._compiled()
    assert compiled is not None
    inner = compiled_lancedb._LOOP.run(compiled.connect, str(folder), *[None] * 8)
    return Connection(inner, str(folder))


@pytest.fixture
def both(place: Path) -> Both:
    """The same table, opened by the compiled part alone and by LanceDB."""
    return alone(place).open_table("chunks"), lancedb.connect(place).open_table("chunks")


def test_facts_of_a_table_are_the_same(place: Path, both: Both) -> None:
    own, whole = both
    assert own.count_rows() == whole.count_rows() == 5
    assert own.count_rows("page IS NULL") == whole.count_rows("page IS NULL") == 2
    assert own.version == whole.version
    assert own.schema == whole.schema
    assert alone(place).list_tables().tables == list(lancedb.connect(place).list_tables().tables)
    assert not own._is_whole


@pytest.mark.parametrize("condition", ["start = 0", "path IN ('1.txt', '3.txt')", "path = 'none'"])
def test_rows_are_the_same(both: Both, condition: str) -> None:
    own, whole = (table.search().where(condition).select(["text", "page"]).limit(None).to_arrow() for table in both)
    assert own == whole


def test_batches_are_the_same(both: Both) -> None:
    own, whole = (list(table.search().select(["text"]).limit(None).to_batches(2)) for table in both)
    assert pa.Table.from_batches(own) == pa.Table.from_batches(whole)
    assert max(batch.num_rows for batch in own) == 2


@pytest.mark.parametrize(
    "query",
    [
        MatchQuery("wheel mill", "search"),
        MatchQuery("mill 1803", "search", operator="AND"),
        MatchQuery("wheal", "search", fuzziness=2, prefix_length=2, boost=0.3),
        BooleanQuery([("SHOULD", MatchQuery("wheel", "search")), ("SHOULD", MatchQuery("1803", "search"))]),
        BooleanQuery([("MUST", MatchQuery("wheel", "search")), ("MUST_NOT", MatchQuery("within", "search"))]),
        MatchQuery("水車", "search"),
    ],
)
def test_words_are_found_with_the_same_scores(both: Both, query: Any) -> None:
    own, whole = (search_words(table, query).select(["path", "_score"]).limit(5).to_list() for table in both)
    assert own == whole
    assert own


def test_word_searches_with_a_condition_are_the_same(both: Both) -> None:
    own, whole = (match(table, "wheel turns", limit=2, within="path != '1.txt'") for table in both)
    assert own == whole
    assert [row["path"] for row in own] == ["4.txt"]
    assert match_all(both[0], "wheels within") == match_all(both[1], "wheels within")


def test_nearest_vectors_are_the_same(both: Both) -> None:
    def nearest(table: Any) -> Any:
        search = table.search([0.6, 0.8]).distance_type("dot").nprobes(1_000_000).refine_factor(2)
        return search.select(["path", "_distance"]).where("path != '4.txt'", prefilter=True).limit(3).to_arrow()

    own, whole = map(nearest, both)
    assert own == whole
    assert own["path"].to_pylist() == ["3.txt", "2.txt", "1.txt"]


def test_rows_taken_by_their_ids_are_the_same(both: Both) -> None:
    own, whole = both
    ids = [table.search().select(["path"]).with_row_id(True).limit(None).to_arrow() for table in both]
    assert ids[0].select(["path", "_rowid"]) == ids[1].select(["path", "_rowid"])
    wanted = ids[0]["_rowid"].to_pylist()[1:4:2]
    taken = [table.take_row_ids(wanted).select(["path", "text"]).to_arrow() for table in both]
    assert taken[0] == taken[1]
    assert taken[0]["path"].to_pylist() == ["1.txt", "3.txt"]
    assert own.name == whole.name == "chunks"
    assert not own._is_whole


def test_what_is_not_known_here_is_done_by_lancedb(both: Both) -> None:
    own, whole = both
    assert own.search([0.6, 0.8]).distance_type("dot").limit(2).metric("dot").to_arrow() == (
        whole.search([0.6, 0.8]).distance_type("dot").limit(2).metric("dot").to_arrow()
    )
    assert own._is_whole


def test_a_table_that_is_changed_is_lancedbs_from_then_on(tmp_path: Path) -> None:
    lancedb.connect(tmp_path).create_table("t", data=[{"n": 1}])
    database = alone(tmp_path)
    table, other = database.open_table("t"), database.open_table("t")
    table.add([{"n": 2}])
    assert table._is_whole
    assert sorted(row["n"] for row in table.search().limit(None).to_list()) == [1, 2]
    assert other.count_rows() == 1
    other.checkout_latest()
    assert other.count_rows() == 2
    assert not other._is_whole
    other.checkout(1)
    assert other.count_rows() == 1


def test_a_missing_table_is_the_same_error(place: Path) -> None:
    with pytest.raises(Exception) as whole:
        lancedb.connect(place).open_table("none")
    with pytest.raises(type(whole.value)):
        alone(place).open_table("none")


def run_python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_reading_an_index_imports_none_of_lancedbs_modules_and_writing_does(tmp_path: Path) -> None:
    open_store(str(tmp_path / "index"), origin="user")
    code = """
        import sys
        from bunko.store import Store
        store = Store(sys.argv[1])
        print(store.count_documents(), store.search_lexical("mill", limit=3), "lancedb" in sys.modules)
        with store.writing(), store.changing():
            pass
        print(store.is_unfinished(), "lancedb" in sys.modules)
        from bunko.store.compiled_lancedb import Table
        print(isinstance(store._state, Table))
    """
    assert run_python(code, str(tmp_path / "index")).splitlines() == ["0 [] False", "False True", "True"]


def test_the_installed_lancedb_is_one_of_those_that_were_tested() -> None:
    """If this fails: run the tests above with the new version, and add it to `TESTED`."""
    assert ".".join(lancedb.__version__.split(".")[:2]) in compiled_lancedb.TESTED


def test_with_a_lancedb_of_another_version_all_of_it_is_used(tmp_path: Path) -> None:
    code = """
        import sys
        from bunko.store import compiled_lancedb
        compiled_lancedb.TESTED = ("99.1",)
        print(type(compiled_lancedb.connect(sys.argv[1])).__module__)
    """
    assert run_python(code, str(tmp_path)).strip() == "lancedb.db"


def test_tables_are_read_without_lancedbs_modules_where_these_are_imported(place: Path) -> None:
    assert "lancedb" in sys.modules
    table = compiled_lancedb.connect(str(place)).open_table("chunks")
    assert isinstance(table, Table)
    assert table.count_rows() == 5
    assert not table._is_whole
