"""A library as Python users meet it: ask, stream, converse."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import bunko
from bunko.errors import EmbedderMismatch, LibraryNotFound, ModelBroken, QuestionError
from bunko.ports import GenerationOptions, Piece, Pieces
from bunko.settings import Settings
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Finished, Message, ReasoningDelta, Retrieved, TextDelta, Usage
from tests.reading.files import pdf
from tests.support import CATS, KYOTO, SHIPS, make_library, write_files

QUESTION = "Where does the cat sleep?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_files(tmp_path, {"cats.txt": CATS, "ships.txt": SHIPS, "京都.txt": KYOTO})
    make_library(root).sync()
    return root


class Thinking(FakeGenerator):
    """Reasons before it answers."""

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
        """Yield reasoning, then what the parent yields."""
        yield Piece(reasoning="Cats, ")
        yield Piece(reasoning="roofs.")
        yield from super().stream(messages, options=options)


def test_the_evidence_is_out_before_the_model_is_asked(folder: Path) -> None:
    generator = FakeGenerator()
    events = make_library(folder, generator=generator).stream(QUESTION)
    first = next(events)
    assert isinstance(first, Retrieved)
    assert first.evidence[0].quote == "The cat sleeps on the warm roof."
    assert generator.prompts == []


def test_a_stream_yields_evidence_reasoning_text_and_then_all_of_it(folder: Path) -> None:
    events = list(make_library(folder, generator=Thinking("On the roof.")).stream(QUESTION))
    kinds = [type(event) for event in events]
    assert kinds == [Retrieved, ReasoningDelta, ReasoningDelta, TextDelta, TextDelta, TextDelta, Finished]
    retrieved, finished = events[0], events[-1]
    assert isinstance(retrieved, Retrieved)
    assert isinstance(finished, Finished)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert finished.answer.text == text == "On the roof."
    assert finished.answer.reasoning == "Cats, roofs."
    assert finished.answer.evidence == retrieved.evidence
    assert finished.answer.hits == retrieved.hits


def test_ask_returns_what_ends_the_stream(folder: Path) -> None:
    answer = make_library(folder, generator=FakeGenerator("The cat sleeps on the warm roof.")).ask(QUESTION)
    assert isinstance(answer, bunko.Answer)
    assert [(item.path, item.verified) for item in answer.citations] == [("cats.txt", True)]
    assert (answer.documents_searched, answer.documents_cited, answer.unsupported) == (3, 1, ())
    assert answer.usage.prompt_tokens > 0
    assert answer.usage.completion_tokens == 7


def test_what_no_source_carries_is_reported(folder: Path) -> None:
    answer = make_library(folder, generator=FakeGenerator("Bananas grow on Mars.")).ask(QUESTION)
    assert answer.citations == ()
    assert answer.unsupported == ("Bananas grow on Mars.",)


def test_a_model_that_repeats_itself_is_stopped(folder: Path) -> None:
    answer = make_library(folder, generator=FakeGenerator("The cat sleeps on the warm roof. " * 30)).ask(QUESTION)
    assert answer.text.count("The cat sleeps") == 1
    assert answer.finish_reason == "loop"
    assert answer.notes


def test_an_answer_that_was_cut_off_says_so(folder: Path) -> None:
    generator = FakeGenerator("one two three four five six")
    answer = make_library(folder, generator=generator, generation__max_tokens=3).ask(QUESTION)
    assert (answer.text, answer.finish_reason) == ("one two three", "length")
    assert "--max-tokens" in answer.notes[0]


def test_the_model_is_not_asked_where_there_is_no_evidence(tmp_path: Path) -> None:
    generator = FakeGenerator()
    library = make_library(write_files(tmp_path, {"a.txt": CATS}), generator=generator, retrieval__mode="lexical")
    library.sync()
    answer = library.ask("xylophone zebra?")
    assert answer.refused
    assert answer.text
    assert (answer.evidence, answer.citations, generator.prompts) == ((), (), [])


def test_stages_add_up_to_the_total(folder: Path) -> None:
    class Slow(FakeGenerator):
        def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Pieces:
            time.sleep(0.2)
            yield from super().stream(messages, options=options)

    timings = make_library(folder, generator=Slow()).ask(QUESTION).timings
    stages = sum(value for name, value in timings.items() if name != "total")
    assert timings["read"] >= 190
    assert list(timings)[-1] == "total"
    assert stages <= timings["total"] + 0.1  # rounding
    assert stages >= 0.5 * timings["total"]


def test_the_same_question_gets_the_same_answer(folder: Path) -> None:
    one, other = (make_library(folder).ask(QUESTION) for _ in range(2))
    assert (one.text, one.evidence, one.hits, one.citations) == (
        other.text,
        other.evidence,
        other.hits,
        other.citations,
    )


@pytest.mark.parametrize("question", ["", " \n", "\u3000"])
def test_an_empty_question_is_refused_everywhere(folder: Path, question: str) -> None:
    library = make_library(folder)
    with pytest.raises(QuestionError, match="empty"):
        library.ask(question)
    with pytest.raises(QuestionError, match="empty"):
        library.search(question)


def test_a_question_longer_than_the_context_is_refused(folder: Path) -> None:
    with pytest.raises(QuestionError, match="too long"):
        make_library(folder, generator=FakeGenerator(context=400)).ask("Where is the cat? " * 100)


def test_a_missing_folder_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFound, match="nowhere"):
        bunko.open(tmp_path / "nowhere")


def test_opening_a_folder_reads_and_writes_nothing(tmp_path: Path) -> None:
    bunko.open(write_files(tmp_path / "library", {"cats.txt": CATS}))
    assert [path.name for path in (tmp_path / "library").iterdir()] == ["cats.txt"]


def test_the_folder_s_own_settings_are_read(tmp_path: Path) -> None:
    write_files(tmp_path, {".bunko/config.toml": "[retrieval]\ntop_k = 7\n"})
    assert bunko.open(tmp_path).settings.retrieval.top_k == 7
    assert bunko.open(tmp_path, model="other").settings.model == "other"


def test_an_index_of_another_embedder_is_refused_until_it_is_synced(folder: Path) -> None:
    library = make_library(folder, embedder=FakeEmbedder(name="other"))
    with pytest.raises(EmbedderMismatch, match="fake"):
        library.ask(QUESTION)
    assert make_library(folder, embedder=FakeEmbedder(name="other"), retrieval__mode="lexical").ask(QUESTION).evidence
    library.sync()
    assert library.ask(QUESTION).evidence[0].path == "cats.txt"


# --- languages --------------------------------------------------------------------------------------------------


def system(generator: FakeGenerator) -> str:
    return generator.prompts[-1][0].content


def is_japanese(text: str) -> bool:
    return any("\u3041" <= character <= "\u3096" for character in text)


def test_the_instructions_follow_the_question_s_language(folder: Path) -> None:
    generator = FakeGenerator()
    library = make_library(folder, generator=generator)
    library.ask(QUESTION)
    assert not is_japanese(system(generator))
    library.ask("金閣寺はいつ建てられましたか。")
    assert is_japanese(system(generator))


def test_a_language_can_be_forced(folder: Path) -> None:
    generator = FakeGenerator()
    make_library(folder, generator=generator, answer_language="ja").ask(QUESTION)
    assert is_japanese(system(generator))
    make_library(folder, generator=generator, answer_language="en").ask("金閣寺はいつ建てられましたか。")
    assert "English" in system(generator)
    make_library(folder, generator=generator, answer_language="fr").ask(QUESTION)
    assert "French" in system(generator)


def test_a_refusal_is_in_the_question_s_language(tmp_path: Path) -> None:
    library = make_library(write_files(tmp_path, {"a.txt": CATS}), retrieval__mode="lexical")
    library.sync()
    assert is_japanese(library.ask("首都はどこですか。").text)
    assert not is_japanese(library.ask("xylophone?").text)


# --- conversations ----------------------------------------------------------------------------------------------


def test_a_follow_up_is_searched_for_as_the_model_rewrote_it(folder: Path) -> None:
    def reply(messages: Sequence[Message]) -> str:
        rewriting = "Rewrite" in messages[0].content
        return "What do cats dislike?" if rewriting else "The cat sleeps on the warm roof, and cats dislike water."

    conversation = make_library(folder, generator=FakeGenerator(reply)).chat()
    conversation.ask(QUESTION)
    answer = conversation.ask("What do they dislike?")
    assert answer.question == "What do they dislike?"
    assert answer.standalone_question == "What do cats dislike?"
    assert answer.evidence[0].quote == "Cats dislike cold water."


def test_a_rewriting_that_invents_is_not_believed(folder: Path) -> None:
    generator = FakeGenerator("What is the capital of Mongolia?")
    conversation = make_library(folder, generator=generator).chat()
    conversation.ask(QUESTION)
    answer = conversation.ask("What do they dislike?")
    assert "Mongolia" not in answer.standalone_question
    assert "dislike" in answer.standalone_question
    assert "cats.txt" in {item.path for item in answer.evidence}


def test_a_first_question_is_not_rewritten(folder: Path) -> None:
    generator = FakeGenerator()
    answer = make_library(folder, generator=generator).chat().ask(QUESTION)
    assert answer.standalone_question == QUESTION
    assert len(generator.prompts) == 1
    assert "rewrite" not in answer.timings


def test_the_cost_of_rewriting_is_counted(folder: Path) -> None:
    conversation = make_library(folder).chat()
    first = conversation.ask(QUESTION).usage
    second = conversation.ask("And the ships?")
    assert second.usage.prompt_tokens > first.prompt_tokens
    assert "rewrite" in second.timings


def test_an_answer_that_was_broken_off_is_not_remembered(folder: Path) -> None:
    conversation = make_library(folder).chat()
    events = conversation.stream(QUESTION)
    next(events)
    del events
    assert conversation.history == ()


def test_a_closed_library_can_be_used_again(folder: Path) -> None:
    library = make_library(folder)
    with library:
        first = library.ask(QUESTION).text
    assert library.ask(QUESTION).text == first


def test_usage_adds_up() -> None:
    one = Usage(prompt_tokens=1, completion_tokens=2, cached_tokens=3)
    assert one + one == Usage(prompt_tokens=2, completion_tokens=4, cached_tokens=6)


def broken_embedder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "embedder", {"model.onnx": b"no model", "tokenizer.json": b"{}"})


def test_an_embedder_that_fails_while_the_store_opens_is_told_by_the_sync(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"cats.txt": CATS})
    with bunko.open(root, embedder=str(broken_embedder(tmp_path))) as library:
        for _ in range(2):  # it is tried anew
            with pytest.raises(ModelBroken, match="can't be loaded"):
                library.sync()


def test_a_library_is_closed_whatever_becomes_of_an_embedder_that_is_still_loading(tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", {"cats.txt": CATS})
    library = bunko.Library(root, settings=Settings(embedder=str(broken_embedder(tmp_path))), generator=FakeGenerator())
    library.warm_up()
    library.close()
    with pytest.raises(ModelBroken):
        library.sync()


def test_a_quote_and_its_citation_name_the_page_that_they_stand_on(tmp_path: Path) -> None:
    (tmp_path / "cats.pdf").write_bytes(pdf("The ship left the harbour at noon.", "The cat sleeps on the roof."))
    library = make_library(tmp_path, generator=FakeGenerator("The cat sleeps on the roof."))
    library.sync()
    assert {hit.chunk.page for hit in library.search(QUESTION)} == {1}, "both pages are one passage"
    answer = library.ask(QUESTION)
    assert (answer.evidence[0].quote, answer.evidence[0].page) == ("The cat sleeps on the roof.", 2)
    assert [citation.page for citation in answer.citations if citation.verified] == [2]


def test_a_follow_up_that_is_joined_with_the_question_before_asks_one_thing(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"lease.txt": "The monthly rent is 410,000 yen, payable by the 25th. It ends in May."})
    library = make_library(root, generator=FakeGenerator(parameters=135_000_000))
    library.sync()
    conversation = library.chat()
    conversation.ask("What is the monthly rent?")
    answer = conversation.ask("When is it payable?")
    assert answer.standalone_question == "What is the monthly rent? When is it payable?"
    assert not answer.text.startswith("What the documents say"), answer.text
    assert library.ask("What is the monthly rent? When is it payable?").text.startswith("What the documents say")
