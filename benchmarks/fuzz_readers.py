"""Feed damaged files to the readers: does each end as documents that can be indexed, or as a reported failure?

    python -m benchmarks.fuzz_readers FOLDER [--rounds 200] [--seed 1]

FOLDER holds whole files of any formats. Each round changes one of them: bytes flipped, a stretch cut out, doubled or
filled with one byte, two files spliced, texts put in that readers trip over. They are read as a sync reads them, in
the reading process, then cut into passages and stored with fake vectors. Prints how often each ending came, with the
messages of crashes and limits, and ends with 1 where a file is missing from the report or a text has no UTF-8.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bunko.library import Library
from bunko.settings import ReadingSettings, Settings
from bunko.testing import FakeEmbedder

_TRIPS = (
    b"\\ud800", b"&#xD800;", b"\xed\xa0\x80", b"\x00\xd8", b"\x00", b"\xff\xfe", b"\x1b[31m", b"\xe2\x80\xae", b"%s%n",
    b"<!--", b"]]>", b"=?utf-8?b?", b"#" * 500, b"(" * 500, b"9" * 500, b"\n" * 500, b"\xef\xbf\xbf", b'{"a":' * 200,
)  # fmt: skip


def main() -> int:
    """Make the files, index them, and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    seeds = [path for path in sorted(given.folder.rglob("*")) if path.is_file() and path.stat().st_size < 1_000_000]
    with tempfile.TemporaryDirectory() as made:
        for n, (name, data) in enumerate(mutants(seeds, rounds=given.rounds, draw=random.Random(given.seed))):
            Path(made, f"{n:05}-{name}").write_bytes(data)
        return report(Path(made))


def mutants(seeds: list[Path], *, rounds: int, draw: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of changed files."""
    for _ in range(rounds):
        path = draw.choice(seeds)
        data = bytearray(path.read_bytes() or b"\0")
        for _ in range(draw.randint(1, 4)):
            start = draw.randrange(len(data) or 1)
            end = min(len(data), start + draw.choice((1, 4, 60, 2_000)))
            match draw.randrange(6):
                case 0:
                    for place in range(start, end):
                        data[place] ^= 1 << draw.randrange(8)
                case 1:
                    del data[start:end]
                case 2:
                    data[start:start] = data[start:end]
                case 3:
                    data[start:end] = bytes([draw.randrange(256)]) * (end - start)
                case 4:
                    data[start:] = draw.choice(seeds).read_bytes()[start:]
                case _:
                    data[start:start] = draw.choice(_TRIPS)
        yield path.name, bytes(data)


def report(folder: Path) -> int:
    """Index a folder, print the endings, and return 1 where one is not as it should be."""
    settings = Settings(reading=ReadingSettings(timeout_s=20, archives=True))
    with Library(folder, settings=settings, embedder=FakeEmbedder()) as library:
        done = library.sync()
        records = library.records()
        for record in records.values():
            document = None if record.error else library.document(record.path)
            f"{record.path}{record.error}{document.text if document else ''}".encode()
    missing = {path.name for path in folder.iterdir() if path.is_file()} - {record.file for record in records.values()}
    kinds = Counter(item.error.split(":")[0][:60] for item in done.failed)
    found = {"documents": done.documents, "chunks": done.chunks, "failed": len(done.failed), "missing": sorted(missing)}
    print(json.dumps(found | {"errors": dict(kinds.most_common(20))}, ensure_ascii=False, indent=1))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
