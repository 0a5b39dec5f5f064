"""Blank the words of quantity and modality that a text has in other words. In: two texts. Out: the sentence.

"Is required to" and "must" say the same, so "required" is no missing word beside a source with "must"; nor is 全員 a
missing name beside すべての. Knows nothing of answers.
"""

from __future__ import annotations

from functools import lru_cache

from bunko.grounding.modality import cue_places
from bunko.grounding.quantifiers import quantifier_places
from bunko.language.words import words


@lru_cache(maxsize=1024)
def without_shared_cues(sentence: str, source: str) -> str:
    """Return the sentence with spaces for those words; unchanged if nothing else would be left.

    >>> without_shared_cues("The tenant is required to pay.", "The tenant must pay.")
    'The tenant                pay.'
    """
    places = (*quantifier_places(sentence), *cue_places(sentence))
    if not places:
        return sentence
    there = {kind for kind, _, _ in (*quantifier_places(source), *cue_places(source))}
    rest = sentence
    for kind, start, end in places:
        if kind in there:
            rest = rest[:start] + " " * (end - start) + rest[end:]
    return rest if words(rest) else sentence
