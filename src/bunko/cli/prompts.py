"""`bunko prompts`: list, show, edit and check the prompts that models get."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from bunko.answering.prompt_files import (
    check_purpose,
    notes_on_untrusted,
    own_file,
    read_template,
    replaced,
    settings_of_library,
    template_for,
    user_folder,
)
from bunko.answering.prompt_templates import PURPOSES, languages
from bunko.cli.common import counted, dim, note, print_json, safe, settings_from
from bunko.errors import BunkoError, QuestionError, SettingsError, UsageError
from bunko.settings import apply_overrides


def run_list(arguments: argparse.Namespace) -> int:
    """List every prompt in every language, and where each comes from."""
    root = Path(arguments.folder) if arguments.folder else None
    settings = settings_from(arguments, root)
    settings = settings_of_library(settings, root) if root else settings
    rows = []
    for name, purpose in PURPOSES.items():
        for language in languages():
            try:
                origin, fault = template_for(name, language, settings).origin, ""
            except SettingsError as error:
                origin, fault = "", str(error)
            rows.append(
                {
                    "name": name,
                    "language": language,
                    "origin": origin or None,
                    "fault": fault or None,
                    "doc": purpose.doc,
                }
            )
    if arguments.json:
        print_json({"prompts": rows})
    else:
        for row in rows:
            where = str(row["fault"] or row["origin"] or "Bunko's own")
            print(f"{row['name']:<10} {row['language']}  {row['doc']:<60} {dim(safe(where))}")
    for text in notes_on_untrusted(root) if root else ():
        note(arguments, text)
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    """Print a template as it is used, or the prompt of a question as the engine gets it."""
    if arguments.rendered is not None:
        return _show_rendered(arguments)
    if not 1 <= len(arguments.words) <= 2:
        raise UsageError("Which prompt?", f"bunko prompts show NAME, with one of: {', '.join(PURPOSES)}.")
    name, *folder = arguments.words
    check_purpose(name)
    root = Path(folder[0]) if folder else None
    settings = settings_from(arguments, root)
    settings = settings_of_library(settings, root) if root else settings
    template = template_for(name, arguments.language, settings)
    path = Path(template.origin) if template.origin else own_file(name, arguments.language)
    text = path.read_text(encoding="utf-8")
    if arguments.json:
        print_json({"name": name, "language": arguments.language, "origin": template.origin or None, "template": text})
    else:
        print(safe(text.rstrip("\n")))
    return 0


def run_edit(arguments: argparse.Namespace) -> int:
    """Copy a prompt into the user's own folder, open it in the editor, and check it."""
    check_purpose(arguments.name)
    ours = own_file(arguments.name, arguments.language)
    folder = user_folder(Path(arguments.folder) if arguments.folder else None)
    path = folder / arguments.language / f"{arguments.name}.txt"
    if arguments.remove:
        path.unlink(missing_ok=True)
        note(arguments, f"{path} is deleted; Bunko's own prompt is used.")
        return 0
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ours, path)
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    if editor and sys.stdin.isatty() and not arguments.json:
        subprocess.run([*shlex.split(editor), str(path)], check=False)
    read_template(path, name=arguments.name)
    if arguments.json:
        print_json({"name": arguments.name, "language": arguments.language, "path": str(path)})
    else:
        print(safe(str(path)))
        note(arguments, "This file is now used. Edit it, then check it: bunko prompts check")
    return 0


def run_check(arguments: argparse.Namespace) -> int:
    """Check prompts; return 2 if one has a fault."""
    if arguments.paths:
        files = [Path(path) for path in arguments.paths]
    else:
        home = user_folder()
        files = [path for folder in (home, *sorted(home.glob("libraries/*"))) for path in replaced(folder)]
    rows = [{"path": str(path), **_fault_of(path)} for path in files]
    if arguments.json:
        print_json({"prompts": rows})
    else:
        for row in rows:
            print(
                safe(f"{row['path']}: {row['error'] or 'good'}") + (f"\n  {safe(row['hint'])}" if row["hint"] else "")
            )
        if not rows:
            note(arguments, "You have no prompts of your own. `bunko prompts edit answer` makes one.")
    return 2 if any(row["error"] for row in rows) else 0


def _fault_of(path: Path) -> dict[str, str]:
    try:
        read_template(path, name=path.stem if path.stem in PURPOSES else "answer")
    except BunkoError as error:
        return {"error": error.message, "hint": error.hint}
    return {"error": "", "hint": ""}


def _show_rendered(arguments: argparse.Namespace) -> int:
    """Print the prompt that a question to a folder would send, rendered by the engine with the model's template."""
    from bunko.answering.prompt_recorder import RecordingEngines
    from bunko.cli.ask import sync_first
    from bunko.generation.chat import ChatGenerator
    from bunko.library import Library

    if len(arguments.words) > 1:
        raise UsageError(
            "Only a folder can follow --rendered QUESTION.", "bunko prompts show --rendered QUESTION FOLDER"
        )
    root = Path(arguments.words[0] if arguments.words else ".").expanduser()
    # A reader would answer a question of fact, and the model would not be asked.
    settings = apply_overrides(settings_from(arguments, root), {"reader": "none"})
    engines = RecordingEngines(settings)
    with contextlib.closing(engines), Library(root, settings=settings, engines=engines) as library:
        sync_first(arguments, library)
        answer = library.ask(arguments.rendered)
        recorder = engines.recorder
        if recorder is None or not recorder.prompts:
            raise QuestionError(
                f"No model is asked this question. {' '.join(answer.notes)}".strip(), "The answer needs none."
            )
        messages, generator = recorder.prompts[0], recorder.generator
        prompt = generator.render(messages) if isinstance(generator, ChatGenerator) else None
        tokens = generator.count_tokens(messages)
    turns = [{"role": message.role, "content": message.content} for message in messages]
    if arguments.json:
        print_json(
            {
                "question": arguments.rendered,
                "model": answer.model,
                "messages": turns,
                "prompt": prompt,
                "tokens": tokens,
            }
        )
        return 0
    for text in answer.notes if arguments.verbose else ():
        note(arguments, text)
    if prompt is None:
        note(arguments, "The server applies the model's template itself. These are the messages that it gets:")
        prompt = "\n\n".join(f"[{turn['role']}]\n{turn['content']}" for turn in turns)
    print(safe(prompt))
    note(arguments, f"{counted(tokens, 'token')} for {answer.model}")
    return 0
