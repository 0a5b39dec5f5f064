"""The page's newer parts are accessible, and errors are in its own words, in both languages. In a real Chromium."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bunko.server.http.access import Access
from tests.browsing import browser
from tests.reading.files import xlsx
from tests.server.page.support import FILES, Open, Tab, ask, folder, library, opened, running, served, wait_for
from tests.server.page.test_manage import host_of
from tests.server.page.test_markdown import RICH, replying

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "library", "opened"]  # fixtures
ROWS = [["Team", "Cups"], ["Maple Leafs", "13"], ["Red Wings", "11"]]
WORDS = {
    "en-GB": {"folder": "Use a folder of this machine", "save": "Save", "delete": "Delete mill.txt"},
    "ja-JP": {"folder": "このマシンのフォルダーを使う", "save": "保存", "delete": "mill.txt を削除"},
}


class Looks:
    """Checks a page with axe, and keeps a picture of it."""

    def __init__(self, page: Page, folder: Path, name: str) -> None:
        self.page = page
        self.folder = folder
        self.name = name

    def check(self, state: str) -> None:
        axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe: pip install --group dev")
        self.page.wait_for_timeout(100)
        self.page.screenshot(path=self.folder / f"page-{state}-{self.name}.png")
        found = axe.Axe().run(self.page).response["violations"]
        told = [(item["id"], node["target"], node.get("failureSummary")) for item in found for node in item["nodes"]]
        assert not told, state
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state


@pytest.mark.parametrize(("language", "scheme", "width"), [("en-GB", "light", 1280), ("ja-JP", "dark", 390)])
def test_the_newer_parts_are_accessible(
    browser: Browser, tmp_path: Path, language: str, scheme: str, width: int
) -> None:
    pictures = Path(os.environ.get("TEST_SCREENSHOTS") or tmp_path)
    words = WORDS[language]
    options: dict[str, Any] = {"locale": language, "color_scheme": scheme, "width": width}
    with running(host_of(tmp_path / "home"), access=Access(token="a-good-token")) as url:
        tab = Tab(browser, url, **options)
        page = tab.open("/#token=a-good-token")
        looks = Looks(page, pictures, f"{language[:2]}-{scheme}-{width}")
        page.get_by_text(words["folder"]).click()
        page.locator(".folders li").first.wait_for()
        looks.check("empty")
        tab.close()
    root = folder(tmp_path / "a", {**FILES, "hockey.xlsx": xlsx(ROWS)})
    with served(root, generator=replying(RICH), generation__style="free", answers__strictness=0.0) as url:
        tab = Tab(browser, url, **options)
        page = tab.open()
        looks = Looks(page, pictures, f"{language[:2]}-{scheme}-{width}")
        ask(page, "How many cups have the Maple Leafs?")
        looks.check("markdown")
        page.locator(".card:has(.row-card)").first.locator("button.place").click()
        page.locator("#source table").wait_for()
        looks.check("sheet")
        page.keyboard.press("Escape")
        page.locator("summary", has_text=words["save"]).click()
        looks.check("saving")
        page.keyboard.press("Escape")
        page.locator("[data-act=edit]").first.click()
        looks.check("editing")
        page.keyboard.press("Escape")
        page.goto(url + "/#documents")
        page.get_by_role("button", name=words["delete"]).click()
        looks.check("deleting")
        tab.close()


@pytest.mark.parametrize(
    ("language", "title", "cure"),
    [
        ("en-GB", "The model did not start.", "Choose another model. The server’s log says why."),
        ("ja-JP", "モデルを起動できませんでした。", "別のモデルを選んでください。理由はサーバーのログにあります。"),
    ],
)
def test_errors_are_in_the_words_of_the_page(opened: Open, language: str, title: str, cure: str) -> None:
    page = opened(locale=language, expected="status of 502")
    hint = "Try `sudo pip install --force-reinstall xllamacpp`, or --model none."
    error = {"type": "EngineStartFailed", "message": "The engine can't load 'x': see --verbose.", "hint": hint}
    page.route("**/ask", lambda route: route.fulfill(status=502, json={"error": error}), times=1)
    ask(page, "Who built the water mill?", states=("failed",))
    failure = page.locator(".failure")
    assert failure.locator(".title").inner_text() == title
    assert cure in failure.inner_text()
    assert "--" not in failure.inner_text()
    assert "sudo" not in failure.inner_text()
    failure.locator("summary").click()
    assert hint in failure.inner_text()
    failure.get_by_role("button").click()
    wait_for(page, ("done",), 1)
