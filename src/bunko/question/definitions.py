"""Find the sentences that say who or what something is. In: a sentence, a name. Out: a degree.

"Ada Lind, an engineer, …", "A weir is a …", "its mayor is Ada Lind", "chief of state: President Ada LIND",
「安藤リンは…技師である」. Knows nothing of questions.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SAYS = (
    r"(?:\s*\([^)]{1,60}\))?(?:,| [–—-]) (?:an?|the|former|ex-|who|whose|one of|then|now|born|\w+ (?:of|and|at)|"
    r"\w+er|\w+or|\w+ist)\b"
    r"|(?:\s*\([^)]{1,60}\))?,? (?:is|was|are|were|became|remains|serves as|served as|works as|worked as|"
    r"has been|had been|means|refers to|stands for|denotes) (?!not\b|in\b|on\b|at\b|asked\b|seen\b|told\b)"
    r"|(?:\s*[（(][^）)]{1,60}[）)])?(?:は|とは)[^。]{0,80}(?:である|です|だった|でした|であった|だ|人物|者|長|家|人|こと|もの|ため|名称|略|呼ばれ)"
    r"|[（(][^）)]{2,60}[）)]"
)
_SAYS_BEFORE = (
    r"(?:\b(?:is|was|became|named|called|by the name of)\s|[:：]\s*)(?:the |an? )?(?:[A-Z][\w.’'-]*\s){0,3}",
    r"\b(?:president|minister|chancellor|king|queen|mayor|governor|director|professor|doctor|dr|captain|general|chief|"
    r"chair(?:man|woman|person)?|secretary|senator|judge|engineer|author|poet|painter|singer|actor|scientist|head|"
    r"leader|founder|owner|manager|keeper|teacher|company|city|town|village|river|island)\s(?:[A-Z][\w.’'-]*\s){0,2}",
    r"(?:大統領|首相|大臣|知事|市長|町長|村長|社長|会長|部長|課長|教授|博士|技師|作家|詩人|画家|歌手|代表|議長|長官|監督)(?:の|・|である)?",
)


def defines(sentence: str, name: str) -> float:
    """Return how clearly a sentence says who or what a name is: 1, 0.5 where it only gives a title or a role, or 0.

    >>> defines("Ada Lind, an engineer, built it.", "Ada Lind"), defines("Its mayor is Ada Lind.", "Ada Lind")
    (1.0, 0.5)
    >>> defines("Ada Lind met Bob.", "Ada Lind"), defines("堰とは、川の水をせき止めるものである。", "堰")
    (0.0, 1.0)
    """
    text = unicodedata.normalize("NFKC", sentence)
    full, before = _patterns(unicodedata.normalize("NFKC", name))
    if full.search(text):
        return 1.0
    return 0.5 if before.search(text) else 0.0


@lru_cache(maxsize=64)
def _patterns(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    # The last name alone will do, in any case: "President Volodymyr ZELENSKYY".
    last = name.rsplit(maxsplit=1)[-1] if name.split() else name
    known = rf"(?<!\w)(?:{re.escape(name)}|{re.escape(last)})" if name.isascii() else re.escape(name)
    after = rf"(?i:{known})(?:{_SAYS})"
    return re.compile(after), re.compile("|".join(rf"(?i:{start})(?i:{known})" for start in _SAYS_BEFORE))
