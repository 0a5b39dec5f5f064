"""Ignore patterns mean what git says they mean, and no pattern takes long, whoever wrote it."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.errors import SettingsError
from bunko.reading.folder import ignore_faults, list_files
from bunko.reading.ignore import LONGEST_LINE, MOST_CHARACTERS, MOST_LINES, IgnorePatterns
from tests.reading.test_folder import link
from tests.support import CATS, make_library, write_files

_TOKENS = "a b * ** ? / [ab] [!a] . a* c \\* [a-c] !a [[:alpha:]] []a] [^b] \\[".split()


def ignored(patterns: IgnorePatterns, path: str) -> bool:
    """Ask for each folder above a path, then for the path, as a walk does."""
    parts = path.split("/")
    return any(patterns.matches("/".join(parts[:n]), is_folder=n < len(parts)) for n in range(1, len(parts) + 1))


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_git_ignores_the_same_paths(tmp_path: Path) -> None:
    """In ASCII: git counts bytes, so that `?` is a third of a kana there."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    draw = random.Random(4)
    for _ in range(25):
        lines = ["".join(draw.choices(_TOKENS, k=draw.randint(1, 5))) for _ in range(draw.randint(1, 3))]
        patterns = IgnorePatterns(lines)
        paths = {"/".join("".join(draw.choices("abc*]x", k=draw.randint(1, 3))) for _ in range(draw.randint(1, 4)))
                 for _ in range(30)}  # fmt: skip
        (tmp_path / ".gitignore").write_text("\n".join(lines) + "\n", encoding="utf-8")
        asked = subprocess.run(
            ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "-z", "--stdin"],
            input="\0".join(paths).encode(), capture_output=True, check=False,
        )  # fmt: skip
        by_git = set(asked.stdout.decode().split("\0")) - {""}
        by_us = {path for path in paths if ignored(patterns, path)}
        assert by_us == by_git, lines


@pytest.mark.parametrize(
    ("line", "path", "expected"),
    [
        ("[あ-ん]*", "いろは.txt", True),
        ("a\\ ", "a ", True),
        ("a  ", "a", True),
        ("\\#x", "#x", True),
        ("\\!x", "!x", True),
        ("**/x/**/y", "a/x/b/c/y", True),
        ("**/x/**/y", "x/y", True),
        ("x/**", "x", False),
        ("x/**", "x/a/b", True),
        ("*", "a/b", True),
        ("[!a]", "/", False),
        ("a//b", "a/b", False),
    ],
)
def test_one_pattern(line: str, path: str, expected: bool) -> None:
    assert ignored(IgnorePatterns([line]), path) is expected


@pytest.mark.parametrize(
    "line",
    ["*a" * 12 + "b", "*a" * 400 + "b", "**/a/" * 190 + "b", "**/*a*a*a*a*a*a*a*/" * 20 + "b", "?*" * 400 + "b",
     "[a-z]*" * 150 + "b", "*" * 999 + "b"],
)  # fmt: skip
def test_no_pattern_takes_long(line: str) -> None:
    patterns = IgnorePatterns([line])
    assert not patterns.faults
    begin = time.process_time()
    for path in ("a" * 255, "/".join(["a" * 10] * 300), "a/" * 2000 + "a"):
        patterns.matches(path, is_folder=False)
    assert time.process_time() - begin < 1.0


@given(st.lists(st.text(alphabet="ab*?/[]!-\\:^ #あ\ud800", max_size=40), max_size=5), st.text(max_size=40))
def test_any_lines_and_any_path_are_taken(lines: list[str], path: str) -> None:
    patterns = IgnorePatterns(lines)
    patterns.matches(path, is_folder=False)
    assert all(fault.reason for fault in patterns.faults)


@pytest.mark.parametrize("line", ["[z-a]", "[a", "a\\", "!", "/", "[[:none:]]", "x" * (LONGEST_LINE + 1), "[a-\\"])
def test_a_line_that_is_no_pattern_is_reported_and_the_others_hold(tmp_path: Path, line: str) -> None:
    write_files(tmp_path, {"a.txt": CATS, "b.tmp": CATS, ".bunkoignore": f"*.tmp\n{line}\n"})
    report = make_library(tmp_path).sync()
    assert report.documents == 1
    assert [(item.path, "Line 2" in item.error) for item in report.failed] == [(".bunkoignore", True)]
    with pytest.raises(SettingsError, match="not a pattern"):
        list_files(tmp_path, ignore=[line])


def test_a_file_with_too_many_patterns_is_reported(tmp_path: Path) -> None:
    for text in ("x\n" * (MOST_LINES + 1), ("y" * 900 + "\n") * (MOST_CHARACTERS // 900 + 1), "z" * 30_000_000):
        write_files(tmp_path, {"a.txt": CATS, ".bunkoignore": text})
        assert len(ignore_faults(tmp_path)) >= 1
        assert [entry.path for entry in list_files(tmp_path)] == ["a.txt"]


def test_a_linked_ignore_file_is_not_read(tmp_path: Path) -> None:
    write_files(tmp_path, {"lib/a.txt": CATS, "secret": "[z-a] password\n*.txt\n"})
    link(tmp_path / "lib" / ".bunkoignore", tmp_path / "secret")
    report = make_library(tmp_path / "lib").sync()
    assert (report.documents, report.failed[0].path) == (1, ".bunkoignore")
    assert "password" not in report.failed[0].error
