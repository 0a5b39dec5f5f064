"""Access control. In: the head of a request. Out: a Principal, or the error that keeps it out. Pure.

Three checks: the name that the server was called by (another site can make its own name resolve to this machine), the
site that the request comes from, and the token. Knows nothing of the application.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.requests import Request

from bunko.errors import AccessRefused, SettingsError, TokenMissing
from bunko.network import is_address, is_loopback, origin_of
from bunko.settings import ServerSettings

# Paths that need no token: they contain nothing of the user's.
OPEN_PATHS = frozenset({"/", "/health", "/ready", "/favicon.ico"})
OPEN_FOLDERS = ("/page/",)

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The sender of a request, and the libraries that it may use."""

    client: str
    """Name in the fair queue."""
    library: str | None = None
    """The one library that it may use; None: all."""

    def may(self, library: str) -> bool:
        """Return whether it may use a library."""
        return self.library is None or self.library == library

    def require(self, library: str) -> None:
        """Raise AccessRefused for a library that it may not use, whether it exists or not."""
        if not self.may(library):
            raise AccessRefused(
                f"This token gives no access to the library {library[:100]!r}.", "Use that library's token."
            )

    def require_all(self) -> None:
        """Raise AccessRefused unless it may use everything."""
        if self.library is not None:
            raise AccessRefused("This token gives access to one library only.", "Use the server's token.")


def principal_of(request: Request) -> Principal:
    """Return the sender of a request, as the gate found it."""
    principal: Principal = request.scope["state"]["principal"]
    return principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The rules of one server. Its repr shows no tokens."""

    token: str = field(default="", repr=False)
    """Gives access to everything; empty: no token is needed."""
    library_tokens: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Tokens for one library each, by its name."""
    hosts: frozenset[str] = frozenset()
    """Names that the server may be called by, in addition to those of this machine."""
    any_address: bool = False
    """Whether it may be called by any IP address: only names can be made to resolve elsewhere."""
    origins: frozenset[str] = frozenset()
    """Sites whose pages may call it, in addition to its own."""

    # --- the three checks ---------------------------------------------------------------------------------------

    def check_host(self, host: str) -> None:
        """Raise AccessRefused unless the server may be called by this name, the value of the header Host."""
        name = _name_of(host)
        if is_loopback(name) or name in self.hosts or (self.any_address and is_address(name)):
            return
        raise AccessRefused(
            f"The server may not be called by the name {host[:100]!r}.", "Start it with --allow-host NAME to allow it."
        )

    def check_origin(self, origin: str, *, host: str, site: str = "", path: str = "/api/") -> None:
        """Raise AccessRefused for a request from a page of another site.

        `site` is the header Sec-Fetch-Site, if the browser sends it.
        """
        if origin:
            if origin in self.origins or _is_same_site(origin, host):
                return
        elif site not in ("cross-site", "same-site") or is_open(path):
            return  # following a link to the page is harmless
        raise AccessRefused(
            f"A page of {origin[:100] or 'another site'!r} may not call this server.",
            "Start the server with --allow-origin ORIGIN to allow it.",
        )

    def allows_origin(self, origin: str) -> bool:
        """Return whether pages of another site may read responses."""
        return origin in self.origins

    def admit(self, authorization: str, *, address: str, path: str) -> Principal:
        """Return the sender. Raises TokenMissing, except for open paths."""
        scheme, _, given = authorization.strip().partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        if not self.token:
            return Principal(client=address)
        # Every token is compared, each in constant time, so that the time reveals nothing.
        everything = _same(given, self.token)
        opened = [name for name, tokens in self.library_tokens.items() for token in tokens if _same(given, token)]
        if given and everything:
            return Principal(client="token")
        if given and opened:
            return Principal(client=f"token {opened[0]}", library=opened[0])
        if is_open(path):
            return Principal(client=address, library="")
        raise TokenMissing(
            "A token is required." if not given else "This token is not valid here.",
            "Send it as `Authorization: Bearer TOKEN`; `bunko serve` prints it when it starts.",
        )


def is_open(path: str) -> bool:
    """Return whether a path needs no token."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


def access_for(server: ServerSettings, libraries: tuple[str, ...], *, own: Mapping[str, str] | None = None) -> Access:
    """Return the rules of the settings; `own` are additional tokens, one for each library.

    Makes a token if one is needed and none was given. Raises SettingsError.
    """
    tokens: dict[str, tuple[str, ...]] = {name: (token,) for name, token in (own or {}).items()}
    for pair in server.library_tokens:
        name, equals, token = pair.partition("=")
        if not equals or name not in libraries:
            # The message does not repeat the pair: it may be the token itself.
            raise SettingsError(
                "A library token names a library that is not served.",
                f"Write --library-token NAME=TOKEN, where NAME is one of {', '.join(libraries)}.",
            )
        tokens[name] = (*tokens.get(name, ()), _checked(token))
    token = server.token if server.token == "auto" or not server.token else _checked(server.token)
    if token == "auto" or (not token and (server.library_tokens or not is_loopback(_name_of(server.host)))):
        token = secrets.token_urlsafe(24)
    wildcard = server.host in ("0.0.0.0", "::", "")
    names = {_name_of(name) for name in server.allow_hosts} | (set() if wildcard else {_name_of(server.host)})
    return Access(
        token=token,
        library_tokens=tokens,
        hosts=frozenset(names - {""}),
        any_address=wildcard,
        origins=frozenset(origin.rstrip("/") for origin in server.allow_origins),
    )


_SHORTEST = 8


def _checked(token: str) -> str:
    if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(
            f"A token needs at least {_SHORTEST} ASCII characters, without spaces.",
            "Generate one: --token auto",
        )
    return token


def _name_of(host: str) -> str:
    """Return the name in a Host header, without the port; empty if it is malformed.

    >>> _name_of("LocalHost.:8642"), _name_of("[::1]:80"), _name_of("::1"), _name_of("a@b")
    ('localhost', '::1', '::1', '')
    """
    host = host.strip().lower()
    if is_address(host):
        return host
    try:
        parts = urlsplit(f"//{host}")
        if parts.username is not None or parts.path or parts.query or parts.fragment:
            return ""
        _ = parts.port  # raises ValueError if it is malformed
        return (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_same_site(origin: str, host: str) -> bool:
    """Return whether a page calls its own origin. A proxy may add TLS, so HTTP and HTTPS count as the same.

    >>> _is_same_site("http://localhost:8642", "localhost:8642"), _is_same_site("null", "localhost:8642")
    (True, False)
    """
    scheme = origin.partition("://")[0]
    address = origin_of(origin)
    return scheme in ("http", "https") and address is not None and address == origin_of(f"{scheme}://{host}")


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())
