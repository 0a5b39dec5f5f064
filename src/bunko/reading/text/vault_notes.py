r"""Show the notes of an Obsidian vault as their reader sees them. In: Markdown. Out: Markdown without these marks.

Links become their text; embedded notes, comments, the marks of callouts and the ids of blocks are left out. Code and
formulas stay as they are. What an embedded note says is in its own document: here it would be there twice. The syntax
is that of https://help.obsidian.md; GitHub's alerts are written like callouts. Knows nothing of files.
"""

from __future__ import annotations

import re

_LINK = r"(?<!\\)\[\[(?=\S)(?P<target>[^\[\]|\n]{1,500}?)(?:\\?\|(?P<alias>[^\[\]\n]{0,500}))?\]\](?!\()"
_EMBED = r"!\[\[(?=\S)[^\[\]\n]{1,500}\]\]"
_ID = r"\^(?!\d{1,3}[ \t]*$)[A-Za-z0-9-]{2,60}[ \t]*$"
_MARK = re.compile(
    # Code and formulas first: nothing in them is a mark.
    r"(?P<code>^(?:[ \t]{0,3}>)*[ \t]*(?P<fence>```|~~~).*?(?:^(?:[ \t]{0,3}>)*[ \t]*(?P=fence)|\Z)"
    r"|(?<!`)(?P<ticks>`{1,2})(?!`)[^\n]{1,500}?(?<!`)(?P=ticks)(?!`)|\$\$[^$]{1,5000}\$\$)"
    # A comment; one of several lines begins its line. Without an end it hides nothing.
    r"|(?P<comment>^%%(?:(?!%%).){1,20000}%%(?!\S)\n?|(?<!\S)%%[^%\n]{1,2000}%%(?!\S))"
    # A line of embedded notes or an id alone goes as a whole, and so does the mark of a callout without a title.
    rf"|(?P<line>^[ \t>]*(?:[-*+][ \t]+)?(?:{_EMBED}[ \t]*)+$\n?|^[ \t>]*{_ID}\n?"
    r"|^(?:[ \t]*>)+[ \t]*\[![\w-]{1,40}(?:\|[^\]\n]{0,40})?\][+-]?[ \t]*(?:\n|\Z))"
    r"|(?P<callout>^(?:[ \t]*>)+[ \t]*)\[![\w-]{1,40}(?:\|[^\]\n]{0,40})?\][+-]?[ \t]+"
    rf"|(?P<id>(?<![ \t])[ \t]+{_ID})|(?P<embed>!)?{_LINK}",
    re.MULTILINE | re.DOTALL,
)
# Files that are embedded are shown, not read.
_FILE = re.compile(
    r"\.(?:png|jpe?g|gif|bmp|svg|webp|avif|mp[34]|m4a|wav|ogg|webm|flac|mkv|mov|ogv|3gp|pdf|canvas|base)\b", re.I
)
_ANCHOR = re.compile(r"#\^[\w-]+")


def as_shown(text: str) -> str:
    r"""Return Markdown without the marks of a vault.

    >>> as_shown("See [[Mill]] and [[Ada Lind|the miller]]. ^a1b2c3\n![[Budget]]\n> [!tip] Hint\n> `[[x]]`\n")
    'See Mill and the miller.\n> Hint\n> `[[x]]`\n'
    """
    if not any(mark in text for mark in ("[[", "[!", "%%", "^")):
        return text
    return _MARK.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    if match["code"]:
        return match[0]
    if match["callout"]:
        return match["callout"]
    return _words_of_link(match) if match["target"] else ""


def _words_of_link(match: re.Match[str]) -> str:
    """Return what a link shows: its own words, else the note and the heading that it leads to."""
    target, alias = match["target"].strip(), (match["alias"] or "").strip()
    if match["embed"] and _FILE.search(target):
        return ""
    if alias and not (match["embed"] and re.fullmatch(r"\d+(?:x\d+)?", alias)):
        return alias
    names = [name.strip() for name in _ANCHOR.sub("", target).split("#")]
    names[0] = names[0].removesuffix(".md")
    return " > ".join(filter(None, names))
