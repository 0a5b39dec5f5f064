"""What people expect of a page: models, questions, conversations, files and libraries. In a real Chromium."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bunko.server.hosting.host import Host
from bunko.server.hosting.made_libraries import MadeLibraries
from bunko.server.http.access import Access
from tests.browsing import browser
from tests.server.page.support import (
    FILES,
    Open,
    Tab,
    ask,
    folder,
    library,
    module,
    opened,
    running,
    sent_in,
    served,
    wait_for,
)
from tests.server.page.test_use import DROP
from tests.server.support import FakeEngines
from tests.support import make_settings, write_files

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

__all__ = ["browser", "library", "opened"]  # fixtures
MILL = "Who built the water mill of Ashford?"


def test_a_question_is_asked_again_and_edited(opened: Open) -> None:
    page = opened()
    ask(page, MILL)
    ask(page, "Where was the bell of Saint Aldhelm cast?")
    with page.expect_request("**/ask") as request:
        page.locator(".turn").last.get_by_role("button", name="Ask again").click()
    assert "answers" not in sent_in(request)  # not the answer that was kept
    wait_for(page, ("done",), 2)
    page.locator(".turn").first.get_by_role("button", name="Edit the question").click()
    field = page.locator(".edit textarea")
    assert field.input_value() == MILL
    page.keyboard.press("Escape")
    assert page.locator(".turn").first.locator("h2").inner_text() == MILL
    page.locator(".turn").first.get_by_role("button", name="Edit the question").press("Enter")
    page.locator(".edit textarea").fill("Who is the keeper of the lighthouse?")
    page.keyboard.press("Enter")
    wait_for(page, ("done",), 1)  # what came after is gone
    assert page.locator(".question").all_inner_texts() == ["Who is the keeper of the lighthouse?"]


def test_conversations_are_searched_pinned_renamed_and_deleted_beside_the_questions(opened: Open) -> None:
    page = opened()
    for question in (MILL, "Where was the bell cast?"):
        ask(page, question)
        page.get_by_role("button", name="New conversation").click()
    side = page.locator("#side")
    names = side.locator(".path")
    side.locator(".path", has_text="bell").wait_for()
    assert names.all_inner_texts() == ["Where was the bell cast?", MILL]
    side.locator("li", has_text="mill").hover()
    side.get_by_role("button", name=f"Pin “{MILL}”").click()
    assert names.all_inner_texts() == [MILL, "Where was the bell cast?"]
    assert page.evaluate("document.activeElement.dataset.act") == "pin"
    side.get_by_role("button", name="Rename “Where was").press("Enter")
    page.keyboard.type("鐘について")
    page.keyboard.press("Enter")
    side.locator(".path", has_text="鐘について").wait_for()
    page.reload()
    side.locator(".path", has_text="鐘について").wait_for()
    assert names.all_inner_texts() == [MILL, "鐘について"]
    side.get_by_role("searchbox").fill("leuven")  # a word of the answer
    page.wait_for_timeout(100)
    assert names.all_inner_texts() == ["鐘について"]
    names.first.click()
    page.locator(".turn .answer").wait_for()
    assert page.title() == "鐘について – Bunko"
    side.get_by_role("button", name="Delete “鐘について”").press("Enter")
    side.locator(".path", has_text="鐘について").wait_for(state="detached")
    page.get_by_role("button", name="Conversations").click()
    assert side.is_hidden()


def test_a_pin_of_a_conversation_on_the_server_is_there_in_another_browser(browser: Browser, tmp_path: Path) -> None:
    with served(folder(tmp_path / "a")) as url:
        for turn in ("pinned here", "seen there"):
            tab = Tab(browser, url)  # with nothing of the one before
            page = tab.open()
            page.get_by_role("link", name="History").click()
            page.get_by_label("The server’s disk").check()
            if turn == "pinned here":
                page.get_by_role("link", name="Ask").click()
                for question in (MILL, "Where was the bell cast?"):
                    ask(page, question)
                    page.get_by_role("button", name="New conversation").click()
                page.get_by_role("link", name="History").click()
            names = page.locator(".conversations.whole .path")
            names.nth(1).wait_for()
            if turn == "pinned here":
                assert names.all_inner_texts() == ["Where was the bell cast?", MILL]
                page.get_by_role("button", name=f"Pin “{MILL}”").last.click()
                page.locator(".conversations.whole li.pinned").wait_for()
            assert names.all_inner_texts() == [MILL, "Where was the bell cast?"]
            tab.close()


def test_the_original_is_saved_from_its_source(opened: Open) -> None:
    page = opened()
    ask(page, MILL)
    page.locator(".card .path").first.click()
    with page.expect_download() as download:
        page.locator("#source").get_by_role("button", name="Save the original of mill.txt").click()
    assert Path(download.value.path()).read_bytes() == str(FILES["mill.txt"]).encode()


def test_the_model_is_named_beside_the_question_and_chosen(browser: Browser, tmp_path: Path) -> None:
    with served(folder(tmp_path / "a"), server__models=("/models/one.gguf", "/models/two.gguf")) as url:
        tab = Tab(browser, url)
        page = tab.open()
        choice = page.get_by_label("Model that answers")
        choice.locator("option").nth(1).wait_for(state="attached")  # they come after the page
        assert choice.locator("option").all_inner_texts() == ["one", "two"]
        choice.select_option("two")
        with page.expect_request("**/ask") as request:
            ask(page, MILL)
        assert sent_in(request)["model"] == "two"
        tab.close()


def test_headings_are_suggested_and_asked_on_click(browser: Browser, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "garden.md": "# Garden\n\n## Planting\n\nThe apple trees were planted in 1987.",
        "庭.md": "# 庭\n\n## 水やり\n\n水は井戸から来ます。",
    }
    with served(folder(tmp_path / "a", files), answers__strictness=0.0) as url:
        tab = Tab(browser, url)
        page = tab.open()
        chip = page.get_by_role("button", name="What is said about “Planting”?")
        chip.wait_for()
        assert page.get_by_role("button", name="「水やり」について教えてください。").get_attribute("lang") == "ja"
        chip.click()
        wait_for(page, ("done",), 1)
        assert page.locator(".question").inner_text() == "What is said about “Planting”?"
        tab.close()


def test_files_are_chosen_saved_and_deleted(browser: Browser, tmp_path: Path) -> None:
    root = folder(tmp_path / "a")
    with served(root, answers__strictness=0.0) as url:
        tab = Tab(browser, url)
        page = tab.open()
        page.get_by_role("button", name="1 could not be read").click()
        page.locator("li.document.failed").wait_for()
        assert page.locator("li.document").count() == 1
        assert "4 documents · 1 could not be read" in page.locator(".documents .lead").inner_text()
        page.get_by_role("button", name="All", exact=True).click()
        page.locator("li.document", has_text="mill.txt").wait_for()
        with page.expect_download() as download:
            page.get_by_role("button", name="Save the original of 京都/寺.txt").click()
        assert download.value.suggested_filename == "寺.txt"
        assert Path(download.value.path()).read_text(encoding="utf-8") == FILES["京都/寺.txt"]
        page.get_by_label("Ask only mill.txt").check()
        assert "Asking mill.txt only." in page.locator(".documents .scope").inner_text()
        page.get_by_role("link", name="Ask them").click()
        with page.expect_request("**/ask") as request:
            ask(page, MILL)
        assert sent_in(request)["only"] == ["mill.txt"]
        assert {"mill.txt"} == set(page.locator(".card .path").all_inner_texts())
        page.get_by_role("button", name="Ask all documents").click()
        page.get_by_role("link", name="Documents").click()
        page.get_by_role("button", name="Delete mill.txt").click()
        assert page.evaluate("document.activeElement.textContent") == "Cancel"
        assert (root / "mill.txt").exists()
        page.get_by_role("button", name="Delete the file").click()
        page.locator("li.document", has_text="mill.txt").wait_for(state="detached")
        assert not (root / "mill.txt").exists()
        tab.close()


def test_a_locked_file_is_unlocked(browser: Browser, tmp_path: Path) -> None:
    ooxml = pytest.importorskip("msoffcrypto.format.ooxml")
    from tests.server.native.test_managing import _docx

    root = write_files(tmp_path / "a", {"b.txt": "The sea.", "plain": _docx("The secret mill was built in 1811.")})
    with (root / "plain").open("rb") as file, (root / "locked.docx").open("wb") as out:
        ooxml.OOXMLFile(file).encrypt("秘密 pass", out)
    (root / "plain").unlink()
    with served(root) as url:
        tab = Tab(browser, url, locale="ja-JP")
        page = tab.open("/#documents")
        page.get_by_label("ファイルのパスワード").fill("秘密 pass")
        page.get_by_role("button", name="開く").click()
        page.locator(".sync .done").wait_for()
        page.locator("li.document button.path", has_text="locked.docx").wait_for()
        assert "秘密" not in page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")
        tab.close()


def test_the_first_files_are_chosen_on_the_empty_page(browser: Browser, tmp_path: Path) -> None:
    mill = write_files(tmp_path / "papers", {"mill.txt": "The mill was built in 1803 by Thomas Croft."}) / "mill.txt"
    with running(host_of(tmp_path / "home", answers__strictness=0.0), access=Access(token="a-good-token")) as url:
        tab = Tab(browser, url, expected="status of 422")  # the list, before there is an index
        page = tab.open("/#token=a-good-token")
        with page.expect_file_chooser() as chooser:
            page.locator(".welcome button", has_text="Choose files").click()
        chooser.value.set_files(mill)
        page.locator(".sync .done").wait_for()
        assert (tmp_path / "home" / "My documents" / "mill.txt").read_bytes() == mill.read_bytes()
        tab.close()


def host_of(home: Path, **values: object) -> Host:
    settings = make_settings(**values)
    made = MadeLibraries(home=home)
    engines = FakeEngines(settings)
    return Host(made.folders(), settings=settings, engines=engines, library_settings=lambda _: settings, made=made)


def test_an_empty_page_takes_files_or_a_folder(browser: Browser, tmp_path: Path) -> None:
    papers = write_files(tmp_path / "papers", {"b.txt": "The windmill of Emden was built in 1811 by Karl Weber."})
    with running(host_of(tmp_path / "home", answers__strictness=0.0), access=Access(token="a-good-token")) as url:
        tab = Tab(browser, url, expected="status of 422")
        page = tab.open("/#token=a-good-token")
        page.get_by_text("Where are your documents?").wait_for()
        page.get_by_text("Use a folder of this machine").click()
        page.locator(".folders li").first.wait_for()
        page.get_by_label("Folder", exact=True).fill(str(tmp_path))
        page.get_by_label("Folder", exact=True).press("Tab")
        page.locator(".folders").get_by_role("button", name="papers").click()
        until = time.monotonic() + 30
        while page.get_by_label("Folder", exact=True).input_value() != str(papers):
            assert time.monotonic() < until
            page.wait_for_timeout(20)
        page.get_by_role("button", name="Use this folder").click()
        page.get_by_text("papers: one document.").wait_for()
        ask(page, "Who built the windmill?")
        assert "Karl Weber" in page.locator(".answer").inner_text()
        page.get_by_role("button", name="Libraries").click()
        page.get_by_role("button", name="Remove papers from the list").click()
        page.get_by_role("button", name="Remove it").click()
        page.get_by_text("Where are your documents?").wait_for()
        assert (papers / "b.txt").exists()
        page.evaluate(DROP, ["sea.txt", "The sea is salt."])
        page.locator(".sync .done").wait_for()
        assert (tmp_path / "home" / "My documents" / "sea.txt").read_text() == "The sea is salt."
        page.get_by_role("button", name="Libraries").click()
        page.get_by_label("Name", exact=True).fill("../x")
        page.get_by_role("button", name="Make it").click()
        page.locator(".make .failure").wait_for()
        page.get_by_label("Name", exact=True).fill("議事録")
        page.get_by_role("button", name="Make it").click()
        page.locator("dialog").wait_for(state="detached")
        until = time.monotonic() + 30
        while page.locator("#library option:checked").inner_text() != "議事録":
            assert time.monotonic() < until
            page.wait_for_timeout(20)
        tab.close()


def test_a_conversation_is_saved_as_html_that_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    from tests.server.page.test_markdown import HOSTILE, RICH, replying

    reply = "\n\n".join([RICH, *HOSTILE])
    with served(
        folder(tmp_path / "a"), generator=replying(reply), generation__style="free", answers__strictness=0.0
    ) as url:
        tab = Tab(browser, url)
        page = tab.open()
        ask(page, MILL)
        page.locator("summary", has_text="Save").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Save as HTML").click()
        assert download.value.suggested_filename.endswith(".html")
        page.locator("summary", has_text="Save").click()
        with page.expect_download() as other:
            page.get_by_role("button", name="Save as Markdown").click()
        markdown = Path(other.value.path()).read_text(encoding="utf-8")
        text = Path(download.value.path()).read_text(encoding="utf-8")
        tab.close()
    for kept in (
        "\n| 1803 | built by Thomas Croft |\n",
        "\n```python\nprint(years[1])\n```\n",
        "**Thomas Croft**",
        "\n- It stood",
    ):
        assert kept in markdown
    assert "default-src 'none'" in text
    assert not re.search(r"<(?:script|img|iframe|a|form|svg|link|object)\b|<[^>]*\s(?:on\w+|href|src)=", text)
    saved = tmp_path / "saved.html"
    saved.write_text(text, encoding="utf-8")
    alone = browser.new_context()
    asked: list[str] = []
    told: list[str] = []
    page = alone.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: told.append(dialog.message))
    page.on("console", lambda message: told.append(message.text))
    page.goto(saved.as_uri())
    assert page.locator("h1").inner_text() == MILL
    assert page.locator("table th").first.inner_text() == "year"
    assert page.locator("math").count() >= 2
    assert "mill.txt" in page.locator(".sources").inner_text()
    assert page.locator("img, script, a").count() == 0
    assert asked == [saved.as_uri()]
    assert told == []
    alone.close()
    reader = pytest.importorskip("markdown_it", reason="needs a reader of Markdown")
    read = reader.MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    assert not re.search(r"<(?:script|img|iframe|a|form|svg|style)\b", re.sub(r"(?s)<code.*?</code>", "", read))


def test_time_to_go_is_told_as_it_goes(opened: Open) -> None:
    page = opened()
    seen = module(
        page,
        "syncing.js",
        """(() => { const at = (done, now) => m.left("a", { stage: "embed", done, total: 100 }, now);
          return [at(0, 0), at(1, 500), at(10, 10_000), at(50, 50_000), at(100, 100_000)]; })()""",
    )
    assert seen == [None, None, 90_000, 50_000, None]
    counts = iter(range(10, 100, 2))

    def indexing(route: Route) -> None:
        one = {"name": "valley", "title": "valley", "documents": 0, "chunks": 0, "failed": 0, "state": "indexing"}
        route.fulfill(json={"libraries": [one | {"progress": {"stage": "read", "done": next(counts), "total": 100}}]})

    page.route("**/api/libraries", indexing)
    page.reload()
    page.locator(".welcome .sync", has_text="to go").wait_for()
    assert re.search(r"Reading: \d+ of 100, about .* to go", page.locator(".welcome .sync").inner_text())
