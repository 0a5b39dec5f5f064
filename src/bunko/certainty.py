"""Say in words how likely an answer is right. In: an Answer. Out: a sentence. Refusals say it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bunko.types import Answer

# From the first on nothing is said, since an answer claims it; from the second on "probably".
_SURE, _PROBABLE = 0.9, 0.5
# Of marked words it is known how often they are right; of a model's words, only whether the documents answer.
_SENTENCES = {
    ("en", "words"): ("Probably right ({:.0%}).", "Not sure ({:.0%}): check the quotes."),
    ("en", "model"): (
        "The documents probably answer this ({:.0%}).",
        "The documents may not answer this ({:.0%}): check the quotes.",
    ),
    ("ja", "words"): ("おそらく正しい答えです（{:.0%}）。", "確かではありません（{:.0%}）。引用を確認してください。"),
    ("ja", "model"): (
        "文書に答えがあると思われます（{:.0%}）。",
        "文書に答えがないかもしれません（{:.0%}）。引用を確認してください。",
    ),
}


def certainty_line(answer: Answer) -> str:
    """Return how likely the answer is right, in the question's language; empty where it is sure, refused or unknown.

    >>> from bunko.types import Answer
    >>> certainty_line(Answer(question="Who?", text="Ada", probability=0.72))
    'The documents probably answer this (72%).'
    """
    if answer.refused or answer.probability is None or answer.probability >= _SURE:
        return ""
    from bunko.language.detection import detect_language

    language = "ja" if detect_language(answer.question) == "ja" else "en"
    marked = answer.span is not None and answer.finish_reason == "none" and answer.text == answer.span.text
    by: Literal["words", "model"] = "words" if marked else "model"
    probable, unsure = _SENTENCES[language, by]
    return (probable if answer.probability >= _PROBABLE else unsure).format(answer.probability)
