"""Read the words or names out of an English question such as "Which documents mention …?". In, out: texts.

The forms of such questions are in `english.toml`. Knows nothing of documents.
"""

from __future__ import annotations

import re
from functools import cache

from bunko.language.words import words
from bunko.overview.forms import read_forms
from bunko.overview.types import Join, Terms

# Objects of "mention" that are no word or name: a clause, or a pronoun that refers back.
_CLAUSE = re.compile(
    r"^(?:that|to|how|why|whether|if|what|when|who|whom|whose|where|which|no|not|neither|only|any|anything|something)\b"
    r"|^(?:it|him|her|them|this|these|those|he|she|they|each other|one another)\b"
    r"|\b(?:who|whom|when|why|how|where|which|what|whether|because|than|did|does)\b"
    r"|\b(?:first|last|earliest|most|most often|least|best|also|but|not)$",
    re.I,
)
_WORD_ITSELF = re.compile(r"^(?:the )?(?:exact )?(?:words?|names?|terms?|phrases?|expressions?)\s+", re.I)
_SUBJECT = re.compile(r"^(?:the )?(?:topics?|subjects?|themes?) (?:of )?", re.I)
_ARTICLE = re.compile(r"^(?:the|a|an|both|either)\s+", re.I)
_QUOTED = re.compile(r"[\"“„«'‘]([^\"“”„«»]+?)[\"”»'’](?![^\W_])|「([^「」]+)」|『([^『』]+)』")
_BESIDE_QUOTES = re.compile(r"\b(?:both|either|and|or|the)\b|[\s,/]", re.I)
_HOLDS = re.compile(r"contain|includ|us(?:e|ing)|found", re.I)
_LONGEST = 8  # words: more are a description, not a name
_SMALL_WORDS = frozenset("of the and or de von van der le la".split())


def terms_of(x: str, *, verb: str = "") -> Terms | None:
    """Return the words or names to search for, as written; None if the question asks for something else.

    >>> terms_of("the Treaty of Paris and Lyon in this folder")
    (('Treaty of Paris', 'Lyon'), 'all')
    >>> terms_of("that he was ill")
    """
    x = _at_end().sub("", x).strip(" ,;:")
    itself = _WORD_ITSELF.match(x)
    x = _SUBJECT.sub("", _WORD_ITSELF.sub("", x))
    join: Join = "any" if re.search(r"\bor\b", _QUOTED.sub("", x), re.I) else "all"
    quoted = ["".join(match.groups(default="")).strip() for match in _QUOTED.finditer(x)]
    if quoted and not _BESIDE_QUOTES.sub("", _QUOTED.sub("", x)):
        return tuple(quoted), join
    if _CLAUSE.search(x) or (_HOLDS.match(verb) and not itself and not _is_name(x)):
        return None
    parts = [_ARTICLE.sub("", part).strip() for part in re.split(r"\s*,?\s+(?:and/or|and|or)\s+", x, flags=re.I)]
    if any(not words(part) or len(part.split()) > _LONGEST for part in parts):
        return None
    return tuple(parts), join


@cache
def _at_end() -> re.Pattern[str]:
    return re.compile(rf"(?: by name| anywhere| somewhere| at all)?{read_forms('english').parts['tail']}$", re.I)


def _is_name(x: str) -> bool:
    """Return whether the words are capitalised. Files contain names; contracts contain mistakes."""
    return all(word[:1].isupper() or word in _SMALL_WORDS for word in x.split())
