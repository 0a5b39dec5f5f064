"""Open office files that are locked with a password. In: a path, passwords. Out: bytes. Knows nothing of documents.

Needs the extra `office-passwords`. The unlocked content is never written to disk.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from bunko.errors import NeedsPassword, ReadError
from bunko.installation import this_installation
from bunko.reading.containers.passwords import read_passwords
from bunko.settings import ReadingSettings

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # the container of old office files, and of every locked one
_LOCKED_PART = "EncryptedPackage".encode("utf-16-le")
_HEAD = 8


def _cure() -> str:
    return f"Install the extra that opens locked office files: {this_installation().extra('office-passwords')}"


def unlocked(path: Path, settings: ReadingSettings) -> Path | bytes:
    """Return the path of a file that is not locked, else the unlocked content. Raises NeedsPassword."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return _open(path, settings) if head == _OLE else path


def locked_error(settings: ReadingSettings) -> NeedsPassword:
    """Return the error for a file that no password opened."""
    count = len(passwords_of(settings))
    if count:
        return NeedsPassword(
            f"The file is locked, and none of the {count} known passwords opens it.",
            "Add its password to the password file.",
        )
    return NeedsPassword(
        "The file is locked with a password.", "Give a file with passwords, one a line: --password-file FILE"
    )


def passwords_of(settings: ReadingSettings) -> tuple[str, ...]:
    """Return the passwords to try, in order. Raises SettingsError if their file can't be read."""
    return read_passwords(Path(settings.password_file)) if settings.password_file else ()


def _open(path: Path, settings: ReadingSettings) -> Path | bytes:
    data = path.read_bytes()
    try:
        import msoffcrypto
    except ImportError:
        if _LOCKED_PART not in data:
            return path  # an old format; Kreuzberg raises if it is locked
        raise NeedsPassword("The file is locked with a password.", _cure()) from None
    try:
        file = msoffcrypto.OfficeFile(io.BytesIO(data))
        if not file.is_encrypted():
            return path
    except Exception:  # noqa: BLE001 - its parsers raise many kinds of errors for broken files
        return path  # the file's own reader reports the error
    for password in passwords_of(settings):
        if opened := _decrypted(file, password):
            return opened
    raise locked_error(settings)


def _decrypted(file: Any, password: str) -> bytes | None:
    from msoffcrypto.exceptions import DecryptionError, InvalidKeyError

    out = io.BytesIO()
    try:
        # Only the newer format can verify a password.
        file.load_key(password=password, **({"verify_password": True} if file.format == "ooxml" else {}))
        file.decrypt(out)
    except (InvalidKeyError, DecryptionError):
        return None
    except (ValueError, OSError, KeyError) as error:
        raise ReadError(
            f"The locked file is broken: {str(error).rstrip('.')}.", "Open and save it again in its program."
        ) from error
    return out.getvalue()
