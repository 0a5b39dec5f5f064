"""Load the settings from all sources. In: config files, the environment, flags. Out: Settings.

Later sources win: defaults < the user's config file < the library's own config file < environment < flags.
Unknown keys are refused with the nearest known name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bunko.door import at_the_door
from bunko.errors import SettingsError
from bunko.private_files import is_plain
from bunko.settings import NO_MODEL, Settings, apply_overrides, known_names, unknown_setting

CONFIG_NAME = "config.toml"
ENV_PREFIX = "BUNKO_"
# A folder may come from somebody else. Its own config file must not send its reader's questions anywhere, nor make the
# program fetch or open files: these keys are refused there, unless they hold the plain name of a model.
_NAMES_ONLY_IN_LIBRARY = ("model", "embedder")
# So are those that tell the model what to do: decision 006.
_FORBIDDEN_IN_LIBRARY = (
    "sets",
    "store",
    "cache_dir",
    "offline",
    "reader",
    "retrieval.reranker",
    "reading.password_file",
    "reading.sandbox",
    "generation.adapters",
    "generation.draft_model",
    "answers.instructions",
    "answers.prompts",
    "answers.prompt_file",
)
# These protect whoever reads the folder: its own config file may set a lower limit than the user's, and lift none.
_LIMITS = (
    "reading.max_file_mb",
    "reading.max_characters",
    "reading.timeout_s",
    "reading.memory_mb",
    "reading.archive_files",
    "reading.archive_mb",
    "reading.archive_depth",
)
_MOST_CONFIG_BYTES = 1_000_000


@at_the_door
def load_settings(
    *,
    library_config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Return the settings of all sources.

    `overrides` maps dotted names to values, as flags give them: {"generation.seed": 7}; None values are skipped.
    Raises SettingsError, which names the source and the setting.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, object] = {}
    user_file = user_config_file(environment)
    if user_file.is_file():
        values |= _read_file(user_file)
    # Path.is_file raises where the folder may not be read; opening the library reports that.
    if library_config is not None and os.path.isfile(library_config):  # noqa: PTH113
        if not is_plain(library_config):
            raise SettingsError(
                f"The config file {library_config} is a link, or lies behind one.", "Put a file in its place."
            )
        limits = apply_overrides(Settings(), values)
        values |= _refuse_unsafe(_read_file(library_config), library_config, limits)
    values |= dict(_from_environment(environment))
    values |= {name: value for name, value in (overrides or {}).items() if value is not None}
    return apply_overrides(Settings(), values)


def user_config_file(environment: Mapping[str, str] | None = None) -> Path:
    """Return the path of the user's own config file, which may not exist; BUNKO_CONFIG overrides it."""
    environment = os.environ if environment is None else environment
    if named := environment.get("BUNKO_CONFIG"):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_config_dir("bunko", appauthor=False)) / CONFIG_NAME


def _read_file(path: Path) -> dict[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_CONFIG_BYTES + 1)
        if len(content) > _MOST_CONFIG_BYTES:
            raise ValueError(f"it has more than {_MOST_CONFIG_BYTES:,} bytes")
        tree = tomllib.loads(content.decode("utf-8"))
    except RecursionError as error:
        raise SettingsError(
            f"The config file {path} can't be read: it is nested too deeply.", "Correct it or delete it."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, not TOML
        raise SettingsError(f"The config file {path} can't be read: {error}.", "Correct it or delete it.") from error
    flat: dict[str, object] = {}
    for key, value in tree.items():
        if key == "sets" and isinstance(value, dict):
            flat[key] = [f"{name}={';'.join(map(str, _listed(folders)))}" for name, folders in value.items()]
        elif isinstance(value, dict):
            flat |= {f"{key}.{inner}": inner_value for inner, inner_value in value.items()}
        else:
            flat[key] = value
    for name in flat:
        if name not in known_names():
            unknown = unknown_setting(name)
            raise SettingsError(f"{path}: {unknown.message}", unknown.hint)
    return flat


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _refuse_unsafe(values: dict[str, object], path: Path, limits: Settings) -> dict[str, object]:
    """Return the settings of a folder's own file. Raises SettingsError for one that it may not set."""
    safe = dict(values)
    for name, value in values.items():
        if name in _LIMITS:
            _refuse_higher(name, value, path, limits)
        plain = isinstance(value, str) and not any(mark in value for mark in (":", "/", "\\"))
        forbidden = name in _FORBIDDEN_IN_LIBRARY or name.startswith("server.")
        if forbidden or (name in _NAMES_ONLY_IN_LIBRARY and not plain):
            raise SettingsError(
                f"{path} sets {name} to {value!r}, which a library's own config file may not set.",
                f"Give it as a flag, or set it in {user_config_file()}.",
            )
        if name in _NAMES_ONLY_IN_LIBRARY and value != NO_MODEL:
            safe[name] = f"catalogue:{value}"  # not a file of that name in the current folder
    return safe


def _refuse_higher(name: str, value: object, path: Path, limits: Settings) -> None:
    """Raise SettingsError if a folder lifts a limit. 0 means that there is none, for time and memory."""
    section, _, key = name.rpartition(".")
    wanted = getattr(getattr(apply_overrides(limits, {name: value}), section), key)
    own = getattr(getattr(limits, section), key)
    if wanted == 0 or (own and wanted > own):
        raise SettingsError(
            f"{path} sets {name} to {wanted:g}; a library's own config file may only lower it: to more than 0, and at "
            f"most {own:g}.",
            f"Give it as a flag, --set {name}={wanted:g}, or set it in {user_config_file()}.",
        )


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    """Yield settings from names like BUNKO_MODEL and BUNKO_GENERATION__MAX_TOKENS."""
    reserved = {"BUNKO_CONFIG", "BUNKO_API_KEY", "BUNKO_DEBUG", "BUNKO_SERVER_TOKEN"}
    for variable, value in environment.items():
        if variable.startswith(ENV_PREFIX) and variable not in reserved:
            name = variable.removeprefix(ENV_PREFIX).lower().replace("__", ".")
            if name not in known_names():
                unknown = unknown_setting(name)
                raise SettingsError(f"Environment variable {variable}: {unknown.message}", unknown.hint)
            yield name, value
