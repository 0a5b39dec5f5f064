"""Every example of the forms and kinds: questions about the folder, and ordinary ones that look alike."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from bunko.language.data_files import Pattern
from bunko.overview.forms import FormLanguage, read_forms
from bunko.overview.kinds import Kind, kind_of, read_kinds
from bunko.overview.plan import plan_of
from bunko.overview.types import Most, Task

FORMS = [
    pytest.param(pattern, id=f"{language} {n}: {pattern.name}")
    for language in get_args(FormLanguage)
    for n, pattern in enumerate(read_forms(language).patterns)
]


@pytest.mark.parametrize("form", FORMS)
def test_the_examples_of_a_form(form: Pattern) -> None:
    assert form.name in get_args(Task)
    assert form.matches
    for question in form.matches:
        plan = plan_of(question)
        assert plan, question
        assert plan.task == form.name, question
        bare = re.sub(r"[\s?!.。？]+$", "", question).replace("’", "'")
        assert re.fullmatch(form.regex, bare.translate(WIDE), re.I), question
    for question in form.passes:
        assert plan_of(question) is None, question


WIDE = str.maketrans("ＰＤＦ", "PDF")


@pytest.mark.parametrize("language", get_args(FormLanguage))
def test_superlatives_ask_for_files_that_can_be_found(language: FormLanguage) -> None:
    assert set(read_forms(language).most.values()) == set(get_args(Most))


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in read_kinds()])
def test_the_examples_of_a_kind(kind: Kind) -> None:
    assert kind.matches
    for noun in kind.matches:
        assert kind_of(noun) == kind.name, noun
    for noun in kind.passes:
        assert kind_of(noun) != kind.name, noun
