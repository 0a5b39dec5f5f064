"""How far off are the speeds that `bunko models recommend` estimates?

    python benchmarks/estimate_speed.py MODEL.gguf …

`random_models.py` does the same for sizes that are not at hand. What counts is the processor time of the engine, not
the clock's, so that estimate and measurement belong together on a busy machine, too; the best of all turns is taken.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from bunko.diagnosis.recommend import QUICK_FORM, STARTER, Yardstick, prompt_speed, writing_speed
from bunko.engine.http import Connection, Timeouts
from bunko.engine.parameters import Machine, chat_parameters
from bunko.engine.process import LlamaProcess
from bunko.models.gguf.forms import family_of, form_rows, quick_share
from bunko.models.gguf.header import read_gguf, read_layout
from bunko.models.gguf.shapes import shape_of
from bunko.models.inventory import show_model
from bunko.settings import Settings

_PROMPT, _WRITTEN = 129, 24


def timed(path: Path, machine: Machine, logs: Path) -> tuple[float, float]:
    """Return tokens a second of processor time for each thread: of a prompt, and of writing."""
    parameters = chat_parameters(path, read_gguf(path), Settings().generation, machine=machine)
    process = LlamaProcess(parameters, log_directory=logs, start_timeout_s=600)
    connection = Connection(process, timeouts=Timeouts(first_token_s=600, token_s=600))
    try:
        process.address()
        engine = psutil.Process(process.pid)

        def ask(prompt: int, written: int, seed: int) -> float:
            body = {"prompt": [100 + (seed + 13 * place) % 100 for place in range(prompt)], "n_predict": written}
            before = sum(engine.cpu_times()[:2])
            connection.post_json("/completion", {**body, "cache_prompt": False, "ignore_eos": True, "temperature": 0})
            return (sum(engine.cpu_times()[:2]) - before) / machine.cores

        ask(_PROMPT, 1, 0)  # the weights come from the disk
        reading = min(ask(_PROMPT, 1, seed) for seed in (1, 2))
        writing = min(ask(8, 1 + _WRITTEN, seed) - ask(8, 1, seed) for seed in (1, 2))
        return _PROMPT / reading, _WRITTEN / writing
    finally:
        connection.close()
        process.close()


def bandwidth(threads: int) -> float:
    """Return the bytes that are read in a second of processor time of each thread."""
    parts = np.array_split(np.ones(64 * 2**20, dtype=np.float32), threads)

    def read(part: NDArray[np.float32]) -> float:
        began = time.thread_time()
        part.max()
        return time.thread_time() - began

    with ThreadPoolExecutor(threads) as pool:
        return max(256 * 2**20 / max(pool.map(read, parts)) for _ in range(8))


def main() -> None:
    """Print estimate and measurement for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    settings, machine = Settings(), Machine.here()
    starter = show_model(STARTER, settings).files[0].path
    assert starter is not None, f"bunko models pull {STARTER}"
    with tempfile.TemporaryDirectory() as folder:
        models = [starter, *arguments.models]
        found: dict[Path, tuple[float, float]] = dict.fromkeys(models, (0.0, 0.0))
        memory = 0.0
        for turn in range(arguments.turns):
            memory = max(memory, bandwidth(machine.cores))
            for path in models:
                prompt, writing = timed(path, machine, Path(folder) / "logs")
                found[path] = (max(prompt, found[path][0]), max(writing, found[path][1]))
            _show(found, starter, memory, turn + 1)


def _show(found: Mapping[Path, tuple[float, float]], starter: Path, memory: float, turns: int) -> None:
    rows = form_rows(read_layout(starter), family=family_of(platform.machine()))
    best = Yardstick(
        prompt=found[starter][0] * (1 if quick_share(rows) >= 0.5 else QUICK_FORM),
        writing=found[starter][1],
        bytes_read=sum(row.size for row in rows),
        bandwidth=memory,
    )
    print(f"after {turns} turns: memory {memory / 1e9:.1f} GB/s")
    print(f"{'model':<44}{'prompt: estimated':>18}{'measured':>10}{'writing: estimated':>20}{'measured':>10}")
    for path, (prompt, writing) in found.items():
        info = read_gguf(path)
        shape = shape_of(info, read_layout(path))
        print(
            f"{path.name:<44}{prompt_speed(shape, best):>18.1f}{prompt:>10.1f}"
            f"{writing_speed(shape, info.file_bytes, best):>20.1f}{writing:>10.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
