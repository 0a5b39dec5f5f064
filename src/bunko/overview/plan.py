"""Recognise questions about the whole folder. In: a question. Out: Plan or None.

Conservative: a plan is made only where the *whole* question has a known form. Any other words ("How many documents
did the Normans sign?") make it an ordinary question, which is answered by search. The forms are in
`english` and `japanese`. Knows nothing of libraries.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from bunko.language.detection import LANGUAGE_NAMES
from bunko.overview import english, japanese
from bunko.overview.kinds import kind_of
from bunko.overview.types import Plan

_END = re.compile(r"[\s?!.。]+$")
_JAPANESE = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]")
_ENGLISH = re.compile(r"[a-z]+ [a-z]+ [a-z]+", re.I)  # and not a word or two within Japanese
_APOSTROPHE = re.compile(r"(?<=\w)’(?=\w)")


def plan_of(question: str) -> Plan | None:
    """Return the plan for a question about the whole folder; None for any other question.

    >>> plan_of("How many documents are there?").task
    'count'
    >>> plan_of("How many documents did the Normans sign?")
    >>> plan_of("金閣寺に触れている文書はどれですか。").terms
    ('金閣寺',)
    """
    if len(question) > 300:  # no form is so long
        return None
    folded = " ".join(unicodedata.normalize("NFKC", question).split())
    folded = _APOSTROPHE.sub("'", _END.sub("", folded))
    # A Japanese form has kana, or is Japanese as a whole; an English one may name something Japanese, in quotes mostly.
    language = japanese if _JAPANESE.search(folded) and not _ENGLISH.match(folded) else english
    if not language.HINT.search(folded):
        return None
    for task, pattern in language.FORMS:
        match = _compiled(pattern).fullmatch(folded)
        if match and (plan := _plan(task, match, language.terms_of)):
            return plan
    return None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)


def _plan(task: str, match: re.Match[str], terms_of: english.TermsOf) -> Plan | None:
    """Return the plan of a form that fits; None where its object is not a word or a name."""
    found = {name: text for name, text in match.groupdict().items() if text}
    noun = found.get("noun", "")
    plan = Plan(
        task=task,  # type: ignore[arg-type]
        kind=kind_of(noun),
        files=bool(re.fullmatch(r"files?|ファイル", noun, re.I)),
        language=_code(found["language"]) if "language" in found else "",
        most=english.MOST.get(found.get("most", "").lower()) or japanese.MOST.get(found.get("most", "")) or "newest",
        each="each" in found,
    )
    if "x" not in found:
        return plan
    terms = terms_of(found["x"], verb=found.get("verb", ""))
    return plan.mentioning(terms[0], terms[1]) if terms else None


def _code(name: str) -> str:
    codes = {english_name.lower(): code for code, english_name in LANGUAGE_NAMES.items()}
    return codes.get(name.lower()) or japanese.LANGUAGES[name]
