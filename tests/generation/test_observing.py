"""What a generator reports of its requests, with a real engine on a tiny model."""

from __future__ import annotations

from bunko.generation.chat import ChatGenerator
from bunko.ports import GenerationOptions, Observable, Request
from bunko.types import Message

BEGINNING = [Message(role="raw", content="Once upon a time there was a mill by the river, and a miller. " * 3)]
QUESTION = [Message(role="system", content="Be brief."), Message(role="user", content="Who wrote Hamlet?")]
OPTIONS = GenerationOptions(max_tokens=3, seed=4)


def test_each_request_of_an_answer_is_reported_and_the_early_reading_is_not(tiny: ChatGenerator) -> None:
    assert isinstance(tiny, Observable)
    seen: list[Request] = []
    tiny.observe(seen.append)
    tiny.prime(BEGINNING)
    list(tiny.stream(QUESTION, options=OPTIONS))
    assert [(request.messages, request.options.seed) for request in seen] == [(tuple(QUESTION), 4)]
    tiny.observe(None)
    list(tiny.stream(QUESTION, options=OPTIONS))
    assert len(seen) == 1


def test_a_request_is_rendered_as_the_template_does(tiny: ChatGenerator) -> None:
    seen: list[Request] = []
    tiny.observe(seen.append)
    list(tiny.stream(QUESTION, options=OPTIONS))
    text = tiny.render(seen[0].messages, arguments=seen[0].arguments)
    assert text
    assert text.index("Be brief.") < text.index("Who wrote Hamlet?")
    assert text not in ("Be brief.", "Who wrote Hamlet?")
