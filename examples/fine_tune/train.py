"""Train a LoRA adapter on the examples of prepare.py, on a processor.

usage: python train.py prompts.jsonl --out tuned [--base MODEL] [--minutes 25]

MODEL is what Bunko's --model takes: a name, such as the starter's, or a GGUF file, quantised or not. It is read into an
ordinary model and written to tuned/base; the adapter goes to tuned/adapter. Of both,
`bunko models import tuned/adapter --base tuned/base --name tuned` makes a GGUF file.

The loss is computed on the answers only. All prompts begin with the same text (Bunko's three examples); it is read once
per batch, without gradients, and its cache is shared by the batch.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from bunko import load_settings
from bunko.models import LocalModel, resolve

Tokens = list[int]
Pair = tuple[Tokens, Tokens]  # prompt, answer
MATRICES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
NOT_LEARNT = -100  # torch's label for a token that is not learnt


def main() -> None:
    """Read, train, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompts", type=Path)
    parser.add_argument("--base", default="smollm2-135m")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=25.0, help="longest training")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rate", type=float, default=5e-4, help="highest learning rate")
    parser.add_argument("--batch", type=int, default=8)
    asked = parser.parse_args()

    torch.manual_seed(0)
    file, licence = model_file(asked.base)
    model, tokenizer = read_gguf(file)
    model.save_pretrained(asked.out / "base")
    tokenizer.save_pretrained(asked.out / "base")
    (asked.out / "base" / "README.md").write_text(f"---\nlicense: {licence or 'unknown'}\n---\n", encoding="utf-8")
    pairs = [tokens_of(json.loads(line), tokenizer) for line in asked.prompts.read_text("utf-8").splitlines()]
    shared, pairs = split_off_beginning(pairs)
    tuned = get_peft_model(
        model.to(torch.bfloat16),
        LoraConfig(r=asked.rank, lora_alpha=2 * asked.rank, target_modules=MATRICES, task_type="CAUSAL_LM"),
    )
    tuned.print_trainable_parameters()
    train(tuned, shared, list(batches(pairs, size=asked.batch, epochs=asked.epochs)), asked)
    tuned.save_pretrained(asked.out / "adapter")
    tokenizer.save_pretrained(asked.out / "adapter")


def model_file(name: str) -> tuple[Path, str]:
    """Return a model's GGUF file, downloaded if it is not there yet, and its licence if that is known."""
    found = resolve(name, kind="chat", settings=load_settings())
    if not isinstance(found, LocalModel):
        raise SystemExit(f"{name} is on a server; it can't be trained.")
    licence = found.entry.licence if found.entry else found.info.licence if found.info else ""
    return found.files["model"], licence.lower()


def read_gguf(path: Path) -> tuple[Any, Any]:
    """Return a GGUF file's weights as a model that can be trained and saved, and its tokenizer."""
    where, name = str(path.parent), path.name
    model = AutoModelForCausalLM.from_pretrained(where, gguf_file=name, dtype=torch.float32)
    # transformers refuses to save a quantised model; these weights are dequantised by now.
    model.hf_quantizer = None
    model.is_quantized = False
    model.quantization_method = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    return model, AutoTokenizer.from_pretrained(where, gguf_file=name)


def tokens_of(example: dict[str, Any], tokenizer: Any) -> Pair:
    """Return a prompt and its answer as the engine will see them: as a text, or in the model's chat template."""
    if "text" in example:
        return (
            tokenizer(example["text"], add_special_tokens=False)["input_ids"],
            tokenizer(example["answer"], add_special_tokens=False)["input_ids"],
        )
    prompt = tokenizer.apply_chat_template(example["messages"], add_generation_prompt=True, return_dict=False)
    return prompt, [*tokenizer(example["answer"], add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]


def split_off_beginning(pairs: list[Pair]) -> tuple[Tokens, list[Pair]]:
    """Return what all prompts begin with, and the rest of each."""
    prompts = [prompt for prompt, _ in pairs]
    low, high = min(prompts), max(prompts)
    shared = low[: next((n for n, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), 0)]
    return shared, [(prompt[len(shared) :], answer) for prompt, answer in pairs]


def batches(pairs: list[Pair], *, size: int, epochs: int) -> Iterator[list[Pair]]:
    """Yield batches of examples of similar length, to reduce padding, in random order."""
    chance = random.Random(0)
    for _ in range(epochs):
        ordered = sorted(pairs, key=lambda pair: len(pair[0]) + chance.random())
        parts = [ordered[n : n + size] for n in range(0, len(ordered), size)]
        chance.shuffle(parts)
        yield from parts


def train(model: Any, shared: Tokens, parts: list[list[Pair]], asked: argparse.Namespace) -> None:
    """Train on each batch until the time is up; the learning rate falls to 0 by then."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=asked.rate, weight_decay=0.0)
    begun = time.monotonic()
    model.train()
    for step, part in enumerate(parts):
        passed = (time.monotonic() - begun) / 60
        progress = max(step / len(parts), passed / asked.minutes)
        if progress >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = asked.rate * min(1.0, (step + 1) / 10) * 0.5 * (1 + math.cos(math.pi * progress))
        loss = loss_of(model, shared, part)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        if step % 10 == 0:
            print(f"{passed:5.1f} min  {100 * progress:3.0f}%  step {step}  loss {loss.item():.3f}", flush=True)


def loss_of(model: Any, shared: Tokens, part: list[Pair]) -> Any:
    """Return the mean loss of the answers' tokens.

    Sequences are padded on the left, so that logits, which need most of the memory, are computed for the answers only.
    """
    with torch.no_grad():
        cache = model(input_ids=torch.tensor([shared]), use_cache=True, logits_to_keep=1).past_key_values
    cache.batch_repeat_interleave(len(part))
    width = max(len(prompt) + len(answer) for prompt, answer in part)
    longest = max(len(answer) for _, answer in part)
    ids = torch.zeros(len(part), width, dtype=torch.long)
    wanted = torch.full((len(part), longest), NOT_LEARNT)
    mask = torch.ones(len(part), len(shared) + width, dtype=torch.long)
    for n, (prompt, answer) in enumerate(part):
        unused = width - len(prompt) - len(answer)
        ids[n, unused:] = torch.tensor(prompt + answer)
        wanted[n, longest - len(answer) :] = torch.tensor(answer)
        mask[n, len(shared) : len(shared) + unused] = 0
    logits = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=(mask.cumsum(1) - 1)[:, len(shared) :].clamp(min=0),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=longest + 1,
    ).logits
    return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1).float(), wanted.flatten())


if __name__ == "__main__":
    main()
