"""Find the prompt templates that are used. In: a name, a language, settings. Out: Templates.

The first that exists counts: the file of `answers.prompt_file`, for answers; LANGUAGE/NAME.txt in the folder
`answers.prompts`, which for a library is the user's own folder for it; in the user's folder for all libraries; the
program's own. The user's folders lie beside the config file. A library's folder may come from somebody else, so
templates in it are not used (docs/decisions/006).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bunko.answering.prompt_templates import HOME, PURPOSES, Template, languages, nearest, own_template, parse_template
from bunko.config import user_config_file
from bunko.errors import SettingsError
from bunko.paths import home_of
from bunko.settings import Settings

FOLDER = "prompts"
_MOST_BYTES = 1_000_000


def template_for(name: str, language: str, settings: Settings) -> Template:
    """Return the template that is used for a purpose and a language. Raises SettingsError for one with a fault."""
    path = next(
        (folder / language / f"{name}.txt" for folder in _folders(settings) if _has(folder, language, name)), None
    )
    return read_template(path, name=name) if path else own_template(name, language)


def template_of_run(settings: Settings) -> Template | None:
    """Return the template of `answers.prompt_file`; None if none is set. Raises SettingsError."""
    file = settings.answers.prompt_file
    return read_template(Path(file).expanduser(), name="answer") if file else None


def read_template(path: Path, *, name: str) -> Template:
    """Return the template in a file. Raises SettingsError for one that can't be read or has a fault."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError(f"it has more than {_MOST_BYTES:,} bytes")
        text = content.decode("utf-8")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8
        raise SettingsError(f"The prompt {path} can't be read: {error}.", "`bunko prompts list` shows ours.") from error
    return parse_template(text, name=name, origin=str(path))


def user_folder(root: Path | None = None) -> Path:
    """Return the user's own folder of templates: for a library, or for all of them."""
    folder = user_config_file().parent / FOLDER
    if root is None:
        return folder
    place = root.expanduser().resolve()
    digest = hashlib.blake2b(str(place).encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return folder / "libraries" / f"{place.name}-{digest}"


def settings_of_library(settings: Settings, root: Path) -> Settings:
    """Return settings with the user's templates for a library, if there are any and no others are set."""
    folder = user_folder(root)
    if settings.answers.prompts or not folder.is_dir():
        return settings
    return replace(settings, answers=replace(settings.answers, prompts=str(folder)))


def notes_on_untrusted(root: Path) -> tuple[str, ...]:
    """Return a note if a library's own folder has templates, which are not used."""
    if not (home_of(root) / FOLDER).exists():
        return ()
    return (
        f"The prompts in {home_of(root) / FOLDER} came with the folder and are not used. To use one: --prompt FILE, or "
        f"`bunko prompts edit`.",
    )


def check_purpose(name: str) -> None:
    """Raise SettingsError for a template that does not exist."""
    if name not in PURPOSES:
        near = nearest(name, tuple(PURPOSES))
        raise SettingsError(
            f"There is no prompt {name!r}.", f"Did you mean {near!r}?" if near else f"There are: {', '.join(PURPOSES)}."
        )


def own_file(name: str, language: str) -> Path:
    """Return the file of the program's own template. Raises SettingsError for a name or language without one."""
    check_purpose(name)
    if language not in languages():
        raise SettingsError(f"There are no prompts in {language!r}.", f"There are: {', '.join(languages())}.")
    return HOME / language / f"{name}.txt"


def replaced(folder: Path) -> list[Path]:
    """Return the files of a folder that replace templates, sorted."""
    return sorted(path for path in folder.glob("*/*.txt") if path.stem in PURPOSES and path.parent.parent == folder)


def state_of_prompts(settings: Settings) -> str:
    """Return a hash of the templates in files of the user's: what an answer depends on beside the settings."""
    digest = hashlib.blake2b(digest_size=16)
    files = [path for folder in _folders(settings) for path in replaced(folder)]
    if settings.answers.prompt_file:
        files.append(Path(settings.answers.prompt_file).expanduser())
    for path in files:
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{path} {len(content)}\n".encode("utf-8", "surrogatepass") + content)
    return digest.hexdigest() if files else ""


def _folders(settings: Settings) -> Iterator[Path]:
    if settings.answers.prompts:
        yield Path(settings.answers.prompts).expanduser()
    yield user_folder()


def _has(folder: Path, language: str, name: str) -> bool:
    return language.isalnum() and (folder / language / f"{name}.txt").is_file()
