"""How the help of a command is laid out: the groups of its flags, and its examples. Data, and one function.

Each example is a command line that parses; a test says so.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence

from bunko.askable import ASKABLE

_SECTIONS = {
    "retrieval": "search",
    "scope": "search",
    "generation": "model",
    "answers": "answer",
    "": "answer",
}
"""The section of a setting -> the group of its flag."""
_ANSWERS = ("style", "translation")  # of the section "generation": they decide what the answer looks like
_GROUP_OF = {each.field: _SECTIONS.get(each.section, "answer") for each in ASKABLE}
_GROUP_OF |= dict.fromkeys(_ANSWERS, "answer")
_GROUP_OF |= dict.fromkeys(("no_sync", "store", "password_file", "archives", "ocr", "embedder", "no_server"), "search")
_GROUP_OF |= dict.fromkeys(("model", "models", "adapter", "adapters", "gpu_layers"), "model")
_GROUP_OF |= dict.fromkeys(("no_rag", "no_cache", "prompt"), "answer")
_GROUP_OF |= dict.fromkeys(("json", "quiet", "verbose", "out", "save", "report", "answers"), "output")
_GROUP_OF |= dict.fromkeys(("help", "version", "offline", "set"), "general")
_TITLES = {
    "": "Flags of this command",
    "search": "Search",
    "model": "Model",
    "answer": "Answer",
    "output": "Output",
    "general": "General",
}


def grouped(actions: Sequence[argparse.Action]) -> Iterator[tuple[str, list[argparse.Action]]]:
    """Yield the titles of the help's sections, each with its arguments or flags, in the order of the help."""
    words = [action for action in actions if not action.option_strings]
    if words:
        yield "commands" if isinstance(words[0], argparse._SubParsersAction) else "Arguments", words
    flags = [action for action in actions if action.option_strings]
    for group, title in _TITLES.items():
        if found := [action for action in flags if _GROUP_OF.get(action.dest, "") == group]:
            yield title, found


EXAMPLES: Mapping[str, tuple[str, str, str]] = {
    "ask": (
        'bunko ask reports "Who approved the budget?"',
        'bunko ask reports "What changed in 2024?" --model my-model.gguf --length long',
        'bunko ask --no-rag "Write a poem about cats"',
    ),
    "search": (
        'bunko search reports "budget 2024"',
        'bunko search reports "water wheel" --top-k 3',
        'bunko search reports "form K-17" --mode lexical --json',
    ),
    "chat": (
        "bunko chat reports",
        "bunko chat reports --model my-model.gguf",
        "bunko chat",
    ),
    "replay": (
        "bunko replay answer.json",
        "bunko replay answer.json moved/reports",
        "bunko replay answer.json --model my-model.gguf",
    ),
    "index": (
        "bunko index reports",
        "bunko index reports --password-file passwords.txt",
        "bunko index reports --check",
    ),
    "add": (
        "bunko add reports https://example.com/mills",
        "bunko add reports https://example.com/mills.pdf --json",
        "bunko add reports http://wiki.intern/mills --allow-private",
    ),
    "watch": (
        "bunko watch reports",
        "bunko watch reports --poll",
        "bunko watch reports --json",
    ),
    "status": (
        "bunko status reports",
        "bunko status reports --json",
        "bunko status reports --store index",
    ),
    "cluster index": (
        "bunko cluster index /mnt/a --store s3://lib/a --ray 10.0.0.5:6379",
        "bunko cluster index s3://papers/2024 --store s3://lib/p --metrics 9464",
        "bunko cluster index s3://papers --store s3://lib/p --commit-s 300 --json",
    ),
    "cluster status": (
        "bunko cluster status s3://libraries/reports",
        "bunko cluster status s3://libraries/reports --json",
        "bunko cluster status /mnt/index",
    ),
    "documents": (
        "bunko documents reports",
        "bunko documents reports --json",
        "bunko documents reports --duplicates",
    ),
    "show": (
        "bunko show reports mill.txt",
        "bunko show reports scans/letter.pdf",
        "bunko show reports mill.txt --json",
    ),
    "serve": (
        "bunko serve --open",
        "bunko serve reports letters --port 9000",
        "bunko serve reports --host 0.0.0.0 --token auto",
    ),
    "batch": (
        "bunko batch reports questions.txt",
        "bunko batch reports questions.txt --out answers.jsonl",
        "bunko batch reports questions.txt --model my-model.gguf --limit 10",
    ),
    "eval": (
        "bunko eval reports questions.jsonl",
        "bunko eval reports questions.jsonl --report report.html",
        "bunko eval reports questions.jsonl --model my-model.gguf --out answers.jsonl",
    ),
    "eval draft": (
        "bunko eval draft reports --out questions.jsonl",
        "bunko eval draft reports --out questions.jsonl --count 20",
        "bunko eval draft reports --out questions.jsonl --model my-model.gguf",
    ),
    "compare": (
        "bunko compare reports questions.txt --model smollm2-135m --model my-model.gguf",
        "bunko compare reports questions.jsonl --setting retrieval.mode=hybrid,lexical",
        "bunko compare reports questions.jsonl --no-rag --report report.html",
    ),
    "models list": (
        "bunko models list",
        "bunko models list --json",
        "bunko models list --offline",
    ),
    "models pull": (
        "bunko models pull smollm2-135m",
        "bunko models pull smollm2-135m --quiet",
        "bunko models pull smollm2-135m --json",
    ),
    "models show": (
        "bunko models show smollm2-135m",
        "bunko models show my-model.gguf",
        "bunko models show smollm2-135m --json",
    ),
    "models optimise": (
        "bunko models optimise smollm2-135m",
        "bunko models optimise smollm2-135m --undo",
        "bunko models optimise my-model.gguf",
    ),
    "models remove": (
        "bunko models remove smollm2-135m",
        "bunko models remove my-model",
        "bunko models remove smollm2-135m --json",
    ),
    "models check": (
        "bunko models check my-model.gguf",
        "bunko models check my-model.gguf --run",
        "bunko models check my-model.gguf --gpu-layers 0 --run",
    ),
    "models import": (
        "bunko models import fine-tuned --name mine",
        "bunko models import fine-tuned --name mine --quantize Q8_0",
        "bunko models import adapter --name mine --base base-model",
    ),
    "models recommend": (
        "bunko models recommend",
        "bunko models recommend --json",
        "bunko models recommend --offline",
    ),
    "mcp": (
        "bunko mcp reports",
        "bunko mcp reports --model my-model.gguf",
        "bunko mcp reports --http --token auto",
    ),
    "prompts list": (
        "bunko prompts list",
        "bunko prompts list reports",
        "bunko prompts list --json",
    ),
    "prompts show": (
        "bunko prompts show phrase",
        "bunko prompts show phrase --language ja",
        'bunko prompts show reports --rendered "Who built the mill?"',
    ),
    "prompts edit": (
        "bunko prompts edit phrase",
        "bunko prompts edit phrase reports",
        "bunko prompts edit phrase --remove",
    ),
    "prompts check": (
        "bunko prompts check",
        "bunko prompts check my-prompt.txt",
        "bunko prompts check --json",
    ),
    "doctor": (
        "bunko doctor",
        "bunko doctor reports",
        "bunko doctor --model my-model.gguf",
    ),
    "bench": (
        "bunko bench",
        "bunko bench --quick",
        "bunko bench --model my-model.gguf --seconds 120",
    ),
    "completion": (
        "bunko completion bash",
        "bunko completion zsh --install",
        "bunko completion powershell",
    ),
}
