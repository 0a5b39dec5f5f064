"""The sentence of a refusal. In: a language, the documents that were asked. Out: a sentence.

Of a part of the library, it says how small the part was: the answer may be in the rest.
"""

from __future__ import annotations

from bunko.answering import prompts
from bunko.types import Scope


def refusal_of(language: str, scope: Scope | None) -> str:
    """Return the sentence of a refusal.

    >>> refusal_of("en", Scope(filters="file:minutes*", documents=3, of=206))
    'Nothing relevant in 3 of 206 documents.'
    """
    if scope is None:
        return prompts.refusal(language)
    if language == "ja":
        return f"{scope.of:,}件中{scope.documents:,}件の文書には、関連する記述がありません。"
    return f"Nothing relevant in {scope.documents:,} of {scope.of:,} documents."
