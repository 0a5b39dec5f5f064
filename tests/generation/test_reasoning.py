"""Models that reason, in the engine itself: real templates, and a tiny model whose every next token is laid down."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bunko.generation import open_generator
from bunko.generation.chat import ChatGenerator
from bunko.generation.thinking import text_of
from bunko.models import resolve
from bunko.ports import GenerationOptions, Piece
from bunko.settings import Settings
from bunko.types import Message, Think
from tests.golden.templates import FAMILIES, Family
from tests.tiny_gguf import make_chat_gguf

QUESTION = [Message(role="user", content="Q?")]
# Small letters are thought, for ever; capitals are said, for ever; digits are said, and then it ends.
ENDLESS = dict(zip(string.ascii_lowercase, string.ascii_lowercase[1:] + "a", strict=True))
SPEECH = dict(zip(string.ascii_uppercase, string.ascii_uppercase[1:] + "A", strict=True))
SHORT = {"1": "2", "2": "3", "3": "</s>"}
CLOSED = "</think>\n\n"  # as a thought is closed at its limit: a token of its own, for the model to go on from
# In what way each family comes to think.
BEGINS = {
    "deepseek-r1": {"\n": "a"},  # its template ends in <think> and a line
    "qwen3": {"\n": "<think>", "<think>": "a"},
    "phi4-mini-reasoning": {"<|assistant|>": "<think>", "<think>": "a"},  # its template knows of no thoughts
}
THINKERS = ["deepseek-r1", "qwen3"]


# A template of which the engine does not see that it opens a thought: what comes is an answer to it.
OPENS = Family(
    template="{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}[bot]<think>\n{% endif %}",
    marks=(),
)


@contextmanager
def thinker(
    family: str | Family, folder: Path, settings: Settings, *, says: Mapping[str, str]
) -> Iterator[ChatGenerator]:
    """Run a tiny model that thinks as its family does, and speaks as `says` tells."""
    parts = FAMILIES[family] if isinstance(family, str) else family
    begins = BEGINS[family] if isinstance(family, str) else {"\n": "a"}
    model = make_chat_gguf(
        folder / "tiny.gguf",
        template=parts.template,
        special=parts.marks,
        words=(CLOSED,) if "<think>" in parts.marks else (CLOSED, "<think>", "</think>"),
        bos=parts.bos,
        context=4096,
        follows={CLOSED: "1", **ENDLESS, **SPEECH, **SHORT, **begins, **says},
    )
    with closing(open_generator(resolve(str(model), kind="chat", settings=settings), settings)) as generator:
        yield generator


def ask(generator: ChatGenerator, *, think: Think = "auto", **options: object) -> tuple[str, str, Piece]:
    """Return what was said, what was thought, and the last piece."""
    chosen = GenerationOptions(**{"max_tokens": 8, "think": think, **options})  # type: ignore[arg-type]
    *pieces, last = generator.stream(QUESTION, options=chosen)
    return text_of(pieces), "".join(piece.reasoning for piece in pieces), last


@pytest.mark.parametrize("family", THINKERS)
def test_a_thought_is_none_of_the_answer_nor_of_its_tokens(family: str, tmp_path: Path, settings: Settings) -> None:
    with thinker(family, tmp_path, settings, says={"z": "</think>", "</think>": "A"}) as generator:
        text, reasoning, last = ask(generator, max_tokens=8)
    assert (text, reasoning.strip()) == ("ABCDEFGH", string.ascii_lowercase)
    assert last.finish_reason == "length"
    assert not last.thought_cut
    assert last.usage is not None
    assert last.usage.completion_tokens >= 26 + 8


@pytest.mark.parametrize("family", THINKERS)
def test_a_thought_without_end_comes_to_its_limit_and_then_the_model_answers(
    family: str, tmp_path: Path, settings: Settings
) -> None:
    with thinker(family, tmp_path, settings, says={CLOSED: "1"}) as generator:
        text, reasoning, last = ask(generator, think_tokens=40)
    assert text == "123"
    assert 35 <= len(reasoning.strip()) <= 40
    assert last.finish_reason == "stop"
    assert last.thought_cut


@pytest.mark.parametrize("family", THINKERS)
def test_a_model_that_is_not_to_think_answers_at_once(family: str, tmp_path: Path, settings: Settings) -> None:
    with thinker(family, tmp_path, settings, says={"\n": "1"}) as generator:
        text, reasoning, last = ask(generator, think="off")
    assert (text, reasoning) == ("123", "")
    assert last.finish_reason == "stop"
    assert last.usage is not None
    assert last.usage.completion_tokens <= 4


def test_a_model_that_thinks_against_its_orders_is_made_to_answer_or_stopped(
    tmp_path: Path, settings: Settings
) -> None:
    with thinker("qwen3", tmp_path, settings, says={"\n": "<think>"}) as generator:
        assert ask(generator, think="off")[:2] == ("123", "")
    with thinker("qwen3", tmp_path, settings, says={"\n": "<think>", CLOSED: "<think>"}) as generator:
        text, reasoning, last = ask(generator, think="off")
    assert (text, last.finish_reason) == ("", "length")
    assert len(reasoning) < 20


@pytest.mark.parametrize("family", THINKERS)
def test_what_stops_an_answer_does_not_stop_a_thought(family: str, tmp_path: Path, settings: Settings) -> None:
    with thinker(family, tmp_path, settings, says={"z": "</think>", "</think>": "A"}) as generator:
        text, reasoning, last = ask(generator, stop=("cd", "CD", "EF"))
    assert (text, reasoning.strip(), last.finish_reason) == ("AB", string.ascii_lowercase, "stop")


@pytest.mark.parametrize("family", THINKERS)
def test_a_grammar_leaves_no_room_for_a_thought(family: str, tmp_path: Path, settings: Settings) -> None:
    with thinker(family, tmp_path, settings, says={}) as generator:
        text, reasoning, _ = ask(generator, grammar='root ::= "yes" | "no"')
    assert (text in ("yes", "no"), reasoning) == (True, "")


@pytest.mark.parametrize("think_tokens", [0, 60])
def test_a_model_whose_template_knows_of_no_thoughts_is_found_out(
    think_tokens: int, tmp_path: Path, settings: Settings
) -> None:
    says = {"z": "</think>", "</think>": "\n", "\n": "1"}
    with thinker("phi4-mini-reasoning", tmp_path, settings, says=says) as generator:
        for _ in range(2):
            text, reasoning, last = ask(generator, think_tokens=think_tokens)
            assert (text.strip(), reasoning) == ("123", string.ascii_lowercase)
            assert last.finish_reason == "stop"
        text, reasoning, last = ask(generator, think_tokens=12)
        assert (text.strip(), last.thought_cut) == ("123", True)
        assert string.ascii_lowercase.startswith(reasoning)
        assert 8 <= len(reasoning) <= 13
        text, reasoning, last = ask(generator, think="off")
        assert (text.strip(), reasoning, last.thought_cut) == ("123", "", False)


def test_an_empty_thought_is_no_answer_and_no_answer_is_a_thought(tmp_path: Path, settings: Settings) -> None:
    with thinker("deepseek-r1", tmp_path, settings, says={"\n": "</think>", "</think>": "1"}) as generator:
        text, reasoning, last = ask(generator)
    assert (text, reasoning.strip(), last.finish_reason) == ("123", "", "stop")


def test_a_thought_that_the_engine_does_not_see_is_one_all_the_same(tmp_path: Path, settings: Settings) -> None:
    with thinker(OPENS, tmp_path, settings, says={"z": "</think>", "</think>": "A"}) as generator:
        text, reasoning, last = ask(generator)
        assert (text, reasoning.strip(), last.finish_reason) == ("ABCDEFGH", string.ascii_lowercase, "length")
        text, reasoning, last = ask(generator, think_tokens=12)
        assert (reasoning, last.thought_cut) == (string.ascii_lowercase[:12], True)
    with thinker(OPENS, tmp_path, settings, says={"\n": "1"}) as generator:
        assert ask(generator, think="off")[:2] == ("123", "")


def test_a_thought_gets_what_the_prompt_and_the_answer_leave(tmp_path: Path, settings: Settings) -> None:
    with thinker("deepseek-r1", tmp_path, settings, says={CLOSED: "1"}) as generator:
        question = [Message(role="user", content="long " * 700)]
        *pieces, last = generator.stream(question, options=GenerationOptions(max_tokens=256, think="high"))
    assert text_of(pieces) == "123"
    assert last.finish_reason == "stop"
    assert last.usage is not None
    assert last.usage.completion_tokens < 4096 - 3500


@pytest.mark.parametrize("family", THINKERS)
def test_the_same_question_gets_the_same_thought_and_answer(family: str, tmp_path: Path, settings: Settings) -> None:
    with thinker(family, tmp_path, settings, says={CLOSED: "1"}) as generator:
        for think in ("auto", "off", "low"):
            first = ask(generator, think=think, think_tokens=30)[:2]
            ask(generator, think="auto", think_tokens=20)
            assert ask(generator, think=think, think_tokens=30)[:2] == first


# --- earlier turns -----------------------------------------------------------------------------------------------

TURNS = [
    Message(role="user", content="One?"),
    Message(role="assistant", content="First.", reasoning="Counting…"),
    Message(role="user", content="Two?"),
]
KEEPS = (
    "{% for m in messages %}[{{ m.role }}]{% if m.reasoning_content %}({{ m.reasoning_content }}){% endif %}"
    "{{ m.content }}{% endfor %}"
)


@pytest.mark.parametrize("template", [FAMILIES["qwen3"].template, FAMILIES["deepseek-r1"].template, KEEPS])
def test_old_thoughts_go_only_to_a_template_that_shows_them(template: str, tmp_path: Path, settings: Settings) -> None:
    model = make_chat_gguf(tmp_path / "tiny.gguf", template=template, special=("<think>", "</think>"))
    with closing(open_generator(resolve(str(model), kind="chat", settings=settings), settings)) as generator:
        prompt = generator.render(TURNS)
        without = generator.render([Message(role=turn.role, content=turn.content) for turn in TURNS])
    assert prompt is not None
    assert ("Counting…" in prompt) == (template == KEEPS)
    assert prompt == without or template == KEEPS
