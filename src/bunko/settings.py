"""Every knob, in one frozen tree. In: defaults, config files, environment, overrides. Out: Settings.

Later sources win: defaults < the user's config file < the library's own config file < environment < flags.
Unknown keys are refused with the nearest known name. Knows nothing of models, stores or commands.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
import sys
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from bunko.errors import SettingsError
from bunko.types import Mode, Think

CONFIG_NAME = "config.toml"
ENV_PREFIX = "BUNKO_"
# A folder that was received from somebody else must not be able to send its reader's questions anywhere, nor
# make the program fetch or open files of its choosing: these keys are refused in a library's own config file
# unless they hold a plain catalogue name.
_NAMES_ONLY_IN_LIBRARY = ("model", "embedder")
_FORBIDDEN_IN_LIBRARY = ("store", "cache_dir", "offline", "reading.password_file", "generation.adapters")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingSettings:
    """Which files are read, and how far."""

    max_file_mb: int = 200
    max_characters: int = 50_000_000
    """Of one document; what a file unpacks to has a limit of its own."""
    ignore: tuple[str, ...] = ()
    """Patterns in gitignore's syntax, beside those of `.bunkoignore`."""
    timeout_s: float = 120.0
    """For one document; for each page of a scan. A parser that takes longer is stopped, and the file reported."""
    memory_mb: int = 2_000
    """What the process that reads files may take. One that wants more is stopped, and the file reported."""
    ocr: Literal["auto", "off"] = "auto"
    """"auto": pictures and scanned pages are read with Tesseract where it is there."""
    ocr_languages: tuple[str, ...] = ("eng", "jpn")
    """Tesseract's names; of those, the ones whose data is there are used."""
    password_file: str = ""
    """A text file with one password a line, tried in turn on locked files."""
    archives: bool = False
    """Whether the files in .zip, .tar, .tar.gz and the like are read, each as a document."""
    archive_files: int = 10_000
    """Files in one archive at the most, those of archives within it included."""
    archive_mb: int = 1_000
    """What one archive may unpack to."""
    archive_depth: int = 2
    """How deep archives within archives are followed; 1: not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkingSettings:
    """How documents are cut; in the embedder's tokens."""

    max_tokens: int = 200
    min_tokens: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSettings:
    """How texts become vectors."""

    threads: int = 0
    """0: as many as the machine has physical cores."""
    batch_tokens: int = 512
    """Tokens in one batch at the most, for GGUF embedders and servers: their memory follows it."""
    before_answer: int = 128
    """With more chunks than this still without a vector, `ask` answers first and embeds afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalSettings:
    """How passages are found."""

    mode: Mode = "hybrid"
    top_k: int = 8
    """Passages that the evidence is chosen from, and that `search` returns."""
    candidates: int = 50
    """Passages taken from each side before fusion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSettings:
    """How much of the passages the model reads."""

    quotes: int = 3
    max_tokens: int = 400
    """Of the model's context at the most; less where the context is small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSettings:
    """How the model is run and what it writes."""

    style: Literal["auto", "extractive", "free"] = "auto"
    """"extractive": the answer is a phrase that the model found in the sources, in their own words, or the best quote
    where it found none. "free": what the model writes. "auto": extractive with models of up to a billion parameters,
    where the sources are in the language of the answer."""
    prompt: Literal["auto", "chat", "plain"] = "auto"
    """How an extractive answer is asked for: by the model's chat template, or as plain text to be gone on with.
    "auto": plain for models of up to 300 million parameters."""
    translation: str = ""
    """The language that each sentence of an answer is also given in, such as "ja"; "auto": Japanese for English, and
    English for all others; empty: none."""
    max_tokens: int = 256
    think: Think = "auto"
    """Of models that reason: "off", "low" or "high"; "auto" is what the model does by itself."""
    think_tokens: int = 0
    """What a thought may take, beside `max_tokens`, before the model must answer. 0: 256 for "low", 1024 for "auto",
    2048 for "high"; less where the context has no room."""
    temperature: float = 0.0
    seed: int = 0
    context_tokens: int = 0
    """0: fitted to the model and this machine."""
    threads: int = 0
    gpu_layers: int = -1
    """-1: as many as fit into the GPUs' free memory."""
    gpus: str = ""
    """Numbers of the GPUs to use, as the driver counts them, such as "0,2"; empty: all."""
    gpu_split: Literal["layer", "row", "none"] = "layer"
    """How several GPUs share a model: whole layers, rows of each matrix, or not at all (the first one has it)."""
    gpu_shares: tuple[str, ...] = ()
    """What each GPU gets of it, such as 3,1; empty: by their free memory."""
    adapters: tuple[str, ...] = ()
    """LoRA adapters in GGUF files that are applied to the model: PATH, or PATH:SCALE."""
    cache_type: Literal["f16", "q8_0", "q4_0"] = "f16"
    start_timeout_s: float = 180.0
    first_token_timeout_s: float = 600.0
    """For reading the prompt: a long one takes minutes on an old CPU."""
    token_timeout_s: float = 60.0
    """Between two tokens; also for every other request to the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersSettings:
    """What becomes of answers once given."""

    keep: int = 500
    """Answers that are kept beside the index for when the same is asked again; 0: none."""
    strictness: float = 0.5
    """How much must speak for an answer: from 0, where every question is answered, to 1."""
    verify: Literal["quick", "deep"] = "quick"
    """How sentences are checked against the sources. "quick": by words, numbers, names and likeness. "deep": the model
    is also asked, sentence by sentence; not of those that stand in a source word for word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How libraries are served over HTTP."""

    host: str = "127.0.0.1"
    """Beyond this machine ("0.0.0.0") a token is always asked for."""
    port: int = 8642
    """0: any that is free."""
    token: str = ""
    """What every request must carry; "auto" makes one. Empty: none on this machine, one is made beyond it."""
    library_tokens: tuple[str, ...] = ()
    """NAME=TOKEN: each opens one library only."""
    allow_hosts: tuple[str, ...] = ()
    """Names under which the server may be called, beside this machine's own address."""
    allow_origins: tuple[str, ...] = ()
    """Other sites whose pages may call it, such as "https://wiki.example"."""
    models: tuple[str, ...] = ()
    """The models to serve, the first by default; empty: `model`."""
    queue: int = 100
    """Questions that may wait for a model; one client may fill three quarters of it."""
    max_tokens: int = 4096
    """What a request may ask for at the most."""
    upload: bool = True
    upload_mb: int = 50
    """Of one file at the most."""
    history: Literal["auto", "off", "allowed"] = "auto"
    """Whether conversations may be kept beside the index. "auto": only where the server is this machine's alone."""
    log: Literal["text", "json"] = "text"
    log_contents: bool = False
    """Whether questions and answers are logged."""
    tls_cert: str = ""
    """A PEM file with the certificate, and those above it; empty: HTTP."""
    tls_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. Values only: nothing here opens, loads or connects."""

    model: str = "smollm2-135m"
    embedder: str = "minilm"
    store: str = ""
    """Where the index lies; empty for `.bunko` in the folder itself."""
    cache_dir: str = ""
    """Where models are kept; empty for the user's cache directory."""
    offline: bool = False
    answer_language: str = ""
    """ISO 639-1 code; empty to follow the question."""
    reading: ReadingSettings = field(default_factory=ReadingSettings)
    chunking: ChunkingSettings = field(default_factory=ChunkingSettings)
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)
    generation: GenerationSettings = field(default_factory=GenerationSettings)
    answers: AnswersSettings = field(default_factory=AnswersSettings)
    server: ServerSettings = field(default_factory=ServerSettings)


def load_settings(
    *,
    library_config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Gather the settings of all sources.

    `overrides` maps dotted names to values, as flags give them: {"generation.seed": 7}; None values are skipped.
    Raises SettingsError with the source and the name of what is wrong.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, object] = {}
    user_file = user_config_file(environment)
    if user_file.is_file():
        values |= _read_file(user_file)
    # Path.is_file raises where a folder may not be looked into; opening the library tells of that.
    if library_config is not None and os.path.isfile(library_config):  # noqa: PTH113
        values |= _refuse_unsafe(_read_file(library_config), library_config)
    values |= dict(_from_environment(environment))
    values |= {name: value for name, value in (overrides or {}).items() if value is not None}
    return apply_overrides(Settings(), values)


def apply_overrides(settings: Settings, values: Mapping[str, object]) -> Settings:
    """Return the settings with dotted names replaced.

    >>> apply_overrides(Settings(), {"retrieval.top_k": "8"}).retrieval.top_k
    8
    """
    sections: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        section, _, key = name.rpartition(".")
        if section.count(".") or name not in known_names():
            raise _unknown(name)
        sections.setdefault(section, {})[key] = value
    changed: dict[str, Any] = {}
    for section, pairs in sections.items():
        if section:
            changed[section] = _replace(getattr(settings, section), pairs, section + ".")
    return _replace(dataclasses.replace(settings, **changed), sections.get("", {}), "")


def known_names() -> tuple[str, ...]:
    """Return every setting's dotted name."""
    return tuple(_names(Settings(), ""))


def type_of(name: str) -> Any:
    """Return the type of a setting: int, float, bool, str, a Literal or tuple[str, ...]. Raises KeyError.

    >>> type_of("retrieval.top_k")
    <class 'int'>
    """
    section, _, key = name.rpartition(".")
    kind: type = typing.get_type_hints(Settings)[section] if section else Settings
    return typing.get_type_hints(kind)[key]


def bounds_of(name: str) -> tuple[float, float | None]:
    """Return the lowest and the highest value of a number; None: there is no highest.

    >>> bounds_of("answers.strictness"), bounds_of("retrieval.top_k")
    ((0, 1), (1, None))
    """
    return _AT_LEAST.get(name, 0), _AT_MOST.get(name)


def user_config_file(environment: Mapping[str, str] | None = None) -> Path:
    """Return where the user's own config file would be; BUNKO_CONFIG overrides it."""
    environment = os.environ if environment is None else environment
    if named := environment.get("BUNKO_CONFIG"):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_config_dir("bunko", appauthor=False)) / CONFIG_NAME


def cache_directory(settings: Settings) -> Path:
    """Return where models are kept, and the engine's logs."""
    if settings.cache_dir:
        return Path(settings.cache_dir).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("bunko", appauthor=False))


def _names(section: Any, prefix: str) -> Iterator[str]:
    for item in dataclasses.fields(section):
        value = getattr(section, item.name)
        if dataclasses.is_dataclass(value):
            yield from _names(value, f"{prefix}{item.name}.")
        else:
            yield prefix + item.name


def _unknown(name: str) -> SettingsError:
    near = difflib.get_close_matches(name, known_names(), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "See docs/settings.md for all of them."
    return SettingsError(f"There is no setting {name!r}.", hint)


Section = TypeVar("Section")


def _replace(section: Section, pairs: Mapping[str, object], prefix: str) -> Section:
    hints = typing.get_type_hints(type(section))
    converted = {key: _convert(value, hints[key], prefix + key) for key, value in pairs.items()}
    return dataclasses.replace(section, **converted)  # type: ignore[type-var]


def _convert(value: object, kind: Any, name: str) -> object:
    """Turn text from the environment or a flag, or a TOML value, into the setting's type."""
    origin = typing.get_origin(kind)
    if origin is Literal:
        if value in typing.get_args(kind):
            return value
        raise SettingsError(f"{name} is {value!r}.", f"It can be: {', '.join(map(str, typing.get_args(kind)))}.")
    if origin is tuple:
        parts = (value.split(",") if value.strip() else ()) if isinstance(value, str) else value
        if isinstance(parts, list | tuple):
            return tuple(text for part in parts if (text := str(part).strip()))
    elif kind is bool:
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("1", "true", "yes", "on"):
            return True
        if str(value).lower() in ("0", "false", "no", "off", ""):
            return False
    elif kind is str and isinstance(value, str | os.PathLike):
        return os.fspath(value)
    elif kind in (int, float) and isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = kind(value)
            exact = math.isfinite(number) and (isinstance(value, str) or number == value)
        except (ValueError, OverflowError):
            exact = False
        if exact:
            return _in_range(number, name)
    raise SettingsError(f"{name} is {value!r}.", f"It takes {_KINDS.get(kind, 'a list of texts')}.")


_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
# The smallest sensible value of each number; what is not listed may not be negative.
_AT_LEAST: dict[str, float] = {
    "generation.gpu_layers": -1,
    "generation.max_tokens": 1,
    "retrieval.top_k": 1,
    "retrieval.candidates": 1,
    "evidence.quotes": 1,
    "server.queue": 1,
    "server.max_tokens": 1,
    "chunking.max_tokens": 16,
}
_AT_MOST: dict[str, float] = {"answers.strictness": 1}


def _in_range(number: float, name: str) -> float:
    least, most = bounds_of(name)
    if least <= number and (most is None or number <= most):
        return number
    allowed = f"{least} or more" if most is None else f"from {least} to {most}"
    raise SettingsError(f"{name} is {number}.", f"It must be {allowed}.")


def _read_file(path: Path) -> dict[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The config file {path} can't be read: {error}.", "Mend it or remove it.") from error
    flat: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": inner_value for inner, inner_value in value.items()}
        else:
            flat[key] = value
    for name in flat:
        if name not in known_names():
            unknown = _unknown(name)
            raise SettingsError(f"{path}: {unknown.message}", unknown.hint)
    return flat


def _refuse_unsafe(values: dict[str, object], path: Path) -> dict[str, object]:
    safe = dict(values)
    for name, value in values.items():
        plain = isinstance(value, str) and not any(mark in value for mark in (":", "/", "\\"))
        forbidden = name in _FORBIDDEN_IN_LIBRARY or name.startswith("server.")
        if forbidden or (name in _NAMES_ONLY_IN_LIBRARY and not plain):
            raise SettingsError(
                f"{path} sets {name} to {value!r}, which a folder may not choose for its reader.",
                f"Give it as a flag, or set it in {user_config_file()}.",
            )
        if name in _NAMES_ONLY_IN_LIBRARY:
            safe[name] = f"catalogue:{value}"  # a file of that name, in whatever folder we are, is not meant
    return safe


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    """Yield settings from names like BUNKO_MODEL and BUNKO_GENERATION__MAX_TOKENS."""
    reserved = {"BUNKO_CONFIG", "BUNKO_API_KEY", "BUNKO_DEBUG", "BUNKO_SERVER_TOKEN"}
    for variable, value in environment.items():
        if variable.startswith(ENV_PREFIX) and variable not in reserved:
            name = variable.removeprefix(ENV_PREFIX).lower().replace("__", ".")
            if name not in known_names():
                unknown = _unknown(name)
                raise SettingsError(f"Environment variable {variable}: {unknown.message}", unknown.hint)
            yield name, value
