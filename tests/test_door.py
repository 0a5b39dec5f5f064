"""Whatever Python users call raises Bunko's errors at the door: without the frames and causes inside Bunko."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import pytest

import bunko
from bunko.client.remote_library import RemoteLibrary
from bunko.door import at_the_door, steps_at_the_door
from bunko.errors import BunkoError, EngineCrashed
from bunko.ports import GenerationOptions, Piece
from bunko.testing import FakeGenerator
from bunko.types import Message
from tests.support import CATS, make_library, write_files

OPENED = (bunko.Library, bunko.SeveralLibraries, RemoteLibrary, bunko.Conversation, bunko.LanguageModel)
FUNCTIONS = (bunko.compare, bunko.load_settings, bunko.open, bunko.open_model, bunko.open_several)
# They raise nothing: they only put something together, or take it apart.
PLAIN = {"asking", "chat", "close", "placement"}


def at_door(member: object) -> bool:
    """Return whether a function is one that `door` made."""
    function = member.fget if isinstance(member, property) else member
    function = function.func if isinstance(function, cached_property) else function
    return getattr(function, "__code__", None) in (CALLED.__code__, STEPPING.__code__)


CALLED = at_the_door(lambda: None)
STEPPING = steps_at_the_door(lambda: iter(()))


def members() -> list[tuple[str, object]]:
    return [
        (f"{kind.__name__}.{name}", member)
        for kind in OPENED
        for each in kind.__mro__
        for name, member in vars(each).items()
        if not name.startswith("_") and name not in PLAIN
        if callable(member) or isinstance(member, property | cached_property)
    ]


@pytest.mark.parametrize(("name", "member"), members(), ids=[name for name, _ in members()])
def test_every_public_method_raises_at_the_door(name: str, member: object) -> None:
    assert at_door(member)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_every_public_function_raises_at_the_door(function: object) -> None:
    assert at_door(function)
    public = {getattr(bunko, name) for name in bunko.__all__ if inspect.isfunction(getattr(bunko, name))}
    assert public == set(FUNCTIONS)


class Crashing(FakeGenerator):
    """A generator whose engine stops."""

    def stream(self, messages: Sequence[Message], *, options: GenerationOptions) -> Generator[Piece, None, None]:
        yield from ()
        try:
            raise OSError("the pipe is closed")
        except OSError as error:
            raise EngineCrashed("The engine has stopped.", "Ask again.") from error


def calls(folder: Path) -> Iterator[Callable[[], object]]:
    library = make_library(folder, generator=Crashing())
    library.sync()
    yield lambda: library.ask("Tell me about the cat that sleeps.")
    yield lambda: list(library.stream("Tell me about the cat that sleeps."))
    yield lambda: library.chat().ask("Tell me about the cat that sleeps.")
    yield lambda: list(library.chat().stream("Tell me about the cat that sleeps."))
    yield lambda: library.find("cat", settings={"retrieval.top_k": -1})
    yield lambda: library.search(" ")
    yield lambda: bunko.LanguageModel(library.settings, generator=Crashing()).complete("Hello.")
    yield lambda: list(bunko.LanguageModel(library.settings, generator=Crashing()).stream("Hello."))
    yield lambda: bunko.open_model(settings={"nonsense": 1})
    yield lambda: bunko.compare(folder, ["Who?"], ["smollm2-135m"])
    yield lambda: bunko.compare(folder, [], {"a": {}, "b": {"rag": False}})
    yield lambda: bunko.open_several([])
    yield lambda: bunko.load_settings(overrides={"nonsense": 1})
    yield lambda: bunko.Library(folder / "missing", settings=library.settings)
    yield lambda: bunko.open("http://127.0.0.1:9/none")


def test_no_frame_of_bunko_and_no_cause_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_files(tmp_path / "library", {"cats.txt": CATS})
    inside = str(Path(bunko.__file__).parent)
    count = 0
    for call in calls(folder):
        count += 1
        with pytest.raises(BunkoError) as caught:
            call()
        shown = "".join(traceback.format_exception(caught.value))
        files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert "direct cause" not in shown
        assert "During handling" not in shown
        assert {Path(file).name for file in files if file.startswith(inside)} <= {"door.py"}, (count, shown)
    assert count == 15


def test_the_whole_traceback_is_shown_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUNKO_DEBUG", "1")
    model = bunko.LanguageModel(bunko.load_settings(), generator=Crashing())
    with pytest.raises(EngineCrashed) as caught:
        list(model.stream("Hello."))
    assert isinstance(caught.value.__cause__, OSError)
    assert len(traceback.extract_tb(caught.value.__traceback__)) > 3


def test_a_stream_that_is_closed_stops_what_it_wraps() -> None:
    closed = []

    @steps_at_the_door
    def numbers() -> Iterator[int]:
        try:
            yield from (1, 2, 3)
        finally:
            closed.append(True)

    events = numbers()
    assert next(events) == 1
    events.close()  # type: ignore[attr-defined] # a generator
    assert closed == [True]
