"""Find what a folder lists that is not read: links that lead out, linked folders, pipes. In: paths. Out: LeftOut."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from bunko.types import LeftOut

_FOLDER = "A link to a folder, which is not followed. Index that folder itself, or copy it here."
_OUTSIDE = "A link to a file outside of the folder, which is not followed. Copy the file here to read it."
_DEAD = "A link to nothing: its target is gone."
_LOOP = "A link that leads to itself."
_NO_FILE = "A pipe, a socket or a device, not a file."


class LinksAndPipes:
    """Notes what is not read, with the reason, while a folder is listed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._real_root = root.resolve()
        self._noted: list[LeftOut] = []

    def sorted(self) -> tuple[LeftOut, ...]:
        """Return what was noted, sorted by path."""
        return tuple(sorted(self._noted, key=lambda item: item.path))

    def is_linked_folder(self, path: Path) -> bool:
        """Return whether a folder is a link, or a junction of Windows, and note it."""
        # Path.is_symlink raises where the path is too long; the file in it is reported when it is read.
        if not (os.path.islink(path) or (hasattr(os.path, "isjunction") and os.path.isjunction(path))):  # noqa: PTH114
            return False
        self._note(path, _FOLDER)
        return True

    def is_readable(self, path: Path) -> bool:
        """Return whether a name is that of a file that may be read; note what is not.

        Raises OSError for a name that can't be looked at.
        """
        try:
            is_link = path.is_symlink()
            if is_link and not path.resolve().is_relative_to(self._real_root):
                self._note(path, _OUTSIDE)
            elif path.is_file():
                return True
            elif is_link or path.exists():
                self._note(path, _reason(path, is_link))
        except RuntimeError:  # before Python 3.13
            self._note(path, _LOOP)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            self._note(path, _LOOP)
        return False

    def _note(self, path: Path, reason: str) -> None:
        relative = os.fsencode(path.relative_to(self._root).as_posix()).decode("utf-8", "backslashreplace")
        self._noted.append(LeftOut(path=relative, reason=reason))


def _reason(path: Path, is_link: bool) -> str:
    if not is_link:
        return _NO_FILE
    try:
        path.stat()
    except OSError as error:
        return _LOOP if error.errno == errno.ELOOP else _DEAD
    return _NO_FILE
