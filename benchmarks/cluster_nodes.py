"""How much faster two nodes index than one: rows a second, and the share of a node's rate that each of two has.

    python -m benchmarks.cluster_nodes [--folder DOCUMENTS] [--texts 1500] [--rounds 2] [--embedder minilm]

Runs as root on Linux with bunko[cluster], taskset and, for the object store, SeaweedFS (tests/cluster/hosts.py): each
node is a network namespace whose processes have one processor of this machine. The head, the store and the driver have
no processor of their own; on a machine of two they take theirs from the nodes. Both nodes run all the time in the runs
of two; in those of one, the second is stopped. Each run makes a new index, and counts from the start of the driver to
its end: connecting, the start of a process on each node, which loads the embedder, and publishing are in it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.cluster.hosts import RAY, Hosts, make_hosts

_WORDS = (
    "harbour mill orchard bridge archive market river lantern weaver captain ledger storm copper barley signal chapel "
    "garden quarry ferry winter letter engine canvas timber valley island council record journey measure crossing"
).split()
_PROCESSORS = {"h1": 0, "h2": 1}


def write_texts(folder: Path, count: int) -> None:
    """Write texts of about five passages, no two alike, an hour old."""
    chance = random.Random(19)
    for n in range(count):
        path = folder / f"{n % 30:02d}" / f"text-{n:05d}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            f"In {1500 + chance.randrange(500)} the {' '.join(chance.choices(_WORDS, k=9))} of number {n} took "
            f"{chance.randrange(10_000)} days, and the {chance.choice(_WORDS)} {chance.choice(_WORDS)} was counted."
            for _ in range(24)
        ]
        path.write_text(f"# The {chance.choice(_WORDS)} of text {n}\n\n" + " ".join(lines) + "\n", encoding="utf-8")
        os.utime(path, (time.time() - 3600,) * 2)


def index(hosts: Hosts, folder: Path, store: str, embedder: str) -> dict[str, Any]:
    """Index a folder from the head; return what the driver reports, and its rows a second."""
    own = ["cluster", "index", str(folder), "--store", store, "--ray", RAY, "--embedder", embedder, "--offline"]
    begin = time.monotonic()
    ended = hosts.run("h0", ["-m", "bunko", *own, "--json", "--quiet"], timeout_s=3_600)
    assert ended.returncode == 0, ended
    report = json.loads(ended.stdout.splitlines()[-1])
    wall = time.monotonic() - begin
    kept = {name: report[name] for name in ("documents", "chunks", "hosts", "redone", "commits", "cpu_s", "seconds")}
    return {**kept, "rows_s": round(report["chunks"] / report["seconds"], 2), "wall_s": round(wall, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--texts", type=int, default=1_500)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--embedder", default="minilm")
    given = parser.parse_args()
    rates: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory(prefix="nodes-") as made:
        folder = given.folder or Path(made, "texts")
        if not given.folder:
            write_texts(folder, given.texts)
        with make_hosts(Path(made), nodes=()) as hosts:
            hosts.start_node("h1", processor=_PROCESSORS["h1"])
            for turn in range(given.rounds):
                for nodes in (1, 2):
                    if nodes == 2:
                        hosts.start_node("h2", processor=_PROCESSORS["h2"])
                    done = index(hosts, folder, f"s3://libs/turn-{turn}-{nodes}", given.embedder)
                    rates[nodes].append(done["rows_s"])
                    print(json.dumps({"nodes": nodes, **done, "load": os.getloadavg()[0]}), flush=True)
                hosts.kill("h2")
                time.sleep(15)  # until the head has seen that the node is gone
    one, two = (statistics.mean(rates[nodes]) for nodes in (1, 2))
    by_turn = [round(second / first / 2, 3) for first, second in zip(rates[1], rates[2], strict=True)]
    print(f"one node {one:.1f} rows/s, two {two:.1f}: {two / one / 2:.3f} a node (by turns {by_turn}; goal 0.85)")


if __name__ == "__main__":
    main()
