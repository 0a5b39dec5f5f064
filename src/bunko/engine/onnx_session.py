"""Load ONNX models for the processor. In: a file or its bytes. Out: a session of ONNX Runtime. Knows no model."""

from __future__ import annotations

import os
from typing import Any, Literal

# Since 1.29, ONNX Runtime makes a number for the machine, keeps events in the user's cache directory and sends them to
# its maker, unless this is set before it is loaded; its own disable_telemetry_events comes too late for the first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

# Fuses addition and normalisation into an operator that takes five times as long (ONNX Runtime 1.32, x86).
_SLOW_FUSION = "SkipLayerNormFusion"


def open_session(model: str | bytes, *, products: Literal["eight bits", "seven bits"] = "eight bits") -> Any:
    """Load a model. It runs in the calling thread, and several threads may call it at once.

    "seven bits" promises that the weights of integer products are between -64 and 64.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # Texts differ in length, and a memory plan for each length would waste memory.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    if products == "eight bits":
        # Processors without VNNI overflow when they multiply unsigned with signed bytes: exact there too, if slower.
        options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], disabled_optimizers=[_SLOW_FUSION]
    )
    # ONNX Runtime keeps the model's bytes (23 MB) for a restart that is not used.
    session._model_bytes = None
    return session
