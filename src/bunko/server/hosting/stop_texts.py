"""End an answer before a stop text. In: pieces of text, or an Answer. Out: the text before the stop text.

An answer from documents is checked against them as a whole, so it is generated to its end and cut afterwards.
"""

from __future__ import annotations

from dataclasses import replace

from bunko.types import Answer


class HoldBack:
    """Passes on text that can't be the beginning of a stop text, and nothing after a stop text.

    >>> held = HoldBack(("END",))
    >>> [held.push("to the E"), held.push("dge"), held.push(" EN"), held.push("D and on"), held.rest()]
    ['to the ', 'Edge', ' ', '', '']
    """

    def __init__(self, stop: tuple[str, ...]) -> None:
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self._ended = False

    def push(self, text: str) -> str:
        """Return the text that can be shown now."""
        if self._ended or not self._stop:
            return "" if self._ended else text
        self._held += text
        cut = cut_at(self._held, self._stop)
        if cut != self._held:
            self._ended = True
            return cut
        keep = max(
            (n for stop in self._stop for n in range(1, len(stop)) if self._held.endswith(stop[:n])),
            default=0,
        )
        shown, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return shown

    def rest(self) -> str:
        """Return the text that was held back, at the end."""
        held, self._held = self._held, ""
        return "" if self._ended else held


def cut_at(text: str, stop: tuple[str, ...]) -> str:
    """Return the text before the first stop text.

    >>> cut_at("one two three", ("three", "two"))
    'one '
    """
    places = [place for each in stop if each and (place := text.find(each)) >= 0]
    return text[: min(places)] if places else text


def stopped(answer: Answer, stop: tuple[str, ...]) -> Answer:
    """Return an answer up to the first stop text, with the citations of that part."""
    text = cut_at(answer.text, stop)
    if text == answer.text:
        return answer
    text = text.rstrip()
    return replace(
        answer,
        text=text,
        citations=tuple(citation for citation in answer.citations if citation.sentence in text),
        unsupported=tuple(sentence for sentence in answer.unsupported if sentence in text),
        translation=tuple(item for item in answer.translation if item.sentence in text),
        finish_reason="stop",
    )
