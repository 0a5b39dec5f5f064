"""Compare a chat template with its model's vocabulary. In: the template, what is a token. Out: what is wrong.

A template belongs to a family of models, and its marks are tokens of that family's vocabulary. A file with another
family's template gives confused answers that don't end. Renders nothing, and loads nothing.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from bunko.models.gguf.header import read_tokens

IsToken: TypeAlias = Callable[[str], bool]
"""Returns whether a mark is one token of a model."""

# A mark in the templates of a family -> the family.
_FAMILIES = (
    ("<|im_start|>", "ChatML"),
    ("<|start_header_id|>", "Llama 3"),
    ("<start_of_turn>", "Gemma"),
    ("<|turn>", "Gemma 4"),
    ("<|channel|>", "Harmony"),
    ("<｜Assistant｜>", "DeepSeek"),
    ("<|assistant|>", "Phi or Zephyr"),
    ("<|START_OF_TURN_TOKEN|>", "Command"),
    ("[INST]", "Llama 2 or Mistral"),
)
# Marks that are single tokens only in models that were trained with their format.
_TRAINED_MARKS = (
    *("<|im_start|>", "<|start_header_id|>", "<start_of_turn>"),
    *("<|assistant|>", "<|START_OF_TURN_TOKEN|>", "<｜Assistant｜>"),
)
# Formats whose marks are text, also in the models that were trained with them. Families with marks come first.
_TEXT_FORMATS = (
    (re.compile(r"\[INST\]"), "Llama 2's ([INST])"),
    (re.compile(r"### ?(?:Instruction|指示)"), "Alpaca's (### Instruction)"),
    (re.compile(r"\bUSER: .*\bASSISTANT:", re.S), "Vicuna's (USER: and ASSISTANT:)"),
)
# These write Zephyr's marks as text, though their vocabularies have those of another family.
_ZEPHYR_AS_TEXT = re.compile(r"olmo|tulu", re.I)


def template_family(template: str) -> str:
    """Return the family of a chat template, also of one in Ollama's form; empty if unknown.

    >>> template_family("<|im_start|>user"), template_family("{{ messages }}")
    ('ChatML', '')
    """
    return next((name for mark, name in _FAMILIES if mark in template), "")


def foreign_template(template: str, is_token: IsToken, *, model: str = "") -> str:
    """Say why a chat template is not the model's own; empty if it seems to be. `model` is its name or architecture.

    >>> foreign_template("<|im_start|>user", {"<start_of_turn>"}.__contains__)
    'is that of ChatML models, but its vocabulary has no <|im_start|>; it has <start_of_turn>'
    """
    marks = [mark for mark, _ in _FAMILIES if mark in template]
    trained = next((mark for mark in _TRAINED_MARKS if is_token(mark)), "")
    if any(map(is_token, marks)):
        return ""
    if marks and marks != ["[INST]"]:
        if marks == ["<|assistant|>"] and (not trained or _ZEPHYR_AS_TEXT.search(model)):
            return ""  # Zephyr and TinyLlama have Llama 2's vocabulary, and were trained with these marks as text
        has = f"; it has {trained}" if trained else ""
        return f"is that of {template_family(template)} models, but its vocabulary has no {marks[0]}{has}"
    text = next((name for pattern, name in _TEXT_FORMATS if pattern.search(template)), "")
    return f"is {text}, but its vocabulary has {trained}" if text and trained else ""


def tokens_of(path: Path) -> IsToken:
    """Return whether a mark is a token of a GGUF file. Raises ModelNotFound, ModelBroken."""
    tokens = read_tokens(path)

    def is_token(mark: str) -> bool:
        text = mark.encode()
        return struct.pack("<Q", len(text)) + text in tokens

    return is_token
