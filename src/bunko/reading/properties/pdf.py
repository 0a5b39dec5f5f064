"""Read the properties of a PDF. In: an open PDF. Out: Facts."""

from __future__ import annotations

import re
from typing import Any

from bunko.facts import Facts, moment, plain, several

# Programs write the name of the file or of themselves where nobody gave a title.
_NO_TITLE = re.compile(
    r"(?:microsoft (?:word|powerpoint|excel)\b.*|untitled.*|無題.*|.*\.(?:docx?|pptx?|xlsx?|indd|tex|dvi|ps))\s*", re.I
)


def facts_of_pdf(pdf: Any) -> Facts:
    """Return what a PDF of pypdfium2 says of itself."""
    said: dict[str, str] = pdf.get_metadata_dict(skip_empty=True)
    title = plain(said.get("Title", ""))
    return Facts(
        title="" if _NO_TITLE.fullmatch(title) else title,
        authors=several(re.split(r"[;；、]|, (?=\S+ )", said.get("Author", ""))),
        created=moment(said.get("CreationDate", "")),
        modified=moment(said.get("ModDate", "")),
        tags=several(said.get("Keywords", "")) if said.get("Keywords") else (),
    )
