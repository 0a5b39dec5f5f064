"""Check and convert the values of settings. In: a text or a TOML value. Out: a value of the setting's type.

Knows nothing of the settings but their names.
"""

from __future__ import annotations

import math
import os
import typing
from typing import Any, Literal

from bunko.errors import SettingsError


def convert(value: object, kind: Any, name: str) -> object:
    """Turn text from the environment or a flag, or a TOML value, into the setting's type. Raises SettingsError."""
    origin = typing.get_origin(kind)
    if origin is Literal:
        if value in typing.get_args(kind):
            return value
        raise SettingsError(f"{name} is {value!r}.", f"It can be: {', '.join(map(str, typing.get_args(kind)))}.")
    if origin is tuple:
        parts = (value.split(",") if value.strip() else ()) if isinstance(value, str) else value
        if isinstance(parts, list | tuple):
            return tuple(text for part in parts if (text := str(part).strip()))
    elif kind is bool:
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("1", "true", "yes", "on"):
            return True
        if str(value).lower() in ("0", "false", "no", "off", ""):
            return False
    elif kind is str and isinstance(value, str | os.PathLike):
        return os.fspath(value)
    elif kind in (int, float) and isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = kind(value)
            exact = math.isfinite(number) and (isinstance(value, str) or number == value)
        except (ValueError, OverflowError):
            exact = False
        if exact:
            return _in_range(number, name)
    raise SettingsError(f"{name} is {value!r}.", f"It must be {_KINDS.get(kind, 'a list of texts')}.")


_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
# The lowest value of each number; the others may not be negative.
_AT_LEAST: dict[str, float] = {
    "generation.gpu_layers": -1,
    "retrieval.top_k": 1,
    "retrieval.candidates": 1,
    "evidence.quotes": 1,
    "server.queue": 1,
    "server.max_tokens": 1,
    "chunking.max_tokens": 16,
    "evidence.max_tokens": 1,
    "embedding.batch_tokens": 1,
    "generation.start_timeout_s": 0.001,
    "generation.first_token_timeout_s": 0.001,
    "generation.token_timeout_s": 0.001,
    "reading.max_file_mb": 1,
    "reading.max_characters": 1,
    "reading.archive_files": 1,
    "reading.archive_mb": 1,
    "reading.archive_depth": 1,
}
_AT_MOST: dict[str, float] = {"answers.strictness": 1}
_MOST_WHOLE = 2**32 - 1  # engines take no more


def bounds_of(name: str) -> tuple[float, float | None]:
    """Return the lowest and the highest value of a number; None: there is no highest.

    >>> bounds_of("answers.strictness"), bounds_of("retrieval.top_k")
    ((0, 1), (1, None))
    """
    return _AT_LEAST.get(name, 0), _AT_MOST.get(name)


def _in_range(number: float, name: str) -> float:
    least, most = bounds_of(name)
    if isinstance(number, int) and number > _MOST_WHOLE:
        raise SettingsError(f"{name} is {number}.", f"It must be at most {_MOST_WHOLE}.")
    if least <= number and (most is None or number <= most):
        return number
    allowed = f"{least} or more" if most is None else f"from {least} to {most}"
    raise SettingsError(f"{name} is {number}.", f"It must be {allowed}.")
