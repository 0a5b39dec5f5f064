"""Draw how an index grows. In: growth.jsonl of `benchmarks/growth.py`. Out: an SVG of four panels.

    python -m benchmarks.growth_plot growth.jsonl benchmarks/growth.svg

Both axes are logarithmic; the dashed line through the first point of a panel grows as the number of passages does. Of
each size the last line that was measured counts.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_WIDTH, _HEIGHT, _MARGIN = 380, 250, 58
_COLOURS = ("#1f5fa8", "#b5462c", "#2e7d4f")
PANELS: Mapping[str, Mapping[str, str]] = {
    "Building, seconds": {"written_s": "writing", "words_s": "index of words", "vectors_s": "index of vectors"},
    "On disk, MB": {"disk_mb": "all tables"},
    "A search, ms of processor time": {"processor_ms_median": "median", "processor_ms_p95": "95th percentile"},
    "Memory, MB": {"build_peak_mb": "building, at most", "peak_mb": "searching, at most"},
}

Row = Mapping[str, Any]


def main() -> None:
    source, target = map(Path, sys.argv[1:3])
    rows: dict[int, dict[str, Any]] = {}
    for line in source.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        rows[row["passages"]] = rows.get(row["passages"], {}) | row
    target.write_text(drawing([rows[size] for size in sorted(rows)]), encoding="utf-8")


def drawing(rows: Sequence[Row]) -> str:
    """Return the SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * _WIDTH} {2 * _HEIGHT}" '
        'font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for n, (title, curves) in enumerate(PANELS.items()):
        parts.append(f'<g transform="translate({n % 2 * _WIDTH},{n // 2 * _HEIGHT})">')
        parts += panel(rows, title, curves)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def panel(rows: Sequence[Row], title: str, curves: Mapping[str, str]) -> list[str]:
    """Return one panel: its axes, its curves and their names."""
    values = [max(float(row[name]), 0.1) for row in rows for name in curves if name in row]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values) * 1.01))
    first, last = math.log10(rows[0]["passages"]), math.log10(rows[-1]["passages"])

    def place(passages: float, value: float) -> tuple[float, float]:
        x = _MARGIN + (math.log10(passages) - first) / (last - first) * (_WIDTH - 2 * _MARGIN + 30)
        y = _HEIGHT - 40 - (math.log10(max(value, 0.1)) - low) / (high - low) * (_HEIGHT - 75)
        return round(x, 1), round(y, 1)

    parts = [f'<text x="{_MARGIN}" y="20" font-weight="bold">{title}</text>']
    for power in range(low, high + 1):
        x, y = place(rows[0]["passages"], 10**power)
        parts.append(f'<path d="M{x} {y}H{_WIDTH - _MARGIN + 30}" stroke="#ddd"/>')
        parts.append(f'<text x="{x - 6}" y="{y + 4}" text-anchor="end">{10**power:,g}</text>')
    for row in rows:
        x, _ = place(row["passages"], 1)
        parts.append(f'<text x="{x}" y="{_HEIGHT - 22}" text-anchor="middle">{row["passages"]:,}</text>')
    for n, (name, said) in enumerate(curves.items()):
        points = [place(row["passages"], row[name]) for row in rows if name in row]
        parts.append(_curve(points, _COLOURS[n]))
        parts.append(f'<text x="{_MARGIN + n * 105}" y="{_HEIGHT - 6}" fill="{_COLOURS[n]}">{said}</text>')
    begin = next(row for row in rows if next(iter(curves)) in row)
    start = float(begin[next(iter(curves))])
    grown = min(rows[-1]["passages"] / begin["passages"], 10**high / start)
    (x1, y1), (x2, y2) = place(begin["passages"], start), place(begin["passages"] * grown, start * grown)
    return [*parts, f'<path d="M{x1} {y1}L{x2} {y2}" stroke="#999" stroke-dasharray="3 3" fill="none"/>']


def _curve(points: Sequence[tuple[float, float]], colour: str) -> str:
    path = "L".join(f"{x} {y}" for x, y in points)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points)
    return f'<path d="M{path}" stroke="{colour}" stroke-width="1.5" fill="none"/>{dots}'


if __name__ == "__main__":
    main()
