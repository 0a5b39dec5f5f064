"""A library on a server: the same records, errors and exact offsets as the folder opened here."""

from __future__ import annotations

import dataclasses
import inspect
import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bunko
from bunko.client.http import Caller, path_of, place_of
from bunko.client.opening import AnyLibrary
from bunko.client.remote_library import RemoteLibrary
from bunko.client.request_fields import fields_of
from bunko.contract.parse import error_from, from_json
from bunko.contract.serialise import error_json, to_json
from bunko.conversation import last
from bunko.errors import (
    AccessRefused,
    BunkoError,
    EngineTimeout,
    QuestionError,
    RemoteBadAnswer,
    RemoteUnavailable,
    SettingsError,
    StoreBusy,
    TokenMissing,
    UnknownLibrary,
    UnknownModel,
    UsageError,
)
from bunko.library import Library
from bunko.server.http.access import Access
from bunko.settings import Settings
from bunko.types import Answer, Document, Finished, Hit, Retrieved, SyncReport, TextDelta
from tests.conftest import Cli
from tests.served import serving
from tests.server.support import SteppedGenerator, make_host
from tests.support import CATS, KYOTO, SHIPS, make_library, make_settings, write_files

QUESTION = "When did the harbour of Kobe open?"
TOKEN = "a-token-of-the-server"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("remote") / "papers"
    long = "".join(f"第{n}条　猫は屋根で眠る。𠮷野家の{n}番。\n" for n in range(20_000))
    table = "name,age\n" + "".join(f"cat {n},{n}\n" for n in range(50))
    files = {
        "table.csv": table,
        "cats.txt": CATS,
        "sub/ships.md": f"# Kobe\n\n{SHIPS}",
        "京都.txt": KYOTO,
        "long.txt": long,
    }
    return write_files(root, {**files, "broken.pdf": b"%PDF-1.7"})


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with serving(make_host([folder])) as address:
        yield address


def asked(answer: Answer) -> Answer:
    """Return an answer without what varies between runs, and what the JSON does not have."""
    evidence = tuple(dataclasses.replace(item, heading="", score=round(item.score, 6)) for item in answer.evidence)
    return dataclasses.replace(answer, timings={}, hits=(), evidence=evidence)


def test_an_answer_is_the_same_as_from_the_folder(folder: Path, url: str) -> None:
    with bunko.open(f"{url}/papers") as library:
        answer = library.ask(QUESTION)
    assert isinstance(answer, Answer)
    here = make_library(folder).ask(QUESTION)
    assert asked(answer) == asked(here)
    assert [to_json(hit) for hit in answer.hits] == [to_json(hit) for hit in here.hits]
    assert answer.citations[0].verified
    assert answer.timings["total"] > 0


def test_the_events_are_those_of_a_library(url: str) -> None:
    events = list(bunko.open(url).stream(QUESTION))
    first, *deltas, finished = events
    assert isinstance(first, Retrieved)
    assert isinstance(finished, Finished)
    assert deltas
    assert all(isinstance(delta, TextDelta) for delta in deltas)
    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)).strip() == finished.answer.text
    assert finished.answer.evidence == first.evidence


def test_a_search_is_the_same(folder: Path, url: str) -> None:
    hits = bunko.open(url).search(QUESTION)
    assert [to_json(hit) for hit in hits] == [to_json(hit) for hit in make_library(folder).search(QUESTION)]
    with pytest.raises(QuestionError):
        bunko.open(url).search("  ")


@pytest.mark.parametrize("path", ["cats.txt", "sub/ships.md", "京都.txt", "long.txt", "table.csv"])
def test_a_document_is_the_same_to_the_last_character(folder: Path, url: str, path: str) -> None:
    document, here = bunko.open(url).document(path), make_library(folder).document(path)
    assert isinstance(document, Document)
    assert here is not None
    assert document == here


def test_offsets_are_exact(url: str) -> None:
    library = bunko.open(url)
    answer = library.ask("金閣寺はいつ建てられましたか。")
    assert answer.evidence
    quotes = [(item.path, item.start, item.end, item.quote) for item in answer.evidence]
    quotes += [(item.path, item.start, item.end, item.quote) for item in answer.citations]
    for path, start, end, quote in quotes:
        document = library.document(path)
        assert document is not None
        assert document.text[start:end] == quote


def test_records_are_the_same(folder: Path, url: str) -> None:
    def comparable(library: AnyLibrary) -> dict[str, object]:
        return {path: dataclasses.replace(record, digest="") for path, record in library.records().items()}

    assert comparable(bunko.open(url)) == comparable(make_library(folder))
    assert bunko.open(url).document("nowhere.txt") is None


def test_a_sync_returns_the_report(folder: Path, url: str) -> None:
    report = bunko.open(url).sync()
    assert (report.documents, [item.path for item in report.failed]) == (5, ["broken.pdf"])
    write_files(folder, {"moon.txt": "The moon has no weather."})
    library = bunko.open(url)
    assert library.sync().documents == 6
    assert library.search("moon weather")[0].chunk.path == "moon.txt"
    (folder / "moon.txt").unlink()
    assert library.sync().documents == 5  # whether this sync or the server's own saw the deletion


def test_a_conversation_goes_on(url: str) -> None:
    conversation = bunko.open(url).chat()
    conversation.ask(QUESTION)
    answer = conversation.ask("And what do they carry?")
    assert answer.text
    assert [message.role for message in conversation.history] == ["user", "assistant"] * 2


def test_settings_are_sent_with_the_question(url: str) -> None:
    short = bunko.open(url, settings=make_settings(generation__max_tokens=2)).ask("Where does the cat sleep?")
    assert short.usage.completion_tokens == 2
    assert short.finish_reason == "length"
    with pytest.raises(UsageError, match=r"chunking\.max_tokens can't be sent with a question"):
        bunko.open(url, settings=make_settings(chunking__max_tokens=99))
    with pytest.raises(UsageError, match="embedder"):
        bunko.open(url, embedder="minilm")
    with pytest.raises(UnknownModel, match="gpt"):
        bunko.open(url, model="gpt").ask(QUESTION)


@pytest.mark.parametrize("name", ["generation.max_tokens", "generation"])
def test_settings_of_a_call_may_be_a_mapping_as_on_this_machine(url: str, folder: Path, name: str) -> None:
    few: dict[str, object] = {name: 3 if "." in name else {"max_tokens": 3}}
    default = 256
    library = bunko.open(url, settings={"generation.max_tokens": 2})
    assert library.ask(QUESTION).usage.completion_tokens == 2
    assert library.ask(QUESTION, settings=few).usage.completion_tokens == 3
    assert last(library.stream(QUESTION, settings=few)).usage.completion_tokens == 3
    assert library.ask(QUESTION, settings={"retrieval.top_k": 1}).usage.completion_tokens == 2
    assert library.ask(QUESTION, settings={"generation.max_tokens": default}).usage.completion_tokens > 3
    assert len(library.search("cats harbour", settings={"retrieval.top_k": 1})) == 1
    with pytest.raises(SettingsError, match=r"retrieval\.top_k"):
        library.search("cats", settings={"retrieval.topk": 1})
    with pytest.raises(UsageError, match=r"chunking\.max_tokens can't be sent"):
        library.ask(QUESTION, settings={"chunking.max_tokens": 99})


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_commands_take_a_server_s_address(
    url: str, folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    address = f"{scheme}{url.removeprefix('http://')}/{folder.name}"
    assert cli("ask", address, QUESTION, "--json", "--max-tokens", "2").json["usage"]["completion_tokens"] == 2
    assert cli("search", address, "harbour", "--json").json["hits"][0]["path"] == "sub/ships.md"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{QUESTION}\n"))
    assert cli("chat", address, "--json").json["evidence"][0]["path"] == "sub/ships.md"
    refused = cli("ask", address, QUESTION, "--adapter", "x.gguf")
    assert (refused.code, "--adapter can't be sent" in refused.err) == (2, True), refused
    refused = cli("ask", f"{scheme}{url.removeprefix('http://')}/nowhere", QUESTION)
    assert (refused.code, "nowhere" in refused.err) == (1, True), refused


def test_closing_a_stream_stops_the_model(folder: Path) -> None:
    slow = SteppedGenerator(" ".join(f"word{n}" for n in range(400)), step_s=0.05)
    with serving(make_host([folder], generator=lambda: slow)) as address:
        library = bunko.open(address)
        stream = library.stream("Where does the cat sleep?")
        assert isinstance(next(stream), Retrieved)
        while not slow.at_work:
            time.sleep(0.01)
        begin = time.monotonic()
        library.close()
        while slow.at_work:
            time.sleep(0.01)
            assert time.monotonic() - begin < 2.0
        assert library.search("cats")  # can be used again


# --- public names ---------------------------------------------------------------------------------------------------

ARGUMENTS: dict[str, dict[str, object]] = {
    "search": {"query": "cats"},
    "find": {"query": "cats"},
    "ask": {"question": QUESTION},
    "stream": {"question": QUESTION},
    "document": {"path": "cats.txt"},
}
# Set by Library's __init__, so that the class does not show them.
NAMES = {name for name in dir(Library) if not name.startswith("_")} | {"root", "settings"}
SHARED = {name for name in dir(AnyLibrary) if not name.startswith("_")}


@pytest.mark.parametrize("name", sorted(SHARED))
def test_what_any_library_offers_works_on_a_server_too(url: str, name: str) -> None:
    library = bunko.open(url)
    value = getattr(library, name)
    if callable(value):
        promised = inspect.signature(getattr(AnyLibrary, name)).parameters
        for kind in (Library, RemoteLibrary):
            assert set(promised) <= set(inspect.signature(getattr(kind, name)).parameters), (kind, name)
        value(**ARGUMENTS.get(name, {}))


@pytest.mark.parametrize("name", sorted(NAMES - SHARED))
def test_a_member_that_a_server_does_not_offer_is_absent_and_says_what_to_do(url: str, name: str) -> None:
    library = bunko.open(url)
    assert not hasattr(library, name)
    with pytest.raises(AttributeError, match=f"`{name}`.*open the folder on the machine that has it"):
        getattr(library, name)


def test_a_name_that_no_library_has_is_an_ordinary_attribute_error(url: str) -> None:
    with pytest.raises(AttributeError, match="'RemoteLibrary' object has no attribute 'serach'"):
        getattr(bunko.open(url), "serach")  # noqa: B009 (mypy knows that there is none)


def test_settings_of_a_call_replace_those_of_the_library_but_not_its_model(url: str) -> None:
    library = bunko.open(url, settings=make_settings(generation__max_tokens=2))
    assert isinstance(library, RemoteLibrary)
    assert library.ask(QUESTION).usage.completion_tokens == 2
    assert library.ask(QUESTION, settings=make_settings(generation__max_tokens=3)).usage.completion_tokens == 3
    assert library.ask(QUESTION, settings=Settings()).usage.completion_tokens > 3
    assert len(library.search("cats harbour", settings=make_settings(retrieval__top_k=1))) == 1
    for call in (library.ask, library.stream, library.search):
        with pytest.raises(UsageError, match=r"chunking\.max_tokens can't be sent with a question"):
            call(QUESTION, settings=make_settings(chunking__max_tokens=99))
    with pytest.raises(UsageError, match=r"retrieval\.mode"):
        library.search("cats", settings=make_settings(retrieval__mode="dense"))
    with pytest.raises(UnknownModel, match="gpt"):
        library = bunko.open(url, model="gpt")
        assert isinstance(library, RemoteLibrary)
        library.ask(QUESTION, settings=make_settings(generation__max_tokens=3))


def test_a_sync_that_takes_longer_than_it_may_is_a_timeout(url: str) -> None:
    library = bunko.open(url)
    assert isinstance(library, RemoteLibrary)
    with pytest.raises(EngineTimeout):
        library.sync(timeout_s=0.0001)


# --- errors ----------------------------------------------------------------------------------------------------------


def test_a_server_that_is_not_running_is_an_error() -> None:
    with pytest.raises(RemoteUnavailable, match=r"127\.0\.0\.1:9") as caught:
        bunko.open("http://127.0.0.1:9/papers")
    assert "bunko serve" in caught.value.hint


def test_errors_are_those_of_the_server_with_their_hints(url: str) -> None:
    with pytest.raises(UnknownLibrary) as caught:
        bunko.open(f"{url}/nowhere")
    assert caught.value.hint
    with pytest.raises(QuestionError):
        bunko.open(url).ask(" ")


def test_a_token_opens_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    access = Access(token=TOKEN, library_tokens={"papers": ("only-the-papers",)})
    with serving(make_host([folder]), access=access) as address:
        with pytest.raises(TokenMissing):
            bunko.open(f"{address}/papers")
        with pytest.raises(TokenMissing, match="not valid"):
            bunko.open(f"{address}/papers", token="a-wrong-token")
        assert bunko.open(f"{address}/papers", token=TOKEN).search("cats")
        assert bunko.open(f"{address}/#token={TOKEN}").search("cats")
        assert bunko.open(address, token="only-the-papers").search("cats")
        with pytest.raises(AccessRefused):
            bunko.open(f"{address}/others", token="only-the-papers")
        monkeypatch.setenv("BUNKO_SERVER_TOKEN", TOKEN)
        library = bunko.open(address)
        assert library.search("cats")
        assert TOKEN not in repr(library)


def test_of_several_libraries_one_must_be_named(folder: Path, tmp_path: Path) -> None:
    other = write_files(tmp_path / "other", {"a.txt": CATS})
    with serving(make_host([folder, other])) as address:
        with pytest.raises(UsageError) as caught:
            bunko.open(address)
        assert f"{address}/papers" in caught.value.hint
        assert bunko.open(f"{address}/other").search("cats")[0].chunk.path == "a.txt"


def test_offline_keeps_it_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUNKO_OFFLINE", "1")
    with pytest.raises(SettingsError, match="offline"):
        bunko.open("http://documents.example/papers")


def test_a_folder_takes_no_token(folder: Path) -> None:
    with pytest.raises(UsageError, match="no token"):
        bunko.open(folder, token=TOKEN)


@pytest.mark.parametrize("text", ["http://", "http://a/b/c", "http://a:x/", "http://a/?b=c", "http://me:pw@a/b"])
def test_a_wrong_address_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        place_of(text)


# --- JSON and back ---------------------------------------------------------------------------------------------------


def test_records_survive_json(folder: Path) -> None:
    library = make_library(folder, generation__translation="ja")
    answer = library.ask("Where does the cat sleep?")
    assert to_json(from_json(Answer, to_json(answer))) == to_json(answer)
    for hit in library.search("cats"):
        assert to_json(from_json(Hit, to_json(hit))) == to_json(hit)
    report = library.sync()
    assert to_json(from_json(SyncReport, to_json(report))) == to_json(report)


@given(message=st.text(min_size=1), hint=st.text())
def test_errors_survive_json(message: str, hint: str) -> None:
    error = error_from(error_json(StoreBusy(message, hint)))
    assert type(error) is StoreBusy
    assert (error.message, error.hint) == (message, hint)


@pytest.mark.parametrize("tree", [None, [], {}, {"error": 7}, {"error": {"type": "os", "message": "x"}}, {"error": {}}])
def test_json_that_is_not_an_error_of_bunko_is_a_bad_answer(tree: object) -> None:
    assert type(error_from(tree)) is RemoteBadAnswer


def test_a_setting_that_differs_from_the_default_becomes_a_field() -> None:
    assert fields_of(Settings()) == {}
    assert fields_of(make_settings(retrieval__top_k=3, model="big")) == {"top_k": 3, "model": "big"}


def test_events_that_break_off_are_an_error(url: str) -> None:
    place = place_of(url)
    with pytest.raises(BunkoError):
        list(Caller(place).events(path_of("nothing"), {}))
