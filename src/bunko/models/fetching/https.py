"""Download one file over HTTPS. In: a URL and a path. Out: the complete file and its SHA-256.

An interrupted download stays in `<path>.part`, and the next attempt resumes it. Proxies are taken from the environment.
Knows nothing of models or catalogues.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import urllib3

from bunko.errors import DownloadFailed, HashMismatch, ModelNotFound
from bunko.models.cache import check_space, hash_file
from bunko.models.fetching.progress import Progress
from bunko.network import HEADERS, open_pool, origin_of

_BLOCK = 1 << 18
_TIMEOUT = urllib3.Timeout(connect=15, read=60)
_MAX_REDIRECTS = 8
_MAX_FAILURES = 4
# An attempt that received this many bytes resets the count of failures.
_PROGRESS_BYTES = 1 << 20


class _Interrupted(Exception):
    """The connection was lost, or the server is busy: the request can be retried."""


def download(
    url: str,
    target: Path,
    *,
    progress: Progress,
    size: int | None = None,
    sha256: str = "",
    headers: Mapping[str, str] | None = None,
) -> str:
    """Download a file and return its SHA-256 in hexadecimal; `target` exists only once the file is complete.

    `headers` go to the URL's own host only, never to one that it redirects to.
    Raises HashMismatch, DiskFull, ModelNotFound (404), DownloadFailed, and OSError from the disk.
    """
    return _Download(url, target, progress=progress, size=size, sha256=sha256, headers=headers or {}).run()


class _Download:
    def __init__(
        self, url: str, target: Path, *, progress: Progress, size: int | None, sha256: str, headers: Mapping[str, str]
    ) -> None:
        self.url = url
        self.target = target
        self.progress = progress
        self.size = size
        self.sha256 = sha256
        self.headers = headers
        self.part = target.with_name(f"{target.name}.part")
        self.validator = target.with_name(f"{target.name}.part.etag")

    def run(self) -> str:
        resumed = self._resumable() > 0
        digest = self._fetch_with_retries()
        if self.sha256 and digest != self.sha256 and resumed:
            # The part on disk may belong to another version of the file: retry once from the start.
            self._discard()
            digest = self._fetch_with_retries()
        if self.sha256 and digest != self.sha256:
            self._discard()
            raise HashMismatch(
                f"{self.url} is not the catalogue's file (SHA-256 {digest}, not {self.sha256}).",
                "It was deleted. The file has changed at its source, or a proxy replaced it.",
            )
        with self.part.open("rb+") as file:
            os.fsync(file.fileno())
        self.part.replace(self.target)
        self.validator.unlink(missing_ok=True)
        return digest

    def _fetch_with_retries(self) -> str:
        failures = 0
        while True:
            before = self._resumable()
            try:
                return self._transfer(before)
            except _Interrupted as error:
                arrived = self._resumable() - before
                failures = 0 if arrived >= _PROGRESS_BYTES else failures + 1
                if failures >= _MAX_FAILURES:
                    raise DownloadFailed(
                        f"{self.url} could not be downloaded: {error}.",
                        "Try again: the download will be resumed.",
                    ) from error.__cause__
                time.sleep(0.25 * 2**failures)

    def _transfer(self, have: int) -> str:
        """Fetch the missing bytes, and return the complete file's SHA-256."""
        response = self._request(have)
        try:
            if response.status == 416:  # there are no bytes beyond those on disk
                if response.headers.get("Content-Range") == f"bytes */{have}":
                    return hash_file(self.part)  # complete: it only has to be renamed
                self._discard()
                raise _Interrupted("the file's size has changed")
            if response.status != 206 or not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                have = 0
            length = response.headers.get("Content-Length", "")
            total = have + int(length) if length.isdigit() else self.size
            self._check_size(total)
            check_space(self.part.parent, (total or 0) - have)
            if have == 0:
                self._save_validator(response.headers)
            with self.progress(self.target.name, total=total, done=have) as advance:
                return self._receive(response, have, advance)
        finally:
            response.close()

    def _receive(self, response: urllib3.BaseHTTPResponse, have: int, advance: Callable[[int], object]) -> str:
        digest = hashlib.sha256()
        with self.part.open("rb+" if have else "wb") as file:
            while have and (block := file.read(_BLOCK)):
                digest.update(block)
            try:
                for block in response.stream(_BLOCK, decode_content=False):
                    file.write(block)
                    digest.update(block)
                    advance(len(block))
            except urllib3.exceptions.HTTPError as error:
                raise _Interrupted(f"the connection was lost ({error})") from error
        return digest.hexdigest()

    def _request(self, have: int) -> urllib3.BaseHTTPResponse:
        """Open the URL, following redirects. Raises DownloadFailed where a retry would not help."""
        start = url = urlsplit(self.url)
        for _ in range(_MAX_REDIRECTS):
            headers = dict(HEADERS)
            if have:
                headers["Range"] = f"bytes={have}-"
                if self.validator.is_file():
                    headers["If-Range"] = self.validator.read_text(encoding="ascii")
            if origin_of(url.geturl()) == origin_of(self.url):
                headers |= self.headers
            try:
                response = open_pool(url.geturl()).request(
                    "GET",
                    url.geturl(),
                    headers=headers,
                    preload_content=False,
                    redirect=False,
                    retries=False,
                    timeout=_TIMEOUT,
                )
            except urllib3.exceptions.ProxySchemeUnknown as error:
                raise DownloadFailed(
                    f"The proxy can't be used: {error}.", "Set HTTPS_PROXY to an http:// proxy."
                ) from error
            except urllib3.exceptions.HTTPError as error:
                raise DownloadFailed(
                    f"{url.hostname} can't be reached: {error}.", "Check the network, and HTTPS_PROXY if you need one."
                ) from error
            location = response.get_redirect_location()
            if not location:
                self._check_status(response.status)
                return response
            response.close()
            url = urlsplit(urljoin(url.geturl(), location))
            if url.scheme != "https" and start.scheme == "https":
                raise DownloadFailed(f"{self.url} redirects to an address without HTTPS.", "Use another source.")
        raise DownloadFailed(f"{self.url} redirects too many times.", "Use another source.")

    def _check_status(self, status: int) -> None:
        if status in (200, 206, 416):
            return
        if status in (401, 403):
            raise DownloadFailed(
                f"Access to {self.url} was denied (HTTP {status}).",
                "If it is a gated model, accept its licence on the hub and set HF_TOKEN to your access token.",
            )
        if status in (404, 410):
            raise ModelNotFound(f"There is no file at {self.url} (HTTP {status}).", "Check the name.")
        if status == 429 or status >= 500:
            raise _Interrupted(f"the server answered HTTP {status}")
        raise DownloadFailed(f"{self.url} could not be downloaded: HTTP {status}.", "Try again later.")

    def _check_size(self, total: int | None) -> None:
        if self.size is not None and total is not None and total != self.size:
            self._discard()
            raise HashMismatch(
                f"{self.url} is not the catalogue's file ({total:,} bytes, not {self.size:,}).",
                "It was deleted. The file has changed at its source, or a proxy replaced it.",
            )

    def _resumable(self) -> int:
        """Return the number of bytes on disk that can be kept: 0 unless a hash or an ETag can verify them."""
        if not self.part.is_file() or not (self.sha256 or self.validator.is_file()):
            return 0
        return self.part.stat().st_size

    def _save_validator(self, headers: Mapping[str, str]) -> None:
        tag = headers.get("ETag", "")
        if tag and not tag.startswith("W/") and tag.isascii():
            self.validator.write_text(tag, encoding="ascii")
        else:
            self.validator.unlink(missing_ok=True)

    def _discard(self) -> None:
        self.part.unlink(missing_ok=True)
        self.validator.unlink(missing_ok=True)
