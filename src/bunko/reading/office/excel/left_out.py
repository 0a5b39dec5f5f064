"""Report what of a workbook was not read. In: its sheets. Out: a FailedFile for each kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bunko.reading.office.excel.sheet import Sheet, column_name, ranges
from bunko.types import FailedFile, member_path

_UNHIDE = "Unhide them and save the workbook to have them read."
_MOST_NAMED = 10


def left_out(relative: str, sheets: Sequence[Sheet], hidden: Sequence[str]) -> Iterator[FailedFile]:
    """Yield hidden sheets, hidden rows, columns and cells with a text, and formulas without a saved value."""
    for name in hidden:
        yield FailedFile(
            path=member_path(relative, f"{name}: hidden sheet"),
            error="The sheet is hidden in the workbook, and was left out.",
            hint="Unhide it and save the workbook to have it read.",
        )
    for sheet in sheets:
        rows, columns = _hidden_rows(sheet), _hidden_columns(sheet)
        if rows or columns:
            named = " and ".join(filter(None, [_named("row", rows), _named("column", columns)]))
            yield FailedFile(
                path=member_path(relative, f"{sheet.name}: hidden rows and columns"),
                error=f"Left out because the workbook hides or filters them out: {named}.",
                hint=_UNHIDE,
            )
        if sheet.unseen:
            yield FailedFile(
                path=member_path(relative, f"{sheet.name}: hidden cells"),
                error=f"Left out because their format hides what they hold: {_listed(sheet.unseen)}.",
                hint="Give them another number format or colour, and save the workbook.",
            )
        if sheet.uncounted:
            yield FailedFile(
                path=member_path(relative, f"{sheet.name}: formulas"),
                error=f"The file does not hold the values of formulas: {_listed(sheet.uncounted)}.",
                hint="Open the workbook in Excel or LibreOffice and save it, which stores the values.",
            )


def _hidden_rows(sheet: Sheet) -> list[str]:
    filled = (row for row in sheet.hidden_rows if any(text.strip() for text in sheet.rows.get(row, {}).values()))
    return [f"{first}" if first == last else f"{first}-{last}" for first, last in ranges(filled)]


def _hidden_columns(sheet: Sheet) -> list[str]:
    if not sheet.hidden_columns:
        return []
    used = {column for row in sheet.rows.values() for column in row}
    found = ranges(column for column in used if sheet.is_hidden_column(column))
    return [
        column_name(first) if first == last else f"{column_name(first)}-{column_name(last)}" for first, last in found
    ]


def _named(noun: str, places: Sequence[str]) -> str:
    if not places:
        return ""
    return f"{noun}{'' if len(places) == 1 and '-' not in places[0] else 's'} {', '.join(places)}"


def _listed(cells: Sequence[str]) -> str:
    more = len(cells) - _MOST_NAMED
    named = ", ".join(cells[:_MOST_NAMED])
    return f"{named} and {more:,} more" if more > 0 else named
