"""What answering does that no single stage does. The stages have tests of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest

from bunko.answering.alone import answer_without_documents
from bunko.answering.draft import Resources
from bunko.answering.pipeline import answer_from_documents
from bunko.conversation import last
from bunko.models.abilities import language_notes
from bunko.question.follow_up import join_with_history
from bunko.question.question import parse_question
from bunko.settings import Settings, apply_overrides
from bunko.stopwatch import Stopwatch
from bunko.testing import FakeEmbedder, FakeGenerator, FakeReader
from bunko.types import Answer, Chunk, Hit, Message, Span

TEXT = "江戸城は1457年に太田道灌が築いた城である。天守は1657年に焼失した。"


class OnePassage:
    """A store with a single passage, found by words."""

    def search_dense(self, spec: object, vector: object, *, limit: int) -> list[Hit]:
        return []

    def search_lexical(self, query: str, *, limit: int) -> list[Hit]:
        chunk = Chunk(path="江戸.txt", start=0, end=len(TEXT), text=TEXT, language="ja", key="k")
        return [Hit(chunk=chunk, score=1.0, lexical=1.0)]

    def similarities(self, spec: object, keys: Sequence[str], vector: object) -> dict[str, float]:
        return {}

    def pages(self, path: str) -> tuple[Span, ...]:
        return ()

    def paths(self) -> list[str]:
        return []

    def document(self, path: str) -> None:
        return None


def ask(
    generator: FakeGenerator,
    *,
    words_of: Literal["model", "document"] = "model",
    question: str = "江戸城を築いたのは誰ですか",
    unread_by_model: frozenset[str] = frozenset(),
    reader: FakeReader | None = None,
    notes: tuple[str, ...] = (),
) -> Answer:
    english = FakeEmbedder(languages=frozenset({"en"}))
    events = answer_from_documents(
        parse_question(question),
        Resources(
            store=OnePassage(),
            embedder=english,
            generator=generator,
            settings=Settings(),
            watch=Stopwatch(),
            words_of=words_of,
            unread_by_model=unread_by_model,
            reader=reader,
        ),
        notes=notes,
    )
    return last(events)


def test_a_model_that_can_not_speak_the_language_is_not_asked_and_the_best_quote_answers() -> None:
    generator = FakeGenerator("nonsense")
    answer = ask(generator, words_of="document")
    assert generator.prompts == []
    assert answer.text == answer.evidence[0].quote == "江戸城は1457年に太田道灌が築いた城である。"
    assert [(item.n, item.verified) for item in answer.citations] == [(1, True)]
    assert not answer.unsupported
    assert not answer.refused


def test_a_model_that_can_is_asked() -> None:
    generator = FakeGenerator("太田道灌")
    assert ask(generator, words_of="model").text == "太田道灌"
    assert len(generator.prompts) == 1


def test_a_source_in_a_script_that_the_model_can_not_read_is_quoted() -> None:
    generator = FakeGenerator("バックバックバック")
    answer = ask(generator, question="Who built Edo Castle in 1457?", unread_by_model=frozenset({"ja"}))
    assert generator.prompts == []
    assert answer.text == answer.evidence[0].quote
    assert answer.notes == ("The question is in English, and the answer is quoted in Japanese.",)
    asked = ask(FakeGenerator("太田道灌"), question="Who built Edo Castle in 1457?", unread_by_model=frozenset({"th"}))
    assert asked.text == "太田道灌"


def test_marked_words_need_no_note_on_a_model_that_was_not_asked() -> None:
    notes = language_notes(model="smollm2-135m", embedder="e5-small", asked_in="ja", answer_in="ja")
    assert len(notes) == 1
    reader = FakeReader("太田道灌", languages=frozenset({"ja"}))
    marked = ask(FakeGenerator("nonsense"), words_of="document", reader=reader, notes=(*notes, "Another."))
    assert (marked.text, marked.notes) == ("太田道灌", ("Another.",))
    quoted = ask(FakeGenerator("nonsense"), words_of="document", notes=(*notes, "Another."))
    assert len(quoted.notes) == 2 and quoted.notes[0].startswith("smollm2-135m は日本語に対応していない")


@pytest.mark.parametrize(
    ("before", "follow_up", "joined"),
    [
        ("Who was Rollo the Viking?", "Where did he come from?", "Where did Rollo the Viking come from?"),
        ("Who was Ada Whitlock?", "What was her job?", "What was Ada Whitlock's job?"),
        ("Where is the Old Mill?", "Who works there?", "Who works in Old Mill?"),
        ("Who planted the trees?", "When did she do it?", "Who planted the trees? When did she do it?"),
        ("Who was Rollo?", "And his sons?", "And Rollo's sons?"),
        ("江戸城を築いたのは誰ですか", "それはいつですか", "江戸城を築いたのは誰ですか それはいつですか"),
    ],
)
def test_a_follow_up_takes_its_subject_from_the_question_before(before: str, follow_up: str, joined: str) -> None:
    history = [Message(role="user", content=before), Message(role="assistant", content="…")]
    assert join_with_history(follow_up, history) == joined


def test_a_long_conversation_loses_its_oldest_turns_but_not_what_the_system_said() -> None:
    generator = FakeGenerator("Yes.", context=400)
    settings = apply_overrides(Settings(), {"generation.max_tokens": 200})
    system = Message(role="system", content="Be brief.")
    turns = [Message(role=role, content=f"{n} " * 60) for n in range(8) for role in ("user", "assistant")]
    events = answer_without_documents("Why?", generator, settings=settings, history=[system, *turns], watch=Stopwatch())
    assert last(events).text == "Yes."
    prompt = generator.prompts[-1]
    assert prompt[0] == system
    assert [turn.role for turn in prompt[1:]] == ["user", "assistant"] * ((len(prompt) - 2) // 2) + ["user"]
    assert 3 < len(prompt) < len(turns)
    assert prompt[-2] == turns[-1]


def test_an_answer_as_long_as_the_context_leaves_room_for_the_prompt() -> None:
    settings = apply_overrides(Settings(), {"generation.max_tokens": 1_000_000})
    answer = last(answer_without_documents("Why?", FakeGenerator("Yes."), settings=settings, watch=Stopwatch()))
    assert answer.text == "Yes."
