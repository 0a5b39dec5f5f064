"""Find the claims of an answer. In: the answer, the question. Out: its sentences, each with the text to be checked.

"Based on the text, it is high." claims that it is high; "Yes." claims what was asked; "I hope this helps!", "The
documents don't say." and "Here are the towers:" claim nothing that a source could support. Knows nothing of sources.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bunko.language.sentences import sentences
from bunko.language.words import words
from bunko.question.question import Question

Kind: TypeAlias = Literal["statement", "yes", "no", "nothing"]

_TEXT = r"(?:context|texts?|passages?|documents?|sources?|information|article|excerpts?|quotes?)"
# Text before a claim that is not part of it: list marks, "Based on the provided context,", "The answer is", "Yes,".
_LIST_MARK = re.compile(r"\s*(?:[-*+•・●○■◆※>]|\d{1,3}[.)．）](?=\s|\D)|[(（]\d{1,3}[)）]|#{1,6})\s+|\s*[・●○■◆※]")
_LIST_NUMBER = re.compile(r"[(（]?\d{1,3}[.)．）]")
_FRAME = re.compile(
    rf"\s*(?:(?:based (?:up)?on|according to|judging (?:by|from)|from|as (?:stated|mentioned|described|noted) in|in) "
    rf"(?:the |this |that )?(?:given |provided |above |following )?{_TEXT}(?: (?:provided|above|given))?"
    rf"(?: in (?:the |this )?{_TEXT})?"
    rf"(?:,\s*|\s+(?=the|it|he|she|they|there|we)|\s*$)"
    rf"|the (?:given |provided )?{_TEXT} (?:says?|states?|mentions?|indicates?|explains?)(?: that)?[,:]?\s+"
    r"|(?:the |my )?(?:short |correct |final )?answer(?: to (?:the|your) question)?"
    r"(?: is| would be)?(?::\s*|,\s*|\s+(?=\S))"
    r"|(?:so|therefore|thus|hence|in summary|in conclusion|in short|well|sure|of course|certainly)[,:!.]\s*"
    r"|(?:資料|文章|本文|文書|上記|文脈|情報|与えられた文章|提供された(?:情報|文章))"
    r"(?:の内容)?(?:によれば|によると|に基づくと|からは?|では)[、,]?"
    r"|(?:答え|回答)(?:は|[:：])\s*)",
    re.I,
)
_YES = re.compile(
    r"\s*(?:yes|yeah|yep|correct|that is correct|はい|ええ|そうです|その通りです)(?:[、,.。!！:;]\s*|\s*$)", re.I
)
_NO = re.compile(r"\s*(?:no|nope|いいえ|いえ|違います)(?:[、,.。!！:;]\s*|\s*$)", re.I)
# Marks of emphasis and code, in pairs: a single one is part of the text.
_EMPHASIS = re.compile(r"(?P<mark>\*\*|__|`)(?=\S)(?P<inner>.+?)(?<=\S)(?P=mark)", re.S)
# Sentences about the answer itself. If they have a number or a name, it is checked.
_NOTHING = re.compile(
    rf"\s*(?:i (?:hope|am sorry|'m sorry|apologi[sz]e)|let me know|feel free"
    rf"|please (?:let|note|provide)|here (?:is|are)\b"
    rf"|(?:the|these|this|those|provided|given|my)\b.{{0,20}}?\b{_TEXT}\b.{{0,20}}?"
    rf"\b(?:do|does|did|is|are|has|have|can|could)"
    rf"(?:n['’]t|not|\b.{{0,20}}?\b(?:not|no))\b|there is no (?:information|mention)"
    r"|(?:it|this) is not (?:mentioned|stated|specified|clear)"
    rf"|i (?:do(?:n['’]t| not) know|can(?:no|['’])t|could(?:n['’]t| not)|am not able|am unable)"
    r"|.*(?:資料|文章|本文|文書|情報|文脈).{0,12}(?:ありません|ません|いない|されていない|分からない|わからない|不明)"
    r"|.*(?:分かりません|わかりません|不明です)|以上です|以下の(?:とおり|通り)|お役に立て)",
    re.I | re.S,
)
_LEADS_IN = re.compile(r"[:：]\s*$")
_ASKS = re.compile(r"[?？]\s*$|(?:です|ます|でした|ました|だろう)か[。\s]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence of an answer."""

    start: int
    """In the answer."""
    end: int
    text: str
    """The text to be checked, without the words that frame it."""
    kind: Kind = "statement"
    """"yes" claims what was asked, "no" the opposite; for "nothing", only numbers and names are checked."""


def claims(answer: str, *, question: Question) -> list[Claim]:
    """Return the sentences of an answer, in order, that have a word in them.

    >>> answer = "Based on the text, it is high. Yes. I hope this helps!"
    >>> [(claim.kind, claim.text) for claim in claims(answer, question=Question(text="Is it high?"))]
    [('statement', 'it is high.'), ('yes', ''), ('nothing', 'I hope this helps!')]
    """
    found = []
    for start, end in sentences(answer):
        sentence = answer[start:end]
        if _LIST_NUMBER.fullmatch(sentence) and answer[end:].partition("\n")[0].strip():
            continue
        if not words(sentence) and not _YES.fullmatch(sentence) and not _NO.fullmatch(sentence):
            continue
        text, kind = _read(sentence, question)
        found.append(Claim(start=start, end=end, text=text, kind=kind))
    return found


def _read(sentence: str, question: Question) -> tuple[str, Kind]:
    text = _EMPHASIS.sub(r"\g<inner>", sentence)
    heading = text.lstrip().startswith("#")
    text = _LIST_MARK.sub("", text, count=1) if _LIST_MARK.match(text) else text
    kind: Kind = "statement"
    while True:
        if answers := _YES.match(text) or _NO.match(text):
            kind = "yes" if _YES.match(text) else "no"
        framed = answers or _FRAME.match(text)
        if not framed or not framed.end():
            break
        text = text[framed.end() :]
    text = text.strip()
    if words(text):
        repeats = question.distinct_words.issuperset(words(text))
        nothing = heading or _NOTHING.match(text) or _LEADS_IN.search(text) or (_ASKS.search(text) and repeats)
        return text, "nothing" if nothing else "statement"
    return "", kind if kind != "statement" else "nothing"
