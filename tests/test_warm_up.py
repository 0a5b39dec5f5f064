"""A model is started before the search, but for a question whose words a reader marks: a tiny model is not asked it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko import Library
from bunko.ports import Engine
from bunko.testing import FakeEmbedder, FakeGenerator, FakeReader
from tests.support import CATS, KYOTO, make_library, make_settings, write_files

FACT = "Where does the cat sleep?"
TINY, CAPABLE = 135_000_000, 8_000_000_000


class Counted(FakeGenerator):
    """Counts how often it was started."""

    starts = 0

    def start(self) -> None:
        self.starts += 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_files(tmp_path_factory.mktemp("folder"), {"cats.txt": CATS, "京都.txt": KYOTO})
    make_library(root).sync()
    return root


def opened(
    folder: Path,
    model: Counted,
    *,
    languages: frozenset[str] = frozenset({"en", "ja"}),
    values: dict[str, str] | None = None,
) -> Library:
    reader = FakeReader("on the roof", languages=languages)
    settings = make_settings(**(values or {}))
    return Library(folder, settings=settings, embedder=FakeEmbedder(), generator=model, reader=reader)


@pytest.mark.parametrize(
    ("question", "parameters", "values", "starts"),
    [
        (FACT, TINY, {}, 0),
        (FACT, CAPABLE, {}, 1),
        ("What is the difference between the cat and the temple?", TINY, {}, 1),
        ("Summarise what the documents say about the cat.", TINY, {}, 1),
        (FACT, TINY, {"generation.style": "free"}, 1),
        (FACT, TINY, {"generation.translation": "auto"}, 1),
        (FACT, TINY, {"answers.kind": "open"}, 1),
    ],
)
def test_who_is_started(folder: Path, question: str, parameters: int, values: dict[str, str], starts: int) -> None:
    model = Counted(parameters=parameters)
    assert isinstance(model, Engine)
    opened(folder, model, values=values).warm_up(question)
    assert model.starts == starts
    model.starts = 0
    opened(folder, model, values=values).ask(question)
    assert (model.starts > 0) == (starts > 0)


def test_a_model_is_started_for_a_language_that_the_reader_does_not_know(folder: Path) -> None:
    model = Counted(parameters=TINY)
    opened(folder, model, languages=frozenset({"ja"})).warm_up(FACT)
    assert model.starts == 1


def test_a_question_in_a_conversation_starts_it_since_it_may_be_rewritten(folder: Path) -> None:
    model = Counted(parameters=TINY)
    conversation = opened(folder, model).chat()
    conversation.ask(FACT)
    assert model.starts == 0
    conversation.ask("And the temple?")
    assert model.starts > 0


def test_without_a_question_it_is_started(folder: Path) -> None:
    model = Counted(parameters=TINY)
    opened(folder, model).warm_up()
    assert model.starts == 1
