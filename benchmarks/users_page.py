"""Walk the page as somebody in an office would, in Chromium, and print what each step shows. For benchmarks/users.py.

A real server with the starter models serves an empty page; the files are dropped on it. TEST_BROWSER names the browser.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from playwright.sync_api import Page

WAIT_MS = 240_000


def walk(folder: Path, out: TextIO) -> None:
    """Serve nothing, drop the files of a folder on the page, ask, and put things away."""
    from playwright.sync_api import sync_playwright

    home = tempfile.mkdtemp(prefix="bunko-users-home-")
    environment = {**os.environ, "XDG_DATA_HOME": home, "HOME": os.environ.get("HOME", home)}
    command = [sys.executable, "-m", "bunko.cli.main", "serve", "--port", "0", "--json", "--quiet"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        started = json.loads(server.stdout.readline())
        url = f"{started['url']}/#token={started['token']}"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("TEST_BROWSER") or shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_context(locale="ja-JP", viewport={"width": 1280, "height": 860}).new_page()
            page.set_default_timeout(WAIT_MS)
            page.goto(url)
            for n, (wish, act) in enumerate(steps(folder), 1):
                begin = time.perf_counter()
                shown = act(page)
                seconds = time.perf_counter() - begin
                out.write(f"\n## {wish}\n\n{shown.strip()}\n[{seconds:.1f} s]\n")
                out.flush()
                if pictures := os.environ.get("USERS_PICTURES"):
                    page.screenshot(path=f"{pictures}/{n:02}.png")
            browser.close()
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(home, ignore_errors=True)


def steps(folder: Path) -> list[tuple[str, Callable[[Page], str]]]:
    files = [str(path) for path in sorted(folder.rglob("*")) if path.is_file() and ".bunko" not in path.parts]
    return [
        ("the first look", first_look),
        ("choose my files", lambda page: add(page, files)),
        ("a question", lambda page: ask(page, "在宅勤務は週に何日までですか。")),
        ("where does it say so?", see_source),
        ("the file itself", save_original),
        ("a total", lambda page: ask(page, "札幌支店の売上の合計はいくらですか。")),
        ("what is not there", lambda page: ask(page, "社長の年収はいくらですか。")),
        ("one document only", only_one),
        ("the conversation under a name of mine", rename),
        ("save it", save),
    ]


def text(page: Page, selector: str) -> str:
    return re.sub(r"\n\s*\n+", "\n", page.locator(selector).first.inner_text())


def first_look(page: Page) -> str:
    page.locator("main h1, main h2").first.wait_for()
    return text(page, "main")


def add(page: Page, files: list[str]) -> str:
    page.locator("#first-files").set_input_files(files)
    page.locator(".sync .done").wait_for()
    shown = text(page, "main")
    page.get_by_role("link", name="質問").first.click()
    return shown


def ask(page: Page, question: str) -> str:
    count = page.locator(".turn").count()
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    page.locator(".turn").nth(count).locator(".lane[data-state=done], .lane[data-state=failed]").wait_for()
    return text(page, f".turn >> nth={count}")


def see_source(page: Page) -> str:
    page.locator(".turn .cite, .turn button.place").first.click()
    page.locator("#source mark.cited").first.wait_for()
    return f"{text(page, '#source h2')}: 「{text(page, '#source mark.cited')}」"


def save_original(page: Page) -> str:
    with page.expect_download() as download:
        page.locator("#source .save-original").click()
    path = Path(download.value.path())
    return f"{download.value.suggested_filename}, {path.stat().st_size} bytes"


def only_one(page: Page) -> str:
    page.get_by_role("link", name="文書", exact=True).click()
    page.get_by_label("contract.txt だけに質問").check()
    shown = text(page, ".documents .scope")
    page.get_by_role("link", name="質問").first.click()
    return shown + "\n" + ask(page, "家賃はいくらですか。")


def rename(page: Page) -> str:
    page.locator("#source button.close").click()  # the list of conversations makes room for a source
    side = page.locator("#side")
    item = side.locator("li").first
    item.hover()
    item.locator("[data-act=rename]").click()
    page.keyboard.type("四月の確認")
    page.keyboard.press("Enter")
    side.locator(".path", has_text="四月の確認").wait_for()
    return text(page, "#side")


def save(page: Page) -> str:
    page.locator("details.menu summary").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Markdown で保存").click()
    return Path(download.value.path()).read_text(encoding="utf-8")
