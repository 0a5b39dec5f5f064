"""Write the card of an exported reader. In: a folder with its files, figures. Out: `card.json`. Needs no torch."""

import hashlib
import json
from pathlib import Path
from typing import Any

FILES = ("reader.onnx", "tokenizer.json")
MAX_TOKENS = 512


def write_card(
    folder: Path,
    *,
    figures: dict[str, Any],
    data: list[str],
    licence: str,
    language: str = "en",
    passage_tokens: int = 0,
    least_confidence: float | None = None,
) -> None:
    """Write `card.json` beside the model: what it is, what it was made from, and the hashes of its files.

    `passage_tokens`: the program reads as many of a passage, around the quote; 0: all.
    """
    card = {
        "name": f"bunko-reader-{language}",
        "languages": [language],
        "licence": licence,
        "max_tokens": MAX_TOKENS,
        **({"passage_tokens": passage_tokens} if passage_tokens else {}),
        **({} if least_confidence is None else {"least_confidence": least_confidence}),
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES},
        "figures": figures,
        "data": data,
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
