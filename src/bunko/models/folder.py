"""Read an embedding model's folder. In: a folder with model.onnx and tokenizer.json. Out: its files and facts.

The facts come from the files that Sentence Transformers saves with a model, if they exist:
config.json, sentence_bert_config.json, config_sentence_transformers.json, 1_Pooling/config.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunko.errors import ModelBroken, ModelNotFound
from bunko.models.cache import hash_file
from bunko.models.records import EmbedderFacts, FileRole, Pooling


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderFolder:
    """The files of an ONNX embedder, and its facts."""

    files: Mapping[FileRole, Path]
    facts: EmbedderFacts
    vocabulary_size: int | None


def read_embedder_folder(folder: Path) -> EmbedderFolder:
    """Find the files of an ONNX embedder. Raises ModelNotFound, naming what is missing."""
    model = next((path for path in (folder / "model.onnx", folder / "onnx" / "model.onnx") if path.is_file()), None)
    tokenizer = folder / "tokenizer.json"
    missing = [name for name, found in (("model.onnx", model), ("tokenizer.json", tokenizer.is_file())) if not found]
    if model is None or missing:
        raise ModelNotFound(
            f"{folder} has no {' and no '.join(missing)}.",
            "An embedding model or a reranker is a folder with model.onnx and tokenizer.json, or a .gguf file.",
        )
    config = _read_json(folder / "config.json")
    prompts = _read_json(folder / "config_sentence_transformers.json").get("prompts")
    prompts = prompts if isinstance(prompts, dict) else {}
    limits = _read_json(folder / "sentence_bert_config.json")
    vocabulary_size = config.get("vocab_size")
    return EmbedderFolder(
        files={"model": model, "tokenizer": tokenizer},
        facts=EmbedderFacts(
            dimension=_number(config.get("hidden_size"), otherwise=0),
            max_tokens=_number(
                limits.get("max_seq_length"), otherwise=_number(config.get("max_position_embeddings"), otherwise=512)
            ),
            query_prefix=str(prompts.get("query", "")),
            passage_prefix=str(prompts.get("passage", prompts.get("document", ""))),
            pooling=_pooling(_read_json(folder / "1_Pooling" / "config.json")),
        ),
        vocabulary_size=vocabulary_size if isinstance(vocabulary_size, int) else None,
    )


def check_card(folder: Path, files: Mapping[FileRole, Path]) -> None:
    """Compare the files with the hashes of the folder's `card.json`, if it has one: {"sha256": {"model.onnx": "…"}}.

    Raises ModelBroken for a file that is another one.
    """
    hashes = _read_json(folder / "card.json").get("sha256")
    for name, wanted in (hashes if isinstance(hashes, dict) else {}).items():
        path = next((file for file in files.values() if file.relative_to(folder).as_posix() == name), None)
        if path is not None and hash_file(path) != str(wanted).lower():
            raise ModelBroken(
                f"{path} is not the file that the folder's card.json names.", "Copy the folder again from its source."
            )


def _pooling(config: Mapping[str, Any]) -> Pooling:
    if config.get("pooling_mode_cls_token"):
        return "cls"
    return "last" if config.get("pooling_mode_lasttoken") else "mean"


def _number(value: object, *, otherwise: int) -> int:
    return value if isinstance(value, int) and value > 0 else otherwise


def _read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object; an empty one if the file is missing or not an object."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return tree if isinstance(tree, dict) else {}
