"""Rows of sheets and tables look like tables: as cards beside the answer, and in the source. In a real Chromium."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browsing import browser
from tests.reading.files import xlsx
from tests.server.page.support import Tab, ask, served
from tests.support import write_files

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser"]  # a fixture
ROWS = [["Team", "Cups", "City"], ["Maple Leafs", "13", "Toronto"], ["Red Wings", "11", "Detroit"]]
LONG = "name,height\n" + "".join(f"tower 𠮷{n},{n * 3} m\n" for n in range(2000)) + "Skytree,634 m\n"
LONG += "".join(f"mast {n},{n} m\n" for n in range(500))


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page of a library with sheets."""
    root = write_files(
        tmp_path_factory.mktemp("sheets") / "a",
        {"hockey.xlsx": xlsx(ROWS), "towers.csv": LONG, "a.txt": "Nothing of note."},
    )
    with served(root, generation__style="extractive", answers__strictness=0.0) as url:
        tab = Tab(browser, url)
        yield tab.open()
        tab.close()


def test_a_row_is_a_card_and_its_cell_is_marked_in_the_sheet(page: Page) -> None:
    ask(page, "How many cups have the Maple Leafs of Toronto?")
    card = page.locator(".card:has(.row-card)", has_text="Maple Leafs").first
    assert card.locator(".sheet").inner_text() == "Sheet1"
    assert card.locator("dt").all_inner_texts() == ["Team", "Cups", "City"]
    assert card.locator("dd").all_inner_texts() == ["Maple Leafs", "13", "Toronto"]
    assert not any("|" in words for words in page.locator(".card").all_inner_texts())
    assert "row 1" in card.locator(".place").inner_text()
    card.locator("button.place").click()
    table = page.locator("#source table")
    table.wait_for()
    assert table.locator("th").all_inner_texts() == ["Team", "Cups", "City"]
    assert table.locator("tbody tr").count() == 2
    assert table.locator("tr.cited-row td").all_inner_texts() == ["Maple Leafs", "13", "Toronto"]
    assert "|" not in page.locator("#source .document").inner_text()


def test_a_long_sheet_comes_in_windows_of_whole_rows(page: Page) -> None:
    ask(page, "How high is the Skytree?")
    page.locator(".turn:last-child .card:has(.row-card)", has_text="Skytree").first.locator("button.place").click()
    page.locator("#source .cited-row", has_text="Skytree").wait_for()
    assert page.locator("#source .cited-row td").all_inner_texts() == ["Skytree", "634 m"]
    assert page.locator("#source th").all_inner_texts()[:2] == ["name", "height"]
    rows = "[...document.querySelectorAll('#source tbody tr')].map((row) => row.cells.length)"
    assert set(page.evaluate(rows)) == {2}
    before = len(page.evaluate(rows))
    page.locator(".source-body").evaluate("body => { body.scrollTop = 0; }")
    until = time.monotonic() + 30
    while len(page.evaluate(rows)) <= before:
        assert time.monotonic() < until
        page.wait_for_timeout(20)
    assert set(page.evaluate(rows)) == {2}
