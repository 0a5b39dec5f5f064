"""Make a prefix of an object store hold what a folder holds. usage: mirror.py FOLDER BUCKET/PREFIX"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyarrow import fs


def mirror(folder: Path, prefix: str) -> None:
    """Write files that are missing or differ, and delete objects that no file is."""
    system = fs.S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"])
    there = {
        info.path.removeprefix(f"{prefix}/"): info
        for info in system.get_file_info(fs.FileSelector(prefix, recursive=True, allow_not_found=True))
        if info.type == fs.FileType.File
    }
    wanted = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name in there.keys() - wanted.keys():
        system.delete_file(f"{prefix}/{name}")
    for name, path in wanted.items():
        data = path.read_bytes()
        if name in there:
            with system.open_input_stream(f"{prefix}/{name}") as stream:
                if stream.read() == data:
                    continue
        with system.open_output_stream(f"{prefix}/{name}") as stream:
            stream.write(data)


if __name__ == "__main__":
    mirror(Path(sys.argv[1]), sys.argv[2])
