"""The official client of OpenAI's, on a real server."""

from __future__ import annotations

import base64
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam

from bunko.errors import EngineCrashed
from bunko.ports import Piece
from bunko.server.http.access import Access
from bunko.settings import Settings, apply_overrides
from tests.server.openai.support import SlowGenerator, client_for, serving

_QUESTION = "Who built the lighthouse of Skagen?"
_SAID = "Ada Lind built the lighthouse of Skagen."
_ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": _QUESTION}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("libraries") / "coast"
    library.mkdir()
    (library / "lighthouse.md").write_text(f"# Lighthouses\n\n{_SAID} It was finished in 1871.\n", encoding="utf-8")
    return library


@pytest.fixture(scope="module")
def generator() -> SlowGenerator:
    return SlowGenerator(f"{_SAID} [1]", thought="Let me see.")


@pytest.fixture(scope="module")
def client(folder: Path, generator: SlowGenerator) -> Iterator[OpenAI]:
    with serving(folder, generator) as url, client_for(url) as client:
        yield client


def _bunko(message: Any) -> dict[str, Any]:
    ours: dict[str, Any] = message.bunko
    return ours


def test_libraries_and_models_are_listed(client: OpenAI) -> None:
    cards = {card.id: card for card in client.models.list()}
    assert list(cards) == ["coast", "coast/smollm2-135m", "smollm2-135m"]
    assert cards["coast"].owned_by == "bunko"
    assert client.models.retrieve("coast/smollm2-135m").id == "coast/smollm2-135m"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")


def test_an_answer_comes_with_its_citations_usage_and_reasoning(client: OpenAI) -> None:
    completion = client.chat.completions.create(model="coast", messages=_ASK)
    choice = completion.choices[0]
    message: Any = choice.message
    assert (choice.finish_reason, message.role, message.content) == ("stop", "assistant", _SAID)
    assert message.reasoning_content == "Let me see."
    assert completion.model == "coast"
    assert completion.usage is not None
    assert completion.usage.prompt_tokens_details is not None
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens == 28
    assert completion.usage.prompt_tokens_details.cached_tokens == 15
    [citation] = _bunko(message)["citations"]
    assert (citation["path"], citation["quote"], citation["verified"]) == ("lighthouse.md", _SAID, True)
    [annotation] = message.annotations
    assert annotation.url_citation.title == "lighthouse.md"
    assert message.content[annotation.url_citation.start_index : annotation.url_citation.end_index] == _SAID
    assert "path=lighthouse.md&start=" in annotation.url_citation.url


def test_a_stream_is_the_same_answer_in_pieces(client: OpenAI) -> None:
    whole: Any = client.chat.completions.create(model="coast", messages=_ASK).choices[0].message
    stream = client.chat.completions.create(
        model="coast", messages=_ASK, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    deltas: list[Any] = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert deltas[0].role == "assistant"
    assert "".join(delta.content or "" for delta in deltas) == whole.content
    assert "".join(getattr(delta, "reasoning_content", "") for delta in deltas) == "Let me see."
    assert len([delta for delta in deltas if delta.content]) > 3
    ours = _bunko(deltas[-1])
    assert ours["citations"] == _bunko(whole)["citations"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 8
    assert chunks[-2].choices[0].finish_reason == "stop"


def test_the_clients_own_gathering_of_a_stream_has_the_citations_too(client: OpenAI) -> None:
    with client.chat.completions.stream(model="coast", messages=_ASK) as stream:
        for _ in stream:
            pass
        message: Any = stream.get_final_completion().choices[0].message
    assert message.content == _SAID
    assert _bunko(message)["citations"][0]["path"] == "lighthouse.md"
    assert message.annotations[0].url_citation.title == "lighthouse.md"


def test_a_refusal_is_an_ordinary_answer(client: OpenAI) -> None:
    messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": "What does quantum zebra juice cost?"}]
    message: Any = client.chat.completions.create(model="coast", messages=messages).choices[0].message
    assert (message.content, message.refusal) == ("The documents don't say.", None)
    assert _bunko(message)["refused"] is True


def test_limits_reach_the_model(client: OpenAI, generator: SlowGenerator) -> None:
    completion = client.chat.completions.create(
        model="coast", messages=_ASK, max_tokens=3, temperature=0.5, seed=7, reasoning_effort="low"
    )
    assert completion.choices[0].finish_reason == "length"
    options = generator.options[-1]
    assert (options.max_tokens, options.temperature, options.seed, options.think) == (3, 0.5, 7, "low")
    client.chat.completions.create(model="coast", messages=_ASK, max_tokens=1_000_000)  # as many as there are
    assert generator.options[-1].max_tokens == 4096 - 1024


@pytest.mark.parametrize("stop", ["lighthouse", ["nothing", "lighthouse"]])
def test_an_answer_ends_before_a_stop_text(client: OpenAI, stop: str | list[str]) -> None:
    completion = client.chat.completions.create(model="coast", messages=_ASK, stop=stop)
    assert (completion.choices[0].message.content, completion.choices[0].finish_reason) == (
        "Ada Lind built the",
        "stop",
    )
    stream = client.chat.completions.create(model="coast", messages=_ASK, stop=stop, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "Ada Lind built the"


def test_a_follow_up_is_understood_by_what_was_said_before(client: OpenAI, generator: SlowGenerator) -> None:
    messages: list[ChatCompletionMessageParam] = [
        *_ASK,
        {"role": "assistant", "content": _SAID},
        {"role": "user", "content": "When was it finished?"},
    ]
    before = len(generator.prompts)
    completion: Any = client.chat.completions.create(model="coast", messages=messages)
    assert "Skagen" in _bunko(completion.choices[0].message)["standalone_question"]
    assert len(generator.prompts) == before + 2  # the question was rewritten first


def test_the_model_alone_gets_the_conversation_as_it_is(client: OpenAI, generator: SlowGenerator) -> None:
    messages: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": "Ahoy?"},
        {"role": "assistant", "content": "Arr."},
        {"role": "user", "content": "Whither?"},
    ]
    completion: Any = client.chat.completions.create(model="smollm2-135m", messages=messages)
    assert completion.choices[0].message.content == f"{_SAID} [1]"  # its own words, marks and all
    assert [turn.content for turn in generator.prompts[-1]] == ["You are a pirate.", "Ahoy?", "Arr.", "Whither?"]
    assert _bunko(completion.choices[0].message)["library"] is None


def test_titles_are_not_looked_for_in_the_documents(client: OpenAI, generator: SlowGenerator) -> None:
    task = "### Task:\nGenerate a concise title.\n### Chat History:\n<chat_history>\nUSER: Who?\n</chat_history>"
    completion: Any = client.chat.completions.create(model="coast", messages=[{"role": "user", "content": task}])
    assert generator.prompts[-1][-1].content == task
    assert "task about the conversation" in _bunko(completion.choices[0].message)["notes"][0]


def test_our_own_settings_come_in_our_own_field(client: OpenAI) -> None:
    completion = client.chat.completions.create(model="coast", messages=_ASK, extra_body={"bunko": {"sources": "text"}})
    content = completion.choices[0].message.content or ""
    assert content == f"{_SAID}\n\n---\nSources:\n- lighthouse.md: “{_SAID}”"
    with pytest.raises(openai.BadRequestError, match="no such field") as caught:
        client.chat.completions.create(model="coast", messages=_ASK, extra_body={"bunko": {"sauces": "text"}})
    assert caught.value.param == "bunko.sauces"


def test_fields_that_nobody_knows_are_let_through(client: OpenAI) -> None:
    extra = {"keep_alive": "5m", "options": {"num_ctx": 1}, "min_p": 0.2}
    completion: Any = client.chat.completions.create(model="coast", messages=_ASK, extra_body=extra, top_p=0.9)
    assert _bunko(completion.choices[0].message)["ignored"] == ["top_p", "min_p"]


def test_what_can_not_be_done_is_a_bad_request(client: OpenAI) -> None:
    picture: Any = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}]
    for fields, param in (
        ({"messages": [{"role": "user", "content": picture}]}, "messages[0].content[0].type"),
        ({"messages": []}, "messages"),
        ({"n": 2}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
    ):
        request: Any = {"model": "coast", "messages": _ASK, **fields}
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(**request)
        assert (caught.value.param, caught.value.type) == (param, "invalid_request_error")
        with pytest.raises(openai.BadRequestError):  # a stream is refused before it begins
            client.chat.completions.create(**request, stream=True)


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="There are: coast, ") as caught:
        client.chat.completions.create(model="gpt-4o", messages=_ASK)
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError) as caught:
        client.post("/completions", body={}, cast_to=object)
    assert caught.value.body is not None


def test_a_question_that_is_too_long_is_told_before_the_stream_begins(client: OpenAI) -> None:
    messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": "lighthouse " * 5000}]
    with pytest.raises(openai.BadRequestError, match="too long"):
        client.chat.completions.create(model="coast", messages=messages, stream=True)


def test_a_token_is_wanted_where_one_is_set(folder: Path, generator: SlowGenerator) -> None:
    access = Access(token="secret-of-all", library_tokens={"coast": ("secret-of-one",)})
    with serving(folder, generator, access=access) as url:
        with client_for(url, token="wrong") as stranger, pytest.raises(openai.AuthenticationError) as caught:
            stranger.models.list()
        assert (caught.value.code, caught.value.type) == ("invalid_api_key", "authentication_error")
        for token in ("secret-of-all", "secret-of-one"):
            with client_for(url, token=token) as known:
                assert next(card.id for card in known.models.list()) == "coast"


def test_a_full_queue_says_when_to_come_back(folder: Path) -> None:
    generator = SlowGenerator("word " * 400, pause_s=0.05)
    settings = apply_overrides(Settings(), {"server.queue": 1, "generation.style": "free"})
    with serving(folder, generator, settings=settings) as url, client_for(url) as client:
        ask: Any = {"model": "smollm2-135m", "messages": _ASK, "stream": True}
        first = client.chat.completions.create(**ask)
        next(iter(first))
        waiting = threading.Thread(target=lambda: client.chat.completions.create(**ask).close())
        waiting.start()
        time.sleep(0.5)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(**ask)
        assert int(caught.value.response.headers["retry-after"]) >= 1
        assert caught.value.code == "rate_limit_exceeded"
        first.close()
        waiting.join(10)


@pytest.mark.parametrize("how", ["stream", "whole"])
def test_a_client_that_leaves_stops_the_model(folder: Path, how: str) -> None:
    generator = SlowGenerator("word " * 400, pause_s=0.05)
    with serving(folder, generator) as url, client_for(url) as client:
        ask: Any = {"model": "smollm2-135m", "messages": _ASK, "max_tokens": 400}
        if how == "stream":
            stream = client.chat.completions.create(**ask, stream=True)
            next(iter(stream))
            stream.close()
        else:
            with pytest.raises(openai.APITimeoutError):
                client.with_options(timeout=0.5).chat.completions.create(**ask)
        assert generator.stopped.wait(1.0)
        assert generator.written < 40


def test_what_goes_wrong_in_the_middle_is_told_in_the_stream(folder: Path) -> None:
    class Crashing(SlowGenerator):
        def stream(self, messages: Any, *, options: Any) -> Any:
            yield Piece(text="It is")
            raise EngineCrashed("The engine died.", "Ask again.")

    with serving(folder, Crashing("")) as url, client_for(url) as client:
        heard = ""
        with pytest.raises(openai.APIError, match="The engine died"):
            for chunk in client.chat.completions.create(model="smollm2-135m", messages=_ASK, stream=True):
                heard += chunk.choices[0].delta.content or ""
        assert heard == "It is"
        with pytest.raises(openai.InternalServerError, match="The engine died"):
            client.chat.completions.create(model="smollm2-135m", messages=_ASK)


def test_vectors_come_as_numbers_or_as_base64(client: OpenAI) -> None:
    texts = ["the lighthouse", "the harbour"]
    plain = client.embeddings.create(model="e5-small", input=texts, encoding_format="float")
    assert [item.index for item in plain.data] == [0, 1]
    assert len(plain.data[0].embedding) == 64
    assert sum(value**2 for value in plain.data[0].embedding) == pytest.approx(1, abs=1e-5)
    assert plain.usage.prompt_tokens == plain.usage.total_tokens == 7
    packed = client.embeddings.create(model="coast", input=texts)  # the client asks for base64 by itself
    assert packed.data[1].embedding == pytest.approx(plain.data[1].embedding)
    raw: Any = client.post(
        "/embeddings", body={"model": "e5-small", "input": "x", "encoding_format": "base64"}, cast_to=object
    )
    assert len(struct.unpack("<64f", base64.b64decode(raw["data"][0]["embedding"]))) == 64


@pytest.mark.parametrize("given", ["", [], ["a", " "], [1, 2], [[1], [2]], ["x"] * 2049])
def test_what_has_no_vector_is_refused(client: OpenAI, given: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model="e5-small", input=given)
    assert caught.value.param == "input"


def test_vectors_are_not_shortened_and_not_made_by_strangers(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="64 numbers"):
        client.embeddings.create(model="e5-small", input="x", dimensions=32)
    assert client.embeddings.create(model="e5-small", input="x", dimensions=64).data
    with pytest.raises(openai.NotFoundError, match="There is e5-small"):
        client.embeddings.create(model="text-embedding-3-small", input="x")


@pytest.mark.parametrize("given", [[1, 2, 3], [[1, 2], [3]]])
def test_token_numbers_as_langchain_sends_them_are_refused_with_the_cure(client: OpenAI, given: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model="e5-small", input=given)
    assert "Token numbers are not supported: they depend on the client's tokenizer." in caught.value.message
    assert "OpenAIEmbeddings(check_embedding_ctx_length=False)" in caught.value.message
