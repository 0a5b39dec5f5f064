"""Conversations that a user keeps on the server's disk. In: an id, a title and turns. Out: the same, later.

Each is a file beside the index that only the server's user can read. Knows nothing of HTTP or of the settings.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

from bunko.contract.records import ConversationRow, KeptConversation
from bunko.contract.serialise import to_json
from bunko.errors import InvalidRequest, NameTaken, StoreNotWritable, UnknownDocument
from bunko.paths import STORE_FOLDER
from bunko.private_files import LinkFound, is_link, is_plain, link_above, make_private, read_plain, write_plain

_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
_MOST = 1000  # in one library
_MOST_BYTES = 4_000_000  # of one file


class Conversations:
    """The conversations of one library."""

    def __init__(self, location: str) -> None:
        """`location` is that of the index; of one on an object store, the folder of this machine's files of it."""
        index = Path(location)
        # Beside an index that the user placed among documents, they would be read as documents; hidden, they are not.
        inside = STORE_FOLDER in index.parts
        self._folder = index.parent / "conversations" if inside else index / ".conversations"

    def all(self) -> list[ConversationRow]:
        """Return id, title and time of each conversation, the newest first."""
        found = [kept for path in self._files() if (kept := _read(path))]
        found.sort(key=lambda kept: -kept.updated)
        return [
            ConversationRow(id=kept.id, title=kept.title, updated=kept.updated, pinned=kept.pinned) for kept in found
        ]

    def one(self, name: str) -> KeptConversation:
        """Return a conversation. Raises UnknownDocument, InvalidRequest."""
        kept = _read(self._path(name))
        if kept is None:
            raise _unknown(name)
        return kept

    def keep(
        self, name: str, *, title: str, turns: list[dict[str, Any]], pinned: bool | None = None
    ) -> KeptConversation:
        """Keep a conversation; it replaces an earlier one with this id. With `pinned` None it stays as it was.

        Raises NameTaken where there are too many.
        """
        path = self._path(name)
        before = _read(path)
        is_same = before is not None and list(before.turns) == turns
        if not path.exists() and len(self._files()) >= _MOST:
            raise NameTaken(f"{_MOST} conversations are kept already.", "Delete some of them.")
        kept = KeptConversation(
            id=name,
            title=title,
            updated=before.updated if before and is_same else round(time.time(), 3),
            turns=tuple(turns),
            pinned=bool(before and before.pinned) if pinned is None else pinned,
        )
        try:
            make_private(self._folder)
            write_plain(path, json.dumps(to_json(kept)).encode("ascii"))
        except LinkFound as error:
            raise StoreNotWritable(f"{str(error.path)!r} is a link.", "Remove it.") from error
        except OSError as error:
            raise StoreNotWritable(f"The conversation can't be kept: {error.strerror or error}.") from error
        return kept

    def delete(self, name: str) -> None:
        """Delete a conversation. Raises UnknownDocument."""
        path = self._path(name)
        if not is_plain(path):
            raise _unknown(name)
        try:
            path.unlink()
        except OSError as error:
            raise _unknown(name) from error

    def _path(self, name: str) -> Path:
        if not _ID.fullmatch(name):
            raise InvalidRequest("A conversation's id is 16 to 64 letters, digits, - and _.", "Make a random one.")
        return self._folder / f"{name}.json"

    def _files(self) -> list[Path]:
        if link_above(self._folder) or is_link(self._folder):
            return []
        return [path for path in self._folder.glob("*.json") if _ID.fullmatch(path.stem)]


def _read(path: Path) -> KeptConversation | None:
    """Return the conversation in a file; None for a file that is missing or invalid."""
    try:
        content = read_plain(path, most=_MOST_BYTES + 1)
        if content is None or len(content) > _MOST_BYTES:
            return None
        tree = json.loads(content)
        turns = tuple(dict(turn) for turn in tree["turns"])
        return KeptConversation(
            id=path.stem,
            title=str(tree["title"]),
            updated=float(tree["updated"]),
            turns=turns,
            pinned=tree.get("pinned") is True,
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _unknown(name: str) -> UnknownDocument:
    return UnknownDocument(f"There is no conversation {name!r}.", "GET …/conversations lists them.")
