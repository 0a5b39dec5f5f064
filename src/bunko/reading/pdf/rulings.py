"""Find the straight lines on a PDF's page: the rules of tables. In: a PDFium page. Out: Rulings. Knows no text.

A rule is a stroked line, a filled box as thin as a line, or the edge of a filled box, such as a shaded cell.
"""

from __future__ import annotations

import ctypes
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pypdfium2
import pypdfium2.raw as pdfium

_THICKEST = 3.0  # points of a rule
_SHORTEST = 4.0  # points of a rule
_SLANT = 0.7  # points from end to end that still count as straight
TOUCH = 3.0  # points by which the ends of rules may miss each other
_MOST_PATHS = 6_000  # more are a drawing
_MOST_SEGMENTS = 20_000  # of all paths of a page
_MOST_SLANTED = 12  # parts of a path that are no rules, if most are
_FORM_DEPTH = 4
_SAMPLE = 100  # characters that show which way a page is up

Matrix: TypeAlias = tuple[float, float, float, float, float, float]
_Point: TypeAlias = tuple[float, float]
UPRIGHT: Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line: `at` is the y of a horizontal one, the x of a vertical one, in points."""

    at: float
    start: float
    end: float

    @property
    def length(self) -> float:
        """The length in points."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """The rules of a page, on the page set upright."""

    horizontal: Sequence[Rule]
    vertical: Sequence[Rule]


def rulings_of(page: pypdfium2.PdfPage, turn: Matrix) -> Rulings:
    """Return a page's rules, with those joined that go on from one to the next; none for a page that is a drawing.

    `turn` sets the page upright: see `turn_of`.
    """
    across: list[Rule] = []
    down: list[Rule] = []
    for (x0, y0), (x1, y1) in _segments(page, turn):
        if abs(y1 - y0) <= _SLANT and abs(x1 - x0) >= _SHORTEST:
            across.append(Rule((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
        elif abs(x1 - x0) <= _SLANT and abs(y1 - y0) >= _SHORTEST:
            down.append(Rule((x0 + x1) / 2, min(y0, y1), max(y0, y1)))
    return Rulings(horizontal=joined_rules(across), vertical=joined_rules(down))


def joined_rules(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules in order of their place, those in one line that touch each other as one.

    >>> joined_rules([Rule(10.0, 50.0, 80.0), Rule(10.4, 20.0, 49.0), Rule(30.0, 0.0, 9.0)])
    [Rule(at=10.2, start=20.0, end=80.0), Rule(at=30.0, start=0.0, end=9.0)]
    """
    found: list[Rule] = []
    band: list[Rule] = []
    for rule in sorted(rules, key=lambda rule: rule.at):
        if band and rule.at - band[0].at > TOUCH:
            found += _in_line(band)
            band = []
        band.append(rule)
    return [*found, *_in_line(band)]


def _in_line(band: Sequence[Rule]) -> Iterator[Rule]:
    if not band:
        return
    at = sum(rule.at for rule in band) / len(band)
    start = end = float("-inf")
    for rule in sorted(band, key=lambda rule: rule.start):
        if rule.start > end + TOUCH:
            if end > start:
                yield Rule(at, start, end)
            start, end = rule.start, rule.end
        end = max(end, rule.end)
    yield Rule(at, start, end)


# --- paths -------------------------------------------------------------------------------------------------------


def _segments(page: pypdfium2.PdfPage, turn: Matrix) -> list[tuple[_Point, _Point]]:
    found: list[tuple[_Point, _Point]] = []
    for paths, (item, matrix) in enumerate(_paths(page)):
        if paths >= _MOST_PATHS or len(found) >= _MOST_SEGMENTS:
            return []
        found += _straight(item, _times(matrix, turn))
    return found


def turn_of(text_page: pypdfium2.PdfTextPage) -> Matrix:
    """Return the matrix that sets a page upright, so that most of its text runs from left to right.

    A page may be turned in the viewer, or its text drawn sideways: only the text shows which way is up.
    """
    count = text_page.count_chars()
    angles = [pdfium.FPDFText_GetCharAngle(text_page, n) for n in range(0, count, max(1, count // _SAMPLE))]
    quarters = Counter(round(angle / (math.pi / 2)) % 4 for angle in angles if angle >= 0)
    quarter = quarters.most_common(1)[0][0] if quarters else 0
    return (UPRIGHT, (0, 1, -1, 0, 0, 0), (-1, 0, 0, -1, 0, 0), (0, -1, 1, 0, 0, 0))[quarter]


def moved(matrix: Matrix, x: float, y: float) -> _Point:
    """Return a point after a transformation.

    >>> moved((0, -1, 1, 0, 0, 600), 100, 20)
    (20, 500)
    """
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _times(first: Matrix, second: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = second
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def _paths(page: pypdfium2.PdfPage) -> Iterator[tuple[Any, Matrix]]:
    """Yield the paths of a page and its forms, with the matrix that places each on the page."""
    count = pdfium.FPDFPage_CountObjects(page)
    yield from _within([pdfium.FPDFPage_GetObject(page, n) for n in range(count)], UPRIGHT, 0)


def _within(items: Iterable[Any], placed: Matrix, depth: int) -> Iterator[tuple[Any, Matrix]]:
    for item in items:
        kind = pdfium.FPDFPageObj_GetType(item)
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            yield item, _times(_matrix_of(item), placed)
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _FORM_DEPTH:
            inner = (pdfium.FPDFFormObj_GetObject(item, n) for n in range(pdfium.FPDFFormObj_CountObjects(item)))
            yield from _within(inner, _times(_matrix_of(item), placed), depth + 1)


def _matrix_of(item: Any) -> Matrix:
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(item, matrix):
        return UPRIGHT
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _straight(item: Any, matrix: Matrix) -> Iterator[tuple[_Point, _Point]]:
    """Yield the straight parts of a path that can be rules."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not pdfium.FPDFPath_GetDrawMode(item, fill, stroke):
        return
    if not (fill.value or stroke.value):
        return
    for points in _subpaths(item, matrix):
        pairs = list(itertools.pairwise(points))
        thin = None if stroke.value else _thin(points)
        if thin is not None:
            yield thin
        elif stroke.value or len(pairs) <= 5:
            yield from pairs


def _thin(points: Sequence[_Point]) -> tuple[_Point, _Point] | None:
    """Return the middle line of a filled box that is as thin as a rule."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, right, bottom, top = min(xs), max(xs), min(ys), max(ys)
    if top - bottom <= _THICKEST and right - left > top - bottom:
        return (left, (bottom + top) / 2), (right, (bottom + top) / 2)
    if right - left <= _THICKEST:
        return ((left + right) / 2, bottom), ((left + right) / 2, top)
    return None


def _is_straight(start: _Point, end: _Point) -> bool:
    return abs(start[0] - end[0]) <= _SLANT or abs(start[1] - end[1]) <= _SLANT


def _subpaths(item: Any, matrix: Matrix) -> Iterator[list[_Point]]:
    """Yield the corners of each part of a path; a curve begins a new part."""
    points: list[_Point] = []
    slanted = 0
    x, y = ctypes.c_float(), ctypes.c_float()
    for n in range(min(pdfium.FPDFPath_CountSegments(item), _MOST_SEGMENTS)):
        segment = pdfium.FPDFPath_GetPathSegment(item, n)
        if not pdfium.FPDFPathSegment_GetPoint(segment, x, y):
            continue
        point = moved(matrix, x.value, y.value)
        if pdfium.FPDFPathSegment_GetType(segment) == pdfium.FPDF_SEGMENT_LINETO:
            slanted += bool(points) and not _is_straight(points[-1], point)
            points.append(point)
            if pdfium.FPDFPathSegment_GetClose(segment) and len(points) > 2:
                points.append(points[0])
        else:
            slanted += pdfium.FPDFPathSegment_GetType(segment) == pdfium.FPDF_SEGMENT_BEZIERTO
            if len(points) > 1:
                yield points
            points = [point]
        if slanted > _MOST_SLANTED and 2 * slanted > n:
            return  # a drawing
    if len(points) > 1:
        yield points
