"""Check a model file: `bunko models check`. In: a GGUF file, the machine. Out: a Report.

Reads the header, and tests tokenizer and template in the engine (`engine.stand_in`). Loads the weights only to measure
speed. Downloads nothing.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from bunko.diagnosis.model_check.chat_template import check_template, unusable_template
from bunko.diagnosis.model_check.report import Finding, Kind, MemoryRow, Report, Speed, TemplateReport, TokenizerReport
from bunko.diagnosis.model_check.tokenizer import check_tokenizer
from bunko.engine.gpus import Gpu, layers_that_fit
from bunko.engine.measuring import measure
from bunko.engine.parameters import DEFAULT_CONTEXT, Machine, chat_parameters, gpu_wish
from bunko.engine.stand_in import StandIn, engine_knows
from bunko.errors import BunkoError, EngineError, ModelBroken, NotDownloaded, WrongModelKind
from bunko.generation.thinking import tag_in
from bunko.hardware.memory import MachineMemory
from bunko.installation import this_installation
from bunko.models.gguf.faster_copy import faster_copy, is_slow
from bunko.models.gguf.forms import family_of, form_rows, quick_share
from bunko.models.gguf.header import GgufInfo, GgufLayout, read_gguf, read_layout
from bunko.models.inventory import show_model
from bunko.models.memory import CACHE_BYTES
from bunko.settings import Settings, cache_directory

# The engine itself, beside weights and cache: 37 to 50 MB with the starter, more with wide models.
_ENGINE_BYTES = 100_000_000
_CONTEXTS = (2048, 4096, 8192, 16384, 32768, 131072)
_LEAST_CONTEXT = 2048
_REASONS_BY_NAME = re.compile(r"\b(?:R1|QwQ|[Rr]easoning|[Tt]hinking)\b")
_SMALL, _LARGE_BITS = 1_000_000_000, 12.0


def model_file(name: str, settings: Settings) -> Path:
    """Return the GGUF file that a name means. Raises ModelNotFound, NotDownloaded, WrongModelKind, UsageError."""
    state = show_model(name, settings)
    path = state.files[0].path if state.files else None
    if state.files and path is None:
        raise NotDownloaded(f"The model {name} is not on this machine.", f"Fetch it: bunko models pull {name}")
    if path is None or (state.in_catalogue and state.files[0].name.endswith(".onnx")):
        raise WrongModelKind(f"{name} is not a GGUF model; there is nothing more to check.", "See `bunko models show`.")
    return path


def check_model(
    path: Path,
    settings: Settings,
    *,
    memory: MachineMemory,
    gpus: Sequence[Gpu] = (),
    speed: Literal["measure", "skip"] = "skip",
) -> Report:
    """Run all checks on a file. Raises ModelNotFound, and ModelBroken for a file that is not a complete GGUF file.

    With "measure", the model is loaded and timed; failures become findings.
    """
    info, layout = read_gguf(path), read_layout(path)
    rows = form_rows(layout, family=family_of(platform.machine()))
    kind, signs = _kind(info)
    logs = cache_directory(settings) / "logs"
    findings = _file_findings(info, layout)
    known = engine_knows(info.architecture, log_directory=logs)
    if not known:
        findings.append(
            Finding(
                state="problem",
                text=f"The engine does not know the architecture {info.architecture!r}.",
                cure=f"It may be newer than the engine: {this_installation().install('xllamacpp', how='upgrade')}",
            )
        )
    template, tokenizer = None, None
    if kind != "adapter":
        template, tokenizer, new = _test_in_engine(path, info, layout, kind=kind, logs=logs)
        findings += new
        findings += _speed_findings(path, info, settings, share=quick_share(rows))
    table = [] if kind == "adapter" else _memory_rows(info, settings, memory=memory)
    findings += _memory_findings(table)
    measured, new = (
        _measure(path, info, settings, logs=logs) if speed == "measure" and kind != "adapter" else (None, [])
    )
    return Report(
        name=path.name,
        title=info.name,
        path=str(path),
        kind=kind,
        signs=signs,
        architecture=info.architecture,
        engine_knows=known,
        parameters=info.parameters,
        size=info.file_bytes,
        quantisation=info.quantisation,
        bits_a_weight=round(8 * info.file_bytes / info.parameters, 2) if info.parameters else 0.0,
        forms=tuple(rows),
        quick_share=round(quick_share(rows), 3),
        context_tokens=info.context_length or 0,
        licence=info.licence,
        template=template,
        tokenizer=tokenizer,
        memory=tuple(table),
        gpu_layers="" if kind == "adapter" else _gpu_layers(info, settings, gpus),
        findings=tuple(sorted([*findings, *new], key=lambda one: ("problem", "warning", "note").index(one.state))),
        speed=measured,
    )


def _kind(info: GgufInfo) -> tuple[Kind, tuple[str, ...]]:
    """Return a model's kind, and the facts from which it was derived."""
    if info.is_adapter:
        return "adapter", ("general.type is adapter",)
    if info.kind == "reranker":
        return "reranker", ("its pooling is a rank",)
    if info.kind == "embedding":
        pooled = f"it has a pooling type ({info.pooling_type})" if info.pooling_type else ""
        return "embedding", tuple(filter(None, (f"the architecture {info.architecture}", pooled)))
    if not info.chat_template:
        return "base", ("it has no chat template",)
    tag = tag_in(info.chat_template)
    if tag is not None:
        can_switch = "enable_thinking" in info.chat_template
        switch = ("it can be switched off (enable_thinking)",) if can_switch else ()
        return "reasoning", (f"its chat template knows {tag.opening}", *switch)
    if found := _REASONS_BY_NAME.search(info.name):
        return "reasoning", (f"its name says {found[0]}",)
    return "chat", ("it has a chat template",)


def _file_findings(info: GgufInfo, layout: GgufLayout) -> list[Finding]:
    findings = []
    if info.split_count > 1:
        text = f"It is one of {info.split_count} files that belong together."
        cure = "Keep all of them in one folder, and give the path of the first."
        findings.append(Finding(state="warning", text=text, cure=cure))
    if info.is_adapter:
        return [*findings, Finding(state="note", text="It is an adapter.", cure="Use it as --adapter, with its model.")]
    if info.context_length is None:
        findings.append(Finding(state="warning", text="It does not state its context window."))
    elif info.kind in ("chat", "base") and info.context_length < _LEAST_CONTEXT:
        text = f"It was trained for {info.context_length} tokens: little evidence fits beside a question."
        findings.append(
            Finding(state="warning", text=text, cure="Set evidence.max_tokens = 150, or use another model.")
        )
    if info.kind in ("chat", "base") and not info.has_eos:
        text = "It does not name its end-of-text token: answers may continue until --max-tokens."
        findings.append(Finding(state="warning", text=text, cure="Convert it again, with its tokenizer's files."))
    if info.kind == "base":
        text = "It is a base model: it continues texts, and was not trained to answer."
        findings.append(
            Finding(state="note", text=text, cure="Bunko gives it a plain prompt; an instruct model does better.")
        )
    if info.parameters and 8 * info.file_bytes / info.parameters > _LARGE_BITS and info.parameters > _SMALL:
        text = "It is not quantised: a 4-bit file is a quarter of the size, and writes about three times as fast."
        findings.append(
            Finding(state="warning", text=text, cure="bunko models import MODEL --quantize Q4_K_M --name NAME")
        )
    if "tokenizer.ggml.model" not in layout.keys:
        text, cure = "It has no tokenizer.", "Convert it again, with its tokenizer's files beside it."
        findings.append(Finding(state="problem", text=text, cure=cure))
    return findings


def _test_in_engine(
    path: Path, info: GgufInfo, layout: GgufLayout, *, kind: Kind, logs: Path
) -> tuple[TemplateReport | None, TokenizerReport | None, list[Finding]]:
    """Test tokenizer and template in the engine; its errors become findings."""
    try:
        with StandIn(path, log_directory=logs) as stand_in:
            tokenizer, findings = check_tokenizer(layout.values, stand_in, vocabulary=info.vocabulary_size or 0)
            if kind in ("embedding", "reranker"):
                return None, tokenizer, findings
            model = f"{info.architecture} {info.name}"
            template, more = check_template(info.chat_template, stand_in, model=model)
            return template, tokenizer, findings + more
    except ModelBroken:  # already among the findings on the file
        return None, None, []
    except EngineError as error:
        if "chat template" in error.message:  # the engine refuses to load a model with this template
            template, findings = unusable_template(info.chat_template, error)
            with StandIn(path, log_directory=logs, template="drop") as stand_in:
                tokenizer, more = check_tokenizer(layout.values, stand_in, vocabulary=info.vocabulary_size or 0)
            return template, tokenizer, findings + more
        text = f"The engine refuses its tokenizer: {error.message}"
        return None, None, [Finding(state="problem", text=text, cure=error.hint)]


def _speed_findings(path: Path, info: GgufInfo, settings: Settings, *, share: float) -> list[Finding]:
    if info.kind not in ("chat", "base") or share >= 0.5:
        return []
    if faster_copy(path, settings):
        text = "This processor reads prompts slowly with its quantisation; its faster copy is used instead."
        return [Finding(state="note", text=text)]
    cure = "Use the model in Q4_K_M, Q4_0 or Q8_0: these read many tokens at a time."
    if is_slow(path):
        cure = f"Make a faster copy, once: bunko models optimise {path}"
    part = f"Only {share:.0%}" if share >= 0.01 else "None"
    text = f"{part} of its weights are quantised in a way that lets this processor read prompts quickly."
    return [Finding(state="warning", text=text, cure=cure)]


def _memory_rows(info: GgufInfo, settings: Settings, *, memory: MachineMemory) -> list[MemoryRow]:
    trained = info.context_length or DEFAULT_CONTEXT
    contexts = sorted({context for context in _CONTEXTS if context <= trained} | {min(trained, _CONTEXTS[-1])})
    element = CACHE_BYTES[settings.generation.cache_type]
    rows = []
    for context in contexts:
        cache = info.kv_cache_bytes(context, element) if info.kind in ("chat", "base") else 0
        total = info.file_bytes + cache + _ENGINE_BYTES
        fits: Literal["yes", "tight", "no"] = "yes" if total <= memory.available else "tight"
        fits = fits if total <= memory.total else "no"
        rows.append(MemoryRow(context_tokens=context, weights=info.file_bytes, cache=cache, total=total, fits=fits))
    return rows


def _memory_findings(rows: Sequence[MemoryRow]) -> list[Finding]:
    if not rows or rows[0].fits == "yes":
        return []
    need = f"{rows[0].total / 1e9:.1f} GB even with {rows[0].context_tokens:,} tokens of context"
    if rows[0].fits == "tight":
        return [Finding(state="warning", text=f"It needs {need}: other programs must make room.", cure="Close some.")]
    cure = "Use fewer bits or a smaller model: `bunko models recommend`."
    return [Finding(state="problem", text=f"It needs {need}, and this machine has less.", cure=cure)]


def _gpu_layers(info: GgufInfo, settings: Settings, gpus: Sequence[Gpu]) -> str:
    if not gpus or settings.generation.gpu_layers == 0:
        return ""
    context = min(settings.generation.context_tokens or DEFAULT_CONTEXT, info.context_length or DEFAULT_CONTEXT)
    wish = gpu_wish(info, settings.generation, context=context)
    layers = wish.layers if wish.layers >= 0 else layers_that_fit(wish, gpus)
    return (
        f"{', '.join(gpu.name for gpu in gpus)}: about {min(layers, wish.model_layers)} of {wish.model_layers} layers"
    )


def _measure(path: Path, info: GgufInfo, settings: Settings, *, logs: Path) -> tuple[Speed | None, list[Finding]]:
    if info.kind not in ("chat", "base"):
        text = "Speed is measured only for models that generate text."
        return None, [Finding(state="note", text=text)]
    copy = faster_copy(path, settings) or path
    try:
        parameters = chat_parameters(copy, info, settings.generation, machine=Machine.here())
        found = measure(parameters, log_directory=logs)
    except BunkoError as error:
        return None, [Finding(state="problem", text=f"It does not run: {error.message}", cure=error.hint)]
    speed = Speed(prompt=found.prompt, writing=found.writing, load_s=found.load_s, memory=found.memory)
    return speed, []
