"""What `bunko doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check."""

    check: str
    state: Literal["ok", "warning", "problem"]
    detail: str
    cure: str = ""
