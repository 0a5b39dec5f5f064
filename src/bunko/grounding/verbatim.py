"""Find words in the sources. In: a phrase, texts. Out: its place. Case, width and punctuation do not count."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bunko.language.quantities import quantities
from bunko.language.quantity import agrees
from bunko.language.words import normalise
from bunko.question.question import Question
from bunko.types import Evidence

_PUNCTUATION = " \t\n.,;:!?、。！？"
_PART = re.compile(r"[\u3041-\u30ff\u3400-\u9fff々]|(?:(?![\u3041-\u30ff\u3400-\u9fff])\w)+")


def locate(phrase: str, evidence: Sequence[Evidence]) -> tuple[int, int, int] | None:
    """Return the place of a phrase as (place in `evidence`, start, end in the quote); None if no quote has it.

    Case, width and punctuation do not count; words must be whole. Punctuation at the phrase's ends is kept if
    the quote has it, too.

    >>> source = Evidence(path="a.txt", start=0, end=30, quote="It cost $5,000 (about 60%).", score=1.0)
    >>> [source.quote[start:end] for n, start, end in [locate("“about 60%”.", [source])]]
    ['about 60%']
    """
    phrase = phrase.strip(_PUNCTUATION)
    wanted = list(_PART.finditer(phrase))
    folded = [normalise(match.group()) for match in wanted]
    if not folded:
        return None
    for n, item in enumerate(evidence):
        parts = list(_PART.finditer(item.quote))
        found = [normalise(part.group()) for part in parts]
        for first in range(len(found) - len(folded) + 1):
            if found[first : first + len(folded)] == folded:
                start, end = parts[first].start(), parts[first + len(folded) - 1].end()
                before, after = phrase[: wanted[0].start()], phrase[wanted[-1].end() :]
                while before and start and item.quote[start - 1] == before[-1]:
                    start, before = start - 1, before[:-1]
                while after and item.quote[end : end + 1] == after[0]:
                    end, after = end + 1, after[1:]
                return n, start, end
    return None


def only_repeats(phrase: str, question: Question) -> bool:
    """Return whether a phrase is in the question, which makes it no answer unless the question offers a choice.

    >>> from bunko.question.question import parse_question
    >>> only_repeats("the mill", parse_question("Who built the mill?"))
    True
    >>> only_repeats("tea", parse_question("Is it tea or coffee?"))
    False
    """
    return squeeze(phrase) in squeeze(question.text) and not question.offers_choice


def squeeze(text: str) -> str:
    """Fold a text to its words, so that whole words are compared. Each Japanese character is a word."""
    return f" {' '.join(_PART.findall(normalise(text)))} "


def is_part(text: str, source: str) -> bool:
    """Return whether a source has a text word for word, with whole numbers: 5 is not a part of 5 million."""
    if squeeze(text) not in squeeze(source):
        return False
    there = quantities(source)
    return all(
        any(agrees(item, other) or (item.value and item.value == other.value) for other in there)
        for item in quantities(text)
        if not item.weak
    )
