"""Thoughts on their way through the whole program: told apart, shown folded, and never part of an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from bunko.answering.alone import answer_without_documents
from bunko.cli.render import Detail, render_events
from bunko.conversation import last
from bunko.evaluation.drafting import draft_questions
from bunko.evaluation.judging import judge_answers
from bunko.evaluation.questions import Question
from bunko.generation import open_generator
from bunko.generation.chat import ChatGenerator
from bunko.library import Library
from bunko.models import RemoteModel
from bunko.settings import Settings
from bunko.stopwatch import Stopwatch
from bunko.testing import FakeEmbedder
from bunko.types import Answer, Event, Finished, ReasoningDelta, Retrieved, TextDelta
from tests.conftest import Cli
from tests.engine.loopback import Handler, Loopback, Request, Script, serve
from tests.support import SHIPS, make_settings, write_files

QUESTION = "When did the harbour of Kobe open?"
MODELS = {"object": "list", "data": [{"id": "some-model"}]}
Pieces: TypeAlias = Sequence[Mapping[str, str]]
Asks: TypeAlias = Callable[..., tuple[Answer, list[Event], Loopback]]


def says(*texts: str, field: str = "content") -> Pieces:
    return [{field: text} for text in texts]


def server_that(*answers: Pieces, finish: str = "stop") -> Script:
    """Return a server whose first completion has the first of these pieces, and so on; the last one again and again."""
    left = list(answers)

    def script(handler: Handler, request: Request) -> None:
        if request.path == "/v1/models":
            handler.reply(MODELS)
        elif request.path in ("/v1/chat/completions", "/v1/completions"):
            pieces = left.pop(0) if len(left) > 1 else left[0]
            handler.begin_events()
            if "\n" in request.body.get("stop", ()):
                pieces = [{"content": "".join(piece.get("content", "") for piece in pieces).partition("\n")[0]}]
            for piece in pieces:
                handler.event({"choices": [{"index": 0, "delta": piece, "finish_reason": None}]})
            handler.event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
            handler.chunk(b"")
        else:
            handler.reply({"error": "no such page"}, status=404)

    return script


@contextmanager
def generator_of(script: Script, *, model: str = "") -> Iterator[tuple[ChatGenerator, Loopback]]:
    with serve(script) as server:
        remote = RemoteModel(name=model or server.url, kind="chat", url=f"{server.url}/v1", model=model, api_key="")
        with closing(open_generator(remote, Settings())) as generator:
            yield generator, server


@pytest.fixture
def asks(tmp_path: Path) -> Asks:
    """Ask about a harbour, of a server that answers so."""
    folder = write_files(tmp_path / "docs", {"ships.txt": SHIPS})

    def ask(script: Script, *, model: str = "", **values: object) -> tuple[Answer, list[Event], Loopback]:
        with generator_of(script, model=model) as (generator, server):
            settings = make_settings(**values)
            with Library(folder, settings=settings, embedder=FakeEmbedder(), generator=generator) as library:
                library.sync()
                events = list(library.stream(QUESTION))
        return last(iter(events)), events, server

    return ask


THOUGHTS = {
    "tags on lines of their own": says("<think>\nKobe, 1869?\n</think>\n\nIn 1868."),
    "tags": says("<thi", "nk>\nKobe", ", 1869?</th", "ink>\n\nIn ", "1868."),
    "a lone closing tag": says("Kobe, ", "1869?\n</thi", "nk>\n\n", "In 1868."),
    "a field": [*says("Kobe, ", "1869?", field="reasoning_content"), *says("In 1868.")],
    "another field": [*says("Kobe, 1869?", field="reasoning"), *says("In ", "1868.")],
    "another family": says("[THINK]Kobe, 1869?[/THI", "NK]In 1868."),
}


@pytest.mark.parametrize("model", ["some-model", "deepseek-r1"])
@pytest.mark.parametrize("how", THOUGHTS)
def test_no_thought_is_in_an_answer_its_citations_or_its_doubts(how: str, model: str, asks: Asks) -> None:
    answer, events, _ = asks(server_that(THOUGHTS[how]), model=model)
    assert answer.text == "In 1868."
    assert "1869?" in answer.reasoning
    assert not answer.unsupported
    assert [(item.sentence, item.verified) for item in answer.citations] == [("In 1868.", True)]
    assert "reason" in answer.timings
    assert "write" in answer.timings
    kinds = [type(event) for event in events]
    assert (kinds[0], kinds[-1]) == (Retrieved, Finished)
    assert any(isinstance(event, ReasoningDelta) and "1869?" in event.text for event in events)
    if how != "a lone closing tag" or model == "deepseek-r1":
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "In 1868."


@pytest.mark.parametrize("how", THOUGHTS)
def test_an_extractive_answer_is_none_of_a_thought(how: str, asks: Asks) -> None:
    for prompt in ("chat", "plain"):
        answer, events, _ = asks(server_that(THOUGHTS[how]), generation__style="extractive", generation__prompt=prompt)
        if prompt == "chat":
            assert answer.text == "1868" or answer.text in SHIPS
        assert answer.text in SHIPS
        assert "1869" not in answer.text
        assert all("1869" not in event.text for event in events if isinstance(event, TextDelta))


def test_a_server_is_asked_once_more_with_room_for_a_thought_and_later_at_once(
    asks: Asks,
) -> None:
    _, _, server = asks(server_that(THOUGHTS["tags"]))
    first, second = (request.body for request in server.asked("/v1/chat/completions"))
    assert (first["max_tokens"], second["max_tokens"]) == (512, 512 + 1024)
    assert "stop" not in first
    assert "stop" not in second
    _, _, server = asks(server_that(THOUGHTS["tags"]), model="qwen3:8b", generation__think_tokens=100)
    (only,) = (request.body for request in server.asked("/v1/chat/completions"))
    assert only["max_tokens"] == 512 + 100


def test_a_server_s_model_that_thinks_without_end_is_told_to_answer(
    asks: Asks,
) -> None:
    endless = says("<think>", *["so "] * 500)
    answer, _, server = asks(server_that(endless, says("In 1868.")), model="qwen3", generation__think_tokens=20)
    assert answer.text == "In 1868."
    assert 15 <= len(answer.reasoning.split()) <= 22
    assert any("cut off at its limit" in note for note in answer.notes)
    *_, begun = server.asked("/v1/chat/completions")[-1].body["messages"]
    assert begun["role"] == "assistant"
    assert begun["content"].rstrip().endswith("</think>")
    answer, _, server = asks(server_that(endless), model="qwen3", generation__think_tokens=20)
    assert answer.text in SHIPS
    assert any("gave no answer" in note for note in answer.notes)
    assert len(server.asked("/v1/chat/completions")) == 2


@pytest.mark.parametrize(("think", "effort"), [("auto", None), ("off", "none"), ("low", "low"), ("high", "high")])
def test_how_long_to_think_is_said_to_the_server(think: str, effort: str | None, asks: Asks) -> None:
    answer, _, server = asks(server_that(says("In 1868.")), model="qwen3", generation__think=think)
    body = server.asked("/v1/chat/completions")[0].body
    assert answer.text == "In 1868."
    assert body.get("reasoning_effort") == effort
    assert body.get("chat_template_kwargs", {}).get("enable_thinking") == (None if not effort else think != "off")


def test_a_server_that_refuses_what_it_does_not_know_is_asked_plainly(
    asks: Asks,
) -> None:
    plain = server_that(says("In 1868."))

    def strict(handler: Handler, request: Request) -> None:
        if request.body and "chat_template_kwargs" in request.body:
            handler.reply({"error": {"message": "Unrecognized request argument"}}, status=400)
        else:
            plain(handler, request)

    answer, _, server = asks(strict, model="qwen3", generation__think="off")
    assert answer.text == "In 1868."
    assert len(server.asked("/v1/chat/completions")) == 2


def test_a_lone_closing_tag_is_expected_from_then_on() -> None:
    with generator_of(server_that(THOUGHTS["a lone closing tag"])) as (generator, _):
        told = []
        for _ in range(2):
            settings, watch = Settings(), Stopwatch()
            told.append(list(answer_without_documents(QUESTION, generator, settings=settings, watch=watch)))
    first, second = ([event.text for event in events if isinstance(event, TextDelta)] for events in told)
    assert "".join(first) != "In 1868."
    assert "".join(second) == "In 1868."
    assert [last(iter(events)).text for events in told] == ["In 1868."] * 2


def test_a_follow_up_is_rewritten_without_thoughts(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "docs", {"ships.txt": SHIPS})
    rewriting = says("<think>Kobe, ships, tea, silk.</think>", "When did the harbour of Kobe open?")
    script = server_that(says("In 1868."), rewriting, rewriting, says("<think>Tea.</think>In 1868."))
    with generator_of(script) as (generator, server):
        library = Library(folder, settings=make_settings(), embedder=FakeEmbedder(), generator=generator)
        library.sync()
        conversation = library.chat()
        conversation.ask("What is the harbour of Kobe?")
        answer = conversation.ask("When did it open?")
        assert "think" not in answer.standalone_question
        assert "Tea." not in answer.text
        assert all("think" not in turn.content for turn in conversation.history)
        for request in server.asked("/v1/chat/completions"):
            assert all("reasoning_content" not in message for message in request.body["messages"])


def test_drafts_and_verdicts_are_none_of_a_thought(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "docs", {"ships.txt": SHIPS * 4})
    drafted = says(
        "<think>\nQuestion: What carries tea?\nAnswer: Ships\n</think>\n\n", f"Question: {QUESTION}\nAnswer: 1868"
    )
    with generator_of(server_that(drafted)) as (generator, _):
        library = Library(folder, settings=make_settings(), embedder=FakeEmbedder(), generator=generator)
        library.sync()
        (draft,) = draft_questions(library, wanted=1)
        assert (draft["question"], draft["answers"]) == (QUESTION, ["1868"])
    with generator_of(server_that(says("<think>Yes? No, ", "yes.</think>", "No."))) as (generator, _):
        question = Question(id="a", text=QUESTION, answers=("1868",))
        line = {"id": "a", "answer": "In 1869.", "refused": False}
        assert judge_answers([question], [line], generator) == {"a": False}


# --- on the screen -----------------------------------------------------------------------------------------------


def shown(capsys: pytest.CaptureFixture[str], *, detail: Detail = "sources") -> str:
    thought = [ReasoningDelta(text=text) for text in ("\nThe harbour", " of Kobe, " * 50, "opened.")]
    answer = Answer(question=QUESTION, text="In 1868.", reasoning="".join(event.text for event in thought))
    events: list[Event] = [*thought, TextDelta(text="In 1868."), Finished(answer=answer)]
    render_events(iter(events), detail=detail)
    return capsys.readouterr().out


def test_a_thought_is_shown_folded(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys)
    assert "Reasoning\nThe harbour of Kobe, " in out
    assert "opened." not in out
    assert "… (278 more characters; --verbose shows all)\n\nAnswer\nIn 1868.\n" in out
    assert "opened.\n\nAnswer\nIn 1868.\n" in shown(capsys, detail="everything")
    assert shown(capsys, detail="answer") == "In 1868.\n"


def test_the_flag_is_the_setting(cli: Cli, tmp_path: Path) -> None:
    folder = str(write_files(tmp_path / "docs", {"ships.txt": SHIPS}))
    assert cli("ask", folder, QUESTION, "--think", "off").code == 0
    outcome = cli("ask", folder, QUESTION, "--think", "never")
    outcome.assert_clear(2, "generation.think", "off")
