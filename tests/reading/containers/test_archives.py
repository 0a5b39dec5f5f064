"""Archives are opened when asked, member by member, and nothing in them gets out or grows without end."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.errors import ReadError, UnsupportedFormat
from bunko.reading.containers.archives import safe_path
from bunko.settings import ReadingSettings
from tests.reading.files import docx, pdf, read_all, read_one, zipped

NEKO = "吾輩は猫である。"
FILES: Mapping[str, str | bytes] = {"a.txt": "One.", "deep/日本.txt": NEKO, "b.pdf": pdf("The cat sleeps.")}


def tarred(members: Mapping[str, str | bytes], mode: str = "w", **headers: object) -> bytes:
    """Return a tar archive of these texts."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in headers.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


PACKED: list[tuple[str, Callable[[Mapping[str, str | bytes]], bytes]]] = [
    ("x.zip", zipped),
    ("x.tar", tarred),
    ("x.tar.gz", lambda members: tarred(members, "w:gz")),
    ("x.tgz", lambda members: tarred(members, "w:gz")),
    ("x.tar.bz2", lambda members: tarred(members, "w:bz2")),
    ("x.tar.xz", lambda members: tarred(members, "w:xz")),
]


@pytest.mark.parametrize(("name", "pack"), PACKED, ids=[name for name, _ in PACKED])
def test_each_file_of_an_archive_is_a_document(
    tmp_path: Path, name: str, pack: Callable[[Mapping[str, str | bytes]], bytes]
) -> None:
    documents, failed = read_all(tmp_path, name, pack(FILES))
    assert [document.path for document in documents] == [f"{name}#{inner}" for inner in FILES]
    assert documents[1].text == NEKO
    assert documents[2].pages
    assert not failed


@pytest.mark.parametrize(("name", "pack"), PACKED, ids=[name for name, _ in PACKED])
def test_archives_stay_shut_unless_asked(
    tmp_path: Path, name: str, pack: Callable[[Mapping[str, str | bytes]], bytes]
) -> None:
    with pytest.raises(UnsupportedFormat, match="not opened unless asked") as caught:
        read_all(tmp_path, name, pack(FILES), ReadingSettings())
    assert "--archives" in caught.value.hint


@pytest.mark.parametrize("name", ["x.7z", "x.rar"])
def test_archives_of_other_kinds_say_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsupportedFormat, match=name[1:]) as caught:
        read_all(tmp_path, name, b"7z\xbc\xaf\x27\x1c")
    assert "Unpack" in caught.value.hint


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gz", "bz2", "xz"])
def test_a_compressed_file_is_read_like_the_file_itself(
    tmp_path: Path, pack: Callable[[bytes], bytes], request: pytest.FixtureRequest
) -> None:
    name = f"a.md.{request.node.callspec.id}"
    document = read_one(tmp_path, name, pack(f"# Title\n\n{NEKO}".encode()))
    assert (document.path, document.format) == (name, "markdown")
    with pytest.raises(ReadError):
        read_one(tmp_path, name, pack(random.Random(1).randbytes(5000))[:1000])


def test_what_people_do_not_see_is_left_out(tmp_path: Path) -> None:
    junk = ["__MACOSX/._a.txt", ".DS_Store", "a/.git/config", "~$b.docx", "Thumbs.db"]
    for name, pack in PACKED[:2]:
        documents, failed = read_all(tmp_path, name, pack({**dict.fromkeys(junk, "x"), "a.txt": "One."}))
        assert [document.path for document in documents] == [f"{name}#a.txt"]
        assert not failed


def test_a_member_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "a.exe": bytes(range(256)) * 9,
        "b.docx": b"broken",
        "c.txt": "Three.",
        "d.txt": "",
        "e.docx": docx("H"),
    }
    for name, pack in PACKED[:2]:
        documents, failed = read_all(tmp_path, name, pack(members))
        assert [document.path for document in documents] == [f"{name}#c.txt", f"{name}#e.docx"]
        assert [item.path for item in failed] == [f"{name}#a.exe", f"{name}#b.docx", f"{name}#d.txt"]
        assert all(item.error and item.hint for item in failed)


def test_names_that_occur_twice_are_told_apart(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.txt", "One.")
        archive.writestr("a.txt", "Two.")
    documents, _ = read_all(tmp_path, "x.zip", buffer.getvalue())
    assert [(item.path, item.text) for item in documents] == [("x.zip#a.txt", "One."), ("x.zip#a.txt (2)", "Two.")]


# --- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp932", "euc-jp", "utf-8"])
def test_names_without_a_mark_of_their_encoding_are_read(tmp_path: Path, encoding: str) -> None:
    names = ["表示.txt", "ソート/議事録.txt", "a.txt"]
    # zipfile writes other names than ASCII in UTF-8, with its mark: put the bytes in their places afterwards.
    holders = [f"{n}" * len(name.encode(encoding)) for n, name in enumerate(names)]
    data = zipped(dict.fromkeys(holders, "Text."))
    for holder, name in zip(holders, names, strict=True):
        data = data.replace(holder.encode(), name.encode(encoding))
    documents, failed = read_all(tmp_path, "x.zip", data)
    assert [document.path.removeprefix("x.zip#") for document in documents] == names
    assert not failed


@given(st.text(alphabet="ab/\\.: 日\0\n", max_size=30))
def test_a_path_within_an_archive_leads_nowhere_else(name: str) -> None:
    path = safe_path(name)
    assert not path.startswith("/")
    assert ".." not in path.split("/")
    assert "\\" not in path


def test_nothing_is_written_under_the_names_of_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.chdir(folder)
    evil = {"../evil.txt": "One.", "/tmp/evil.txt": "Two.", "C:\\evil.txt": "Three.", "a/../../evil.txt": "Four."}
    for name, pack in PACKED[:2]:
        documents, _ = read_all(tmp_path, name, pack(evil))
        assert len(documents) == 4
        assert all(".." not in document.path for document in documents)
    assert not list(folder.iterdir())
    assert not list(tmp_path.rglob("evil*"))


def test_links_and_devices_are_left_out(tmp_path: Path) -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        with pytest.raises(ReadError, match="no text"):
            read_all(tmp_path, "x.tar", tarred({"a.txt": ""}, type=kind, linkname="/etc/passwd"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("a.txt")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ReadError, match="no text"):
        read_all(tmp_path, "x.zip", buffer.getvalue())


# --- limits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "pack"), PACKED, ids=[name for name, _ in PACKED])
@pytest.mark.parametrize("inner", ["a.txt", ".hidden", "a.exe"])
def test_what_an_archive_unpacks_to_is_limited(
    tmp_path: Path, name: str, pack: Callable[[Mapping[str, str | bytes]], bytes], inner: str
) -> None:
    if name == "x.zip" and inner == ".hidden":
        pytest.skip("is never unpacked")
    bomb = pack({inner: b"a" * 3_000_000, "b.txt": "x"})
    with pytest.raises(ReadError, match="more than 2 MB") as caught:
        read_all(tmp_path, name, bomb, ReadingSettings(archives=True, archive_mb=2))
    assert "reading.archive_mb" in caught.value.hint


def test_a_bomb_is_put_away_in_good_time(tmp_path: Path) -> None:
    bomb = zipped({f"{n}.txt": bytes(30_000_000) for n in range(4)})
    assert len(bomb) < 200_000
    begin = time.process_time()
    with pytest.raises(ReadError, match="more than 50 MB"):
        read_all(tmp_path, "x.zip", bomb, ReadingSettings(archives=True, archive_mb=50, max_file_mb=1))
    assert time.process_time() - begin < 5


def test_the_limit_counts_for_all_that_is_within(tmp_path: Path) -> None:
    inner = zipped({"a.txt": b"a" * 1_500_000})
    with pytest.raises(ReadError, match="more than 2 MB"):
        read_all(
            tmp_path,
            "x.zip",
            zipped({"1.zip": inner, "2.zip": inner}),
            ReadingSettings(archives=True, archive_mb=2),
        )


def test_a_false_size_in_a_header_is_not_believed(tmp_path: Path) -> None:
    data = zipped({"a.txt": b"a" * 3_000_000})
    false = data.replace(struct.pack("<L", 3_000_000), struct.pack("<L", 10))
    documents, failed = read_all(tmp_path, "x.zip", false, ReadingSettings(archives=True, archive_mb=1))
    assert len(failed) == 1
    assert not documents


def test_the_number_of_files_is_limited(tmp_path: Path) -> None:
    inner = zipped({"c.txt": "Three.", "d.txt": "Four."})
    with pytest.raises(ReadError, match="more than 3 files") as caught:
        read_all(
            tmp_path,
            "x.zip",
            zipped({"a.txt": "One.", "b.zip": inner}),
            ReadingSettings(archives=True, archive_files=3),
        )
    assert "reading.archive_files" in caught.value.hint


@pytest.mark.parametrize(("depth", "read"), [(1, 1), (2, 2), (3, 3)])
def test_archives_within_archives_are_followed_so_deep(tmp_path: Path, depth: int, read: int) -> None:
    third = tarred({"3.txt": "Three."}, "w:gz")
    first = zipped({"1.txt": "One.", "b.zip": zipped({"2.txt": "Two.", "c.tar.gz": third})})
    documents, failed = read_all(tmp_path, "a.zip", first, ReadingSettings(archives=True, archive_depth=depth))
    paths = ["a.zip#1.txt", "a.zip#b.zip#2.txt", "a.zip#b.zip#c.tar.gz#3.txt"]
    assert [document.path for document in documents] == paths[:read]
    assert len(failed) == (depth < 3)
    assert all("reading.archive_depth" in item.hint for item in failed)


def test_a_member_over_the_limit_of_files_is_left_out(tmp_path: Path) -> None:
    packed = tarred({"a.txt": b"a" * 1_500_000, "b.txt": "Two."}, "w:gz")
    documents, failed = read_all(tmp_path, "x.tgz", packed, ReadingSettings(archives=True, max_file_mb=1))
    assert [document.path for document in documents] == ["x.tgz#b.txt"]
    assert "reading.max_file_mb" in failed[0].hint


@pytest.mark.parametrize(("name", "pack"), PACKED, ids=[name for name, _ in PACKED])
def test_a_damaged_archive_says_so(
    tmp_path: Path, name: str, pack: Callable[[Mapping[str, str | bytes]], bytes]
) -> None:
    random_bytes = random.Random(1).randbytes(200_000)
    whole = pack({"a.txt": "One.", "b.bin": random_bytes})
    for damaged in (whole[: len(whole) // 2], b"no archive at all" * 100, b""):
        with pytest.raises(ReadError):
            read_all(tmp_path, name, damaged)


# --- passwords -------------------------------------------------------------------------------------------------


def _locked(content: bytes, password: bytes) -> bytes:
    """Return a zip archive with one locked file, a.txt, as every packer since 1990 can make it."""

    def crc_of(byte: int, crc: int) -> int:
        return (zlib.crc32(bytes([byte]), crc ^ 0xFFFFFFFF)) ^ 0xFFFFFFFF

    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = crc_of(byte, keys[0])
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc_of(keys[1] >> 24, keys[2])

    for byte in password:
        update(byte)
    crc = zlib.crc32(content)
    locked = bytearray()
    for byte in bytes(11) + bytes([crc >> 24]) + content:
        mask = (keys[2] | 2) & 0xFFFF
        locked.append(byte ^ ((mask * (mask ^ 1)) >> 8 & 0xFF))
        update(byte)
    sizes = struct.pack("<LLLHH", crc, len(locked), len(content), 5, 0)
    local = struct.pack("<4s5H", b"PK\3\4", 20, 1, 0, 0, 33) + sizes + b"a.txt" + bytes(locked)
    central = (
        struct.pack("<4s6H", b"PK\1\2", 20, 20, 1, 0, 0, 33) + sizes + struct.pack("<3H2L", 0, 0, 0, 0, 0) + b"a.txt"
    )
    return local + central + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)


@pytest.mark.parametrize(("password", "encoding"), [("secret", "utf-8"), ("ひみつ", "utf-8"), ("ひみつ", "cp932")])
def test_a_locked_archive_is_opened_with_a_known_password(tmp_path: Path, password: str, encoding: str) -> None:
    data = _locked(NEKO.encode(), password.encode(encoding))
    for passwords, opens in (("wrong\nother\n", False), (f"wrong\n{password}\n", True)):
        (tmp_path / "passwords.txt").write_text(passwords, encoding="utf-8")
        settings = ReadingSettings(archives=True, password_file=str(tmp_path / "passwords.txt"))
        documents, failed = read_all(tmp_path, "x.zip", data, settings)
        assert [document.text for document in documents] == [NEKO] * opens
        assert ["None of the passwords" in item.error for item in failed] == [True] * (not opens)


def test_a_locked_archive_asks_for_a_password(tmp_path: Path) -> None:
    _, failed = read_all(tmp_path, "x.zip", _locked(b"x", b"secret"))
    assert "password" in failed[0].error
    assert "--password-file" in failed[0].hint
