"""Recognise questions about the whole folder. In: a question. Out: Plan or None.

Conservative: there is a plan only if the *whole* question has a known form. With any other words ("How many documents
did the Normans sign?") it is an ordinary question, which is answered by search. The forms are in `english.toml` and
`japanese.toml`. Knows nothing of libraries.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import TypeAlias

from bunko.language.detection import JAPANESE_LANGUAGE_NAMES, LANGUAGE_NAMES
from bunko.overview import english, japanese
from bunko.overview.forms import FormLanguage, Forms, read_forms
from bunko.overview.kinds import kind_of
from bunko.overview.types import Plan, Terms

_TermsOf: TypeAlias = Callable[..., "Terms | None"]

_END = re.compile(r"[\s?!.。]+$")
_JAPANESE = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]")
_ENGLISH = re.compile(r"[a-z]+ [a-z]+ [a-z]+", re.I)  # not a word or two in a Japanese question
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
    # An English question may name something in Japanese.
    language: FormLanguage = "japanese" if _JAPANESE.search(folded) and not _ENGLISH.match(folded) else "english"
    forms = read_forms(language)
    if not forms.hint.search(folded):
        return None
    terms_of = japanese.terms_of if language == "japanese" else english.terms_of
    for pattern in forms.patterns:
        match = _compiled(pattern.regex).fullmatch(folded)
        if match and (plan := _plan(pattern.name, match, forms, terms_of)):
            return plan
    return None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)


def _plan(task: str, match: re.Match[str], forms: Forms, terms_of: _TermsOf) -> Plan | None:
    """Return the plan for a question that has a form; None if its object is not a word or a name."""
    found = {name: text for name, text in match.groupdict().items() if text}
    noun = found.get("noun", "")
    plan = Plan(
        task=task,  # type: ignore[arg-type]
        kind=kind_of(noun),
        files=bool(re.fullmatch(r"files?|ファイル", noun, re.I)),
        language=_code(found["language"]) if "language" in found else "",
        most=forms.most.get(found.get("most", "").lower(), "newest"),
        each="each" in found,
    )
    if "x" not in found:
        return plan
    terms = terms_of(found["x"], verb=found.get("verb", ""))
    return plan.mentioning(terms[0], terms[1]) if terms else None


def _code(name: str) -> str:
    names = (*LANGUAGE_NAMES.items(), *JAPANESE_LANGUAGE_NAMES.items())
    return next(code for code, known in names if known.lower() == name.lower())
