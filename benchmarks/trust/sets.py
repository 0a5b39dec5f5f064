"""Make the folders and questions that trust is fitted and tested on, from public question sets.

usage: python -m benchmarks.trust.sets DATA OUT

DATA has the folders squad2-en, clapnq, hotpotqa, jsquad-ja and train/jaquad, each with corpus.jsonl and queries.jsonl,
and perhaps input_txts with input_txts.questions.jsonl. OUT gets folders of texts and a file of questions for each part;
printed are the commands that collect the signals of all parts, our own texts included.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from training.reader.cases import sample_removing
from training.reader.data import HELD_OUT_ARTICLES
from training.reader.japanese import held_out_titles

HERE = Path(__file__).parent
Rows = list[dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for make in (squad2, clapnq, elsewhere, jsquad, own, input_txts):
        for part, folder, rows in make(options.data, options.out):
            file = options.out / f"{part}.jsonl"
            file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
            store = options.out / f"{folder.name}.store"
            print(f"python -m benchmarks.trust.collect '{folder}' '{file}' --part '{part}' --store '{store}'")


def squad2(data: Path, out: Path) -> Iterable[tuple[str, Path, Rows]]:
    """Yield the questions of the three articles that no reader is trained on."""
    folder, corpus = articles(data / "squad2-en", out / "squad2"), read(data / "squad2-en", "corpus")
    title_of = {row["id"]: row["title"] for row in corpus}
    rows = read(data / "squad2-en", "queries")
    for title in sorted(HELD_OUT_ARTICLES):
        mine = [row for row in rows if title_of.get(row["context_id"]) == title]
        yield f"squad2 {title}", folder, [*first(mine, 70, answered=True), *first(mine, 70, answered=False)]


def clapnq(data: Path, out: Path) -> Iterable[tuple[str, Path, Rows]]:
    """Yield the questions of search users in two halves."""
    folder, rows = articles(data / "clapnq", out / "clapnq"), read(data / "clapnq", "queries")
    half, other = rows[::2], rows[1::2]
    for part, mine in (("clapnq half", half), ("clapnq, other half", other)):
        yield part, folder, [*first(mine, 45, answered=True), *first(mine, 45, answered=False)]


def elsewhere(data: Path, out: Path) -> Iterable[tuple[str, Path, Rows]]:
    """Yield questions of one set, asked where nothing answers them; and those of hotpotqa, asked of its own."""
    squad_rows, clap_rows = read(data / "squad2-en", "queries"), read(data / "clapnq", "queries")
    yield "clapnq on squad2", out / "squad2", without_answers(first(clap_rows, 45, answered=True))
    yield "squad2 on clapnq", out / "clapnq", without_answers(first(squad_rows, 40, answered=True))
    hotpot = articles(data / "hotpotqa", out / "hotpotqa")
    yield "squad2 on hotpotqa", hotpot, without_answers(first(squad_rows, 30, answered=True))
    yield "hotpotqa", hotpot, first(read(data / "hotpotqa", "queries"), 40, answered=True)


def jsquad(data: Path, out: Path) -> Iterable[tuple[str, Path, Rows]]:
    """Yield questions of held-out articles; the passages of some are taken out, so that nothing answers these."""
    source = data / "jsquad-ja"
    for part, titles in held_out_titles(source).items():
        asked = sample_removing(source, titles, answerable=90, unanswerable=75)
        folder = articles(source, out / f"jsquad {part}", without=asked.without)
        yield f"jsquad {part}", folder, asked.rows
        if part == "test":
            others = [{**row, "answers": []} for row in read(data / "train" / "jaquad", "queries")]
            yield "jaquad on jsquad", folder, without_answers(first(others, 40))


def own(data: Path, out: Path) -> Iterable[tuple[str, Path, Rows]]:
    """Yield the questions over the texts of this folder."""
    rows = [json.loads(line) for line in (HERE / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    for group in ("answered", "off topic", "near miss"):
        yield f"our texts, {group}", HERE / "texts", [row for row in rows if row["group"] == f"own {group}"]


def input_txts(data: Path, out: Path) -> Iterable[tuple[str, Path, Rows]]:
    """Yield the English questions of a folder of reports, if it is there."""
    file = data / "input_txts.questions.jsonl"
    if file.exists():
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        yield "input_txts", data / "input_txts", [row for row in rows if row["lang"] == "en"]


def read(folder: Path, name: str) -> Rows:
    """Return the rows of `corpus.jsonl` or `queries.jsonl`."""
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def first(rows: Rows, count: int, *, answered: bool | None = None) -> Rows:
    """Return `count` rows in the order of the hashes of their questions: the same sample on every machine."""
    mine = [row for row in rows if answered is None or row["unanswerable"] is not answered]
    return sorted(mine, key=lambda row: hashlib.sha256(row["question"].encode()).hexdigest())[:count]


def without_answers(rows: Rows) -> Rows:
    """Return the questions as such that nothing answers."""
    return [{**row, "answers": [], "unanswerable": True} for row in rows]


def articles(source: Path, folder: Path, *, without: Collection[str] = ()) -> Path:
    """Write a text file for each article of a set, without some passages; return the folder."""
    texts: dict[str, list[str]] = defaultdict(list)
    for row in read(source, "corpus"):
        if row["id"] not in without:
            texts[row["title"]].append(row["text"])
    folder.mkdir(parents=True, exist_ok=True)
    for title, passages in texts.items():
        (folder / f"{title.replace('/', '-')}.txt").write_text("\n\n".join(passages), encoding="utf-8")
    return folder


if __name__ == "__main__":
    main()
