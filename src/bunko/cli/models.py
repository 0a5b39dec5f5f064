"""`bunko models`: list, pull, show, optimise and remove."""

from __future__ import annotations

import argparse

from bunko.cli.common import bold, dim, download_progress_from, print_json, safe, settings_from
from bunko.cli.importing import print_report
from bunko.contract.serialise import Json
from bunko.models.inventory import ModelState, list_models, optimise, pull, remove, show_model, undo_optimise

_TITLES = {"chat": "Chat models", "embedding": "Embedders", "reranker": "Rerankers", None: "Others"}


def run_list(arguments: argparse.Namespace) -> int:
    """List the models in the catalogue and on this machine."""
    states = list_models(settings_from(arguments))
    if arguments.json:
        print_json({"models": [_state_json(state) for state in states]})
        return 0
    for kind, title in _TITLES.items():
        group = [state for state in states if (state.kind if state.kind in _TITLES else None) == kind]
        if group:
            print(bold(title))
        for state in group:
            mark = "●" if state.downloaded else "○"
            notes = [_size(_bytes(state)), ", ".join(sorted(state.languages)).replace("*", "multilingual")]
            notes += ["with a faster copy" if any(file.faster_copy for file in state.files) else ""]
            notes += ["your own" if state.imported else "", "an adapter" if _is_adapter(state) else ""]
            notes += [state.licence, "" if state.verified or state.downloaded else "unverified"]
            print(f" {mark} {safe(state.name):<24} {dim(', '.join(note for note in notes if note))}")
            if state.description:
                print(f"   {safe(state.description)}")
    print(dim("none: --model none needs no model; answers are quotes and marked words of the documents"))
    print(dim("● on this machine   ○ not downloaded: bunko models pull NAME"))
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
                print(f"{'file':>16}  {file.name}, {_size(file.size)}, {where}")
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


def _bytes(state: ModelState) -> int | None:
    sizes = [file.size for file in state.files]
    return None if not sizes or None in sizes else sum(size or 0 for size in sizes)


def _size(count: int | None) -> str:
    return "size unknown" if count is None else f"{count / 1e6:,.0f} MB"
