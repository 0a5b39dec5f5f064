"""Save one page of the web as a file of a library. In: a folder, an address. Out: what was saved.

A web page and a plain text become a note in Markdown, whose front matter has title, address and dates: what is searched
is then what the file shows, and it opens in any editor without loading anything. A PDF stays a PDF, with a hidden note
beside it. The page is read in the reader's own process. Knows nothing of the index: the next sync finds the file.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from bunko.errors import DiskFull, PageNotAdded, StoreNotWritable
from bunko.facts import Facts
from bunko.pages.file_name import file_name_of
from bunko.pages.page_address import Networks, page_address
from bunko.pages.page_download import Download, download_page
from bunko.private_files import is_link
from bunko.reading.folder import FileEntry, list_files
from bunko.reading.formats import DOWNLOADED_PAGE
from bunko.reading.properties.choose import NOTED, note_beside
from bunko.reading.properties.front_matter import front_matter
from bunko.reading.reader import Reader
from bunko.reading.text.encoding import decode
from bunko.settings import ReadingSettings, Settings
from bunko.types import Document, FailedFile

_ENDINGS = {"html": DOWNLOADED_PAGE, "pdf": ".pdf", "text": ".txt"}
_TYPES = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    "application/x-pdf": "pdf",
    "text/plain": "text",
    "text/markdown": "text",
}
_HEAD = 8_000
"""Bytes of a note that are read to see where it came from."""
_MOST_NAMES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedPage:
    """A page that was saved into a folder."""

    path: str
    """The file, relative to the folder."""
    title: str
    source: str
    """The address that it came from, after redirects."""
    date: str
    """When it was last changed or written, as the page or the server says it; empty where neither does."""
    saved: str
    """The day on which it was saved."""
    change: Literal["added", "updated", "unchanged"]
    """`unchanged`: the file of this address says the same already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A page as it was read."""

    asked: str
    source: str
    facts: Facts
    title: str
    text: str
    data: bytes | None
    """The file itself, of a PDF."""

    @property
    def ending(self) -> str:
        return ".md" if self.data is None else ".pdf"


def add_page(root: Path, url: str, *, settings: Settings, networks: Networks = "public") -> AddedPage:
    """Save a page into a folder; one with the same address is updated. The index is left to the next sync.

    `networks` says whether the page may be on this machine or in a private network. Raises PageNotAdded, DiskFull,
    StoreNotWritable.
    """
    if settings.offline:
        raise PageNotAdded(f"{url[:200]} is on the network, and Bunko is set to be offline.", "Leave out --offline.")
    if not root.is_dir():
        raise PageNotAdded(f"{str(root)!r} is no folder to save a page in.", "Name a folder.")
    address = page_address(url)
    page = _read(download_page(address, networks=networks), asked=address.url, settings=settings.reading)
    try:
        return _save(root, page, ignore=settings.reading.ignore)
    except OSError as error:
        fault = DiskFull if error.errno == errno.ENOSPC else StoreNotWritable
        raise fault(f"The page can't be saved: {error.strerror or error}.", "Check the folder and the disk.") from error


# --- reading ------------------------------------------------------------------------------------------------------


def _read(download: Download, *, asked: str, settings: ReadingSettings) -> _Page:
    kind = _kind_of(download)
    data = download.data
    if kind != "pdf" and download.charset:
        data = b"\xef\xbb\xbf" + decode(data, declared=download.charset).encode("utf-8", "replace")
    document = _document(data, _ENDINGS[kind], download.url, settings)
    facts = document.facts
    date = facts.modified or facts.created or _day(download.last_modified)
    own = next((heading.label for heading in document.headings if heading.level == 1), "")
    title = facts.title or own or _from_address(download.url)
    return _Page(
        asked=asked,
        source=download.url,
        facts=facts if facts.date else replace(facts, created=date),
        title=title,
        text=document.text,
        data=data if kind == "pdf" else None,
    )


def _kind_of(download: Download) -> str:
    """Return the kind of file. Raises PageNotAdded for one that is not saved."""
    if download.data.startswith(b"%PDF-"):
        return "pdf"
    kind = _TYPES.get(download.media_type, "")
    if not download.media_type and re.match(rb"\s*<(?:!doctype html|html|head|body)\b", download.data[:1000], re.I):
        kind = "html"
    if not kind or kind == "pdf":
        raise PageNotAdded(
            f"{download.url} is {download.media_type or 'of an unknown type'}, not a web page, a PDF or a plain text.",
            "Download it, and put the file into the folder.",
        )
    return kind


def _document(data: bytes, ending: str, url: str, settings: ReadingSettings) -> Document:
    """Read a page in the reader's process. Raises PageNotAdded."""
    with tempfile.TemporaryDirectory(prefix="bunko-page-") as folder:
        path = Path(folder).resolve() / f"page{ending}"
        path.write_bytes(data)
        entry = FileEntry(path=path.name, absolute=path, size=len(data), modified_ns=0)
        with Reader(settings) as reader:
            for _, item in reader.read([entry]):
                if isinstance(item, Document):
                    return item
                if isinstance(item, FailedFile):
                    raise PageNotAdded(f"{url} can't be read: {item.error}", item.hint)
    raise PageNotAdded(f"{url} holds no text.", "Where a script writes it, print the page as a PDF into the folder.")


def _day(header: str) -> str:
    try:
        return parsedate_to_datetime(header).strftime("%Y-%m-%d")
    except (TypeError, ValueError):
        return ""


def _from_address(url: str) -> str:
    parts = urlsplit(url)
    name = unquote(parts.path.rstrip("/").rpartition("/")[2])
    return re.sub(r"\.\w{1,5}$", "", name) or parts.hostname or "page"


# --- writing ------------------------------------------------------------------------------------------------------


def _save(root: Path, page: _Page, *, ignore: tuple[str, ...]) -> AddedPage:
    today = time.strftime("%Y-%m-%d")
    head = _front_matter(page, saved=today)
    content = page.data if page.data is not None else f"{head}\n{page.text.rstrip()}\n".encode("utf-8", "replace")
    known = _known(root, page, ignore=ignore)
    change: Literal["added", "updated", "unchanged"] = "added"
    if known is None:
        path = _write_new(root, file_name_of(page.title), page.ending, content)
    else:
        path = known
        change = "unchanged" if _says_the_same(known, content, page) else "updated"
        if change == "updated":
            _replace(known, content)
    if page.data is not None and change != "unchanged":
        _replace(note_beside(path), head.encode("utf-8", "replace"))
    return AddedPage(
        path=path.relative_to(root).as_posix(),
        title=page.title,
        source=page.source,
        date=page.facts.date,
        saved=today,
        change=change,
    )


def _front_matter(page: _Page, *, saved: str) -> str:
    r"""Return the head of a note, in YAML. JSON's texts and lists are YAML's, too."""
    facts = page.facts
    said: dict[str, object] = {
        "title": page.title,
        "source": page.source,
        "requested": page.asked if page.asked != page.source else "",
        "author": list(facts.authors),
        "date": facts.created,
        "modified": facts.modified,
        "tags": list(facts.tags),
        "lang": facts.language,
        "saved": saved,
    }
    plain = ("date", "modified", "saved")  # which YAML knows as dates
    lines = [
        f"{name}: {value if name in plain else json.dumps(value, ensure_ascii=False)}"
        for name, value in said.items()
        if value
    ]
    return "\n".join(["---", *lines, "---", ""])


def _known(root: Path, page: _Page, *, ignore: tuple[str, ...]) -> Path | None:
    """Return the file that holds the page of this address already: a note that `bunko add` wrote, wherever it is."""
    wanted = {page.asked, page.source}
    for file in list_files(root, ignore=ignore):
        if file.path.lower().endswith(page.ending) and not file.absolute.is_symlink():
            said = _said(file.absolute)
            if "saved" in said and wanted & {said.get("source"), said.get("requested")}:
                return file.absolute
    return None


def _said(path: Path) -> dict[str, object]:
    """Return the front matter of a note, or of the note beside a file; empty where there is none."""
    note = note_beside(path) if path.suffix.lower() in NOTED else path
    try:
        if is_link(note):
            return {}
        with note.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return {}
    return {**front_matter(head.decode("utf-8", "replace").replace("\r\n", "\n"))} if head.startswith(b"---") else {}


def _says_the_same(path: Path, content: bytes, page: _Page) -> bool:
    """Return whether a file has this content already, but for the day on which it was saved."""
    saved = re.compile(rb"^saved: .*\n", re.M)
    there = path.read_bytes()
    return there == content if page.data is not None else saved.sub(b"", there, 1) == saved.sub(b"", content, 1)


def _write_new(root: Path, name: str, ending: str, content: bytes) -> Path:
    """Write a file under a name that is free, and return its path."""
    with _written(root, content) as fresh:
        for tried in _names(name, ending):
            target = root / tried
            with contextlib.suppress(FileExistsError):
                _put(fresh, target, content)
                return target
    raise PageNotAdded(f"Too many files are named like {name + ending!r}.", "Remove some of them.")


def _put(fresh: Path, target: Path, content: bytes) -> None:
    """Give a file its name. Raises FileExistsError where there is one with it."""
    if os.name == "nt":
        fresh.rename(target)  # raises FileExistsError there
        return
    try:
        os.link(fresh, target)  # unlike a rename, this fails where the file exists
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with target.open("xb") as file:
            file.write(content)


def _names(name: str, ending: str) -> Iterator[str]:
    yield name + ending
    yield from (f"{name} ({n}){ending}" for n in range(2, _MOST_NAMES))


def _replace(target: Path, content: bytes) -> None:
    with _written(target.parent, content) as fresh:
        fresh.replace(target)


@contextlib.contextmanager
def _written(folder: Path, content: bytes) -> Iterator[Path]:
    """Yield a hidden file with this content, which is removed unless it was moved."""
    fresh = folder / f".bunko-page-{secrets.token_hex(8)}"
    try:
        with fresh.open("xb") as file:
            file.write(content)
        yield fresh
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()
