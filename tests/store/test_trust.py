"""An index is used if this user's installation made it, and made again if not. No link under `.bunko` is followed."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from bunko.errors import StoreNotWritable, StoreUntrusted
from bunko.store.quick_lancedb import lancedb
from bunko.store.seal import SEAL, Seal
from tests.support import CATS, KYOTO, SHIPS, make_library, write_files

LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user("anna", tmp_path, monkeypatch)


def as_user(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, the user's own data directory is another one."""
    monkeypatch.setattr("bunko.signing.data_directory", lambda: tmp_path / f"home of {name}")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_files(tmp_path / "docs", {"cats.txt": CATS, "ships.txt": SHIPS})
    with make_library(root) as library:
        assert library.sync().notes == ()
    return root


def forge(root: Path) -> None:
    """Change what a passage says, as somebody can who sends the folder."""
    table = lancedb.connect(root / ".bunko" / "store").open_table("chunks")
    table.update(
        where="path = 'ships.txt'", values={"text": "Ships cost 999 francs.", "search": "ships cost 999 francs"}
    )


def answers(root: Path) -> str:
    with make_library(root) as library:
        library.sync()
        return "\n".join(hit.chunk.text for hit in library.search("ships tea silk francs"))


def test_an_index_of_another_installation_is_refused_for_reading_and_made_again_by_a_sync(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user("bert", tmp_path, monkeypatch)
    with make_library(root) as library:
        with pytest.raises(StoreUntrusted, match="not made by your installation") as caught:
            library.search("ships")
        assert "--store" in caught.value.hint
        report = library.sync()
        assert (report.added, report.unchanged) == (2, 0)
        assert "made again from the documents" in report.notes[0]
        assert library.search("ships")
    with make_library(root) as library:
        assert library.sync().notes == ()  # from now on it is his


def test_an_edited_index_is_not_believed_whoever_signed_it_before(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge(root)
    assert "999" not in answers(root)
    as_user("bert", tmp_path, monkeypatch)
    forge(root)
    assert "999" not in answers(root)


def test_vectors_that_somebody_put_in_are_dropped(root: Path) -> None:
    database = lancedb.connect(root / ".bunko" / "store")
    name = next(name for name in database.list_tables().tables if name.startswith("vectors_"))
    database.open_table(name).delete("true")
    with make_library(root) as library:
        report = library.sync()
        assert name in report.notes[0]
        assert not library.store.missing_vectors(library.embedder.spec).chunks


def test_a_seal_that_was_edited_or_taken_away_is_no_seal(root: Path) -> None:
    path = root / ".bunko" / "store" / SEAL
    kept = path.read_text()
    tree = json.loads(kept)
    tree["seal"]["files"] = {}
    for content in (json.dumps(tree), "[]", "", "{" * 5000, '{"seal": {"id": 1}, "signature": "é"}'):
        path.write_text(content)
        assert Seal(path.parent).judge().is_foreign
    path.unlink()
    assert Seal(path.parent).judge().is_foreign
    path.write_text(kept)
    assert Seal(path.parent).judge().is_sound


def test_a_folder_that_was_moved_copied_or_restored_keeps_its_index(root: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(root, copied)  # with other times of the last change
    moved = root.rename(tmp_path / "moved")
    for place in (copied, moved):
        with make_library(place) as library:
            report = library.sync()
            assert (report.notes, report.added, library.check()) == ((), 0, ())


def test_an_index_that_the_user_names_is_believed(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user("bert", tmp_path, monkeypatch)
    with make_library(root, store=str(root / ".bunko" / "store")) as library:
        assert library.search("ships")
        assert library.sync().notes == ()
    with make_library(root) as library:  # it is his now, without being made again
        report = library.sync()
        assert (report.notes, report.added) == ((), 0)


def test_without_a_place_for_a_key_each_process_makes_the_index_again_and_says_so(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home of carl").write_text("a file")
    as_user("carl", tmp_path, monkeypatch)
    for _ in range(2):
        with make_library(root) as library:
            assert "can't be signed" in library.sync().notes[-1]
            assert library.search("ships")


# --- links and other surprises ---------------------------------------------------------------------------------------


@LINKS
@pytest.mark.parametrize("name", ["writer.pid", "writer.lock", "seal.json", "answers.sqlite", "answers.sqlite-journal"])
@pytest.mark.parametrize("kind", ["symbolic", "hard"])
def test_nothing_is_written_through_a_link_among_the_meta_files(tmp_path: Path, name: str, kind: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    root = write_files(tmp_path / "docs", {"cats.txt": CATS})
    place = root / ".bunko" / "store" / name
    place.parent.mkdir(parents=True)
    if kind == "symbolic":
        place.symlink_to(victim)
    else:
        os.link(victim, place)
    with make_library(root) as library:
        library.sync()
        library._kept_answers._memory.keep(library.ask("Where does the cat sleep?"), key="k", state="s")
    assert victim.read_text() == "precious"
    assert stat.S_IMODE(victim.stat().st_mode) & 0o044  # nor were its permissions changed
    with make_library(root) as library:
        assert library.sync().notes == ()


@LINKS
@pytest.mark.parametrize("link", [".bunko", ".bunko/store"])
def test_a_linked_index_empties_no_other_library(root: Path, tmp_path: Path, link: str) -> None:
    received = write_files(tmp_path / "received", {"other.txt": KYOTO})
    place = received / link
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(root / link, target_is_directory=True)
    with make_library(received) as library:
        with pytest.raises(StoreNotWritable, match="is a link"):
            library.sync()
        with pytest.raises(StoreNotWritable, match="is a link"):
            library.search("cats")
    with make_library(root) as library:
        assert set(library.records()) == {"cats.txt", "ships.txt"}


@LINKS
def test_a_table_or_its_files_that_are_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    store = root / ".bunko" / "store"
    elsewhere = tmp_path / "elsewhere.lance"
    (store / "documents.lance").rename(elsewhere)
    (store / "documents.lance").symlink_to(elsewhere, target_is_directory=True)
    before = sorted(path.name for path in elsewhere.rglob("*"))
    assert "is no plain file" in make_library(root).sync().notes[0]
    assert sorted(path.name for path in elsewhere.rglob("*")) == before
    data = next((store / "chunks.lance" / "data").iterdir())
    data.rename(tmp_path / data.name)
    data.symlink_to(tmp_path / data.name)
    assert "is no plain file" in make_library(root).sync().notes[0]
    assert (tmp_path / data.name).exists()
    assert make_library(root).check() == ()


# --- who may read ----------------------------------------------------------------------------------------------------


@LINKS
def test_index_and_kept_answers_are_private_whatever_the_umask_and_older_ones_become_so(root: Path) -> None:
    store = root / ".bunko" / "store"
    for path in (store, *store.rglob("*")):  # as an older Bunko left them
        path.chmod(0o755 if path.is_dir() else 0o644)
    before = os.umask(0)
    try:
        write_files(root, {"new.txt": KYOTO})
        with make_library(root) as library:
            assert library.sync().added == 1
            library._kept_answers._memory.keep(library.ask("Where does the cat sleep?"), key="k", state="s")
    finally:
        os.umask(before)
    assert stat.S_IMODE(store.stat().st_mode) == 0o700
    assert [path for path in store.rglob("*") if path.is_file() and path.stat().st_mode & 0o077] == []


@LINKS
def test_a_store_that_the_user_shares_stays_open_to_others(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"cats.txt": CATS})
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o775)
    with make_library(root, store=str(shared)) as library:
        library.sync()
    assert stat.S_IMODE(shared.stat().st_mode) == 0o775
    assert any(path.stat().st_mode & 0o044 for path in shared.rglob("*.lance") if path.is_file())


@LINKS
def test_conversations_are_kept_through_no_link(root: Path, tmp_path: Path) -> None:
    from bunko.server.native.conversations import Conversations

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    kept = Conversations(str(root / ".bunko" / "store"))
    name = "a" * 20
    kept.keep(name, title="t", turns=[])
    path = root / ".bunko" / "conversations" / f"{name}.json"
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path.unlink()
    path.symlink_to(victim)
    assert kept.all() == []
    kept.keep(name, title="t", turns=[])
    assert victim.read_text() == "precious"
    shutil.rmtree(path.parent)
    path.parent.symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(StoreNotWritable, match="is a link"):
        kept.keep(name, title="t", turns=[])
    assert list(elsewhere.iterdir()) == []


def test_kept_answers_of_another_installation_are_not_given(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_library(root) as library:
        memory = library._kept_answers._memory
        memory.keep(library.ask("Where does the cat sleep?"), key="k", state="s")
        assert memory.answer("k") is not None
        assert memory.answer("other") is None
        as_user("bert", tmp_path, monkeypatch)
        assert memory.answer("k") is None
