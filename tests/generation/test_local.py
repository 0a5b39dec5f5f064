"""The chat client with an engine of our own: tiny models, real llama.cpp."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from bunko.answering.alone import answer_without_documents
from bunko.conversation import last
from bunko.engine.process import LlamaProcess
from bunko.errors import EngineCrashed, PromptTooLong, WrongModelKind
from bunko.generation import open_generator
from bunko.generation.chat import ChatGenerator
from bunko.library import Library
from bunko.models import LocalModel, resolve
from bunko.ports import GenerationOptions, Piece
from bunko.settings import Settings, apply_overrides
from bunko.stopwatch import Stopwatch
from bunko.testing import FakeEmbedder
from bunko.types import Message
from tests.engine.support import CHATML_MARKS, make_tiny_model
from tests.support import SHIPS, write_files
from tests.tiny_gguf import make_chat_gguf

SYSTEM = Message(role="system", content="Be brief. " * 20)
ENDLESS = GenerationOptions(max_tokens=8000)


def user(text: str) -> list[Message]:
    return [SYSTEM, Message(role="user", content=text)]


def complete(generator: ChatGenerator, messages: list[Message], **options: object) -> tuple[str, Piece]:
    """Return a completion's text and its last piece."""
    chosen = GenerationOptions(**{"max_tokens": 24, **options})  # type: ignore[arg-type]
    *pieces, last = generator.stream(messages, options=chosen)
    assert all(piece.finish_reason is None for piece in pieces)
    return "".join(piece.text for piece in pieces), last


def engine_pid(generator: ChatGenerator) -> int | None:
    endpoint = generator._connection.endpoint
    assert isinstance(endpoint, LlamaProcess)
    return endpoint.pid


def test_it_streams_and_accounts_for_every_token(tiny: ChatGenerator) -> None:
    assert tiny.spec.name == "tiny.gguf"
    pieces = list(tiny.stream(user("Hello"), options=GenerationOptions(max_tokens=24)))
    assert len(pieces) > 10
    last = pieces[-1]
    assert last.finish_reason == "length"
    assert last.usage is not None
    assert last.usage.prompt_tokens == tiny.count_tokens(user("Hello"))
    assert last.usage.completion_tokens == 24
    assert last.prompt_ms > 0
    assert last.predicted_ms > 0


def test_starting_takes_no_time_and_asking_waits(tiny: ChatGenerator) -> None:
    began = time.monotonic()
    tiny.start()
    assert time.monotonic() - began < 0.5
    assert tiny.context_tokens() == 4096


def test_a_second_question_reuses_the_instructions(tiny: ChatGenerator) -> None:
    complete(tiny, user("Hello"))
    _, last = complete(tiny, user("And now something else"))
    assert last.usage is not None
    assert last.usage.cached_tokens > 200


def test_the_same_question_gets_the_same_text_whatever_is_cached(tiny: ChatGenerator) -> None:
    for options in ({"temperature": 0.0}, {"temperature": 0.9, "seed": 7}):
        first, _ = complete(tiny, user("Hello"), **options)
        again, _ = complete(tiny, user("Hello"), **options)
        complete(tiny, user("Another one"), **options)
        later, _ = complete(tiny, user("Hello"), **options)
        assert first == again == later


def test_another_seed_gives_another_text(tiny: ChatGenerator) -> None:
    texts = {complete(tiny, user("Hello"), temperature=2.0, seed=seed)[0] for seed in range(3)}
    assert len(texts) == 3


def test_stop_words_stop_it(tiny: ChatGenerator) -> None:
    text, _ = complete(tiny, user("Hello"))
    stopped, last = complete(tiny, user("Hello"), stop=(text[6:9],))
    assert stopped == text[: text.index(text[6:9])]
    assert last.finish_reason == "stop"


def test_a_grammar_is_obeyed(tiny: ChatGenerator) -> None:
    text, _ = complete(tiny, user("Hello"), grammar='root ::= "yes" | "no"')
    assert text in ("yes", "no")


def test_closing_the_iterator_frees_the_engine_at_once(tiny: ChatGenerator) -> None:
    stream = tiny.stream(user("Tell me all"), options=ENDLESS)
    next(stream)
    stream.close()
    began = time.monotonic()
    complete(tiny, user("Hello"), max_tokens=1)
    assert time.monotonic() - began < 1


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_stops_it_within_a_second(tiny: ChatGenerator) -> None:
    stream = tiny.stream(user("Tell me all"), options=ENDLESS)
    next(stream)
    pressed = time.monotonic() + 0.1
    threading.Timer(0.1, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        for _ in stream:
            pass
    assert time.monotonic() - pressed < 1
    complete(tiny, user("Hello"), max_tokens=1)
    assert time.monotonic() - pressed < 2


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_crash_in_the_middle_of_an_answer_is_told_and_mended(tiny: ChatGenerator) -> None:
    stream = tiny.stream(user("Tell me all"), options=ENDLESS)
    next(stream)
    pid = engine_pid(tiny)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(EngineCrashed, match="SIGKILL"):
        list(stream)
    text, _ = complete(tiny, user("Hello"))
    assert text
    assert engine_pid(tiny) != pid


def test_too_long_a_prompt_is_refused_with_its_figures(tiny: ChatGenerator) -> None:
    with pytest.raises(PromptTooLong, match=r"10,\d\d\d tokens.* 4,096"):
        complete(tiny, user("word " * 2000))


def test_closing_twice_is_no_mistake(tiny: ChatGenerator) -> None:
    complete(tiny, user("Hello"))
    tiny.close()
    tiny.close()
    assert engine_pid(tiny) is None


def test_several_threads_may_ask_at_once(tiny: ChatGenerator) -> None:
    alone = {text: complete(tiny, user(text))[0] for text in ("one", "two", "three")}
    together: dict[str, str] = {}

    def ask(text: str) -> None:
        together[text] = complete(tiny, user(text))[0]

    threads = [threading.Thread(target=ask, args=[text]) for text in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert together.keys() == alone.keys()
    assert all(len(text) >= 24 for text in together.values())


def test_a_base_model_gets_plain_paragraphs(tmp_path: Path, settings: Settings) -> None:
    base = make_chat_gguf(tmp_path / "base.gguf")
    generator = open_generator(resolve(str(base), kind="chat", settings=settings), settings)
    try:
        prompt = generator.render([SYSTEM, Message(role="user", content="Why?")])
    finally:
        generator.close()
    assert prompt == SYSTEM.content.strip() + "\n\nWhy?\n\nAnswer:"


def test_a_model_that_is_no_gguf_is_refused(tmp_path: Path, settings: Settings) -> None:
    model = LocalModel(
        name="minilm", kind="chat", engine="onnx", files={"model": tmp_path / "x.onnx"}, languages=frozenset({"en"})
    )
    with pytest.raises(WrongModelKind, match="minilm"):
        open_generator(model, settings)


def test_the_context_can_be_set(tmp_path: Path, settings: Settings) -> None:
    model = resolve(str(make_tiny_model(tmp_path)), kind="chat", settings=settings)
    generator = open_generator(model, settings)
    try:
        assert generator.context_tokens() == 2048
    finally:
        generator.close()


def test_an_answer_says_that_the_template_is_another_model_s(tmp_path: Path, settings: Settings) -> None:
    alien = "{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>\n{% endfor %}"
    model = make_chat_gguf(tmp_path / "odd.gguf", template=alien, special=CHATML_MARKS)
    root = write_files(tmp_path / "docs", {"ships.txt": SHIPS})
    chosen = apply_overrides(settings, {"model": str(model), "generation.max_tokens": 8, "answers.strictness": 0})
    with Library(root, settings=chosen, embedder=FakeEmbedder()) as library:
        library.sync()
        answer = library.ask("When did the harbour of Kobe open?")
        with_model = last(answer_without_documents("Hello?", library.generator, settings=chosen, watch=Stopwatch()))
    for notes in (answer.notes, with_model.notes):
        (note,) = [text for text in notes if "another model's chat template" in text]
        assert "that of Gemma models, but its vocabulary has no <start_of_turn>; it has <|im_start|>" in note
