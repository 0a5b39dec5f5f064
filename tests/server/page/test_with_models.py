"""The page against `bunko serve` itself, in a process of its own, with the real starter models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browsing import browser
from tests.server.page.support import Tab, ask, folder, marked
from tests.server.support import program

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser"]  # a fixture
pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the small folder."""
    with program(folder(tmp_path_factory.mktemp("real") / "valley"), fake=False) as running:
        yield running.url


@pytest.mark.parametrize(
    ("question", "answer", "path"),
    [
        ("Who built the water mill of Ashford?", "Thomas Croft", "mill.txt"),
        ("Where was the bell of Saint Aldhelm cast?", "Leuven", "chronicle.txt"),
        ("金閣寺はいつ建てられましたか。", "1397年", "京都/寺.txt"),
    ],
)
def test_the_starter_model_answers_with_its_source(
    url: str, browser: Browser, question: str, answer: str, path: str
) -> None:
    tab = Tab(browser, url)
    page = tab.open()
    page.locator(".welcome").wait_for()
    ask(page, question)
    assert answer in page.locator(".answer").inner_text()
    page.locator("button.cite").first.click()
    page.locator("#source mark.cited").first.wait_for()
    assert answer in marked(page)
    assert page.locator("#source h2").inner_text() == path
    tab.close()


def test_a_page_of_a_pdf_shows_the_words(url: str, browser: Browser) -> None:
    tab = Tab(browser, url)
    page = tab.open()
    page.locator(".welcome").wait_for()
    ask(page, "Who is the keeper of the lighthouse?")
    assert "Emi" in page.locator(".answer").inner_text()
    page.locator("button.cite").first.click()
    page.get_by_role("button", name="Page", exact=True).click()
    picture = page.locator(".page-picture")
    picture.wait_for()
    assert picture.get_attribute("alt") == "Page 2 of report.pdf, with the quote highlighted"
    tab.close()


def test_the_model_speaks_beside_the_documents(url: str, browser: Browser) -> None:
    tab = Tab(browser, url)
    page = tab.open()
    page.locator(".welcome").wait_for()
    page.get_by_label("Compare with").select_option(label="Without documents")
    ask(page, "Who built the water mill of Ashford?")
    answers = page.locator(".answer").all_text_contents()
    assert len(answers) == 2
    assert "Thomas Croft" in answers[0]
    assert "Thomas Croft" not in answers[1]
    tab.close()
