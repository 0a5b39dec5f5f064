"""Compare readers of Word documents and workbooks: what they lose, how right and how fast they are.

    PYTHONPATH=src:. python benchmarks/office_readers.py faults
    PYTHONPATH=src:. python benchmarks/office_readers.py accuracy DOCUMENTS INDEX.tsv

`faults` makes the smallest file that shows each fault and prints what each reader made of it: the reproductions of
docs/decisions/020 come from here. `accuracy` reads the Word documents of an index as `reading_accuracy.py` knows it.
Readers that are not installed are left out: kreuzberg comes with Bunko, python-docx and docx2python do not. `accuracy`
needs rapidfuzz.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.reading.office.samples import paragraph, rows, text, word, workbook

from bunko.reading.read import read_documents
from bunko.settings import ReadingSettings
from bunko.types import Document

_NOTES = (
    '<w:footnote w:type="separator" w:id="-1"><w:p/></w:footnote>'
    '<w:footnote w:type="continuationSeparator" w:id="0"><w:p/></w:footnote>'
    f'<w:footnote w:id="1">{paragraph("First note.")}</w:footnote>'
    f'<w:footnote w:id="2">{paragraph("Second note.")}</w:footnote>'
)
_LEVELS = (
    '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
    '<w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
    '<w:lvlText w:val="%1.%2"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
)
_ITEM = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="1"/></w:numPr>'
_REFERENCE = '<w:r><w:footnoteReference w:id="{}"/></w:r>'
_RUBY = (
    "<w:r><w:ruby><w:rt><w:r><w:t>kana</w:t></w:r></w:rt>"
    "<w:rubyBase><w:r><w:t>kanji</w:t></w:r></w:rubyBase></w:ruby></w:r>"
)


def _run(inner: str) -> str:
    return f"<w:r>{inner}</w:r>"


# A name, the file, what its text must match, and what it must not.
WORD = (
    ("tabs", word(paragraph(_run("<w:t>Room</w:t><w:tab/><w:t>204</w:t>"))), r"Room\s+204", ""),
    ("no-break hyphens", word(paragraph(_run("<w:t>AX</w:t><w:noBreakHyphen/><w:t>200</w:t>"))), "AX[-\u2011]200", ""),
    ("symbols", word(paragraph(_run('<w:t>40</w:t><w:sym w:font="Symbol" w:char="F0B0"/><w:t>C</w:t>'))), "40.C", ""),
    ("line breaks (w:cr)", word(paragraph(_run("<w:t>one</w:t><w:cr/><w:t>two</w:t>"))), r"one\s+two", ""),
    ("first footnote", word(paragraph("It closed.", _REFERENCE.format(1), _REFERENCE.format(2)), {"footnotes": _NOTES}),
     r"First note[\s\S]*Second note", ""),
    ("numbers of footnotes", word(paragraph("It closed.", _REFERENCE.format(2)), {"footnotes": _NOTES}),
     r"1\W+Second note|Second note[\s\S]{0,6}1", "2.{0,4}Second"),
    ("comments", word(paragraph("Final.", _run('<w:commentReference w:id="3"/>')),
                      {"comments": f'<w:comment w:id="3" w:author="Ana">{paragraph("Ask first.")}</w:comment>'}),
     "Ask first", ""),
    ("headers", word(paragraph("Text.") + '<w:sectPr><w:headerReference w:type="default" r:id="header"/></w:sectPr>',
                     {"header": paragraph("HR-2291")}), "HR-2291", ""),
    ("hidden text", word(paragraph("Seen. ", text("Secret.", "<w:vanish/>"))), "Seen", "Secret"),
    ("moved text", word(paragraph(f"<w:moveFrom>{text('Moved.')}</w:moveFrom>")
                        + paragraph(f"<w:moveTo>{text('Moved.')}</w:moveTo>")), "Moved", r"Moved[\s\S]*Moved"),
    ("readings", word(paragraph(_RUBY)), "kanji", "kana"),
    ("clause numbers", word(paragraph("Term", properties=_ITEM.format(0))
                            + paragraph("Five years.", properties=_ITEM.format(1)), {"numbering": _LEVELS}),
     r"1\.1 Five", ""),
    ("raised digits", word(paragraph("10", text("6", '<w:vertAlign w:val="superscript"/>'))), "10", r"106|\^6\^"),
)  # fmt: skip
_CELL = '<c s="1"><v>{}</v></c>'
EXCEL = tuple(
    (name, workbook(rows(("Item", "Value"), ("x", cell)), formats=(code,)), shown, "")
    for name, cell, code, shown in (
        ("hours over 24", _CELL.format(1.5729166666666667), "[h]:mm", "37:45"),
        ("times", _CELL.format(0.3958333333333333), "hh:mm", r"(?<!\d )09:30 \|"),
        ("per cent", _CELL.format(0.075), "0.0%", "7.5%"),
        ("leading noughts", _CELL.format(1234), "00000", "01234"),
        ("dates", _CELL.format(46096), "yyyy-mm-dd", r"2026-03-15 \|"),
        ("eras", _CELL.format(46096), '[$-411]ggge"年"m"月"d"日"', "令和8年3月15日"),
        ("errors", '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', "0", "#DIV/0!"),
    )
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("faults")
    accuracy = commands.add_parser("accuracy")
    accuracy.add_argument("folder", type=Path)
    accuracy.add_argument("index", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "faults":
        print_faults()
    else:
        print_accuracy(arguments.folder, arguments.index)


def readers() -> dict[str, Callable[[Path], str]]:
    """Return the readers that are installed."""
    found: dict[str, Callable[[Path], str]] = {"Bunko": _bunko, "Kreuzberg": _kreuzberg}
    if importlib.util.find_spec("docx"):
        found["python-docx"] = _python_docx
    if importlib.util.find_spec("docx2python"):
        found["docx2python"] = _docx2python
    return found


def _bunko(path: Path) -> str:
    items = read_documents(path, path.name, settings=ReadingSettings(ocr="off"))
    return "\n".join(item.text for item in items if isinstance(item, Document))


def _kreuzberg(path: Path) -> str:
    import kreuzberg

    config = kreuzberg.ExtractionConfig(use_cache=False, disable_ocr=True, output_format="markdown")
    return str(kreuzberg.extract_file_sync(path, config=config).content)


def _python_docx(path: Path) -> str:
    import docx
    from docx.table import Table

    lines: list[str] = []
    for item in docx.Document(str(path)).iter_inner_content():
        if isinstance(item, Table):
            lines += (" | ".join(cell.text for cell in row.cells) for row in item.rows)
        else:
            lines.append(item.text)
    return "\n".join(lines)


def _docx2python(path: Path) -> str:
    from docx2python import docx2python

    with docx2python(path) as document:
        return str(document.text)


def print_faults() -> None:
    """Print a row for each construct: kept or lost by each reader, with what a loser made of it."""
    names = readers()
    for kind, cases in (("docx", WORD), ("xlsx", EXCEL)):
        used = {name: read for name, read in names.items() if kind == "docx" or name in ("Bunko", "Kreuzberg")}
        print(f"| .{kind} | {' | '.join(used)} |\n{'|---' * (len(used) + 1)}|")
        for name, content, wanted, unwanted in cases:
            shown = [_verdict(read, content, kind, wanted, unwanted) for read in used.values()]
            print(f"| {name} | {' | '.join(shown)} |")
        print()


def _verdict(read: Callable[[Path], str], content: bytes, kind: str, wanted: str, unwanted: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{kind}"
        path.write_bytes(content)
        try:
            found = read(path)
        except Exception as error:  # noqa: BLE001 - a reader's own fault is a result
            return f"{type(error).__name__}"
    right = re.search(wanted, found) and not (unwanted and re.search(unwanted, found))
    seen = " ".join(found.replace("|", "¦").split())
    return "kept" if right else f"lost: `{seen[-60:]}`"


def print_accuracy(folder: Path, index: Path) -> None:
    """Print recall, error rate and seconds of the CPU for each reader over the Word documents with a known text."""
    from benchmarks.reading_accuracy import error_rate, recall

    cases = list(_cases(folder, index))
    print("| reader | documents | recall | error rate | CPU seconds | slowest |\n|---|---|---|---|---|---|")
    for name, read in readers().items():
        found, times = [], []
        for path, truth in cases:
            begun = time.process_time()
            shown = read(path)
            times.append((time.process_time() - begun, path.name))
            if truth is not None:
                found.append((recall(truth, shown), min(1.0, error_rate(truth, shown))))
        slowest = max(times)
        print(
            f"| {name} | {len(cases)} ({len(found)} known) | {sum(one for one, _ in found) / len(found):.3f} | "
            f"{sum(one for _, one in found) / len(found):.3f} | {sum(one for one, _ in times):.2f} | "
            f"{slowest[0]:.2f} ({slowest[1]}) |"
        )


def _cases(folder: Path, index: Path) -> Iterator[tuple[Path, str | None]]:
    import csv

    with index.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["file"].endswith(".docx"):
                truth = row["ground_truth"]
                yield folder / row["file"], (folder / truth).read_text(encoding="utf-8") if truth else None


if __name__ == "__main__":
    main()
