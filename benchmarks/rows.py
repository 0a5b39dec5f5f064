"""Questions over sheets: how many are right, and how many questions over texts are taken for such.

usage: python -m benchmarks.rows right [--model MODEL]           the sets of tests/rows, with --model none by default
       python -m benchmarks.rows alarms QUESTIONS.jsonl ...      each line has a "question" or "text"; zero is wanted

The alarms are counted in a folder that holds the sheets of tests/rows, and sheets whose columns have the commonest
names (benchmarks/rows_common.toml), beside a text.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.rows.sets import SETS, questions, write_sheets
from tests.rows.test_questions import is_right

from bunko.language.data_files import read_data
from bunko.library import Library
from bunko.rows.finding import Tables, choose
from bunko.rows.hint import may_be_over_rows
from bunko.rows.query import Query
from bunko.settings import Settings, apply_overrides


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("right", "alarms"))
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--model", default="none")
    arguments = parser.parse_args()
    if arguments.what == "right":
        show_right(arguments.model)
    else:
        for file in arguments.files:
            show_alarms(file)


def show_right(model: str) -> None:
    """Print for each set how many answers are right, wrong, and not given."""
    for name in SETS:
        with tempfile.TemporaryDirectory() as folder:
            root = write_sheets(name, Path(folder))
            (root / "mill.txt").write_text("The mill of Varn was built by Ada Lind in 1911.")
            with Library(root, settings=apply_overrides(Settings(), {"model": model})) as library:
                library.sync()
                right = wrong = 0
                seconds = []
                for one in questions(name):
                    begin = time.perf_counter()
                    answer = library.ask(one.text)
                    seconds.append(time.perf_counter() - begin)
                    good = is_right(answer, one)
                    right += good
                    wrong += bool(answer.query) and not good
                    if not good:
                        shown = (answer.query.written_by, answer.query.sql, answer.query.result) if answer.query else ""
                        print("not right:", one.text, shown)
                total = len(questions(name))
                median = sorted(seconds)[len(seconds) // 2]
                print(f"{name}: {right} of {total} right, {wrong} wrong, {total - right - wrong} not computed", end="")
                print(f"; median {median * 1000:.0f} ms")


def show_alarms(file: Path) -> None:
    """Print the questions of a file that are taken for questions over rows, and the time of a look."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in SETS:
            write_sheets(name, root)
        for name, text in read_data(Path(__file__).with_name("rows_common.toml"))["sheets"].items():
            (root / name).write_text(text, encoding="utf-8")
        with Library(root, settings=apply_overrides(Settings(), {"model": "none"})) as library:
            library.sync()
            tables, store = Tables(), library.store
            asked = alarms = 0
            begin = time.perf_counter()
            for text in _texts(file):
                asked += 1
                found = choose(tables.asked(text, store, state="same")) if may_be_over_rows(text) else None
                if found is not None:
                    alarms += 1
                    sql = "several" if isinstance(found, tuple) else found.form
                    print("alarm:", text, sql if isinstance(sql, Query) else "asks back")
            took = (time.perf_counter() - begin) / asked * 1000
            print(f"{file.parent.name}/{file.name}: {alarms} of {asked} questions taken for rows; {took:.1f} ms each")


def _texts(file: Path) -> Iterator[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        yield record.get("question") or record.get("text")


if __name__ == "__main__":
    main()
