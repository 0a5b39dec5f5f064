"""What an address is, and which requests go through a proxy."""

from __future__ import annotations

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from bunko.network import host_of, is_address, is_loopback, open_pool, origin_of

HERE = ("http://127.0.0.9/v1", "http://[::1]:80/v1", "http://localhost/v1", "http://LOCALHOST")
ELSEWHERE = ("http://127.0.0.1.example/v1", "http://192.168.1.2/v1", "http://0.0.0.0", "http://localhost.example", "a")


@pytest.fixture(autouse=True)
def a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    monkeypatch.setenv("http_proxy", "http://me:se%20cret@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "intern.example")


@pytest.mark.parametrize("url", HERE)
def test_addresses_of_this_machine(url: str) -> None:
    assert is_loopback(host_of(url))
    assert not isinstance(open_pool(url), urllib3.ProxyManager)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_addresses_that_may_lead_elsewhere(url: str) -> None:
    assert not is_loopback(host_of(url))


def test_other_machines_are_reached_through_the_proxy_of_the_environment() -> None:
    pool = open_pool("http://gpu.example:8080")
    assert isinstance(pool, urllib3.ProxyManager)
    assert pool.proxy is not None
    assert (pool.proxy.host, pool.proxy.port) == ("proxy.example", 3128)
    assert pool.proxy_headers == urllib3.make_headers(proxy_basic_auth="me:se cret")
    assert not isinstance(open_pool("http://intern.example"), urllib3.ProxyManager)
    assert not isinstance(open_pool("https://gpu.example"), urllib3.ProxyManager)


def test_a_proxy_without_a_scheme_is_an_http_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "proxy.example:3128")
    pool = open_pool("http://gpu.example")
    assert isinstance(pool, urllib3.ProxyManager)
    assert pool.proxy is not None
    assert (pool.proxy.scheme, pool.proxy.host) == ("http", "proxy.example")


def test_a_proxy_of_another_kind_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://proxy.example:1080")
    with pytest.raises(urllib3.exceptions.ProxySchemeUnknown, match="socks5"):
        open_pool("http://gpu.example")


def test_an_origin_has_its_scheme_s_port() -> None:
    assert origin_of("http://a.example") == origin_of("http://A.example:80/path") == ("http", "a.example", 80)
    assert origin_of("https://a.example") != origin_of("http://a.example")


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert isinstance(host_of(text), str)
    assert is_loopback(text) in (True, False)
    assert is_address(text) in (True, False)
    origin_of(text)
