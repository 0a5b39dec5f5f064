"""Find the mentions of a word or a name in texts. In: a term, texts. Out: counts, and a verbatim quote with its place.

Every text is searched, not only the best few. Width, case and the endings of English words ("Normans", "Norman's")
don't count. Japanese has no spaces, and 京都 is not a word in 東京都. So if the script of a match continues before it,
or after it except in kanji (京都府 has 京都, but パンダ does not have パン), the match counts only in passages in which
the index, which splits Japanese into words, has the term. Knows nothing of stores or questions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from bunko.language.sentences import sentences
from bunko.language.words import normalise, stem

_CJK = r"\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff"
_LETTER = rf"[^\W\d_{_CJK}]"
_TOKEN = re.compile(rf"\d+(?:[.,:]\d+)*|[{_CJK}]|{_LETTER}+(?:['’]{_LETTER}+)?")
_KANJI = re.compile(r"[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff]")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]")
_HIRAGANA = re.compile(r"[\u3041-\u3096]")
# Between two words of a term: white space, a hyphen, an asterisk of Markdown, but no end of a sentence.
_GAP = r"[^\w.!?;:。、,]{0,4}"
_ANY_GAP = r"\W{0,4}"
_BLOCK = 4_000  # characters that are searched for a quote at once, so that no whole book is split into sentences
_SHORTEST_QUOTE = 20
_LONGEST_QUOTE = 600


Count = Callable[[str, int], int]
IsWord = Callable[[str, int, int], bool]
"""Called with a path, a start and an end; returns whether the index has the term as a word there."""


class Term:
    """A word, a name or a phrase that texts are searched for."""

    def __init__(self, text: str, *, is_word: IsWord = lambda path, start, end: True) -> None:
        self.text = text
        self._is_word = is_word
        folded = normalise(text)
        self._tokens = [match.group() for match in _TOKEN.finditer(folded)]
        self._forms = {f"w{n}": _forms(token) for n, token in enumerate(self._tokens) if re.match(_LETTER, token)}
        self._pattern = _pattern(folded)
        self._part = max((_beginning(token) for token in self._tokens), key=len, default="")

    def count(self, text: str, *, path: str, start: int = 0) -> int:
        """Return how often a part of a document, which begins at `start`, mentions the term."""
        folded = normalise(text)
        if not self._tokens or self._part not in folded:
            return 0
        sure = unsure = 0
        for match in self._matches(folded):
            if _goes_on(folded, match):
                unsure += 1
            else:
                sure += 1
        # Unsure matches count only without sure ones: 東京都 and 京都 may be in the same passage.
        return sure or (unsure if unsure and self._is_word(path, start, start + len(text)) else 0)

    def counter(self, *, path: str) -> Count:
        """Return a function that counts the term in a part of a document, given the part and its start."""
        return lambda text, start: self.count(text, path=path, start=start)

    def _matches(self, text: str) -> Iterator[re.Match[str]]:
        for match in self._pattern.finditer(text):
            if all(wanted & _forms(match.group(name)) for name, wanted in self._forms.items()):
                yield match


def quote(text: str, count: Count) -> tuple[int, int] | None:
    r"""Return the place of the first sentence in which `count` finds something; None if there is none.

    A heading or fragment is returned only without such a sentence, and several sentences only if the term spans them.

    >>> text = "# Cats\n\nDogs bark at night. All cats sleep by day."
    >>> start, end = quote(text, Term("cat").counter(path=""))
    >>> text[start:end]
    'All cats sleep by day.'
    """
    scrap = None
    for begin, end in _blocks(text):
        if not count(text[begin:end], begin):
            continue
        for start, stop in sentences(text[begin:end]):
            place = (begin + start, begin + stop)
            said = text[place[0] : place[1]]
            if not count(said, place[0]):
                continue
            if len(said) >= _SHORTEST_QUOTE and not said.startswith("#"):
                return _shortened(text, place, count)
            scrap = scrap or place
    return scrap or _across(text, count)


def _across(text: str, count: Count) -> tuple[int, int] | None:
    """Return the place of the fewest neighbouring sentences that together have the term, or None."""
    spans = sentences(text)
    for together in (2, 4, 8):
        for n in range(len(spans) - 1):
            start, end = spans[n][0], spans[min(n + together, len(spans)) - 1][1]
            if count(text[start:end], start):
                return start, end
    return (0, len(text)) if count(text, 0) else None


def _shortened(text: str, place: tuple[int, int], count: Count) -> tuple[int, int]:
    """Return a part, with the term, of a very long sentence, such as a table without sentence ends."""
    start, end = place
    while end - start > _LONGEST_QUOTE:
        middle = (start + end) // 2
        if count(text[start:middle], start):
            end = middle
        elif count(text[middle:end], middle):
            start = middle
        else:
            break
    # Don't cut words.
    while start > place[0] and not text[start - 1].isspace():
        start -= 1
    while end < place[1] and not text[end].isspace():
        end += 1
    return start, end


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield the bounds of the blocks of a text, cut at blank lines if there are any."""
    start = 0
    while start < len(text):
        end = min(start + _BLOCK, len(text))
        if end < len(text):
            cut = max(text.rfind("\n\n", start + 1, end), text.rfind("\n", start + _BLOCK // 2, end))
            cut = cut if cut > start else text.rfind("。", start + 1, end)
            end = cut + 1 if cut > start else end
        yield start, end
        start = end


def _pattern(folded: str) -> re.Pattern[str]:
    """Return a pattern that finds a term in a folded text. Words may have any ending; the caller compares these."""
    found = list(_TOKEN.finditer(folded))
    pieces: list[str] = []
    for n, match in enumerate(found):
        token = match.group()
        if n:
            before = found[n - 1]
            gap = folded[before.end() : match.start()]
            both = re.match(rf"[{_CJK}]", token) and re.match(rf"[{_CJK}]", before.group())
            # Japanese is wrapped between any two characters.
            pieces.append(r"\s{0,2}" if both and not gap else _ANY_GAP if re.search(r"[.!?;:。、,]", gap) else _GAP)
        if token[0].isdigit():
            digits = ",?".join(token.replace(",", "")).replace(".,?", ".").replace(".", r"\.")
            pieces.append(rf"(?<!\d)(?<!\d[.,]){digits}(?!\d|[.,]\d)")
        elif re.match(rf"[{_CJK}]", token):
            last = n + 1 == len(found)
            long = last and n >= 2 and all(_KATAKANA.match(one.group()) for one in found[n - 2 :])
            # サーバ and サーバー are one word.
            pieces.append("" if long and token == "ー" else re.escape(token))
            pieces.append("ー?" if long else "")
        else:
            start = re.escape(_beginning(token))
            pieces.append(rf"(?<!{_LETTER})(?P<w{n}>{start}{_LETTER}*(?:['’]{_LETTER}+)?)(?!{_LETTER})")
    return re.compile("".join(pieces) or r"(?!)")


def _beginning(token: str) -> str:
    """Return the common beginning of all forms of a word: country, countries."""
    if not re.match(_LETTER, token):
        return token.replace(",", "")[:1]
    stemmed = stem(token)
    common = token[
        : next((n for n, (one, other) in enumerate(zip(token, stemmed, strict=False)) if one != other), len(stemmed))
    ]
    # Of countries the stem is "countri", which country does not begin with; of use, using.
    return (common[:-1] if len(common) > 2 and common[-1] in "iye" else common) or token[:1]


@lru_cache(maxsize=65536)
def _forms(word: str) -> frozenset[str]:
    """Return spellings of an English word; two of its forms have at least one in common.

    >>> bool(_forms("trees") & _forms("tree")), bool(_forms("invades") & _forms("invaded"))
    (True, True)
    """
    bare = word.replace("’", "'").removesuffix("'s")
    return frozenset((bare, bare.removesuffix("s") if len(bare) > 3 else bare, stem(bare)))


def _goes_on(text: str, match: re.Match[str]) -> bool:
    """Return whether the word may continue before or after a match, in the same Japanese script."""
    before, after = text[max(0, match.start() - 1) : match.start()], text[match.end() : match.end() + 1]
    first, last = match.group()[:1], match.group()[-1:]
    compound = len(match.group()) > 1 and _KANJI.match(last) and _KANJI.match(after)
    return any(script.match(before) and script.match(first) for script in (_KANJI, _KATAKANA, _HIRAGANA)) or (
        not compound and any(script.match(last) and script.match(after) for script in (_KANJI, _KATAKANA, _HIRAGANA))
    )
