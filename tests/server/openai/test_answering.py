"""One answer, in one piece and as a stream."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from bunko.ports import FinishReason
from bunko.server.hosting.inquiry import Inquiry
from bunko.server.openai.answering import Chunks, Frame, completion
from bunko.server.openai.asking import Asked
from bunko.server.openai.types import ChatCompletion
from bunko.types import Answer, Citation, Event, Finished, ReasoningDelta, Retrieved, TextDelta, Usage

_FRAME = Frame(model="docs", id="chatcmpl-1", created=1)
_ASKED = Asked(
    inquiry=Inquiry(question="Where?", library="docs"),
    model_id="docs",
    stream=True,
    include_usage=True,
    sources_as_text=False,
    ignored=("top_p",),
)
_NEAR = Citation(n=1, path="a.pdf", page=3, start=0, end=9, quote="In France", sentence="It is big.")
_ANSWER = Answer(
    question="Where?",
    standalone_question="Where?",
    text="It is in France [1]. It is big.",
    reasoning="Hm.",
    citations=(replace(_NEAR, sentence="It is in France [1].", verified=True), _NEAR),
    unsupported=("It is big.",),
    usage=Usage(prompt_tokens=10, completion_tokens=4, cached_tokens=6),
    timings={"total": 5.0},
    notes=("A note.",),
    model="small",
)
_EVENTS: list[Event] = [
    Retrieved(question="Where?", evidence=(), hits=()),
    ReasoningDelta(text="Hm."),
    TextDelta(text="It is in France [7"),
    TextDelta(text="]. It is big. "),
    Finished(answer=_ANSWER),
]


def _link(citation: Citation) -> str:
    return f"http://here/{citation.path}#{citation.start}"


def _chunks(events: list[Event], asked: Asked = _ASKED) -> list[Any]:
    chunks = Chunks(asked, frame=_FRAME, link=_link)
    return [json.loads(json.dumps(chunk)) for event in events for chunk in chunks.of(event)]


def _content(chunks: list[Any]) -> str:
    return "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])


def _strictly(schema: type[BaseModel], body: object) -> None:
    schema.model_validate_json(json.dumps(body), strict=True, extra="forbid")


def test_a_completion_has_all_that_there_is_to_say() -> None:
    body: Any = completion(_ANSWER, _ASKED, frame=_FRAME, link=_link)
    _strictly(ChatCompletion, body)
    message = body["choices"][0]["message"]
    assert message["content"] == "It is in France. It is big."
    assert message["reasoning_content"] == "Hm."
    [annotation] = message["annotations"]
    assert annotation["url_citation"] == {
        "url": "http://here/a.pdf#0",
        "title": "a.pdf, page 3",
        "start_index": 0,
        "end_index": len("It is in France."),
    }
    ours = message["bunko"]
    assert [citation["verified"] for citation in ours["citations"]] == [True, False]
    assert (ours["library"], ours["ignored"], ours["notes"]) == ("docs", ["top_p"], ["A note."])
    assert {"evidence", "hits", "unsupported", "timings_ms", "refused", "documents"} <= set(ours)
    assert body["usage"] == {
        "prompt_tokens": 10,
        "completion_tokens": 4,
        "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 6},
    }


def test_a_stream_says_the_same_as_a_completion() -> None:
    whole: Any = completion(_ANSWER, _ASKED, frame=_FRAME, link=_link)
    message = whole["choices"][0]["message"]
    chunks = _chunks(_EVENTS)
    assert _content(chunks) == message["content"]
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "reasoning_content": "Hm."}
    *_, end, usage = chunks
    assert end["choices"][0]["finish_reason"] == "stop"
    assert end["choices"][0]["delta"] == {"annotations": message["annotations"], "bunko": message["bunko"]}
    assert (usage["choices"], usage["usage"]) == ([], whole["usage"])
    assert all(chunk["usage"] is None for chunk in chunks[:-1])


def test_usage_is_only_told_where_it_was_asked_for() -> None:
    chunks = _chunks(_EVENTS, replace(_ASKED, include_usage=False))
    assert chunks[-1]["choices"]
    assert not any("usage" in chunk for chunk in chunks)


def test_an_answer_that_was_cut_shorter_than_it_was_sent_is_told_of() -> None:
    looped = replace(_ANSWER, text="Again and", finish_reason="loop", citations=(), unsupported=())
    chunks = _chunks([TextDelta(text="Again and again and again"), Finished(answer=looped)])
    assert _content(chunks) == "Again and again and again"
    assert chunks[-2]["choices"][0]["delta"]["bunko"]["corrected"] == "Again and"
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_an_answer_without_a_word_is_still_a_message(reason: FinishReason) -> None:
    answer = Answer(question="Where?", text="", finish_reason=reason)
    chunks = _chunks([Finished(answer=answer)])
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert chunks[1]["choices"][0]["finish_reason"] == reason
    body: Any = completion(answer, _ASKED, frame=_FRAME, link=_link)
    _strictly(ChatCompletion, body)
    assert body["choices"][0]["finish_reason"] == reason


def test_sources_come_as_text_where_they_were_asked_for() -> None:
    asked = replace(_ASKED, sources_as_text=True)
    body: Any = completion(_ANSWER, asked, frame=_FRAME, link=_link)
    content = body["choices"][0]["message"]["content"]
    assert content.endswith("Sources:\n- a.pdf, page 3: “In France”\n\nNot found in the sources:\n- It is big.")
    assert _content(_chunks(_EVENTS, asked)) == content


def test_nothing_after_a_stop_text_goes_out_and_no_citation_of_it() -> None:
    asked = replace(_ASKED, inquiry=replace(_ASKED.inquiry, stop=("It is in",)))
    body: Any = completion(_ANSWER, asked, frame=_FRAME, link=_link)
    assert body["choices"][0]["message"]["content"] == ""
    assert body["choices"][0]["message"]["annotations"] == []
    assert _content(_chunks(_EVENTS, asked)) == ""
