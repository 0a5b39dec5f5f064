"""The estimate for servers that don't count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bunko.generation.counting import estimate_tokens
from bunko.generation.wire import merge_system
from bunko.types import Message


def user(text: str) -> Message:
    return Message(role="user", content=text)


def test_scripts_differ() -> None:
    words = estimate_tokens([user("The harbour opened again")])
    kanji = estimate_tokens([user("港は再び開かれましたので海へ行きました")])
    assert words < kanji


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(one: str, other: str) -> None:
    assert estimate_tokens([user(one + other)]) >= max(estimate_tokens([user(one)]), estimate_tokens([user(other)]))


@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(min_size=1)), max_size=6))
def test_merging_loses_nothing_and_leaves_no_system_message(turns: list[tuple[str, str]]) -> None:
    messages = [Message(role=role, content=content) for role, content in turns]  # type: ignore[arg-type]
    merged = merge_system(messages)
    assert all(message.role != "system" for message in merged)
    whole = "\n".join(message.content for message in merged)
    assert all(content in whole for _, content in turns)
