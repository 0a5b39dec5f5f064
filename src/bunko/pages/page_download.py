"""Fetch a page over HTTP. In: its address. Out: its bytes, its type, and the address that it came from at last.

Each hop of a redirect is checked like the first address. A proxy is taken from the environment; it is asked for the
machine that was checked. Knows nothing of files and formats.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, urljoin

import urllib3

from bunko.errors import BunkoError, PageNotAdded
from bunko.network import HEADERS, open_pool
from bunko.pages.page_address import Networks, PageAddress, machine_of, page_address

MOST_BYTES = 20_000_000
"""Of one page."""
LONGEST_S = 60.0
"""For all of it: names, redirects, bytes."""
_SILENT_S = 15.0
_MAX_REDIRECTS = 8
_BLOCK = 1 << 16
_TYPES = "text/html,application/xhtml+xml,application/pdf,text/plain;q=0.9,*/*;q=0.1"
_UNPACKED = {"gzip": 31, "x-gzip": 31, "deflate": 47}  # zlib's window bits
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What a server sent."""

    url: str
    """The address that it came from, after redirects."""
    data: bytes
    media_type: str
    """In lower case, without parameters; empty where the server names none."""
    charset: str
    last_modified: str
    """As the server says it; often empty."""


def download_page(
    address: PageAddress, *, networks: Networks, most_bytes: int = MOST_BYTES, longest_s: float = LONGEST_S
) -> Download:
    """Fetch a page. Raises PageNotAdded: an address that may not be opened, a server that fails, a limit."""
    deadline = time.monotonic() + longest_s
    return _within(
        longest_s,
        lambda: _follow(address, networks=networks, most_bytes=most_bytes, deadline=deadline),
        late=_too_slow(address, longest_s),
    )


def _too_slow(address: PageAddress, longest_s: float) -> PageNotAdded:
    return PageNotAdded(
        f"{address.url} took longer than {longest_s:g} seconds.", "Download it, and put the file into the folder."
    )


def _within(seconds: float, work: Callable[[], _Found], *, late: BunkoError) -> _Found:
    """Return what a function returns. Raises `late` where it takes longer: a server may send a byte now and then."""
    done: list[_Found] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise late
    return done[0]


def _follow(address: PageAddress, *, networks: Networks, most_bytes: int, deadline: float) -> Download:
    first = address
    for _ in range(_MAX_REDIRECTS):
        response = _request(address, machine_of(address, networks=networks))
        try:
            location = response.get_redirect_location()
            if not location:
                _check_status(response.status, address)
                data = _receive(response, address, most_bytes=most_bytes, deadline=deadline)
                return _download(address, response, data)
        except urllib3.exceptions.HTTPError as error:
            raise PageNotAdded(f"{address.url} was not received as a whole: {error}.", "Try again.") from error
        finally:
            response.close()
        following = page_address(urljoin(address.url, location))
        if address.scheme == "https" and following.scheme == "http":
            raise PageNotAdded(f"{first.url} redirects to an address without HTTPS.", "Give that address: " + location)
        address = following
    raise PageNotAdded(f"{first.url} redirects more than {_MAX_REDIRECTS} times.", "Give the address where it ends.")


def _request(address: PageAddress, machine: str) -> urllib3.BaseHTTPResponse:
    """Send the request to the machine, as a request to the host."""
    kept = "%/:=&?~#+!$,;'@()*[]"
    target = quote(address.target, safe=kept)
    try:
        pool = open_pool(address.url)
        through_proxy = isinstance(pool, urllib3.ProxyManager)
        secured = {"server_hostname": address.host, "assert_hostname": address.host}
        connections = pool.connection_from_host(
            machine, address.port, address.scheme, pool_kwargs=secured if address.scheme == "https" else None
        )
        if through_proxy and address.scheme == "http":
            shown = f"[{machine}]" if ":" in machine else machine
            target = f"http://{shown}:{address.port}{target}"
        headers = {**HEADERS, "Host": address.host_header, "Accept": _TYPES}
        return connections.urlopen(
            "GET",
            target,
            headers=headers,
            redirect=False,
            retries=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            timeout=urllib3.Timeout(connect=_SILENT_S, read=_SILENT_S),
        )
    except urllib3.exceptions.ProxySchemeUnknown as error:
        raise PageNotAdded(f"The proxy can't be used: {error}.", "Set HTTPS_PROXY to an http:// proxy.") from error
    except urllib3.exceptions.HTTPError as error:
        raise PageNotAdded(
            f"{address.host} can't be reached: {error}.", "Check the network, and HTTPS_PROXY if you need one."
        ) from error


def _check_status(status: int, address: PageAddress) -> None:
    if status == 200:
        return
    if status in (401, 402, 403, 407):
        raise PageNotAdded(
            f"Access to {address.url} was denied (HTTP {status}).",
            "If you may see it in a browser, save it from there into the folder.",
        )
    if status in (404, 410):
        raise PageNotAdded(f"There is no page at {address.url} (HTTP {status}).", "Check the address.")
    raise PageNotAdded(f"{address.url} could not be fetched: HTTP {status}.", "Try again later.")


def _receive(response: urllib3.BaseHTTPResponse, address: PageAddress, *, most_bytes: int, deadline: float) -> bytes:
    """Read the body, unpacked, within the limits."""
    packed = response.headers.get("Content-Encoding", "").strip().lower()
    if packed not in ("", "identity", *_UNPACKED):
        raise PageNotAdded(f"{address.url} is packed as {packed!r}.", "Download it, and put the file into the folder.")
    unpack = zlib.decompressobj(_UNPACKED[packed]) if packed in _UNPACKED else None
    body = bytearray()
    while block := response.read1(_BLOCK, decode_content=False):
        try:
            body += unpack.decompress(block, most_bytes + 1 - len(body)) if unpack else block
        except zlib.error as error:
            raise PageNotAdded(
                f"{address.url} is packed in a way that can't be read: {error}.", "Try again."
            ) from error
        if len(body) > most_bytes:
            raise PageNotAdded(
                f"{address.url} has more than {most_bytes:,} bytes.", "Download it, and put the file into the folder."
            )
        if time.monotonic() > deadline:
            break  # whoever waits has given up
    return bytes(body)


def _download(address: PageAddress, response: urllib3.BaseHTTPResponse, data: bytes) -> Download:
    media_type, _, parameters = response.headers.get("Content-Type", "").partition(";")
    named = [part.partition("=")[2] for part in parameters.split(";") if part.strip().lower().startswith("charset=")]
    return Download(
        url=address.url,
        data=data,
        media_type=media_type.strip().lower(),
        charset=named[0].strip().strip("\"'") if named else "",
        last_modified=response.headers.get("Last-Modified", ""),
    )
