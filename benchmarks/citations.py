"""Measure how far citations can be trusted: of a model's answers, of a plain prompt's, and of sentences made wrong.

usage: python benchmarks/citations.py answers --folder F --questions Q.jsonl [--model M] [--style free] [--limit 150]
       python benchmarks/citations.py baseline …     the same quotes, "cite as [n], say I don't know", marks believed
       python benchmarks/citations.py corrupt --folder F --questions Q.jsonl [--answers FILE]
       python benchmarks/citations.py paraphrases --folder F --questions Q.jsonl [--model M]

Every question needs its `answers` and `file`. What is printed, one JSON line:
recall       of the questions with an answer, those where a cited span holds a gold string
precision    of the cited spans, those that are of the right file and hold a gold string; _all counts citations under
             questions without an answer as wrong ones
right_place  of the cited spans, those of the right file
supported    of the sentences of all answers, those with a verified citation (baseline: with a mark of a source)
span_chars   the median length of a cited span
ground_share time of verification over that of reading the prompt and writing, of the sums
Cited are verified citations only. `--dump` keeps every answer, for `corrupt --answers`.

`corrupt` asks no model. Right sentences are those of the evidence that hold the gold string, and with --answers the
sentences in a model's words that hold it. In each, one thing is changed: a number, a name (replaced by another one of
the folder), an added or removed "not", two names swapped. `caught` is the share called unsupported. Changes
that keep the meaning (a number in other figures, a surname alone, the words in another order) must not be:
`false_alarms`.

`paraphrases` compares sources with sentences that mean the same, and with others that don't (paraphrases.tsv), and
counts verified sentences: by words alone, with the embedder's similarity, with the model's opinion (--verify deep).
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import random
import re
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bunko.answering.finding import find
from bunko.answering.model_opinion import ModelOpinion, likeness_by
from bunko.config import load_settings
from bunko.evaluation.metrics import begins_right, holds_any
from bunko.grounding.citation_marks import take_marks
from bunko.grounding.ground import ground
from bunko.injection.control_tokens import neutralise
from bunko.language.sentences import sentences
from bunko.library import Library, open_library
from bunko.ports import GenerationOptions
from bunko.question.question import Question, parse_question
from bunko.retrieval.evidence import select
from bunko.stopwatch import Stopwatch
from bunko.types import Evidence, Message

# The wording that tutorials and frameworks use.
_PLAIN = (
    "Answer the question using only the numbered sources below. Cite the sources you use as [n]. "
    "If the sources do not contain the answer, say I don't know."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["answers", "baseline", "corrupt", "paraphrases"])
    parser.add_argument("--folder", required=True)
    parser.add_argument("--questions", required=True)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--style", default="auto")
    parser.add_argument("--limit", type=int, default=150)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--dump")
    parser.add_argument("--answers")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in Path(arguments.questions).read_text(encoding="utf-8").splitlines()]
    rows = rows[: arguments.limit]
    store = tempfile.mkdtemp(prefix="bunko-bench-")
    overrides = {"model": arguments.model, "store": store, "generation.style": arguments.style}
    overrides |= dict(pair.split("=", 1) for pair in arguments.set)
    runs = {"answers": answers, "baseline": baseline, "corrupt": corrupt, "paraphrases": paraphrases}
    run = runs[arguments.what]
    try:
        with open_library(arguments.folder, settings=load_settings(overrides=overrides)) as library:
            library.sync()
            figures = run(library, rows, arguments)
        print(json.dumps({"what": arguments.what, "model": arguments.model, "style": arguments.style} | figures))
    finally:
        shutil.rmtree(store, ignore_errors=True)


# --- answers ---------------------------------------------------------------------------------------------------------


def answers(library: Library, rows: list[dict], arguments: argparse.Namespace) -> dict:
    lines = []
    for n, row in enumerate(rows):
        answer = library.ask(row["question"])
        cited = [item for item in answer.citations if item.verified]
        supported = len({item.sentence for item in cited})
        lines.append(
            row
            | {
                "answer": answer.text,
                "cited": [[item.path, item.quote] for item in cited],
                "supported": supported,
                "sentences": supported + len(answer.unsupported),
                "unsupported": list(answer.unsupported),
                "evidence": [[item.path, item.start, item.quote, item.heading] for item in answer.evidence],
                "ground_ms": answer.timings.get("ground", 0.0),
                "generate_ms": answer.timings.get("read", 0.0) + answer.timings.get("write", 0.0),
            }
        )
        report(n, rows, lines, arguments.dump)
    return figures_of(lines)


def baseline(library: Library, rows: list[dict], arguments: argparse.Namespace) -> dict:
    generator, options = library.generator, GenerationOptions(max_tokens=library.settings.generation.max_tokens)
    lines = []
    for n, row in enumerate(rows):
        shown = evidence_for(library, row["question"])
        sources = "\n".join(f"[{i}] {neutralise(' '.join(e.quote.split()))}" for i, e in enumerate(shown, 1))
        messages = [
            Message(role="system", content=_PLAIN),
            Message(role="user", content=f"{sources}\n\nQuestion: {row['question']}"),
        ]
        text = "".join(piece.text for piece in generator.stream(messages, options=options)).strip()
        clean, marks = take_marks(text)
        numbers = {number for mark in marks for number in mark.numbers}
        spans = sentences(clean)
        marked = {max((a for a, _ in spans if a < mark.place), default=-1) for mark in marks} - {-1}
        lines.append(
            row
            | {
                "answer": text,
                # A number that no source has is a citation all the same, and a wrong one.
                "cited": [
                    [shown[i - 1].path, shown[i - 1].quote] if 0 < i <= len(shown) else ["", ""] for i in numbers
                ],
                "supported": len(marked),
                "sentences": len(spans),
                "unsupported": [],
                "evidence": [[e.path, e.start, e.quote, e.heading] for e in shown],
                "ground_ms": 0.0,
                "generate_ms": 1.0,
            }
        )
        report(n, rows, lines, arguments.dump)
    return figures_of(lines)


def report(n: int, rows: list[dict], lines: list[dict], dump: str | None) -> None:
    if dump:
        with Path(dump).open("a" if n else "w", encoding="utf-8") as file:
            file.write(json.dumps(lines[-1], ensure_ascii=False) + "\n")
    if n % 25 == 24:
        print(f"{n + 1} of {len(rows)}", file=sys.stderr, flush=True)


def figures_of(lines: list[dict]) -> dict:
    with_answer = [line for line in lines if line["answers"]]
    spans = [(line, path, quote) for line in lines for path, quote in line["cited"]]
    right = [is_right(line, path, quote) for line, path, quote in spans]
    answerable = [is_right(line, path, quote) for line, path, quote in spans if line["answers"]]
    return {
        "questions": len(lines),
        "with_answer": len(with_answer),
        "right_20": share(begins_right(x["answer"], x["answers"], question=x["question"]) for x in with_answer),
        "recall": share(any(is_right(x, path, quote) for path, quote in x["cited"]) for x in with_answer),
        "precision": share(answerable),
        "precision_all": share(right),
        "right_place": share(path == line["file"] for line, path, _ in spans if line["answers"]),
        "citations": len(spans),
        "supported": round(sum(x["supported"] for x in lines) / max(1, sum(x["sentences"] for x in lines)), 3),
        "sentences": sum(x["sentences"] for x in lines),
        "span_chars": statistics.median(len(quote) for _, _, quote in spans) if spans else None,
        "ground_share": round(sum(x["ground_ms"] for x in lines) / max(1.0, sum(x["generate_ms"] for x in lines)), 4),
    }


def is_right(row: dict, path: str, quote: str) -> bool:
    return path == row["file"] and holds_any([quote], row["answers"], question=row["question"])


def share(hits: Any) -> float | None:
    hits = list(hits)
    return round(sum(hits) / len(hits), 3) if hits else None


def evidence_for(library: Library, question: str) -> list[Evidence]:
    hits, vector = find(
        parse_question(question), library.store, library.embedder, settings=library.settings, watch=Stopwatch()
    )
    return select(parse_question(question), hits, library.embedder, vector=vector, settings=library.settings.evidence)


def paraphrases(library: Library, rows: list[dict], arguments: argparse.Namespace) -> dict:
    lines = Path(__file__).with_name("paraphrases.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [tuple(line.split("\t")) for line in lines]
    likeness, opinion = likeness_by(library.embedder), functools.cache(ModelOpinion(library.generator))
    means: dict[str, dict[str, Any]] = {
        "words": {},
        "likeness": {"likeness": likeness},
        "opinion": {"opinion": opinion},
        "both": {"likeness": likeness, "opinion": opinion},
    }
    figures: dict[str, Any] = {kind: sum(found == kind for found, _, _ in pairs) for kind in ("same", "other")}
    for name, given in means.items():
        verified: Counter[str] = Counter()
        for kind, source, sentence in pairs:
            shown = [Evidence(path="a", start=0, end=len(source), quote=source, score=1.0)]
            verified[kind] += not ground(sentence, shown, question=Question(text=""), **given).unsupported
        figures[f"verified by {name}"] = dict(verified)
    # The model's opinion alone, without the check of numbers and names.
    says_yes: Counter[str] = Counter(kind for kind, source, sentence in pairs if opinion(sentence, source))
    return figures | {"model says yes": dict(says_yes)}


# --- sentences made wrong --------------------------------------------------------------------------------------------

# Made apart from the program's own reading of numbers and names, which is what is measured.
_NUMBER = re.compile(r"(?<![\w.,])\d{1,4}(?:,\d{3})*(?![\w]|[.,]\d)|\d+(?=[年月日人%％])")
_NAME = re.compile(r"(?<=[a-z,] )(?!I\b)[A-Z][a-z]{3,}(?: [A-Z][a-z]{2,})*")
_KATAKANA = re.compile(r"[ァ-ヺー]{3,}")
_KANJI = re.compile(r"(?<![一-鿿々])[一-鿿々]{2,6}(?=[はがをのに、])")
_TURNED = {
    "である。": "ではない。",
    "であった。": "ではなかった。",
    "された。": "されなかった。",
    "している。": "していない。",
    "した。": "しなかった。",
}
_BE = re.compile(r"\b(was|were|is|are|has|had|can|could)\b(?! not)")


def corrupt(library: Library, rows: list[dict], arguments: argparse.Namespace) -> dict:
    chance = random.Random(0)
    cases = right_sentences(library, rows, arguments)
    pools = {
        pattern: sorted({found for _, sentence, _ in cases for found in pattern.findall(sentence)})
        for pattern in (_NAME, _KATAKANA, _KANJI)
    }
    wrong: dict[str, Callable[[str, str], str | None]] = {
        "number": lambda text, shown: other_number(text, shown, chance),
        "name": lambda text, shown: other_name(text, shown, pools, chance),
        "negation": lambda text, _: turned(text),
        "places": lambda text, _: changed_places(text),
    }
    right: dict[str, Callable[[str], str | None]] = {
        "as it is": lambda text: text,
        "other figures": other_figures,
        "other order": other_order,
    }
    figures: dict[str, Any] = {"sentences": len(cases)}
    caught_all = made_all = alarms_all = kept_all = 0
    misses: list[str] = []
    for name, change in wrong.items():
        made = [(text, row, shown) for row, sentence, shown in cases if (text := change(sentence, texts_of(shown)))]
        caught = [is_reported(*case) for case in made]
        misses += [f"{name}: {text}" for (text, _, _), hit in zip(made, caught, strict=True) if not hit]
        figures[f"caught: {name}"] = [share(caught), len(made)]
        if name in ("number", "name"):
            caught_all, made_all = caught_all + sum(caught), made_all + len(made)
    for name, keep in right.items():
        kept = [(text, row, shown) for row, sentence, shown in cases if (text := keep(sentence))]
        alarms = [is_reported(*case) for case in kept]
        misses += [f"alarm, {name}: {text}" for (text, _, _), hit in zip(kept, alarms, strict=True) if hit]
        figures[f"false alarms: {name}"] = [share(alarms), len(kept)]
        alarms_all, kept_all = alarms_all + sum(alarms), kept_all + len(kept)
    if arguments.dump:
        Path(arguments.dump).write_text("\n".join(misses), "utf-8")
    recall = caught_all / max(1, made_all)
    # As if as many sentences were wrong as right.
    alarm = alarms_all / max(1, kept_all)
    return figures | {"recall": round(recall, 3), "precision": round(recall / max(1e-9, recall + alarm), 3)}


def is_reported(text: str, row: dict, shown: list[Evidence]) -> bool:
    return bool(ground(text, shown, question=parse_question(row["question"])).unsupported)


def right_sentences(library: Library, rows: list[dict], arguments: argparse.Namespace) -> list[tuple]:
    if arguments.answers:
        lines = [json.loads(line) for line in Path(arguments.answers).read_text(encoding="utf-8").splitlines()]
        found = []
        for line in lines:
            shown = [
                Evidence(path=path, start=start, end=start + len(quote), quote=quote, heading=heading, score=1.0)
                for path, start, quote, heading in line["evidence"]
            ]
            clean = take_marks(line["answer"])[0]
            cut = [clean[a:b] for a, b in sentences(clean)]
            found += [(line, x, shown) for x in cut if holds_any([x], line["answers"], question=line["question"])]
        return [case for case in found if holds_any(texts_of(case[2]).split("\n"), case[0]["answers"], question="")]
    found = []
    for row in rows:
        shown = evidence_for(library, row["question"]) if row["answers"] else []
        for item in shown:
            if is_right(row, item.path, item.quote):
                found.append((row, item.quote, shown))
                break
    return found


def texts_of(shown: list[Evidence]) -> str:
    return "\n".join(f"{item.heading} {item.quote}" for item in shown)


def other_number(text: str, shown: str, chance: random.Random) -> str | None:
    places = list(_NUMBER.finditer(text))
    if not places:
        return None
    place = chance.choice(places)
    value = int(place.group().replace(",", ""))
    for _ in range(20):
        other = max(2, value + chance.choice([-30, -11, -3, -1, 1, 2, 7, 20]))
        if other != value and str(other) not in shown and f"{other:,}" not in shown:
            return text[: place.start()] + str(other) + text[place.end() :]
    return None


def other_name(text: str, shown: str, pools: dict, chance: random.Random) -> str | None:
    places = [(match, pattern) for pattern in pools for match in pattern.finditer(text)]
    if not places:
        return None
    place, pattern = chance.choice(places)
    for _ in range(20):
        other = chance.choice(pools[pattern])
        if not any(part in shown for part in other.split()):
            return text[: place.start()] + other + text[place.end() :]
    return None


def turned(text: str) -> str | None:
    if re.search(r"\bnot\b|n't\b|ない|ません", text):
        return None
    if _BE.search(text):
        return _BE.sub(r"\1 not", text, count=1)
    for said, contrary in _TURNED.items():
        if text.endswith(said):
            return text.removesuffix(said) + contrary
    return None


def changed_places(text: str) -> str | None:
    """Let the first two names change places, if a verb and no "and" is between them."""
    found = list(_NAME.finditer(text))
    for one, other in itertools.pairwise(found):
        between = text[one.end() : other.start()]
        tied = re.search(r"\b\w+(?:ed|s) ", between) and " and " not in between and "," not in between
        if tied and one.group() != other.group() and len(between) < 40:
            return text[: one.start()] + other.group() + between + one.group() + text[other.end() :]
    return None


_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()


def other_figures(text: str) -> str | None:
    """Write a number otherwise: thousands apart, in full width, in words."""
    place = _NUMBER.search(text)
    if not place:
        return None
    said = place.group()
    value = int(said.replace(",", ""))
    if re.search(r"[\u3041-\u30ff\u3400-\u9fff]", text):
        other = said.translate({0x30 + n: 0xFF10 + n for n in range(10)})
    elif "," in said:
        other = said.replace(",", "")
    elif value < len(_WORDS) and value > 1 and not re.search(_MONTHS, text):
        other = _WORDS[value]
    else:
        return None
    return text[: place.start()] + other + text[place.end() :]


_MONTHS = r"January|February|March|April|May|June|July|August|September|October|November|December"


def other_order(text: str) -> str | None:
    """Put the part after the first comma first, where the sentence has just one."""
    parts = text.rstrip(".").split(", ")
    if len(parts) != 2 or not all(len(part.split()) > 3 for part in parts):
        return None
    return f"{parts[1][:1].upper()}{parts[1][1:]}, {parts[0]}."


if __name__ == "__main__":
    main()
