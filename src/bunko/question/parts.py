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
_ASKS = re.compile(
    r"[?？]\s*$|\b(?:how|what|why|when|where|who|which|whose|compare|contrast|explain|describe|discuss|list|name|give|tell)\b"
    r"|(?:か|ください|下さい|教えて|なさい|述べよ|せよ)[。.!！\s]*$",
    re.I,
)
# What things are compared in: "in population and area", の人口と面積を.
_ASPECTS = re.compile(
    r"^\W*(?:,\s*)?(?:in terms of|with respect to|with regard to|in|by|on|for|regarding|as to)\s+(?:their\s+)?"
    r"(?P<en>[^?.!]+)[?.!\s]*$"
    r"|^(?:の|における)(?P<ja>[^。、？?]+?)(?:を|で|は|に(?:ついて|関して))",
    re.I,
)
_BEFORE = re.compile(r"\b(?:in|by) (?:terms of )?(?P<en>[\w\s]+?)[,:]?\s+(?:the\s+)?$", re.I)
_AND = re.compile(r",\s*(?:and\s+)?|\s+and\s+|と|や|、|および|及び")
_MOST = 6


def parts(question: Question) -> tuple[str, ...]:
    """Return the questions that a question consists of; none where it is one question about one thing.

    >>> from bunko.question.question import parse_question
    >>> parts(parse_question("Compare Varn and Hest in area."))
    ('Compare Varn in area.', 'Compare Hest in area.')
    >>> parts(parse_question("Why did the mill close, and how was it sold?"))
    ('Why did the mill close', 'how was it sold?')
    """
    asked = question.text.removeprefix(question.before)
    clauses = [clause.strip() for clause in _JOINT.split(asked) if clause and clause.strip()]
    joined = clauses if len(clauses) > 1 and all(map(_ASKS.search, clauses)) else []
    return tuple(dict.fromkeys([*joined, *parts_by_name(question)]))[:_MOST]


def parts_by_name(question: Question) -> list[str]:
    """Return the question once for each of the names that it joins, without the others; none where it joins none.

    >>> from bunko.question.question import parse_question
    >>> parts_by_name(parse_question("How do Varn and Hest differ?"))
    ['How do Varn differ?', 'How do Hest differ?']
    """
    found = _series(question)
    if found is None:
        return []
    head, named, tail = found
    return [f"{head}{name}{tail}" for name in named]


def things_by_aspect(question: Question) -> list[str]:
    """Return what to search for where things are compared: each with each aspect, or each without the others.

    >>> from bunko.question.question import parse_question
    >>> things_by_aspect(parse_question("Compare Varn and Hest in area and age."))
    ['What is the area of Varn?', 'What is the age of Varn?', 'What is the area of Hest?', 'What is the age of Hest?']
    >>> things_by_aspect(parse_question("How do Varn and Hest differ?"))
    ['How do Varn differ?', 'How do Hest differ?']
    """
    found = _series(question)
    if found is None:
        return []
    head, named, tail = found
    match = _ASPECTS.match(tail) or _BEFORE.search(head)
    if match is None:
        return parts_by_name(question)
    english = match["en"]
    aspects = [text for text in _AND.split(english or match["ja"]) if text.strip()]
    form = "What is the {aspect} of {name}?" if english else "{name}の{aspect}は？"
    return [form.format(name=name, aspect=aspect.strip()) for name in named for aspect in aspects][:_MOST]


def compares_aspects(question: Question) -> bool:
    """Return whether a question says in what its things are compared."""
    return things_by_aspect(question) != parts_by_name(question)


def _series(question: Question) -> tuple[str, list[str], str] | None:
    """Return what stands before the names that a question joins, the names, and what follows; None if it joins none."""
    text = question.text
    places: list[tuple[int, int]] = []
    for name in question.names:
        if (start := text.find(name.text, places[-1][1] if places else 0)) >= 0:
            places.append((start, start + len(name.text)))
    series: list[tuple[int, int]] = []
    for before, after in pairwise(places):
        if _NAMES_JOINED.match(text[before[1] : after[0]]):
            if series and series[-1] != before:  # the first series only: "Varn and Hest in the EU and NATO"
                break
            series += [after] if series else [before, after]
    if len(series) < 2:
        return None
    return text[: series[0][0]], [text[start:end] for start, end in series], text[series[-1][1] :]
