"""Coverage is summed by package, and compared with the floors."""

from __future__ import annotations

from typing import Any

from tests.tools.coverage_floors import coverage_of_packages, failures


def file(covered: int, statements: int) -> dict[str, Any]:
    return {"summary": {"covered_lines": covered, "num_statements": statements}}


def test_files_are_summed_by_package_and_held_to_floors() -> None:
    files = {
        "src/bunko/store/rows.py": file(3, 4),
        "src/bunko/store/index/store.py": file(5, 6),
        "bunko/src/bunko/types.py": file(1, 1),
        "src\\bunko\\cli\\main.py": file(0, 0),
    }
    found = coverage_of_packages({"files": files})
    assert found == {"bunko": (1, 1), "cli": (0, 0), "store": (8, 10)}
    assert failures(found, {"bunko": 100, "cli": 100, "store": 80}) == []
    assert failures(found, {"bunko": 90, "store": 81, "gone": 5}) == [
        "cli has no floor",
        "gone has a floor, but is gone",
        "store is covered to 80.0%, below its floor of 81%",
    ]
