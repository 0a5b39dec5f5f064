"""Import LanceDB in half the time: without the client of a service that Bunko does not use. Out: the module.

LanceDB imports `lance_namespace`, and that the client of a REST service, generated from its specification: 160
modules, half of all its import. Here they are stood in for while LanceDB is imported, and each class of the client is
loaded when it is first used. Afterwards the stand-ins are taken out again: who imports the client gets it as it is.
Should a newer LanceDB not get along with the stand-ins, it is imported without them.
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

os.environ.setdefault("LANCEDB_LOG", "error")  # read at import: its warnings on index building would go to stderr

__all__ = [
    "FTS", "BTree", "BooleanQuery", "FullTextOperator", "IvfRq", "MatchQuery", "Occur", "import_lancedb", "lancedb",
]  # fmt: skip

_CLIENT = "lance_namespace_urllib3_client"
_MODELS = _CLIENT + ".models"
_IMPORTED = ("lancedb", "lance_namespace", _CLIENT)


class _Later:
    """Stands for a class of the client until it is called, asked for an attribute, or compared with a type."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _class(self) -> Any:
        if "_found" not in self.__dict__:
            # The generator's rule: ListTablesResponse is in list_tables_response.
            module = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self._name).lower()
            try:
                with _stand_ins():
                    self._found = getattr(importlib.import_module(f"{_MODELS}.{module}"), self._name)
            except (ImportError, AttributeError):  # another rule, or a class that needs more than itself
                self._found = getattr(importlib.import_module(_MODELS), self._name)
        return self._found

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._class()(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what looks at it, as typing does, shall not load it
            raise AttributeError(name)
        return getattr(self._class(), name)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._class())

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        return (self._class(),)


@contextlib.contextmanager
def _stand_ins() -> Iterator[None]:
    """Put empty packages in the place of the client's; their modules can be imported one by one."""
    found = None if _CLIENT in sys.modules else importlib.util.find_spec(_CLIENT)
    if found is None or not found.submodule_search_locations:  # it is loaded already, or there is none any more
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
    """Return LanceDB. Raises ImportError if it can't be imported either way."""
    if "lancedb" not in sys.modules:
        with contextlib.suppress(Exception), _stand_ins():
            return importlib.import_module("lancedb")
        for name, module in list(sys.modules.items()):
            # Its compiled part stays: it can be loaded only once in a process.
            if name.split(".")[0] in _IMPORTED and str(getattr(module, "__file__", "")).endswith(".py"):
                del sys.modules[name]
    return importlib.import_module("lancedb")


lancedb = import_lancedb()

from lancedb.index import FTS, BTree, IvfRq  # noqa: E402
from lancedb.query import BooleanQuery, FullTextOperator, MatchQuery, Occur  # noqa: E402
