"""Decide whether a page's address may be opened. In: a URL. Out: its parts, and the machine that it leads to.

A name is looked up once, and the connection goes to the address that was checked: a name that leads elsewhere a moment
later (DNS rebinding) reaches nothing. Knows nothing of HTTP and files.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from bunko.errors import PageNotAdded

Networks: TypeAlias = Literal["public", "all"]
"""Which machines may be reached: those of the internet only, or also this one and private networks."""
_PORTS = {"http": 80, "https": 443}
_NAT64 = ip_network("64:ff9b::/96")
_LONGEST = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAddress:
    """The address of a page."""

    url: str
    """In one form: host in lower case, without the scheme's own port and without the part after #."""
    scheme: str
    host: str
    port: int
    target: str
    """Path and query."""

    @property
    def host_header(self) -> str:
        """The host as HTTP names it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"


def page_address(url: str) -> PageAddress:
    """Return the parts of an address. Raises PageNotAdded for what is no address of a page.

    >>> page_address("HTTPS://Example.com:443#top").url
    'https://example.com/'
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
        name = host if ":" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise PageNotAdded(f"{text[:200]!r} is no address of a page: {error}.", _EXAMPLE) from error
    if parts.scheme not in _PORTS:
        raise PageNotAdded(f"{text[:200]!r} does not begin with http:// or https://.", _EXAMPLE)
    if not name or any(ord(sign) <= 32 for sign in text) or len(text) > _LONGEST or port == 0:
        raise PageNotAdded(f"{text[:200]!r} is no address of a page.", _EXAMPLE)
    if parts.username is not None or parts.password is not None:
        raise PageNotAdded(
            "The address has a name or a password before the @.", "Download the page, and put the file into the folder."
        )
    number = port or _PORTS[parts.scheme]
    shown = f"[{name}]" if ":" in name else name
    place = shown if number == _PORTS[parts.scheme] else f"{shown}:{number}"
    path = parts.path or "/"
    return PageAddress(
        url=urlunsplit((parts.scheme, place, path, parts.query, "")),
        scheme=parts.scheme,
        host=name,
        port=number,
        target=urlunsplit(("", "", path, parts.query, "")),
    )


_EXAMPLE = "Give an address such as https://example.com/page."


def machine_of(address: PageAddress, *, networks: Networks) -> str:
    """Look the host up, and return an IP address of it that may be reached. Raises PageNotAdded.

    With "public", all addresses of the host must be on the internet: a mixed answer is refused as a whole.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise PageNotAdded(
            f"{address.host} can't be found: {getattr(error, 'strerror', None) or error}.",
            "Check the address and the network.",
        ) from error
    machines = list(dict.fromkeys(str(item[4][0]) for item in found))
    if networks == "public" and (inside := [one for one in machines if not is_public(one)]):
        where = "this machine" if is_here(inside[0]) else "a private network"
        named = inside[0] if inside[0] == address.host else f"{address.host} ({inside[0]})"
        raise PageNotAdded(f"{named} is an address of {where}.", "To save a page from there: --allow-private.")
    return machines[0]


def is_here(machine: str) -> bool:
    """Return whether an IP address is this machine.

    >>> is_here("127.0.0.1"), is_here("::ffff:127.0.0.1"), is_here("192.168.1.2")
    (True, True, False)
    """
    address = _innermost(machine)
    return address.is_loopback or address.is_unspecified


def is_public(machine: str) -> bool:
    """Return whether an IP address is on the internet: not this machine, no private, shared or reserved network.

    An IPv4 address within an IPv6 one, as translators write it, counts as itself.

    >>> is_public("93.184.215.14"), is_public("10.0.0.1"), is_public("64:ff9b::7f00:1"), is_public("169.254.169.254")
    (True, False, False, False)
    """
    address = _innermost(machine)
    special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or (isinstance(address, IPv6Address) and address.is_site_local)
    )
    return address.is_global and not special


def _innermost(machine: str) -> IPv4Address | IPv6Address:
    """Return an IP address; of one that holds an IPv4 address, that one."""
    address = ip_address(machine.partition("%")[0])  # without the interface of a link-local one
    if isinstance(address, IPv6Address):
        if address in _NAT64 or not int(address) >> 32:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
            return address if int(address) in (0, 1) else inner
        return address.ipv4_mapped or address.sixtofour or address
    return address
