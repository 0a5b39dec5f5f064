"""Import LanceDB in half the time, without the client of a REST service that Bunko does not use. Out: the module.

What is faked: `sys.modules` holds two empty packages, `lance_namespace_urllib3_client` and its `models`, while LanceDB
is imported. Each class of `models` is a proxy that loads its own module when it is first used. After the import the
empty packages are removed, so other code that imports the client gets the real one. If LanceDB raises with them, it is
imported again without.

Why: LanceDB imports `lance_namespace`, which imports that client: 160 generated modules with pydantic classes. With
LanceDB 0.40.0 `import lancedb` takes 3.4 s of processor time on a slow machine, and 1.75 s this way; memory 133 and
118 MB.

What lets it go: a LanceDB whose `import lancedb` loads no `lance_namespace_urllib3_client.api`. Then
tests/store/test_quick_lancedb.py fails and says so; replace this module by plain imports.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from bunko.store.compiled_lancedb import loading

os.environ.setdefault("LANCEDB_LOG", "error")  # read at import: its warnings on index building would go to stderr

__all__ = ["FTS", "BTree", "IvfRq", "import_lancedb", "lancedb"]

_CLIENT = "lance_namespace_urllib3_client"
_MODELS = _CLIENT + ".models"
_IMPORTED = ("lancedb", "lance_namespace", _CLIENT)


class _Later:
    """A proxy for a class of the client. The class is loaded by a call, an attribute, or an isinstance check."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _class(self) -> Any:
        if "_found" not in self.__dict__:
            # The generator's rule: ListTablesResponse is in list_tables_response.
            module = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self._name).lower()
            try:
                with _stand_ins():
                    self._found = getattr(importlib.import_module(f"{_MODELS}.{module}"), self._name)
            except (ImportError, AttributeError):  # the name follows another rule, or the module needs the whole client
                self._found = getattr(importlib.import_module(_MODELS), self._name)
        return self._found

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._class()(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # typing and others inspect these; that must not load the class
            raise AttributeError(name)
        return getattr(self._class(), name)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._class())

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        return (self._class(),)


@contextlib.contextmanager
def _stand_ins() -> Iterator[None]:
    """Put empty packages in the client's place, from which single modules can be imported."""
    found = None if _CLIENT in sys.modules else importlib.util.find_spec(_CLIENT)
    if found is None or not found.submodule_search_locations:  # it is loaded already, or this LanceDB does not have it
        yield
        return
    folder = Path(next(iter(found.submodule_search_locations)))
    stand_ins = {name: ModuleType(name) for name in (_CLIENT, _MODELS)}
    stand_ins[_CLIENT].__path__ = [str(folder)]
    stand_ins[_MODELS].__path__ = [str(folder / "models")]
    stand_ins[_MODELS].__getattr__ = _later  # type: ignore[method-assign]
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _later(name: str) -> _Later:
    if name.startswith("_"):
        raise AttributeError(name)
    return _Later(name)


def import_lancedb() -> ModuleType:
    """Return LanceDB. Raises ImportError if it can't be imported."""
    if "lancedb" not in sys.modules:
        with contextlib.suppress(Exception), _stand_ins():
            return importlib.import_module("lancedb")
        for name, module in list(sys.modules.items()):
            # The compiled part stays: a process can load it only once.
            if name.split(".")[0] in _IMPORTED and str(getattr(module, "__file__", "")).endswith(".py"):
                del sys.modules[name]
    return importlib.import_module("lancedb")


with loading:
    lancedb = import_lancedb()

from lancedb.index import FTS, BTree, IvfRq  # noqa: E402
