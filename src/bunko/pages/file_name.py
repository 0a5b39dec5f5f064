"""Make a file's name from a title. In: a text. Out: a name that every system allows, and that leads nowhere else."""

from __future__ import annotations

import re
import unicodedata

_NOT_ALLOWED = re.compile(r'[<>:"/\\|?*#^\[\]]')
"""Not on every system; or with a meaning in the path of a document, a link of a vault, or a filter."""
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\s*(?:\.|$))", re.I)
_LONGEST = 150
"""Bytes: the number of a second file and the ending follow, and systems stop at 255."""
_NEVER = ("node_modules", "__pycache__")
"""Folders and files that are not listed as documents, whatever they hold."""


def file_name_of(title: str) -> str:
    """Return a name without an ending, in the title's own script.

    >>> [file_name_of(title) for title in ("水車小屋 / 歴史：1803年", "../../etc/passwd", "CON", "...")]
    ['水車小屋 歴史：1803年', 'etc passwd', 'CON_', 'page']
    """
    text = unicodedata.normalize("NFC", title)
    text = "".join(" " if unicodedata.category(sign) in _UNSEEN else sign for sign in text)
    text = " ".join(_NOT_ALLOWED.sub(" ", text).split())
    text = text.encode("utf-8", "ignore")[:_LONGEST].decode("utf-8", "ignore")
    text = unicodedata.normalize("NFC", text).strip(" .~$")
    if _DEVICES.match(text) or text.casefold() in _NEVER or text.casefold().endswith(".lance"):
        head, dot, rest = text.partition(".")
        text = f"{head.rstrip()}_{dot}{rest}".replace(".lance", " lance")
    return text or "page"
