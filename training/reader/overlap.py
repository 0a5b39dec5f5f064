"""Keep evaluation texts out of training. In: folders of texts. Out: whether a passage repeats eight of their words."""

from collections.abc import Iterable
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

    def __init__(self, texts: Iterable[str]) -> None:
        self._runs = {run for text in texts for run in _runs(text)}

    def touches(self, text: str) -> bool:
        """Return whether the text repeats `RUN` words in a row."""
        return any(run in self._runs for run in _runs(text))


def read_overlap(folders: Iterable[Path]) -> Overlap:
    """Return the runs of all `.txt` files in the folders."""
    return Overlap(path.read_text(encoding="utf-8") for folder in folders for path in sorted(folder.rglob("*.txt")))


def _runs(text: str) -> set[tuple[str, ...]]:
    listed = words(text)
    return {tuple(listed[at : at + RUN]) for at in range(len(listed) - RUN + 1)}
