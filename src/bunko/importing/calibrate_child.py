"""The calibration process: run texts through a model in torch, and measure how much each matrix uses each input column.

In (stdin): one JSON line {"model": path, "texts": [...], "tokens": per text, "out": path, "dtype": …}; the parent keeps
the pipe open while it lives. Out (stdout): a JSON line {"done": n} after each text, finally {"matrices": n} or
{"error": …}. The file is numpy's .npz, with one vector of mean squares for each GGUF tensor.

llama.cpp calls this an importance matrix (tools/imatrix): for a matrix W and inputs x, the mean of x squared.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from bunko.child_process import claim_stdout, exit_when_orphaned, leave


def main() -> NoReturn:
    """Run the texts through the model and reply."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reply = claim_stdout()
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_exit_at_end_of_stdin, daemon=True).start()
    exit_when_orphaned()
    try:
        answer = _measure(order, reply)
    except MemoryError:
        answer = {"error": "there is too little memory"}
    except Exception as error:  # noqa: BLE001 - the parent must receive every error
        answer = {"error": f"{type(error).__name__}: {error}"}
    os.write(reply, json.dumps(answer).encode() + b"\n")
    leave(0 if "error" not in answer else 1)


def _measure(order: Mapping[str, Any], reply: int) -> dict[str, object]:
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    import numpy as np
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = Path(order["model"])
    options: dict[str, Any] = {"gguf_file": path.name, "trust_remote_code": False, "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(path.parent, **options)
    model = AutoModelForCausalLM.from_pretrained(path.parent, dtype=getattr(torch, order["dtype"]), **options).eval()
    names = _names(model, order["architecture"], order["layers"])
    sums: dict[str, Any] = {}
    counts: dict[str, int] = {}

    def watch(name: str) -> Any:
        def hook(module: Any, inputs: tuple[Any, ...]) -> None:
            columns = inputs[0].detach().reshape(-1, inputs[0].shape[-1]).float()
            squares = (columns * columns).sum(dim=0).double()
            sums[name] = sums[name] + squares if name in sums else squares
            counts[name] = counts.get(name, 0) + len(columns)

        return hook

    for name, module in model.named_modules():
        if name in names:
            module.register_forward_pre_hook(watch(names[name]))
    with torch.inference_mode():
        for done, text in enumerate(order["texts"], start=1):
            tokens = tokenizer(text, return_tensors="pt", truncation=True, max_length=order["tokens"]).input_ids
            if tokens.shape[1]:
                model.model(input_ids=tokens)  # without the output matrix, as in llama.cpp
            os.write(reply, json.dumps({"done": done}).encode() + b"\n")
    vectors = {name: (sums[name] / counts[name]).to(torch.float32).numpy() for name in sums}
    np.savez(order["out"], **vectors)
    return {"matrices": len(vectors)}


def _names(model: Any, architecture: str, layers: int) -> dict[str, str]:
    """Map the names of linear modules to GGUF's tensor names."""
    import gguf
    import torch

    number = next(key for key, value in gguf.MODEL_ARCH_NAMES.items() if value == architecture)
    known = gguf.get_tensor_name_map(number, layers)
    names = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and (mapped := known.get_name(f"{name}.weight", (".weight",))):
            names[name] = mapped
    return names


def _exit_at_end_of_stdin() -> None:
    while os.read(0, 4096):
        pass
    leave(0)
