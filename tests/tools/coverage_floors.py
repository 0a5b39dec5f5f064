"""Compare the coverage of each package with its floor in coverage_floors.toml, and print a table.

    coverage run -m pytest -m "not models" && coverage combine
    python tests/tools/coverage_floors.py            compare
    python tests/tools/coverage_floors.py --write    make the floors what was measured, rounded down

Run by hand, not in CI: measuring slows the tests down by more than a tenth. The exit status is 1 if a package is below
its floor, or has none. Lines of child processes count if the child exits or is
sent SIGTERM; those of killed children (the reader of files, the engine) are lost.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FLOORS = Path(__file__).with_name("coverage_floors.toml")


def coverage_of_packages(report: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Return the covered and all statements of each package, from coverage's JSON; modules at the top are "bunko"."""
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for path, file in report["files"].items():
        parts = PurePath(path.replace("\\", "/")).parts
        below = parts[len(parts) - parts[::-1].index("bunko") :]
        package, summary = below[0] if len(below) > 1 else "bunko", file["summary"]
        covered, statements = found[package]
        found[package] = (covered + summary["covered_lines"], statements + summary["num_statements"])
    return dict(sorted(found.items()))


def failures(coverage: Mapping[str, tuple[int, int]], floors: Mapping[str, float]) -> list[str]:
    """Return a sentence for each package that is below its floor, has none, or is gone."""
    said = [f"{name} has no floor" for name in coverage if name not in floors]
    said += [f"{name} has a floor, but is gone" for name in floors if name not in coverage]
    said += [
        f"{name} is covered to {percent(coverage[name]):.1f}%, below its floor of {floor}%"
        for name, floor in floors.items()
        if name in coverage and percent(coverage[name]) < floor
    ]
    return said


def percent(counts: tuple[int, int]) -> float:
    """Return the share in percent; a package without statements is covered."""
    covered, statements = counts
    return 100 * covered / statements if statements else 100.0


def main() -> int:
    """Print the table and what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the floors instead of comparing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(out)], check=True)
        coverage = coverage_of_packages(json.loads(out.read_text(encoding="utf-8")))
    if arguments.write:
        rows = [f"{name} = {int(percent(counts))}\n" for name, counts in coverage.items()]
        FLOORS.write_text("# Percent of statements.\n[floors]\n" + "".join(rows), encoding="utf-8")
    if not FLOORS.exists():
        raise SystemExit(f"There are no floors yet. Write them: python {sys.argv[0]} --write")
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))["floors"]
    print("| package | statements | covered | floor |\n|---|---|---|---|")
    for name, counts in coverage.items():
        print(f"| {name} | {counts[1]} | {percent(counts):.1f}% | {floors.get(name, '–')}% |")
    total = (sum(covered for covered, _ in coverage.values()), sum(all_ for _, all_ in coverage.values()))
    print(f"| all | {total[1]} | {percent(total):.1f}% | |")
    wrong = failures(coverage, floors)
    print("".join(f"\n{sentence}" for sentence in wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
