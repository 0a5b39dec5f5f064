"""Cut a Unigram vocabulary to the pieces that texts use. In: pieces with scores, texts. Out: kept numbers, a tokenizer.

The kept pieces are renumbered so that the special ones have the numbers that the English reader's have.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import Tokenizer
from training.reader.e5 import Piece
from training.reader.examples import CLS, PAD, SEP

UNK = 100
ROWS = 40_000
CHARACTERS = "cp932"  # Every character of this code page is kept: JIS X 0208 with the usual extensions.
SPACE = "▁"  # Begins a word, as sentencepiece has it.


def count_pieces(texts: Iterable[str], tokenizer: Tokenizer, *, batch: int = 512) -> Counter[int]:
    """Return how often each piece of a tokenizer stands in the texts."""
    counts: Counter[int] = Counter()
    waiting: list[str] = []
    for text in texts:
        waiting.append(text)
        if len(waiting) == batch:
            _count(waiting, tokenizer, counts)
            waiting = []
    _count(waiting, tokenizer, counts)
    return counts


def _count(texts: list[str], tokenizer: Tokenizer, counts: Counter[int]) -> None:
    for encoded in tokenizer.encode_batch(texts, add_special_tokens=False):
        counts.update(encoded.ids)


def choose(pieces: Sequence[Piece], counts: Counter[int], *, special: dict[str, int], rows: int = ROWS) -> list[int]:
    """Return the old number of each new row: Japanese pieces first, then the most frequent ones, at most `rows` in all.

    Rows `PAD`, `UNK`, `CLS` and `SEP` are the special pieces.
    """
    reserved = {PAD: special["pad"], UNK: special["unk"], CLS: special["bos"], SEP: special["eos"]}
    named = set(reserved.values())
    plain = [n for n, (text, _) in enumerate(pieces) if n not in named and text and text != "<mask>"]
    always = [n for n in plain if _is_always_kept(pieces[n][0])]
    others = sorted(set(plain) - set(always), key=lambda n: (-counts[n], n))
    wanted = [*always, *(n for n in others if counts[n])][: rows - len(reserved)]
    if len(wanted) + len(reserved) <= SEP:
        raise ValueError(f"The vocabulary has {len(wanted)} plain pieces: too few.")
    kept = iter(sorted(wanted))
    size = len(wanted) + len(reserved)
    return [reserved[row] if row in reserved else next(kept) for row in range(size)]


def kept_in(text: str, pieces: Sequence[Piece], *, special: dict[str, int]) -> list[int]:
    """Return the old number of each row of a cut `tokenizer.json`. Raises KeyError if the base lacks a piece."""
    number_of = {piece: number for number, (piece, _) in enumerate(pieces)}
    number_of |= {f"{name} ": number for name, number in special.items()}
    return [number_of[piece] for piece, _ in json.loads(text)["model"]["vocab"]]


def _is_always_kept(text: str) -> bool:
    """Return whether a piece is a character of `CHARACTERS` or has kana, which no other language has."""
    if any("ぁ" <= letter <= "ヿ" for letter in text):
        return True
    text = text.removeprefix(SPACE) or SPACE
    if text == SPACE:
        return True
    try:
        text.encode(CHARACTERS)
    except UnicodeEncodeError:
        return False
    return len(text) == 1


def full_tokenizer(pieces: Sequence[Piece], special: dict[str, int]) -> Tokenizer:
    """Return the tokenizer with all pieces."""
    return Tokenizer.from_str(tokenizer_text(pieces, list(range(len(pieces))), special=special))


def tokenizer_text(pieces: Sequence[Piece], kept: Sequence[int], *, special: dict[str, int]) -> str:
    """Return the `tokenizer.json` of the kept pieces, in their order. A pair has one mark between its texts."""
    names = {number: name for name, number in special.items()}
    rows = [_entry(pieces[n], name=names.get(n)) for n in kept]
    places = {name: kept.index(number) for name, number in special.items()}
    described: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        # sentencepiece's nmt_nfkc: all of NFKC but "～", which Japanese writes for "to"; "〜" is the same sign.
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Replace", "pattern": {"String": "～"}, "content": "〜"},
                {"type": "Nmt"},
                {"type": "NFKC"},
            ],
        },
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": "always", "split": True},
            ],
        },
        "post_processor": _marks(places["bos"], places["eos"]),
        "decoder": {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": places["unk"], "vocab": rows, "byte_fallback": False},
    }
    return json.dumps(described, ensure_ascii=False)


def _entry(piece: Piece, *, name: str | None) -> list[Any]:
    """Return a row. A special piece has a space in its name, so that no text is ever cut into it."""
    text, score = piece
    return [f"{name} " if name else text, round(score, 5)]


def _marks(first: int, last: int) -> dict[str, Any]:
    def text(name: str, kind: int) -> dict[str, Any]:
        return {"Sequence": {"id": name, "type_id": kind}}

    def mark(name: str, kind: int) -> dict[str, Any]:
        return {"SpecialToken": {"id": name, "type_id": kind}}

    return {
        "type": "TemplateProcessing",
        "single": [mark("bos", 0), text("A", 0), mark("eos", 0)],
        "pair": [mark("bos", 0), text("A", 0), mark("eos", 0), text("B", 1), mark("eos", 1)],
        "special_tokens": {
            name: {"id": name, "ids": [number], "tokens": [f"{name} "]}
            for name, number in (("bos", first), ("eos", last))
        },
    }
