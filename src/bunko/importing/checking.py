"""Test an imported model. In: its file and the 16-bit model. Out: a report of plain JSON values.

The engine itself is used for all checks: template, tokenizer, divergence from the 16-bit model, speed, memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bunko.engine.stand_in import Answer
from bunko.errors import EngineError, ModelNotFound
from bunko.hardware.memory import machine_memory
from bunko.importing.divergence import divergence, perplexity
from bunko.importing.templates import Messages, examine_template
from bunko.importing.texts import LIKENESS, ROUND_TRIPS
from bunko.importing.trial import Next, Trial, trying
from bunko.models.fetching.progress import Progress
from bunko.models.gguf.header import GgufInfo, read_gguf, read_layout
from bunko.settings import Settings

PLACES = 192
"""Positions at which the models are compared: seconds with 135 million parameters, minutes with 7 billion."""
_BEFORE = 16
"""Tokens at the start that are not compared: no model can predict how a text begins."""
LIKELIEST = 1000
"""Tokens to list at each position; on average they have 99% of the probability or more."""
_SPEED_PROMPT, _SPEED_WRITE, _SPEED_RUNS = 256, 64, 2
_CONTEXTS = (2048, 4096, 8192, 16384, 32768)
_TRIAL_CONTEXT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The text that the models are compared on."""

    name: str
    words: str


_OWN_TEXT = Text(name="Bunko's own", words=LIKENESS)


def check(
    made: Path,
    *,
    reference: Path | None,
    uncalibrated: Path | None = None,
    tokens: Mapping[str, Sequence[int]],
    text: Text,
    settings: Settings,
    progress: Progress,
    say: Callable[[str], object],
) -> dict[str, Any]:
    """Return the report. `reference` is the 16-bit model; `tokens` are the round-trip texts' by its own tokenizer.

    `uncalibrated` is the model quantised without an importance matrix, to show the effect of calibration.
    Raises EngineError if the engine can't run the model.
    """
    info = read_gguf(made)
    context = min(info.context_length or _TRIAL_CONTEXT, _TRIAL_CONTEXT)
    say("Checking the template and the tokenizer …")
    with trying(made, settings, context_tokens=_TRIAL_CONTEXT) as trial:
        report: dict[str, Any] = {"template": _template(trial, made, info), "tokenizer": _tokenizer(trial, tokens)}
        along = trial.prompt_tokens(text.words)[: min(_BEFORE + PLACES, context - 2) + 1]
        say(f"Comparing with the original, token by token ({max(0, len(along) - _BEFORE - 1)} tokens) …")
        mine = _walk(trial, along, "reading", progress)
        speed = _speed(trial, along, context)
    theirs = _reference(reference, along, settings, progress)
    report["quality"] = _quality(mine, along, theirs) | {"text": text.name}
    if uncalibrated is not None and not isinstance(theirs, str) and theirs:
        with trying(uncalibrated, settings, context_tokens=_TRIAL_CONTEXT) as trial:
            report["uncalibrated"] = _quality(_walk(trial, along, "reading", progress), along, theirs)
    report["speed"] = speed
    say("Measuring the memory …")
    report["memory"] = _memory(made, info, settings)
    return report


def chosen_text(file: Path | None, held_out: str) -> Text:
    """Return the user's text, else text held out of the calibration, else Bunko's own. Raises ModelNotFound."""
    if file is None:
        return Text(name="held-out pieces of the documents", words=held_out) if held_out else _OWN_TEXT
    try:
        words = file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        raise ModelNotFound(f"The text {file} can't be read: {error.strerror or error}.", "Check --text.") from error
    if not words:
        raise ModelNotFound(f"The text {file} is empty.", "Give another --text.")
    return Text(name=str(file), words=words)


def _template(trial: Trial, made: Path, info: GgufInfo) -> dict[str, Any]:
    def render(messages: Messages, answer: Answer) -> str:
        return trial.prompt(messages, answer=answer)

    def cut(part: str) -> list[int]:
        return trial.tokens(part, marks="tokens")

    number = read_layout(made).values.get("tokenizer.ggml.eos_token_id")
    eos = trial.text([number]) if isinstance(number, int) else ""
    found = examine_template(render, cut, has_template=bool(info.chat_template), eos=eos)
    done = [
        "renders" if found.renders else "does not render",
        "system role" if found.system_role else "no system role",
        "several turns" if found.turns else "one turn only",
        "opens the answer" if found.generation_prompt else "does not open the answer",
    ]
    return {"summary": ", ".join(done if found.renders else done[:1]), **dataclasses.asdict(found)}


def _tokenizer(trial: Trial, tokens: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    findings: list[str] = []
    for name, text in ROUND_TRIPS.items():
        mine = trial.tokens(text)
        back = trial.text(mine)
        if back.strip(" ") != text.strip(" "):
            findings.append(f"{name} text changes in a round trip: {_first_difference(text, back)}.")
        if name in tokens and list(tokens[name]) != mine:
            findings.append(f"{name} tokens differ from the original tokenizer's: answers may be worse.")
    same = ", and tokens are the original tokenizer's" if tokens and not findings else ""
    summary = f"English and Japanese survive a round trip{same}" if not findings else "problems found"
    return {"summary": summary, "findings": findings}


def _first_difference(text: str, back: str) -> str:
    at = next((i for i, (a, b) in enumerate(zip(text, back, strict=False)) if a != b), min(len(text), len(back)))
    return f"{text[at : at + 12]!r} became {back[at : at + 12]!r}"


def _walk(trial: Trial, along: Sequence[int], what: str, progress: Progress) -> list[Next]:
    """Return the likeliest next tokens at each position of a text; the engine's cache holds the tokens before."""
    places = []
    with progress(what, total=max(0, len(along) - _BEFORE - 1)) as advance:
        for end in range(_BEFORE, len(along) - 1):
            places.append(trial.next_tokens(along[: end + 1], count=LIKELIEST))
            advance(1)
    return places


def _reference(path: Path | None, along: Sequence[int], settings: Settings, progress: Progress) -> list[Next] | str:
    """Return the 16-bit model's next tokens at the same positions, or why it can't be run."""
    if path is None:
        return []
    if path.stat().st_size > machine_memory().available:
        return "the 16-bit model does not fit into memory"
    try:
        with trying(path, settings, context_tokens=_TRIAL_CONTEXT) as trial:
            return _walk(trial, along, "reading", progress)
    except EngineError as error:
        return error.message


def _quality(mine: list[Next], along: Sequence[int], theirs: list[Next] | str) -> dict[str, Any]:
    """Compare with the 16-bit model, if it could be run."""
    if not mine:
        return {"summary": "the text is too short to compare on"}
    true = along[_BEFORE + 1 :]
    own = perplexity(mine, true)
    facts: dict[str, Any] = {
        "places": len(mine), "likeliest": LIKELIEST, "perplexity": round(own.value, 3), "outside": own.outside,
    }  # fmt: skip
    if isinstance(theirs, str):
        return facts | {"summary": f"not compared: {theirs}"}
    if not theirs:
        return facts | {"summary": f"nothing was quantised; perplexity {own.value:.2f} over {len(mine)} tokens"}
    original, apart = perplexity(theirs, true), divergence(theirs, mine)
    summary = (
        f"KL divergence {apart.mean:.4f} nats on average, {apart.worst:.3f} at worst (99%); the same first choice at "
        f"{apart.same_first:.0%} of {apart.places} tokens; perplexity {own.value:.2f} for {original.value:.2f}"
    )
    return facts | {
        "summary": summary,
        "reference_perplexity": round(original.value, 3),
        "kl_mean": round(apart.mean, 5),
        "kl_99": round(apart.worst, 4),
        "same_first": round(apart.same_first, 4),
        "left_over": round(apart.left_over, 5),
    }


def _speed(trial: Trial, along: Sequence[int], context: int) -> dict[str, float]:
    """Return the best of two runs, since other programs only slow a run down."""
    length = max(1, min(_SPEED_PROMPT, context - _SPEED_WRITE - 1))
    prompt = (list(along) * (length // max(1, len(along)) + 1))[:length]
    runs = [trial.speed(prompt, write=_SPEED_WRITE) for _ in range(_SPEED_RUNS)]
    return {
        "prompt_per_second": round(max(run.prompt for run in runs), 1),
        "writing_per_second": round(max(run.writing for run in runs), 1),
    }


def _memory(made: Path, info: GgufInfo, settings: Settings) -> list[dict[str, Any]]:
    """Measure memory at several context sizes that the model was trained for; estimate those that do not fit."""
    measured: list[dict[str, Any]] = []
    trained = info.context_length or _CONTEXTS[0]
    for context in [size for size in _CONTEXTS if size <= trained] or [trained]:
        needed = info.file_bytes + info.kv_cache_bytes(context)
        if 2 * needed < machine_memory().available:
            with trying(made, settings, context_tokens=context) as trial:
                trial.next_tokens([0, 1, 2], count=1)
                measured.append({"context_tokens": context, "bytes": trial.memory(), "measured": True})
        else:
            measured.append({"context_tokens": context, "bytes": needed, "measured": False})
    return measured
