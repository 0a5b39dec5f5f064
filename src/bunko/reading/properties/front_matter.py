r"""Read the front matter of Markdown, and the tags of a note. In: a text. Out: Facts.

The part of YAML that front matter uses: `key: value`, lists in brackets or one item a line, quotation marks, comments.
What it does not understand is no fact; nothing fails. Knows nothing of files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from bunko.facts import Facts, moment, plain, several

Value: TypeAlias = "str | list[str]"
_BLOCK = re.compile(r"\ufeff?---[ \t]*\n((?:(?!---|\.\.\.)[^\n]*\n){0,200}?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_KEY = re.compile(r"([A-Za-z_][\w -]{0,40}|[^\x00-\x7f:]{1,20}):(?:[ \t]+(.*))?$")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)$")
_QUOTED = re.compile(r"'((?:[^']|'')*)'|\"((?:[^\"\\]|\\.)*)\"")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_NO_TAGS = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1|\Z)|`[^`\n]{1,500}`|\[\[[^\]\n]{1,500}\]\]", re.M | re.S)
"""Code and links."""
# As Obsidian has it: letters, digits, pictographs, - _ and /, at least one of them no digit.
_TAG_SIGNS = r"[\w/\u200d\u2600-\u27bf\ufe0f\U0001f000-\U0001faff-]"
_TAG = re.compile(rf"(?:^|(?<=\s))#((?={_TAG_SIGNS}*[^\d\s#]){_TAG_SIGNS}+)", re.M)
_TITLE = ("title", "タイトル", "題名")
_AUTHORS = ("author", "authors", "creator", "by", "著者", "作成者")
_CREATED = ("date", "created", "creation date", "date created", "published", "日付", "作成日")
_MODIFIED = ("modified", "updated", "last modified", "date modified", "lastmod", "更新日")
_TAGS = ("tags", "tag", "keywords", "categories", "タグ")
_LANGUAGE = ("lang", "language", "言語")
_SOURCE = ("source", "url", "source_url", "出典")
_SAVED = ("saved", "clipped", "保存日")


def facts_of_markdown(text: str) -> Facts:
    r"""Return what the front matter says, with the tags within the text.

    >>> facts = facts_of_markdown("---\ntitle: Minutes\ntags: [work]\ndate: 2024-01-31\n---\nWe met. #plans/2024\n")
    >>> facts.title, facts.created, facts.tags
    ('Minutes', '2024-01-31', ('work', 'plans/2024'))
    """
    said = front_matter(text)
    tags = [tag.lstrip("#") for tag in _list(said, _TAGS)]
    body = text[len(block) :] if (block := front_matter_block(text)) else text
    tags += _TAG.findall(_NO_TAGS.sub(" ", body))
    return Facts(
        title=plain(_one(said, _TITLE)),
        authors=tuple(_list(said, _AUTHORS)),
        created=moment(_one(said, _CREATED)),
        modified=moment(_one(said, _MODIFIED)),
        tags=several([tag.strip("/") for tag in tags]),
        language=plain(_one(said, _LANGUAGE)),
        source=address if (address := plain(_one(said, _SOURCE))).startswith(("http://", "https://")) else "",
        saved=moment(_one(said, _SAVED)),
    )


def front_matter_block(text: str) -> str:
    """Return the front matter with its lines of dashes; empty where there is none."""
    found = _BLOCK.match(text)
    return found.group() if found else ""


def front_matter(text: str) -> dict[str, Value]:
    r"""Return the keys of the front matter, in lower case, with a text or a list each.

    >>> front_matter("---\nTitle: 'A: b'\ntags:\n  - x\n  - y # why\n---\n")
    {'title': 'A: b', 'tags': ['x', 'y']}
    """
    found = _BLOCK.match(text)
    if not found:
        return {}
    values: dict[str, Value] = {}
    key = ""
    for line in found.group(1).splitlines():
        if (item := _ITEM.match(line)) and key:
            listed = values[key]
            values[key] = [*(listed if isinstance(listed, list) else filter(None, [listed])), _scalar(item.group(1))]
        elif match := _KEY.match(line.rstrip()):
            key = match.group(1).strip().lower()
            values[key] = _value(match.group(2) or "")
    return values


def _value(text: str) -> Value:
    text = text.strip()
    if text.startswith("[") and "]" in text:
        return [item for item in map(_scalar, _parts(text[1 : text.rindex("]")])) if item]
    return _scalar(text)


def _parts(text: str) -> Iterator[str]:
    """Yield what stands between commas, which may be within quotation marks."""
    for match in re.finditer(r"\s*(\"[^\"]*\"|'[^']*'|[^,]+)\s*(?:,|$)", text):
        yield match.group(1)


def _scalar(text: str) -> str:
    text = text.strip()
    if quoted := _QUOTED.match(text):
        single, double = quoted.groups()
        return re.sub(r"\\(.)", r"\1", double) if single is None else single.replace("''", "'")
    text = text if text.startswith("#") and " " not in text else _COMMENT.sub("", text)
    text = text.strip()
    return "" if text in ("null", "~", "|", ">") else text


def _one(said: Mapping[str, Value], keys: Sequence[str]) -> str:
    for key in keys:
        if value := said.get(key):
            return value if isinstance(value, str) else value[0]
    return ""


def _list(said: Mapping[str, Value], keys: Sequence[str]) -> list[str]:
    return [text for key in keys for text in several(said.get(key))]
