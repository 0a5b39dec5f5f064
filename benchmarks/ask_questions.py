"""Ask a folder a list of questions with Bunko, in one process, and print one JSON line of figures.

usage: python benchmarks/ask_questions.py --folder FOLDER --questions Q.jsonl [--model M] [--limit 40]

The keys are those of the baseline scripts that it is run beside (see beside_baseline.py):
ready_s      from the start of the process until a question can be asked and is answered from all documents
indexed_s    until every passage has its vector too
first_answer_s  from the start of the process until the first answer is whole
median_s     for one question, the engine being warm; evidence_s: until its quotes are there
right_20     share of answerable questions with a gold string within the answer's first 20 words
evidence_1   ... in the first quote; evidence_2: in the first two; answer_in_context: in what the model was given
peak_mb      of this process and its children together, sampled every 50 ms (proportional set size where there is one)
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import string
import sys
import tempfile
import threading
import time
from pathlib import Path

START = time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--questions", required=True)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--no-memory", action="store_true", help="don't sample memory, which takes time by itself")
    parser.add_argument("--dump", help="write every answer to this file")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in Path(arguments.questions).read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["answers"]][: arguments.limit]
    store = tempfile.mkdtemp(prefix="bunko-bench-")
    memory = None if arguments.no_memory else PeakMemory()
    try:
        figures = run(arguments, rows, store)
        print(json.dumps(figures | memory.stop() if memory else figures))
    finally:
        shutil.rmtree(store, ignore_errors=True)


def run(arguments: argparse.Namespace, rows: list[dict], store: str) -> dict:
    from bunko.config import load_settings
    from bunko.library import open_library
    from bunko.types import Finished, Retrieved

    overrides = {"model": arguments.model, "store": store, "generation.max_tokens": arguments.max_tokens}
    overrides |= dict(pair.split("=", 1) for pair in arguments.set)
    laps = {"import_s": lap()}
    with open_library(arguments.folder, settings=load_settings(overrides=overrides)) as library:
        library.warm_up()
        report = library.sync(vectors="few")
        library.generator.context_tokens()  # waits until the engine is up
        laps["ready_s"] = lap()
        begin = time.perf_counter()
        first = library.ask(rows[0]["question"])
        laps["first_question_s"] = round(time.perf_counter() - begin, 2)
        laps["first_answer_s"] = lap()
        begin = time.perf_counter()
        library.complete()
        laps["indexed_s"] = round(laps["ready_s"] + time.perf_counter() - begin, 2)
        answers, took, shown = [], [], []
        for row in rows:
            begin = time.perf_counter()
            for event in library.stream(row["question"]):
                if isinstance(event, Retrieved):
                    shown.append(time.perf_counter() - begin)
                elif isinstance(event, Finished):
                    answers.append(event.answer)
            took.append(time.perf_counter() - begin)
    if arguments.dump:
        lines = [
            json.dumps({**row, "answer": a.text, "evidence": [e.quote for e in a.evidence]}, ensure_ascii=False)
            for row, a in zip(rows, answers, strict=True)
        ]
        Path(arguments.dump).write_text("\n".join(lines) + "\n", encoding="utf-8")
    stages = {name: round(statistics.median(a.timings.get(name, 0) for a in answers), 1) for name in first.timings}
    return laps | {
        "files": report.documents,
        "chunks": report.chunks,
        "questions": len(rows),
        "median_s": round(statistics.median(took), 3),
        "evidence_s": round(statistics.median(shown), 4),
        "max_s": round(max(took), 2),
        **quality(rows, answers),
        "stages_ms": stages,
    }


def quality(rows: list[dict], answers: list) -> dict:
    pairs = list(zip(rows, answers, strict=True))

    def share(hits) -> float:
        return round(sum(hits) / len(pairs), 3)

    return {
        "right_20": share(holds(" ".join(a.text.split()[:20]), r) for r, a in pairs),
        "contains": share(holds(a.text, r) for r, a in pairs),
        "f1": round(sum(max(token_f1(a.text, gold) for gold in r["answers"]) for r, a in pairs) / len(pairs), 3),
        "evidence_1": share(any(holds(e.quote, r) for e in a.evidence[:1]) for r, a in pairs),
        "evidence_2": share(any(holds(e.quote, r) for e in a.evidence[:2]) for r, a in pairs),
        "answer_in_context": share(any(holds(e.quote, r) for e in a.evidence) for r, a in pairs),
        "context_words": statistics.median(sum(len(e.quote.split()) for e in a.evidence) for _, a in pairs),
        "answer_words": statistics.median(len(a.text.split()) for _, a in pairs),
    }


def lap() -> float:
    return round(time.perf_counter() - START, 2)


def normalise(text: str) -> str:
    """Fold as the SQuAD script does."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def holds(text: str, row: dict) -> bool:
    return any(normalise(gold) in normalise(text) for gold in row["answers"])


def token_f1(text: str, gold: str) -> float:
    said, wanted = normalise(text).split(), normalise(gold).split()
    common = sum(min(said.count(word), wanted.count(word)) for word in set(said))
    return 2 * common / (len(said) + len(wanted)) if common else 0.0


class PeakMemory:
    """Sample the memory of a process, by default this one, and its children together."""

    def __init__(self, number: int | None = None, *, every_s: float = 0.05) -> None:
        import psutil

        self._me = psutil.Process(number)
        self._every_s = every_s
        self._peak: list[int] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._done.wait(self._every_s):
            sample = self._sample()
            if sum(sample) > sum(self._peak):
                self._peak = sample

    def _sample(self) -> list[int]:
        import psutil

        sample = []
        try:
            processes = [self._me, *self._me.children(recursive=True)]
        except psutil.Error:  # it has just ended
            return sample
        for process in processes:
            try:
                memory = process.memory_full_info()
            except psutil.Error:
                continue
            sample.append(getattr(memory, "pss", 0) or memory.rss)
        return sample

    def stop(self) -> dict:
        """Return the peak in MB, in all and by process: this one first."""
        self._done.set()
        self._thread.join()
        return {"peak_mb": sum(self._peak) // 1_000_000, "peak_mb_by_process": [n // 1_000_000 for n in self._peak]}


if __name__ == "__main__":
    sys.exit(main())
