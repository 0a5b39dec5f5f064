"""An extractive answer is the sources' words; which models answer so; and what is read ahead of a question."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.answering.draft import Resources
from bunko.answering.pipeline import answer_from_documents
from bunko.answering.prompts import beginning, extractive_messages
from bunko.answering.writing import extract, prime, style_of, write
from bunko.conversation import last
from bunko.ports import EmbedderSpec, GenerationOptions, Piece, Pieces
from bunko.question.question import parse_question
from bunko.settings import Settings, apply_overrides
from bunko.stopwatch import Stopwatch
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Answer, Chunk, Event, Evidence, Finished, Hit, Message, ReasoningDelta, Span, TextDelta
from tests.strategies import anything, evidence

TEXT = "The mill stands by the river. It was built in 1911 by Ada Lind, an engineer from Malmö."
SMALL = 135_000_000


class OnePassage:
    """A store with a single passage, found by words."""

    def search_dense(self, spec: EmbedderSpec, vector: object, *, limit: int) -> list[Hit]:
        return []

    def search_lexical(self, query: str, *, limit: int) -> list[Hit]:
        chunk = Chunk(path="mill.txt", start=0, end=len(TEXT), text=TEXT, language="en", key="k")
        return [Hit(chunk=chunk, score=1.0, lexical=1.0)]

    def similarities(self, spec: object, keys: Sequence[str], vector: object) -> dict[str, float]:
        return {}

    def pages(self, path: str) -> tuple[Span, ...]:
        return ()

    def paths(self) -> list[str]:
        return []

    def document(self, path: str) -> None:
        return None


def events(question: str, generator: FakeGenerator, **wanted: object) -> list[Event]:
    settings = apply_overrides(Settings(), {f"generation.{name}": value for name, value in wanted.items()})
    resources = Resources(
        store=OnePassage(), embedder=FakeEmbedder(), generator=generator, settings=settings, watch=Stopwatch()
    )
    return list(answer_from_documents(parse_question(question), resources))


def ask(question: str, said: str, **wanted: object) -> Answer:
    return last(iter(events(question, FakeGenerator(said, parameters=SMALL), **wanted)))


def quote(text: str) -> Evidence:
    return Evidence(path="a.txt", start=0, end=len(text), quote=text, score=1.0)


# --- the answer --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Ada Lind", "Ada Lind"),
        ("ada lind.", "Ada Lind"),
        (" “Ada Lind”\n\nThe harbour", "Ada Lind"),
        ("an engineer from Malmo", "It was built in 1911 by Ada Lind, an engineer from Malmö."),
        ("1911", "1911"),
    ],
)
def test_a_phrase_that_the_model_names_is_given_as_the_source_has_it(said: str, answer: str) -> None:
    assert ask("Who built it?", said).text == answer


@pytest.mark.parametrize("said", ["Bo Berg", "91", "Ada Lindgren", "", "the mill"])
def test_what_is_in_no_source_or_in_the_question_gives_way_to_the_best_quote_and_is_told(said: str) -> None:
    answer = ask("Who built the mill?", said)
    assert answer.text == answer.evidence[0].quote
    assert answer.closest_quote and answer.notes[-1].endswith(f"; closest quote: “{answer.text}”")
    assert ("repeats the question" in answer.notes[-1]) is (said == "the mill")
    assert repr(said) in answer.notes[-1] or "no answer" in answer.notes[-1]


def test_a_choice_that_the_question_offers_is_an_answer() -> None:
    assert ask("Was it built in 1911 or 1912?", "1911").text == "1911"


@pytest.mark.parametrize("said", ["Ada Lind", "nobody at all"])
def test_an_extractive_answer_is_verified_cited_and_told_once(said: str) -> None:
    told = events("Who built it?", FakeGenerator(said, parameters=SMALL))
    answer = last(iter(told))
    assert [event.text for event in told if isinstance(event, TextDelta)] == [answer.text]
    assert not answer.unsupported
    assert answer.citations
    assert all(citation.verified for citation in answer.citations)
    assert answer.text in TEXT


@given(evidence().filter(bool), anything, anything)
def test_no_word_of_an_extractive_answer_is_the_model_s(shown: list[Evidence], said: str, question: str) -> None:
    generator = FakeGenerator(said, context=1_000_000)
    messages = extractive_messages(parse_question(question), shown, language="en", form="plain")
    writing = extract(write(messages, generator, Settings(), Stopwatch()), shown, question=parse_question(question))
    with pytest.raises(StopIteration) as end:
        while True:
            next(writing)
    assert any(end.value.value.text in item.quote for item in shown)


def test_what_a_model_reasons_comes_before_an_extractive_answer() -> None:
    class Reasoning(FakeGenerator):
        def stream(self, messages: Sequence[Message], *, options: object) -> Pieces:
            yield Piece(reasoning="Ada, then.")
            yield Piece(text="Ada Lind")
            yield Piece(finish_reason="stop")

    told = events("Who built it?", Reasoning(parameters=SMALL))
    assert [type(event) for event in told[1:]] == [ReasoningDelta, TextDelta, Finished]
    assert last(iter(told)).reasoning == "Ada, then."


# --- which style -------------------------------------------------------------------------------------------------


def style(parameters: int, text: str = TEXT, language: str = "en", **wanted: object) -> str:
    settings = apply_overrides(Settings(), {f"generation.{name}": value for name, value in wanted.items()})
    return style_of(FakeGenerator(parameters=parameters), [quote(text)], language=language, settings=settings)


def test_small_models_answer_in_the_sources_words_and_others_in_their_own() -> None:
    assert style(135_000_000) == style(494_000_000) == "extractive"
    assert style(3_800_000_000) == "free"
    assert style(0) == "free"  # a server, which does not tell


def test_an_answer_in_another_language_than_the_sources_can_not_be_in_their_words() -> None:
    assert style(SMALL, language="ja") == "free"
    assert style(SMALL, text="風車は1911年に建てられた。", language="ja") == "extractive"


def test_a_style_that_is_set_is_kept_to() -> None:
    assert style(3_800_000_000, style="extractive") == "extractive"
    assert style(SMALL, style="free") == "free"
    assert ask("Who built it?", "Bo Berg did.", style="free").text == "Bo Berg did."


@pytest.mark.parametrize(
    ("parameters", "prompt", "roles"),
    [
        (135_000_000, "auto", {"raw"}),
        (494_000_000, "auto", {"system", "user", "assistant"}),
        (135_000_000, "chat", {"system", "user", "assistant"}),
        (494_000_000, "plain", {"raw"}),
    ],
)
def test_the_smallest_models_get_a_text_to_go_on_with(parameters: int, prompt: str, roles: set[str]) -> None:
    generator = FakeGenerator("Ada Lind", parameters=parameters)
    events("Who built it?", generator, prompt=prompt)
    assert {message.role for message in generator.prompts[0]} == roles


# --- reading ahead -----------------------------------------------------------------------------------------------


class Primed(FakeGenerator):
    def __init__(self, parameters: int) -> None:
        super().__init__(parameters=parameters)
        self.primed: list[Sequence[Message]] = []

    def prime(self, messages: Sequence[Message]) -> None:
        self.primed.append(messages)


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("language", ["en", "ja"])
@given(st.data())
def test_what_is_read_ahead_is_what_every_prompt_begins_with(plain: bool, language: str, data: st.DataObject) -> None:
    ahead = beginning(language=language, form="plain" if plain else "chat")
    prompt = extractive_messages(
        parse_question(data.draw(anything)), data.draw(evidence()), language=language, form="plain" if plain else "chat"
    )
    if plain:
        assert prompt[0].content.startswith(ahead[0].content)
    else:
        assert prompt[: len(ahead)] == ahead


def test_what_is_read_ahead_is_in_the_language_of_the_answer() -> None:
    generator = Primed(SMALL)
    prime(generator, language="en", settings=Settings())
    prime(generator, language="ja", settings=Settings())
    english, japanese = generator.primed
    assert "Question:" in english[0].content
    assert "質問:" in japanese[0].content


def test_a_model_that_answers_freely_has_nothing_to_read_ahead() -> None:
    generator = Primed(3_800_000_000)
    prime(generator, language="en", settings=Settings())
    assert not generator.primed


class OddGenerator(FakeGenerator):
    """Answers with these pieces, as a server's model does that refuses, reasons only, or says nothing."""

    def __init__(self, *answer: Piece) -> None:
        super().__init__(parameters=7_000_000_000)
        self._answer = answer

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        """Yield them."""
        yield from self._answer


@pytest.mark.parametrize(
    ("answer", "notes"),
    [
        ((), ["The model gave no answer"]),
        ((Piece(text=" \n"),), ["The model gave no answer"]),
        ((Piece(reasoning="Hm."),), ["The model reasoned but gave no answer"]),
        ((Piece(notes=("The model refused to answer: “No.”",)),), ["The model gave no answer", "refused to answer"]),
    ],
)
def test_where_a_model_that_writes_freely_gives_no_answer_the_best_quote_does(
    answer: tuple[Piece, ...], notes: list[str]
) -> None:
    told = events(
        "Who built it?", OddGenerator(*answer, Piece(finish_reason="stop", notes=answer[0].notes if answer else ()))
    )
    found = last(iter(told))
    assert found.text == found.evidence[0].quote
    assert [event.text for event in told if isinstance(event, TextDelta) and event.text.strip()] == [found.text]
    assert [citation.quote for citation in found.citations] == [found.text]
    assert not found.refused
    assert all(words in note for words, note in zip(notes, found.notes, strict=True))
    assert found.notes[0].endswith(f"; closest quote: “{found.text}”")
    assert found.closest_quote


def test_a_free_answer_is_left_as_it_is() -> None:
    found = last(iter(events("Who built it?", OddGenerator(Piece(text="Ada Lind did."), Piece(finish_reason="stop")))))
    assert (found.text, found.notes) == ("Ada Lind did.", ())
