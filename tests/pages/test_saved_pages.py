"""`bunko add`: a page of a real server becomes a file with facts; what may not be opened is refused."""

from __future__ import annotations

import gzip
import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.errors import PageNotAdded
from bunko.facts import facts_from
from bunko.pages import page_address as addresses
from bunko.pages.file_name import file_name_of
from bunko.pages.page_address import is_public, page_address
from bunko.pages.page_download import download_page
from bunko.pages.saved_pages import AddedPage, add_page
from bunko.server.native.uploads import safe_path
from bunko.settings import Settings
from tests.conftest import Cli
from tests.pages.web import Web, serving_pages
from tests.reading.pdfs import lines, pdf
from tests.support import make_library, make_settings

MILL = """<!doctype html><html lang="en"><head><title>The mill of Varn</title><meta name="author" content="Ada Lind">
<meta property="article:published_time" content="2024-05-04T09:00:00Z"><script>track()</script></head><body>
<header class="site-header"><nav><a href="/">Home</a></nav></header><div id="cookie-banner">We use cookies.</div>
<main><h1>The mill</h1><p>The mill was built in 1803 by the brothers Lind, and it has a wheel of oak.</p>
<table><tr><th>part</th><th>year</th></tr><tr><td>wheel</td><td>1911</td></tr></table></main>
<aside>Buy garden chairs.</aside><footer>All rights reserved.</footer></body></html>"""


@pytest.fixture
def web() -> Iterator[Web]:
    with serving_pages() as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    return tmp_path / "docs"


def add(folder: Path, url: str) -> AddedPage:
    return add_page(folder, url, settings=Settings(), networks="all")


def test_a_page_is_found_with_its_facts(web: Web, folder: Path, cli: Cli) -> None:
    url = web.put("/mill", MILL)
    added = cli("add", str(folder), url, "--allow-private", "--json").json
    assert added["path"] == "The mill of Varn.md"
    assert (added["change"], added["source"], added["date"]) == ("added", url, "2024-05-04T09:00:00+00:00")
    text = (folder / added["path"]).read_text(encoding="utf-8")
    assert "The mill was built in 1803" in text and "| wheel | 1911 |" in text
    assert not any(words in text for words in ("Home", "cookies", "chairs", "rights", "track"))
    with make_library(folder) as library:
        library.sync()
        facts = facts_from(library.records()[added["path"]].facts)
        assert (facts.title, facts.authors, facts.source) == ("The mill of Varn", ("Ada Lind",), url)
        assert facts.created == "2024-05-04T09:00:00+00:00" and facts.saved == added["saved"] and facts.language == "en"
        answer = library.ask("When was the mill built?")
        assert "1803" in answer.evidence[0].quote and answer.evidence[0].path == added["path"]
    assert "The next question" in cli("add", str(folder), web.put("/b", "<title>B</title>B"), "--allow-private").out


def test_the_same_address_updates_its_file(web: Web, folder: Path) -> None:
    url = web.put("/mill", MILL)
    assert add(folder, url).change == "added"
    assert add(folder, f"{url}#wheel").change == "unchanged"
    web.put("/mill", MILL.replace("1803", "1804").replace("<title>The mill", "<title>A mill"))
    again = add(folder, url)
    assert (again.change, again.path) == ("updated", "The mill of Varn.md")
    assert "1804" in (folder / again.path).read_text(encoding="utf-8")
    moved = folder / "old" / "mine.md"
    moved.parent.mkdir()
    (folder / again.path).rename(moved)
    web.put("/mill", MILL.replace("1803", "1805"))
    assert add(folder, url).path == "old/mine.md"
    web.put("/short", status=302, headers={"Location": "/mill"})
    assert add(folder, f"{web.url}/short").path == "old/mine.md"


def test_no_other_file_is_overwritten(web: Web, folder: Path, tmp_path: Path) -> None:
    (folder / "The mill of Varn.md").write_text(f"---\nsource: {web.url}/a\n---\nMy own note.", encoding="utf-8")
    (folder / "The mill of Varn (2).md").symlink_to(tmp_path / "outside.md")
    assert add(folder, web.put("/a", MILL)).path == "The mill of Varn (3).md"
    assert add(folder, web.put("/b", MILL)).path == "The mill of Varn (4).md"
    assert "My own note." in (folder / "The mill of Varn.md").read_text(encoding="utf-8")
    assert not (tmp_path / "outside.md").exists()
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_japanese_pages(web: Web, folder: Path) -> None:
    body = "<title>水車小屋の歴史：1803年/古い写真</title><p>水車小屋は1803年に建てられた。</p>"
    added = add(folder, web.put("/ja", body.encode("cp932"), kind="text/html; charset=Shift_JIS"))
    assert added.path == "水車小屋の歴史：1803年 古い写真.md"
    assert "水車小屋は1803年に建てられた。" in (folder / added.path).read_text(encoding="utf-8")
    web.put("/%E6%B0%B4%E8%BB%8A", body)
    assert add(folder, f"{web.url}/水車").path.endswith("(2).md")


def test_a_pdf_and_a_text(web: Web, folder: Path) -> None:
    url = web.put("/files/report.pdf", pdf(lines("The mill was built in 1803.")), kind="application/octet-stream")
    added = add(folder, url)
    assert (added.path, added.title) == ("report.pdf", "report")
    notes = web.put(
        "/notes.txt",
        "The well is 31 metres deep.",
        kind="text/plain",
        headers={"Last-Modified": "Sat, 04 May 2024 09:00:00 GMT"},
    )
    text = add(folder, notes)
    assert (text.path, text.date) == ("notes.md", "2024-05-04")
    with make_library(folder) as library:
        library.sync()
        records = library.records()
        assert set(records) == {"report.pdf", "notes.md"}
        assert facts_from(records["report.pdf"].facts).source == url
        assert facts_from(records["notes.md"].facts).created == "2024-05-04"
    assert add(folder, url).change == "unchanged"
    web.put("/files/report.pdf", pdf(lines("The mill was built in 1804.")), kind="application/pdf")
    assert (add(folder, url).change, add(folder, url).path) == ("updated", "report.pdf")


def test_a_title_with_quotation_marks(web: Web, folder: Path) -> None:
    title = 'He said: "it\'s \\ 5" # and [x]'
    added = add(folder, web.put("/q", f"<title>{title}</title><p>Text.</p>"))
    with make_library(folder) as library:
        library.sync()
        assert facts_from(library.records()[added.path].facts).title == title


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ({"kind": "image/png"}, "is image/png, not a web page"),
        ({"kind": "application/zip"}, "is application/zip"),
        ({"status": 404}, "There is no page"),
        ({"status": 403}, "denied"),
        ({"status": 500}, "HTTP 500"),
        ({"body": "<script>draw()</script>"}, "no text"),
        ({"body": "x", "headers": {"Content-Encoding": "br"}}, "packed as 'br'"),
        ({"body": "x", "headers": {"Content-Encoding": "gzip"}}, "can't be read"),
        ({"status": 302, "headers": {"Location": "file:///etc/passwd"}}, "does not begin with http"),
        ({"status": 302, "headers": {"Location": "/page"}}, "more than 8 times"),
        ({"body": b"%PDF-1.4 broken", "kind": "application/pdf"}, "can't be read"),
    ],
)
def test_what_is_not_saved(page: dict[str, Any], message: str, web: Web, folder: Path) -> None:
    with pytest.raises(PageNotAdded, match=message) as caught:
        add(folder, web.put("/page", **page))
    assert caught.value.hint
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a.example/",
        "a.example",
        "http://",
        "http://me:secret@a.example/",
        "http://a b/",
        "javascript:1",
        "http://[::1",
        "http://a.example:99999/",
        "\n",
        "http://a.example:0/",
    ],
)
def test_what_is_no_address_of_a_page(url: str) -> None:
    with pytest.raises(PageNotAdded):
        page_address(url)


# --- the network --------------------------------------------------------------------------------------------------


def test_offline_asks_nobody(web: Web, folder: Path, cli: Cli) -> None:
    url = web.put("/mill", MILL)
    cli("add", str(folder), url, "--allow-private", "--offline").assert_clear(1, "offline")
    with pytest.raises(PageNotAdded, match="offline"), make_library(folder, offline=True) as library:
        library.add_page(url, networks="all")
    assert web.asked == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "127.0.0.1.",
    ],
)
def test_this_machine_is_refused(host: str, web: Web, folder: Path, cli: Cli) -> None:
    port = web.url.rpartition(":")[2]
    with pytest.raises(PageNotAdded):
        add_page(folder, f"http://{host}:{port}/mill", settings=Settings())
    assert web.asked == []
    assert list(folder.iterdir()) == []


def test_the_refusal_names_the_cure(web: Web, folder: Path, cli: Cli) -> None:
    cli("add", str(folder), f"{web.url}/mill").assert_clear(1, "address of this machine", "--allow-private")


@pytest.mark.parametrize(
    "machine",
    "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 240.0.0.1 255.255.255.255 "
    "::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12::1 fec0::1 ff02::1 ::ffff:10.0.0.1 64:ff9b::10.0.0.1 2002:7f00:1::1 "
    "::127.0.0.1 2001:db8::1 192.0.2.1".split(),
)
def test_machines_that_are_not_public(machine: str) -> None:
    assert not is_public(machine)


@pytest.mark.parametrize("machine", ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_machines_of_the_internet(machine: str) -> None:
    assert is_public(machine)


def test_each_hop_is_checked(web: Web, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first server stands for one on the internet: of this machine, only its address counts as public."""
    with serving_pages("127.0.0.2" if sys.platform == "linux" else "localhost") as inside:
        monkeypatch.setattr(addresses, "is_public", lambda machine: machine == "127.0.0.1")
        target = inside.put("/secret", MILL)
        web.put("/b", status=301, headers={"Location": target})
        url = web.put("/a", status=302, headers={"Location": "/b"})
        with pytest.raises(PageNotAdded, match="address of this machine"):
            add_page(folder, url, settings=Settings())
        assert [path for _, path in web.asked] == ["/a", "/b"]
        assert inside.asked == []


def test_the_connection_goes_to_the_address_that_was_checked(
    web: Web, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is looked up once: what it leads to afterwards does not matter."""
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
        looked_up.append(str(host))
        return real("127.0.0.1" if host == "rebinding.example" else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    port = web.url.rpartition(":")[2]
    web.put("/mill", MILL)
    assert add(folder, f"http://rebinding.example:{port}/mill").change == "added"
    assert looked_up.count("rebinding.example") == 1
    assert web.asked == [(f"rebinding.example:{port}", "/mill")]


def test_limits_on_size_and_time(web: Web) -> None:
    large = page_address(web.put("/large", b"a" * 3_000))
    bomb = page_address(web.put("/bomb", gzip.compress(b"a" * 5_000_000), headers={"Content-Encoding": "gzip"}))
    for address in (large, bomb):
        with pytest.raises(PageNotAdded, match="more than 2,000 bytes"):
            download_page(address, networks="all", most_bytes=2_000)
    assert download_page(bomb, networks="all").data == b"a" * 5_000_000
    slow = page_address(web.put("/slow", b"a" * 100, drip_s=0.1))
    with pytest.raises(PageNotAdded, match="took longer than"):
        download_page(slow, networks="all", longest_s=0.5)


def test_a_server_that_does_not_answer(folder: Path) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    with pytest.raises(PageNotAdded, match="can't be reached"):
        add(folder, f"http://127.0.0.1:{port}/")


# --- names --------------------------------------------------------------------------------------------------------


@given(
    st.one_of(
        st.text(max_size=80),
        st.sampled_from(
            [
                "con.txt",
                "COM1 .x",
                "a.lance",
                ".bunko",
                "~$x",
                "node_modules",
                "é" * 200,
                "a" * 149 + "あ",
                "CON_.lance",
            ]
        ),
    )
)
def test_every_title_gives_a_safe_name(title: str) -> None:
    name = file_name_of(title)
    assert safe_path(f"{name}.md") == f"{name}.md"
    assert safe_path(f"{name} (999).pdf") and "/" not in name
    assert file_name_of(name) == name


def test_the_folder_must_be_one(web: Web, tmp_path: Path, cli: Cli) -> None:
    cli("add", str(tmp_path / "missing"), f"{web.url}/mill", "--allow-private").assert_clear(1, "no folder")
    assert json.dumps(web.asked) == "[]"
    assert make_settings().offline is False
