"""`bunko doctor`."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from pathlib import Path

from bunko.cli.common import beside, bold, dim, open_from, print_json, safe, settings_from
from bunko.diagnosis.doctor import examine
from bunko.diagnosis.integrity import index_finding
from bunko.diagnosis.object_store import store_findings
from bunko.installation import own_commands

_LEFT = 17  # columns before a detail
_MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}


def run(arguments: argparse.Namespace) -> int:
    """Print each finding as it is made; return 1 if there is a problem to solve before Bunko works."""
    findings = []
    root = Path(arguments.folder).expanduser() if arguments.folder else None
    settings = settings_from(arguments, root)
    found = examine(settings)
    if "://" in settings.store:
        found = itertools.chain(store_findings(settings.store), found)
    if root is not None:
        with open_from(arguments, arguments.folder) as library:
            found = itertools.chain([index_finding(root, library.check)], found)
    for finding in found:
        findings.append(finding)
        if not arguments.json:
            print(
                f"{bold(_MARKS[finding.state])} {finding.check:<14} {beside(safe(finding.detail), _LEFT)}", flush=True
            )
            if finding.cure:
                print(f"{'':<17}{dim(beside(own_commands(safe(finding.cure)), _LEFT))}")
    problems = sum(finding.state == "problem" for finding in findings)
    if arguments.json:
        print_json({"findings": [dataclasses.asdict(finding) for finding in findings], "problems": problems})
    return 1 if problems else 0
