"""Do models of sizes that are not at hand load, fit their context, and run as fast as `models recommend` estimates?

    python benchmarks/random_models.py 1.7b 4b           make, load and time models of these shapes
    python benchmarks/random_models.py 1.7b --keep DIR   keep the files (1.1 GB; 4b 2.5, 8b 5.0, 14b 9.0)

Writes GGUF files of random blocks in the shapes of Qwen3's models, with each tensor in the form that a Q4_K_M file has
it. They run as fast as real ones: what the numbers are makes no difference to time. The files are never committed.

Speeds are tokens per second of the engine's processor time for each thread (`estimate_speed.timed`), so that estimate
and measurement belong together on a busy machine, too. The best of all turns is taken, and the starter is timed in
each turn. The exit status is 1 if a speed is more than 25% off, or memory is more than was predicted.
"""

from __future__ import annotations

import argparse
import platform
import struct
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from bunko.diagnosis.recommend import QUICK_FORM, STARTER, Yardstick, prompt_speed, writing_speed
from bunko.engine.measuring import TimedEngine, arbitrary_tokens
from bunko.engine.parameters import Machine, chat_parameters
from bunko.hardware.memory import machine_memory
from bunko.models.gguf.forms import family_of, form_rows, quick_share
from bunko.models.gguf.header import read_gguf, read_layout
from bunko.models.gguf.shapes import shape_of
from bunko.models.gguf.tensor_types import F32, Q4_K, Q6_K, TENSOR_TYPES, tensor_bytes
from bunko.models.gguf.writing import NewTensor, key_value, pad, write_header
from bunko.models.inventory import show_model
from bunko.settings import Settings
from estimate_speed import bandwidth, timed

_TOLERANCE = 0.25
# What `models recommend` adds for the engine itself (recommend._ENGINE_BYTES).
_ENGINE_BYTES = 300_000_000
_VOCABULARY, _HEAD, _CONTEXT, _ALIGNMENT = 151_936, 128, 40_960, 32
_Q4_K_M = 15  # general.file_type


@dataclass(frozen=True)
class Model:
    layers: int
    width: int
    forward: int
    heads: int
    kv_heads: int
    tied: bool


# Qwen3's published configurations.
MODELS: Mapping[str, Model] = {
    "1.7b": Model(28, 2048, 6144, 16, 8, tied=True),
    "4b": Model(36, 2560, 9728, 32, 8, tied=True),
    "8b": Model(36, 4096, 12288, 32, 8, tied=False),
    "14b": Model(40, 5120, 17408, 40, 8, tied=False),
}


def make_model(path: Path, model: Model) -> Path:
    """Write a model of random blocks."""
    tensors = [
        NewTensor(name=f"{name}.weight", dimensions=dimensions, type=form, size=tensor_bytes(dimensions, form))
        for name, dimensions in _matrices(model)
        for form in (_form(name, dimensions, model),)
    ]
    metadata, count = _metadata(model)
    steps = _random_steps()
    with path.open("wb") as file:
        write_header(file, tensors, metadata=metadata, key_count=count, alignment=_ALIGNMENT)
        for tensor in tensors:
            step = steps.get(tensor.type) or np.ones(tensor.dimensions[0], dtype=np.float32).tobytes()
            for done in range(0, tensor.size, len(step)):
                file.write(step[: tensor.size - done])
            pad(file, _ALIGNMENT)
    return path


def _matrices(model: Model) -> list[tuple[str, tuple[int, ...]]]:
    width, inner, kv = model.width, model.heads * _HEAD, model.kv_heads * _HEAD
    found: list[tuple[str, tuple[int, ...]]] = [("token_embd", (width, _VOCABULARY)), ("output_norm", (width,))]
    if not model.tied:
        found.append(("output", (width, _VOCABULARY)))
    for layer in range(model.layers):
        blk = f"blk.{layer}."
        found += [(blk + "attn_norm", (width,)), (blk + "ffn_norm", (width,))]
        found += [(blk + "attn_q_norm", (_HEAD,)), (blk + "attn_k_norm", (_HEAD,))]
        found += [(blk + "attn_q", (width, inner)), (blk + "attn_output", (inner, width))]
        found += [(blk + "attn_k", (width, kv)), (blk + "attn_v", (width, kv))]
        found += [(blk + "ffn_gate", (width, model.forward)), (blk + "ffn_up", (width, model.forward))]
        found += [(blk + "ffn_down", (model.forward, width))]
    return found


def _form(name: str, dimensions: tuple[int, ...], model: Model) -> int:
    """Return the form as llama.cpp chooses it for Q4_K_M: finer ones where errors do most harm."""
    if len(dimensions) == 1:
        return F32
    if name == "output" or (name == "token_embd" and model.tied):
        return Q6_K
    if not name.endswith(("attn_v", "ffn_down")):
        return Q4_K
    layer, eighth = int(name.split(".")[1]), model.layers // 8
    finer = layer < eighth or layer >= 7 * model.layers // 8 or (layer - eighth) % 3 == 2
    return Q6_K if finer else Q4_K


def _metadata(model: Model) -> tuple[bytes, int]:
    """Return the encoded keys, with a tokenizer of bytes and unused tokens, and their number."""
    numbers: dict[str, str | int | float] = {
        "general.architecture": "qwen3", "general.name": "random", "general.file_type": _Q4_K_M,
        "qwen3.context_length": _CONTEXT, "qwen3.embedding_length": model.width,
        "qwen3.feed_forward_length": model.forward, "qwen3.block_count": model.layers,
        "qwen3.attention.head_count": model.heads, "qwen3.attention.head_count_kv": model.kv_heads,
        "qwen3.attention.key_length": _HEAD, "qwen3.attention.value_length": _HEAD,
        "qwen3.rope.freq_base": 1e6, "qwen3.attention.layer_norm_rms_epsilon": 1e-6,
        "qwen3.vocab_size": _VOCABULARY, "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.eos_token_id": _VOCABULARY - 1,
    }  # fmt: skip
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    symbols = [chr(byte) for byte in plain] + [chr(256 + n) for n in range(len(others))]
    tokens = [*symbols, "ab", *(f"[unused {n}]" for n in range(_VOCABULARY - len(symbols) - 1))]
    types = [1] * (len(symbols) + 1) + [5] * (_VOCABULARY - len(symbols) - 1)  # normal, unused
    arrays = [
        _array("tokenizer.ggml.tokens", 8, b"".join(map(_text, tokens)), len(tokens)),
        _array("tokenizer.ggml.merges", 8, _text("a b"), 1),
        _array("tokenizer.ggml.token_type", 5, struct.pack(f"<{len(types)}i", *types), len(types)),
    ]
    return b"".join([*(key_value(key, value) for key, value in numbers.items()), *arrays]), len(numbers) + len(arrays)


def _array(key: str, kind: int, items: bytes, count: int) -> bytes:
    return _text(key) + struct.pack("<IIQ", 9, kind, count) + items


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _random_steps() -> dict[int, bytes]:
    """Return some thousand blocks of each form; their scales are small, so that no number becomes infinite."""
    random, steps = np.random.default_rng(0), {}
    scale = np.frombuffer(np.array([1e-4, 1e-4], dtype="<f2").tobytes(), dtype=np.uint8)
    for form in (Q4_K, Q6_K):
        blocks = random.integers(0, 256, (4096, TENSOR_TYPES[form].block_bytes)).astype(np.uint8)
        if form == Q4_K:
            blocks[:, :4] = scale
        else:
            blocks[:, -2:] = scale[:2]
        steps[form] = blocks.tobytes()
    return steps


def check_memory(path: Path, machine: Machine, logs: Path) -> bool:
    """Load a model with much and with little free memory; say whether it stays within what was predicted."""
    info, fine = read_gguf(path), True
    for spare in (machine.available_memory, info.file_bytes + 768 * 2**20 + info.kv_cache_bytes(2500)):
        seen = Machine(cores=machine.cores, available_memory=spare)
        parameters = chat_parameters(path, info, Settings().generation, machine=seen)
        context = int(str(parameters.values["n_ctx"]))
        predicted = info.file_bytes + info.kv_cache_bytes(context) + _ENGINE_BYTES
        with TimedEngine(parameters, log_directory=logs) as engine:
            engine.run(arbitrary_tokens(128, seed=0), answer_tokens=4)
            peak, own, load_s = engine.memory(), _own_memory(), engine.load_s
        fine = fine and own <= predicted
        print(
            f"{path.name}: context {context:,}, loaded in {load_s:.1f} s, memory {own / 1e9:.2f} GB, with pages of the "
            f"file that the system may drop {peak / 1e9:.2f}; {predicted / 1e9:.2f} predicted",
            flush=True,
        )
    return fine


def _own_memory() -> int:
    """Return the bytes of the engine, a child of this process, without the pages of files that it has mapped."""
    memory = [child.memory_info() for child in psutil.Process().children(recursive=True)]
    return max((one.rss - getattr(one, "shared", 0) for one in memory), default=0)


def check_speed(paths: list[Path], machine: Machine, logs: Path, *, turns: int) -> bool:
    """Time the models and the starter in turns; say whether the estimates are within the tolerance."""
    starter = show_model(STARTER, Settings()).files[0].path
    assert starter is not None, f"bunko models pull {STARTER}"
    best: dict[Path, tuple[float, float]] = {}
    memory, fine = 0.0, True
    for _ in range(turns):
        memory = max(memory, bandwidth(machine.cores))
        for path in (starter, *paths):
            prompt, writing = timed(path, machine, logs)
            known = best.get(path, (0.0, 0.0))
            best[path] = (max(prompt, known[0]), max(writing, known[1]))
    rows = form_rows(read_layout(starter), family=family_of(platform.machine()))
    measured = Yardstick(
        prompt=best[starter][0] * (1 if quick_share(rows) >= 0.5 else QUICK_FORM),
        writing=best[starter][1],
        bytes_read=sum(row.size for row in rows),
        bandwidth=memory,
    )
    print(
        f"starter {best[starter][0]:.1f} and {best[starter][1]:.1f} tokens per second; memory {memory / 1e9:.1f} GB/s"
    )
    print(f"{'model':<16}{'reads':>8}{'estimate':>10}{'off':>7}{'writes':>9}{'estimate':>10}{'off':>7}")
    for path in paths:
        info = read_gguf(path)
        shape, (prompt, writing) = shape_of(info, read_layout(path)), best[path]
        reads, writes = prompt_speed(shape, measured), writing_speed(shape, info.file_bytes, measured)
        off = (reads / prompt - 1, writes / writing - 1)
        fine = fine and max(map(abs, off)) <= _TOLERANCE
        print(
            f"{path.stem:<16}{prompt:>8.1f}{reads:>10.1f}{off[0]:>+7.0%}{writing:>9.1f}{writes:>10.1f}{off[1]:>+7.0%}",
            flush=True,
        )
    return fine


def main() -> None:
    """Make, load and time models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="+", choices=MODELS)
    parser.add_argument("--keep", type=Path, metavar="DIR")
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    machine, fine, made = Machine.here(), True, []
    with tempfile.TemporaryDirectory() as folder:
        place = arguments.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        for size in arguments.sizes:
            path = place / f"random-{size}.gguf"
            if not path.exists():
                make_model(path, MODELS[size])
            if path.stat().st_size + _ENGINE_BYTES > machine_memory().available:
                print(f"{path.name} does not fit into the memory of this machine")
                continue
            made.append(path)
            fine = check_memory(path, machine, Path(folder) / "logs") and fine
        fine = check_speed(made, machine, Path(folder) / "logs", turns=arguments.turns) and fine
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
