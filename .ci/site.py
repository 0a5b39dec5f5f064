"""Prepare a page for the site. In: Markdown as the repository has it. Out: Markdown as MkDocs takes it.

The marks of fenced blocks, such as "sh models", are for the tests. A link out of docs/ leads into the repository where
`repo_url` is set; else its text stays.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

_FENCE = re.compile(r"(?m)^```(\w+) (?:models|skip)$")
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((\.\./[^)\s]+)\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """Return the page's text; MkDocs calls this."""
    del files
    return _LINK.sub(lambda link: _inside(link, page.file.src_uri, config.repo_url), _FENCE.sub(r"```\1", markdown))


def _inside(link: re.Match[str], source: str, repository: str | None) -> str:
    """Return a link as it is, or as one into the repository.

    >>> link = _LINK.search("[x](../../examples/a.md)")
    >>> _inside(link, "decisions/1.md", None), _inside(link, "decisions/1.md", "https://host.example/b/")
    ('x', '[x](https://host.example/b/blob/main/examples/a.md)')
    """
    target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(source), link[2]))
    if target.startswith("docs/"):
        return link[0]
    return f"[{link[1]}]({repository.rstrip('/')}/blob/main/{target})" if repository else link[1]
