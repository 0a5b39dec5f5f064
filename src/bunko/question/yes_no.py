"""Detect yes/no questions. In: a question. Out: a bool. Knows nothing of documents."""

from __future__ import annotations

import re

_ASKS_WHETHER = re.compile(
    r"\s*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must|isn['’]t|wasn['’]t|"
    r"aren['’]t|weren['’]t|don['’]t|doesn['’]t|didn['’]t)\b",
    re.I,
)
_ASKS_WHAT = re.compile(r"何|誰|だれ|どこ|いつ|どの|どれ|どんな|どちら|どう|なぜ|なに|いくつ|いくら|どれ")


def asks_whether(question: str) -> bool:
    """Tell whether a question can be answered by yes or no.

    >>> asks_whether("Was it built in 1958?"), asks_whether("When was it built?"), asks_whether("塔は高いですか")
    (True, False, True)
    >>> asks_whether("塔はいつ建てられましたか"), asks_whether("塔の高さは？")
    (False, False)
    """
    if re.search(r"[\u3041-\u30ff]", question):
        return bool(re.search(r"か[。？?\s]*$|(?<!は)[？?]\s*$", question)) and not _ASKS_WHAT.search(question)
    return bool(_ASKS_WHETHER.match(question))
