"""Count the vectors of multilingual-e5-small from their middle. In: a text and its vector. Out: a vector.

The model gives any two texts a cosine of .7 and more, and texts in one language about .05 above that, whatever they
say. So the mean of all texts of their language is taken from them: unrelated texts then have cosines around .1, as
with other embedders, and a question finds its answer in another language beside passages in its own. Knows no model.
Figures, and what the means were made of: docs/decisions/025-a-bilingual-embedder.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from bunko.embedding.text_by_text import of_length_one

if TYPE_CHECKING:
    from bunko.ports import Vectors

_FILE = Path(__file__).with_suffix(".npy")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]")
_LETTER = re.compile(r"[^\W\d_]")
# A letter of Japanese says as much as two or three of Latin script.
_LETTERS_FOR_ONE = 2.5


class Centres:
    """The means of questions and passages, each in English and in Japanese."""

    def __init__(self) -> None:
        means = np.load(_FILE).astype(np.float32)
        self._means = {"query": means[0], "passage": means[1]}

    def centred(self, vector: Vectors, text: str, *, kind: Literal["query", "passage"]) -> Vectors:
        """Return the vector counted from the mean of its kind and language, of length 1."""
        english, japanese = self._means[kind]
        share = share_of_japanese(text)
        return of_length_one(vector - ((1 - share) * english + share * japanese))


def share_of_japanese(text: str) -> float:
    """Return how much of a text is in Japanese script, from 0 to 1.

    >>> share_of_japanese("Who built the bridge?"), share_of_japanese("橋は誰が建てましたか")
    (0.0, 1.0)
    """
    japanese = _LETTERS_FOR_ONE * len(_JAPANESE.findall(text))
    others = len(_LETTER.findall(_JAPANESE.sub("", text)))
    return japanese / (japanese + others) if japanese else 0.0
