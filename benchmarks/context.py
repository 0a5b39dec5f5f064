"""Measure what a model of each ability would read: how much of what a good answer needs stands in the context.

usage: python benchmarks/context.py --work W SET [SET …]                   sets of passages, questions and qrels
       python benchmarks/context.py --work W FOLDER --questions Q.jsonl    a folder, and questions with nuggets

A SET is a folder with corpus.jsonl (id, title, text), queries.jsonl (id, question, answers, unanswerable, perhaps
selected_sentences) and qrels.tsv (query, passage, grade). All passages of a title become one Markdown file. Questions
without an answer are left out. Store, embedder and pipeline are the real ones; the model is `FakeGenerator` of each
ability, so that nothing depends on what a model writes. What --work keeps is used again by the next run.

vital, nuggets  vital recall and nugget recall (bunko.evaluation.nuggets), of the context / of the answer; "pooled": of
                all nuggets of all questions, otherwise the mean of the questions. The answer of a capable model is
                that of the fake one: it means nothing. Quotes as bullets and definitions are real answers.
sentences       of the selected sentences, those that stand in the context (pooled: of all; otherwise the mean)
all passages    share of the questions of which every needed passage is in the context; a passage is if half of its
                distinct words stand in what was read of its document
passages        mean share of the needed passages
gold            share of the questions with a gold string in the context
tokens          of the context, by estimate (a third too many): median and most
refused         questions refused without asking the model
ms              median time for a question, without the model's
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import statistics
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bunko.config import load_settings
from bunko.contract.serialise import to_json
from bunko.evaluation import nuggets
from bunko.evaluation.context import texts_read
from bunko.evaluation.metrics import holds_any
from bunko.evaluation.nuggets import Nugget, SearchedText
from bunko.evaluation.questions import read_questions
from bunko.language.words import estimate_tokens
from bunko.library import Library
from bunko.settings import Settings
from bunko.testing import FakeGenerator

PARAMETERS = {"tiny": 135_000_000, "small": 500_000_000, "capable": 0}
CONTEXT = 32_768
HALF = 0.5


@dataclass(frozen=True, kw_only=True)
class Needed:
    """A question, and what its context should have."""

    id: str
    question: str
    answers: tuple[str, ...] = ()
    nuggets: tuple[Nugget, ...] = ()
    sentences: tuple[str, ...] = ()
    passages: tuple[tuple[str, str], ...] = ()
    """Path and text of each."""


@dataclass(kw_only=True)
class Outcome:
    """What was read for a question."""

    needed: Needed
    kind: str
    refused: bool
    tokens: int
    documents: int
    milliseconds: float
    found: dict[str, list[bool]] = field(default_factory=dict)
    """By measure: whether each thing is there."""
    note: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET")
    parser.add_argument("--questions", type=Path, help="questions with nuggets; the SET is then a folder of documents")
    parser.add_argument("--work", type=Path, required=True, help="keep documents and indexes here")
    parser.add_argument("--abilities", nargs="+", default=list(PARAMETERS), choices=list(PARAMETERS))
    parser.add_argument("--limit", type=int, default=0, help="the first questions only")
    parser.add_argument("--context", type=int, default=CONTEXT, help="tokens of the model's context window")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any setting")
    parser.add_argument("--dump", type=Path, help="write a line of JSON for each question to this file")
    parser.add_argument("--show", action="store_true", help="print a line for each question")
    arguments = parser.parse_args()
    lines: list[str] = []
    for each in arguments.sets:
        root, needed = (each, from_nuggets(arguments.questions)) if arguments.questions else from_set(each, arguments)
        for ability, outcomes in ask_all(root, needed[: arguments.limit or None], arguments):
            print_figures(f"{each.name}, {ability}", outcomes)
            lines += [dumped(each.name, ability, outcome) for outcome in outcomes]
            if arguments.show:
                print_questions(outcomes)
    if arguments.dump:
        arguments.dump.write_text("\n".join(lines) + "\n", encoding="utf-8")


# --- the sets ----------------------------------------------------------------------------------------------------


def from_nuggets(path: Path) -> list[Needed]:
    return [
        Needed(id=str(each.id), question=each.text, answers=each.answers, nuggets=each.nuggets)
        for each in read_questions(path)
    ]


def from_set(folder: Path, arguments: argparse.Namespace) -> tuple[Path, list[Needed]]:
    """Write the documents of a set; return their folder, and the questions that have an answer."""
    passages = {row["id"]: row for row in rows_of(folder / "corpus.jsonl")}
    names = file_names([row["title"] for row in passages.values()])
    root = arguments.work / folder.name / "documents"
    write_documents(root, list(passages.values()), names)
    wanted: dict[str, list[str]] = {}
    with (folder / "qrels.tsv").open(encoding="utf-8", newline="") as stream:
        for query, passage, grade in csv.reader(stream, delimiter="\t"):
            if int(grade) > 0:
                wanted.setdefault(query, []).append(passage)
    return root, [
        Needed(
            id=str(row["id"]),
            question=row["question"],
            answers=tuple(row.get("answers", ())),
            sentences=tuple(row.get("selected_sentences", ())),
            passages=tuple((names[passages[key]["title"]], passages[key]["text"]) for key in wanted[row["id"]]),
        )
        for row in rows_of(folder / "queries.jsonl")
        if not row.get("unanswerable") and row["id"] in wanted
    ]


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def file_names(titles: Sequence[str]) -> dict[str, str]:
    """Return a file name for each title, made of the title's letters, that no other has in any case of letters."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for title in dict.fromkeys(titles):
        plain = unicodedata.normalize("NFC", re.sub(r"[^\w.,() -]+", " ", title)).strip(" .")[:80] or "untitled"
        name, n = f"{plain}.md", 1
        while name.casefold() in taken:
            n += 1
            name = f"{plain} {n}.md"
        taken.add(name.casefold())
        names[title] = name
    return names


def write_documents(root: Path, passages: Sequence[dict], names: dict[str, str]) -> None:
    texts: dict[str, list[str]] = {}
    for row in passages:
        texts.setdefault(row["title"], []).append(row["text"].strip())
    root.mkdir(parents=True, exist_ok=True)
    for title, parts in texts.items():
        text = "\n\n".join([f"# {title}", *parts]) + "\n"
        file = root / names[title]
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


# --- asking ------------------------------------------------------------------------------------------------------


def ask_all(root: Path, needed: Sequence[Needed], arguments: argparse.Namespace) -> Iterator[tuple[str, list[Outcome]]]:
    """Yield each ability with the outcomes of all questions. The index is made once."""
    settings = settings_of(root, arguments)
    with Library(root, settings=settings, generator=FakeGenerator()) as indexed:
        report = indexed.sync()
        if report.added or report.updated or report.removed:
            print(f"{report.documents} documents, {report.chunks} passages", file=sys.stderr)
        indexed.complete()
        for ability in arguments.abilities:
            generator = FakeGenerator(parameters=PARAMETERS[ability], context=arguments.context)
            with Library(root, settings=settings, embedder=NotClosed(indexed.embedder), generator=generator) as library:
                library.ask(needed[0].question)  # warm up
                yield ability, [ask(library, each) for each in needed]


def settings_of(root: Path, arguments: argparse.Namespace) -> Settings:
    name = root.parent.name if root.name == "documents" else root.name
    overrides = {"store": str(arguments.work.resolve() / name / "index")}
    return load_settings(overrides=overrides | dict(pair.split("=", 1) for pair in arguments.set))


class NotClosed:
    """An embedder that outlives the library."""

    def __init__(self, embedder) -> None:
        self.spec = embedder.spec
        self.embed_passages = embedder.embed_passages
        self.embed_query = embedder.embed_query
        self.count_tokens = embedder.count_tokens


def ask(library: Library, needed: Needed) -> Outcome:
    begin = time.perf_counter()
    answer = library.ask(needed.question)
    milliseconds = (time.perf_counter() - begin) * 1000
    read = dict(texts_read(to_json(answer)["evidence"]))
    outcome = Outcome(
        needed=needed,
        kind=answer.kind,
        refused=answer.refused,
        tokens=estimate_tokens("\n".join(read.values())) if read else 0,
        documents=len(read),
        milliseconds=milliseconds,
        note=answer.notes[0] if answer.refused and answer.notes else "",
    )
    outcome.found = measure(needed, read, "" if answer.refused else answer.text)
    return outcome


def measure(needed: Needed, read: dict[str, str], text: str) -> dict[str, list[bool]]:
    """Return, by measure, whether each needed thing is there."""
    texts, answer = [SearchedText(each) for each in read.values()], SearchedText(text)
    in_context = [nuggets.in_context(each, texts) for each in needed.nuggets]
    in_answer = [nuggets.in_answer(each, answer) for each in needed.nuggets]
    quoted = [any(nuggets.stands_in(each.quote or each.fact, text) for text in (answer,)) for each in needed.nuggets]
    vital = [each.vital for each in needed.nuggets]
    found = {
        "vital": [there for there, counts in zip(in_context, vital, strict=True) if counts],
        "nuggets": in_context,
        "vital of answer": [there for there, counts in zip(in_answer, vital, strict=True) if counts],
        "nuggets of answer": in_answer,
        "vital of answer, by quote": [there for there, counts in zip(quoted, vital, strict=True) if counts],
        "sentences": [any(nuggets.stands_in(each, text) for text in texts) for each in needed.sentences],
        "passages": [is_read(text, read.get(path, "")) for path, text in needed.passages],
        "gold": [holds_any(list(read.values()), needed.answers, question=needed.question)] if needed.answers else [],
    }
    return {name: values for name, values in found.items() if values}


def is_read(passage: str, read: str) -> bool:
    wanted = set(nuggets.tokens(passage))
    return len(wanted & set(nuggets.tokens(read))) >= HALF * len(wanted)


# --- printing ----------------------------------------------------------------------------------------------------


def print_figures(title: str, outcomes: Sequence[Outcome]) -> None:
    print(f"\n{title}: {len(outcomes)} questions")
    names = list(dict.fromkeys(name for each in outcomes for name in each.found))
    for name in names:
        values = [each.found[name] for each in outcomes if name in each.found]
        there, count = sum(map(sum, values)), sum(map(len, values))
        mean = statistics.mean(sum(each) / len(each) for each in values)
        print(f"  {name:28} {mean:.3f}   pooled {there / count:.3f} = {there}/{count}")
        if name == "passages":
            print(
                f"  {'all passages':28} {statistics.mean(map(all, values)):.3f} = {sum(map(all, values))}/{len(values)}"
            )
    tokens = [each.tokens for each in outcomes]
    print(f"  {'tokens':28} median {statistics.median(tokens):.0f}, most {max(tokens)}")
    print(f"  {'documents read':28} median {statistics.median(each.documents for each in outcomes):.0f}")
    print(f"  {'refused':28} {sum(each.refused for each in outcomes)}")
    print(f"  {'ms':28} median {statistics.median(each.milliseconds for each in outcomes):.0f}", flush=True)


def print_questions(outcomes: Sequence[Outcome]) -> None:
    for each in outcomes:
        parts = [f"{name} {sum(values)}/{len(values)}" for name, values in each.found.items()]
        refused = f"REFUSED ({each.note}) " if each.refused else ""
        print(
            f"    {each.needed.id} {refused}{each.kind} {each.tokens}: {', '.join(parts)} | {each.needed.question[:90]}"
        )


def dumped(name: str, ability: str, outcome: Outcome) -> str:
    row = {"set": name, "ability": ability, "id": outcome.needed.id, "question": outcome.needed.question}
    row |= {"kind": outcome.kind, "refused": outcome.refused, "tokens": outcome.tokens, "note": outcome.note}
    row |= {"documents": outcome.documents, "ms": round(outcome.milliseconds, 1), "found": outcome.found}
    return json.dumps(row, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
