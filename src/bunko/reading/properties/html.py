"""Read the head of a web page. In: bytes. Out: Facts."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from bunko.facts import Facts, moment, plain, several
from bunko.reading.html.read import decode_html

_AUTHORS = ("author", "dc.creator", "dcterms.creator", "article:author", "citation_author", "parsely-author")
_CREATED = ("article:published_time", "date", "dc.date", "dcterms.created", "dcterms.date", "citation_date", "pubdate")
_MODIFIED = ("article:modified_time", "og:updated_time", "last-modified", "dcterms.modified", "revised")
_TAGS = ("keywords", "article:tag", "dc.subject")
# What search engines are told of an article: https://schema.org/datePublished.
_TOLD = re.compile(r'"(datePublished|dateModified)"\s*:\s*"([^"]{4,40})"')
_MARKED = {
    "datePublished": "[itemprop=datePublished], time[pubdate]",
    "dateModified": "[itemprop=dateModified]",
}
_HEAD = 200_000
"""Bytes in which a head is looked for."""


def facts_of_html(data: bytes) -> Facts:
    """Return what the head of a page says.

    >>> facts_of_html(b'<html lang=ja><title>Hi</title><meta name="author" content="Ada Lind"><p>x')
    ... # doctest: +ELLIPSIS
    Facts(title='Hi', authors=('Ada Lind',), ..., language='ja', ...)
    """
    source = decode_html(data[:_HEAD])
    tree = LexborHTMLParser(source.encode("utf-8", "replace"))
    metas: dict[str, list[str]] = {}
    for node in tree.css("meta"):
        names = node.attributes
        key = (
            names.get("name") or names.get("property") or names.get("itemprop") or names.get("http-equiv") or ""
        ).lower()
        if key and (content := names.get("content")):
            metas.setdefault(key, []).append(content)
    told = dict(reversed(_TOLD.findall(source)))  # the first of each
    for name, selector in _MARKED.items():
        for node in tree.css(selector)[:1]:
            told.setdefault(name, node.attributes.get("datetime") or node.attributes.get("content") or "")
    title, page = tree.css_first("title"), tree.css_first("html")

    def all_of(keys: tuple[str, ...]) -> list[str]:
        return [text for key in keys for text in metas.get(key, ()) if not text.startswith(("http://", "https://"))]

    return Facts(
        title=plain((title.text() if title else "") or next(iter(all_of(("og:title",))), "")),
        authors=several(all_of(_AUTHORS)),
        created=next(filter(None, map(moment, [*all_of(_CREATED), told.get("datePublished")])), ""),
        modified=next(filter(None, map(moment, [*all_of(_MODIFIED), told.get("dateModified")])), ""),
        tags=several([tag for text in all_of(_TAGS) for tag in several(text)]),
        language=plain((page.attributes.get("lang") if page else "") or ""),
    )
