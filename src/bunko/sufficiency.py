"""Tell whether what was found can hold an answer at all. In: a question, its passages. Out: yes or no.

A question that has nothing to do with the documents shares few of its rare words with any passage, and its vector is
far from all. Both must agree, so that a question in other words than the document's is not turned away. It does not
see that a passage on the very subject lacks the answer: docs/decisions/013-what-is-refused.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence

from bunko.evidence import coverage
from bunko.ports import EmbedderSpec
from bunko.text import detect_language
from bunko.types import Hit

# At the middle of the scale: the best passage's share of the question's words, by weight, and its likeness as a
# multiple of what texts with nothing in common hardly reach. Without a likeness the words alone must be fewer.
_WORDS = 0.35
_WORDS_ALONE = 0.3
_MIDDLE = 0.5
NOT_HELD = "What was found has little to do with the question. --strictness 0 has the model answer all the same."


def may_hold_answer(question: str, hits: Sequence[Hit], *, spec: EmbedderSpec, strictness: float) -> bool:
    """Return False where no passage has enough to do with the question.

    `strictness` is from 0, where everything found may hold the answer, to 1. Passages in another language than the
    question's share no words with it, and are not judged by them.
    """
    language = detect_language(question)
    if all(hit.chunk.language != language for hit in hits):
        return True
    scale = strictness / _MIDDLE
    likeness = max((hit.dense for hit in hits if hit.dense is not None), default=None)
    if likeness is None or not spec.related or not spec.knows(language):
        return coverage(question, hits) >= _WORDS_ALONE * scale
    return likeness >= spec.related * scale or coverage(question, hits) >= _WORDS * scale
