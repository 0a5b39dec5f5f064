"""Examine a model before its import, and refuse what can't be imported safely. In: a path. Out: a source.

Three kinds: a Hugging Face folder, a LoRA adapter's folder, a GGUF file. None is trusted: configurations are read as
plain JSON, and code and pickles in a folder are never run. Loads no weights.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from bunko.errors import ModelBroken, ModelNotFound, UsageError
from bunko.importing.safetensors import TensorFacts, read_tensors
from bunko.models.gguf.header import read_gguf

_MAX_JSON = 64 * 2**20
INDEX = "model.safetensors.index.json"
ADAPTER_CONFIG = "adapter_config.json"
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
_TOKENIZERS = (
    "tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "tiktoken.model", "tekken.json", "vocab.txt",
)  # fmt: skip
_CODE_FILES = ("config.json", "tokenizer_config.json", "processor_config.json")
# Methods that llama.cpp's converter converts back to 16-bit weights; it does not support bitsandbytes.
_READ_BACK = ("fp8", "gptq", "mxfp4", "compressed-tensors", "bitnet", "modelopt")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A model as Hugging Face's transformers save it."""

    path: Path
    architecture: str
    """As in "LlamaForCausalLM"."""
    tensors: Mapping[str, TensorFacts]

    @property
    def weights(self) -> int:
        """Number of weights in all tensors; approximate for packed ones."""
        return sum(_product(facts.shape) for facts in self.tensors.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterFolder:
    """A LoRA adapter as PEFT or Unsloth saves it, with its base model."""

    path: Path
    base: ModelFolder
    tensors: Mapping[str, TensorFacts]
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufFile:
    """A GGUF file."""

    path: Path


ImportSource: TypeAlias = ModelFolder | AdapterFolder | GgufFile


def examine(path: Path, *, base: Path | None = None) -> ImportSource:
    """Examine a path. Raises ModelNotFound, ModelBroken, UsageError."""
    if path.is_file():
        return _examine_file(path)
    if not path.is_dir():
        raise ModelNotFound(f"There is no file or folder {path}.", "Give a model's folder, or a .gguf file.")
    if (path / ADAPTER_CONFIG).is_file():
        return _examine_adapter(path, base)
    if base is not None:
        raise UsageError(f"{path} is not an adapter: it has no {ADAPTER_CONFIG}.", "Leave out --base.")
    return examine_folder(path)


def examine_folder(path: Path) -> ModelFolder:
    """Examine a model's folder. Raises ModelNotFound, ModelBroken."""
    if not path.is_dir():
        raise ModelNotFound(f"There is no folder {path}.", "Check the path.")
    if not (path / "config.json").is_file():
        found = sorted(file.name for file in path.glob("*.gguf"))
        cure = (
            f"Import the file in it: {path / found[0]}"
            if found
            else "Save the model again: the folder needs its configuration."
        )
        raise ModelBroken(f"{path} is not a model's folder: it has no config.json.", cure)
    config = read_json(path / "config.json")
    _refuse_code(path)
    _refuse_packed(path, config)
    tensors = dict(_tensors(path))
    architectures = config.get("architectures")
    if not isinstance(architectures, list) or not architectures:
        raise ModelBroken(
            f"{path / 'config.json'} does not name an architecture.",
            'Add the model\'s own, for example "architectures": ["LlamaForCausalLM"].',
        )
    if not any((path / name).is_file() for name in _TOKENIZERS):
        raise ModelBroken(
            f"{path} has no tokenizer (tokenizer.json or tokenizer.model).",
            "Save the base model's tokenizer beside the model: tokenizer.save_pretrained(folder).",
        )
    _check_shapes(path, config, tensors)
    return ModelFolder(path=path, architecture=str(architectures[0]), tensors=tensors)


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object. Raises ModelBroken for anything else."""
    try:
        if path.stat().st_size > _MAX_JSON:
            raise ModelBroken(f"{path} is too large for a configuration.", "Save the model again.")
        tree = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelBroken(f"{path} can't be read: {error.strerror or error}.", "Check the folder.") from error
    except (ValueError, RecursionError) as error:
        raise ModelBroken(f"{path} is not valid JSON: {error}.", "Save the model again.") from error
    if not isinstance(tree, dict):
        raise ModelBroken(f"{path} is not a JSON object.", "Save the model again.")
    return tree


def _examine_file(path: Path) -> GgufFile:
    if path.suffix in _PICKLES:
        raise _pickle(path.parent, [path.name])
    if path.suffix == ".safetensors":
        raise UsageError(f"{path} is one file of a model.", f"Give the folder that it is in: {path.parent}")
    info = read_gguf(path)
    if info.split_count > 1:
        raise ModelBroken(f"{path} is one of {info.split_count} files that belong together.", "Join them first.")
    return GgufFile(path=path)


def _examine_adapter(path: Path, base: Path | None) -> AdapterFolder:
    config = read_json(path / ADAPTER_CONFIG)
    if str(config.get("peft_type", "LORA")).upper() != "LORA":
        raise ModelBroken(
            f"{path} is an adapter of the type {config.get('peft_type')}.", "Only LoRA adapters can be imported."
        )
    named = [key for key in ("use_dora", "alora_invocation_tokens", "modules_to_save", "trainable_token_indices")
             if config.get(key)]  # fmt: skip
    if named or config.get("bias", "none") != "none":
        what = ", ".join(named) or f"bias={config.get('bias')}"
        raise ModelBroken(
            f"The adapter {path} changes more than LoRA's two matrices ({what}).",
            "Merge it where it was trained (model.merge_and_unload(), then save_pretrained) and import that folder.",
        )
    weights = path / "adapter_model.safetensors"
    if not weights.is_file():
        pickles = sorted(file.name for file in path.iterdir() if file.suffix in _PICKLES)
        if pickles:
            raise _pickle(path, pickles)
        raise ModelBroken(f"{path} has no adapter_model.safetensors.", "Save the adapter again.")
    return AdapterFolder(
        path=path, base=_base_of(path, config, base), tensors=read_tensors(weights), config=config
    )  # fmt: skip


def _base_of(path: Path, config: Mapping[str, Any], given: Path | None) -> ModelFolder:
    if given is not None:
        return examine_folder(given)
    named = str(config.get("base_model_name_or_path") or "")
    for place in filter(None, [named and Path(named).expanduser(), named and path / named]):
        if isinstance(place, Path) and place.is_dir():
            return examine_folder(place)
    if found := _in_hub_cache(named):
        return examine_folder(found)
    raise ModelNotFound(
        f"The adapter {path.name} changes {named or 'a model that it does not name'}, which is not on this machine.",
        "Name the folder of its base model in 16 bits: --base FOLDER",
    )


def _in_hub_cache(name: str) -> Path | None:
    """Find a model that Hugging Face's tools have downloaded."""
    import os

    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        return None
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub") / f"models--{name.replace('/', '--')}"
    snapshots = sorted(cache.glob("snapshots/*"), key=lambda place: place.stat().st_mtime, reverse=True)
    return next((place for place in snapshots if (place / "config.json").exists()), None)


def _refuse_code(path: Path) -> None:
    for name in _CODE_FILES:
        if (path / name).is_file() and read_json(path / name).get("auto_map"):
            raise ModelBroken(
                f"{path / name} asks to run the model's own program code (auto_map). Bunko runs no such code.",
                "If llama.cpp supports the architecture without it, remove the entry auto_map; otherwise use a GGUF "
                "file from the model's authors.",
            )


def _refuse_packed(path: Path, config: Mapping[str, Any]) -> None:
    packed = config.get("quantization_config")
    method = str(packed.get("quant_method", "")) if isinstance(packed, dict) else ""
    if method and method not in _READ_BACK:
        raise ModelBroken(
            f"The weights in {path} are quantised already ({method}), in a form that can't be converted.",
            "Save the model in 16 bits and import that: with PEFT, merge the adapter into the base in 16 bits; with "
            'Unsloth, model.save_pretrained_merged(folder, tokenizer, save_method="merged_16bit").',
        )


def _tensors(path: Path) -> Iterator[tuple[str, TensorFacts]]:
    """Yield the tensors of the weight files. Raises ModelBroken if files are missing or do not match the index."""
    index = path / INDEX
    if not index.is_file():
        files = sorted(path.glob("model*.safetensors"))
        if not files:
            raise _no_weights(path)
        numbered = re.fullmatch(r".*-\d+-of-(\d+)\.safetensors", files[0].name)
        if numbered and int(numbered[1]) != len(files):
            raise ModelBroken(
                f"{path} has only {len(files)} of {int(numbered[1])} weight files.", "Download or save the model again."
            )
        for file in files:
            yield from read_tensors(file).items()
        return
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(file, str) for file in places.values()):
        raise ModelBroken(f"{index} has no weight_map.", "Download or save the model again.")
    names = sorted(set(places.values()))
    if invalid := [name for name in names if Path(name).name != name or not name.endswith(".safetensors")]:
        raise ModelBroken(f"{index} names {invalid[0]}, which is not a weight file of this folder.", "Save it again.")
    missing = [name for name in names if not (path / name).is_file()]
    if missing:
        raise ModelBroken(
            f"{len(missing)} of {len(names)} weight files are missing in {path}: {', '.join(missing[:3])}.",
            "Download or save the model again.",
        )
    found = {name: dict(read_tensors(path / name)) for name in names}
    for tensor, name in places.items():
        if tensor not in found[name]:
            raise ModelBroken(f"{path / name} lacks {tensor}, which the index lists.", "Save the model again.")
        yield tensor, found[name][tensor]


def _no_weights(path: Path) -> ModelBroken:
    pickles = sorted(file.name for file in path.iterdir() if file.suffix in _PICKLES and "training" not in file.name)
    if pickles:
        return _pickle(path, pickles)
    return ModelBroken(f"{path} has no model.safetensors.", "Save the model with save_pretrained, or import its GGUF.")


def _pickle(path: Path, names: list[str]) -> ModelBroken:
    return ModelBroken(
        f"The weights in {path} are pickles ({', '.join(names[:3])}): loading them can run any code.",
        "If you trust them, convert them to safetensors where they were made: "
        "AutoModelForCausalLM.from_pretrained(folder).save_pretrained(new_folder)",
    )


def _check_shapes(path: Path, config: Mapping[str, Any], tensors: Mapping[str, TensorFacts]) -> None:
    """Compare the embedding's shape with the configuration; all architectures name these alike."""
    inner = config.get("text_config")
    config = {**config, **inner} if isinstance(inner, dict) else config
    width, tokens = config.get("hidden_size"), config.get("vocab_size")
    for name, facts in tensors.items():
        if not name.endswith(("embed_tokens.weight", "lm_head.weight")) or len(facts.shape) != 2:
            continue
        if isinstance(width, int) and facts.shape[1] != width:
            raise ModelBroken(
                f"{name} in {path} has rows of {facts.shape[1]:,} weights, but config.json says {width:,}.",
                "Weights and configuration belong to different models: save both together.",
            )
        if isinstance(tokens, int) and facts.shape[0] < tokens and name.endswith("embed_tokens.weight"):
            raise ModelBroken(
                f"{name} in {path} has {facts.shape[0]:,} tokens, but config.json says {tokens:,}.",
                "Weights and configuration belong to different models: save both together.",
            )


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for length in shape:
        product *= length
    return product
