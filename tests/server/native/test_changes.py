"""What may be put on the server's disk: files within the folder alone, of known kinds; conversations, if allowed."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.errors import BunkoError, InvalidRequest
from bunko.server.hosting.host import Host
from bunko.server.native.uploads import safe_path, target_in
from tests.server.support import events_of, make_host, serving
from tests.support import CATS, write_files

Work = Callable[[httpx.AsyncClient], Awaitable[None]]
FILES = "/api/libraries/docs/files"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path / "docs", {"cats.txt": CATS})


def run(root: Path, work: Work, **values: Any) -> None:
    async def all_of_it() -> None:
        async with serving(make_host([root], **values)) as client:
            await work(client)

    asyncio.run(all_of_it())


def listed(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if ".bunko/" not in path.as_posix())


def test_a_file_is_put_into_the_folder_and_answered_from(root: Path) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        sent = await client.put(FILES, params={"path": "新しい/船.txt"}, content="その船は1912年に沈んだ。".encode())
        assert (sent.status_code, sent.json()) == (201, {"path": "新しい/船.txt", "bytes": 34})
        report = (await client.post("/api/libraries/docs/sync", headers={"accept": "application/json"})).json()
        assert report["documents"] == 2
        found = (await client.post("/api/libraries/docs/search", json={"query": "船"})).json()
        assert found["hits"][0]["path"] == "新しい/船.txt"

    run(root, work)
    assert not [name for name in listed(root) if "upload" in name]


def test_a_file_is_replaced_only_where_that_is_asked_for(root: Path) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        taken = await client.put(FILES, params={"path": "cats.txt"}, content=b"dogs")
        assert (taken.status_code, taken.json()["error"]["type"]) == (409, "NameTaken")
        assert (root / "cats.txt").read_text() == CATS
        put = await client.put(FILES, params={"path": "cats.txt", "replace": "true"}, content=b"dogs")
        assert put.status_code == 201
        assert (root / "cats.txt").read_text() == "dogs"

    run(root, work)


BAD_NAMES = (
    *("../out.txt", "a/../../out.txt", "/etc/cron.d/x.txt", "//x.txt", "a//b.txt", "./x.txt", ".bunko/config.toml"),
    *(".hidden.txt", "a/.git/x.txt", "C:\\x.txt", "C:x.txt", "..\\out.txt", "a\\b.txt", "x.txt\x00.pdf", "a\nb.txt"),
    *("con.txt", "NUL.txt", "lpt1.md", "aux/x.txt", "x.txt.", "x.txt ", " x.txt", "dir./x.txt", "x\u202etxt.md"),
    *("sub/documents.lance/x.txt", "Chunks.LANCE/x.txt", "node_modules/x.md", "a/__pycache__/x.txt", "~$x.docx"),
    *("x.txt:stream", "a?.txt", "*.txt", "|x.txt", "a" * 300 + ".txt", "/".join("abcdefghijkl") + ".txt", "~/x.txt/"),
)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_leads_elsewhere_or_is_none_is_refused(root: Path, name: str) -> None:
    with pytest.raises(InvalidRequest):
        safe_path(name)


def test_nothing_gets_out_of_the_folder(root: Path) -> None:
    before = listed(root.parent)

    async def work(client: httpx.AsyncClient) -> None:
        for name in BAD_NAMES:
            sent = await client.put(FILES, params={"path": name}, content=b"x")
            assert sent.status_code in (415, 422), name
            assert set(sent.json()) == {"error"}
        for raw in ("..%2fout.txt", "%2e%2e/out.txt", "..%5cout.txt", "a%00.txt", "..%252fout.txt"):
            sent = await client.put(f"{FILES}?path={raw}", content=b"x")
            assert sent.status_code in (201, 422), raw  # a name with a % in it is a name

    run(root, work)
    after = [name for name in listed(root.parent) if not name.startswith("docs/..%2fout")]
    assert [name for name in after if name not in before and ".bunko" not in name] == []


@given(st.text(max_size=60))
def test_whatever_the_name_the_place_is_within_the_folder(name: str) -> None:
    root = Path(__file__).parent
    try:
        safe = safe_path(name)
        target = target_in(root, safe, existing="replace")
    except BunkoError:
        return
    assert root in target.parents
    assert ".." not in target.parts
    assert not any(part.startswith(".") for part in target.relative_to(root).parts)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_leads_no_upload_out_of_the_folder(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = outside / "secret.txt"
    secret.write_text("secret")
    (root / "way").symlink_to(outside)
    (root / "link.txt").symlink_to(secret)

    async def work(client: httpx.AsyncClient) -> None:
        for name in ("way/x.txt", "link.txt", "way/secret.txt"):
            sent = await client.put(FILES, params={"path": name, "replace": "true"}, content=b"overwritten")
            assert sent.status_code == 422, name
        seen = await client.get("/api/libraries/docs/text", params={"path": "link.txt"})
        assert seen.status_code == 404

    run(root, work)
    assert secret.read_text() == "secret"
    assert [path.name for path in outside.iterdir()] == ["secret.txt"]


def test_kinds_and_sizes_are_limited(root: Path) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        for name in ("x.exe", "x", "x.zip", "x.txt.exe", "x.html.lnk", "x.7z"):
            sent = await client.put(FILES, params={"path": name}, content=b"x")
            assert (sent.status_code, sent.json()["error"]["type"]) == (415, "UploadRefused"), name
        large = await client.put(FILES, params={"path": "large.txt"}, content=b"x" * 1_000_001)
        assert (large.status_code, large.json()["error"]["type"]) == (413, "UploadTooLarge")

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(11):
                yield b"x" * 100_000

        unannounced = await client.put(FILES, params={"path": "large.txt"}, content=pieces())
        assert unannounced.status_code == 413
        fits = await client.put(FILES, params={"path": "fits.txt"}, content=b"x" * 1_000_000)
        assert fits.status_code == 201

    run(root, work, server__upload_mb=1)
    assert [name for name in listed(root) if not name.startswith(".bunko")] == ["cats.txt", "fits.txt"]


def test_uploads_can_be_switched_off(root: Path) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        assert (await client.put(FILES, params={"path": "x.txt"}, content=b"x")).status_code == 403

    run(root, work, server__upload=False)


def test_a_sync_tells_how_far_it_is(root: Path) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        write_files(root, {f"{n}.txt": CATS for n in range(30)})
        events = events_of((await client.post("/api/libraries/docs/sync")).text)
        assert events[-1][0] == "finished"
        assert events[-1][1]["documents"] == 31
        assert all(set(value) == {"stage", "done", "total"} for name, value in events if name == "progress")

    run(root, work)


CONVERSATIONS = "/api/libraries/docs/conversations"
NAME = "abcdefghijklmnop0123"


def test_conversations_are_kept_for_this_user_alone(root: Path) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        body = {"title": "猫について", "turns": [{"question": "猫は？", "answer": {"answer": "屋根"}}]}
        kept = (await client.put(f"{CONVERSATIONS}/{NAME}", json=body)).json()
        assert abs(kept["updated"] - time.time()) < 60
        (row,) = (await client.get(CONVERSATIONS)).json()["conversations"]
        assert row == {"id": NAME, "title": "猫について", "updated": kept["updated"], "pinned": False}
        assert (await client.get(f"{CONVERSATIONS}/{NAME}")).json()["turns"] == body["turns"]
        file = root / ".bunko" / "conversations" / f"{NAME}.json"
        if os.name != "nt":
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert (await client.delete(f"{CONVERSATIONS}/{NAME}")).status_code == 204
        assert (await client.get(f"{CONVERSATIONS}/{NAME}")).status_code == 404
        assert (await client.delete(f"{CONVERSATIONS}/{NAME}")).status_code == 404
        for name in (
            "short",
            "..%2f..%2fconfig",
            "a" * 65,
            "abcdefghijklmnop.json",
            "ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰ",
        ):
            assert (await client.put(f"{CONVERSATIONS}/{name}", json=body)).status_code in (404, 422), name

    run(root, work)


def test_a_pin_is_kept_with_its_conversation(root: Path) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        body = {"title": "Cats", "turns": [{"question": "Cats?"}]}
        kept = (await client.put(f"{CONVERSATIONS}/{NAME}", json=body)).json()
        pinned = (await client.put(f"{CONVERSATIONS}/{NAME}", json=body | {"pinned": True})).json()
        assert pinned["pinned"] is True
        assert pinned["updated"] == kept["updated"], "nothing was said"
        (row,) = (await client.get(CONVERSATIONS)).json()["conversations"]
        assert row["pinned"] is True
        more = body | {"turns": [*body["turns"], {"question": "And ships?"}]}
        assert (await client.put(f"{CONVERSATIONS}/{NAME}", json=more)).json()["pinned"] is True
        assert (await client.put(f"{CONVERSATIONS}/{NAME}", json=more | {"pinned": False})).json()["pinned"] is False

    run(root, work)


def test_conversations_that_others_put_there_are_read_with_care(root: Path) -> None:
    folder = root / ".bunko" / "conversations"
    write_files(folder, {f"{NAME}.json": "[]", "abcdefghijklmnop1234.json": "[" * 100_000, "short.json": "{}"})
    if os.name != "nt":
        (folder / "abcdefghijklmnop5678.json").symlink_to("/etc/passwd")

    async def work(client: httpx.AsyncClient) -> None:
        assert (await client.get(CONVERSATIONS)).json() == {"conversations": []}
        assert (await client.get(f"{CONVERSATIONS}/{NAME}")).status_code == 404

    run(root, work)


def test_conversations_can_be_switched_off(root: Path) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        assert (await client.get(CONVERSATIONS)).status_code == 403
        assert (await client.get("/api/about")).json()["history"] == "off"

    run(root, work, server__history="off")


def test_beyond_this_machine_none_are_kept_unless_that_is_said(root: Path) -> None:
    host: Host = make_host([root], server__host="0.0.0.0")
    assert host.history == "off"
    host.close()
