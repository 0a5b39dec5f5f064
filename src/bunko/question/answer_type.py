"""Find the type of answer that a question expects, and the sentences that contain one. In: texts. Out: a type; a bool.

A sentence without a number can't say how many. The type is read from the question's words, with a few of the classes
of Li & Roth 2002, "Learning Question Classifiers". If the words show no type, any sentence may answer.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from bunko.language.words import words

AnswerType: TypeAlias = Literal["number", "time", "name", ""]

_ASKS_FOR_TIME = re.compile(
    r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade|time)\b|いつ|何[年月日]|何世紀|何曜|何時", re.I
)
_ASKS_FOR_NUMBER = re.compile(
    r"\bhow (?:many|much|old|long|far|tall|high|large|big|often|fast|deep|wide|heavy)\b"
    r"|\b(?:what|which) (?:number|percent|percentage|proportion|share|amount|age|population)\b"
    r"|\bwhat(?: is|['’]s) the (?:height|weight|length|width|depth|area|distance|speed|temperature|price|cost|number"
    r"|age)\b"
    r"|(?:高さ|重さ|長さ|深さ|広さ|幅|面積|体積|人口|距離|速度|温度|価格|値段|料金|費用|金額|人数|年齢)(?:は[？?。\s]*$|を教えて)"
    r"|いくつ|いくら|どの(?:くらい|ぐらい)|どれ(?:くらい|ぐらい|だけ)|何(?:人|個|回|本|台|歳|倍|種|匹|頭|軒|件|冊|枚|階|割|分|"
    r"パーセント|％|%|年間|日間|時間|キロ|メートル|トン|ヶ国|か国|カ国)",
    re.I,
)
_ASKS_FOR_NAME = re.compile(r"\b(?:who|whom|whose|where)\b", re.I)
_NUMBER = re.compile(
    r"\d|[一二三四五六七八九十百千万億兆]"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?"
    r"|billions?|half|thirds?|quarters?|first|second|twice|once|several|none|no|both)\b",
    re.I,
)
_TIME = re.compile(
    r"\d|世紀|時代|[一二三四五六七八九十]+[年月日]|昭和|平成|大正|明治|令和|昨日|今日|明日|曜日"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|centur(?:y|ies)|decades?|years?|months?|weeks?|spring|summer|autumn"
    r"|winter|morning|noon|evening|night|midnight|yesterday|today|tomorrow)\b",
    re.I,
)
# Capitalised words, the first word of a sentence included.
_CAPITALS = re.compile(r"(?<![\w’'])[^\W\d_a-z][\w’'-]+")


def expected_answer(question: str) -> AnswerType:
    """Return what an answer must contain; empty if anything will do.

    >>> expected_answer("How many coins are there?"), expected_answer("塔はいつ建てられたか")
    ('number', 'time')
    >>> expected_answer("塔の高さは？"), expected_answer("What is the height of the tower?")
    ('number', 'number')
    """
    if _ASKS_FOR_NUMBER.search(question):
        return "number"
    if _ASKS_FOR_TIME.search(question):
        return "time"
    return "name" if _ASKS_FOR_NAME.search(question) else ""


def may_answer(sentence: str, expects: AnswerType, *, asked: frozenset[str]) -> bool:
    """Return whether a sentence contains something of the expected type that is not among the question's words.

    >>> may_answer("The mill is old.", "number", asked=frozenset())
    False
    >>> may_answer("Ann met Bob.", "name", asked=frozenset({"ann"}))
    True
    """
    if expects == "number":
        return bool(_NUMBER.search(sentence))
    if expects == "time":
        return bool(_TIME.search(sentence))
    if expects == "name":
        return any(set(words(name)) - asked for name in _CAPITALS.findall(sentence))
    return False
