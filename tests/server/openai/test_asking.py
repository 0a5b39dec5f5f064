"""Any request is either understood or refused in OpenAI's form, whatever stands in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bunko.errors import Busy, PromptTooLong, UnknownModel
from bunko.server.openai.asking import TASK_NOTE, Asked, understand
from bunko.server.openai.errors import Refused, place_of, reply_to, reply_to_invalid
from bunko.server.openai.models import Target, target_of, targets
from bunko.server.openai.types import ChatRequest
from bunko.types import Message

_DOCS = Target(library="docs", model="small")
_ALONE = Target(library="", model="small")


def _asked(target: Target = _DOCS, *, messages: list[dict[str, Any]] | None = None, **fields: Any) -> Asked:
    said = messages if messages is not None else [{"role": "user", "content": "Who?"}]
    return understand(ChatRequest.model_validate({"model": "docs", "messages": said, **fields}), target)


def _refused(**fields: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        _asked(**fields)
    return caught.value


_PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image_url", "input_audio", "file", "refusal", ""])},
    optional={"text": st.none() | st.text(max_size=20), "image_url": st.just({"url": "data:,"})},
)
_MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "developer", "user", "assistant", "tool", "function"])},
        optional={
            "content": st.none() | st.text(max_size=40) | st.lists(_PARTS, max_size=3),
            "name": st.text(max_size=5),
            "tool_calls": st.just([{"id": "1"}]),
            "reasoning_content": st.none() | st.text(max_size=9),
        },
    ),
    min_size=1,
    max_size=8,
)
_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "n": st.none() | st.integers(-1, 3),
        "seed": st.none() | st.integers(),
        "temperature": st.none() | st.floats(0, 2),
        "max_tokens": st.none() | st.integers(1, 10**12),
        "stop": st.none() | st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=4),
        "tools": st.none() | st.just([{"type": "function"}]),
        "tool_choice": st.sampled_from(["auto", "none", "required", "", {"type": "function"}]),
        "response_format": st.sampled_from([{"type": "text"}, {"type": "json_object"}, None]),
        "top_p": st.none() | st.floats(),
        "unheard_of": st.none() | st.text(max_size=3),
    },
)


@given(messages=_MESSAGES, fields=_FIELDS, target=st.sampled_from([_DOCS, _ALONE]))
def test_any_request_is_understood_or_refused(messages: list[Any], fields: dict[str, Any], target: Target) -> None:
    try:
        asked = _asked(target, messages=messages, **fields)
    except Refused as error:
        reply = reply_to(error)
        assert reply.status == 400
        assert set(reply.body["error"]) == {"message", "type", "param", "code"}  # type: ignore[call-overload]
        return
    assert asked.inquiry.question.strip()
    assert asked.inquiry.library == target.library
    turns = [turn.role for turn in asked.inquiry.history if turn.role != "system"]
    if target is _ALONE:  # as templates want them
        assert turns == ["user", "assistant"] * (len(turns) // 2)
        assert "system" not in [turn.role for turn in asked.inquiry.history[1:]]
    else:
        assert len(turns) == len(asked.inquiry.history)
    assert 0 <= int(str(asked.inquiry.overrides.get("generation.seed", 0))) < 2**31


_NAMES = st.sampled_from(["model", "messages", "role", "content", "type"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
)


@given(body=_JSON)
def test_any_body_that_is_no_request_has_an_answer(body: object) -> None:
    try:
        ChatRequest.model_validate(body)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        assert reply_to_invalid(faults).status == 400


def test_the_last_message_is_the_question_and_the_others_are_the_history() -> None:
    asked = _asked(
        messages=[
            {"role": "system", "content": "You are a pirate."},
            {"role": "user", "content": "Who was Rollo?"},
            {"role": "assistant", "content": "A Viking.\n\n---\nSources:\n- a.txt: “x”", "reasoning_content": "Hm."},
            {"role": "user", "content": [{"type": "text", "text": "When?"}, {"type": "text", "text": "Where?"}]},
        ]
    )
    assert asked.inquiry.question == "When?\nWhere?"
    assert asked.inquiry.history == (
        Message(role="user", content="Who was Rollo?"),
        Message(role="assistant", content="A Viking.", reasoning="Hm."),
    )
    assert asked.ignored == ()
    assert asked.inquiry.overrides == {"answers.instructions": "You are a pirate."}


def test_the_model_alone_gets_the_system_messages_as_one_and_the_turns_in_order() -> None:
    asked = _asked(
        _ALONE,
        messages=[
            {"role": "assistant", "content": "Welcome!"},
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "One."},
            {"role": "user", "content": "Two."},
            {"role": "assistant", "content": None, "tool_calls": []},
            {"role": "tool", "content": "42"},
            {"role": "assistant", "content": "Three."},
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": "Four?"},
        ],
    )
    assert [(turn.role, turn.content) for turn in asked.inquiry.history] == [
        ("system", "Be brief.\n\nBe kind."),
        ("user", "One.\n\nTwo."),
        ("assistant", "Three."),
    ]
    assert asked.inquiry.question == "Four?"
    assert asked.ignored == ("tool messages",)


_IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}


@pytest.mark.parametrize("kind", ["image_url", "input_audio", "file"])
def test_a_picture_earlier_in_a_conversation_is_left_out(kind: str) -> None:
    first = [{"type": "text", "text": "What is this?"}, {**_IMAGE, "type": kind}]
    alone = [{**_IMAGE, "type": kind}]
    messages: list[dict[str, Any]] = [
        *({"role": "user", "content": first}, {"role": "assistant", "content": "A tower."}),
        *({"role": "user", "content": alone}, {"role": "assistant", "content": "Another."}),
        {"role": "user", "content": "Who built it?"},
    ]
    asked = _asked(messages=messages)
    assert asked.inquiry.question == "Who built it?"
    assert [turn.content for turn in asked.inquiry.history] == ["What is this?", "A tower.", "Another."]
    assert asked.ignored == ("parts of earlier messages that are not text",)


def test_after_a_tool_s_result_the_question_before_it_is_answered() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "Who was the keeper?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": "42"},
    ]
    asked = _asked(messages=messages)
    assert (asked.inquiry.question, asked.ignored) == ("Who was the keeper?", ("tool messages",))
    assert _asked(messages=[*messages, {"role": "user", "content": "And then?"}]).inquiry.question == "And then?"


def test_a_list_of_many_stop_texts_is_taken() -> None:
    stops = [str(n) for n in range(100)]
    assert _asked(stop=stops).inquiry.stop == tuple(stops)


def test_limits_and_sampling_become_settings() -> None:
    asked = _asked(
        max_tokens=99,
        max_completion_tokens=50,
        temperature=2,
        seed=-1,
        stop="END",
        reasoning_effort="minimal",
        stream=True,
        stream_options={"include_usage": True},
        bunko={"top_k": 3, "strictness": 0, "sources": "text", "answers": "kept"},
    )
    assert asked.inquiry.overrides == {
        "generation.max_tokens": 50,
        "generation.temperature": 2,
        "generation.seed": 2**31 - 1,
        "generation.think": "off",
        "retrieval.top_k": 3,
        "answers.strictness": 0,
    }
    assert asked.inquiry.stop == ("END",)
    assert (asked.stream, asked.include_usage, asked.sources_as_text) == (True, True, True)
    assert asked.inquiry.answers == "kept"
    assert _asked(max_tokens=5.0).inquiry.overrides == {"generation.max_tokens": 5}
    assert _asked(stop=["a", "", "a", "b"]).inquiry.stop == ("a", "b")


def test_what_has_no_effect_is_told_of_unless_it_asks_for_nothing() -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    asked = _asked(top_p=0.9, min_p=0.1, presence_penalty=0, tools=tools, tool_choice="auto", user="me", metadata={})
    assert asked.ignored == ("top_p", "min_p", "tools")
    assert _asked(top_p=1, frequency_penalty=0.0, tools=[], logit_bias={}).ignored == ()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "logprobs"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "response_format"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice"),
        ({"function_call": {"name": "f"}}, "function_call"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"logit_bias": {"1": 5}}, "logit_bias"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages[0].content"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "It is"}]},
            "messages[1].role",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}]}]},
            "messages[0].content[1].type",
        ),
    ],
)
def test_what_would_be_another_answer_is_refused_with_its_place(fields: dict[str, Any], param: str) -> None:
    assert _refused(**fields).param == param


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"messages": []}, "messages", "invalid_value"),
        ({"model": 7}, "model", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
        ({"max_tokens": "5"}, "max_tokens", "invalid_value"),
        ({"temperature": 2.1}, "temperature", "invalid_value"),
        ({"messages": [{"role": "boss", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_value"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0].type", None),
        ({"bunko": {"unheard_of": 1}}, "bunko.unheard_of", "invalid_value"),
    ],
)
def test_what_does_not_follow_the_schema_is_named(fields: dict[str, Any], param: str, code: str | None) -> None:
    body = {"model": "docs", "messages": [{"role": "user", "content": "Who?"}], **fields}
    with pytest.raises(ValidationError) as caught:
        ChatRequest.model_validate(body)
    faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in caught.value.errors()]
    error: Any = reply_to_invalid(faults).body["error"]
    assert error["type"] == "invalid_request_error"
    assert code is None or (error["param"], error["code"]) == (param, code)


def test_housekeeping_of_a_client_goes_to_the_model_alone() -> None:
    task = "### Task:\nGenerate a concise title.\n### Chat History:\n<chat_history>\nUSER: Who?\n</chat_history>"
    asked = _asked(messages=[{"role": "user", "content": task}])
    assert (asked.inquiry.library, asked.inquiry.history, asked.notes) == ("", (), (TASK_NOTE,))
    assert asked.inquiry.model == "small"
    assert _asked(messages=[{"role": "user", "content": "### Task:\nWhat is it?"}]).inquiry.library == "docs"


def test_every_name_stands_for_something_and_others_are_unknown() -> None:
    known = targets(["docs", "tea"], ["smollm2-135m"])
    assert target_of("docs", known) == Target(library="docs", model="")
    assert target_of("docs/smollm2-135m", known) == Target(library="docs", model="smollm2-135m")
    assert target_of("smollm2-135m", known) == Target(library="", model="smollm2-135m")
    assert targets(["same"], ["same"]) == {
        "same": Target(library="same", model=""),
        "same/same": Target(library="same", model="same"),
    }
    with pytest.raises(UnknownModel, match="There are: docs, docs/smollm2-135m, tea"):
        target_of("gpt-4o", known)
    reply = reply_to(UnknownModel("No."))
    assert (reply.status, reply.body["error"]) == (
        404,
        {"message": "No.", "type": "not_found_error", "param": "model", "code": "model_not_found"},
    )


def test_errors_have_the_status_and_the_type_that_clients_know() -> None:
    busy = reply_to(Busy("Full.", retry_after_s=7))
    assert (busy.status, busy.headers) == (429, {"Retry-After": "7"})
    assert busy.body["error"] == {
        "message": "Full.",
        "type": "rate_limit_error",
        "param": None,
        "code": "rate_limit_exceeded",
    }
    too_long: Any = reply_to(PromptTooLong("It is long.", "Shorten it."))
    assert (too_long.status, too_long.headers) == (400, {})
    assert too_long.body["error"]["code"] == "context_length_exceeded"
    assert too_long.body["error"]["message"] == "It is long. Shorten it."


def test_places_are_written_as_openai_writes_them() -> None:
    assert place_of(("body", "stop", "str")) == "stop"
    assert place_of(("body",)) == ""
