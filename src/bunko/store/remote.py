"""Reach libraries on object stores. In: a URL such as `s3://bucket/lib`. Out: LanceDB's connection.

Credentials, region and endpoint come from the environment and the profile of the cloud's own tools (`AWS_PROFILE`,
`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, …), as Lance reads them; no setting of Bunko holds one. `s3://` is tested;
`az://` and `gs://` go the same way, and are not. All connections of a process share one session: what one has read of a
table's metadata and indexes, the others don't fetch again.
"""

from __future__ import annotations

import functools
from typing import Any

from bunko.store import compiled_lancedb


def is_remote(location: str) -> bool:
    """Return whether a library's place is an object store.

    >>> is_remote("s3://bucket/lib"), is_remote("/srv/lib")
    (True, False)
    """
    return "://" in location


def storage_options(location: str) -> dict[str, str]:
    """Return what Lance has to be told beside the environment. Plain HTTP is used only where the endpoint says so.

    >>> storage_options("s3://bucket/lib")
    {'allow_http': 'true'}
    """
    return {"allow_http": "true"} if location.startswith("s3") else {}


def connect(location: str) -> Any:
    """Return LanceDB's connection to a folder or a URL. Raises what LanceDB raises; see store/faults.py."""
    if not is_remote(location):
        return compiled_lancedb.connect(location)
    from bunko.store.quick_lancedb import lancedb

    return lancedb.connect(location, storage_options=storage_options(location), session=_session())


@functools.cache
def _session() -> Any:
    from bunko.store.quick_lancedb import lancedb

    return compiled_lancedb.new_session(lancedb)
