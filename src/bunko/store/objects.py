"""List and fetch the files of a library on an object store. In: a URL. Out: names, sizes, bytes on this machine's disk.

Through pyarrow's file systems, which come with LanceDB's own dependencies, and take credentials and regions from the
same environment and profiles. Knows no tables.
"""

from __future__ import annotations

import configparser
import os
import shutil
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_BLOCK = 8 << 20


class ObjectFolder:
    """A folder on an object store. Its methods raise OSError."""

    def __init__(self, location: str) -> None:
        """Open nothing but a file system."""
        self._files, self._root = _file_system(location)

    def list(self, folder: str) -> dict[str, int]:
        """Return the size of each file under a folder, by its path below it; nothing where there is none."""
        from pyarrow import fs

        top = f"{self._root}/{folder}"
        found = self._files.get_file_info(fs.FileSelector(top, recursive=True, allow_not_found=True))
        return {one.path[len(top) + 1 :]: int(one.size) for one in found if one.type == fs.FileType.File}

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file to this machine; it appears under its name once it is whole."""
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        with self._files.open_input_file(f"{self._root}/{name}") as source, part.open("wb") as file:
            shutil.copyfileobj(source, file, _BLOCK)
        part.replace(target)


def _file_system(location: str) -> tuple[Any, str]:
    from pyarrow import fs

    parts = urllib.parse.urlsplit(location)
    root = (parts.netloc + parts.path).rstrip("/")
    if parts.scheme.startswith("s3"):
        endpoint = urllib.parse.urlsplit(endpoint_of(os.environ))
        more = {"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme} if endpoint.netloc else {}
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        return fs.S3FileSystem(**more, **({"region": region} if region else {})), root
    if parts.scheme == "gs":
        return fs.GcsFileSystem(), root
    account = os.environ.get("AZURE_STORAGE_ACCOUNT_NAME", "")
    return fs.AzureFileSystem(account, account_key=os.environ.get("AZURE_STORAGE_ACCOUNT_KEY")), root


def endpoint_of(environment: Mapping[str, str]) -> str:
    """Return the address of the S3 server that the environment or the profile names; empty: Amazon's.

    >>> endpoint_of({"AWS_ENDPOINT_URL": "http://10.0.0.1:8333"})
    'http://10.0.0.1:8333'
    """
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"):
        if environment.get(name):
            return environment[name]
    profile = environment.get("AWS_PROFILE", "default")
    config = configparser.ConfigParser(interpolation=None)
    try:
        config.read(Path(environment.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser())
    except (configparser.Error, OSError, UnicodeDecodeError):
        return ""
    section = profile if profile == "default" else f"profile {profile}"
    return config.get(section, "endpoint_url", fallback="").strip()
