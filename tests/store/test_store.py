"""The store keeps what it is given, finds it again, and says clearly when it can't."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from bunko.errors import DiskFull, StoreBusy, StoreDamaged, StoreError, StoreNotWritable, StoreTooNew
from bunko.store import Entry, Record
from bunko.store.faults import mapped
from bunko.store.quick_lancedb import lancedb
from bunko.store.store import Store
from bunko.testing import FakeEmbedder
from bunko.types import Chunk, Document, Span
from tests.support import (
    CATS,
    KYOTO,
    REPOSITORY,
    SHIPS,
    TOKYO,
    command,
    environment,
    make_library,
    run_program,
    without_privileges,
    write_files,
)

EMBEDDER = FakeEmbedder()


def make_chunk(path: str, text: str, start: int = 0, heading: str = "") -> Chunk:
    key = hashlib.sha256(f"{heading}\n{text}".encode()).hexdigest()
    return Chunk(path=path, start=start, end=start + len(text), text=text, key=key, heading=heading)


def make_entry(path: str, *texts: str, digest: str = "1") -> Entry:
    whole = "\n\n".join(texts)
    chunks = [make_chunk(path, text, whole.index(text)) for text in texts]
    record = Record(path=path, file=path, digest=digest, size=len(whole), format="text", chunks=len(chunks))
    return Entry(record=record, document=Document(path=path, text=whole), chunks=chunks)


def embed(store: Store, embedder: FakeEmbedder = EMBEDDER) -> None:
    for texts in store.missing_texts(embedder.spec, window=2):
        store.add_vectors(embedder.spec, list(texts), embedder.embed_passages(list(texts.values())))


def missing(store: Store, embedder: FakeEmbedder = EMBEDDER) -> dict[str, str]:
    return {key: text for texts in store.missing_texts(embedder.spec, window=2) for key, text in texts.items()}


def replace(store: Store, *entries: Entry) -> None:
    store.write(entries, replacing=[entry.record.path for entry in entries])


def found(store: Store, query: str) -> list[str]:
    return [hit.chunk.path for hit in store.search_lexical(query, limit=9)]


def nearest(store: Store, query: str, embedder: FakeEmbedder = EMBEDDER) -> list[str]:
    return [hit.chunk.path for hit in store.search_dense(embedder.spec, embedder.embed_query(query), limit=9)]


@pytest.fixture
def location(tmp_path: Path) -> str:
    return str(tmp_path / "store")


@pytest.fixture
def store(location: str) -> Iterator[Store]:
    opened = Store(location)
    opened.write([make_entry("cats.txt", CATS), make_entry("ships.txt", SHIPS), make_entry("京都.txt", KYOTO)])
    embed(opened)
    yield opened


def test_a_new_store_is_empty_and_every_search_of_it_finds_nothing(location: str) -> None:
    empty = Store(location)
    assert (empty.records(), empty.count_chunks(), empty.embedders(), empty.document("a")) == ({}, 0, [], None)
    assert (found(empty, "cat"), nearest(empty, "cat")) == ([], [])
    empty.tidy()
    empty.remove_documents(["a"])
    empty.remove_files(["a"])


def test_what_was_written_is_there_when_the_store_is_opened_again(store: Store) -> None:
    again = Store(store.location)
    assert set(again.records()) == {"cats.txt", "ships.txt", "京都.txt"}
    assert again.embedders() == ["fake"]
    assert found(again, "Where does the cat sleep?")[0] == "cats.txt"
    assert nearest(again, "Where does the cat sleep?")[0] == "cats.txt"


def test_a_document_comes_back_with_its_text_pages_and_headings(store: Store) -> None:
    text = "一頁目。\f二頁目 \U0001f431 é\n\ttab 'quote' \"double\" \\ backslash"
    pages = (Span(start=0, end=5, label="1"), Span(start=5, end=len(text), label="2"))
    headings = (Span(start=0, end=9, label="題", level=1),)
    document = Document(path="a/b c.pdf", text=text, pages=pages, headings=headings, format="pdf")
    record = Record(path=document.path, file=document.path, digest="d", size=1, format="pdf", pages=2)
    store.write([Entry(record=record, document=document)])
    assert store.document("a/b c.pdf") == document
    assert store.records()["a/b c.pdf"] == record


def test_writing_a_document_again_replaces_it(store: Store) -> None:
    replace(store, make_entry("cats.txt", "The dog barks at the moon.", digest="2"))
    assert store.records()["cats.txt"].digest == "2"
    assert store.count_chunks() == 3
    assert "cats.txt" not in found(store, "roof")
    assert found(store, "moon") == ["cats.txt"]


def test_removing_a_document_removes_its_passages(store: Store) -> None:
    store.remove_documents(["cats.txt", "no such document"])
    assert set(store.records()) == {"ships.txt", "京都.txt"}
    assert store.document("cats.txt") is None
    assert "cats.txt" not in found(store, "cat roof") + nearest(store, "cat roof")


def test_a_file_that_failed_is_remembered_and_is_no_document(store: Store) -> None:
    record = Record(path="bad.pdf", file="bad.pdf", digest="x", error="It is broken.", hint="Mend it.")
    store.write([Entry(record=record)])
    assert store.records()["bad.pdf"] == record
    assert store.document("bad.pdf") is None


def test_thousands_of_documents_are_removed_at_once(store: Store) -> None:
    paths = [f"{n}.txt" for n in range(1200)]
    store.write([make_entry(path, f"Number {path}") for path in paths])
    assert store.count_chunks() == 1203
    store.remove_documents(paths)
    assert set(store.records()) == {"cats.txt", "ships.txt", "京都.txt"}


def test_lexical_hits_are_ordered_by_score_and_carry_it(store: Store) -> None:
    store.write([make_entry("more.txt", "A cat and another cat, and a third cat.")])
    hits = store.search_lexical("cat", limit=9)
    assert {hit.chunk.path for hit in hits} == {"more.txt", "cats.txt"}
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(hit.lexical == hit.score > 0 and hit.dense is None for hit in hits)
    assert len(store.search_lexical("cat", limit=1)) == 1


def test_of_passages_that_are_as_good_as_each_other_the_same_are_found_however_they_came(store: Store) -> None:
    for letter in "qhcamzt":  # each is a piece of its own on the disk
        store.write([make_entry(f"{letter}{n}.txt", f"A cheetah {n}.") for n in range(3)])
    store.tidy()
    assert [hit.chunk.path for hit in store.search_lexical("cheetah", limit=5)] == [
        "a0.txt", "a1.txt", "a2.txt", "c0.txt", "c1.txt",
    ]  # fmt: skip


def test_english_words_meet_across_their_endings_and_cases(store: Store) -> None:
    assert found(store, "SLEEPING CAT")[0] == "cats.txt"


def test_a_name_spelt_a_little_otherwise_is_found(store: Store) -> None:
    store.write([make_entry("president.txt", "Volodymyr Zelenskyy has been president since 2019.")])
    store.tidy()
    assert found(store, "Who is Zelensky?") == ["president.txt"]


def test_words_that_mean_little_in_other_languages_are_found(store: Store) -> None:
    store.write([make_entry("men.txt", "The old man and the sea: a war, a city, a son, a hat.")])
    for word in ("man", "sea", "war", "city", "son", "hat"):
        assert found(store, word) == ["men.txt"], word


def test_full_width_and_half_width_letters_meet(store: Store) -> None:
    store.write([make_entry("wide.txt", "ＫＯＢＥ１２３とガソリン")])
    assert found(store, "kobe123") == found(store, "ｶﾞｿﾘﾝ") == ["wide.txt"]


def test_kyoto_is_not_found_within_tokyo_to(store: Store) -> None:
    store.write([make_entry("tokyo.txt", TOKYO)])
    assert found(store, "京都") == ["京都.txt"]
    assert found(store, "東京都") [:1] == ["tokyo.txt"]  # fmt: skip


@pytest.mark.parametrize(
    "query", ["", "  ", "???", "'", '"', "path = 'x' OR 1=1", "a AND NOT (b", "*", "cat~9^2", "\0"]
)
def test_no_query_breaks_the_search(store: Store, query: str) -> None:
    store.search_lexical(query, limit=5)


def test_a_heading_is_searched_with_its_passage(store: Store) -> None:
    chunk = make_chunk("book.md", "It opened in May.", heading="History > Botanical garden")
    store.write([Entry(record=Record(path="book.md", file="book.md"), chunks=[chunk])])
    assert found(store, "botanical") == ["book.md"]


# --- vectors ----------------------------------------------------------------------------------------------------


def test_dense_hits_tell_the_cosine_similarity(store: Store) -> None:
    vector = EMBEDDER.embed_query(CATS)
    hits = store.search_dense(EMBEDDER.spec, vector, limit=2)
    assert len(hits) == 2
    assert hits[0].chunk.path == "cats.txt"
    assert hits[0].dense == pytest.approx(1, abs=1e-5)
    expected = float(EMBEDDER.embed_query(hits[1].chunk.text) @ vector)
    assert hits[1].dense == hits[1].score == pytest.approx(expected, abs=1e-5)


def test_a_vector_belongs_to_a_text_wherever_it_stands(store: Store) -> None:
    store.write([make_entry("copy.txt", CATS)])
    assert missing(store) == {}
    assert set(nearest(store, CATS)[:2]) == {"cats.txt", "copy.txt"}


def test_missing_vectors_are_the_texts_of_new_passages(store: Store) -> None:
    entry = make_entry("tokyo.txt", TOKYO)
    store.write([entry])
    assert missing(store) == {entry.chunks[0].key: TOKYO}
    assert set(missing(store, FakeEmbedder(name="other")).values()) == {CATS, SHIPS, KYOTO, TOKYO}


def test_two_embedders_keep_their_vectors_apart(store: Store) -> None:
    other = FakeEmbedder(name="other", dimension=16)
    assert nearest(store, CATS, other) == []
    embed(store, other)
    assert store.embedders() == ["fake", "other"]
    assert nearest(store, CATS, other)[0] == nearest(store, CATS)[0] == "cats.txt"


def test_similarities_leave_out_what_has_no_vector(store: Store) -> None:
    chunk = make_chunk("cats.txt", CATS)
    found = store.similarities(EMBEDDER.spec, [chunk.key, "unknown"], EMBEDDER.embed_query(CATS))
    assert found == {chunk.key: pytest.approx(1, abs=1e-5)}


def test_tidying_drops_the_vectors_of_texts_that_are_gone(store: Store) -> None:
    store.remove_documents(["cats.txt"])
    store.write([make_entry("copy.txt", SHIPS)])
    store.tidy()
    replace(store, make_entry("cats.txt", CATS), make_entry("ships.txt", SHIPS))
    assert list(missing(store).values()) == [CATS]


# --- readers, writers and what goes wrong -----------------------------------------------------------------------


def test_a_reader_sees_whole_documents_while_another_writes(store: Store) -> None:
    reader = Store(store.location)
    done = threading.Event()

    def write() -> None:
        for n in range(12):
            replace(store, make_entry("cats.txt", f"{CATS} Version {n}.", digest=str(n)))
        store.tidy()
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    looks = 0
    while not done.is_set() or not looks:
        reader.refresh()
        assert found(reader, "harbour Kobe") == ["ships.txt"]
        assert len(found(reader, "cat roof")) <= 1
        looks += 1
    writer.join()
    reader.refresh()
    assert reader.records()["cats.txt"].digest == "11"
    assert "Version 11" in reader.search_lexical("cat roof", limit=1)[0].chunk.text


def test_an_open_store_goes_on_answering_after_another_one_tidied(store: Store) -> None:
    reader = Store(store.location)
    for n in range(3):
        replace(store, make_entry("cats.txt", f"{CATS} Version {n}."))
        store.tidy()
    assert found(reader, "harbour Kobe") == ["ships.txt"]


def test_one_process_writes_at_a_time(store: Store) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from bunko.store import Store\n"
            "with Store(sys.argv[1]).writing():\n    print('locked', flush=True); sys.stdin.read()",
            store.location,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"locked"
    with pytest.raises(StoreBusy, match=r"Process [0-9]+"), store.writing():
        pass
    holder.kill()  # a lock dies with its holder
    holder.communicate()
    with store.writing(wait_s=5):
        pass


def test_an_index_of_a_newer_version_is_refused_and_left_alone(store: Store) -> None:
    database = lancedb.connect(store.location)
    schema = database.open_table("files").schema.with_metadata({b"bunko.format": b"999"})
    database.create_table("files", schema=schema, mode="overwrite")
    with pytest.raises(StoreTooNew, match="999") as caught:
        Store(store.location)
    assert "upgrade" in caught.value.hint.lower()
    assert database.open_table("chunks").count_rows() == 3


def test_a_damaged_index_is_called_damaged(store: Store) -> None:
    for file in (Path(store.location) / "documents.lance").rglob("*.manifest"):
        file.write_bytes(b"nonsense")
    with pytest.raises(StoreDamaged, match="could not be"):
        Store(store.location).records()


@pytest.mark.parametrize("letters", [33, 49, 50, 52, 100, 300, 65_535])
@pytest.mark.parametrize("alphabet", ["abcdefghijklmnopqrstuvwxyz", "acgt", "a"])
def test_a_long_word_is_searched_for_like_any_other(store: Store, letters: int, alphabet: str) -> None:
    long = (alphabet * (letters // len(alphabet) + 1))[:letters]
    start = time.perf_counter()
    hits = store.search_lexical(f"cat {long} {long.upper()}", limit=3)
    assert [hit.chunk.path for hit in hits] == ["cats.txt"]
    assert time.perf_counter() - start < 10  # 65,535 letters took 50 s


def test_a_long_word_is_found(store: Store) -> None:
    name = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
    marker = "ACGT" * 20
    texts = {"wales.txt": f"The station of {name} is small.", "gene.txt": f"Marker {marker} is in all samples."}
    store.write([make_entry(path, text) for path, text in texts.items()])
    store.tidy()
    for path, word in (("wales.txt", name), ("gene.txt", marker)):
        assert [hit.chunk.path for hit in store.search_lexical(f"{word}?", limit=3)] == [path]


@pytest.mark.parametrize(
    "words",
    ["lance error: failed to construct the fuzzy query", "LanceError(IO): Too many open files (os error 24)"],
)
def test_what_is_no_damage_is_not_called_damaged(words: str) -> None:
    with pytest.raises(StoreError, match="could not be searched") as caught, mapped("searched", "library"):
        raise RuntimeError(words)
    assert type(caught.value) is StoreError
    assert "delete" not in str(caught.value)


def test_another_writer_s_change_is_no_damage(tmp_path: Path) -> None:
    rows = pa.table({"key": [1, 2, 3]})
    lancedb.connect(tmp_path).create_table("rows", rows)
    one, other = (lancedb.connect(tmp_path).open_table("rows") for _ in range(2))
    assert one.count_rows() == other.count_rows()
    one.add(rows, mode="overwrite")
    with pytest.raises(StoreBusy, match="Another process changed the index"), mapped("written", "library"):
        other.delete("key < 3")


@pytest.mark.parametrize("how", ["lost", "cut", "empty", "changed"])
@pytest.mark.parametrize("part", ["chunks.lance/data", "chunks.lance/_indices", "documents.lance/_versions"])
def test_all_damage_is_called_damaged(store: Store, part: str, how: str) -> None:
    store.tidy()
    for file in [file for file in Path(store.location, part).rglob("*") if file.is_file()]:
        content = file.read_bytes()
        if how == "lost" and "_versions" not in part:
            file.unlink()
        else:
            file.write_bytes({"cut": content[: len(content) // 2], "changed": b"x" * len(content)}.get(how, b""))
    with pytest.raises(StoreDamaged, match="could not be") as caught:
        Store(store.location).search_lexical("cats", limit=3)
    assert "delete" not in caught.value.hint


def test_a_file_where_the_index_should_be_is_not_called_damaged(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    for location in (file, file / "store"):
        with pytest.raises(StoreNotWritable) as caught:
            Store(str(location))
        assert "--store" in caught.value.hint
    assert file.read_text() == "mine"


def test_a_folder_that_may_not_be_written_to_is_not_called_damaged(tmp_path: Path) -> None:
    root = write_files(tmp_path / "library", {"cats.txt": CATS})
    root.chmod(0o555)
    try:
        outcome = run_program("index", root, prefix=without_privileges())
        outcome.assert_clear(1, "permission denied", "--store")
        elsewhere = run_program("index", root, "--store", tmp_path / "elsewhere", prefix=without_privileges())
    finally:
        root.chmod(0o755)
    assert elsewhere.code == 0, elsewhere


def test_an_index_that_may_not_be_written_to_still_answers(tmp_path: Path) -> None:
    root = write_files(tmp_path / "library", {"cats.txt": CATS})
    make_library(root).sync()
    subprocess.run(["chmod", "-R", "a-w", root], check=True)
    try:
        run_program("index", root, prefix=without_privileges()).assert_clear(1, "permission denied")
        outcome = run_program("search", root, "cat", "--no-sync", "--json", prefix=without_privileges())
        for command_ in ("ask", "search"):  # without --no-sync
            synced = run_program(command_, root, "Where does the cat sleep?", "--json", prefix=without_privileges())
            assert synced.code == 0, synced
    finally:
        subprocess.run(["chmod", "-R", "u+w", root], check=True)
    assert outcome.code == 0, outcome
    assert outcome.json["hits"]


_ON_A_SMALL_DISK = """
mount -t tmpfs -o size=400k none "$DISK" || exit 77
"$@" index "$FOLDER/small" --store "$DISK/store" >/dev/null || exit 78
cp "$FOLDER/large.txt" "$FOLDER/small"
"$@" index "$FOLDER/small" --store "$DISK/store" 2>"$FOLDER/errors"
code=$?
"$@" search "$FOLDER/small" "Where does the cat sleep?" --no-sync --json --store "$DISK/store" || exit 79
exit $code
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="a small disk is mounted with unshare")
def test_a_full_disk_is_named_and_what_was_committed_answers(tmp_path: Path) -> None:
    write_files(tmp_path, {"small/cats.txt": CATS, "large.txt": " ".join(f"Line {n:x} of it." for n in range(40_000))})
    (tmp_path / "disk").mkdir()
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", _ON_A_SMALL_DISK, "sh", *command()],
        env=environment({"DISK": str(tmp_path / "disk"), "FOLDER": str(tmp_path)}),
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
    )
    if done.returncode == 77 or b"unshare failed" in done.stderr:
        pytest.skip("a small disk can't be mounted here")
    assert done.returncode == 1, done
    said = (tmp_path / "errors").read_text()
    assert "The disk is full" in said
    assert "Traceback" not in said
    assert b"cats.txt" in done.stdout


def test_a_full_disk_that_python_meets_is_named_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lancedb.table.LanceTable.add", full)
    with pytest.raises(DiskFull, match="disk is full") as caught:
        store.write([make_entry("new.txt", TOKYO)])
    assert isinstance(caught.value, StoreError)
    assert isinstance(caught.value.__cause__, OSError)
