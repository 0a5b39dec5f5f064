"""`bunko models`: list, pull, show, optimise and remove."""

from __future__ import annotations

import argparse

from bunko.cli.common import beside, bold, dim, download_progress_from, print_json, safe, settings_from
from bunko.cli.importing import print_report
from bunko.contract.serialise import Json
from bunko.diagnosis.fitting import bytes_of, fit_of, known_bytes
from bunko.hardware.memory import machine_memory
from bunko.installation import own_commands
from bunko.models.inventory import ModelState, list_models, optimise, pull, remove, show_model, undo_optimise

_LEFT = 28  # columns before what is said of a model
_FITS = {"yes": "fits", "tight": "fits if other programs free memory", "no": "too large for this machine"}
_TITLES = {"chat": "Chat models", "embedding": "Embedders", "reranker": "Rerankers", None: "Others"}


def run_list(arguments: argparse.Namespace) -> int:
    """List the models in the catalogue and on this machine."""
    states, memory = list_models(settings_from(arguments)), machine_memory()
    if arguments.json:
        extra = [{"bytes": bytes_of(state), "fits": fit_of(state, memory) or None} for state in states]
        print_json({"models": [_state_json(state) | more for state, more in zip(states, extra, strict=True)]})
        return 0
    for kind, title in _TITLES.items():
        group = [state for state in states if (state.kind if state.kind in _TITLES else None) == kind]
        if group:
            print(bold(title))
        for state in group:
            mark = "●" if state.downloaded else "○"
            notes = [_size_line(state), _FITS.get(fit_of(state, memory), "")]
            notes += [", ".join(sorted(state.languages)).replace("*", "multilingual")]
            notes += ["with a faster copy" if any(file.faster_copy for file in state.files) else ""]
            notes += ["your own" if state.imported else "", "an adapter" if _is_adapter(state) else ""]
            notes += [state.licence, "" if state.verified or state.downloaded else "unverified"]
            line = beside(", ".join(note for note in notes if note), _LEFT)
            print(f" {mark} {safe(state.name):<24} {dim(line)}")
            if state.description:
                print(f"   {beside(safe(state.description), 3)}")
    free = f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB of memory are free."
    none = "none: --model none needs no model; answers are quotes and marked words of the documents"
    marks = "● on this machine   ○ not downloaded: bunko models pull NAME"
    for text in (free, none, own_commands(marks)):
        print(dim(beside(text, 0)))
    return 0


def run_pull(arguments: argparse.Namespace) -> int:
    """Download a model, or verify the one on this machine."""
    progress = download_progress_from(arguments)
    files = pull(arguments.name, settings=settings_from(arguments), progress=progress)
    if arguments.json:
        outcome = [{"path": str(file.path), "sha256": file.sha256, "outcome": file.outcome} for file in files]
        print_json({"name": arguments.name, "files": outcome})
        return 0
    if not files:
        print(f"{arguments.name} is part of an installed package; there is nothing to download.")
    for file in files:
        print(f"{file.outcome}: {file.path}  {dim(f'sha256 {file.sha256[:16]}…')}")
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    """Show everything known about a model."""
    state = show_model(arguments.name, settings_from(arguments))
    facts = _state_json(state)
    if arguments.json:
        print_json(facts)
        return 0
    for name, value in facts.items():
        if name == "files":
            for file in state.files:
                where = str(file.path) if file.path else f"from {', '.join(file.sources)}"
                print(f"{'file':>16}  {file.name}, {_size(file.size) or 'size unknown'}, {where}")
                print(f"{'sha256':>16}  {file.sha256 or 'unknown'}")
                if file.faster_copy:
                    print(f"{'faster copy':>16}  {_size(file.faster_copy.stat().st_size)}, {file.faster_copy}")
        elif name == "import":
            print_report(value)
        elif value not in ("", None, []):
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            print(f"{name.replace('_', ' '):>16}  {safe(text)}")
    return 0


def run_optimise(arguments: argparse.Namespace) -> int:
    """Make a model's faster copy, or delete it."""
    settings = settings_from(arguments)
    if arguments.undo:
        removed = undo_optimise(arguments.name, settings=settings)
        if arguments.json:
            print_json({"name": removed.name, "bytes_freed": removed.bytes_freed})
        else:
            print(f"Removed the faster copy of {safe(removed.name)}: {_size(removed.bytes_freed)} freed.")
        return 0
    copy = optimise(arguments.name, settings=settings, progress=download_progress_from(arguments))
    if arguments.json:
        facts: Json = {"name": arguments.name, "path": str(copy.path), "size": copy.size, "made": copy.made}
        print_json(facts)
    else:
        print(f"{'made' if copy.made else 'present'}: {copy.path}  {dim(_size(copy.size))}")
    return 0


def run_remove(arguments: argparse.Namespace) -> int:
    """Delete a downloaded model."""
    removed = remove(arguments.name, settings=settings_from(arguments))
    if arguments.json:
        print_json({"name": removed.name, "bytes_freed": removed.bytes_freed})
    else:
        print(f"Removed {safe(removed.name)}: {_size(removed.bytes_freed)} freed.")
    return 0


def _state_json(state: ModelState) -> Json:
    facts: Json = {
        "name": state.name,
        "kind": state.kind,
        "description": state.description,
        "languages": sorted(state.languages),
        "licence": state.licence,
        "aliases": list(state.aliases),
        "downloaded": state.downloaded,
        "verified": state.verified,
        "context_tokens": state.context_tokens or None,
        "dimension": state.embedder.dimension or None if state.embedder else None,
    }
    if state.info:
        facts |= {
            "architecture": state.info.architecture,
            "quantisation": state.info.quantisation,
            "chat_template": bool(state.info.chat_template),
            "size_bytes": state.info.file_bytes,
        }
    files = [
        {
            "name": file.name,
            "path": str(file.path) if file.path else None,
            "size": file.size,
            "sha256": file.sha256,
            "sources": list(file.sources),
            "faster_copy": str(file.faster_copy) if file.faster_copy else None,
        }
        for file in state.files
    ]
    facts |= {"files": files}
    return facts | {"import": state.imported.report} if state.imported else facts


def _is_adapter(state: ModelState) -> bool:
    return state.imported is not None and state.imported.is_adapter


def _size_line(state: ModelState) -> str:
    """Return the size of a model; "about" where it is an estimate."""
    known = known_bytes(state)
    return _size(known) if known is not None else f"about {size}" if (size := _size(bytes_of(state))) else ""


def _size(count: int | None) -> str:
    return "" if count is None else f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"
