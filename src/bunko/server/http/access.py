"""Who may come in. In: the head of a request. Out: a Principal, or why not. Pure: knows nothing of the application.

Three walls: the name that the server was called by (a page of another site can make its own name lead to this
machine), the site that the request comes from, and the token.
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

# What anybody may fetch, who may call the server at all: it holds nothing of the user's.
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
    """Who a request comes from, and what is open to them."""

    client: str
    """Whose turn in the queue it costs."""
    library: str | None = None
    """The one library that is open to them; None: all."""

    def may(self, library: str) -> bool:
        """Tell whether a library is open to them."""
        return self.library is None or self.library == library

    def require(self, library: str) -> None:
        """Raise AccessRefused for a library that is not open to them, whether there is one or not."""
        if not self.may(library):
            raise AccessRefused(f"This token does not open the library {library[:100]!r}.", "Use that library's own.")

    def require_all(self) -> None:
        """Raise AccessRefused unless everything is open to them."""
        if self.library is not None:
            raise AccessRefused("This token opens one library only.", "Use the server's own.")


def principal_of(request: Request) -> Principal:
    """Return who a request comes from, as it was found out when it came in."""
    principal: Principal = request.scope["state"]["principal"]
    return principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The rules of one server. Tokens are kept out of what it shows of itself."""

    token: str = field(default="", repr=False)
    """What opens everything; empty: no token is asked for."""
    library_tokens: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """What opens one library, by its name."""
    hosts: frozenset[str] = frozenset()
    """Names that the server may be called by, beside those of this machine itself."""
    any_address: bool = False
    """Whether it may be called by any number (192.168.1.5): names alone can be made to lead elsewhere."""
    origins: frozenset[str] = frozenset()
    """Sites whose pages may call it, beside its own."""

    # --- the three walls ----------------------------------------------------------------------------------------

    def check_host(self, host: str) -> None:
        """Raise AccessRefused unless the server may be called by this name, as the header Host has it."""
        name = _name_of(host)
        if is_loopback(name) or name in self.hosts or (self.any_address and is_address(name)):
            return
        raise AccessRefused(
            f"The server is not to be called by the name {host[:100]!r}.", "Start it with --allow-host NAME."
        )

    def check_origin(self, origin: str, *, host: str, site: str = "", path: str = "/api/") -> None:
        """Raise AccessRefused for a request that a page of another site makes.

        `site` is what the browser says of it (Sec-Fetch-Site), if it says anything.
        """
        if origin:
            if origin in self.origins or _is_same_site(origin, host):
                return
        elif site not in ("cross-site", "same-site") or is_open(path):
            return  # following a link to the page is no attack
        raise AccessRefused(
            f"A page of {origin[:100] or 'another site'!r} may not call this server.",
            "Start it with --allow-origin ORIGIN if it should.",
        )

    def allows_origin(self, origin: str) -> bool:
        """Tell whether a page of this other site may read the answers."""
        return origin in self.origins

    def admit(self, authorization: str, *, address: str, path: str) -> Principal:
        """Return who it is. Raises TokenMissing; for what is open to all, nobody needs a token."""
        scheme, _, given = authorization.strip().partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        if not self.token:
            return Principal(client=address)
        # Every token is compared, and each in constant time: the time tells nothing of them.
        everything = _same(given, self.token)
        opened = [name for name, tokens in self.library_tokens.items() for token in tokens if _same(given, token)]
        if given and everything:
            return Principal(client="token")
        if given and opened:
            return Principal(client=f"token {opened[0]}", library=opened[0])
        if is_open(path):
            return Principal(client=address, library="")
        raise TokenMissing(
            "This needs a token." if not given else "This token opens nothing here.",
            "Send it as `Authorization: Bearer TOKEN`; `bunko serve` prints it when it starts.",
        )


def is_open(path: str) -> bool:
    """Tell whether a path is open to all who may call the server."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


def access_for(server: ServerSettings, libraries: tuple[str, ...], *, own: Mapping[str, str] | None = None) -> Access:
    """Return the rules that the settings ask for; `own` are further tokens, one for each library.

    A token is made where one is needed and none was given. Raises SettingsError.
    """
    tokens: dict[str, tuple[str, ...]] = {name: (token,) for name, token in (own or {}).items()}
    for pair in server.library_tokens:
        name, equals, token = pair.partition("=")
        if not equals or name not in libraries:
            # The pair is not repeated here: it may be the token itself.
            raise SettingsError(
                "A library token names no library that is served.",
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
            f"A token needs {_SHORTEST} characters or more, of ASCII and without spaces.",
            "Let one be made: --token auto",
        )
    return token


def _name_of(host: str) -> str:
    """Return the name in a Host header, without the port; empty for what is none.

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
        _ = parts.port  # raises where it is none
        return (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_same_site(origin: str, host: str) -> bool:
    """Tell whether a page's origin is the place that it calls. A proxy may speak TLS for us, so HTTP and HTTPS will do.

    >>> _is_same_site("http://localhost:8642", "localhost:8642"), _is_same_site("null", "localhost:8642")
    (True, False)
    """
    scheme = origin.partition("://")[0]
    place = origin_of(origin)
    return scheme in ("http", "https") and place is not None and place == origin_of(f"{scheme}://{host}")


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())
