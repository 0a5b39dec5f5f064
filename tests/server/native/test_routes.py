"""The native API, inside this process, with fakes in the engines' place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from bunko.generation.no_model import NoModel
from bunko.server.hosting.host import Host
from bunko.server.http.access import Access
from bunko.testing import FakeGenerator, FakeReader
from tests.server.support import events_of, make_host, serving
from tests.support import CATS, KYOTO, SHIPS, write_files

Work = Callable[[httpx.AsyncClient], Awaitable[None]]
ANSWER_FIELDS = set(
    "question answer reasoning refused evidence citations unsupported hits documents usage timings_ms kind model "
    "embedder "
    "notes standalone_question finish_reason support".split()
)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return make_host([write_files(tmp_path / "docs", {"cats.txt": CATS, "京都.txt": KYOTO, "bad.pdf": b"%PDF-1.7 no"})])


def run(host: Host, work: Work, **options: Any) -> None:
    async def all_of_it() -> None:
        async with serving(host, **options) as client:
            await work(client)

    asyncio.run(all_of_it())


def error_of(response: httpx.Response) -> tuple[int, str]:
    """Return status and type of an error; it has the one form of all errors."""
    tree = response.json()
    assert set(tree) == {"error"}, tree
    assert set(tree["error"]) == {"type", "message", "hint"}
    return response.status_code, tree["error"]["type"]


def test_what_there_is(host: Host) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        assert (await client.get("/health")).json() == {"status": "ok", "version": 0}
        about = (await client.get("/api/about")).json()
        assert about["default_model"] == about["models"][0] == "smollm2-135m"
        assert (about["upload"]["allowed"], about["upload"]["max_bytes"]) == (True, 50_000_000)
        assert {".pdf", ".txt", ".md"} <= set(about["upload"]["suffixes"])
        (library,) = (await client.get("/api/libraries")).json()["libraries"]
        assert library == {
            "name": "docs", "title": "docs", "documents": 2, "chunks": 2, "failed": 1, "state": "ready",
        }  # fmt: skip
        ready = await client.get("/ready")
        assert (ready.status_code, ready.json()["libraries"]) == (200, {"docs": "ready"})

    run(host, work)


def test_an_answer_as_one_object(host: Host) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        response = await client.post("/api/libraries/docs/ask", json={"question": "Where does the cat sleep?"})
        tree = response.json()
        assert response.status_code == 200, tree
        assert set(tree) == ANSWER_FIELDS
        citation = tree["citations"][0]
        path, start, end = citation["path"], citation["start"], citation["end"]
        text = await client.get("/api/libraries/docs/text", params={"path": path, "start": start, "end": end})
        assert text.json()["text"] == citation["quote"]

    run(host, work)


def test_the_words_that_answer_are_marked_before_the_model_answers(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "docs", {"cats.txt": CATS})
    host = make_host([folder], generator=lambda: FakeGenerator("On the roof. [1]"), reader=FakeReader("the warm roof"))

    async def work(client: httpx.AsyncClient) -> None:
        body = {"question": "Where does the cat sleep?", "stream": True}
        events = events_of((await client.post("/api/libraries/docs/ask", json=body)).text)
        assert events[0][0] == "retrieved" and events[0][1]["span"]["text"] == "the warm roof"
        answer = events[-1][1]
        assert set(answer) == ANSWER_FIELDS | {"span"}
        span, quote = answer["span"], answer["evidence"][answer["span"]["n"] - 1]
        assert CATS[span["start"] : span["end"]] == span["text"] == quote["span"]["text"] == "the warm roof"
        assert span["agrees"] is True

    run(host, work)


def test_a_server_without_a_model_answers_in_the_words_of_the_documents(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "docs", {"cats.txt": CATS})
    host = make_host([folder], generator=NoModel, reader=FakeReader("the warm roof"), model="none")

    async def work(client: httpx.AsyncClient) -> None:
        answer = (await client.post("/api/libraries/docs/ask", json={"question": "Where does the cat sleep?"})).json()
        assert (answer["answer"], answer["model"], answer["span"]["agrees"]) == ("the warm roof", "none", None)
        history = [{"question": "Where does the cat sleep?", "answer": "On the warm roof."}]
        body = {"question": "And what do they dislike?", "history": history, "strictness": 0}
        answer = (await client.post("/api/libraries/docs/ask", json=body)).json()
        assert answer["standalone_question"] == "Where does the cat sleep? And what do they dislike?"
        alone = await client.post("/api/ask", json={"question": "Hello"})
        assert error_of(alone) == (400, "QuestionError")
        models = (await client.get("/v1/models")).json()
        assert [model["id"] for model in models["data"]] == ["docs", "docs/none"]

    run(host, work)


def test_an_answer_as_a_stream_of_events(host: Host) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        body = {"question": "金閣寺はいつ建てられましたか", "stream": True, "strictness": 0}
        response = await client.post("/api/libraries/docs/ask", json=body)
        assert response.headers["content-type"].startswith("text/event-stream")
        events = events_of(response.text)
        assert [name for name, _ in events][:1] == ["retrieved"]
        assert events[-1][0] == "finished"
        assert set(events[-1][1]) == ANSWER_FIELDS
        assert "1397年" in events[-1][1]["answer"]
        assert events[0][1]["evidence"][0]["path"] == "京都.txt"

    run(host, work)


def test_the_model_alone_and_two_ways_side_by_side(host: Host) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        alone = (await client.post("/api/ask", json={"question": "Hello"})).json()
        assert (alone["hits"], alone["answer"]) == ([], "Nothing.")
        body = {"question": "Where does the cat sleep?", "variants": [{"library": "docs"}, {}]}
        events = events_of((await client.post("/api/compare", json=body)).text)
        finished = [value for name, value in events if name == "finished"]
        assert [value["variant"] for value in finished] == [0, 1]
        assert finished[0]["citations"]
        assert not finished[1]["citations"]
        assert {value["variant"] for _, value in events} == {0, 1}

    run(host, work)


def test_a_follow_up_question_is_understood_in_the_light_of_what_was_said(host: Host) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        history = [{"question": "Where does the cat sleep?", "answer": "On the roof."}]
        body = {"question": "And what do they dislike?", "history": history, "strictness": 0}
        tree = (await client.post("/api/libraries/docs/ask", json=body)).json()
        assert "cat" in tree["standalone_question"]

    run(host, work)


def test_a_request_about_the_last_answer_uses_the_sources_that_the_client_sends(host: Host) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        asked = "Where does the cat sleep?"
        first = (await client.post("/api/libraries/docs/ask", json={"question": asked})).json()
        sent = {"question": asked, "answer": first["answer"], "evidence": first["evidence"]}
        for turn in (sent, {"question": asked, "answer": first["answer"]}):
            body = {"question": "as bullets", "history": [turn], "strictness": 0}
            tree = (await client.post("/api/libraries/docs/ask", json=body)).json()
            assert tree["revision"] == ["bullets"]
            assert tree["standalone_question"] == asked
            assert [item["quote"] for item in tree["evidence"]] == [item["quote"] for item in first["evidence"]]
            assert ("retrieve" in tree["timings_ms"]) is ("evidence" not in turn)

    run(host, work)


def test_search_documents_and_text(host: Host) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        found = (await client.post("/api/libraries/docs/search", json={"query": "金閣寺", "top_k": 1})).json()
        assert [hit["path"] for hit in found["hits"]] == ["京都.txt"]
        assert found["timings_ms"]["total"] > 0
        documents = (await client.get("/api/libraries/docs/documents")).json()
        assert [row["path"] for row in documents["documents"]] == ["bad.pdf", "cats.txt", "京都.txt"]
        failed = (await client.get("/api/libraries/docs/documents", params={"state": "failed"})).json()
        assert failed["total"] == 1
        assert failed["documents"][0]["error"]
        page = (await client.get("/api/libraries/docs/documents", params={"query": "CAT", "limit": 1})).json()
        assert [row["path"] for row in page["documents"]] == ["cats.txt"]
        text = (await client.get("/api/libraries/docs/text", params={"path": "京都.txt"})).json()
        assert (text["text"], text["characters"]) == (KYOTO, len(KYOTO))
        beyond = (await client.get("/api/libraries/docs/text", params={"path": "京都.txt", "start": 9999})).json()
        assert (beyond["text"], beyond["start"]) == ("", len(KYOTO))

    run(host, work)


_WRONG: tuple[tuple[str, Any, tuple[int, str]], ...] = (
    ("/api/libraries/docs/ask", {"question": ""}, (400, "QuestionError")),
    ("/api/libraries/docs/ask", {"question": "Q", "threads": 4}, (422, "InvalidRequest")),
    ("/api/libraries/docs/ask", {"question": "Q", "max_tokens": "many"}, (422, "InvalidRequest")),
    ("/api/libraries/docs/ask", {"question": "Q", "max_tokens": 100_000}, (422, "InvalidRequest")),
    ("/api/libraries/docs/ask", {"question": "Q", "mode": "magic"}, (422, "InvalidRequest")),
    ("/api/libraries/docs/ask", {"question": "Q", "model": "other"}, (404, "UnknownModel")),
    ("/api/libraries/docs/ask", {"question": "Q", "model": "other", "stream": True}, (404, "UnknownModel")),
    ("/api/libraries/docs/ask", {"question": "\ud800"}, (422, "InvalidRequest")),
    ("/api/libraries/docs/ask", [], (422, "InvalidRequest")),
    ("/api/libraries/other/ask", {"question": "Q"}, (404, "UnknownLibrary")),
    ("/api/libraries/other/search", {"query": "Q"}, (404, "UnknownLibrary")),
    ("/api/libraries/docs/search", {"query": " "}, (400, "QuestionError")),
    ("/api/compare", {"question": "Q", "variants": [{}]}, (422, "InvalidRequest")),
    ("/api/compare", {"question": "Q", "variants": [{}, {"library": "other"}]}, (404, "UnknownLibrary")),
)


def test_what_is_wrong_is_told_in_one_form(host: Host) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        for path, body, expected in _WRONG:
            sent = await client.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
            assert error_of(sent) == expected, (path, body)

    run(host, work)


def test_errors_of_http_have_that_form_too(host: Host) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        assert error_of(await client.get("/nowhere"))[0] == 404
        refused = await client.get("/api/ask")
        assert error_of(refused)[0] == 405
        assert "POST" in refused.headers["allow"]
        assert error_of(await client.post("/api/ask", content=b"{"))[0] == 422
        assert error_of(await client.post("/api/ask", json={"question": "x" * 1_100_000}))[0] == 413

        async def pieces() -> Any:
            for _ in range(20):
                yield b" " * 100_000

        json_type = {"content-type": "application/json"}
        assert error_of(await client.post("/api/ask", content=pieces(), headers=json_type))[0] == 413

    run(host, work)


def test_every_answer_carries_the_headers_that_bind_a_browser(host: Host) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        for response in (await client.get("/health"), await client.get("/nowhere"), await client.get("/api/ask")):
            assert "default-src 'none'" in response.headers["content-security-policy"]
            assert response.headers["x-content-type-options"] == "nosniff"
            assert response.headers["referrer-policy"] == "no-referrer"
            assert response.headers["cross-origin-resource-policy"] == "same-origin"
            assert "access-control-allow-origin" not in response.headers

    run(host, work)


def test_calls_from_elsewhere_are_kept_out(host: Host) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        for headers in (
            {"host": "evil.example"},
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
        ):
            assert error_of(await client.get("/api/libraries", headers=headers)) == (403, "AccessRefused")
            asked = await client.post("/api/ask", json={"question": "Q"}, headers=headers)
            assert error_of(asked) == (403, "AccessRefused")
        simple = {"origin": "http://evil.example", "content-type": "text/plain"}
        assert error_of(await client.post("/api/ask", content=b'{"question":"Q"}', headers=simple))[0] == 403

    run(host, work)


def test_a_site_that_is_allowed_may_read_the_answers(host: Host) -> None:
    origin = "https://wiki.example"

    async def work(client: httpx.AsyncClient) -> None:
        asked_first = await client.options(
            "/api/ask", headers={"origin": origin, "access-control-request-method": "POST"}
        )
        assert asked_first.status_code == 204
        assert asked_first.headers["access-control-allow-origin"] == origin
        refused = await client.options("/api/ask", headers={"origin": "https://evil.example"})
        assert error_of(refused)[0] == 403
        told = await client.get("/api/about", headers={"origin": origin, "authorization": "Bearer a-good-token"})
        assert (told.status_code, told.headers["access-control-allow-origin"]) == (200, origin)
        assert (await client.get("/api/about", headers={"origin": origin})).status_code == 401

    run(host, work, access=Access(token="a-good-token", origins=frozenset({origin})))


def test_tokens_open_what_they_are_for(tmp_path: Path) -> None:
    host = make_host(
        [write_files(tmp_path / "one", {"cats.txt": CATS}), write_files(tmp_path / "two", {"ships.txt": SHIPS})]
    )
    access = Access(token="everything-token", library_tokens={"one": ("token-of-one",)})

    async def work(client: httpx.AsyncClient) -> None:
        missing = await client.get("/api/libraries")
        assert error_of(missing) == (401, "TokenMissing")
        assert missing.headers["www-authenticate"] == "Bearer"
        assert (await client.get("/ready")).json()["libraries"] == {}
        mine = {"authorization": "Bearer token-of-one"}
        names = [row["name"] for row in (await client.get("/api/libraries", headers=mine)).json()["libraries"]]
        assert names == ["one"]
        asked = await client.post("/api/libraries/one/ask", json={"question": "Where is the cat?"}, headers=mine)
        assert asked.status_code == 200
        for method, path, body in (
            ("POST", "/api/libraries/two/ask", {"question": "Q"}),
            ("POST", "/api/libraries/two/search", {"query": "Q"}),
            ("GET", "/api/libraries/two/documents", None),
            ("GET", "/api/libraries/two/text?path=ships.txt", None),
            ("PUT", "/api/libraries/two/files?path=x.txt", None),
            ("POST", "/api/libraries/two/sync", None),
            ("GET", "/api/libraries/two/conversations", None),
            ("GET", "/api/libraries/nowhere/documents", None),
            ("GET", "/metrics", None),
            ("POST", "/api/compare", {"question": "Q", "variants": [{"library": "one"}, {"library": "two"}]}),
        ):
            refused = await client.request(method, path, json=body, headers=mine)
            assert error_of(refused) == (403, "AccessRefused"), path

    run(host, work, access=access)


def test_metrics_tell_of_stages_tokens_and_turns_and_of_no_contents(host: Host) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        await client.post("/api/libraries/docs/ask", json={"question": "Where does the cat sleep zzzq?"})
        await client.get("/api/zzzq-1")
        await client.get("/api/libraries/zzzq-2/documents")
        await client.request("ZZZQ", "/health")
        text = (await client.get("/metrics")).text
        for line in (
            'bunko_answers_total{library="docs",model="smollm2-135m",outcome="answered"} 1.0',
            'bunko_queue_waiting{model="smollm2-135m"} 0.0',
            'bunko_library_documents{library="docs"} 2.0',
            'bunko_stage_seconds_count{stage="retrieve"} 1.0',
            'bunko_requests_total{method="POST",route="/api/libraries/{library}/ask",status="200"} 1.0',
            'bunko_requests_total{method="GET",route="other",status="404"} 1.0',
        ):
            assert line in text
        assert 'kind="completion"' in text
        assert "zzzq" not in text.lower()

    run(host, work)
