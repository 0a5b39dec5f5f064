"""Remember what was made of words. In: words, and what makes something of them. Out: what was made of each.

Most words of a text were seen a moment ago, and looking them up is far quicker than cutting or counting them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
_LONGEST = 30
"""Characters. Longer words are rare, or text without spaces, and aren't kept."""


class RecentWords(Generic[T]):
    """What was made of the words of late; from several threads at once, too.

    >>> lengths = RecentWords(lambda words: [*map(len, words)], most=1000)
    >>> lengths(["mill", "river"]) == {"mill": 4, "river": 5}
    True
    """

    def __init__(self, make: Callable[[Sequence[str]], Sequence[T]], *, most: int = 50_000) -> None:
        """`make` is given words, each once, and returns something of each. `most` new ones are kept, and as many more.

        Half of a text's words are rare ones: those in use are kept when `most` is reached.
        """
        self._make = make
        self._most = most
        self._known: dict[str, T] = {}
        self._known_before: dict[str, T] = {}

    def __call__(self, words: Iterable[str]) -> dict[str, T]:
        """Return what is made of each word."""
        known, before = self._known, self._known_before  # another thread may exchange them
        wanted = set(words)
        found = {word: made for word in wanted if (made := known.get(word)) is not None}
        if len(found) < len(wanted):
            again = {word: made for word in wanted - found.keys() if (made := before.get(word)) is not None}
            missing = [*(wanted - found.keys() - again.keys())]
            new = dict(zip(missing, self._make(missing), strict=True)) if missing else {}
            found |= again | new
            known.update(again)
            known.update((word, made) for word, made in new.items() if len(word) <= _LONGEST)
        if len(known) > self._most:
            self._known, self._known_before = {}, known
        return found

    def __len__(self) -> int:
        """Return the number of words that are kept."""
        return len(self._known) + len(self._known_before)
