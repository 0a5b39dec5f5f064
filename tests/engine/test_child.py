"""How parameters reach the binding's objects."""

from __future__ import annotations

from enum import Enum
from types import SimpleNamespace

import pytest

from bunko.engine.child import set_attribute


class Colour(Enum):
    """Stands for the binding's enumerations."""

    RED = 1
    BLUE = 2


def test_a_dotted_path_reaches_inner_objects() -> None:
    params = SimpleNamespace(model=SimpleNamespace(path=""))
    set_attribute(params, "model.path", "a.gguf")
    assert params.model.path == "a.gguf"


def test_enumerations_take_the_names_of_their_members() -> None:
    params = SimpleNamespace(one=Colour.RED, many=[Colour.RED])
    set_attribute(params, "one", "BLUE")
    set_attribute(params, "many", ["BLUE", "RED"])
    assert params.one is Colour.BLUE
    assert params.many == [Colour.BLUE, Colour.RED]


@pytest.mark.parametrize("path", ["nothing", "nothing.path", "model.nothing"])
def test_what_the_binding_does_not_have_is_refused(path: str) -> None:
    params = SimpleNamespace(model=SimpleNamespace(path=""))
    with pytest.raises(AttributeError):
        set_attribute(params, path, 1)
