"""A sync that is killed at any moment leaves an index that answers, and that the next sync completes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bunko.errors import BunkoError
from bunko.store.quick_lancedb import lancedb
from tests.started import Program
from tests.support import REPOSITORY, command, environment, make_library, write_files

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

# test_sync.py kills at every step of a sync. For more at random: BUNKO_TEST_KILLS=50
KILLS = int(os.environ.get("BUNKO_TEST_KILLS", "6"))
_WORDS = "mill river stone bridge garden winter letter market engine harbour 京都 雨 電車".split()


def test_syncs_killed_at_random_moments_leave_the_index_that_an_undisturbed_one_makes(tmp_path: Path) -> None:
    chance = random.Random(20261123)
    root = write_files(tmp_path / "killed", {"first.txt": "The first document."})
    make_library(root).sync()
    killed = 0
    duration = 1.0
    following = start(root)
    while killed < KILLS:
        process, following = following, start(root)
        change(root, chance)
        begun = go(process)
        try:
            process.wait(chance.uniform(0, duration))
            duration = max(0.3, 0.9 * duration)  # it came to its end: aim earlier
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
            duration = max(duration, 1.1 * (time.monotonic() - begun))
        _, said = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), said.decode()
        with make_library(root) as library:
            assert library.search("the first document")  # it opens and answers
    following.kill()
    following.communicate()
    with make_library(root) as library:
        library.sync()
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(root, undisturbed, ignore=shutil.ignore_patterns(".bunko"))
    with make_library(undisturbed) as library:
        library.sync()
    assert rows(root) == rows(undisturbed)
    assert scores(root) == {word: pytest.approx(found, abs=1e-6) for word, found in scores(undisturbed).items()}


def start(root: Path) -> subprocess.Popen[bytes]:
    """Start a sync that has loaded everything and waits for its signal."""
    return Program(
        command("index", root),
        env=environment({"TEST_WAIT": "1", "TEST_EMBED_SECONDS": "0.05"}),
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def go(process: subprocess.Popen[bytes]) -> float:
    assert process.stderr is not None
    assert process.stdin is not None
    assert process.stderr.readline() == b"ready\n"
    process.stdin.write(b".")
    process.stdin.flush()
    return time.monotonic()


def change(root: Path, chance: random.Random) -> None:
    """Write, change, move and remove files: plain ones, and one that holds many documents."""
    for _ in range(4):
        name = f"{chance.randrange(30):02}.txt"
        action = chance.choice(["write", "write", "move", "remove"])
        if action == "write" or not (root / name).exists():
            write_files(root, {name: text(chance)})
        elif action == "move":
            (root / name).rename(root / f"moved-{name}")
        else:
            (root / name).unlink()
    lines = [f'{{"id": "{n}", "text": "{text(chance)}"}}' for n in range(chance.randrange(1, 30))]
    write_files(root, {"many.jsonl": "\n".join(lines)})


def text(chance: random.Random) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(chance.randrange(3, 120))) + "."


def rows(root: Path) -> dict[str, list[str]]:
    """Return all that the index holds, but for times and the order of rows."""
    database = lancedb.connect(root / ".bunko" / "store")
    times = {"indexed_at", "modified_ns", "vector"}
    found = {}
    for name in sorted(database.list_tables().tables):
        table = database.open_table(name).search().limit(None).to_list()
        if name != "state":
            found[name] = sorted(repr([(key, row[key]) for key in sorted(row) if key not in times]) for row in table)
        else:
            assert "unfinished" not in {row["name"] for row in table}
    return found


def scores(root: Path) -> dict[str, list[float]]:
    """Return the scores of what each word finds."""
    found = {}
    with make_library(root) as library:
        for word in _WORDS:
            try:
                hits = library.search(word)
            except BunkoError as error:
                raise AssertionError(f"{root.name}: {word}") from error
            found[word] = sorted(hit.score for hit in hits)
    return found
