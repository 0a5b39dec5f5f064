"""The port for an entailment model, with a small real one: it knows a few words that imply others."""

from __future__ import annotations

from pathlib import Path

import pytest

import bunko
from bunko.errors import UsageError
from bunko.grounding.checks import Support
from bunko.grounding.facts import facts_of
from bunko.grounding.ground import Grounding, ground
from bunko.grounding.judge import Judge
from bunko.language.words import stem, words
from bunko.ports import Entailment
from bunko.question.question import Question
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Evidence

NO_QUESTION = Question(text="")
KINDS = {stem("poodle"): "dog", stem("spaniel"): "dog", "oak": "tree"}
APART = {("dog", "cat"), ("cat", "dog"), ("asleep", "awake"), ("awake", "asleep")}


class WordNet:
    """A deterministic model: a poodle is a dog, and what is asleep is not awake."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def judge(self, premise: str, hypothesis: str) -> Entailment:
        self.asked.append((premise, hypothesis))
        there = set(words(premise))
        there |= {KINDS[word] for word in there if word in KINDS}
        missing = [word for word in words(hypothesis) if word not in there]
        if any((word, other) in APART for word in missing for other in there):
            return Entailment(entailment=0.02, neutral=0.08, contradiction=0.9)
        if missing:
            return Entailment(entailment=0.1, neutral=0.8, contradiction=0.1)
        return Entailment(entailment=0.9, neutral=0.08, contradiction=0.02)


def check(sentence: str, source: str, model: WordNet) -> Grounding:
    shown = [Evidence(path="a.txt", start=0, end=len(source), quote=source, score=1.0)]
    return ground(sentence, shown, question=NO_QUESTION, entailment=model)


@pytest.mark.parametrize(
    ("sentence", "verified"),
    [
        ("A dog guards the old mill near the river.", True),
        ("A cat guards the old mill near the river.", False),
        ("An oak guards the mill.", False),
        ("A dog guards 12 mills near the river.", False),
    ],
)
def test_the_model_decides_where_words_are_missing_but_never_makes_up_a_number(sentence: str, verified: bool) -> None:
    found = check(sentence, "A poodle guards the old mill near the river.", WordNet())
    assert bool(found.unsupported) is not verified
    assert [item.verified for item in found.citations] == [verified]


def test_a_sentence_that_has_the_words_can_be_denied() -> None:
    source = "The guard of the mill was asleep when the fire began in the barn."
    sentence = "The guard of the mill was awake when the fire began in the barn."
    shown = [Evidence(path="a.txt", start=0, end=len(source), quote=source, score=1.0)]
    assert not ground(sentence, shown, question=NO_QUESTION).unsupported
    assert check(sentence, source, WordNet()).unsupported


def test_it_is_asked_once_for_a_sentence_and_not_for_a_quote() -> None:
    source = "A poodle guards the old mill near the river. The barn is empty."
    model = WordNet()
    check(f"{source} A dog guards the mill.", source, model)
    assert model.asked == [("A poodle guards the old mill near the river.", "A dog guards the mill.")]


@pytest.mark.parametrize(
    ("probabilities", "support"),
    [((0.5, 0.3, 0.2), Support.SUPPORTED), ((0.4, 0.4, 0.2), Support.OPEN), ((0.2, 0.3, 0.5), Support.MISSING)],
)
def test_the_likeliest_decides(probabilities: tuple[float, float, float], support: Support) -> None:
    entailment, neutral, contradiction = probabilities

    class Constant:
        def judge(self, premise: str, hypothesis: str) -> Entailment:
            return Entailment(entailment=entailment, neutral=neutral, contradiction=contradiction)

    source = Evidence(path="a.txt", start=0, end=30, quote="A poodle guards the mill.", score=1.0)
    judge = Judge([source], NO_QUESTION, None, None, Constant())
    verdict = judge._best(facts_of("A dog guards the mill."))
    assert verdict
    assert verdict.support is support


def test_a_library_asks_it(tmp_path: Path) -> None:
    tmp_path.joinpath("mill.txt").write_text("A poodle guards the old mill near the river.\n", encoding="utf-8")
    model = WordNet()
    said = FakeGenerator("A dog guards the old mill near the river.")
    settings = bunko.load_settings(overrides={"generation.style": "free", "answers.strictness": 0})
    with bunko.Library(
        tmp_path, settings=settings, embedder=FakeEmbedder(), generator=said, entailment=model
    ) as library:
        library.sync()
        answer = library.ask("Which animal guards the mill?")
    assert model.asked
    assert [item.verified for item in answer.citations] == [True]


def test_a_served_library_takes_none() -> None:
    with pytest.raises(UsageError, match="entailment"):
        bunko.open("http://127.0.0.1:9/books", entailment=WordNet())
