"""Read the passwords to try on locked files. In: a text file's path. Out: passwords. Knows no formats."""

from __future__ import annotations

from pathlib import Path

from bunko.errors import SettingsError


def read_passwords(path: Path) -> tuple[str, ...]:
    """Return the passwords of a UTF-8 file, one a line, in order and each once; blank lines are skipped.

    Spaces are part of a password. Raises SettingsError if the file can't be read; no message contains a password.
    """
    try:
        text = path.expanduser().read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
        raise SettingsError(
            f"The password file {str(path)!r} can't be read: {reason}.",
            "Check the path given with --password-file, or as reading.password_file.",
        ) from error
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return tuple(dict.fromkeys(line for line in lines if line.strip()))
