"""The Japanese base: a packed file that the test writes, read back. Needs no package with weights."""

import struct
from pathlib import Path

import numpy as np
import pytest
from training.reader.e5 import BLOCK, Base, packed_file, read_base, unpacked

SPECIAL = {"bos": 0, "eos": 2, "pad": 1, "unk": 3}
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.5), ("灯台", -9.25)]
WIDTH, INNER = 32, 64


def packed(rows: np.ndarray) -> bytes:
    """Pack rows of whole numbers from -8 to 7, times a half, as Q4_0."""
    made = b""
    for block in (rows * 2 + 8).astype(np.uint8).reshape(-1, BLOCK):
        made += np.float16(0.5).tobytes() + (block[:16] | block[16:] << 4).astype(np.uint8).tobytes()
    return made


def tensors(layers: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    shapes: dict[str, tuple[int, ...]] = {
        "emb.word": (len(PIECES), WIDTH),
        "emb.pos": (512, WIDTH),
        "emb.type": (2, WIDTH),
        "emb.ln.w": (WIDTH,),
        "emb.ln.b": (WIDTH,),
    }
    for n in range(layers):
        widths = {"fi.w": (INNER, WIDTH), "fo.w": (WIDTH, INNER), "fi.b": (INNER,)}
        square = dict.fromkeys(("q.w", "k.w", "v.w", "ao.w"), (WIDTH, WIDTH))
        vectors = ("q.b", "k.b", "v.b", "ao.b", "fo.b", "aln.w", "aln.b", "oln.w", "oln.b")
        for part in (*widths, *square, *vectors):
            shapes[f"l{n}.{part}"] = (widths | square).get(part, (WIDTH,))
    return {name: rng.integers(-8, 8, shape).astype(np.float32) / 2 for name, shape in shapes.items()}


def write(path: Path, given: dict[str, np.ndarray]) -> Path:
    texts = [text.encode() for text, _ in PIECES]
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.uint32)
    head = b"E5S1" + struct.pack("<i7ifi", 1, WIDTH, 1, 4, INNER, len(PIECES), 512, 2, 1e-12, BLOCK)
    head += struct.pack("<5iQ", len(PIECES), *SPECIAL.values(), sum(map(len, texts)))
    head += offsets.tobytes() + np.array([score for _, score in PIECES], np.float32).tobytes() + b"".join(texts)
    normal = struct.pack("<IBI", 0xFF21, 1, ord("A"))
    head += struct.pack("<iI", 1, len(normal)) + normal + struct.pack("<i", len(given))
    kept = {name: packed(rows) if name.endswith((".w", "word")) and rows.ndim == 2 else rows.tobytes()
            for name, rows in given.items()}  # fmt: skip
    directory = sum(2 + len(name) + 1 + 4 + 16 for name in given)
    first = len(head) + directory
    body = b""
    for name, held in kept.items():
        entry = (given[name].size, first + len(body), len(held))
        head += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", 1, *entry)
        body += held
    path.write_bytes(head + body)
    return path


@pytest.fixture
def given() -> dict[str, np.ndarray]:
    return tensors(layers=3)


@pytest.fixture
def base(tmp_path: Path, given: dict[str, np.ndarray]) -> Base:
    return read_base(write(tmp_path / "base.bin", given))


def test_pieces_and_tensors_are_read_back(base: Base, given: dict[str, np.ndarray]) -> None:
    assert base.pieces == PIECES
    assert base.special == SPECIAL
    for name, rows in given.items():
        assert np.array_equal(base.tensor(name), rows.reshape(-1)), name
    assert base.matrix("emb.word", WIDTH).shape == (len(PIECES), WIDTH)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="not a packed e5 file"):
        read_base(tmp_path / "x.bin")


def test_both_halves_of_a_block_are_in_order() -> None:
    rows = np.arange(-8, 8, 0.5, dtype=np.float32)[None] / 2
    assert np.array_equal(unpacked(np.frombuffer(packed(np.floor(rows)), np.uint8)), np.floor(rows))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SystemExit, match=r"requirements\.txt"):
        packed_file()


def test_a_reader_has_the_kept_rows_and_the_chosen_layers(
    base: Base, given: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from training.reader import model
    from training.reader.e5 import reader_from

    for name, value in {"WIDTH": WIDTH, "INNER": INNER, "HEADS": 4, "LAYERS": 2}.items():
        monkeypatch.setattr(model, name, value)
    reader = reader_from(base, [5, 0, 4], layers=(0, 2))
    assert np.array_equal(reader.word.weight.detach().numpy(), given["emb.word"][[5, 0, 4]])
    last = reader.layers[1]
    assert np.array_equal(last.narrow.weight.detach().numpy(), given["l2.fo.w"])
    assert np.array_equal(last.query_key_value.weight[WIDTH : 2 * WIDTH].detach().numpy(), given["l2.k.w"])
    assert np.array_equal(last.norm.bias.detach().numpy(), given["l2.oln.b"])
    kinds = reader.kind.weight.detach().numpy()
    assert np.array_equal(kinds[0], kinds[1]) and np.array_equal(kinds[0], given["emb.type"][0])
    with pytest.raises(ValueError, match="2 layers, not 3"):
        reader_from(base, [0], layers=(0, 1, 2))
