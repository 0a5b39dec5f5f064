"""Find the part of a web page that people read. In: bytes. Out: a Document of that part.

The reader for HTML files already leaves out menus, scripts and what is hidden. A page as it comes from the web has
more around its text: banners, side columns, share buttons, lists of other articles, comments. They are named as what
they are by most pages, in tags, roles and class names. docs/decisions/028-pages-and-duplicates.md has the figures.
"""

from __future__ import annotations

import re
from collections.abc import Container

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bunko.reading.html.read import decode_html, read_html
from bunko.types import Document

_AROUND = (
    "aside, [role=complementary], [role=contentinfo], [role=banner], [role=alert], [role=alertdialog], "
    "body > footer, body > header, body > div > footer, body > div > header, form[role=search], .noprint"
)
# Whole names, or the parts of names that hyphens and capitals show: `share-bar`, `relatedPosts`; not `shared`.
_NAMES = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|newsletter|subscribe|subscription|signup|share|sharing|social|sns|related"
    r"|recommend(?:ed|ations?)?|ranking|sidebar|side-?nav|breadcrumbs?|pagination|pager|comments?|respond|disqus|promo"
    r"|advert(?:isement)?s?|ads?|sponsor(?:ed)?|banner|popup|modal|toolbar|footer|skip-?link|site-?(?:header|footer|nav)"
    r"|global-?(?:header|footer|nav)|topic-?path|pankuzu|author-?bio|tag-?cloud|more-?(?:articles|stories))"
    r"(?:$|[\s_-])",
    re.I,
)
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MAIN = "main, [role=main], article, [itemprop=articleBody]"
# A part is the text of the page if it has this share of what is left without the rest around it.
_ENOUGH = 0.5
# What is named as an advertisement or a list beside the text, and has more than this share, is the text.
_TOO_MUCH = 0.4


def read_main_part(data: bytes, relative: str) -> Document:
    """Return the Document of the part of a page that people read."""
    return read_html(b"\xef\xbb\xbf" + main_part(decode_html(data)).encode("utf-8", "replace"), relative)


def main_part(source: str) -> str:
    """Return the part of a page that people read, as HTML with the page's head; all of it where no part is enough.

    >>> main_part("<p>The mill was built in 1803.<aside>Buy now</aside>").count("Buy")
    0
    """
    tree = LexborHTMLParser(source.encode("utf-8", "replace"))
    if (body := tree.body) is None:
        return source
    most = _TOO_MUCH * _length(body)
    beside = {node.mem_id: node for node in tree.css(f"{_AROUND}, [class], [id]") if _is_beside(node)}
    beside = {mark: node for mark, node in beside.items() if _length(node) <= most}
    # Only the topmost: those within them are freed with them.
    for node in [node for node in beside.values() if not _is_within(node, beside)]:
        node.decompose(recursive=True)
    found = [node for node in tree.css(_MAIN) if _length(node) >= _ENOUGH * _length(body)]
    part = (found[0] if found else body).html or ""  # the outermost: a page may have its text in several articles
    head, top = tree.head, tree.css_first("h1")
    title = (top.html or "") if top is not None and "<h1" not in part else ""
    return f"<html>{(head.html or '') if head else ''}<body>{title}{part}</body></html>"


def _is_within(node: LexborNode, others: Container[int]) -> bool:
    above = node.parent
    while above is not None:
        if above.mem_id in others:
            return True
        above = above.parent
    return False


def _is_beside(node: LexborNode) -> bool:
    if node.tag in ("html", "head", "body", "main", "article", "meta", "link"):
        return False
    if node.css_matches(_AROUND):
        return True
    names = node.attributes
    said = f"{names.get('class') or ''} {names.get('id') or ''}"
    return bool(_NAMES.search(_CAPITAL.sub("-", said)))


def _length(node: LexborNode) -> int:
    return len("".join((node.text(deep=True, separator=" ") or "").split()))
