"""Addresses and connections. In: hosts and URLs. Out: what they are, and a pool of connections.

Knows nothing of engines, models and libraries. What is slow to import is imported when a pool is opened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from urllib3 import PoolManager

# Sent with every request. No compression: a few bytes could swell to gigabytes here.
HEADERS: Mapping[str, str] = {"Accept-Encoding": "identity", "User-Agent": "bunko"}
_PORTS = {"http": 80, "https": 443}


def is_address(host: str) -> bool:
    """Return whether a host is an IP address, not a name.

    >>> is_address("192.168.1.5"), is_address("::1"), is_address("localhost")
    (True, True, False)
    """
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: a loopback address or `localhost`. Any other name may lead anywhere.

    >>> is_loopback("localhost"), is_loopback("127.0.0.2"), is_loopback("::1"), is_loopback("127.0.0.1.evil.example")
    (True, True, True, False)
    """
    return host == "localhost" or (is_address(host) and ip_address(host).is_loopback)


def host_of(url: str) -> str:
    """Return a URL's host, without brackets and port; empty where there is none.

    >>> host_of("http://[::1]:8080/v1"), host_of("reports")
    ('::1', '')
    """
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


# A port or a path must follow a name: "localhost" may be a folder. Figures alone, or a drive's letter, are no host.
_WITHOUT_SCHEME = re.compile(
    r"(?:localhost|\[[0-9a-f:.]+\]|\d{1,3}(?:\.\d{1,3}){3}|[a-z0-9][a-z0-9-]*[a-z0-9](?:\.[a-z0-9-]+)*)"
    r":\d{1,5}(?:[/#]\S*)?",
    re.I,
)


def is_address_without_scheme(text: str) -> bool:
    """Return whether a text is a server's address that lacks its http://.

    >>> is_address_without_scheme("localhost:8080/v1#qwen3"), is_address_without_scheme("192.168.1.5:11434")
    (True, True)
    >>> is_address_without_scheme("qwen3:8b"), is_address_without_scheme("a/b:1")
    (False, False)
    """
    return bool(_WITHOUT_SCHEME.fullmatch(text.strip()))


def origin_of(url: str) -> tuple[str, str, int] | None:
    """Return a URL's scheme, host and port, the scheme's own port if it names none; None for any other text.

    >>> origin_of("https://Example.com/a"), origin_of("null")
    (('https', 'example.com', 443), None)
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname and port else None


def open_pool(url: str) -> PoolManager:
    """Return a pool for requests to a URL, through the proxy that the environment names for it.

    No proxy is used for this machine. Raises urllib3's ProxySchemeUnknown for a proxy that is not http or https.
    """
    from urllib.request import getproxies, proxy_bypass

    import urllib3

    host = host_of(url)
    proxy = None if is_loopback(host) else getproxies().get(url.partition("://")[0])
    if not proxy or proxy_bypass(host):
        return urllib3.PoolManager()
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    headers = urllib3.make_headers(proxy_basic_auth=login) if login else None
    return urllib3.ProxyManager(parts.geturl(), proxy_headers=headers)
