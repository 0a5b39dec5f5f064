"""The plain text of an answer, piece by piece. In: deltas, then the answer. Out: the text that can be sent.

An answer from documents is checked when it is complete, and made-up source numbers are removed then. Streamed text
can't be taken back, so no source numbers are sent: the citations name the sentences. What may be the beginning of a
source number or a stop text is held back until that is clear. The pieces together are the content of the answer sent at
once: `content_of`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bunko.grounding.citation_marks import put_marks, take_marks
from bunko.language.detection import detect_language
from bunko.types import Answer, Citation

# Characters. Longer text in brackets is sent as it is, so that never more than this is held back.
_LONGEST = 80
_BEGUN = re.compile(rf" ?(?:[\[［(（][^\[\]［］()（）【】]{{0,{_LONGEST}}}|【[^】]{{0,{_LONGEST}}})\Z")
_RULE = "\n\n---\n"
_LABELS = {"en": ("Sources:", "Not found in the sources:"), "ja": ("出典:", "出典に見当たらない文:")}
_SOURCES = re.compile(rf"{_RULE}(?:{'|'.join(label for pair in _LABELS.values() for label in pair)})\n.*\Z", re.S)
_QUOTE = 200  # characters of a quote in a list of sources


class Outgoing:
    """The part of a growing text that no continuation can change."""

    def __init__(self, *, from_documents: bool, stop: Sequence[str] = ()) -> None:
        self._from_documents = from_documents
        self._stop = tuple(stop)
        self._seen = ""
        self._sent = ""

    def more(self, delta: str) -> str:
        """Return what can be sent after another piece of the text."""
        self._seen += delta
        return self._send(self._settled())

    def rest(self, text: str) -> str:
        """Return the rest of the whole text; nothing where what was sent is not its beginning."""
        content = content_of(text, from_documents=self._from_documents, stop=self._stop)
        return self._send(content)

    @property
    def sent(self) -> str:
        """What was sent so far."""
        return self._sent

    def _send(self, content: str) -> str:
        if not content.startswith(self._sent):
            return ""
        new = content[len(self._sent) :]
        self._sent = content
        return new

    def _settled(self) -> str:
        text = self._seen.lstrip()
        if self._from_documents:
            begun = _BEGUN.search(text)
            text = _without_marks(text[: begun.start()] if begun else text).lstrip()
        if (place := _place_of_stop(text, self._stop)) is not None:
            return text[:place].rstrip()
        held = max((_overlap(text, stop) for stop in self._stop), default=0)
        return text[: len(text) - held].rstrip()


def content_of(text: str, *, from_documents: bool, stop: Sequence[str] = ()) -> str:
    """Return the part of a whole text that is sent: without source numbers, up to the first stop text.

    >>> content_of("In France [1]. It is big.", from_documents=True, stop=["big"])
    'In France. It is'
    """
    text = text.strip()
    if from_documents:
        text = _without_marks(text).strip()
    place = _place_of_stop(text, stop)
    return text if place is None else text[:place].rstrip()


def _without_marks(text: str) -> str:
    clean, marks = take_marks(text)
    return put_marks(clean, [mark for mark in marks if len(mark.text.strip()) > _LONGEST + 2])


def _place_of_stop(text: str, stop: Sequence[str]) -> int | None:
    return min((place for item in stop if (place := text.find(item)) >= 0), default=None)


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of a text may begin a stop text."""
    return next((size for size in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:size])), 0)


def sources_text(answer: Answer) -> str:
    """Return the list of sources that can follow an answer's text, in its language; empty where there are none."""
    language = "ja" if detect_language(answer.text) == "ja" else "en"
    sources, missing = _LABELS[language]
    found = list(dict.fromkeys(_line(item) for item in answer.citations if item.verified))
    parts = [f"{sources}\n" + "\n".join(found)] if found else []
    if answer.unsupported:
        parts.append(f"{missing}\n" + "\n".join(f"- {_one_line(text)}" for text in answer.unsupported))
    return _RULE + "\n\n".join(parts) if parts else ""


def without_sources(text: str) -> str:
    r"""Return an earlier answer of a conversation without its list of sources.

    >>> without_sources("In France.\n\n---\nSources:\n- a.txt: “It lies in France.”")
    'In France.'
    """
    return _SOURCES.sub("", text)


def place_name(citation: Citation) -> str:
    """Return the document and the page, for readers."""
    return f"{citation.path}, page {citation.page}" if citation.page else citation.path


def sentences_in(content: str, citations: Sequence[Citation]) -> Iterator[tuple[Citation, int, int]]:
    """Yield the citations whose sentence was sent, with its start and end in the content."""
    for citation in citations:
        sentence = _without_marks(citation.sentence).strip()
        if sentence and (start := content.find(sentence)) >= 0:
            yield citation, start, start + len(sentence)


def _line(citation: Citation) -> str:
    quote = _one_line(citation.quote)
    cut = f"{quote[:_QUOTE]}…" if len(quote) > _QUOTE else quote
    return f"- {place_name(citation)}: “{cut}”"


def _one_line(text: str) -> str:
    return " ".join(text.split())
