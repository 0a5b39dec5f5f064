"""Documents on an S3-compatible object store: `s3://bucket/prefix`.

Keys, region and address come from the usual variables of the environment, or from the user's profile: AWS_PROFILE,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from bunko.sources import Source
from bunko.sources.objects import ObjectSource

# The first is S3's own; the last is what the program that writes the index reads, too.
_ADDRESSES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


def open_source(address: str, *, ignore: Sequence[str]) -> Source:
    """Return the objects below a prefix."""
    return ObjectSource(address, connect=_connect, ignore=ignore)


def _connect() -> Any:
    from pyarrow.fs import S3FileSystem

    return S3FileSystem(region=_first(_REGIONS) or None, endpoint_override=_first(_ADDRESSES) or None)


def _first(names: Sequence[str]) -> str:
    return next((value for name in names if (value := os.environ.get(name))), "")
