"""What Python users call raises Bunko's errors from there. In: a function. Out: the same, with short tracebacks.

The environment variable BUNKO_DEBUG keeps the whole traceback and the causes. Every public function and method that
may raise passes through here; `tests/test_door.py` lists them.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

from bunko.errors import BunkoError

_P = ParamSpec("_P")
_T = TypeVar("_T")


def at_the_door(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Leave the frames and causes inside Bunko out of the traceback of a BunkoError."""

    @functools.wraps(function)
    def called(*arguments: _P.args, **named: _P.kwargs) -> _T:
        try:
            return function(*arguments, **named)
        except BunkoError as error:
            if os.environ.get("BUNKO_DEBUG"):
                raise
            raise error.with_traceback(None) from None

    return called


def steps_at_the_door(function: Callable[_P, Iterator[_T]]) -> Callable[_P, Iterator[_T]]:
    """Do the same for a function that returns an iterator, and for each of its steps."""

    @functools.wraps(function)
    def called(*arguments: _P.args, **named: _P.kwargs) -> Iterator[_T]:
        return _steps(at_the_door(function)(*arguments, **named))

    return called


def _steps(events: Iterator[_T]) -> Iterator[_T]:
    try:
        yield from events
    except BunkoError as error:
        if os.environ.get("BUNKO_DEBUG"):
            raise
        raise error.with_traceback(None) from None
