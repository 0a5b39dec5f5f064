"""A real browser for tests: Chromium, found in PATH or named by TEST_BROWSER; without one those tests are skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
# A browser of its own accord asks the network for updates and lists; these say that it should not.
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium without a window, once for all tests of a module. Import it where it is used."""
    api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install --group dev")
    found = os.environ.get("TEST_BROWSER") or next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if not found:
        pytest.skip("needs Chromium or Chrome in PATH, or its path in TEST_BROWSER")
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=found, args=[*ARGUMENTS, *(["--no-sandbox"] if as_root else [])]
        )
        yield launched
        launched.close()
