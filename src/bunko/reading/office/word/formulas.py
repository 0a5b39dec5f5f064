"""Write the formulas of Word in one line. In: an element of Office Math. Out: text such as "E=mc²"."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from bunko.reading.office.word.symbols import lowered, raised

_SILENT = frozenset({"ctrlPr", "fPr", "radPr", "naryPr", "dPr", "sSupPr", "sSubPr", "sSubSupPr", "rPr", "mPr", "accPr"})


def formula_text(item: Element) -> str:
    """Return a formula in one line, with brackets where its parts would run together."""
    write = _WRITERS.get(item.tag)
    if write:
        return write(item)
    if item.tag == "t":
        return item.text or ""
    return "".join(formula_text(child) for child in item if child.tag not in _SILENT)


def _part(item: Element, tag: str) -> str:
    found = item.find(tag)
    return formula_text(found).strip() if found is not None else ""


def _grouped(text: str) -> str:
    return text if len(text) < 2 or text.isalnum() else f"({text})"


def _power(text: str) -> str:
    changed = raised(text)
    return changed if changed != text else f"^{_grouped(text)}" if text else ""


def _index(text: str) -> str:
    changed = lowered(text)
    return changed if changed != text else f"_{_grouped(text)}" if text else ""


def _fraction(item: Element) -> str:
    return f"{_grouped(_part(item, 'num'))}/{_grouped(_part(item, 'den'))}"


def _root(item: Element) -> str:
    degree = _part(item, "deg")
    return f"{raised(degree)}√({_part(item, 'e')})" if degree else f"√({_part(item, 'e')})"


def _sum(item: Element) -> str:
    sign = item.find("naryPr/chr")
    shown = sign.get("val", "∫") if sign is not None else "∫"
    return f"{shown}{_index(_part(item, 'sub'))}{_power(_part(item, 'sup'))} {_part(item, 'e')}"


def _brackets(item: Element) -> str:
    def sign(name: str, usual: str) -> str:
        found = item.find(f"dPr/{name}")
        return found.get("val", "") if found is not None else usual

    inner = ", ".join(formula_text(part).strip() for part in item if part.tag == "e")
    return f"{sign('begChr', '(')}{inner}{sign('endChr', ')')}"


def _matrix(item: Element) -> str:
    return "; ".join(
        ", ".join(formula_text(cell).strip() for cell in row if cell.tag == "e") for row in item if row.tag == "mr"
    )


def _scripts(item: Element) -> str:
    return f"{_part(item, 'e')}{_index(_part(item, 'sub'))}{_power(_part(item, 'sup'))}"


_WRITERS = {
    "f": _fraction,
    "rad": _root,
    "nary": _sum,
    "d": _brackets,
    "m": _matrix,
    "sSup": _scripts,
    "sSub": _scripts,
    "sSubSup": _scripts,
}
