"""Change constants of the pure stages, one at a time, and list the changes that no test notices.

    python tests/tools/mutate.py                          20 changes of all stages
    python tests/tools/mutate.py --stage grounding --count 50 --seed 7
    python tests/tools/mutate.py --name _RELEVANT         every change in lines with this text

A change is a number by a step, a comparison with or without equality, True for False, or another word in a set of
words. The tests of the stage run in a temporary copy of the working tree; the tree itself is not touched. A survivor
is a change with which they all pass: a value without a test, or one that makes no difference. Run by hand: each change
takes as long as its tests, and is stopped after ten times that.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).resolve().parents[2]
STAGES = {
    "answering/refusal.py": ["tests/answering/test_refusal.py", "tests/answering/test_refusal_constants.py"],
    "grounding": ["tests/grounding"],
    "indexing/chunking.py": ["tests/indexing/test_chunking.py"],
    "injection": ["tests/injection/test_detection.py"],
    "language": ["tests/language"],
    "question": ["tests/question", "tests/answering/test_refusal.py"],
    "retrieval": ["tests/retrieval"],
}
"""Below src/bunko: the tests that ought to notice."""

_Place: TypeAlias = Callable[[ast.expr], tuple[int, int]]
_COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
_OPERATORS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One change: `new` in place of the bytes from `start` to `end`."""

    path: Path
    line: int
    start: int
    end: int
    old: str
    new: str
    source: str
    """The line, for the reader."""


def mutations_of(path: Path) -> Iterator[Mutation]:
    """Yield every change of a module."""
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    starts = [0]
    for text in lines:
        starts.append(starts[-1] + len(text))

    def place(node: ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    for node in ast.walk(ast.parse(data)):
        for start, end, new in _changes(node, data, place):
            row = data.count(b"\n", 0, start)
            yield Mutation(
                path=path,
                line=row + 1,
                start=start,
                end=end,
                old=data[start:end].decode(),
                new=new,
                source=lines[row].decode().strip(),
            )


def _changes(node: ast.AST, data: bytes, place: _Place) -> Iterator[tuple[int, int, str]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield *place(node), str(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        for value in _steps(node.value):
            yield *place(node), repr(value)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPERATORS:
        old = _OPERATORS[type(node.ops[0])]
        start, end = place(node.left)[1], place(node.comparators[0])[0]
        yield start, end, data[start:end].decode().replace(old, _COMPARISONS[old])
    elif isinstance(node, ast.Set) and all(isinstance(item, ast.Constant) for item in node.elts) and node.elts[1:]:
        for item in node.elts:
            if isinstance(item, ast.Constant) and isinstance(item.value, str):
                yield *place(item), repr(item.value + "\N{SNOWMAN}")


def _steps(value: int | float) -> list[int | float]:
    if isinstance(value, float):
        return [round(value * 0.8, 4), round(value * 1.2, 4)] if value else [0.1]
    step = max(1, round(abs(value) * 0.2))
    return [value - step, value + step]


def tests_pass(tree: Path, tests: Sequence[str], *, timeout_s: float | None = None) -> bool:
    """Run tests in a copy of the tree; a run that takes too long counts as failed."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "-m", "not models", "-p", "no:cacheprovider"]
    environment = os.environ | {"PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, *tests], cwd=tree, env=environment, capture_output=True, check=False, timeout=timeout_s
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main() -> int:
    """Print a line for each change, and the survivors at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", choices=STAGES, action="append", help="may be repeated; all by default")
    parser.add_argument("--count", type=int, default=20, help="changes to try; 0: all")
    parser.add_argument("--seed", type=int, default=0, help="another sample for another number")
    parser.add_argument("--name", default="", help="only lines that have this text, all of their changes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bunko-mutate-") as folder:
        tree = Path(folder)
        for name in ("src", "tests"):
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
        shutil.copy(ROOT / "pyproject.toml", tree)
        survivors = try_all(tree, sample(tree, arguments))
    print(f"\n{len(survivors)} survived:")
    for mutation in survivors:
        print(f"  {described(mutation, tree)}\n      {mutation.source}")
    return 0


def sample(tree: Path, arguments: argparse.Namespace) -> list[tuple[str, Mutation]]:
    """Return the changes to try, each with its stage."""
    found: list[tuple[str, Mutation]] = []
    for stage in arguments.stage or STAGES:
        place = tree / "src" / "bunko" / stage
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            found += [(stage, item) for item in mutations_of(path) if arguments.name in item.source]
    if not arguments.name and 0 < arguments.count < len(found):
        found = random.Random(arguments.seed).sample(found, arguments.count)
    return sorted(found, key=lambda pair: (pair[0], str(pair[1].path), pair[1].start))


def try_all(tree: Path, changes: Sequence[tuple[str, Mutation]]) -> list[Mutation]:
    """Try each change, and return those with which the tests pass. Exits if they fail without any."""
    survivors: list[Mutation] = []
    limits: dict[str, float] = {}
    for stage, mutation in changes:
        if stage not in limits:
            begin = time.monotonic()
            if not tests_pass(tree, STAGES[stage]):
                raise SystemExit(f"The tests of {stage} fail as they are: pytest {' '.join(STAGES[stage])}")
            limits[stage] = 10 * (time.monotonic() - begin)
        whole = mutation.path.read_bytes()
        mutation.path.write_bytes(whole[: mutation.start] + mutation.new.encode() + whole[mutation.end :])
        survived = tests_pass(tree, STAGES[stage], timeout_s=limits[stage])
        mutation.path.write_bytes(whole)
        if survived:
            survivors.append(mutation)
        print(f"{'SURVIVED' if survived else 'noticed '} {described(mutation, tree)}", flush=True)
    return survivors


def described(mutation: Mutation, tree: Path) -> str:
    """Return where the change is, and what it is."""
    place = mutation.path.relative_to(tree).as_posix()
    return f"{place}:{mutation.line}: {mutation.old.strip()} -> {mutation.new.strip()}"


if __name__ == "__main__":
    sys.exit(main())
