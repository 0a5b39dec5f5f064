"""Keep evaluation texts out of training. In: folders of texts. Out: whether a passage repeats eight of their words."""

from collections.abc import Callable, Iterable
from pathlib import Path

from training.reader.bm25 import words

RUN = 8  # Words in a row: shorter runs are idioms and names.


class Overlap:
    """The runs of words of texts that training must not see.

    >>> overlap = Overlap(["One two three four five six seven eight nine."])
    >>> overlap.touches("He said: two three four five six seven eight nine!")
    True
    >>> overlap.touches("One two three four five.")
    False
    """

    def __init__(self, texts: Iterable[str], *, split: Callable[[str], list[str]] = words, run: int = RUN) -> None:
        """`split` gives the words of a text, `run` how many in a row must not be repeated."""
        self._split, self._run = split, run
        self._runs = {found for text in texts for found in self._all(text)}

    def touches(self, text: str) -> bool:
        """Return whether the text repeats as many words in a row."""
        return any(found in self._runs for found in self._all(text))

    def _all(self, text: str) -> set[tuple[str, ...]]:
        listed = self._split(text)
        return {tuple(listed[at : at + self._run]) for at in range(len(listed) - self._run + 1)}


def read_texts(folders: Iterable[Path]) -> list[str]:
    """Return the texts of all `.txt` files in the folders."""
    return [path.read_text(encoding="utf-8") for folder in folders for path in sorted(folder.rglob("*.txt"))]
