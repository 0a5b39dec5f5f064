"""The lock files hold what pyproject.toml asks for, with the hashes of every file, and name no server."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.support import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(REPOSITORY)
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUN = [
    *PROJECT["project"]["dependencies"],
    *PROJECT["project"]["optional-dependencies"]["multilingual"],
    *PROJECT["project"]["optional-dependencies"]["office-passwords"],
]
DEV = [line for line in PROJECT["dependency-groups"]["dev"] if not line.startswith("bunko[")]
LOCKS = {"bunko.lock": RUN, "dev.lock": RUN + DEV}
HOW = "run .ci/lock"


def text_of(lock: str) -> str:
    return (ROOT / "requirements" / lock).read_text(encoding="utf-8")


def entries(text: str) -> list[tuple[Requirement, list[str]]]:
    """Return each package of a lock file with its hashes."""
    whole = re.sub(r"\\\n\s*", "", text).splitlines()
    lines = [line.partition(" --hash=") for line in whole if line and not line.startswith("#")]
    return [(Requirement(head), re.findall(r"sha256:[0-9a-f]{64}(?![0-9a-f])", rest)) for head, _, rest in lines]


def unmet(text: str, asked: list[str]) -> list[str]:
    """Return what is asked for, and has no version in the lock file that fits."""
    locked: dict[str, list[Version]] = defaultdict(list)
    for entry, _ in entries(text):
        (pin,) = entry.specifier
        locked[canonical(entry.name)].append(Version(pin.version))
    wanted = [Requirement(line) for line in asked]
    return [
        str(one)
        for one in wanted
        if not locked[canonical(one.name)] or not all(one.specifier.contains(v) for v in locked[canonical(one.name)])
    ]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_holds_what_the_project_asks_for(lock: str) -> None:
    assert unmet(text_of(lock), LOCKS[lock]) == [], HOW


def test_a_version_that_does_not_fit_and_a_package_that_lacks_are_noticed() -> None:
    assert unmet(text_of("bunko.lock"), ["numpy>=99", "a-package-that-nobody-made>=1", "numpy>=1"]) == [
        "numpy>=99",
        "a-package-that-nobody-made>=1",
    ]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_one_exact_version_and_hashes(lock: str) -> None:
    found = entries(text_of(lock))
    assert len(found) > 50
    for entry, hashes in found:
        assert re.fullmatch(r"==[^*,]+", str(entry.specifier)), entry
        assert entry.url is None, entry
        assert hashes, entry


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_server_and_no_place_on_a_disk(lock: str) -> None:
    for line in text_of(lock).splitlines():
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; [^/\\:]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line), line


def test_what_is_run_has_the_same_versions_for_users_and_for_developers() -> None:
    """So that the versions that the tests ran with are those that the release was checked with."""
    # Without markers: those of a package that both need for another reason differ.
    developers, users = (
        {f"{entry.name}{entry.specifier}" for entry, _ in entries(text_of(lock))} for lock in ("dev.lock", "bunko.lock")
    )
    assert users - developers == set()


def test_the_slim_list_is_what_the_project_asks_for_but_for_two_packages() -> None:
    slim = [line for line in text_of("slim.txt").splitlines() if not line.startswith("#")]
    left_out = [line for line in PROJECT["project"]["dependencies"] if line not in slim]
    assert [Requirement(line).name for line in left_out] == ["kreuzberg", "mcp"]
    assert set(slim) < set(PROJECT["project"]["dependencies"])
