"""Take access to files and networks from this process, with Landlock. In: what stays allowed. Out: what holds now.

Landlock is a part of Linux since 5.13. It needs no rights and no program: three system calls, which have the same
numbers on every processor that Bunko runs on. https://docs.kernel.org/userspace-api/landlock.html
Knows nothing of documents.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1  # the flag that asks for the version
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38  # prctl

# Rights on files, in the kernel's order, with the version of Landlock that brought them.
_EXECUTE, _WRITE, _READ, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FOLDER, _REMOVE_FILE, _MAKE_FOLDER, _MAKE_FILE = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_FILES_BY_VERSION = ((1, (1 << 13) - 1), (2, _REFER), (3, _TRUNCATE), (5, 1 << 15), (9, 1 << 16))
_TCP = 0b11  # bind and connect: version 4
_SCOPES = 0b11  # abstract Unix sockets and signals to processes outside: version 6
# What the kernel takes in a rule for a file; a folder's rights there are an error.
_OF_A_FILE = _EXECUTE | _WRITE | _READ | _TRUNCATE | 1 << 15 | 1 << 16

READ = _READ | _LIST
WRITE = READ | _WRITE | _TRUNCATE | _REFER | _REMOVE_FOLDER | _REMOVE_FILE | _MAKE_FOLDER | _MAKE_FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What stays allowed at a path, and below it if it is a folder."""

    path: Path
    access: int
    """READ or WRITE, which includes it."""


def version() -> int:
    """Return the version of Landlock that this system has; 0: none."""
    if sys.platform != "linux":
        return 0
    return max(0, _system_call(_CREATE, None, 0, _VERSION))


def restrict(rules: Iterable[Rule]) -> int:
    """Forbid this thread, and all that it starts from now on, what no rule allows. It can't be undone.

    Programs can't be started, and TCP is forbidden where version 4 is there. Rules for paths that do not exist are
    skipped. Call it before the first thread is started: others keep their rights. Returns the version of Landlock.

    Raises OSError if the system has no Landlock or forbids it.
    """
    found = version()
    if not found:
        raise OSError("this system has no Landlock")
    handled = 0
    for since, rights in _FILES_BY_VERSION:
        handled |= rights if found >= since else 0
    asked = struct.pack("=QQQ", handled, _TCP if found >= 4 else 0, _SCOPES if found >= 6 else 0)
    size = 8 if found < 4 else 16 if found < 6 else 24
    ruleset = _checked(_CREATE, asked[:size], size, 0)
    try:
        for rule in rules:
            _add(ruleset, rule, handled)
        if _libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            raise _last_error()
        _checked(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)
    return found


def _add(ruleset: int, rule: Rule, handled: int) -> None:
    try:
        path = os.open(rule.path, os.O_PATH | os.O_CLOEXEC)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return
    try:
        access = rule.access & handled
        if not stat.S_ISDIR(os.fstat(path).st_mode):
            access &= _OF_A_FILE
        _checked(_ADD, ruleset, _PATH_BENEATH, struct.pack("=Qi", access, path), 0)
    finally:
        os.close(path)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _system_call(*arguments: int | bytes | None) -> int:
    # As whole machine words: a variadic function would take the upper half of a plain int from anywhere.
    words = [ctypes.c_long(one) if isinstance(one, int) else ctypes.c_char_p(one) for one in arguments]
    function = _libc().syscall
    function.restype = ctypes.c_long
    return int(function(*words))


def _checked(*arguments: int | bytes | None) -> int:
    if (result := _system_call(*arguments)) < 0:
        raise _last_error()
    return result


def _last_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
