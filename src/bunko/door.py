"""What Python users call raises Bunko's errors from there. In: a function. Out: the same, with short tracebacks.

The environment variable BUNKO_DEBUG keeps the whole traceback and the causes.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
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
