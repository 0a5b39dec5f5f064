"""How far off are the speeds that `bunko models recommend` estimates?

    python benchmarks/estimate_speed.py MODEL.gguf …            real files
    python benchmarks/estimate_speed.py --make 1.5b MODEL.gguf  and one of a larger shape, made of random blocks

A file of random blocks of the form Q4_K, with the tokenizer of the first model, runs as quickly as a real one: what the
numbers are makes no difference to time. The starter and each model are timed in turns, and the best of all turns
counts, since whatever else runs on the machine only slows them down.
"""

from __future__ import annotations

import argparse
import struct
import tempfile
from pathlib import Path

import numpy as np

from bunko.engine.measuring import measure
from bunko.engine.parameters import Machine, chat_parameters
from bunko.hardware.bandwidth import memory_bandwidth
from bunko.models.gguf_header import read_gguf, read_layout
from bunko.models.shapes import Shape, shape_of
from bunko.recommending import Yardstick, prompt_speed, writing_speed, yardstick
from bunko.settings import Settings

_Q4_K, _F32, _ALIGNMENT = 12, 0, 32
# layers, width, feed-forward, heads, key-value heads: the shapes of well-known models.
SHAPES = {"1.5b": (28, 1536, 8960, 12, 2), "4b": (36, 2560, 9728, 32, 8)}


def make_model(path: Path, like: Path, shape: str) -> Path:
    """Write a llama model of random Q4_K blocks."""
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
    random, block = np.random.default_rng(0), np.empty((4096, 144), dtype=np.uint8)
    block[:] = random.integers(0, 256, block.shape)
    block[:, :4] = np.frombuffer(np.array([1e-4, 1e-4], dtype="<f2").tobytes(), dtype=np.uint8)
    with path.open("wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, len(matrices), len(pairs)) + b"".join(pairs))
        offset = 0
        for name, dimensions in matrices:
            form = _Q4_K if len(dimensions) > 1 else _F32
            file.write(_string(f"{name}.weight") + struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions))
            file.write(struct.pack("<IQ", form, offset))
            offset += -(-_size(dimensions) // _ALIGNMENT) * _ALIGNMENT
        file.write(bytes(-file.tell() % _ALIGNMENT))
        for _, dimensions in matrices:
            size = _size(dimensions)
            if len(dimensions) == 1:
                file.write(np.ones(dimensions[0], dtype=np.float32).tobytes())
            for done in range(0, size if len(dimensions) > 1 else 0, block.nbytes):
                file.write(block.tobytes()[: size - done])
            file.write(bytes(-size % _ALIGNMENT))
    return path


def _size(dimensions: tuple[int, ...]) -> int:
    return int(np.prod(dimensions)) // 256 * 144 if len(dimensions) > 1 else 4 * dimensions[0]


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def main() -> None:
    """Print estimate and measurement for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--make", action="append", default=[], choices=SHAPES)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    settings, machine = Settings(), Machine.here()
    with tempfile.TemporaryDirectory() as folder:
        made = [make_model(Path(folder) / f"random-{one}.gguf", arguments.models[0], one) for one in arguments.make]
        models = [*arguments.models, *made]
        sticks: list[Yardstick] = []
        found: dict[Path, list[tuple[float, float]]] = {path: [] for path in models}
        for _ in range(arguments.turns):
            stick = yardstick(settings, machine=machine)
            assert stick is not None, "bunko models pull smollm2-135m"
            sticks.append(stick)
            for path in models:
                told = chat_parameters(path, read_gguf(path), settings.generation, machine=machine)
                speeds = measure(told, log_directory=Path(folder) / "logs", runs=2)
                found[path].append((speeds.prompt, speeds.writing))
        best = Yardstick(
            prompt=max(stick.prompt for stick in sticks),
            writing=max(stick.writing for stick in sticks),
            bytes_read=sticks[0].bytes_read,
            bandwidth=max([memory_bandwidth(threads=machine.cores), *(stick.bandwidth for stick in sticks)]),
        )
        print(f"starter: {best.prompt:.0f} / {best.writing:.1f} tokens/s; memory {best.bandwidth / 1e9:.1f} GB/s")
        print(f"{'model':<44}{'prompt: estimated':>18}{'measured':>10}{'writing: estimated':>20}{'measured':>10}")
        for path, speeds_of in found.items():
            info = read_gguf(path)
            shape: Shape = shape_of(info)
            prompt, writing = (max(speed[n] for speed in speeds_of) for n in (0, 1))
            print(
                f"{path.name:<44}{prompt_speed(shape, best):>18.0f}{prompt:>10.0f}"
                f"{writing_speed(shape, info.file_bytes, best):>20.1f}{writing:>10.1f}"
            )


if __name__ == "__main__":
    main()
