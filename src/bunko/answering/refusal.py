"""Tell how much speaks for an answer. In: a question, what was found, what the model said. Out: a number, and why.

Three things speak against one. Nothing that was found has to do with the question: few of its rare words, and its
vector far from all; both must agree, so that a question in other words than the document's is not turned away. Or no
passage has a number or a name that the question takes for granted. Or a model that was to name a phrase of the sources
names one that stands in none, or is not sure of it, or says that the documents don't say: no stock model does, but one
can be trained to (examples/fine_tune). A passage on the very subject that lacks the answer is seen by the last alone,
and not often otherwise: docs/decisions/013-what-is-refused.md has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bunko.answering.prompts import is_refusal
from bunko.grounding.verbatim import locate
from bunko.language.detection import detect_language
from bunko.language.words import words
from bunko.ports import EmbedderSpec, Generator
from bunko.question.presuppositions import missing
from bunko.question.yes_no import asks_whether
from bunko.retrieval.evidence import coverage
from bunko.types import Evidence, Hit

# At the middle of the scale: the best passage's share of the question's words, by weight, and its likeness as a
# multiple of what texts with nothing in common hardly reach. Without a likeness the words alone must be fewer.
_WORDS = 0.35
_WORDS_ALONE = 0.3
_MIDDLE = 0.5
# Refused from the middle on: of answerable questions about one in thirty is taken for such a one (decision 013).
_DOUBTED = 0.49
# A phrase with less than this share of its words in any one quote is the model's own, and refused from .6 on; one with
# more may be the source's in another form, which more answerable questions have: from .75 on.
_PHRASE = 0.75
_INVENTED = 0.59
_OTHERWISE_PUT = 0.74
# Parameters: phrases of a model of 135 million that no source has tell nothing, those of one of half a billion do.
_TOO_SMALL = 300_000_000
# Of the whole phrase, at the middle of the scale: of answerable questions one in twenty has a less probable one, hardly
# ever a right one. A quarter of the scale is three times as much: .15 at .75, .45 at 1.
_UNSURE = 0.05
_STEP = 0.25
_TIMES = 3.0
_ALL_THE_SAME = "--strictness 0 has the question answered all the same."
NOT_HELD = f"What was found has little to do with the question. {_ALL_THE_SAME}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """How much speaks for an answer."""

    strength: float = math.inf
    """The strictness above which the question is refused: from 0; above 1 it never is."""
    doubt: str = ""
    """What speaks against it, for the reader."""


def support(question: str, hits: Sequence[Hit], quotes: Sequence[Evidence], *, spec: EmbedderSpec) -> Support:
    """Return how much what was found speaks for an answer."""
    related = Support(strength=_relation(question, hits, spec=spec), doubt=NOT_HELD)
    lacking = missing(question, hits, quotes)
    if not (lacking.numbers or lacking.names) or related.strength < _DOUBTED:
        return related
    listed = ", ".join((*lacking.numbers, *lacking.names))
    return Support(strength=_DOUBTED, doubt=f"No passage that was found has this: {listed}. {_ALL_THE_SAME}")


def can_judge(question: str, generator: Generator) -> bool:
    """Tell whether the phrase that a model was to find in the quotes tells whether they hold the answer.

    One so small that it names what no source says of answerable questions as well is not listened to. A yes or no need
    not stand in a source.
    """
    return not asks_whether(question) and not 0 < generator.spec.parameters <= _TOO_SMALL


def support_by_model(said: str, quotes: Sequence[Evidence], *, judged: bool, log_probability: float | None) -> Support:
    """Return how much what the model said of the quotes speaks for an answer.

    That it finds none, in the words by which Bunko refuses, is heard from any model, and counts the more the surer it
    is; what else its phrase tells, only if it is `judged`. `log_probability` is that of what it said; None if unknown.
    """
    if is_refusal(said) and not locate(said, quotes):
        sure = math.exp(log_probability) if log_probability is not None else _MIDDLE
        strength = min(_DOUBTED, 1 - sure)
        return Support(strength=strength, doubt=f"The model found no answer in the quotes. {_ALL_THE_SAME}")
    return support_by_phrase(said, quotes, log_probability=log_probability) if judged else Support()


def support_by_phrase(said: str, quotes: Sequence[Evidence], *, log_probability: float | None) -> Support:
    """Return how much it speaks for an answer that the model found this phrase in the quotes.

    `log_probability` is that of the phrase; None if it is not known.
    """
    by_probability = Support(
        strength=_by_probability(log_probability), doubt=f"The model was not sure. {_ALL_THE_SAME}"
    )
    if locate(said, quotes):
        return by_probability
    asserted = set(words(said))
    shared = max((len(asserted & set(words(quote.quote))) for quote in quotes), default=0)
    told = f"The model said {said!r}, which no source says." if said else "The model found nothing to say."
    strength = _INVENTED if shared < _PHRASE * len(asserted) or not asserted else _OTHERWISE_PUT
    return Support(strength=min(strength, by_probability.strength), doubt=f"{told} {_ALL_THE_SAME}")


def _by_probability(log_probability: float | None) -> float:
    if log_probability is None:
        return math.inf
    return max(0.0, _MIDDLE + _STEP * (log_probability - math.log(_UNSURE)) / math.log(_TIMES))


def _relation(question: str, hits: Sequence[Hit], *, spec: EmbedderSpec) -> float:
    """Return how much the passages have to do with the question, on the scale of strictness.

    Passages in another language than the question's share no words with it, and are not judged by them: where there
    are no others, it is infinite.
    """
    language = detect_language(question)
    if all(hit.chunk.language != language for hit in hits):
        return math.inf
    likeness = max((hit.dense for hit in hits if hit.dense is not None), default=None)
    if likeness is None or not spec.related or not spec.knows(language):
        return _MIDDLE * coverage(question, hits) / _WORDS_ALONE
    return _MIDDLE * max(likeness / spec.related, coverage(question, hits) / _WORDS)
