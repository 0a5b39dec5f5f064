"""The checks of a sentence against a span of a source, in order. In: a Comparison. Out: how well it supports, and why.

The first check that has a finding decides. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TypeAlias

from bunko.grounding.contradiction import contradiction

# The share of a sentence's words that a source must have to support it.
SUPPORTED_SHARE = 0.75
# Below this share, common words are chance: two sentences on one subject have a word or two in common.
RELATED = 0.34


class Support(IntEnum):
    """How well a source supports a sentence."""

    NONE = 0
    MISSING = 1
    """It is about the same subject, but lacks a number or a name, or contradicts the sentence."""
    OPEN = 2
    """It lacks only words."""
    SUPPORTED = 3
    VERBATIM = 4


class Reason(Enum):
    """Why a source supports a sentence, or does not. Each comes from one check."""

    REPEATS_QUESTION = "the sentence says nothing that the question did not"
    VERBATIM = "the source has the sentence word for word"
    CONTRADICTED = "the source says the contrary"
    UNRELATED = "the source has too few of its words"
    NUMBER_MISSING = "the source lacks one of its numbers"
    NAME_MISSING = "the source lacks one of its names"
    WORDS_FOUND = "the source has its words, numbers and names"
    WORDS_MISSING = "the source lacks some of its words"
    LIKENESS = "the source means the same"
    OPINION = "a model judged it"
    ENTAILMENT = "an entailment model judged it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A statement and a span, as the checks compare them."""

    text: str
    span: str
    share: float
    """The share of the statement's words and numbers that the span has."""
    share_of_new: float
    """The same share of the words and numbers that are not in the question."""
    asked: float
    has_numbers: bool
    """Whether the span has any number of the statement."""
    lacks_number: bool
    lacks_name: bool
    only_repeats: bool
    """Whether the statement has nothing that the question lacks, and the question is not one of yes or no."""
    is_whole: bool
    """Whether the statement is the span, word for word."""
    is_part: bool


Finding: TypeAlias = tuple[Support, Reason]


def _repeats_question(it: Comparison) -> Finding | None:
    if not it.only_repeats:
        return None
    return (Support.MISSING if it.share else Support.NONE), Reason.REPEATS_QUESTION


def _verbatim(it: Comparison) -> Finding | None:
    if not it.is_part or not (it.is_whole or not contradiction(it.text, it.span)):
        return None
    return Support.VERBATIM, Reason.VERBATIM


def _unrelated(it: Comparison) -> Finding | None:
    if it.is_part or it.share >= RELATED or it.has_numbers:
        return None
    return Support.NONE, Reason.UNRELATED


def _number_missing(it: Comparison) -> Finding | None:
    return (Support.MISSING, Reason.NUMBER_MISSING) if it.lacks_number and not it.is_part else None


def _name_missing(it: Comparison) -> Finding | None:
    return (Support.MISSING, Reason.NAME_MISSING) if it.lacks_name and not it.is_part else None


def _contradicted(it: Comparison) -> Finding | None:
    return (Support.MISSING, Reason.CONTRADICTED) if contradiction(it.text, it.span) else None


def _words_found(it: Comparison) -> Finding | None:
    if min(it.share, it.share_of_new) < SUPPORTED_SHARE:
        return None
    return Support.SUPPORTED, Reason.WORDS_FOUND


def _words_missing(_: Comparison) -> Finding:
    return Support.OPEN, Reason.WORDS_MISSING


CHECKS: tuple[Callable[[Comparison], Finding | None], ...] = (
    _repeats_question,
    _verbatim,
    _unrelated,
    _number_missing,
    _name_missing,
    _contradicted,
    _words_found,
    _words_missing,
)
