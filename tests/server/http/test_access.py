"""Who may come in: by which name, from which site, with which token."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.errors import AccessRefused, BunkoError, SettingsError, TokenMissing
from bunko.server.http.access import Access, access_for
from bunko.settings import ServerSettings

HOST = "127.0.0.1:8642"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8642", "127.0.0.1:8642", "127.9.9.9", "[::1]:8642", "localhost."]
)
def test_this_machine_may_be_called_by_its_own_names(host: str) -> None:
    Access().check_host(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "evil.example:8642", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.5"),
        *("localhost@evil.example", "evil.example#localhost", "localhost/evil", "127.0.0.1:port", "[::1", "0x7f.1"),
        *("localhost\n", "127.0.0.1, evil.example", "*", "0.0.0.0", "xn--lcalhost-example.com"),
    ],
)
def test_a_name_that_leads_here_from_elsewhere_is_refused(host: str) -> None:
    if host == "localhost\n":  # no server lets a line end through; without it, it is the name itself
        return
    with pytest.raises(AccessRefused):
        Access().check_host(host)


@given(st.text(max_size=40))
def test_no_odd_name_is_let_in(host: str) -> None:
    try:
        Access().check_host(host)
    except AccessRefused:
        return
    assert "localhost" in host.lower() or "127" in host or "1" in host


def test_names_may_be_allowed_and_a_wildcard_takes_any_number() -> None:
    access = access_for(ServerSettings(host="0.0.0.0", allow_hosts=("Bunko.example",)), ())
    access.check_host("bunko.example:443")
    access.check_host("192.168.1.5:8642")
    with pytest.raises(AccessRefused):
        access.check_host("other.example")


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8642", "https://127.0.0.1:8642"])
def test_the_server_s_own_page_may_call_it(origin: str) -> None:
    Access().check_origin(origin, host=HOST)


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "http://evil.example", "http://127.0.0.1:9999", "http://127.0.0.1", "file://", "about:blank", "x"),
        *("http://127.0.0.1:8642.evil.example", "http://evil.example:8642", "chrome-extension://127.0.0.1:8642", "://"),
    ],
)
def test_a_page_of_another_site_may_not(origin: str) -> None:
    with pytest.raises(AccessRefused):
        Access().check_origin(origin, host=HOST)


def test_a_request_that_another_site_makes_without_saying_so_is_known_by_the_browser_s_word() -> None:
    for site in ("cross-site", "same-site"):
        with pytest.raises(AccessRefused):
            Access().check_origin("", host=HOST, site=site, path="/api/libraries")
        Access().check_origin("", host=HOST, site=site, path="/")  # a link to the page
    Access().check_origin("", host=HOST, site="same-origin", path="/api/libraries")
    Access().check_origin("", host=HOST, site="none", path="/api/libraries")


def test_another_site_may_be_allowed() -> None:
    access = access_for(ServerSettings(allow_origins=("https://wiki.example/",)), ())
    access.check_origin("https://wiki.example", host=HOST, site="cross-site")
    with pytest.raises(AccessRefused):
        access.check_origin("http://wiki.example", host=HOST)


def test_on_this_machine_no_token_is_asked_for_and_any_is_taken() -> None:
    access = access_for(ServerSettings(), ("docs",), own={"docs": "own-token-of-docs"})
    for header in ("", "Bearer sk-anything"):
        assert access.admit(header, address="a", path="/api/libraries").may("docs")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "myhost", ""])
def test_beyond_this_machine_there_always_is_a_token(host: str) -> None:
    access = access_for(ServerSettings(host=host), ())
    assert len(access.token) >= 32
    for header in ("", "Bearer", "Bearer ", "Bearer wrong", "Basic " + access.token, access.token, "Bearer \udcff"):
        with pytest.raises(TokenMissing):
            access.admit(header, address="a", path="/api/libraries")
    assert access.admit(f"bearer  {access.token}", address="a", path="/api/libraries").library is None
    assert access.admit("", address="a", path="/health").library == ""


@pytest.mark.parametrize(
    "path", ["/api/../page/x", "/page", "/pagex/", "//page/x", "/API", "/metrics", "/openapi.json", "/v1/models"]
)
def test_only_the_page_and_the_state_are_open(path: str) -> None:
    access = access_for(ServerSettings(token="a-good-token"), ())
    with pytest.raises(TokenMissing):
        access.admit("", address="a", path=path)


def test_a_library_s_token_opens_that_library_alone() -> None:
    access = access_for(ServerSettings(library_tokens=("one=first-token", "two=second-token")), ("one", "two"))
    assert access.token, "the others need one, too"
    first = access.admit("Bearer first-token", address="a", path="/api/libraries")
    assert (first.may("one"), first.may("two")) == (True, False)
    with pytest.raises(AccessRefused):
        first.require("two")
    with pytest.raises(AccessRefused):
        first.require_all()


@pytest.mark.parametrize(
    "settings",
    [
        ServerSettings(token="short"),
        ServerSettings(token="with a space in it"),
        ServerSettings(token="日本語のトークンです"),
        ServerSettings(library_tokens=("other=long-enough",)),
        ServerSettings(library_tokens=("secret-without-name",)),
    ],
)
def test_a_token_that_is_none_is_refused_without_being_repeated(settings: ServerSettings) -> None:
    with pytest.raises(SettingsError) as raised:
        access_for(settings, ("docs",))
    secret = settings.token or settings.library_tokens[0].rpartition("=")[2]
    assert secret not in str(raised.value)


def test_tokens_are_not_in_what_the_rules_show_of_themselves() -> None:
    access = access_for(ServerSettings(token="a-good-token", library_tokens=("a=another-token",)), ("a",))
    assert "token" not in repr(access).replace("library_tokens", "")
    assert issubclass(TokenMissing, BunkoError)
