"""Make the pictures of README and docs anew: `python -m tests.tools.pictures [NAME …]`.

Each is written to docs/pictures/page-NAME.png.

The texts are made here, and the answers come from the program with its starter models: nothing in a picture is drawn by
hand. It needs Chromium (`tests/browsing.py`) and the starter models. Look at the pictures before you commit them.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.browsing import ARGUMENTS, BROWSERS
from tests.reading.files import xlsx
from tests.reading.pdfs import lines, pdf
from tests.server.page.support import Tab, ask
from tests.server.support import program
from tests.support import REPOSITORY, write_files

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(REPOSITORY) / "docs" / "pictures"
MILL = """\
# The mill of Hestvik

## The first mill

Jorun Aas built the first mill at the mouth of the Lier in 1803. It ground rye and barley for the farms of the valley, \
and paid the parish two sacks of flour a year.

## The flood

In the night of 4 March 1926 the river carried away the wheel and half of the west wall. Nobody was hurt. The owners \
wanted to give the place up.

## The second mill

Ada Lind rebuilt the mill in the summer of 1927. She replaced the wooden wheel with one of iron, four metres across, \
and added a second pair of stones. The mill worked until 1958, when the road to the new bakery was opened.

## Today

Since 1984 the mill has been a museum. It is open from May to September, and grinds on the first Sunday of each month.
"""
COUNCIL = """\
Minutes of the council of Hestvik, 12 February 2024

Present: Ilse Maar (mayor), Jon Aker, Petra Dahl, Nils Holm and five others.

1. The roof of the mill. The museum asked for 240,000 crowns to mend the roof. The council granted 180,000, to be paid \
in two parts. Petra Dahl voted against it.
2. The ferry. From April the Otter leaves at 18:30, half an hour later than before, so that it meets the train.
3. The library. The council thanked Sana Mori, who has kept the library for twenty years.
"""
LIBRARY = """\
# 町立図書館のご案内

## 開館時間

町立図書館は火曜日から土曜日の午前9時から午後6時まで開いています。休館日は毎週月曜日と、年末年始の12月28日から1月4日までです。

## 貸出

本は一人10冊まで、2週間借りられます。雑誌の最新号は貸し出していません。返却が遅れた場合、次の貸出は3日間できません。

## 歴史

図書館は1987年に旧製粉所の倉庫を改装して開館しました。初代館長は森佐和子さんです。
"""
FERRIES = [
    ["Ferry", "To", "Leaves", "Places"],
    ["Swan", "Lier", "07:15", "40"],
    ["Heron", "Lier", "12:30", "25"],
    ["Otter", "Varn", "18:30", "60"],
    ["Tern", "Varn", "21:00", "25"],
]
TEXTS: dict[str, str | bytes] = {
    "history/mill.md": MILL,
    "council/minutes-2024-02.txt": COUNCIL,
    "図書館/案内.md": LIBRARY,
    "ferries.xlsx": xlsx(FERRIES),
    "history/lighthouse.pdf": pdf(
        lines("The lighthouse of Hestvik", "A report for the harbour board, 1931"),
        lines(
            "The tower is 31 metres high and stands on the north pier.",
            "Its keeper is Emil Roth, who came from Varn in 1919.",
            "The lamp burns 12 litres of oil in a winter night.",
        ),
    ),
    "council/scan.pdf": b"%PDF-1.4 cut off",
}
REBUILT = "Who rebuilt the mill after the flood?"
CLOSED = "図書館の休館日はいつですか。"


def cite(page: Page) -> None:
    """Open the first source."""
    page.locator("button.cite").first.click()
    page.locator("#source mark.cited, #source table").first.wait_for()


def source(page: Page) -> None:
    ask(page, REBUILT)
    cite(page)


def table(page: Page) -> None:
    ask(page, "How many places do the ferries to Varn have in total?")
    page.locator("button.cite, .card button.place").first.click()
    page.locator("#source table").wait_for()


def japanese(page: Page) -> None:
    ask(page, CLOSED)
    cite(page)


def compare(page: Page) -> None:
    page.get_by_label("Compare with").select_option(label="Without documents")
    ask(page, REBUILT)


def phone(page: Page) -> None:
    ask(page, "How much did the council grant for the roof?")


def welcome(page: Page) -> None:
    page.locator(".welcome").wait_for()
    page.wait_for_timeout(1500)  # the suggestions come after the rest


def documents(page: Page) -> None:
    page.goto(page.url.partition("#")[0] + "#documents")
    page.get_by_text("mill.md").first.wait_for()


def times(page: Page) -> None:
    ask(page, "How much did the council grant for the roof?")
    page.locator("summary", has_text="Took").first.click()
    page.locator(".waterfall").first.scroll_into_view_if_needed()


def refusal(page: Page) -> None:
    ask(page, "Who owns the castle?", states=("done", "refused"))


def pages(page: Page) -> None:
    ask(page, "Who is the keeper of the lighthouse?")
    cite(page)
    page.get_by_role("button", name="Page", exact=True).click()
    page.locator(".page-picture").wait_for()
    page.wait_for_timeout(500)


SHOTS: dict[str, tuple[Callable[[Page], None], dict[str, Any]]] = {
    "source": (source, {}),
    "table": (table, {}),
    "japanese": (japanese, {"locale": "ja-JP"}),
    "compare": (compare, {"color_scheme": "dark"}),
    "phone": (phone, {"width": 390, "height": 780}),
    "welcome": (welcome, {}),
    "documents": (documents, {}),
    "times": (times, {}),
    "refusal": (refusal, {}),
    "pdf": (pages, {"color_scheme": "dark"}),
}


def make(browser: Browser, url: str, names: list[str]) -> None:
    """Take each picture in a tab of its own."""
    first = Tab(browser, url)
    ask(first.open(), "Who is the mayor?")  # loads the models: the others are timed without
    first.context.close()
    for name in names:
        scene, options = SHOTS[name]
        tab = Tab(browser, url, **{"width": 1200, "height": 760, **options})
        page = tab.open()
        page.locator(".welcome").wait_for()
        scene(page)
        page.mouse.move(0, 0)
        page.wait_for_timeout(300)
        path = PICTURES / f"page-{name}.png"
        page.screenshot(path=path)
        print(f"{path.relative_to(REPOSITORY)}: {path.stat().st_size:,} bytes; {tab.complaints or 'no complaint'}")
        tab.context.close()


def main() -> None:
    """Serve the texts with the program itself, and take the pictures that are named; all without names."""
    from playwright.sync_api import sync_playwright

    names = sys.argv[1:] or list(SHOTS)
    found = os.environ.get("TEST_BROWSER") or next(path for name in BROWSERS if (path := shutil.which(name)))
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with tempfile.TemporaryDirectory() as work, sync_playwright() as playwright:
        root = write_files(Path(work) / "Hestvik", TEXTS)
        chromium = playwright.chromium.launch(
            executable_path=found, args=[*ARGUMENTS, *(["--no-sandbox"] if as_root else [])]
        )
        with program(root, fake=False) as running:
            make(chromium, running.url, names)
        chromium.close()


if __name__ == "__main__":
    main()
