"""What the tests of the page share: a server in a thread with fake engines, a browser's tab, a small folder."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import uvicorn

from bunko.ports import GenerationOptions, Generator, Piece, Pieces, Reader
from bunko.server.hosting.host import Host
from bunko.server.http.access import Access
from bunko.server.http.app import build_app
from bunko.testing import FakeGenerator
from bunko.types import Message
from tests.reading.pdfs import lines, pdf
from tests.server.support import SteppedGenerator, make_host
from tests.support import write_files

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

Open: TypeAlias = "Callable[..., Page]"

MILL = "The water mill of Ashford was built in 1803 by Thomas Croft. It stood empty for twenty years."
KYOTO = "𠮷野家🍜の隣に古い寺があります。金閣寺は1397年に建てられました。𠮷田さん👨‍👩‍👧は池を🌊鏡湖池と呼びました。"
BELL = "The bell of Saint Aldhelm was cast in Leuven in 1901."
CHRONICLE = (
    "".join(f"In the year {1000 + n} the clerk 🖋 wrote nothing of note.\n" for n in range(800))
    + f"\n{BELL}\n"
    + "".join(f"In the year {1900 + n} the clerk 𠮷 slept.\n" for n in range(800))
)
FILES: dict[str, str | bytes] = {
    "mill.txt": MILL,
    "京都/寺.txt": KYOTO,
    "chronicle.txt": CHRONICLE,
    "report.pdf": pdf(lines("The harbour report."), lines("The lighthouse was painted white.", "Its keeper is Emi.")),
    "broken.pdf": b"%PDF-1.4 not really",
}


class Thinker(SteppedGenerator):
    """Thinks a little, then writes a reply, a word every `step_s`; without a reply, the best source."""

    def __init__(self, *, step_s: float = 0.0, reply: str | None = None) -> None:
        super().__init__("", step_s=step_s)
        self._reply = reply

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        """Yield thoughts, words, and the end."""
        yield Piece(reasoning="Let me look. <b>Where</b> does it stand?")
        yield from super().stream(messages, options=options)


def folder(root: Path, files: dict[str, str | bytes] | None = None) -> Path:
    """Write a library's folder."""
    return write_files(root, FILES if files is None else files)


@contextlib.contextmanager
def served(
    *folders: Path,
    generator: Callable[[], Generator] = FakeGenerator,
    reader: Reader | None = None,
    access: Access | None = None,
    **values: object,
) -> Iterator[str]:
    """Serve folders with fake engines from a thread; return the address once all is indexed."""
    with running(make_host(folders, generator=generator, reader=reader, **values), access=access) as url:
        yield url


@contextlib.contextmanager
def running(host: Host, *, access: Access | None = None) -> Iterator[str]:
    """Serve a host from a thread; return the address once all is indexed."""
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(host, access or Access()), port=0, log_config=None, ws="none", timeout_graceful_shutdown=1
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 120
    while not server.started or any(library.state == "indexing" for library in host.libraries.values()):
        assert time.monotonic() < until, "it does not get ready"
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        host.stop()
        server.should_exit = True
        thread.join(30)


class Tab:
    """A tab of a browser. At its end: it said nothing on the console, and asked for nothing but the server."""

    def __init__(self, browser: Browser, url: str, *, expected: str = "", **options: Any) -> None:
        """`expected`: a pattern of what the console may say."""
        self.url = url
        self.expected = expected
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        width, height = options.pop("width", 1280), options.pop("height", 860)
        options = {"locale": "en-GB", "reduced_motion": "reduce", "timezone_id": "Asia/Tokyo", **options}
        self.context = browser.new_context(viewport={"width": width, "height": height}, **options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(60_000)  # other work may have the machine
        self.page.on("console", lambda message: self._hear(message.text))
        self.page.on("pageerror", lambda error: self._hear(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.on("request", lambda request: self._check(request.url))

    def _hear(self, words: str) -> None:
        if not (self.expected and re.search(self.expected, words)):
            self.complaints.append(words)

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(dialog.message)
        dialog.dismiss()

    def _check(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.elsewhere.append(url)

    def open(self, path: str = "/") -> Page:
        """Load the page, and wait until it is drawn."""
        self.page.goto(self.url + path)
        return self.page

    def close(self) -> None:
        """Close, and see that nothing was wrong."""
        self.context.close()
        assert not self.complaints, self.complaints
        assert not self.elsewhere


def ask(page: Page, question: str, *, states: tuple[str, ...] = ("done",)) -> None:
    """Ask, and wait until all answers of the turn are there."""
    count = page.locator(".turn").count()
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    wait_for(page, states, count + 1)


def wait_for(page: Page, states: tuple[str, ...], turns: int) -> None:
    """Wait until all answers of the last turn are in one of these states."""
    until = time.monotonic() + 120
    while True:
        found = page.locator(".turn:last-child .lane").evaluate_all("lanes => lanes.map(lane => lane.dataset.state)")
        if page.locator(".turn").count() == turns and found and set(found) <= set(states):
            return
        assert time.monotonic() < until, found
        page.wait_for_timeout(50)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve one library for all tests that change nothing in it. Its model answers and adds what nothing carries."""
    root = folder(tmp_path_factory.mktemp("served") / "valley")

    def make() -> Thinker:
        return Thinker(reply=None)

    with served(root, generator=make, generation__style="free", answers__strictness=0.0) as url:
        yield url


@pytest.fixture
def opened(browser: Browser, library: str) -> Iterator[Open]:
    """Open the page in a tab of its own."""
    tabs: list[Tab] = []

    def open_page(path: str = "/", *, url: str = "", **options: Any) -> Page:
        tabs.append(Tab(browser, url or library, **options))
        page = tabs[-1].open(path)
        page.locator("#main > *").first.wait_for()
        return page

    yield open_page
    for tab in tabs:
        tab.close()


def module(page: Page, name: str, expression: str) -> Any:
    """Evaluate an expression of a module's exports, called `m`."""
    base = page.locator("script[type=module]").get_attribute("src")
    assert base
    return page.evaluate(
        f"async () => {{ const m = await import('{base.replace('app.js', name)}'); return {expression}; }}"
    )


def sent_in(request: Any) -> Any:
    """Return the JSON of the request that was waited for."""
    return request.value.post_data_json


def marked(page: Page) -> str:
    return "".join(page.locator("#source mark.cited").all_text_contents())
