"""Named sets of folders. In: names or folders, the setting `sets`. Out: folders."""

from __future__ import annotations

import os
from collections.abc import Sequence

from bunko.errors import SettingsError


def folders_of(named: Sequence[str], sets: Sequence[str]) -> list[str]:
    """Return folders, a set's in place of its name, each once. A folder that exists wins over a set of its name.

    Raises SettingsError for a set without a name or folders.

    >>> folders_of(["work", "/home/me/notes"], ["work=/home/me/reports;/home/me/mails"])
    ['/home/me/reports', '/home/me/mails', '/home/me/notes']
    """
    known = dict(map(_set, sets))
    found: list[str] = []
    for name in named:
        found += known[name] if name in known and not os.path.exists(name) else [name]  # noqa: PTH110
    return list(dict.fromkeys(found))


def _set(text: str) -> tuple[str, list[str]]:
    name, _, folders = text.partition("=")
    listed = [folder.strip() for folder in folders.split(";") if folder.strip()]
    if not name.strip() or not listed:
        raise SettingsError(f"{text!r} is no set of folders.", "Write NAME=FOLDER;FOLDER.")
    return name.strip(), listed
