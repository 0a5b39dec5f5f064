"""Explain idle GPUs. In: the machine's cards, the GPUs that the engine sees, the settings. Out: findings. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bunko.diagnosis.model_check.report import Finding
from bunko.engine.gpus import RESERVE, Gpu
from bunko.hardware.graphics import Card, Graphics
from bunko.hardware.wheels import Wheel
from bunko.settings import Settings


def idle_findings(graphics: Graphics, seen: Sequence[Gpu], settings: Settings, *, wheel: Wheel) -> list[Finding]:
    """Return a finding for each unused GPU."""
    cards = [card for card in graphics.cards if not card.integrated]
    if not seen:
        return [_unseen(card, wheel) for card in cards]
    if settings.generation.gpu_layers == 0:
        names = ", ".join(gpu.description or gpu.name for gpu in seen)
        text = f"{names} is idle: generation.gpu_layers is 0"
        return [Finding(state="warning", text=text, cure="Set it to -1 to put as many layers there as fit.")]
    full = [gpu for gpu in seen if gpu.free <= RESERVE and not gpu.integrated]
    return [
        Finding(
            state="warning",
            text=f"{gpu.description or gpu.name} stays idle: {gpu.free / 1e9:.1f} of its {gpu.total / 1e9:.1f} GB are "
            f"free, and {RESERVE / 1e9:.1f} GB are kept for the computation and the desktop",
            cure="Close what uses its memory.",
        )
        for gpu in full
    ]


def _unseen(card: Card, wheel: Wheel) -> Finding:
    if not card.driver or (card.vendor == "nvidia" and card.cuda == (0, 0)):
        text = f"{card.name} is idle: its driver is missing or does not respond"
        cure = f"Install the card's driver, then the engine for it: {wheel.command}"
        return Finding(state="warning", text=text, cure=cure)
    if wheel.backend == "cpu":
        return Finding(state="warning", text=f"{card.name} is idle: {wheel.note}", cure="Update the system.")
    text = f"{card.name} is idle: the installed engine is a CPU build"
    cure = f"{wheel.command}{f'  ({wheel.note})' if wheel.note else ''}"
    return Finding(state="warning", text=text, cure=cure)
