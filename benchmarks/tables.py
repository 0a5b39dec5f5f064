"""Measure the tables that are read from PDFs, beside other readers. In: a folder with ground truths. Out: a table.

    python benchmarks/tables.py DOCUMENTS --index INDEX.tsv --peer OTHER_VENV/bin/python --out RESULT.json

The index has the columns `file` and `ground_truth` (paths within the folder). The tables of a ground truth are its pipe
tables, or those framed with characters. A cell is right if the reader has a cell with the same text, in a row with the
same first cell, under the same header. In the same way, tables are measured that this script draws: with rules, between
three rules, with shaded rows, without rules, with merged cells, over two pages; in English and in Japanese. The peer's
Python needs pdfplumber, img2table and kreuzberg; those that are not there are left out.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import random
import re
import subprocess
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tests.reading.pdfs import Text, pdf

from bunko.reading.read import read_documents
from bunko.reading.text.tables import markdown_cells, markdown_tables
from bunko.settings import ReadingSettings
from bunko.types import Document

Table: TypeAlias = list[list[str]]
Triple: TypeAlias = tuple[str, str, str]
_FRAME = re.compile(r"^\s*\+-{3}[-+]*\+\s*\n(?:[^\S\n]*\|.*\n)+[^\S\n]*\+-{3}[-+]*\+\s*$", re.M)
_LEADERS = re.compile(r"(?:\. ?){8}")
_MARKS = re.compile(r"\bSM\d{6}\b|[●•◦□\uf000-\uf8ff]")
_PEERS = {
    "pdfplumber": """
import pdfplumber
def tables(path):
    with pdfplumber.open(path) as pdf:
        return [[[c or "" for c in row] for row in t] for page in pdf.pages for t in page.extract_tables()]
""",
    "img2table": """
from img2table.document import PDF
def tables(path):
    found = PDF(path, pdf_text_extraction=True).extract_tables(borderless_tables=False, implicit_rows=False)
    return [[[c.value or "" for c in row] for row in t.content.values()] for page in found.values() for t in page]
""",
    "img2table, borderless": """
from img2table.document import PDF
def tables(path):
    found = PDF(path, pdf_text_extraction=True).extract_tables(borderless_tables=True, implicit_rows=True)
    return [[[c.value or "" for c in row] for row in t.content.values()] for page in found.values() for t in page]
""",
    "Kreuzberg": """
from kreuzberg import extract_file_sync
def tables(path):
    return [t.cells for t in extract_file_sync(path).tables]
""",
}
_LOOP = """
import json, sys, time
for path in json.load(sys.stdin):
    begun = time.process_time()
    try:
        found = tables(path)
    except Exception as error:
        found, problem = [], type(error).__name__ + ": " + str(error)[:200]
    else:
        problem = ""
    seconds = time.process_time() - begun
    print("\\x1e" + json.dumps({"tables": found, "seconds": seconds, "problem": problem}), flush=True)
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A PDF, and the tables that it is known to have."""

    name: str
    path: Path
    truth: list[Table]
    group: str


@dataclass(kw_only=True)
class Score:
    """What a reader made of a group of PDFs."""

    cells: int = 0
    right: int = 0
    found: int = 0
    """Cells of the tables that it found, right or wrong."""
    tables: int = 0
    seconds: float = 0.0
    """Of the processor, on all cores."""
    pages: int = 0
    problems: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--index", type=Path, help="default: DOCUMENTS.INDEX.tsv beside the folder")
    parser.add_argument("--peer", help="the Python that has the other readers")
    parser.add_argument("--readers", nargs="*", choices=_PEERS, help="only these of the peer's")
    parser.add_argument("--drawn", type=int, default=10, help="tables to draw of each kind (default 10)")
    parser.add_argument("--out", type=Path, help="write the figures to this file, as JSON")
    parser.add_argument("--verbose", action="store_true", help="also print the cells that are not right")
    arguments = parser.parse_args()
    index = arguments.index or arguments.folder.with_name(f"{arguments.folder.name}.INDEX.tsv")
    with tempfile.TemporaryDirectory() as made:
        cases = [*_known(arguments.folder, index), *_drawn(Path(made), arguments.drawn)]
        readers = {"Bunko": [_bunko(case.path) for case in cases], "as lines of text": [_lines(c.path) for c in cases]}
        for name, source in _PEERS.items() if arguments.peer else ():
            if arguments.readers and name not in arguments.readers:
                continue
            readers[name] = list(_peer(arguments.peer, source, [str(case.path) for case in cases]))
        scores = {name: _scores(cases, results) for name, results in readers.items()}
        if arguments.verbose:
            _print_wrong(cases, readers["Bunko"])
    _print(scores)
    if arguments.out:
        plain = {name: {group: vars(score) for group, score in groups.items()} for name, groups in scores.items()}
        arguments.out.write_text(json.dumps(plain, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


# --- the truth ------------------------------------------------------------------------------------


def _known(folder: Path, index: Path) -> Iterator[Case]:
    """Yield the PDFs with a ground truth. A table of contents, with leader dots, is no table."""
    with index.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if row["ground_truth"]]
    for row in rows:
        if row["file"].endswith(".pdf") and not row["file"].startswith("pdf-scanned"):
            truth = [table for table in _tables_in(folder / row["ground_truth"]) if not _is_contents(table)]
            group = "PDFs with tables" if truth else "PDFs without tables"
            yield Case(name=row["file"], path=folder / row["file"], truth=truth, group=group)


def _tables_in(path: Path) -> list[Table]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return [_rows_of(text[span.start : span.end]) for span in markdown_tables(text)]
    return [table for match in _FRAME.finditer(text) if len((table := _framed(match.group()))[0]) > 1]


def _framed(text: str) -> Table:
    """Return the rows of a table that is framed with characters; rules are between the rows."""
    rows: Table = [[]]
    for line in text.split("\n"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not set(line.strip()) - set("|+- "):
            rows.append([])
        else:
            rows[-1] = [above + cell for above, cell in itertools.zip_longest(rows[-1], cells, fillvalue="")]
    return [row for row in rows if row]


def _rows_of(text: str) -> Table:
    lines = [line for line in text.split("\n") if line.strip()]
    return [markdown_cells(line) for line in lines if set(line) - set("|-: ")]


def _is_contents(table: Table) -> bool:
    return sum(bool(_LEADERS.search(" ".join(row))) for row in table) > 0.5 * len(table)


# --- readers --------------------------------------------------------------------------------------


def _bunko(path: Path) -> tuple[list[Table], float, str]:
    begun = time.process_time()
    read = list(read_documents(path, path.name, settings=ReadingSettings(ocr="off")))
    seconds = time.process_time() - begun
    (document,) = (item for item in read if isinstance(item, Document))
    tables: list[Table] = []
    for span in document.tables:
        rows = _rows_of(document.text[span.start : span.end])
        if tables and span.label == " | ".join(tables[-1][0]) and " | ".join(rows[0]) != span.label:
            tables[-1] += rows  # the rest of a table, from the next page
        else:
            tables.append(rows)
    return tables, seconds, ""


def _lines(path: Path) -> tuple[list[Table], float, str]:
    """Return the words of each line as cells: what a PDF's tables were before, at their best."""
    import pypdfium2

    begun = time.process_time()
    pdf_file = pypdfium2.PdfDocument(path)
    texts = [page.get_textpage().get_text_range() for page in pdf_file]
    tables = [[line.split() for line in text.splitlines() if line.strip()] for text in texts]
    pdf_file.close()
    return tables, time.process_time() - begun, ""


def _peer(python: str, source: str, paths: Sequence[str]) -> Iterator[tuple[list[Table], float, str]]:
    command = [python, "-c", source + _LOOP]
    done = subprocess.run(command, input=json.dumps(paths), capture_output=True, text=True, timeout=3000, check=False)
    answers = [json.loads(part) for part in done.stdout.split("\x1e")[1:]]
    missing = (done.stderr.strip().splitlines() or ["nothing was read"])[-1]
    for n in range(len(paths)):
        answer = answers[n] if n < len(answers) else {"tables": [], "seconds": 0.0, "problem": missing}
        yield answer["tables"], answer["seconds"], answer["problem"]


# --- the score ------------------------------------------------------------------------------------


def triples(table: Table) -> Counter[Triple]:
    """Return header, first cell and text of each cell below the header that is not blank."""
    if not table:
        return Counter()
    header = [plain(cell) for cell in table[0]]
    found: Counter[Triple] = Counter()
    for row in table[1:]:
        cells = [plain(cell) for cell in row]
        for n, cell in enumerate(cells):
            if cell:
                found[header[n] if n < len(header) else "", cells[0], cell] += 1
    return found


def plain(text: str) -> str:
    """Return a cell's text for comparing: without white space, marks of lists and differences of width and case."""
    return "".join(_MARKS.sub("", unicodedata.normalize("NFKC", str(text))).casefold().split())


def _scores(cases: Sequence[Case], results: Sequence[tuple[list[Table], float, str]]) -> dict[str, Score]:
    import pypdfium2

    scores: dict[str, Score] = {}
    for case, (tables, seconds, problem) in zip(cases, results, strict=True):
        score = scores.setdefault(case.group, Score())
        wanted = sum((triples(table) for table in case.truth), Counter())
        had = sum((triples(table) for table in tables), Counter())
        score.cells += wanted.total()
        score.right += (wanted & had).total()
        score.found += had.total()
        score.tables += sum(len(table) > 1 and len(table[0]) > 1 for table in tables)
        score.seconds += seconds
        pdf_file = pypdfium2.PdfDocument(case.path)
        score.pages += len(pdf_file)
        pdf_file.close()
        if problem and problem not in score.problems:
            score.problems.append(problem)
    return scores


def _print(scores: dict[str, dict[str, Score]]) -> None:
    print("| PDFs | reader | cells right | of | of those found | tables found | CPU ms a page |")
    print("|---|---|---|---|---|---|---|")
    for group in scores["Bunko"]:
        for name, groups in scores.items():
            score = groups[group]
            pace = 1000 * score.seconds / max(1, score.pages)
            share = f"{score.right / score.cells:.0%}" if score.cells else "–"
            exact = f"{score.right / score.found:.0%}" if score.found and score.cells else "–"
            print(f"| {group} | {name} | {share} | {score.cells} | {exact} | {score.tables} | {pace:.0f} |")
            for problem in score.problems[:1]:
                print(f"| | {name}: {problem[:100]} | | | | | |")


def _print_wrong(cases: Sequence[Case], results: Sequence[tuple[list[Table], float, str]]) -> None:
    for case, (tables, _, _) in zip(cases, results, strict=True):
        wanted = sum((triples(table) for table in case.truth), Counter())
        had = sum((triples(table) for table in tables), Counter())
        for triple in list(wanted - had)[:8]:
            print(f"{case.group} {case.name}: not found: {triple}")
        for triple in list(had - wanted)[:3]:
            print(f"{case.group} {case.name}: not there: {triple}")
    print()


# --- tables that are drawn ------------------------------------------------------------------------

_ENGLISH = (
    "Alder Birch Cedar Elm Fir Hazel Juniper Larch Maple Oak Pine Rowan Spruce Willow north harbour south quay early "
    "ferry late train night bus repair paint timber slate copper board of trade old mill"
).split()
_JAPANESE = (
    "大阪支店 名古屋工場 札幌営業所 横浜港 修理部品 塗装材料 木材加工 夜行列車 早朝便 北口改札 南側岸壁 旧市街地"
).split()
_PROSE = [
    "The company keeps these figures for each of its branches, and the board",
    "looks at them twice a year. They were last checked in the spring, when the",
    "new office had been opened and the old one was not yet closed for good.",
]
_KINDS = ("rules", "three rules", "shaded rows", "no rules", "merged", "two pages")
_LEFT, _WIDTH, _STEP = 50, 500, 18


def _drawn(folder: Path, count: int) -> Iterator[Case]:
    for kind in _KINDS:
        for n in range(count):
            picked = random.Random(f"{kind} {n}")
            path = folder / f"{kind.replace(' ', '-')}-{n}.pdf"
            truth, pages = _draw(kind, picked, is_japanese=n % 2 == 1)
            path.write_bytes(pdf(*pages))
            yield Case(name=path.name, path=path, truth=[truth], group=f"drawn: {kind}")


def _draw(kind: str, picked: random.Random, *, is_japanese: bool) -> tuple[Table, list[list[Text | str]]]:
    words = _JAPANESE if is_japanese else _ENGLISH
    columns = picked.randint(3, 6)
    rows = picked.randint(4, 12)
    of_words = {0, *picked.sample(range(1, columns), picked.randint(0, columns - 2))}
    names = picked.sample(words, columns)
    kinds = [(n in of_words, n == 0) for n in range(columns)]
    table = [names, *([_cell(picked, words, *kind) for kind in kinds] for _ in range(rows))]
    xs = [_LEFT + round(n * _WIDTH / columns) for n in range(columns + 1)]
    prose: list[Text | str] = [Text(text=line, x=50, y=780 - 14 * n, size=10) for n, line in enumerate(_PROSE)]
    if kind == "two pages":
        cut = picked.randint(2, len(table) - 1)
        first = [*prose, *_ruled(xs, cut, 720), *_texts(table[:cut], xs, 720)]
        rest = [table[0], *table[cut:]] if picked.random() < 0.5 else table[cut:]
        second = [*_ruled(xs, len(rest), 780), *_texts(rest, xs, 780)]
        return table, [
            first,
            [*second, *(Text(text=line, x=50, y=300 - 14 * n, size=10) for n, line in enumerate(_PROSE))],
        ]
    page = [*prose]
    if kind == "rules":
        page += _ruled(xs, len(table), 720)
    elif kind == "three rules":
        page += [f"{xs[0]} {y} m {xs[-1]} {y} l S" for y in (720, 720 - _STEP, 720 - _STEP * len(table))]
    elif kind == "shaded rows":
        page += [f"0.9 g {xs[0]} {720 - _STEP * (n + 1)} {_WIDTH} {_STEP} re f 0 g" for n in range(0, len(table), 2)]
    elif kind == "merged":
        return _merged(table, xs, page)
    return table, [[*page, *_texts(table, xs, 720)]]


def _cell(picked: random.Random, words: Sequence[str], is_word: bool, is_first: bool) -> str:
    if not is_first and picked.random() < 0.08:
        return ""
    if is_word:
        return " ".join(picked.sample(words, 2)) if words is _ENGLISH else picked.choice(words)
    return picked.choice(
        [f"{picked.randint(1, 99_999):,}", f"{picked.random() * 100:.1f}%", f"{picked.randint(1, 28)}.5.2024", "-"]
    )


def _ruled(xs: Sequence[int], rows: int, top: int) -> list[str]:
    bottom = top - _STEP * rows
    across = [f"{xs[0]} {top - _STEP * n} m {xs[-1]} {top - _STEP * n} l S" for n in range(rows + 1)]
    return across + [f"{x} {top} m {x} {bottom} l S" for x in xs]


def _texts(table: Table, xs: Sequence[int], top: int) -> list[Text]:
    return [
        Text(text=cell, x=xs[n] + 3, y=top - _STEP * row - 13, size=9)
        for row, cells in enumerate(table)
        for n, cell in enumerate(cells)
        if cell
    ]


def _merged(table: Table, xs: Sequence[int], page: list[Text | str]) -> tuple[Table, list[list[Text | str]]]:
    """Draw the first cells of each two rows as one, under a header of two rows."""
    columns = len(table[0])
    over = "2024"
    drawn = [["", over, *[""] * (columns - 2)], *[list(row) for row in table]]
    truth = [[table[0][0], *(f"{over} {name}" for name in table[0][1:])], *[list(row) for row in table[1:]]]
    for n in range(1, len(table) - 1, 2):
        drawn[n + 2][0] = ""
        truth[n + 1][0] = truth[n][0]
    rows = len(drawn)
    page.append(f"{xs[0]} 720 m {xs[-1]} 720 l S")
    for n in range(1, rows + 1):
        inner = n == 1 or (n > 2 and n % 2 == 1 and n < rows)
        page.append(f"{xs[1] if inner else xs[0]} {720 - _STEP * n} m {xs[-1]} {720 - _STEP * n} l S")
    for n, x in enumerate(xs):
        top = 720 if n in (0, 1, columns) else 720 - _STEP
        page.append(f"{x} {top} m {x} {720 - _STEP * rows} l S")
    return truth, [[*page, *_texts(drawn, xs, 720)]]


if __name__ == "__main__":
    begun = time.perf_counter()
    main()
    print(f"{time.perf_counter() - begun:.0f} s")
