"""Groups of copies and versions: against a comparison of all pairs, and in time that grows with the documents."""

from __future__ import annotations

import random
import time

from bunko.language.resemblance import PLACES, resemblance, sketch
from bunko.store.duplicates import groups_of
from bunko.versions import ALIKE, Sketched, newest_first

_WORDS = [f"{a}{b}{c}" for a in "bdfgklmn" for b in ("a", "e", "or", "i") for c in ("lt", "n", "st", "ck", "m")]


def sketched(path: str, text: str, *, facts: str = "", modified_s: float = 0.0) -> Sketched:
    return Sketched(path=path, digest=text, sketch=sketch(text), facts=facts, modified_s=modified_s)


def changed(text: str, share: float, chance: random.Random) -> str:
    return " ".join(chance.choice(_WORDS) if chance.random() < share else word for word in text.split())


def test_groups_are_those_of_all_pairs() -> None:
    chance = random.Random(7)
    documents: list[Sketched] = []
    for n in range(60):
        text = " ".join(chance.choice(_WORDS) for _ in range(chance.randrange(60, 600)))
        documents.append(sketched(f"{n}/0", text))
        for version in range(n % 4):
            documents.append(sketched(f"{n}/{version + 1}", changed(text, chance.choice([0, 0.05, 0.1]), chance)))
    found = {frozenset(one.path for one in group) for group in groups_of(documents)}
    wanted = set()
    for n in range(60):
        if n % 4:
            wanted.add(frozenset(one.path for one in documents if one.path.startswith(f"{n}/")))
    assert found == wanted
    for group in groups_of(documents):
        nearest = [max(resemblance(one.sketch, other.sketch) for other in group if other is not one) for one in group]
        assert min(nearest) >= ALIKE
    chance.shuffle(documents)
    assert {frozenset(one.path for one in group) for group in groups_of(documents)} == found


def test_short_texts_are_copies_only() -> None:
    texts = ["The fee is 5 euros.", "The fee is 7 euros.", "The fee is 5 euros."]
    groups = groups_of([sketched(f"{n}.txt", text) for n, text in enumerate(texts)])
    assert [[one.path for one in group] for group in groups] == [["2.txt", "0.txt"]]
    assert groups_of([]) == []


def test_many_documents_and_many_that_are_alike() -> None:
    """Twenty thousand that differ and five thousand of one form take about as long as their number."""
    chance = random.Random(3)
    documents = [
        Sketched(path=f"{n:05}", digest=str(n), sketch=chance.randbytes(2 * PLACES), facts="", modified_s=0.0)
        for n in range(20_000)
    ]
    form = bytearray(chance.randbytes(2 * PLACES))
    for n in range(5_000):
        one = bytearray(form)
        for _ in range(10):
            place = 2 * chance.randrange(PLACES)
            one[place : place + 2] = chance.randbytes(2)
        documents.append(Sketched(path=f"form {n}", digest=f"form {n}", sketch=bytes(one), facts="", modified_s=0.0))
    begin = time.process_time()
    (group,) = groups_of(documents)
    assert len(group) == 5_000
    assert time.process_time() - begin < 20


def test_the_newest() -> None:
    def order(*documents: Sketched) -> list[str]:
        return [one.path for one in newest_first(documents)]

    said = '{"created": "2023-01-01"}', '{"created": "2020-01-01", "modified": "2024-05-04T10:00:00"}'
    text = "x"
    assert order(*(sketched(path, text, facts=facts) for path, facts in zip("ab", said, strict=True))) == ["b", "a"]
    assert order(sketched("v2.txt", text, modified_s=900), sketched("v10.txt", text, modified_s=1)) == [
        "v10.txt",
        "v2.txt",
    ]
    assert order(sketched("規程2023.md", text), sketched("規程2024.md", text)) == ["規程2024.md", "規程2023.md"]
    assert order(sketched("a.txt", text, modified_s=1), sketched("b.txt", text, modified_s=900)) == ["b.txt", "a.txt"]
    assert order(sketched("plan (1).txt", text), sketched("plan.txt", text)) == ["plan.txt", "plan (1).txt"]
    assert order(sketched("copy of plan.txt", text), sketched("plan.txt", text)) == ["plan.txt", "copy of plan.txt"]
    same_day = '{"created": "2024-05-04"}', '{"created": "2024-05-04T10:00:00"}'
    assert order(*(sketched(path, text, facts=facts) for path, facts in zip("ba", same_day, strict=True))) == ["a", "b"]
