"""Read the comments of a sheet, old and new. In: a package and the sheet's relationships. Out: places and texts."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from bunko.reading.office.excel.cells import unescaped
from bunko.reading.office.excel.sheet import place_of
from bunko.reading.office.package import Package


def sheet_comments(
    package: Package, targets: dict[str, tuple[str, str]], people: dict[str, str]
) -> Iterator[tuple[int, int, str]]:
    """Yield row, column and text. Of a conversation, the older copy for programs that do not know it is left out."""
    new = list(_trees(package, targets, "threadedComment"))
    threaded = {item.get("ref", "") for tree in new for item in tree.iter("threadedComment")}
    for tree in new:
        for item in tree.iter("threadedComment"):
            yield from _placed(item, item.findtext("text") or "", people.get(item.get("personId", ""), ""))
    for tree in _trees(package, targets, "comments"):
        for item in tree.iter("comment"):
            if item.get("ref", "") not in threaded:
                yield from _placed(item, "".join(part.text or "" for part in item.iterfind("text//t")), "")


def people_of(package: Package, targets: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Return the names of those who wrote newer comments."""
    trees = _trees(package, targets, "person")
    return {item.get("id", ""): item.get("displayName", "") for tree in trees for item in tree.iter("person")}


def _trees(package: Package, targets: dict[str, tuple[str, str]], kind: str) -> Iterator[Element]:
    for found, name in targets.values():
        if found == kind and (tree := package.tree(name)) is not None:
            yield tree


def _placed(item: Element, text: str, author: str) -> Iterator[tuple[int, int, str]]:
    place = place_of(item.get("ref", ""))
    if place and text.strip():
        yield (*place, f"{author}: {unescaped(text)}" if author else unescaped(text))
