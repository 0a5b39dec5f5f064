"""How far off are the speeds that `bunko models recommend` estimates?

    python benchmarks/estimate_speed.py MODEL.gguf …            real files
    python benchmarks/estimate_speed.py --make 1.5b MODEL.gguf  and one of a larger shape, made of random blocks

A file of random blocks in the forms of Q4_K_M, with the tokenizer of the first model, runs as quickly as a real one:
what the numbers are makes no difference to time. What counts is the processor time of the engine, not the clock's, so
that estimate and measurement belong together on a busy machine, too; the best of all turns is taken.
"""

from __future__ import annotations

import argparse
import platform
import struct
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

_Q4_K, _Q6_K, _F32, _ALIGNMENT = 12, 14, 0, 32
_BLOCK_BYTES = {_Q4_K: 144, _Q6_K: 210}
_PROMPT, _WRITTEN = 129, 24
# layers, width, feed-forward, heads, key-value heads: the shapes of well-known models.
SHAPES = {"1.5b": (28, 1536, 8960, 12, 2), "4b": (36, 2560, 9728, 32, 8)}


def make_model(path: Path, like: Path, shape: str) -> Path:
    """Write a llama model of random blocks, in the forms that a Q4_K_M file has them."""
    layers, width, forward, heads, kv_heads = SHAPES[shape]
    head = 128
    layout, vocabulary = read_layout(like), read_gguf(like).vocabulary_size or 0
    matrices: list[tuple[str, tuple[int, ...]]] = [("token_embd", (width, vocabulary)), ("output_norm", (width,))]
    for layer in range(layers):
        blk = f"blk.{layer}."
        matrices += [(blk + "attn_norm", (width,)), (blk + "ffn_norm", (width,))]
        matrices += [(blk + "attn_q", (width, heads * head)), (blk + "attn_output", (heads * head, width))]
        matrices += [(blk + "attn_k", (width, kv_heads * head)), (blk + "attn_v", (width, kv_heads * head))]
        matrices += [(blk + "ffn_gate", (width, forward)), (blk + "ffn_up", (width, forward))]
        matrices += [(blk + "ffn_down", (forward, width))]
    numbers = {
        "context_length": 4096, "embedding_length": width, "feed_forward_length": forward, "block_count": layers,
        "attention.head_count": heads, "attention.head_count_kv": kv_heads, "attention.key_length": head,
        "attention.value_length": head, "rope.dimension_count": head, "vocab_size": vocabulary,
    }  # fmt: skip
    pairs = [_string("general.architecture") + struct.pack("<I", 8) + _string("llama")]
    pairs += [_string(f"llama.{key}") + struct.pack("<II", 4, value) for key, value in numbers.items()]
    pairs += [_string("llama.attention.layer_norm_rms_epsilon") + struct.pack("<If", 6, 1e-5)]
    pairs += [layout.metadata[place] for key, place in layout.keys.items() if key.startswith("tokenizer.")]
    steps = _random_steps()
    forms = [_form(name, dimensions, layers) for name, dimensions in matrices]
    sizes = [_size(dimensions, form) for (_, dimensions), form in zip(matrices, forms, strict=True)]
    with path.open("wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, len(matrices), len(pairs)) + b"".join(pairs))
        offset = 0
        for (name, dimensions), form, size in zip(matrices, forms, sizes, strict=True):
            file.write(_string(f"{name}.weight") + struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions))
            file.write(struct.pack("<IQ", form, offset))
            offset += -(-size // _ALIGNMENT) * _ALIGNMENT
        file.write(bytes(-file.tell() % _ALIGNMENT))
        for (_, dimensions), form, size in zip(matrices, forms, sizes, strict=True):
            step = steps.get(form, np.ones(dimensions[0], dtype=np.float32).tobytes())
            for done in range(0, size, len(step)):
                file.write(step[: size - done])
            file.write(bytes(-size % _ALIGNMENT))
    return path


def _form(name: str, dimensions: tuple[int, ...], layers: int) -> int:
    """Return the form as llama.cpp chooses it for Q4_K_M: finer ones where errors do most harm."""
    if len(dimensions) == 1:
        return _F32
    if name == "token_embd":
        return _Q6_K
    if not name.endswith(("attn_v", "ffn_down")):
        return _Q4_K
    layer = int(name.split(".")[1])
    finer = layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2
    return _Q6_K if finer else _Q4_K


def _random_steps() -> dict[int, bytes]:
    """Return some thousand blocks of each form; their scales are small, so that no number becomes infinite."""
    random, steps = np.random.default_rng(0), {}
    for form, size in _BLOCK_BYTES.items():
        blocks = random.integers(0, 256, (4096, size)).astype(np.uint8)
        scale = np.frombuffer(np.array([1e-4, 1e-4], dtype="<f2").tobytes(), dtype=np.uint8)
        if form == _Q4_K:
            blocks[:, :4] = scale
        else:
            blocks[:, -2:] = scale[:2]
        steps[form] = blocks.tobytes()
    return steps


def _size(dimensions: tuple[int, ...], form: int) -> int:
    return int(np.prod(dimensions)) // 256 * _BLOCK_BYTES[form] if form in _BLOCK_BYTES else 4 * dimensions[0]


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


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
    parser.add_argument("--make", action="append", default=[], choices=SHAPES)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    settings, machine = Settings(), Machine.here()
    starter = show_model(STARTER, settings).files[0].path
    assert starter is not None, f"bunko models pull {STARTER}"
    with tempfile.TemporaryDirectory() as folder:
        made = [make_model(Path(folder) / f"random-{one}.gguf", arguments.models[0], one) for one in arguments.make]
        models = [starter, *arguments.models, *made]
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
