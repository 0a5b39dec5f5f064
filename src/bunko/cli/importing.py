"""`bunko models import`: import a model of the user's own, and print what the checks found."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bunko.cli.common import bold, dim, download_progress_from, note, print_json, safe, settings_from


def run(arguments: argparse.Namespace) -> int:
    """Import a model, and print the report."""
    from bunko.importing.making import ImportOptions, import_model

    options = ImportOptions(
        source=Path(arguments.source),
        name=arguments.name,
        kind=arguments.quantize,
        base=_path(arguments.base),
        keep_adapter=arguments.keep_adapter,
        calibrate=_path(arguments.calibrate),
        text=_path(arguments.text),
        checks=arguments.checks,
    )
    made = import_model(
        options,
        settings=settings_from(arguments),
        progress=download_progress_from(arguments),
        say=lambda text: note(arguments, text),
    )
    if arguments.json:
        print_json({"name": made.name, "path": str(made.path), "import": made.report})
        return 0
    print_report(made.report)
    way = f"--adapter {made.path}" if made.is_adapter else f"--model {made.name}"
    print(f"\n{made.path}\nUse it: bunko ask FOLDER QUESTION {safe(way)}")
    return 0


def print_report(report: Any) -> None:
    """Print what an import did and what its checks found; reports of other versions may lack some keys."""
    if not isinstance(report, dict):
        return
    print(bold("Imported"), dim(f"{report.get('made', '')} by Bunko {report.get('bunko', '')}"))
    _line("from", f"{report.get('source', '')} ({report.get('architecture', '')})")
    if report.get("base"):
        _line("base", str(report["base"]))
    small, large = report.get("bytes", 0), report.get("from_bytes", 0)
    size = f"{small / 1e6:,.0f} MB"
    if report.get("quantisation") != report.get("from_quantisation") and large:
        size += f" in {report.get('quantisation')}; {large / 1e6:,.0f} MB in {report.get('from_quantisation')}"
    _line("size", size)
    _line("licence", str(report.get("licence") or "not stated: ask the model's maker"))
    if types := report.get("types"):
        _line("tensors", ", ".join(f"{count} {name}" for name, count in types.items()))
    if report.get("calibrated_on"):
        _line("calibrated", f"on {report['calibrated_on']}")
    if seconds := report.get("seconds"):
        _line("took", ", ".join(f"{stage} {value:g} s" for stage, value in seconds.items()))
    checks = report.get("checks")
    if isinstance(checks, dict):
        _print_checks(checks)


def _print_checks(checks: Mapping[str, Any]) -> None:
    print(bold("Checks"))
    for name, key in (("template", "template"), ("tokenizer", "tokenizer")):
        found = checks.get(key, {})
        findings = found.get("findings", [])
        _line(name, found.get("summary", ""), good=not findings)
        for finding in findings:
            _line("", finding)
    quality = checks.get("quality", {})
    _line("like the original", quality.get("summary", ""))
    if "uncalibrated" in checks:
        _line("uncalibrated", checks["uncalibrated"].get("summary", ""))
    speed = checks.get("speed", {})
    if speed:
        _line("speed", f"reads {speed['prompt_per_second']:,.0f} tokens per second, writes "
                       f"{speed['writing_per_second']:,.0f}")  # fmt: skip
    if memory := checks.get("memory"):
        sizes = [f"{each['bytes'] / 1e6:,.0f} MB with {each['context_tokens']:,}" for each in memory]
        _line("memory", ", ".join(sizes) + " tokens of context")


def _line(name: str, text: str, *, good: bool | None = None) -> None:
    mark = "" if good is None else "✓ " if good else "! "
    print(f"{name:>17}  {mark}{safe(text)}")


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None
