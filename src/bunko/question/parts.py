"""Take a question apart: each thing that it compares, each question that it joins. In: a Question. Out: questions.

No model is needed where the form shows the parts. Knows nothing of documents.
"""

from __future__ import annotations

import re
from itertools import pairwise

from bunko.question.question import Question

_JOINT = re.compile(
    r"(?<=[?？])\s+(?=\S)|,? (?:and|but) (?=(?:how|what|why|when|where|who|which|whose|to what extent|in what ways?)\b)"
    r"|(?<=。)\s*(?:また、|そして、|さらに、)?(?=\S)|(?<=か、)(?=また|そして|さらに)",
    re.I,
)
_NAMES_JOINED = re.compile(r"^\s*(?:,|、|・|and|or|vs\.?|versus|with|to|と|や|および|及び|,? and)\s*(?:the\s+)?$", re.I)
_IMPERATIVE = re.compile(r"^(?:compare|contrast|explain|describe|discuss|list|name|give|show|tell)\s+", re.I)
_ASKS = re.compile(
    r"[?？]\s*$|\b(?:how|what|why|when|where|who|which|whose|compare|contrast|explain|describe|discuss|list|name|give|tell)\b"
    r"|(?:か|ください|下さい|教えて|なさい|述べよ|せよ)[。.!！\s]*$",
    re.I,
)
_MOST = 6


def parts(question: Question) -> tuple[str, ...]:
    """Return the questions that a question consists of; none where it is one question about one thing.

    >>> from bunko.question.question import parse_question
    >>> parts(parse_question("Compare Varn and Hest in area."))
    ('Compare Varn in area.', 'Compare Hest in area.')
    >>> parts(parse_question("Why did the mill close, and how was it sold?"))
    ('Why did the mill close', 'how was it sold?')
    """
    clauses = [clause.strip() for clause in _JOINT.split(question.text) if clause and clause.strip()]
    joined = clauses if len(clauses) > 1 and all(map(_ASKS.search, clauses)) else []
    return tuple(dict.fromkeys([*joined, *parts_by_name(question)]))[:_MOST]


def parts_by_name(question: Question) -> list[str]:
    """Return the question once for each of the names that it joins, without the others; none where it joins none.

    >>> from bunko.question.question import parse_question
    >>> parts_by_name(parse_question("How do Varn and Hest differ?"))
    ['How do Varn differ?', 'How do Hest differ?']
    """
    text = question.text
    places: list[tuple[int, int]] = []
    for name in question.names:
        said = _IMPERATIVE.sub("", name.text)  # "Compare Varn" is no name
        if said and (start := text.find(said, places[-1][1] if places else 0)) >= 0:
            places.append((start, start + len(said)))
    series: list[tuple[int, int]] = []
    for before, after in pairwise(places):
        if _NAMES_JOINED.match(text[before[1] : after[0]]):
            if series and series[-1] != before:  # the first series only: "Varn and Hest in the EU and NATO"
                break
            series += [after] if series else [before, after]
    if len(series) < 2:
        return []
    head, tail = text[: series[0][0]], text[series[-1][1] :]
    return [f"{head}{text[start:end]}{tail}" for start, end in series]
