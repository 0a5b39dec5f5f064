"""Read with ONNX Runtime: a cross-encoder of question and passage. In: a card, texts. Out: readings.

Each passage runs by itself, as many at a time as there are cores, so that nothing is padded. Knows nothing of search.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from bunko.engine.onnx_session import open_session
from bunko.engine.parameters import Machine
from bunko.errors import EngineError, ModelBroken
from bunko.hardware.freed_memory import return_memory
from bunko.models.cache import hash_file
from bunko.ports import Passage, Reading, ReadSpan
from bunko.reader.cards import MODEL, TOKENIZER, Card, cure_of

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_OUTPUTS = ("start", "end", "relevance")
# Tokens of an answer. Answers of SQuAD and JSQuAD are rarely longer.
_LONGEST = 25
# Tokens of a question; the passage needs the rest.
_QUESTION_SHARE = 0.5
# More than the longest words have; the rest of a text would be cut anyway.
_CHARACTERS_PER_TOKEN = 64
_PASSAGE = 1
"""The place of the passage in a pair of texts, as the tokenizer numbers them."""


@dataclass(frozen=True, slots=True)
class _Tokens:
    """A question and a passage as the model reads them, and where each token of the passage stands in it."""

    ids: list[int]
    types: list[int]
    places: list[tuple[int, int] | None]
    """In characters of the passage; None for the question and special tokens."""


class OnnxReader:
    """A cross-encoder with three outputs: logits of where an answer starts, where it ends, and whether there is one."""

    def __init__(self, card: Card, *, threads: int = 0) -> None:
        """Load the model. Raises ModelBroken if a file is not the one that the card names, or no such model."""
        self.spec = card.spec
        self._card = card
        _check_hashes(card)
        try:
            self._tokenizer = Tokenizer.from_file(str(card.folder / TOKENIZER))
            self._session = open_session(str(card.folder / MODEL))
        except Exception as error:
            detail = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise ModelBroken(f"The reader {card.name} can't be loaded: {detail}", cure_of(card.folder)) from error
        return_memory()
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()  # pairs are cut in `_encode`, where the passage gives way
        self._inputs = [item.name for item in self._session.get_inputs()]
        outputs = {item.name for item in self._session.get_outputs()}
        if not (set(self._inputs) <= set(_INPUTS) and set(_OUTPUTS) <= outputs):
            raise ModelBroken(f"The model of {card.name} is not a reader.", cure_of(card.folder))
        self._pool = ThreadPoolExecutor(threads or Machine.here().cores, thread_name_prefix="reader")

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """Return a reading for each passage, in order. Raises EngineError."""
        question = self._shortened(question)
        return list(self._pool.map(lambda passage: self._read(question, passage), passages))

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _shortened(self, question: str) -> str:
        """Return a question without what would leave no room for the passage."""
        most = int(_QUESTION_SHARE * self._card.max_tokens)
        question = question[: most * _CHARACTERS_PER_TOKEN]
        places = self._tokenizer.encode(question, add_special_tokens=False).offsets
        return question[: places[most - 1][1]] if len(places) > most else question

    def _encode(self, question: str, passage: Passage) -> _Tokens:
        most = self._card.max_tokens
        found = self._tokenizer.encode(question, passage.text[: most * _CHARACTERS_PER_TOKEN])
        places = [
            place if text == _PASSAGE else None for place, text in zip(found.offsets, found.sequence_ids, strict=True)
        ]
        ids, types = list(found.ids), list(found.type_ids)
        mine = [n for n, place in enumerate(places) if place]  # in a row: the question and the marks are beside them
        if not mine:
            return _Tokens(ids, types, places)
        room = max(0, min(self._card.passage_tokens or most, len(mine) + most - len(ids)))
        first, last = _window([place for place in places if place], passage.within, room)
        for tokens in (ids, types, places):
            del tokens[mine[0] + last : mine[-1] + 1]
            del tokens[mine[0] : mine[0] + first]
        return _Tokens(ids, types, places)

    def _read(self, question: str, passage: Passage) -> Reading:
        tokens = self._encode(question, passage)
        ids = np.array([tokens.ids], dtype=np.int64)
        types = np.array([tokens.types], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": types}
        try:
            outputs = self._session.run(list(_OUTPUTS), {name: feed[name] for name in self._inputs})
        except Exception as error:
            detail = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise EngineError(f"The reader {self._card.name} failed: {detail}", cure_of(self._card.folder)) from error
        start, end, relevance = (np.asarray(each, dtype=np.float64).reshape(-1) for each in outputs)
        inside = np.array([place is not None and place[1] > place[0] for place in tokens.places])
        starts, ends = _log_probabilities(start, inside), _log_probabilities(end, inside)
        return Reading(
            relevance=float(1 / (1 + np.exp(-np.clip(relevance[0], -60, 60)))),
            spans=tuple(_best_span(starts, ends, tokens.places, stretch) for stretch in passage.within),
        )


def _window(places: Sequence[tuple[int, int]], within: Sequence[tuple[int, int]], size: int) -> tuple[int, int]:
    """Return the first and the end of at most `size` tokens: the stretches, with as much on either side of them.

    A reader is sure of passages as long as those that it was trained on, and takes less time for them.

    >>> places = [(n, n + 1) for n in range(10)]
    >>> _window(places, [(4, 6)], 6), _window(places, [(8, 10)], 6), _window(places, [(0, 10)], 6)
    ((2, 8), (4, 10), (0, 6))
    """
    if len(places) <= size:
        return 0, len(places)
    among = [n for n, (start, end) in enumerate(places) if any(start < last and end > at for at, last in within)]
    first, last = (among[0], among[-1] + 1) if among else (0, 0)
    spare = max(0, size - (last - first))
    begin = min(max(0, first - spare // 2), len(places) - size)
    return begin, begin + size


def _check_hashes(card: Card) -> None:
    for name, wanted in card.sha256.items():
        path = card.folder / name
        try:
            found = hash_file(path)
        except OSError as error:
            raise ModelBroken(f"{path} can't be read: {error.strerror}.", cure_of(card.folder)) from error
        if found != wanted.lower():
            raise ModelBroken(f"{path} is not the file that the card of {card.name} names.", cure_of(card.folder))


def _log_probabilities(logits: Any, inside: Any) -> Any:
    """Return the logarithms of the probabilities of the passage's tokens; minus infinity for the others."""
    masked = np.where(inside, logits, -np.inf)
    if not inside.any():
        return masked
    top = masked.max()
    return masked - (top + np.log(np.exp(masked - top).sum()))


def _best_span(
    starts: Any, ends: Any, places: Sequence[tuple[int, int] | None], stretch: tuple[int, int]
) -> ReadSpan | None:
    """Return the likeliest pair of a start and an end within a stretch, at most `_LONGEST` tokens apart."""
    among = [n for n, place in enumerate(places) if place and stretch[0] <= place[0] < place[1] <= stretch[1]]
    if not among:
        return None
    first, last = among[0], among[-1] + 1
    size = last - first
    pairs = starts[first:last, None] + ends[None, first:last]
    offset = np.subtract.outer(np.arange(size), np.arange(size))
    pairs = np.where((offset <= 0) & (offset > -_LONGEST), pairs, -np.inf)
    at = int(pairs.argmax())
    begin, finish = places[first + at // size], places[first + at % size]
    if begin is None or finish is None or not np.isfinite(pairs.flat[at]):
        return None
    return ReadSpan(start=begin[0], end=finish[1], probability=float(np.exp(pairs.flat[at])))
