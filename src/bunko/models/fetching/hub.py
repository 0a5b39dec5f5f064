"""Build URLs on the Hugging Face hub. In: repository, revision, file. Out: a URL, and headers. Opens no connection."""

from __future__ import annotations

import os
from collections.abc import Mapping

DEFAULT_HUB = "https://huggingface.co"


def file_url(repository: str, revision: str, file: str) -> str:
    """Return the URL of a file on the hub, or on the mirror that HF_ENDPOINT names."""
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or DEFAULT_HUB
    return f"{endpoint}/{repository}/resolve/{revision}/{file}"


def headers() -> Mapping[str, str]:
    """Return the authorization header for HF_TOKEN; nothing if it is not set."""
    token = os.environ.get("HF_TOKEN", "")
    return {"Authorization": f"Bearer {token}"} if token else {}
