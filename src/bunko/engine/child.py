"""The engine's process: serve one model on the loopback address until the parent is gone.

In (stdin): one JSON line, `parameters.Parameters` as {"values": {...}, "gpu": {...}}; then nothing, but the pipe stays
open for as long as the parent lives. Out (stdout): one JSON line, {"url", "device", "gpus"} or {"error"}. Log: stderr.
Knows nothing of models or settings: `parameters.py` and `gpus.py` decide what the values are.

Started by `process.py`. It must import little, since a user waits for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from enum import Enum
from typing import Any, NoReturn

from bunko.child_process import claim_stdout, exit_when_orphaned, leave
from bunko.engine.gpus import GpuWish, found_gpus, gpu_values, visible_gpus

# The engine writes its log in another thread; the reason of a failure must be written before this process ends.
_LOG_DELAY_S = 0.2


def main() -> NoReturn:
    """Load the model, report its address, and wait for the parent to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C, and may still need this process
    reply = claim_stdout()
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_exit_at_end_of_stdin, daemon=True).start()
    exit_when_orphaned()
    try:
        server, gpus = _serve(request)
    except Exception as error:  # noqa: BLE001 - the parent must receive every error
        time.sleep(_LOG_DELAY_S)
        _say(reply, {"error": f"{type(error).__name__}: {error}"})
        leave(1)
    _say(reply, {"url": server.listening_address, "device": "gpu" if gpus else "cpu", "gpus": ", ".join(gpus)})
    while True:
        time.sleep(3600)


def _serve(request: Mapping[str, Mapping[str, Any]]) -> tuple[Any, list[str]]:
    """Return the server, and the names of the GPUs that it was given."""
    wish = GpuWish(**request["gpu"]) if request.get("gpu") else None
    os.environ.update(visible_gpus(wish))  # drivers read these when they are loaded
    import xllamacpp

    gpus = found_gpus(xllamacpp.get_device_info()) if wish and wish.layers else []
    params = xllamacpp.CommonParams()
    values = {**request["values"], **(gpu_values(wish, gpus) if wish else {})}
    if adapters := values.get("lora_adapters"):
        make = xllamacpp.CommonAdapterLoraInfo
        values["lora_adapters"] = [make(adapter["path"], adapter["scale"]) for adapter in adapters]
    if isinstance(shares := values.get("tensor_split"), list):  # the list has an entry for every possible GPU
        values["tensor_split"] = [*shares, *params.tensor_split[len(shares) :]]
    for path, value in values.items():
        set_attribute(params, path, value)
    return xllamacpp.Server(params), [gpu.name for gpu in gpus]


def set_attribute(target: Any, path: str, value: Any) -> None:
    """Set a dotted attribute; an enumeration is set by the name of its member.

    Raises AttributeError for a name that this version of the binding does not have: Python would add it silently.
    """
    *parents, name = path.split(".")
    for parent in parents:
        target = getattr(target, parent)
    current = getattr(target, name)
    if isinstance(current, Enum):
        value = type(current)[value]
    elif isinstance(current, list) and current and isinstance(current[0], Enum):
        value = [type(current[0])[member] for member in value]
    setattr(target, name, value)


def _say(descriptor: int, message: Mapping[str, object]) -> None:
    with contextlib.suppress(OSError):  # the parent is gone, and this process is about to end
        os.write(descriptor, json.dumps(message).encode() + b"\n")


def _exit_at_end_of_stdin() -> None:
    """Exit when the parent ends for any reason, which closes the pipe."""
    # Read the descriptor: a thread that waits in sys.stdin holds a lock that the interpreter needs to exit.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    leave(0)
