"""`bunko models check` and `bunko models recommend`."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Literal

from bunko.cli.common import bold, dim, note, print_json, safe, settings_from, width
from bunko.diagnosis.busy_machine import timed
from bunko.diagnosis.doctor import wheel_here
from bunko.diagnosis.model_check.check import check_model, model_file
from bunko.diagnosis.model_check.report import Report
from bunko.diagnosis.recommend import Choice, Recommendation, recommend, yardstick
from bunko.engine.parameters import Machine
from bunko.engine.seen import engine_gpus
from bunko.hardware.graphics import this_graphics
from bunko.hardware.memory import machine_memory
from bunko.hardware.processor import this_processor
from bunko.hardware.wheels import Wheel
from bunko.language.wrapping import wrapped

_MARKS = {"note": "·", "warning": "!", "problem": "✗"}
_PLACES = {
    "gpu": "on the GPU",
    "gpu and memory": "GPU and memory",
    "memory": "fits",
    "memory, tight": "tight",
    "nowhere": "too large",
}


def run_check(arguments: argparse.Namespace) -> int:
    """Check a model; return 1 if it can't be used as it is."""
    settings = settings_from(arguments)
    path = model_file(arguments.name, settings)
    speed: Literal["measure", "skip"] = "measure" if arguments.load else "skip"
    report = check_model(path, settings, memory=machine_memory(), gpus=engine_gpus(), speed=speed)
    if arguments.json:
        print_json(dataclasses.asdict(report))
    else:
        _show_report(report)
    return 1 if any(finding.state == "problem" for finding in report.findings) else 0


def _show_report(report: Report) -> None:
    print(bold(safe(report.name)) + (dim(f"   {safe(report.title)}") if report.title else ""))
    lines = [
        ("kind", f"{report.kind}: {', '.join(report.signs)}"),
        ("architecture", f"{report.architecture}{'' if report.engine_knows else ', unknown to this engine'}"),
        ("size", f"{_millions(report.parameters)} parameters, {report.size / 1e6:,.0f} MB"),
        ("quantisation", f"{report.quantisation or 'unknown'}, {report.bits_a_weight:.1f} bits per weight"),
        ("context", f"{report.context_tokens:,} tokens" if report.context_tokens else ""),
        ("licence", report.licence),
        ("template", _template_line(report)),
        ("tokenizer", _tokenizer_line(report)),
        ("gpu", report.gpu_layers),
    ]
    if report.speed:
        speed, memory = report.speed, f"{report.speed.memory / 1e6:,.0f} MB"
        text = f"reads {speed.prompt:.0f} and writes {speed.writing:.1f} tokens per second"
        text += f"; loaded in {speed.load_s:.1f} s, {memory}"
        lines.append(("speed here", text))
    for name, text in lines:
        if text:
            print(f"{name:>14}  {safe(text)}")
    _show_forms(report)
    _show_memory(report)
    print(bold("Findings") if report.findings else dim("No problems were found."))
    for finding in report.findings:
        print(_wrapped(f"{_MARKS[finding.state]} {safe(finding.text)}"))
        if finding.cure:
            print(dim(_wrapped(f"  {safe(finding.cure)}")))


def _millions(count: int) -> str:
    return f"{count / 1e6:,.1f} million" if count < 1e7 else f"{count / 1e6:,.0f} million"


def _template_line(report: Report) -> str:
    template = report.template
    if template is None:
        return ""
    if not template.there:
        return "none"
    if not template.renders:
        return f"{template.format or 'unknown format'}, can't be rendered"
    parts = [template.format or "unknown format"]
    parts += ["system role"] if template.system_role else ["no system role"]
    parts += ["several turns"] if template.several_turns else ["no second turn"]
    parts += ["generation prompt"] if template.opens_answer else ["no generation prompt"]
    return ", ".join(parts)


def _tokenizer_line(report: Report) -> str:
    found = report.tokenizer
    if found is None:
        return ""
    kind = f"{found.model}{f' ({found.pre})' if found.pre else ''}, {found.vocabulary:,} tokens"
    japanese = f"Japanese {found.japanese}, {found.tokens_a_character_japanese:.2f} tokens per character"
    return f"{kind}; English {found.tokens_a_word_english:.2f} tokens per word; {japanese}"


def _show_forms(report: Report) -> None:
    print(bold("Weights") + dim("   ● this processor reads many tokens of a prompt at once"))
    for row in report.forms:
        mark = "●" if row.quick else "○"
        count = f"{row.tensors} tensor{'' if row.tensors == 1 else 's'}"
        print(f"{row.kind:>14}  {mark} {row.form:<8} {row.size / 1e6:>9,.1f} MB  {dim(count)}")


def _show_memory(report: Report) -> None:
    if not report.memory:
        return
    print(bold("Memory"))
    for row in report.memory:
        verdict = {"yes": "fits", "tight": "only if other programs free memory", "no": "too much for this machine"}[
            row.fits
        ]
        print(f"{row.context_tokens:>14,}  tokens of context: {row.total / 1e9:>6.2f} GB  {dim(verdict)}")


def run_advise(arguments: argparse.Namespace) -> int:
    """Print which models suit this machine."""
    settings = settings_from(arguments)
    machine, memory, gpus, graphics = Machine.here(), machine_memory(), engine_gpus(), this_graphics()
    note(arguments, "Measuring the starter model and this machine's memory …")
    found = timed(lambda: yardstick(settings, machine=machine), say=lambda text: note(arguments, text))
    advice = recommend(settings, memory=memory, gpus=gpus, measured=found.yardstick)
    if found.note:
        advice = dataclasses.replace(advice, notes=(found.note, *advice.notes))
    processor, wheel = this_processor(), wheel_here(graphics)
    if arguments.json:
        facts = dataclasses.asdict(advice)
        facts["machine"] = {
            "processor": processor.name,
            "instruction_sets": list(processor.sets),
            "cores": machine.cores,
            "memory_total": memory.total,
            "memory_available": memory.available,
            "gpus": [dataclasses.asdict(gpu) for gpu in gpus],
            "cards": [dataclasses.asdict(card) for card in graphics.cards],
        }
        print_json({**facts, "wheel": dataclasses.asdict(wheel)})
        return 0
    print(f"{safe(processor.name)}, {machine.cores} cores, {', '.join(processor.sets)}")
    print(f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB of memory free")
    for gpu in gpus:
        print(f"{gpu.name}: {safe(gpu.description)}, {gpu.free / 1e9:.1f} of {gpu.total / 1e9:.1f} GB free")
    _show_choices(advice)
    _show_wheel(wheel, seen=bool(gpus))
    return 0


def _show_choices(advice: Recommendation) -> None:
    print(bold(f"{'model':<16}{'form':<9}{'file':>8}{'memory':>9}  {'':<15}{'reads':>7}{'writes':>8}{'answer':>9}"))
    for choice in advice.choices:
        print(_choice_line(choice))
    if advice.yardstick:
        print(dim(_wrapped(
            f"Tokens per second and the time of a usual answer are estimates, up to {advice.error:.0%} off, from the "
            f"starter's {advice.yardstick.prompt:.0f} and {advice.yardstick.writing:.0f} tokens per second and "
            f"a memory bandwidth of {advice.yardstick.bandwidth / 1e9:.1f} GB/s. ● on this machine"
        )))  # fmt: skip
    for language, model, embedder in (
        ("English", advice.english, advice.english_embedder),
        ("Japanese", advice.japanese, advice.japanese_embedder),
    ):
        if model:
            print(f"For {language}: {bold(f'--model {model} --embedder {embedder}')}")
    for text in advice.notes:
        print(dim(_wrapped(safe(text))))


def _choice_line(choice: Choice) -> str:
    mark = "●" if choice.downloaded else "○"
    speeds = ""
    if choice.prompt and choice.writing and choice.answer_s:
        speeds = f"{choice.prompt:>7.0f}{choice.writing:>8.1f}{choice.answer_s:>7.0f} s"
    place = _PLACES[choice.place]
    if choice.place not in ("nowhere", "memory, tight") and choice.largest_quantisation:
        place += f" (also {choice.largest_quantisation})"
    return (
        f"{mark} {choice.name:<14}{choice.quantisation:<9}{choice.size / 1e9:>5.1f} GB{choice.memory / 1e9:>6.1f} GB"
        f"  {place:<15}{speeds}"
    )


def _show_wheel(wheel: Wheel, *, seen: bool) -> None:
    if wheel.backend == "cpu" and not wheel.note:
        print(dim("The engine from the Python index suits this machine: no GPU was found."))
        return
    state = (
        "The engine uses the GPU; it was installed with"
        if seen
        else f"The engine for this machine's GPU ({wheel.backend})"
    )
    print(f"{state}:\n  {wheel.command}")
    if wheel.note:
        print(dim(_wrapped(wheel.note)))


def _wrapped(text: str) -> str:
    indent = "  " if text[:1] in _MARKS.values() or text.startswith(" ") else ""
    return wrapped(text, width(), first="  " if text.startswith(" ") else "", rest=indent)
