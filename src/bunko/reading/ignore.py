r"""Match paths against patterns in gitignore's syntax. In: lines. Out: whether a path is ignored, and faulty lines.

The patterns come with a folder, perhaps from somebody else. So nothing is tried twice: a pattern is cut at its stars
into pieces of a fixed length, and each piece is searched for once, from left to right. A regular expression made from
`*a*a*a*b` takes exponential time on a long name, and blocks every thread meanwhile. Knows nothing of files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_LINES = 2_000
LONGEST_LINE = 1_000
MOST_CHARACTERS = 64_000
_CLASSES = {
    "alnum": r"a-zA-Z0-9", "alpha": r"a-zA-Z", "blank": r" \t", "cntrl": r"\x00-\x1f\x7f", "digit": r"0-9",
    "graph": r"\x21-\x7e", "lower": r"a-z", "print": r"\x20-\x7e", "punct": r"!-/:-@\[-`{-~", "space": r"\s",
    "upper": r"A-Z", "xdigit": r"0-9A-Fa-f",
}  # fmt: skip


class _Fault(ValueError):
    """A line is not a pattern. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyLine:
    """A line that is not a pattern. It is not used."""

    number: int
    """Counted from 1."""
    line: str
    reason: str


class IgnorePatterns:
    """The patterns of some lines. The last one that matches a path decides."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.faults: list[FaultyLine] = []
        self._patterns: list[_Pattern] = []
        room = MOST_CHARACTERS
        for number, line in enumerate(lines, 1):
            room -= len(line)
            try:
                if number > MOST_LINES or room < 0:
                    raise _Fault(f"at most {MOST_LINES:,} lines with {MOST_CHARACTERS:,} characters are used")
                if (pattern := _parse(line)) is not None:
                    self._patterns.append(pattern)
            except _Fault as fault:
                self.faults.append(FaultyLine(number=number, line=line[:80], reason=str(fault)))
                if number > MOST_LINES or room < 0:
                    break

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """Return whether a path is ignored, when none of the folders above it is.

        >>> patterns = IgnorePatterns(["*.log", "/build/", "!keep.log"])
        >>> [patterns.matches(path, is_folder=False) for path in ("a/x.log", "a/keep.log", "build")]
        [True, False, False]
        """
        names = path.split("/")
        for pattern in reversed(self._patterns):
            if pattern.matches(names, is_folder=is_folder):
                return not pattern.negated
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    groups: tuple[tuple[_Name, ...], ...]
    """Names that follow each other, between which stand any number of folders (`**`)."""
    negated: bool
    folders_only: bool
    below: bool
    """Whether it ends in `/**`: everything inside, not the folder itself."""

    def matches(self, names: Sequence[str], *, is_folder: bool) -> bool:
        """Return whether the names of a path match. Each group is searched for once: the first place is the best."""
        if self.folders_only and not is_folder:
            return False
        end = len(names) - self.below
        first, *middle = self.groups
        if not middle:
            return (len(first) == end or (self.below and len(first) <= end)) and _at(first, names, 0)
        last = middle.pop()
        if len(first) > end or not _at(first, names, 0):
            return False
        place = len(first)
        if not self.below or last:
            end -= len(last)
        for group in middle:
            while place + len(group) <= end and not _at(group, names, place):
                place += 1
            place += len(group)
            if place > end:
                return False
        if self.below:  # a/**/b/**: anywhere, with something inside
            return any(_at(last, names, start) for start in range(place, end + 1))
        return place <= end and _at(last, names, end)


def _at(group: Sequence[_Name], names: Sequence[str], place: int) -> bool:
    return all(name.matches(names[place + n]) for n, name in enumerate(group))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    """A pattern for one name: pieces between stars, each with its length."""

    pieces: tuple[tuple[re.Pattern[str], int], ...]

    def matches(self, name: str) -> bool:
        """Return whether a name matches, in time that grows with the product of both lengths at most."""
        (first, length), *middle = self.pieces
        if not middle:
            return len(name) == length and first.match(name) is not None
        last, last_length = middle.pop()
        end = len(name) - last_length
        if length + sum(each for _, each in middle) > end or not first.match(name):
            return False
        for piece, size in middle:
            found = piece.search(name, length, end) if size else None
            if size and found is None:
                return False
            length = found.end() if found else length
        return length <= end and last.match(name, end) is not None


def _parse(line: str) -> _Pattern | None:
    """Return the pattern of a line; None for a blank line or a comment. Raises _Fault."""
    if len(line) > LONGEST_LINE:
        raise _Fault(f"it has more than {LONGEST_LINE:,} characters")
    line = _without_final_spaces(line.rstrip("\r\n"))
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    line = line[negated:]
    folders_only = line.endswith("/")
    plain = line.removesuffix("/")
    names = plain.removeprefix("/").split("/")  # an empty name in between matches none, as in git
    if not any(names):
        raise _Fault("it names nothing")
    if "/" not in plain:
        names.insert(0, "**")  # a plain name is meant at any depth
    below = len(names) > 1 and names[-1] == "**"
    groups: list[list[_Name]] = [[]]
    for name in names[: len(names) - below]:
        if name == "**":
            groups.append([])
        else:
            groups[-1].append(_Name(pieces=tuple(_pieces(name))))
    if len(groups) > 1 and not groups[-1] and not below:  # "**" alone
        groups[-1].append(_Name(pieces=tuple(_pieces("*"))))
    return _Pattern(groups=tuple(map(tuple, groups)), negated=negated, folders_only=folders_only, below=below)


def _without_final_spaces(line: str) -> str:
    stripped = line.rstrip(" \t")
    escaped = (len(stripped) - len(stripped.rstrip("\\"))) % 2
    return line[: len(stripped) + 1] if escaped and len(line) > len(stripped) else stripped


def _pieces(pattern: str) -> Iterable[tuple[re.Pattern[str], int]]:
    """Yield the pieces between stars as regular expressions without repetition, with their lengths."""
    signs: list[str] = []
    place = 0
    while place < len(pattern):
        sign = pattern[place]
        place += 1
        if sign == "*":
            yield re.compile("".join(signs), re.DOTALL), len(signs)
            signs = []
        elif sign == "?":
            signs.append(".")
        elif sign == "[":
            one, place = _one_of(pattern, place)
            signs.append(one)
        else:
            if sign == "\\":
                if place == len(pattern):
                    raise _Fault("it ends in a backslash")
                sign = pattern[place]
                place += 1
            signs.append(re.escape(sign))
    yield re.compile("".join(signs), re.DOTALL), len(signs)


def _one_of(pattern: str, place: int) -> tuple[str, int]:
    """Return a regular expression for `[…]`, which begins before `place`, and the place after it. Raises _Fault."""
    negated = pattern.startswith(("!", "^"), place)
    place += negated
    members: list[str] = []
    begin = place
    while place < len(pattern):
        if pattern[place] == "]" and place > begin:
            return f"[{'^' if negated else ''}{''.join(members)}]", place + 1
        if pattern.startswith("[:", place):
            name, closed, _ = pattern[place + 2 :].partition(":]")
            if closed:
                if name not in _CLASSES:
                    raise _Fault(f"there are no signs called [:{name[:20]}:]")
                members.append(_CLASSES[name])
                place += len(name) + 4
                continue
        first, place = _member(pattern, place)
        last = first
        if pattern[place : place + 1] == "-" and pattern[place + 1 : place + 2] not in ("", "]"):
            last, place = _member(pattern, place + 1)
            if last < first:
                raise _Fault(f"the range {first}-{last} runs backwards")
        members.append(f"{_quoted(first)}-{_quoted(last)}")
    raise _Fault("a [ is not closed; write \\[ for the sign itself")


def _member(pattern: str, place: int) -> tuple[str, int]:
    if pattern[place] == "\\" and place + 1 < len(pattern):
        return pattern[place + 1], place + 2
    return pattern[place], place + 1


def _quoted(sign: str) -> str:
    return f"\\U{ord(sign):08x}"
