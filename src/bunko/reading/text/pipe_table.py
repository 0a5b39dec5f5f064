"""Write rows as a pipe table. In: rows of cells. Out: lines of Markdown."""

from __future__ import annotations


def pipe_table(rows: list[list[str]]) -> str:
    r"""Return rows as a Markdown table, the first being its header; empty if all cells are.

    >>> print(pipe_table([["A", "B"], ["1\n2"]]))
    | A | B |
    | --- | --- |
    | 1 2 |  |
    """
    columns = max(map(len, rows), default=0)
    if not any(cell.strip() for row in rows for cell in row):
        return ""
    full = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] + [""] * (columns - len(row)) for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in full]
    return "\n".join([lines[0], "|" + " --- |" * columns, *lines[1:]])
