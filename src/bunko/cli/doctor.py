"""`bunko doctor`."""

from __future__ import annotations

import argparse
import dataclasses

from bunko.cli.common import bold, dim, print_json, safe, settings_from
from bunko.diagnosis.doctor import examine

_MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}


def run(arguments: argparse.Namespace) -> int:
    """Print each finding as it is made; return 1 if there is a problem to solve before Bunko works."""
    findings = []
    for finding in examine(settings_from(arguments)):
        findings.append(finding)
        if not arguments.json:
            print(f"{bold(_MARKS[finding.state])} {finding.check:<14} {safe(finding.detail)}", flush=True)
            if finding.cure:
                print(f"{'':<17}{dim(safe(finding.cure))}")
    problems = sum(finding.state == "problem" for finding in findings)
    if arguments.json:
        print_json({"findings": [dataclasses.asdict(finding) for finding in findings], "problems": problems})
    return 1 if problems else 0
