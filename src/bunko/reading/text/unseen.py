r"""Remove invisible characters. In: a Document. Out: one without them, with adjusted spans.

Invisible characters can hide orders to a language model (tag characters, runs of variation selectors), split words that
are searched for (zero-width spaces, soft hyphens), reorder a displayed line (bidirectional controls) or control a
terminal (escapes). Those that shape their neighbours stay: joiners in Persian or Hindi, the variant of a kanji in a
name, the parts of an emoji. Knows nothing of formats.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import re
import unicodedata

from bunko.types import Document, Span

# ECMA-48: control sequences (colours, cursor), and strings with an end (titles, the addresses of OSC-8 links).
_ESCAPE = r"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b[\]PX^_][^\x07\x1b]{0,4000}(?:\x07|\x1b\\)"
_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
# Unicode's Default_Ignorable_Code_Point, with the controls of ASCII and Latin-1 but tab, line and page ends.
_UNSEEN = re.compile(
    rf"{_ESCAPE}|[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    rf"\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    rf"\U000e0000-\U000e0fff{_SELECTORS}]"
)
_JOINING_SCRIPTS = re.compile("[\u0600-\u109f\u1780-\u18af\ua840-\uaaff\U00010e60-\U0001123f]")  # Arabic to Burmese
_MONGOLIAN = re.compile("[\u1820-\u18aa]")
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_SHOWN_IN_VARIANTS = re.compile(
    "[#*0-9\xa9\xae\u203c-\u2bff\u3000-\u303f\u3297\u3299\uff00-\uff0f\uff1a\U0001f000-\U0001faff]"
)


def seen(document: Document) -> Document:
    """Return the document without invisible characters, with adjusted pages, headings and tables."""
    cuts = unseen(document.text)
    if not cuts:
        return document

    gone = [0, *itertools.accumulate(stop - start for start, stop in cuts)]

    def place(offset: int) -> int:
        n = bisect.bisect_left(cuts, (offset, 0))
        within = max(0, cuts[n - 1][1] - offset) if n else 0
        return offset - gone[n] + within

    def moved(spans: tuple[Span, ...]) -> tuple[Span, ...]:
        return tuple(
            dataclasses.replace(span, start=place(span.start), end=place(span.end), label=without(span.label))
            for span in spans
        )

    return dataclasses.replace(
        document,
        text=_cut(document.text, cuts),
        pages=moved(document.pages),
        headings=moved(document.headings),
        tables=moved(document.tables),
    )


def without(text: str) -> str:
    r"""Return a text without invisible characters.

    >>> without("ig\u200bnore\U000e0041 \x1b[31mred"), without("葛\U000e0100城 می\u200cخواهم")
    ('ignore red', '葛\U000e0100城 می\u200cخواهم')
    """
    return _cut(text, unseen(text))


def unseen(text: str) -> list[tuple[int, int]]:
    """Return start and end of the invisible stretches, in order."""
    return [match.span() for match in _UNSEEN.finditer(text) if not _shapes(match, text)]


def _shapes(match: re.Match[str], text: str) -> bool:
    """Return whether a single invisible character shapes the one before it."""
    sign = match.group()
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if sign in _JOINERS:
        if _JOINING_SCRIPTS.match(before):
            return bool(_JOINING_SCRIPTS.match(after))
        # 👩‍🚀, ❤️‍🔥: what joins emoji may follow a variation selector.
        return sign == "\u200d" and _is_symbol(after) and (_is_symbol(before) or before == "\ufe0f")
    if "\ufe00" <= sign <= "\ufe0f":
        return bool(_SHOWN_IN_VARIANTS.match(before) or _IDEOGRAPH.match(before))
    if "\U000e0100" <= sign <= "\U000e01ef":
        return bool(_IDEOGRAPH.match(before))
    return "\u180b" <= sign <= "\u180f" and bool(_MONGOLIAN.match(before))


def _is_symbol(character: str) -> bool:
    return bool(character) and unicodedata.category(character) in ("So", "Sk")


def _cut(text: str, cuts: list[tuple[int, int]]) -> str:
    pieces, end = [], 0
    for start, stop in cuts:
        pieces.append(text[end:start])
        end = stop
    return "".join([*pieces, text[end:]])
