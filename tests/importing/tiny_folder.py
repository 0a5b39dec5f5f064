"""Make Hugging Face folders of a few hundred kilobytes for tests: real architectures and tokenizers, random weights.

Needs torch and transformers (the dependency group `conversion`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TEXT = "The mill was built in 1911. The pump runs for two hours. 水車小屋は村のはずれにあった。井戸は深い。"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MARKS = ["<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|endoftext|>"]
_SIZES: dict[str, Any] = {
    "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 256, "bos_token_id": 0, "eos_token_id": 3,
    "pad_token_id": 1, "initializer_range": 0.06, "tie_word_embeddings": False,
}  # fmt: skip
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", {}),
    "phi3": ("Phi3", {"original_max_position_embeddings": 256}),
    "qwen2": ("Qwen2", {"tie_word_embeddings": True}),
    "qwen3": ("Qwen3", {"head_dim": 64}),
    "gemma": ("Gemma", {"head_dim": 64, "tie_word_embeddings": True}),
    "gemma3": (
        "Gemma3",
        {"head_dim": 64, "tie_word_embeddings": True, "sliding_window": 64, "query_pre_attn_scalar": 64},
    ),
}
_SENTENCEPIECE = ("phi3", "gemma", "gemma3")


def make_folder(path: Path, architecture: str, *, shard: str = "5GB") -> Any:
    """Write a model's folder and return the model, as 32-bit floats."""
    import torch
    import transformers

    path.mkdir(parents=True, exist_ok=True)
    words = _write_sentencepiece(path) if architecture in _SENTENCEPIECE else _write_bpe(path)
    name, more = ARCHITECTURES[architecture]
    text = "Text" if architecture == "gemma3" else ""
    config = getattr(transformers, f"{name}{text}Config")(**{**_SIZES, **more, "vocab_size": words})
    torch.manual_seed(7)
    model = getattr(transformers, f"{name}ForCausalLM")(config).to(torch.float32).eval()
    model.save_pretrained(path, max_shard_size=shard)
    (path / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A tiny model\n", encoding="utf-8")
    return model


def make_adapter(path: Path, base: Any, base_path: Path, *, rslora: bool = False) -> Any:
    """Write a LoRA adapter with random matrices and return the model with it merged."""
    import peft
    import torch

    config = peft.LoraConfig(r=4, lora_alpha=16, target_modules="all-linear", use_rslora=rslora, bias="none")
    model = peft.get_peft_model(base, config)
    torch.manual_seed(8)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.03)
    model.save_pretrained(path)
    written = json.loads((path / "adapter_config.json").read_text(encoding="utf-8"))
    written["base_model_name_or_path"] = str(base_path)
    (path / "adapter_config.json").write_text(json.dumps(written), encoding="utf-8")
    return model.merge_and_unload().eval()


def _write_bpe(path: Path) -> int:
    import tokenizers
    from tokenizers import decoders, models, pre_tokenizers, trainers

    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=MARKS, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([TEXT], trainer)
    tokenizer.save(str(path / "tokenizer.json"))
    _write_config(path, "PreTrainedTokenizerFast")
    return int(tokenizer.get_vocab_size())


def _write_sentencepiece(path: Path) -> int:
    import sentencepiece

    text = path / "text.txt"
    text.write_text("\n".join([TEXT] * 4), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.Train(
        input=str(text), model_prefix=str(path / "tokenizer"), vocab_size=380, model_type="bpe", byte_fallback=True,
        bos_id=0, pad_id=1, unk_id=2, eos_id=3, character_coverage=1.0, hard_vocab_limit=False,
        normalization_rule_name="identity", remove_extra_whitespaces=False, minloglevel=2,
        user_defined_symbols=MARKS[2:],
    )  # fmt: skip
    text.unlink()
    (path / "tokenizer.vocab").unlink()
    _write_config(path, "LlamaTokenizer")
    return int(sentencepiece.SentencePieceProcessor(str(path / "tokenizer.model")).vocab_size())


def _write_config(path: Path, tokenizer_class: str) -> None:
    config = {
        "tokenizer_class": tokenizer_class, "chat_template": TEMPLATE, "bos_token": "<s>", "eos_token": "</s>",
        "add_bos_token": False,
    }  # fmt: skip
    (path / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
