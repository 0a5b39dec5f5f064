"""Train, export and measure a reader: one command from data folders to a model with its card.

python -m training.reader.run --squad squad2-en --rows train --out reader-en
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from training.reader.cases import Case
from training.reader.data import Question
from training.reader.near_misses import near_misses
from training.reader.overlap import read_texts
from training.reader.own import load_own
from training.reader.plan import FIRST, SECOND
from training.reader.recipes import LICENCE, recipe_of

STEPS = ("train", "export", "evaluate")
ABLATIONS = ("own", "near-misses", "negatives", "pairs")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the steps that are asked for; each reads the files of the one before."""
    options = parser().parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    steps = {"train": _train, "export": _export, "evaluate": _evaluate}
    for step in options.steps:
        steps[step](options)


def parser() -> argparse.ArgumentParser:
    """Return the parser; its defaults are the plan's."""
    plan = FIRST
    made = argparse.ArgumentParser(description="Train the reader. training/reader/README.md says on what.")
    made.add_argument("--language", choices=("en", "ja"), default="en")
    made.add_argument("--squad", type=Path, required=True, help="a folder with corpus.jsonl and queries.jsonl")
    made.add_argument("--rows", type=Path, required=True, help="a folder with qed.jsonl, qamr.jsonl, jaquad and others")
    made.add_argument("--exclude", type=Path, nargs="*", default=[], help="folders of texts never to be trained on")
    made.add_argument("--count", type=Path, nargs="*", default=[], help="more texts for the Japanese vocabulary")
    made.add_argument("--out", type=Path, required=True)
    made.add_argument("--steps", nargs="+", default=[*STEPS], choices=STEPS)
    made.add_argument(
        "--round", choices=("first", "second"), default="first", help="second: with --start, our questions"
    )
    made.add_argument("--start", type=Path, help="weights to start from: reader.pt, or the reader.onnx that is shipped")
    made.add_argument(
        "--without", nargs="+", default=[], choices=ABLATIONS, help="parts of the second round, to see what each does"
    )
    made.add_argument("--resume", action="store_true", help="go on from reader.part in the folder of --out")
    made.add_argument("--processor-minutes", type=float, default=plan.processor_minutes)
    made.add_argument("--wall-minutes", type=float, default=plan.wall_minutes)
    made.add_argument("--workers", type=int, default=plan.workers)
    made.add_argument("--rate", type=float, help=f"default: {FIRST.rate:g}, in the second round {SECOND.rate:g}")
    made.add_argument("--passage-tokens", type=int, default=0, help="most of a passage that the program reads; 0: all")
    made.add_argument("--seed", type=int, default=plan.seed)
    made.add_argument("--held-out", type=int, nargs=2, default=(300, 150), metavar=("ANSWERABLE", "UNANSWERABLE"))
    return made


def _train(options: argparse.Namespace) -> None:
    import torch
    from training.reader.examples import tokenize
    from training.reader.train import load_progress, train

    recipe = recipe_of(options.language)
    questions = _questions(options)
    torch.manual_seed(options.seed)
    tokenizer, reader = recipe.base(options)
    if options.start:
        reader.load_state_dict(_weights(options.start))
    checkpoint = options.out / "reader.pt"
    done = load_progress(reader, checkpoint) if options.resume else 0.0
    plan = SECOND
    if options.round == "first":
        plan = replace(FIRST, short_crop=recipe.crops[0], long_crop=recipe.crops[1])
    plan = replace(
        plan,
        processor_minutes=options.processor_minutes,
        wall_minutes=options.wall_minutes,
        workers=options.workers,
        seed=options.seed,
        rate=options.rate or plan.rate,
        pair_weight=0.0 if "pairs" in options.without else plan.pair_weight,
        negatives=(1.0,) if "negatives" in options.without else plan.negatives,
    )
    counts = train(tokenize(questions, tokenizer), reader, plan=plan, checkpoint=checkpoint, done=done)
    read = Counter(f"{q.source}, {'answered' if q.span else 'unanswered'}" for q in questions)
    _write(options.out / "training.json", {"plan": asdict(plan), "counts": counts, "data": dict(sorted(read.items()))})


def _weights(file: Path) -> Any:
    if file.suffix == ".onnx":
        from training.reader.shipped import read_shipped

        return read_shipped(file)
    import torch

    return torch.load(file)


def _questions(options: argparse.Namespace) -> list[Question]:
    recipe = recipe_of(options.language)
    overlap = recipe.overlap(read_texts(options.exclude))
    questions = recipe.load(options.squad, options.rows, seed=options.seed)
    if options.round == "second":
        made = [] if "near-misses" in options.without else near_misses(questions, seed=options.seed)
        own = [] if "own" in options.without else load_own(options.language)
        questions += [*own, *made]
    touched = {passage for passage in {question.passage for question in questions} if overlap.touches(passage)}
    kept = [question for question in questions if question.passage not in touched]
    print(f"{len(kept)} questions; {len(questions) - len(kept)} left out for texts in --exclude", flush=True)
    return kept


def _export(options: argparse.Namespace) -> None:
    import torch
    from training.reader.export import export
    from training.reader.model import Reader

    weights = torch.load(options.out / "reader.pt")
    reader = Reader(rows=len(weights["word.weight"]))
    reader.load_state_dict(weights)
    export(reader, options.out, words=recipe_of(options.language).words)


def _evaluate(options: argparse.Namespace) -> None:
    from training.reader.card import write_card
    from training.reader.evaluate import OnnxReader, measure

    recipe = recipe_of(options.language)
    cases = recipe.cases(options)
    figures: dict[str, Any] = {}
    for name, file in (("float", "reader.float.onnx"), ("int8", "reader.onnx")):
        figures[name] = measure(OnnxReader(options.out / file, options.out / "tokenizer.json"), cases["test"])
        print(name, json.dumps(figures[name], indent=2), flush=True)
    figures["training"] = json.loads((options.out / "training.json").read_text(encoding="utf-8"))
    card = partial(
        write_card,
        options.out,
        data=list(recipe.data),
        licence=LICENCE,
        language=options.language,
        passage_tokens=options.passage_tokens,
    )
    card(figures=figures)
    least, through = _through_program(options.out, _parts(cases))
    print("program", json.dumps(through, indent=2), flush=True)
    card(figures={**figures, "program": through}, least_confidence=least)


def _parts(cases: dict[str, list[Case]]) -> dict[str, list[Case]]:
    """Return the cases to choose a number on, and those to test it on: every third question, where none are apart."""
    if "development" in cases:
        return cases
    test = cases["test"]
    return {"test": [case for n, case in enumerate(test) if n % 3], "development": test[::3]}


def _through_program(folder: Path, cases: dict[str, list[Case]]) -> tuple[float, dict[str, Any]]:
    """Return the least confidence, chosen on the development questions, and the figures of both parts with it."""
    from training.reader.program import least_confidence, mark_all, program_figures

    marked = {part: mark_all(folder, mine) for part, mine in cases.items()}
    least = least_confidence(marked["development"])
    return least, {part: program_figures(mine, marked[part], least=least) for part, mine in cases.items()}


def _write(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
