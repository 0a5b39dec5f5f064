"""Find the reader for a language. In: the setting `reader`. Out: Card. Loads no model.

A reader is a folder with `reader.onnx`, `tokenizer.json` and `card.json`. Those that come with Bunko are in `model/`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunko.errors import ModelBroken
from bunko.ports import ReaderSpec

MODEL, TOKENIZER = "reader.onnx", "tokenizer.json"
_CARD = "card.json"
_SHIPPED = Path(__file__).with_name("model")
# Where a card has no figure of its own. Not tuned.
_LEAST_CONFIDENCE = 0.1
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a reader's folder says of its model."""

    folder: Path
    name: str
    languages: frozenset[str]
    """ISO 639-1 codes."""
    licence: str
    max_tokens: int
    """Longest input, question and passage together, in its own tokens."""
    passage_tokens: int
    """Most tokens of a passage that are read, around the stretches that may hold the answer; 0: all that fit."""
    sha256: Mapping[str, str]
    """The SHA-256 of `reader.onnx` and `tokenizer.json`, in hexadecimal."""
    least_confidence: float
    """The confidence below which what it marks is not shown."""

    @property
    def spec(self) -> ReaderSpec:
        """What the reader reports about itself."""
        return ReaderSpec(name=self.name, languages=self.languages, least_confidence=self.least_confidence)


def find_card(reader: str, language: str) -> Card | None:
    """Return the first reader that reads a language; None if there is none. `reader` is as the setting has it.

    Raises ModelBroken for a folder without a card that can be read.
    """
    return next((card for card in find_cards(reader) if language in card.languages), None)


def find_cards(reader: str) -> Iterator[Card]:
    """Yield the readers of the setting `reader`: all that come with Bunko, none, or one in a folder.

    Raises ModelBroken for a folder without a card that can be read.
    """
    if reader == "none":
        return
    if reader != "auto":
        yield read_card(Path(reader).expanduser())
        return
    for path in sorted(_SHIPPED.glob(f"*/{_CARD}")):
        yield read_card(path.parent)


def read_card(folder: Path) -> Card:
    """Return the card of a folder. Raises ModelBroken."""
    try:
        with (folder / _CARD).open("rb") as file:
            tree: Any = json.loads(file.read(_MOST_BYTES))
        hashes = tree["sha256"]
        least = float(tree.get("least_confidence", _LEAST_CONFIDENCE))
        card = Card(
            folder=folder,
            name=str(tree["name"]),
            languages=frozenset(map(str, tree["languages"])),
            licence=str(tree["licence"]),
            max_tokens=int(tree["max_tokens"]),
            passage_tokens=int(tree.get("passage_tokens", 0)),
            sha256={name: str(hashes[name]) for name in (MODEL, TOKENIZER)},
            least_confidence=least,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(folder, f"its {_CARD} can't be read ({type(error).__name__}: {error})"[:200]) from error
    if not (math.isfinite(least) and card.max_tokens > 0 and card.passage_tokens >= 0):
        raise _broken(folder, f"its {_CARD} has a number that can't be right")
    return card


def state_of_reader(reader: str) -> str:
    """Return what changes with a reader in a folder: the size and the timestamp of its card, which has the hashes.

    Empty for those that come with Bunko, which change with it. Raises OSError.
    """
    if reader in ("auto", "none"):
        return ""
    state = (Path(reader).expanduser() / _CARD).stat()
    return f"{state.st_size} {state.st_mtime_ns}"


def _broken(folder: Path, reason: str) -> ModelBroken:
    return ModelBroken(f"The reader in {folder} can't be used: {reason}.", cure_of(folder))


def cure_of(folder: Path) -> str:
    """Return what to do about a reader that is damaged."""
    if folder.parent == _SHIPPED:
        return "Install Bunko again, or do without: --set reader=none"
    return "Name another folder, or do without: --set reader=none"
