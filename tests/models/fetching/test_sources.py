from __future__ import annotations

import pytest

from bunko.errors import UsageError
from bunko.models.fetching.sources import (
    HubSource,
    OllamaSource,
    PlainSource,
    PypiSource,
    ServerSource,
    Source,
    UrlSource,
    parse_source,
)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("minilm", PlainSource(text="minilm")),
        ("C:\\models\\x.gguf", PlainSource(text="C:\\models\\x.gguf")),
        ("models/x.gguf", PlainSource(text="models/x.gguf")),
        ("hf:o/r/x.gguf", HubSource(repository="o/r", file="x.gguf")),
        ("hf:o/r@v1/sub/x.gguf", HubSource(repository="o/r", file="sub/x.gguf", revision="v1")),
        ("pypi:a-b==1.0/m/x.gguf", PypiSource(package="a-b", version="1.0", member="m/x.gguf")),
        ("https://a.example/b/x.gguf", UrlSource(url="https://a.example/b/x.gguf")),
        ("https://a.example/b/x.gguf?download=true", UrlSource(url="https://a.example/b/x.gguf?download=true")),
        ("http://127.0.0.1:1/x.gguf", UrlSource(url="http://127.0.0.1:1/x.gguf")),
        ("https://a.example/v1", ServerSource(url="https://a.example/v1", model="")),
        ("https://a.example/v1/#m:7b", ServerSource(url="https://a.example/v1", model="m:7b")),
        ("http://box:8080", ServerSource(url="http://box:8080/v1", model="")),
        ("https://a.example/api/openai", ServerSource(url="https://a.example/api/openai", model="")),
        ("ollama:qwen3", OllamaSource(host="registry.ollama.ai", namespace="library", name="qwen3", tag="latest")),
        ("ollama:me/x:4b", OllamaSource(host="registry.ollama.ai", namespace="me", name="x", tag="4b")),
        ("ollama:hf.co/o/r-GGUF:Q4_K_M", OllamaSource(host="hf.co", namespace="o", name="r-GGUF", tag="Q4_K_M")),
    ],
)
def test_every_kind_of_name_is_understood(name: str, source: Source) -> None:
    assert parse_source(name) == source


@pytest.mark.parametrize(
    "name",
    [
        "hf:o/r",
        "hf:o/r/../../x.gguf",
        "hf:../r/x.gguf",
        "pypi:package/x.gguf",
        "pypi:--index-url=x==1/x.gguf",
        "pypi:a==1/../x.gguf",
        "pypi:a==1//etc/x.gguf",
        "ollama:",
        "ollama:../../x",
        "ollama:x:../y",
        "https://",
        "https://[bad/v1",
        "https://host:99999/v1",
        "https://host/v1?key=1",
        "http://host.example/x.gguf",
    ],
)
def test_a_name_that_reaches_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_source(name)
    assert caught.value.hint


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        parse_source("https://user:secret@host.example/v1")
    assert "secret" not in str(caught.value)
    assert "BUNKO_API_KEY" in caught.value.hint


@pytest.mark.parametrize("name", ["localhost:8080/v1#qwen3", "127.0.0.1:8080#qwen3", "192.168.1.5:8080/v1/#qwen3"])
def test_an_address_in_the_own_network_needs_no_scheme(name: str) -> None:
    found = parse_source(name)
    assert isinstance(found, ServerSource)
    assert (found.url, found.model) == (f"http://{name.partition('/')[0].partition('#')[0]}/v1", "qwen3")


def test_another_address_without_a_scheme_is_not_guessed() -> None:
    with pytest.raises(UsageError, match="looks like a server's address") as caught:
        parse_source("models.example.com:8443/v1")
    assert "https://models.example.com:8443/v1" in caught.value.hint
