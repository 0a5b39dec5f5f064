"""The page's files: complete, safe, in two languages; its pure modules; pictures of PDFs over HTTP."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bunko
from bunko.server.native.pages import digest_of, index_html, page_files
from tests.browsing import browser
from tests.server.page.support import (
    KYOTO,
    Open,
    library,
    module,
    opened,
)

if TYPE_CHECKING:
    pass

ROOT = Path(__file__).parents[3]
__all__ = ["browser", "library", "opened"]  # fixtures


def text_of(name: str) -> str:
    return page_files()[name].data.decode()


def scripts() -> dict[str, str]:
    """Return our own scripts; those of others are named in docs/decisions/030-page.md."""
    found = page_files().items()
    return {name: file.data.decode() for name, file in found if name.endswith(".js") and ".min." not in name}


def test_the_page_names_all_its_files_and_holds_no_script_or_style() -> None:
    found = page_files()
    index = index_html(found, "/page/x").decode()
    assert "{{" not in index
    named = set(re.findall(r'"/page/x/([^"]+)"', index))
    assert named == set(found) - {"index.html"}
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", index)


def test_no_text_is_read_as_markup_and_nothing_comes_from_elsewhere() -> None:
    for name, script in scripts().items():
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser", script
        ), name
        addresses = set(re.findall(r"https?://[^\s\"'`]+", script))
        assert addresses <= {"http://www.w3.org/2000/svg"}, name  # the name of SVG, which nobody fetches
        for imported in re.findall(r"from \"([^\"]+)\"", script):
            assert imported.startswith("./")
            assert imported[2:] in page_files()
    for name in page_files():
        if name.endswith(".css"):
            assert not re.search(r"url\(|@import", text_of(name))


VENDORED = {"markdown-it.min.js": "14.3.3", "katex.min.js": "0.16.47", "purify.min.js": "3.5.0"}


def test_what_others_wrote_is_whole_and_has_its_licence() -> None:
    found = page_files()
    folder = Path(bunko.__file__).parent / "server" / "page" / "vendor"
    assert {name for name in found if ".min." in name} == set(VENDORED)
    decision = (ROOT / "docs" / "decisions" / "030-page.md").read_text(encoding="utf-8")
    for name, version in VENDORED.items():
        licence = folder / f"LICENSE-{name.partition('.')[0].replace('purify', 'dompurify')}.txt"
        assert "Copyright" in licence.read_text(encoding="utf-8") or "Apache" in licence.read_text(encoding="utf-8")
        assert version.encode() in found[name].data
        assert version in decision
        assert hashlib.sha256(found[name].data).hexdigest() in decision
        assert not re.search(rb"\beval\(|new Function|sourceMappingURL|XMLHttpRequest|WebSocket", found[name].data)


def words(language: str) -> dict[str, str]:
    entry = re.compile(r"(?:^ +|, )(\w+): \"((?:[^\"\\]|\\.)*)\"", re.MULTILINE)
    return dict(entry.findall(text_of(f"strings.{language}.js")))


def test_both_languages_have_the_same_words() -> None:
    english, japanese = words("en"), words("ja")
    assert len(english) > 200
    plural = {name for name in english if name.endswith("_one")}  # Japanese has none
    assert english.keys() - plural == japanese.keys()
    for name, text in english.items():
        if name not in plural:
            places, others = (set(re.findall(r"\{\w+\}", one)) for one in (text, japanese[name]))
            assert places == others or name == "welcomeLibrary", name


def test_all_words_that_are_used_are_there() -> None:
    english = words("en")
    used = {key for script in scripts().values() for key in re.findall(r"\bt\(\"(\w+)\"", script)}
    used |= {key for key, _ in re.findall(r"\[\"((?:note|fail|hint)\w+)\", (/)", text_of("messages.js"))}
    used |= set(re.findall(r"\[\"[^\"]+\", \"(key_\w+)\"\]", text_of("dialogs.js")))
    assert len(used) > 120
    assert used <= english.keys()
    prefixes = ("error_", "stage_", "syncStage_", "language_", "kind_", "keep_", "style_", "think_", "set_", "sync_")
    unused = {name for name in english if name not in used and not name.startswith(prefixes)}
    everything = "".join(scripts().values())
    assert not {
        name
        for name in unused
        if not re.search(
            rf"\b{name.removesuffix('_one')}\b",
            everything.replace(text_of("strings.en.js"), "").replace(text_of("strings.ja.js"), ""),
        )
    }


def test_offsets_are_counted_in_code_points(opened: Open) -> None:
    page = opened()
    for start, end in [(0, 1), (0, 4), (3, 9), (4, len(KYOTO)), (7, 7)]:
        ranges = json.dumps([{"start": start + 100, "end": end + 100, "kind": "cited"}])
        found = module(page, "codepoints.js", f"m.pieces({json.dumps(KYOTO)}, 100, {ranges})")
        assert "".join(piece["text"] for piece in found) == KYOTO
        assert "".join(piece["text"] for piece in found if "cited" in piece["kinds"]) == KYOTO[start:end]
        for piece in found:
            assert KYOTO[piece["start"] - 100 :].startswith(piece["text"])
    assert module(page, "codepoints.js", f"m.lengthOf({json.dumps(KYOTO)})") == len(KYOTO)


def test_events_arrive_in_any_pieces(opened: Open) -> None:
    page = opened()
    stream = ': \n\nevent: text\ndata: {"text":"日本"}\n\nevent: finished\r\ndata: {"a":\ndata: 1}\r\n\r\n'
    for size in (1, 2, 5, 1000):
        found = module(
            page,
            "api.js",
            f"(() => {{ const parse = m.parser(), s = {json.dumps(stream)}, all = [];"
            f" for (let n = 0; n < s.length; n += {size}) all.push(...parse(s.slice(n, n + {size})));"
            " return all; })()",
        )
        assert found == [{"event": "text", "data": {"text": "日本"}}, {"event": "finished", "data": {"a": 1}}]


def test_each_sentence_is_found_with_one_state(opened: Open) -> None:
    page = opened()
    text = "One two. Three four. Five. Three four."
    citations = [
        {"n": 2, "sentence": "One two.", "verified": True},
        {"n": 1, "sentence": "One two.", "verified": False},
        {"n": 1, "sentence": "Not there.", "verified": True},
        {"n": 3, "sentence": "Five.", "verified": False},
    ]
    unsupported = ["Three four.", "Five."]
    call = f"m.sentencesOf({json.dumps(text)}, {json.dumps(citations)}, {json.dumps(unsupported)})"
    found = module(page, "marks.js", call)
    told = [
        (text[one["start"] : one["end"]], one["unsupported"], [mark["n"] for mark in one["marks"]])
        for one in found["sentences"]
    ]
    # What is supported does not show what else came near; what is said twice is marked twice.
    assert told == [
        ("One two.", False, [2]),
        ("Three four.", True, []),
        ("Five.", True, [3]),
        ("Three four.", True, []),
    ]
    assert [mark["n"] for mark in found["loose"]] == [1]


def test_markdown_makes_no_link_and_no_picture(opened: Open) -> None:
    page = opened()
    hostile = "![x](https://evil.example/?q) <img src=x> `a` # not a heading\n# no\n- no\n1. no"
    hostile += " www.evil.example a_b_c ~~x~~ | y"
    found = module(page, "export.js", f"m.escaped({json.dumps(hostile)})")
    assert not re.search(r"(?<!\\)[!\[\]`_~|<](?!!-- -->)", found.replace("<!-- -->", ""))
    assert "https:" not in found
    assert "www." not in found
    assert "\n\\# no\n\\- no\n1\\. no" in found


def test_files_come_with_their_types_and_are_kept_by_version(library: str) -> None:
    httpx = pytest.importorskip("httpx")
    with httpx.Client(base_url=library, trust_env=False) as client:
        index = client.get("/")
        assert index.headers["content-type"] == "text/html; charset=utf-8"
        assert index.headers["cache-control"] == "no-cache"
        assert "script-src 'self'" in index.headers["content-security-policy"]
        assert client.get("/", headers={"If-None-Match": index.headers["etag"]}).status_code == 304
        base = f"/page/{digest_of(page_files())}"
        for name, kind in [("app.js", "text/javascript"), ("page.css", "text/css"), ("icon.svg", "image/svg+xml")]:
            got = client.get(f"{base}/{name}")
            assert got.headers["content-type"].startswith(kind)
            assert "immutable" in got.headers["cache-control"]
            assert client.get(f"/page/older/{name}").headers["cache-control"] == "no-store"
        for path in (f"{base}/index.html", f"{base}/..%2fpages.py", f"{base}/nothing.js", f"{base}/../pages.py"):
            assert client.get(path).status_code == 404


def test_pictures_are_of_documents_of_the_library_only(library: str) -> None:
    httpx = pytest.importorskip("httpx")
    with httpx.Client(base_url=f"{library}/api/libraries/valley", trust_env=False) as client:
        got = client.get("/page", params={"path": "report.pdf", "page": 2})
        assert got.headers["content-type"] == "image/png"
        assert (got.headers["x-page-count"], got.headers["x-marked"]) == ("2", "0")
        for path, status in [
            ("mill.txt", 422),
            ("../valley/report.pdf", 404),
            ("/etc/passwd", 404),
            ("broken.pdf", 404),
        ]:
            got = client.get("/page", params={"path": path})
            assert (got.status_code, set(got.json()["error"])) == (status, {"type", "message", "hint"})
        assert client.get("/page", params={"path": "report.pdf", "page": 3}).status_code == 422
        assert client.get("/page", params={"path": "report.pdf", "page": 0}).status_code == 422
