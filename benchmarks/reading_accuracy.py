"""Measure what is read of a folder of real documents, beside MarkItDown. In: a folder and its index. Out: a table.

    python benchmarks/reading_accuracy.py DOCUMENTS INDEX.tsv --password-file FILE --peer OTHER_VENV/bin/python

The index has the columns `file` and `ground_truth` (paths within the folder). Files in folders named `broken` may be
read or reported; those in `pdf-scanned` and `image` need OCR; all others ought to be read. No text without a complaint
is wrong, whatever the file.
Needs rapidfuzz; the peer's Python needs markitdown[all].
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from bunko.errors import BunkoError, NeedsOcr, NeedsPassword
from bunko.reading.containers.members import PageRead
from bunko.reading.images.ocr import ocr_languages
from bunko.reading.read import read_documents
from bunko.settings import ReadingSettings
from bunko.types import Document

SCANS = {"pdf-scanned", "image"}
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_MARKUP = re.compile(
    r"<!--.*?-->|!\[[^\]]*\]\([^)]*\)|(?<=\])\([^)\s]*\)|^\s*[-=|:+ ]+$|[\[\]\\|*_#`>]|^\s*[-+•] ", re.M
)
_PEER = """
import json, sys
from markitdown import MarkItDown
convert = MarkItDown(enable_plugins=False).convert
for path in json.load(sys.stdin):
    try:
        answer = {"text": convert(path).text_content}
    except Exception as error:
        answer = {"error": type(error).__name__ + ": " + str(error)[:200]}
    print(json.dumps(answer), flush=True)
"""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a reader made of a file: its text, or the kind of its complaint."""

    text: str = ""
    complaint: str = ""
    detail: str = ""
    pages: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Case:
    """A file, and the text that it is known to hold."""

    file: str
    truth: str | None

    @property
    def kind(self) -> str:
        """The folder that it is in."""
        return self.file.split("/")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("--password-file", default="")
    parser.add_argument("--peer", help="the Python that has markitdown")
    parser.add_argument("--verbose", action="store_true", help="also print a line for each file")
    arguments = parser.parse_args()
    settings = ReadingSettings(password_file=arguments.password_file)
    has_ocr = bool(ocr_languages(settings))
    cases = list(_cases(arguments.folder, arguments.index))
    print(f"{len(cases)} files; OCR {'is' if has_ocr else 'is not'} there\n")
    readers = {"Bunko": [_bunko(arguments.folder / case.file, case.file, settings) for case in cases]}
    if arguments.peer:
        readers["MarkItDown"] = list(_peer(arguments.peer, [arguments.folder / case.file for case in cases]))
    for name, results in readers.items():
        if arguments.verbose:
            _print_files(cases, results, has_ocr)
        _print_table(name, cases, results, has_ocr)
    scans = [
        result for case, result in zip(cases, readers["Bunko"], strict=True) if case.kind in SCANS and result.pages
    ]
    if scans:
        pages, seconds = sum(scan.pages for scan in scans), sum(scan.seconds for scan in scans)
        print(f"OCR: {pages} pages and pictures, {seconds / pages:.1f} s for each")


def _cases(folder: Path, index: Path) -> Iterator[Case]:
    with index.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            truth = (folder / row["ground_truth"]).read_text(encoding="utf-8") if row["ground_truth"] else None
            yield Case(file=row["file"], truth=truth)


def _bunko(path: Path, relative: str, settings: ReadingSettings) -> Result:
    begun = time.perf_counter()
    try:
        items = list(read_documents(path, relative, settings=settings))
    except NeedsOcr as error:
        return Result(complaint="ocr", detail=str(error))
    except NeedsPassword as error:
        return Result(complaint="locked", detail=str(error))
    except BunkoError as error:
        return Result(complaint="reported", detail=str(error))
    return Result(
        text="\n".join(item.text for item in items if isinstance(item, Document)),
        pages=sum(isinstance(item, PageRead) for item in items),
        seconds=time.perf_counter() - begun,
    )


def _peer(python: str, paths: list[Path]) -> Iterator[Result]:
    asked = json.dumps([str(path) for path in paths])
    done = subprocess.run([python, "-c", _PEER], input=asked, capture_output=True, text=True, timeout=1800, check=True)
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        detail = answer.get("error", "")
        kind = "locked" if re.search("password|encrypt", detail, re.I) else "reported"
        yield Result(text=answer.get("text", ""), complaint=kind if detail else "", detail=detail)


def _verdict(case: Case, result: Result, has_ocr: bool) -> str:
    """Return the column that a file counts in."""
    empty = not _TOKEN.search(_MARKUP.sub("", result.text))
    if case.kind == "broken":
        return "wrong" if empty and not result.complaint else result.complaint or "read"
    if case.kind in SCANS and not has_ocr:
        return result.complaint or "wrong"
    if case.file.endswith(".bin"):
        return result.complaint or "wrong"
    return "wrong" if result.complaint or empty else "read"


def recall(truth: str, text: str) -> float:
    """Return the share of the truth's words, Chinese and Japanese characters singly, that the text has as well."""
    wanted, had = Counter(_TOKEN.findall(_plain(truth))), Counter(_TOKEN.findall(_plain(text)))
    return sum((wanted & had).values()) / max(1, sum(wanted.values()))


def error_rate(truth: str, text: str) -> float:
    """Return the edits that turn one into the other for each character of the truth, without markup and white space."""
    wanted, had = ("".join(_plain(side).split()) for side in (truth, text))
    return Levenshtein.distance(wanted, had) / max(1, len(wanted))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", _MARKUP.sub(" ", text)).casefold()


def _print_files(cases: list[Case], results: list[Result], has_ocr: bool) -> None:
    for case, result in zip(cases, results, strict=True):
        known = case.truth is not None and result.text
        figures = f"{recall(case.truth, result.text):.3f} {error_rate(case.truth, result.text):.3f}" if known else ""
        print(f"{_verdict(case, result, has_ocr):9} {figures:12} {case.file}  {result.detail[:100]}")
    print()


def _print_table(name: str, cases: list[Case], results: list[Result], has_ocr: bool) -> None:
    kinds: dict[str, list[tuple[Case, Result]]] = defaultdict(list)
    for case, result in zip(cases, results, strict=True):
        kinds[case.kind].append((case, result))
        kinds["all"].append((case, result))
    kinds["all"] = kinds.pop("all")
    columns = ("read", "ocr", "locked", "reported", "wrong")
    print(f"{name}\n\n| folder | files | {' | '.join(columns)} | with truth | recall | error rate |")
    print("|---" * 10 + "|")
    for kind, pairs in kinds.items():
        counts = Counter(_verdict(case, result, has_ocr) for case, result in pairs)
        known = [(case.truth, result.text) for case, result in pairs if case.truth is not None]
        known = [] if kind in SCANS and not has_ocr else known
        found = sum(recall(*pair) for pair in known) / len(known) if known else None
        wrong = sum(min(1.0, error_rate(*pair)) for pair in known) / len(known) if known else None
        figures = f"{len(known)} | {found:.3f} | {wrong:.3f}" if known else "– | – | –"
        print(f"| {kind} | {len(pairs)} | {' | '.join(str(counts[column]) for column in columns)} | {figures} |")
    print()


if __name__ == "__main__":
    begun = time.perf_counter()
    main()
    print(f"{time.perf_counter() - begun:.0f} s")
