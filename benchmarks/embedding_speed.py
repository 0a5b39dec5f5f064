r"""Embed the same passages with Bunko's starter embedder and with sentence-transformers, in turn, and compare.

usage: python benchmarks/embedding_speed.py --passages P.jsonl.gz --limit 1500 \
           --python OTHER/bin/python --model FOLDER_OF_ALL_MINILM_L6_V2

P has one JSON object with "text" on each line; passages are taken evenly from the whole file. OTHER is an environment
with sentence-transformers, which is used as it is by default: PyTorch, float32, 32 texts in a batch. Both programs
stay loaded and take turns, so that a machine that grows slower does so for both. Printed are the medians, the ratio
of each pair of runs, the peak memory of each process, and how near the vectors of one are to those of the other. On a
busy machine, pin it to one core (`taskset -c 0 python …`) and read the ratio by the cores' time: threads that wait for
each other make PyTorch slower than it is.
Without --python, Bunko is measured alone.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TextIO

BUNKO = """
from bunko.embedding import open_embedder
from bunko.models import resolve
from bunko.config import load_settings
settings = load_settings()
embed = open_embedder(resolve("minilm", kind="embedding", settings=settings), settings).embed_passages
"""
OTHER = """
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[3], device="cpu")
def embed(texts):
    return model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
"""
# Embeds once for each line that it is sent. A float32 file of vectors is enough to compare them.
SERVE = """
import json, resource, sys, time
import numpy
{load}
texts = json.load(open(sys.argv[1]))
embed(texts[:32])
for _ in sys.stdin:
    begin, begin_cpu = time.perf_counter(), time.process_time()
    vectors = embed(texts)
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - begin_cpu
    numpy.save(sys.argv[2], vectors)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    print(json.dumps([seconds, cpu_seconds, peak]), flush=True)
"""


class Program:
    """A process that embeds all passages on request."""

    def __init__(self, command: list[str], load: str, *arguments: str) -> None:
        environment = os.environ | {
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "true",
        }
        self._process = subprocess.Popen(
            [*command, "-c", SERVE.format(load=load), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.seconds: list[float] = []
        self.cpu_seconds: list[float] = []
        self.peak = 0.0

    def run(self) -> None:
        """Embed all passages once more."""
        assert self._process.stdin and self._process.stdout
        print("run", file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            sys.exit("a program ended; its error is above")
        seconds, cpu_seconds, self.peak = json.loads(line)
        self.seconds.append(seconds)
        self.cpu_seconds.append(cpu_seconds)

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", help="of an environment with sentence-transformers")
    parser.add_argument("--model", help="folder of the float32 model, for sentence-transformers")
    arguments = parser.parse_args()
    texts = read_texts(arguments.passages, arguments.limit)
    with tempfile.TemporaryDirectory() as folder:
        passages, ours, theirs = (str(Path(folder) / name) for name in ("passages.json", "ours.npy", "theirs.npy"))
        Path(passages).write_text(json.dumps(texts))
        programs = {"bunko": Program([sys.executable], BUNKO, passages, ours)}
        if arguments.python:
            other = Program([arguments.python], OTHER, passages, theirs, arguments.model)
            programs["sentence-transformers"] = other
        for _ in range(arguments.rounds):
            for program in programs.values():
                program.run()
        for name, program in programs.items():
            program.close()
            speed, cpu_speed = (len(texts) / statistics.median(s) for s in (program.seconds, program.cpu_seconds))
            print(f"{name}: {speed:.1f} passages/s, {cpu_speed:.1f} for each s of a core, {program.peak:.0f} MB")
        if arguments.python:
            compare(programs["bunko"], programs["sentence-transformers"], ours, theirs)


def read_texts(path: Path, limit: int) -> list[str]:
    """Never hold the file: on Linux, a child's peak memory begins at what its parent had when it was born."""
    with open_lines(path) as stream:
        step = max(1, sum(1 for _ in stream) // limit)
    with open_lines(path) as stream:
        return [json.loads(line)["text"] for line in itertools.islice(stream, 0, step * limit, step)]


def open_lines(path: Path) -> TextIO:
    return gzip.open(path, "rt") if path.suffix == ".gz" else path.open()


def compare(bunko: Program, other: Program, ours: str, theirs: str) -> None:
    import numpy as np

    for what, mine, others in (
        ("speed", bunko.seconds, other.seconds),
        ("speed by cores' time", bunko.cpu_seconds, other.cpu_seconds),
    ):
        ratios = [b / a for a, b in zip(mine, others, strict=True)]
        print(f"{what}: {statistics.median(ratios):.2f} times ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"memory: {bunko.peak / other.peak:.2f} times")
    cosines = (np.load(ours) * np.load(theirs)).sum(axis=1)
    print(f"cosine of the two: mean {cosines.mean():.4f}, least {cosines.min():.4f}")


if __name__ == "__main__":
    main()
