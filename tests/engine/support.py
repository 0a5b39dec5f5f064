"""What the tests of the engine share: tiny models, processes that run them, and waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from bunko.engine.http import Connection, Timeouts
from bunko.engine.parameters import Machine, Parameters, chat_parameters
from bunko.engine.process import LlamaProcess
from bunko.models import read_gguf
from bunko.settings import GenerationSettings
from tests.tiny_gguf import make_chat_gguf

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
CHATML_MARKS = ("<|im_start|>", "<|im_end|>")
MACHINE = Machine(cores=2, available_memory=8 * 2**30)


def make_tiny_model(folder: Path, *, context: int = 2048) -> Path:
    """Write the tiny chat model."""
    return make_chat_gguf(folder / "tiny.gguf", template=CHATML, special=CHATML_MARKS, context=context)


def make_process(
    model: Path, *, start_timeout_s: float = 60.0, changed: Mapping[str, object] | None = None
) -> LlamaProcess:
    """Return a process for a model, not started; its logs lie beside the model."""
    parameters = chat_parameters(model, read_gguf(model), GenerationSettings(threads=1), machine=MACHINE)
    return LlamaProcess(
        Parameters(values={**parameters.values, **(changed or {})}),
        log_directory=model.parent / "logs",
        start_timeout_s=start_timeout_s,
    )


def connect(process: LlamaProcess) -> Connection:
    """Return a connection to a process."""
    return Connection(process, timeouts=Timeouts(first_token_s=30, token_s=30))


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def happens_within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Wait until the condition holds, and tell whether it came to hold in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
