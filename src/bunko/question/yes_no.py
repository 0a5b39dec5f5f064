"""Detect yes/no questions and questions that offer a choice. In: a question. Out: a bool."""

from __future__ import annotations

import re

_ASKS_WHETHER = re.compile(
    r"\s*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must|isn['’]t|wasn['’]t|"
    r"aren['’]t|weren['’]t|don['’]t|doesn['’]t|didn['’]t)\b",
    re.I,
)
_ALTERNATIVES = re.compile(r"\bor\b|それとも|または|あるいは|か、.+か|[か、]どちら", re.I)
_ASKS_WHAT = re.compile(
    r"何|誰|だれ|どこ|いつ|どの|どれ|どんな|どちら|どう|なぜ|なに|いくつ|いくら|なんと[いうよ呼言称]|なんの"
)


def asks_whether(question: str) -> bool:
    """Return whether a question can be answered by yes or no.

    >>> asks_whether("Was it built in 1958?"), asks_whether("When was it built?"), asks_whether("塔は高いですか")
    (True, False, True)
    >>> asks_whether("塔はいつ建てられましたか"), asks_whether("塔の高さは？"), asks_whether("塔をなんと呼ぶか")
    (False, False, False)
    """
    if re.search(r"[\u3041-\u30ff]", question):
        return bool(re.search(r"か[。？?\s]*$|(?<!は)[？?]\s*$", question)) and not _ASKS_WHAT.search(question)
    return bool(_ASKS_WHETHER.match(question))


def offers_choice(question: str) -> bool:
    """Return whether a question names the possible answers.

    >>> offers_choice("Is it red or blue?"), offers_choice("赤と青のどちらですか"), offers_choice("紅茶か、コーヒーか")
    (True, False, True)
    """
    return bool(_ALTERNATIVES.search(question))
