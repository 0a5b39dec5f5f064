"""Choose among the forms of a mail's text. In: its plain text and its HTML as text. Out: the texts to read. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

# A word; or two adjacent Japanese characters, since single ones are in any text.
_UNITS = re.compile(r"[0-9A-Za-z\u00c0-\u024f\u0370-\u1fff]+|(?=([\u3041-\u30ff\u3400-\u9fff々]{2}))")
_ADDRESS = re.compile(r"https?://\S+|\S+@\S+")
_SAME = 0.7  # of the words
_STUB = 60  # words: "This mail needs a viewer for HTML", with a link and a line of thanks


def texts_of(plain: Sequence[str], html: Sequence[str]) -> list[str]:
    """Return the texts of a mail whose plain text and HTML are meant to say the same.

    The plain text, if it has most of the words of the HTML. Else it is a stub, and the HTML is read; if it is long and
    has words of its own, both are.

    >>> texts_of(["Please view this mail as HTML."], ["Your room is the Heron suite, arrival 12 June."])
    ['Your room is the Heron suite, arrival 12 June.']
    >>> texts_of(["The room is ready."], ["The room is ready."])
    ['The room is ready.']
    """
    mine, other = _units(plain), _units(html)
    if len(other & mine) >= _SAME * len(other):
        return list(plain)
    if len(mine & other) >= _SAME * len(mine) or (len(mine) <= _STUB and len(mine) <= 2 * len(other)):
        return list(html)
    return [*plain, *html]


def pages_beyond(plain: Sequence[str], pages: Sequence[str]) -> list[str]:
    """Return the pages of a mail that say more than its plain texts, beside which they are set."""
    mine = _units(plain)
    return [page for page in pages if len((units := _units([page])) & mine) < _SAME * len(units)]


def _units(texts: Sequence[str]) -> set[str]:
    words = _UNITS.finditer(_ADDRESS.sub(" ", "\n".join(texts)).casefold())
    return {match.group(1) or match.group() for match in words}
