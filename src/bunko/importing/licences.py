"""Find a model's licence. In: its folder. Out: metadata for GGUF. Guesses nothing.

The converter reads the header of a model card (README.md); this is for folders that only have a licence file.
"""

from __future__ import annotations

import re
from pathlib import Path

# Beginnings of well-known licences -> SPDX identifiers, as model cards spell them.
_BEGINNINGS = (
    (r"Apache License\s+Version 2\.0", "apache-2.0"),
    (r"MIT License|Permission is hereby granted, free of charge", "mit"),
    (r"BSD 3-Clause", "bsd-3-clause"),
    (r"META LLAMA 3 COMMUNITY LICENSE", "llama3"),
    (r"LLAMA 3\.1 COMMUNITY LICENSE", "llama3.1"),
    (r"LLAMA 3\.2 COMMUNITY LICENSE", "llama3.2"),
    (r"Gemma Terms of Use", "gemma"),
)
_READ = 20_000


def licence_facts(folder: Path) -> dict[str, str]:
    """Return the metadata for `general.license`; empty if the model card states it, or no file does."""
    if re.search(r"^---\n(?:.*\n)*?license:", _beginning(folder / "README.md")):
        return {}
    for name in ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING", "USE_POLICY.md"):
        if text := _beginning(folder / name).strip():
            known = next((licence for pattern, licence in _BEGINNINGS if re.search(pattern, text[:2000], re.I)), "")
            first = text.splitlines()[0].strip(" #*")[:100]
            return {"general.license": known} if known else {
                "general.license": "other", "general.license.name": first}  # fmt: skip
    return {}


def _beginning(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_READ).replace("\r\n", "\n")
    except OSError:
        return ""
