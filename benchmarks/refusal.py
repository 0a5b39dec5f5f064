"""Measure which questions are refused: by Bunko at every strictness, and by a plain prompt that says "I don't know".

usage: python benchmarks/refusal.py --folder F --questions Q.jsonl [--model M] [--limit 300] [--what both] [--out F]

The questions have `answers` and `unanswerable`, as those of `bunko eval`. With --leave-out N, every Nth document is
left out of the library, and the questions of its `file` become unanswerable: for sets that have none of their own.

Each question runs through the whole pipeline at the strictness that is set; a refused one is asked again at 0, so that
there is an answer to judge. The other rows of the table follow from `Answer.support`, the strictness above
which a question is refused. "baseline" is the usual wording (answer from these sources, else say I don't know), with
the same quotes and the same model.

precision    of the refused questions, those that are unanswerable
recall       of the unanswerable questions, those refused
f1           of the two
too_much     of the answerable questions, those refused
right        of the questions that were answered, those answered rightly (gold within 20 words)
aurc         the area under the risk-coverage curve: questions in falling order of confidence, the share of wrong ones
             among the first n, mean over n (Geifman, Uziel, El-Yaniv 2019, "Bias-reduced uncertainty estimation for
             deep neural classifiers"). An answer to an unanswerable question is wrong. Where confidences are equal,
             every order among them is as likely. Beside it: that of an order by chance (the share of wrong answers),
             and of the best order there is.
auroc        the probability that an answerable question has more support than an unanswerable one; .5 is chance
refuse_ms    time of the decision, median
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bunko.answering.finding import find
from bunko.answering.refusal import support
from bunko.config import load_settings
from bunko.evaluation.metrics import begins_right
from bunko.injection.control_tokens import neutralise
from bunko.language.detection import detect_language
from bunko.library import Library, open_library
from bunko.ports import GenerationOptions
from bunko.question.question import parse_question
from bunko.retrieval.evidence import select, trusted
from bunko.settings import apply_overrides
from bunko.stopwatch import Stopwatch
from bunko.types import Message

_SURE = 10.0  # in place of infinity, which JSON does not have
STEPS = (0.25, 0.5, 0.6, 0.75, 0.9, 1.0)
_PLAIN = {
    "en": "Answer the question using only the sources below. "
    "If the sources do not contain the answer, say I don't know.",
    "ja": "以下の資料だけを使って質問に答えてください。資料に答えがない場合は「わかりません」と答えてください。",
}
_QUESTION = {"en": "Question:", "ja": "質問:"}
_DOES_NOT_KNOW = re.compile(
    r"\bI (?:do not|don['’]t|can['’]?not|can['’]t) (?:know|find|answer|determine)|\bI am not sure"
    r"|\bnot (?:mentioned|provided|stated|specified|contained|given|included|found|known)\b"
    r"|\b(?:sources?|text|context|information) (?:do|does|did) ?(?:not|n['’]t)\b|\bno information\b|\bunknown\b"
    r"|わかりません|分かりません|不明です|記載(?:されて(?:い)?(?:ない|ません)|は?ありません)|書かれていま?せん|情報は?(?:あり|含まれ)ません",
    re.IGNORECASE,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--questions", required=True)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--what", choices=["ours", "baseline", "both"], default="both")
    parser.add_argument("--limit", type=int, default=300)
    parser.add_argument("--leave-out", type=int, default=0, metavar="N")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--out", help="also write the figures, and every question, to this JSON file")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in Path(arguments.questions).read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory(prefix="bunko-bench-") as scratch:
        folder = Path(arguments.folder)
        if arguments.leave_out:
            folder, rows = leave_out(folder, rows, every=arguments.leave_out, to=Path(scratch, "documents"))
        overrides = {"model": arguments.model, "store": str(Path(scratch, "store"))}
        overrides |= dict(pair.split("=", 1) for pair in arguments.set)
        with open_library(folder, settings=load_settings(overrides=overrides)) as library:
            library.sync()
            results = {
                name: measure(library, rows[: arguments.limit])
                for name, measure in (("ours", ours), ("baseline", baseline))
                if arguments.what in (name, "both")
            }
    figures = {name: figures_of(lines) for name, lines in results.items()}
    if arguments.out:
        kept = {"model": arguments.model, "folder": Path(arguments.folder).name, "figures": figures, "lines": results}
        Path(arguments.out).write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
    for name, found in figures.items():
        print(f"{name}, {arguments.model}\n{table(found)}")


def leave_out(folder: Path, rows: list[dict], *, every: int, to: Path) -> tuple[Path, list[dict]]:
    """Return a copy of the folder without every nth document, and the questions: of those, they are unanswerable."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and ".bunko" not in path.parts)
    gone = {path.relative_to(folder).as_posix() for path in files[::every]}
    for path in files:
        name = path.relative_to(folder).as_posix()
        if name not in gone:
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, to / name)
    return to, [row | ({"unanswerable": True, "answers": []} if row.get("file") in gone else {}) for row in rows]


def ours(library: Library, rows: list[dict]) -> list[dict]:
    settings = library.settings
    lines = []
    for row in with_progress(rows):
        answer = library.ask(row["question"])
        refused = answer.refused
        supported = answer.support
        began = time.perf_counter()
        support(parse_question(row["question"]), answer.hits, answer.evidence, spec=library.embedder.spec)
        took = (time.perf_counter() - began) * 1000
        if refused:
            answer = library.ask(row["question"], settings=apply_overrides(settings, {"answers.strictness": 0}))
            supported = min(supported, answer.support)
        lines.append(
            line_of(row, answer.text, refused=refused, confidence=min(supported, _SURE))
            | {"refuse_ms": took, "total_ms": answer.timings.get("total", 0.0)}
        )
    return lines


def baseline(library: Library, rows: list[dict]) -> list[dict]:
    options = GenerationOptions(max_tokens=64)
    lines = []
    for row in with_progress(rows):
        question = row["question"]
        hits, vector = find(
            parse_question(question), library.store, library.embedder, settings=library.settings, watch=Stopwatch()
        )
        shown = trusted(
            select(parse_question(question), hits, library.embedder, vector=vector, settings=library.settings.evidence)
        )
        language = "ja" if detect_language(question) == "ja" else "en"
        sources = "\n".join(neutralise(" ".join(item.quote.split())) for item in shown)
        messages = [
            Message(role="system", content=_PLAIN[language]),
            Message(role="user", content=f"{sources}\n\n{_QUESTION[language]} {question}"),
        ]
        text = "".join(piece.text for piece in library.generator.stream(messages, options=options)).strip()
        refused = not text or bool(_DOES_NOT_KNOW.search(text))
        lines.append(line_of(row, text, refused=refused, confidence=float(not refused)))
    return lines


def with_progress(rows: list[dict]) -> Any:
    for n, row in enumerate(rows, 1):
        yield row
        if n % 25 == 0:
            print(f"{n} of {len(rows)}", file=sys.stderr, flush=True)


def line_of(row: dict, text: str, *, refused: bool, confidence: float) -> dict:
    right = not row["unanswerable"] and bool(begins_right(text, row["answers"], question=row["question"]))
    known = {name: row.get(name) for name in ("id", "question", "unanswerable")}
    return known | {"answer": text, "right": right, "refused": refused, "confidence": confidence}


def figures_of(lines: Sequence[dict]) -> dict[str, Any]:
    rows = {"as set": decided(lines, [line["refused"] for line in lines])}
    if "refuse_ms" in lines[0]:
        rows |= {f"{step:g}": decided(lines, [line["confidence"] < step for line in lines]) for step in STEPS}
    answerable = [line["confidence"] for line in lines if not line["unanswerable"]]
    others = [line["confidence"] for line in lines if line["unanswerable"]]
    wrong = [(line["confidence"], not line["right"]) for line in lines]
    figures: dict[str, Any] = {
        "questions": len(lines),
        "unanswerable": len(others),
        "rows": rows,
        "auroc": auroc(answerable, others) if others and answerable else None,
        "aurc": aurc(wrong),
        "aurc_by_chance": sum(is_wrong for _, is_wrong in wrong) / len(wrong),
        "aurc_best": aurc([(float(not is_wrong), is_wrong) for _, is_wrong in wrong]),
    }
    if "refuse_ms" in lines[0]:
        figures["refuse_ms"] = statistics.median(line["refuse_ms"] for line in lines)
        figures["total_ms"] = statistics.median(line["total_ms"] for line in lines)
    return rounded(figures)


def decided(lines: Sequence[dict], refused: Sequence[bool]) -> dict[str, float | None]:
    """Return the figures for refusing these."""
    pairs = list(zip(lines, refused, strict=True))
    hits = sum(line["unanswerable"] for line, is_refused in pairs if is_refused)
    count, unanswerable = sum(refused), sum(line["unanswerable"] for line in lines)
    answered = [line["right"] for line, is_refused in pairs if not is_refused]
    return {
        "refused": count / len(lines),
        "precision": hits / count if count else None,
        "recall": hits / unanswerable if unanswerable else None,
        "f1": 2 * hits / (count + unanswerable) if count + unanswerable else None,
        "too_much": (count - hits) / (len(lines) - unanswerable) if len(lines) > unanswerable else None,
        "right": sum(answered) / len(answered) if answered else None,
    }


def aurc(lines: Sequence[tuple[float, bool]]) -> float:
    """Return the area for (confidence, is wrong) pairs.

    >>> aurc([(0.9, False), (0.1, True)]), aurc([(0.1, False), (0.9, True)]), aurc([(0.5, False), (0.5, True)])
    (0.25, 0.75, 0.5)
    """
    done, errors, total = 0, 0.0, 0.0
    for _, group in itertools.groupby(sorted(lines, key=lambda line: -line[0]), key=lambda line: line[0]):
        wrong = [is_wrong for _, is_wrong in group]
        share = sum(wrong) / len(wrong)
        for _ in wrong:
            done, errors = done + 1, errors + share
            total += errors / done
    return total / len(lines)


def auroc(higher: Sequence[float], lower: Sequence[float]) -> float:
    """Return how often one of the first is above one of the second; a tie counts half."""
    return sum((a > b) + 0.5 * (a == b) for a in higher for b in lower) / (len(higher) * len(lower))


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(item) for name, item in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def table(figures: dict[str, Any]) -> str:
    names = list(next(iter(figures["rows"].values())))
    lines = [["strictness", *names], ["---"] * (len(names) + 1)]
    lines += [[step, *(shown(row[name]) for name in names)] for step, row in figures["rows"].items()]
    rest = ", ".join(f"{name} {shown(value)}" for name, value in figures.items() if name != "rows")
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n{rest}\n"


def shown(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


if __name__ == "__main__":
    main()
