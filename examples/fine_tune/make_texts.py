"""Make up a folder of documents, and questions of which two fifths have no answer there.

usage: python make_texts.py OUT [--documents 120] [--seed 0] [--unseen]

For trying the example without documents and questions of your own. Everything in them is invented, so that no model can
know it. Each section omits some of the facts that others have: a question about these has no answer, though
everything around looks as if there were one. --unseen words the questions as they are not worded without it: a test
must not reward a model for having learnt the questions by heart.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Maker = Callable[[random.Random], str]
FIRST = "Ada Bram Clara Dirk Edda Frode Greta Hugo Ines Jonas Karin Lars Mira Nils Oda Piet Rosa Sven Tilda Ulf".split()
LAST = "Ahlin Brandt Corvin Dahl Ekman Falk Gren Holm Isaks Kern Lund Moor Nyman Osk Palm Rask Storm Thorn Wirt".split()
BEGIN = "Ash Birk Cold Dun East Fal Gar Har Iron Kel Lang Mill Nor Oak Pen Red Stan Thorn Wal Yar".split()
END = "bridge by dale field ford gate ham holm mere mouth ness port stead ton vik wick wold".split()
GOODS = "barley,clay pipes,dried fish,glass beads,honey,lace,linen,paper,roof slates,rope,salt,wool".split(",")
WOODS = "ash,black oak,elm,larch,pine,walnut".split(",")
CAUSES = (
    "a fire in the engine room,a flood in spring,a quarrel about the toll,the frost of that winter,"
    "a lack of coal,the collapse of its roof"
).split(",")
FILLER = [
    "Little is written about the time before.",
    "Visitors come mostly in summer.",
    "Photographs of it hang in the town hall.",
    "Opinions about this differ to the present day.",
    "The archive was moved twice, and some papers were lost.",
    "A small society looks after its memory.",
]
SHARE_TOLD = 0.6


def person(chance: random.Random) -> str:
    """Return a name, such as Ada Dahl."""
    return f"{chance.choice(FIRST)} {chance.choice(LAST)}"


def place(chance: random.Random) -> str:
    """Return a name, such as Oakmouth."""
    return chance.choice(BEGIN) + chance.choice(END)


def year(chance: random.Random) -> str:
    """Return a year."""
    return str(chance.randrange(1650, 1995))


def number(least: int, most: int, unit: str) -> Maker:
    """Return what makes quantities."""
    return lambda chance: f"{chance.randrange(least, most):,} {unit}"


def one_of(*values: str) -> Maker:
    """Return what chooses."""
    return lambda chance: chance.choice(values)


def two_of(values: list[str]) -> Maker:
    """Return what chooses two, joined by "and"."""
    return lambda chance: " and ".join(chance.sample(values, 2))


@dataclass(frozen=True)
class Fact:
    """A fact about a subject, {s}; its value is {v}."""

    value: Maker
    statements: tuple[str, ...]
    asked: tuple[str, ...]
    """The last wording is kept for questions that the training has not seen."""


MADE = Fact(
    person,
    ("It was designed by {v}.", "{v} drew the plans for {s}.", "The plans for {s} were the work of {v}."),
    ("Who designed {s}?", "Who drew the plans for {s}?", "{s} was designed by whom?", "Whose design was {s}?"),
)
COST = Fact(
    number(2, 900, "thousand crowns"),
    ("Building it cost {v}.", "The bill for {s} came to {v}.", "{v} had been spent on {s} in the end."),
    (
        "How much did {s} cost?",
        "What was the cost of {s}?",
        "What was spent on {s}?",
        "How expensive was {s} to build?",
    ),
)
CLOSED = Fact(
    year,
    ("It was closed in {v}.", "{s} was given up in {v}.", "Since {v} it has stood empty."),
    (
        "When was {s} closed?",
        "In what year was {s} given up?",
        "Until when was {s} in use?",
        "What year did {s} close?",
    ),
)
WHY = Fact(
    one_of(*CAUSES),
    ("{v} brought work to a halt for a year.", "Because of {v}, it stood still for months.",
     "It was {v} that stopped {s} for a while."),
    ("What stopped {s} for a time?", "Why did {s} stand still?", "What interrupted the work of {s}?",
     "What was the reason that {s} came to a halt?"),
)  # fmt: skip
SUBJECTS: dict[str, tuple[Maker, tuple[Fact, ...]]] = {
    "town": (
        place,
        (
            Fact(person, ("It was founded by {v}.", "{v} founded {s} on an empty shore.", "The founder was {v}."),
                 ("Who founded {s}?", "Who was the founder of {s}?", "By whom was {s} founded?",
                  "Who established {s}?")),
            Fact(year, ("{s} received its charter in {v}.", "Its charter dates from {v}.", "In {v} it became a town."),
                 ("When did {s} receive its charter?", "From what year is the charter of {s}?",
                  "In which year did {s} become a town?", "When was {s} given a charter?")),
            Fact(number(800, 90_000, "people"),
                 ("{v} live there.", "The last census counted {v} in {s}.", "Its population is {v}."),
                 ("How many people live in {s}?", "What is the population of {s}?", "How many souls has {s}?",
                  "How many inhabitants does {s} have?")),
            Fact(two_of(GOODS), ("It lives by {v}.", "{s} sells {v} to the towns around.", "The main goods are {v}."),
                 ("What does {s} sell?", "What are the main goods of {s}?", "By what does {s} live?",
                  "Which products is {s} known for?")),
            Fact(place, ("The river {v} runs through it.", "{s} lies on the river {v}.", "The river there is the {v}."),
                 ("On which river does {s} lie?", "What river runs through {s}?", "What is the river of {s} called?",
                  "Which river flows through {s}?")),
            Fact(person, ("{v} is its mayor.", "The mayor of {s} is {v}.", "{v} was elected mayor last year."),
                 ("Who is the mayor of {s}?", "Who was elected mayor of {s}?", "What is the name of the mayor of {s}?",
                  "Who governs {s} as mayor?")),
        ),
    ),
    "bridge": (
        lambda chance: f"the {place(chance)} Bridge",
        (
            MADE, COST, CLOSED,
            Fact(number(40, 900, "metres"), ("It is {v} long.", "{s} has a length of {v}.", "Its span measures {v}."),
                 ("How long is {s}?", "What is the length of {s}?", "How far does {s} reach from end to end?",
                  "What length does {s} have?")),
            Fact(one_of(*WOODS), ("Its piles are of {v}.", "The piles under {s} were cut from {v}.",
                                  "For the piles {v} was chosen."),
                 ("What are the piles of {s} made of?", "From which wood are the piles of {s}?",
                  "What wood was used for the piles of {s}?", "Which timber carries {s}?")),
        ),
    ),
    "works": (
        lambda chance: f"the {place(chance)} Works",
        (
            MADE, CLOSED, WHY,
            Fact(two_of(GOODS), ("It made {v}.", "{s} turned out {v}.", "Its products were {v}."),
                 ("What did {s} make?", "What were the products of {s}?", "What was made at {s}?",
                  "What goods did {s} produce?")),
            Fact(number(12, 2_400, "workers"), ("It had {v}.", "{s} employed {v}.", "On the payroll were {v}."),
                 ("How many workers did {s} have?", "How many people did {s} employ?",
                  "What was the number of workers at {s}?", "How large was the workforce of {s}?")),
            Fact(person, ("It belonged to {v}.", "The owner of {s} was {v}.", "{v} owned it."),
                 ("Who owned {s}?", "To whom did {s} belong?", "Who was the owner of {s}?", "Whose property was {s}?")),
        ),
    ),
    "ship": (
        lambda chance: f"the {chance.choice(['Gull', 'Petrel', 'Heron', 'Plover', 'Tern'])} of {place(chance)}",
        (
            COST,
            Fact(person, ("{v} was her captain.", "The captain of {s} was {v}.", "She sailed under {v}."),
                 ("Who was the captain of {s}?", "Who commanded {s}?", "Under whom did {s} sail?",
                  "Who captained {s}?")),
            Fact(place, ("She was built in {v}.", "{s} came from a yard in {v}.", "The yard stood in {v}."),
                 ("Where was {s} built?", "From what town's yard did {s} come?", "In which town was {s} built?",
                  "Where was the yard of {s}?")),
            Fact(year, ("She was launched in {v}.", "{s} first touched water in {v}.", "The launch was in {v}."),
                 ("When was {s} launched?", "In what year did {s} first touch water?", "What year was {s} launched in?",
                  "When did the launch of {s} take place?")),
            Fact(two_of(GOODS), ("She carried {v}.", "{s} was loaded with {v}.", "In the hold were {v}."),
                 ("What did {s} carry?", "What was {s} loaded with?", "What was in the hold of {s}?",
                  "What cargo did {s} have?")),
        ),
    ),
}  # fmt: skip


def section(name: str, facts: tuple[Fact, ...], chance: random.Random) -> tuple[str, list[tuple[Fact, str]]]:
    """Return a text with some of the facts, and each fact with its value, "" if the text does not have it."""
    sentences, known = [], []
    for fact in facts:
        value = fact.value(chance) if chance.random() < SHARE_TOLD else ""
        known.append((fact, value))
        if value:
            sentences.append(capitalised(chance.choice(fact.statements).format(s=name, v=value)))
    sentences += chance.sample(FILLER, 2)
    chance.shuffle(sentences)
    return f"## {capitalised(name)}\n\n{' '.join(sentences)}", known


def capitalised(text: str) -> str:
    """Return a text with its first letter in capitals."""
    return text[:1].upper() + text[1:]


def main() -> None:
    """Write OUT/documents and OUT/questions.jsonl."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--documents", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--unseen", action="store_true")
    asked = parser.parse_args()

    chance = random.Random(asked.seed)
    named: set[str] = set()
    (asked.out / "documents").mkdir(parents=True, exist_ok=True)
    with (asked.out / "questions.jsonl").open("w", encoding="utf-8") as questions:
        for document in range(asked.documents):
            parts = []
            for kind in chance.sample(sorted(SUBJECTS), 3):
                name, facts = SUBJECTS[kind]
                subject = name(chance)
                while subject in named:
                    subject = name(chance)
                named.add(subject)
                text, known = section(subject, facts, chance)
                parts.append(text)
                for fact, value in known:
                    wording = fact.asked[-1] if asked.unseen else chance.choice(fact.asked[:-1])
                    row: dict[str, object] = {"question": capitalised(wording.format(s=subject))}
                    row |= {"answers": [value]} if value else {"unanswerable": True}
                    questions.write(json.dumps(row | {"file": f"{document:03}.md"}) + "\n")
            (asked.out / "documents" / f"{document:03}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
