"""What people do around answers: keys, documents, history, languages, phones; and whether everybody can."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bunko.server.http.access import Access
from tests.browsing import browser
from tests.server.page.support import (
    FILES,
    KYOTO,
    MILL,
    Open,
    Tab,
    ask,
    folder,
    library,
    marked,
    opened,
    served,
    wait_for,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser", "library", "opened"]  # fixtures


def test_the_keyboard_is_enough(opened: Open) -> None:
    page = opened()
    keyboard = page.keyboard
    page.locator("#conversation").focus()
    keyboard.press("/")
    page.wait_for_timeout(100)
    assert page.evaluate("document.activeElement.id") == "question"
    keyboard.type("Who built the water mill? Who is its keeper? /?nd")
    keyboard.press("Shift+Enter")
    keyboard.type("Tell me.")
    assert "\n" in page.locator("#question").input_value()
    keyboard.press("Enter")
    wait_for(page, ("done",), 1)
    assert page.evaluate("document.activeElement.id") == "question"
    page.locator("button.cite").first.focus()
    keyboard.press("Enter")
    page.locator("#source mark.cited").first.wait_for()
    assert page.evaluate("document.activeElement.closest('#source') !== null")
    keyboard.press("Escape")
    assert page.locator("#source").is_hidden()
    assert page.evaluate("document.activeElement.matches('.cite')")
    page.locator("button.place").first.focus()
    keyboard.press("Enter")
    page.locator("#source mark.cited").first.wait_for()
    first = marked(page)
    page.locator("button.place").first.focus()
    keyboard.press("ArrowRight")
    assert page.evaluate("[...document.querySelectorAll('button.place')].indexOf(document.activeElement)") == 1
    until = time.monotonic() + 30
    while marked(page) in ("", first):
        assert time.monotonic() < until
        page.wait_for_timeout(20)
    keyboard.press("ArrowLeft")
    keyboard.press("Escape")
    keyboard.press("?")
    page.locator("dialog.help").wait_for()
    keyboard.press("Escape")
    page.locator("dialog.help").wait_for(state="detached")
    keyboard.press("d")
    page.locator(".document").first.wait_for()
    keyboard.press("h")
    page.locator(".history").wait_for()
    keyboard.press("a")
    page.locator(".turn").wait_for()
    keyboard.press("n")
    page.locator(".welcome").wait_for()


def test_single_keys_can_be_switched_off(opened: Open) -> None:
    page = opened()
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Single keys").uncheck()
    page.keyboard.press("Escape")
    page.locator("#conversation").focus()
    page.keyboard.press("d")
    page.wait_for_timeout(200)
    assert page.locator(".view.ask").is_visible()


def test_enter_that_accepts_a_conversion_does_not_ask(opened: Open) -> None:
    page = opened(locale="ja-JP")
    page.locator("#question").fill("金閣寺")
    for options in ({"isComposing": True}, {"keyCode": 229}):
        page.locator("#question").dispatch_event("keydown", {"key": "Enter", "bubbles": True, **options})
    page.wait_for_timeout(200)
    assert page.locator(".turn").count() == 0
    assert page.locator("#question").input_value() == "金閣寺"


def test_documents_are_listed_searched_and_opened(opened: Open) -> None:
    page = opened("/#documents")
    page.locator("li.document").first.wait_for()
    paths = page.locator("li.document .path")
    assert set(paths.all_text_contents()) == set(FILES)
    failed = page.locator("li.document.failed")
    assert failed.count() == 1
    assert "The PDF is broken" in failed.inner_text()
    assert "print it to a new PDF" in failed.inner_text()
    page.get_by_role("searchbox").fill("京都")
    page.locator(".documents .count", has_text="1 file").wait_for()
    assert paths.all_text_contents() == ["京都/寺.txt"]
    paths.first.click()
    page.locator("#source .document").wait_for()
    assert page.locator("#source .document").inner_text() == KYOTO
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="Not read").click()
    page.locator(".documents .count", has_text="1 file").wait_for()
    page.get_by_role("searchbox").fill("no such")
    page.locator(".documents .count", has_text="No document matches").wait_for()


DROP = """async ([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  const send = (kind) =>
    window.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
  send("dragenter");
  send("dragover");
  window.veiled = !document.querySelector(".veil").hidden;
  send("drop");
}"""


def test_files_are_dropped_in_and_can_be_asked_about(browser: Browser, tmp_path: Path) -> None:
    root = folder(tmp_path / "a")
    with served(root, answers__strictness=0.0) as url:
        tab = Tab(browser, url, expected="status of 4(09|15)")
        page = tab.open()
        page.locator(".welcome").wait_for()
        page.evaluate(DROP, ["新しい.txt", "The windmill of Emden was built in 1811 by Karl Weber."])
        assert page.evaluate("window.veiled")
        page.locator(".sync .done").wait_for()
        assert "1 added" in page.locator(".sync .done").inner_text()
        assert (root / "新しい.txt").read_text(encoding="utf-8").startswith("The windmill")
        page.locator("li.document", has_text="新しい.txt").wait_for()
        page.evaluate(DROP, ["新しい.txt", "Another text."])
        page.get_by_role("button", name="Replace it").click()
        # The server looks at the folder itself, too, and may have been first.
        until = time.monotonic() + 30
        while (root / "新しい.txt").read_text(encoding="utf-8") != "Another text.":
            assert time.monotonic() < until
            page.wait_for_timeout(50)
        page.evaluate(DROP, ["program.exe", "MZ"])
        page.locator(".sending .failed", has_text="program.exe").wait_for()
        assert not (root / "program.exe").exists()
        page.locator("#files").set_input_files(
            {"name": "sea.txt", "mimeType": "text/plain", "buffer": b"The sea is salt."}
        )
        page.locator("li.document", has_text="sea.txt").wait_for()
        tab.close()


def test_history_is_kept_in_the_browser_and_deleted(opened: Open) -> None:
    page = opened()
    ask(page, "Who built the water mill of Ashford?")
    page.reload()
    page.locator(".welcome").wait_for()
    page.get_by_role("link", name="History").click()
    page.locator(".history-list .path").click()
    page.locator(".turn .cite").first.wait_for()
    page.locator(".turn .cite").first.click()
    page.locator("#source mark.cited").first.wait_for()
    page.get_by_role("link", name="History").click()
    page.get_by_role("button", name="Delete “Who built").click()
    page.get_by_text("No conversation is stored yet.").wait_for()
    page.get_by_role("link", name="Ask", exact=True).click()
    page.locator(".turn").first.wait_for()  # what was deleted can be gone on with
    ask(page, "And when was that?")
    page.get_by_role("link", name="History").click()
    page.locator(".history-list .path").wait_for()
    page.get_by_role("button", name="Delete all").click()
    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    page.get_by_role("button", name="Delete all in this browser").click()
    page.get_by_text("No conversation is stored yet.").wait_for()


def test_history_is_kept_nowhere_if_so_chosen(opened: Open) -> None:
    page = opened("/#history")
    page.get_by_label("Nowhere").check()
    page.get_by_role("link", name="Ask", exact=True).click()
    ask(page, "Who built the water mill of Ashford?")
    page.reload()
    page.locator(".welcome").wait_for()
    page.get_by_role("link", name="History").click()
    page.get_by_label("In this browser").check()
    page.get_by_text("No conversation is stored yet.").wait_for()
    assert "mill" not in page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")


def test_history_is_kept_on_the_server_if_so_chosen(browser: Browser, tmp_path: Path) -> None:
    root = folder(tmp_path / "a")
    with served(root, answers__strictness=0.0) as url:
        tab = Tab(browser, url)
        page = tab.open("/#history")
        page.get_by_label("On the server").check()
        page.get_by_role("link", name="Ask", exact=True).click()
        ask(page, "Who built the water mill of Ashford?")
        page.get_by_role("link", name="History").click()
        page.locator(".history-list .path").wait_for()
        page.reload()  # else the present conversation would be kept in the new place
        page.get_by_label("In this browser").check()
        page.get_by_text("No conversation is stored yet.").wait_for()
        page.get_by_label("On the server").check()
        other = Tab(browser, url)
        another = other.open("/#history")
        another.get_by_label("On the server").check()
        another.locator(".history-list .path").click()
        another.locator(".turn .cite").first.wait_for()
        assert len(list((root / ".bunko" / "conversations").iterdir())) == 1
        page.get_by_role("button", name="Delete all").click()
        page.get_by_role("button", name="Delete all of this library").click()
        page.get_by_text("No conversation is stored yet.").wait_for()
        assert list((root / ".bunko" / "conversations").iterdir()) == []
        tab.close()
        other.close()


def test_a_conversation_is_saved_as_markdown(opened: Open) -> None:
    page = opened()
    ask(page, "Who built the water mill of Ashford?")
    page.locator("summary", has_text="Save").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as Markdown").click()
    assert download.value.suggested_filename == "Who-built-the-water-mill-of-Ashford.md"
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.startswith("# Who built the water mill of Ashford?\n")
    assert re.search(r"Croft\.\[\^1\]", text)
    start, end = 0, MILL.index(".") + 1
    assert f"[^1]: `mill.txt`, characters {start}–{end}: “{MILL[:end]}”" in text


def test_the_token_is_taken_from_the_address_or_asked_for(browser: Browser, tmp_path: Path) -> None:
    with served(folder(tmp_path / "a"), access=Access(token="a-good-token"), answers__strictness=0.0) as url:
        tab = Tab(browser, url)
        page = tab.open("/#token=a-good-token")
        page.locator(".welcome").wait_for()
        assert "token" not in page.url
        assert page.evaluate("sessionStorage.getItem('bunko.token')") == "a-good-token"
        assert "a-good-token" not in page.evaluate("JSON.stringify(localStorage)")
        page.get_by_role("link", name="Documents").click()
        page.locator("li.document", has_text="report.pdf").locator("button.path").click()
        page.get_by_role("button", name="Page", exact=True).click()
        page.locator(".page-picture").wait_for()
        tab.close()
        tab = Tab(browser, url, expected="status of 401")
        page = tab.open()
        page.get_by_label("Token", exact=True).fill("wrong-token")
        page.keyboard.press("Enter")
        page.get_by_text("The server did not accept that token.").wait_for()
        page.get_by_label("Token", exact=True).fill("a-good-token")
        page.keyboard.press("Enter")
        page.locator(".welcome").wait_for()
        tab.close()


def test_language_and_colours_are_switched_and_remembered(opened: Open) -> None:
    page = opened(color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Light colours").click()
    light = page.evaluate(ground)
    assert light != dark
    page.get_by_role("button", name="日本語").click()
    assert page.locator("html").get_attribute("lang") == "ja"
    assert page.evaluate("document.activeElement.textContent") == "EN"
    page.reload()
    page.locator(".welcome").wait_for()
    assert page.locator("html").get_attribute("lang") == "ja"
    assert page.evaluate(ground) == light
    missing = re.compile(r"\b(?:undefined|NaN|null|stage_\w+|error_\w+)\b|\{\w+\}|\[object")
    ask(page, "金閣寺はいつ建てられましたか。")
    page.locator(".times summary").click()
    for name in ("文書", "履歴", "質問"):
        assert not missing.findall(page.locator("body").inner_text())
        page.get_by_role("link", name=name).click()
        page.wait_for_timeout(200)


def test_on_a_phone_the_source_is_a_sheet_that_back_closes(opened: Open) -> None:
    page = opened(width=390, height=780)
    ask(page, "Who built the water mill of Ashford?")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("button.cite").first.click()
    page.locator("#source mark.cited").first.wait_for()
    assert page.locator("#source").evaluate("pane => getComputedStyle(pane).position") == "fixed"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.go_back()
    page.locator("#source").wait_for(state="hidden")
    assert page.locator(".turn").count() == 1
    page.locator("button.cite").first.click()
    page.get_by_role("button", name="Close the source").click()
    page.locator("#source").wait_for(state="hidden")


def test_what_happens_is_said_once(opened: Open) -> None:
    page = opened()
    page.evaluate(
        """() => {
          window.said = [];
          const live = document.getElementById("live");
          const watch = new MutationObserver(() => {
            if (live.textContent && live.textContent !== window.said.at(-1)) window.said.push(live.textContent);
          });
          watch.observe(live, { childList: true, characterData: true, subtree: true });
        }"""
    )
    ask(page, "Who built the water mill of Ashford?")
    page.wait_for_timeout(300)
    said = page.evaluate("window.said")
    assert said[-1].startswith("The answer: The water mill")
    assert len(said) <= 3  # not every word


LOOKS = [("en-GB", "light", 1280), ("ja-JP", "dark", 1280), ("en-GB", "dark", 390), ("ja-JP", "light", 390)]


@pytest.mark.parametrize(("language", "scheme", "width"), LOOKS)
def test_it_is_accessible(opened: Open, tmp_path: Path, language: str, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe: pip install --group dev")
    pictures = Path(os.environ.get("TEST_SCREENSHOTS") or tmp_path)
    pictures.mkdir(parents=True, exist_ok=True)
    page = opened(locale=language, color_scheme=scheme, width=width)

    def check(name: str) -> None:
        page.wait_for_timeout(250)
        page.screenshot(path=pictures / f"page-{name}-{language[:2]}-{scheme}-{width}.png")
        found = axe.Axe().run(page).response["violations"]
        told = [(item["id"], node["target"], node.get("failureSummary")) for item in found for node in item["nodes"]]
        assert not told, name
        assert page.evaluate("document.documentElement.scrollWidth") == width, name

    page.locator(".welcome").wait_for()
    check("welcome")
    ask(page, "Who is the keeper of the lighthouse? Emi 鏡湖池")
    page.locator(".times summary").click()
    page.locator(".reasoning summary").click()
    check("answer")
    page.locator("button.place").first.click()
    page.locator("#source mark.cited").first.wait_for()
    check("source")
    page.keyboard.press("Escape")
    page.locator(".compare select").select_option(index=1)
    ask(page, "Who built the water mill of Ashford?")
    check("compared")
    page.locator("[data-name=settings]").click()
    check("settings")
    page.keyboard.press("Escape")
    page.locator("#conversation").focus()
    page.keyboard.press("?")
    check("help")
    page.keyboard.press("Escape")
    page.goto(page.url.partition("#")[0] + "#documents")
    page.locator("li.document").first.wait_for()
    check("documents")
    page.goto(page.url.partition("#")[0] + "#history")
    page.locator(".history-list .path").wait_for()
    check("history")
