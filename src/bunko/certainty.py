"""Say in words how likely an answer is right. In: an Answer. Out: a sentence. Refusals say it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bunko.types import Answer

# From the first on nothing is said, since an answer claims it; from the second on "probably".
_SURE, _PROBABLE = 0.9, 0.5
_SENTENCES = {
    "en": ("Probably right ({:.0%}).", "Not sure ({:.0%}): check the quotes."),
    "ja": ("おそらく正しい答えです（{:.0%}）。", "確かではありません（{:.0%}）。引用を確認してください。"),
}


def certainty_line(answer: Answer) -> str:
    """Return how likely the answer is right, in the question's language; empty where it is sure, refused or unknown.

    >>> from bunko.types import Answer
    >>> certainty_line(Answer(question="Who?", text="Ada", probability=0.72))
    'Probably right (72%).'
    >>> certainty_line(Answer(question="誰ですか。", text="安藤", probability=0.31))
    '確かではありません（31%）。引用を確認してください。'
    """
    if answer.refused or answer.probability is None or answer.probability >= _SURE:
        return ""
    from bunko.language.detection import detect_language

    probable, unsure = _SENTENCES["ja" if detect_language(answer.question) == "ja" else "en"]
    return (probable if answer.probability >= _PROBABLE else unsure).format(answer.probability)
