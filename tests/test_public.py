"""The public names, the cost of importing them, and the doctests."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import bunko
import bunko.testing
from bunko.errors import BunkoError
from tests.support import REPOSITORY

HEAVY = "numpy onnxruntime lancedb xllamacpp kreuzberg tokenizers urllib3 pyarrow tqdm psutil fastapi uvicorn".split()
# Packages whose modules may need an optional dependency, or load an engine when imported.
_APART = ("models", "engine", "generation", "frameworks", "cluster")
MODULES = [
    info.name
    for info in pkgutil.walk_packages(bunko.__path__, "bunko.")
    if info.name.split(".")[1] not in _APART and not info.ispkg
]


def test_the_public_names_are_exactly_what_is_exported() -> None:
    assert dir(bunko) == sorted(bunko.__all__)
    for name in bunko.__all__:
        assert getattr(bunko, name) is not None, name
    assert sorted(bunko.__all__) == bunko.__all__


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        bunko.nonsense  # noqa: B018


def test_every_public_name_has_a_docstring() -> None:
    for name in bunko.__all__:
        if name != "__version__":
            assert getattr(bunko, name).__doc__, name


def test_every_error_is_a_bunko_error_with_an_exit_code() -> None:
    errors = importlib.import_module("bunko.errors")
    tree = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(tree) > 20
    for kind in tree:
        assert issubclass(kind, BunkoError)
        assert kind.exit_code in (1, 2)
        assert 400 <= kind.http_status < 600
        assert kind.__doc__


@pytest.mark.parametrize(
    "code",
    [
        "import bunko; bunko.Settings, bunko.Library, bunko.open, bunko.Answer",
        "import bunko.testing",
        "from bunko.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass",
        "from bunko.cli.main import main; assert main(['ask', 'no such folder', '  ']) == 2",
    ],
    ids=["import", "testing", "help", "usage error"],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str) -> None:
    check = f"{code}\nimport sys; print('LOADED', *sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", check], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "LOADED"


@pytest.mark.parametrize("name", MODULES)
def test_the_doctests_pass(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
