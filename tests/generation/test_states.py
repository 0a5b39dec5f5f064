"""States on disk are loaded whole and unchanged or not at all, and there are never many of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bunko.generation import open_generator
from bunko.generation.chat import ChatGenerator
from bunko.generation.states import _KEPT, States
from bunko.models import resolve
from bunko.ports import GenerationOptions
from bunko.settings import Settings, apply_overrides
from bunko.types import Message
from tests.tiny_gguf import make_chat_gguf

BEGINNING = [Message(role="raw", content="What every prompt begins with. ")]
WHOLE = [Message(role="raw", content="What every prompt begins with. And a question?")]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_chat_gguf(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture
def generators(model: Path, tmp_path: Path) -> Iterator[list[ChatGenerator]]:
    settings = apply_overrides(Settings(), {"cache_dir": tmp_path, "generation.threads": 1})
    resolved = resolve(str(model), kind="chat", settings=settings)
    opened = [open_generator(resolved, settings) for _ in range(2)]
    yield opened
    for generator in opened:
        generator.close()


def cached(generator: ChatGenerator) -> int:
    """Put a whole prompt after its beginning was read ahead, and return how much of it was there."""
    generator.prime(BEGINNING)
    with closing(generator.stream(WHOLE, options=GenerationOptions(max_tokens=2))) as pieces:
        usage = list(pieces)[-1].usage
    assert usage is not None
    return usage.cached_tokens


def test_the_next_process_loads_what_this_one_has_read(generators: list[ChatGenerator], tmp_path: Path) -> None:
    first, second = generators
    assert cached(first) > 20
    (file,) = (tmp_path / "states").iterdir()
    stamp = file.stat().st_mtime_ns
    assert cached(second) > 20
    assert [file] == list((tmp_path / "states").iterdir())
    assert file.stat().st_mtime_ns > stamp  # it was used


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_a_damaged_file_is_never_loaded_and_made_anew(
    generators: list[ChatGenerator], tmp_path: Path, damage: bytes | None
) -> None:
    first, second = generators
    assert cached(first) > 20
    (file,) = (tmp_path / "states").iterdir()
    content = bytearray(file.read_bytes())
    whole = bytes(content)
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content) if damage is None else damage)
    assert cached(second) > 20
    assert [file.read_bytes() for file in (tmp_path / "states").iterdir()] == [whole]


def test_without_a_place_to_write_everything_is_read_anew(generators: list[ChatGenerator], tmp_path: Path) -> None:
    (tmp_path / "states").write_text("no directory")
    assert cached(generators[0]) > 20


def test_old_states_go(tmp_path: Path) -> None:
    for n in range(_KEPT + 3):
        (tmp_path / f"{n}.state").touch()
    States(tmp_path)._prune()
    assert len(list(tmp_path.iterdir())) == _KEPT
