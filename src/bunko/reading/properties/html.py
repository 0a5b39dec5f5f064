"""Read the head of a web page. In: bytes. Out: Facts."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from bunko.facts import Facts, moment, plain, several
from bunko.reading.html.read import decode_html

_AUTHORS = ("author", "dc.creator", "dcterms.creator", "article:author", "citation_author", "parsely-author")
_CREATED = ("article:published_time", "date", "dc.date", "dcterms.created", "dcterms.date", "citation_date", "pubdate")
_MODIFIED = ("article:modified_time", "og:updated_time", "last-modified", "dcterms.modified", "revised")
_TAGS = ("keywords", "article:tag", "dc.subject")
_HEAD = 200_000
"""Bytes in which a head is looked for."""


def facts_of_html(data: bytes) -> Facts:
    """Return what the head of a page says.

    >>> facts_of_html(b'<html lang=ja><title>Hi</title><meta name="author" content="Ada Lind"><p>x')
    Facts(title='Hi', authors=('Ada Lind',), recipients=(), created='', modified='', tags=(), language='ja')
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
    title, page = tree.css_first("title"), tree.css_first("html")

    def all_of(keys: tuple[str, ...]) -> list[str]:
        return [text for key in keys for text in metas.get(key, ()) if not text.startswith(("http://", "https://"))]

    return Facts(
        title=plain((title.text() if title else "") or next(iter(all_of(("og:title",))), "")),
        authors=several(all_of(_AUTHORS)),
        created=next(filter(None, map(moment, all_of(_CREATED))), ""),
        modified=next(filter(None, map(moment, all_of(_MODIFIED))), ""),
        tags=several([tag for text in all_of(_TAGS) for tag in several(text)]),
        language=plain((page.attributes.get("lang") if page else "") or ""),
    )
