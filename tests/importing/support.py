"""Shared by the tests of conversion: import a folder, and compare transformers with the engine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bunko.importing.making import ImportOptions, import_model
from bunko.importing.trial import Next, trying
from bunko.models.imported import ImportedModel
from bunko.settings import Settings

# Weights have 11 bits in a 16-bit file, and both engines add in another order.
TOLERANCE = 0.06
PROMPT = [5, 60, 17, 100, 42, 8, 200, 33, 90, 150, 12, 77]


def make(source: Path, settings: Settings, name: str, **options: Any) -> ImportedModel:
    wanted = ImportOptions(source=source, name=name, checks=False)
    return import_model(replace(wanted, **options), settings=settings)


def expected(model: Any, tokens: Sequence[int]) -> list[Next]:
    """Return transformers' next-token log-probabilities after each token."""
    import torch

    with torch.no_grad():
        logs = torch.log_softmax(model(torch.tensor([list(tokens)])).logits[0].double(), dim=-1)
    places = []
    for row in logs:
        order = torch.argsort(row, descending=True).tolist()
        places.append(Next(tokens=tuple(order), logs=tuple(float(row[token]) for token in order)))
    return places


def found(path: Path, settings: Settings, tokens: Sequence[int]) -> list[Next]:
    with trying(path, settings, context_tokens=256) as trial:
        return [trial.next_tokens(tokens[: end + 1], count=1000) for end in range(len(tokens))]


def apart(reference: Sequence[Next], other: Sequence[Next]) -> float:
    """Return the largest difference of log-probabilities among each position's 50 likeliest tokens."""
    worst = 0.0
    for mine, theirs in zip(reference, other, strict=True):
        known = dict(zip(theirs.tokens, theirs.logs, strict=True))
        worst = max(worst, *(abs(log - known[token]) for token, log in zip(mine.tokens[:50], mine.logs, strict=False)))
    return worst


_SCRIPT = """
import json, os, sys, urllib.request, xllamacpp
model, adapter, tokens = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.warmup, params.verbosity, params.n_parallel = model, 256, False, 0, 1
params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(adapter, 1.0)]
server = xllamacpp.Server(params)
places = []
for end in range(1, len(tokens) + 1):
    body = {"prompt": tokens[:end], "n_predict": 1, "n_probs": 1000, "temperature": 0.0, "logit_bias": [[65, 1e6]]}
    request = urllib.request.Request(server.listening_address + "/completion", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        places.append(json.load(answer)["completion_probabilities"][0]["top_logprobs"])
print("\\n" + json.dumps([[(each["id"], each["logprob"]) for each in place] for place in places]), flush=True)
os._exit(0)
"""


def found_with_adapter(model: Path, adapter: Path, tokens: Sequence[int]) -> list[Next]:
    """Call the binding directly, in a separate process."""
    command = [sys.executable, "-c", _SCRIPT, str(model), str(adapter), json.dumps(list(tokens))]
    output = subprocess.run(command, capture_output=True, timeout=120, check=True).stdout
    places = json.loads(output.splitlines()[-1])
    return [Next(tokens=tuple(p[0] for p in place), logs=tuple(p[1] for p in place)) for place in places]
