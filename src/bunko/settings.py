"""Every setting, in one frozen tree. In: defaults, config files, environment, overrides. Out: Settings.

Later sources win: defaults < the user's config file < the library's own config file < environment < flags.
Unknown keys are refused with the nearest known name. The tables of docs/settings.md are made from the docstrings below
the settings. Knows nothing of models, stores or commands.
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
from bunko.private_files import is_plain
from bunko.types import Mode, Think

CONFIG_NAME = "config.toml"
ENV_PREFIX = "BUNKO_"
# A folder may come from somebody else. Its own config file must not send its reader's questions anywhere, nor make the
# program fetch or open files: these keys are refused there, unless they hold the plain name of a model.
_NAMES_ONLY_IN_LIBRARY = ("model", "embedder")
# So are those that tell the model what to do: decision 006.
_FORBIDDEN_IN_LIBRARY = (
    "store",
    "cache_dir",
    "offline",
    "reading.password_file",
    "reading.sandbox",
    "generation.adapters",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingSettings:
    """Which files are read, and within which limits."""

    max_file_mb: int = 200
    """A larger file is reported as failed and not read (1 MB is 1,000,000 bytes)."""
    max_characters: int = 20_000_000
    """A document with more characters of text is reported as failed."""
    ignore: tuple[str, ...] = ()
    """Patterns of files to leave out, in the syntax of `.gitignore`, beside those in the folder's `.bunkoignore`."""
    timeout_s: float = 120.0
    """Seconds that reading one document, or one page of a scan, may take; then the file is reported as failed."""
    memory_mb: int = 2_000
    """Memory in MB that the process which reads files may use; a file that needs more is reported as failed."""
    ocr: Literal["auto", "off"] = "auto"
    """`auto`: pictures and scanned pages are read with Tesseract where it is installed; `off`: never."""
    ocr_languages: tuple[str, ...] = ("eng", "jpn")
    """Languages for OCR, by Tesseract's names; those whose data is installed are used."""
    password_file: str = ""
    """A text file with one password a line, tried in turn on locked files."""
    sandbox: Literal["auto", "off"] = "auto"
    """`auto`: the process that reads files is closed off from other files, programs and networks where the system can
    do that (Linux); `off`: never."""
    archives: bool = False
    """Whether the files inside archives (.zip, .tar, .tar.gz and the like) are read, each as a document."""
    archive_files: int = 10_000
    """Most files in one archive, including those of archives inside it."""
    archive_mb: int = 1_000
    """Most MB that one archive may unpack to."""
    archive_depth: int = 2
    """How many levels of nested archives are read; 1: only the outermost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkingSettings:
    """How documents are cut into passages."""

    max_tokens: int = 200
    """Longest passage, in tokens of the embedder; never more than the embedder can read."""
    min_tokens: int = 60
    """A new heading ends a passage only if the passage has at least half of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSettings:
    """How texts become vectors."""

    threads: int = 0
    """Threads for the embedder; 0: the number of physical cores."""
    batch_tokens: int = 512
    """Most tokens in one batch for GGUF embedders and servers, whose memory use grows with it. ONNX embedders take one
    text at a time."""
    before_answer: int = 128
    """With more passages than this still without a vector, `ask` answers first and makes the vectors afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalSettings:
    """How passages are found."""

    mode: Mode = "hybrid"
    """`hybrid` searches by meaning and by words, `dense` by meaning only, `lexical` by words only."""
    top_k: int = 8
    """How many passages to retrieve: the evidence is chosen from them, and `search` prints them."""
    candidates: int = 50
    """Passages taken from each of the two searches before they are fused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSettings:
    """How much of the passages the model reads."""

    quotes: int = 3
    """Most quotes that are shown and given to the model."""
    max_tokens: int = 400
    """Most tokens of the quotes in the prompt; fewer where the model's context is small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSettings:
    """How the model runs and what it writes."""

    style: Literal["auto", "extractive", "free"] = "auto"
    """`extractive`: the answer is a phrase that the model finds in the sources, word for word, or the best quote where
    it finds none; `free`: what the model writes; `auto`: extractive for models of up to a billion parameters where the
    sources are in the language of the answer."""
    prompt: Literal["auto", "chat", "plain"] = "auto"
    """How an extractive answer is asked for: with the model's prompt template (`chat`), or as a text to be continued
    (`plain`); `auto`: plain for models of up to 300 million parameters."""
    ability: Literal["auto", "tiny", "small", "capable"] = "auto"
    """How much the model can use: `tiny` and `small` a few quotes, `capable` pages of context; `auto`: by its number of
    parameters, under 0.3 and under 2 billion; a model on a server is capable."""
    translation: str = ""
    """A language in which each sentence of the answer is also given, such as `ja`; `auto`: Japanese for English, else
    English; empty: none."""
    max_tokens: int = 0
    """Longest answer, in the model's tokens. 0: by `answers.length`, 256 (`short`), 512 (`normal`) or 1024 (`long`) for
    models of 2 billion parameters or more and those of unknown size, and 256 for smaller ones."""
    think: Think = "auto"
    """For models that reason: `off`, `low` or `high`; `auto` leaves it to the model."""
    think_tokens: int = 0
    """Most tokens of reasoning, beside those of the answer; then the model must answer. 0: 256 for `low`, 1024 for
    `auto`, 2048 for `high`, or fewer where the context has no room."""
    temperature: float = 0.0
    """0: the likeliest word each time."""
    seed: int = 0
    """With a temperature above 0, the same seed gives the same answer."""
    context_tokens: int = 0
    """Size of the context window: tokens of prompt and answer together. 0: 4096, or fewer where the model or the free
    memory allows fewer."""
    threads: int = 0
    """Threads for the model; 0: the number of physical cores, or fewer in a container that has fewer."""
    gpu_layers: int = -1
    """Layers of the model on GPUs; -1: as many as fit into their free memory; 0: none."""
    gpus: str = ""
    """Numbers of the GPUs to use, as their driver counts them, such as `0,2`; empty: all."""
    gpu_split: Literal["layer", "row", "none"] = "layer"
    """How several GPUs share a model: by whole layers (`layer`), by rows of each matrix (`row`), or not at all (`none`:
    the first has it)."""
    gpu_shares: tuple[str, ...] = ()
    """The share of the model on each GPU, such as `3,1`; empty: by their free memory."""
    adapters: tuple[str, ...] = ()
    """LoRA adapters in GGUF files, applied to the model: `PATH` or `PATH:SCALE`."""
    cache_type: Literal["f16", "q8_0", "q4_0"] = "f16"
    """Precision of the model's attention cache: `f16`, `q8_0` (half the memory) or `q4_0` (about a quarter)."""
    start_timeout_s: float = 180.0
    """Seconds that loading a model may take."""
    first_token_timeout_s: float = 600.0
    """Seconds until the first word of an answer: the time to read the prompt, which is minutes on an old CPU."""
    token_timeout_s: float = 60.0
    """Seconds between two words, and for every other request to the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersSettings:
    """How answers are checked, refused and kept."""

    strictness: float = 0.5
    """How well the evidence must support an answer: from 0, where every question is answered, to 1, where only what the
    passages clearly support is."""
    kind: Literal["auto", "fact", "definition", "reason", "comparison", "list", "open", "yes_no", "summary"] = "auto"
    """What a question asks for: it decides how much is read and the form of the answer; `auto`: as its words show."""
    keep: int = 500
    """How many answers are kept beside the index for when the same question is asked again, the newest; 0: none, and
    those that were kept are deleted."""
    verify: Literal["quick", "deep"] = "quick"
    """How sentences are checked against the sources: `quick` by numbers, names, words and similarity; `deep` also asks
    the model about each sentence that is not in a source word for word."""
    length: Literal["short", "normal", "long"] = "normal"
    """How much a model of 2 billion parameters or more, or of unknown size, writes."""
    instructions: str = ""
    """What you want to tell the model beside our own instructions, such as `Use short sentences.`"""
    prompts: str = ""
    """A folder with prompts of your own, `LANGUAGE/NAME.txt`; empty: the folder beside your config file that `bunko
    prompts edit` writes to."""
    prompt_file: str = ""
    """A file with the prompt for every answer, in place of the ones for the model's size; empty: those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How libraries are served over HTTP."""

    host: str = "127.0.0.1"
    """The address to listen at; any other than this machine's own, such as `0.0.0.0`, always requires a token."""
    port: int = 8642
    """The port to listen at; 0: any free one."""
    token: str = ""
    """The token that every request must have; `auto` makes one; empty: none on this machine, one is made beyond it."""
    library_tokens: tuple[str, ...] = ()
    """`NAME=TOKEN`: each opens one library only."""
    allow_hosts: tuple[str, ...] = ()
    """Names under which the server may be called, beside this machine's own address."""
    allow_origins: tuple[str, ...] = ()
    """Other sites whose pages may call the server, such as `https://wiki.example`."""
    models: tuple[str, ...] = ()
    """The models to serve, the default first; empty: `model`."""
    queue: int = 100
    """How many questions may wait for a model; one client may fill three quarters of it."""
    max_tokens: int = 4096
    """Most tokens that a request may ask for."""
    upload: bool = True
    """Whether files may be uploaded."""
    upload_mb: int = 50
    """Most MB of one uploaded file."""
    history: Literal["auto", "off", "allowed"] = "auto"
    """Whether conversations may be kept on the server's disk: `allowed`, `off`, or `auto`: only where no other machine
    can reach the server."""
    log: Literal["text", "json"] = "text"
    """The format of the log: `text` or `json`."""
    log_contents: bool = False
    """Whether questions and answers are logged."""
    tls_cert: str = ""
    """A PEM file with the certificate and its chain; empty: plain HTTP."""
    tls_key: str = ""
    """A PEM file with the key of the certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. Values only: nothing here opens, loads or connects."""

    model: str = "smollm2-135m"
    """The chat model that writes the answer: a name, a file or a server."""
    embedder: str = "minilm"
    """The embedding model that finds passages by meaning."""
    store: str = ""
    """The place of the index: a folder, or an address such as `s3://bucket/path` that LanceDB opens (not tested yet);
    empty: `.bunko/store` in the library's folder."""
    cache_dir: str = ""
    """Where models and the engine's logs are kept; empty: your cache directory."""
    offline: bool = False
    """Never download a model, and connect to no server but one on this machine."""
    answer_language: str = ""
    """The language to answer in, as a code such as `en` or `ja`; empty: the language of the question."""
    reading: ReadingSettings = field(default_factory=ReadingSettings)
    chunking: ChunkingSettings = field(default_factory=ChunkingSettings)
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)
    generation: GenerationSettings = field(default_factory=GenerationSettings)
    answers: AnswersSettings = field(default_factory=AnswersSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    given: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    """The names of those that were set, and not left at their defaults. No setting itself."""


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
    changed: dict[str, Any] = {"given": settings.given | frozenset(values)}
    for section, pairs in sections.items():
        if section:
            changed[section] = _replace(getattr(settings, section), pairs, section + ".")
    return _replace(dataclasses.replace(settings, **changed), sections.get("", {}), "")


def settings_with(values: Settings | Mapping[str, object], *, base: Settings) -> Settings:
    """Return settings as they are, or `base` with a mapping's values replaced: by dotted names, or in sections.

    Raises SettingsError.

    >>> settings_with({"generation": {"seed": 3}, "retrieval.top_k": 4}, base=Settings()).retrieval.top_k
    4
    """
    if isinstance(values, Settings):
        return values
    if not isinstance(values, Mapping):
        raise SettingsError(
            f"Settings can't be read from a {type(values).__name__}.", 'Give a dict such as {"retrieval.top_k": 4}.'
        )
    flat: dict[str, object] = {}
    for name, value in values.items():
        within = value if isinstance(value, Mapping) else {"": value}
        flat |= {f"{name}.{key}".rstrip("."): one for key, one in within.items()}
    return apply_overrides(base, flat)


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
    """Return the path of the user's own config file, which may not exist; BUNKO_CONFIG overrides it."""
    environment = os.environ if environment is None else environment
    if named := environment.get("BUNKO_CONFIG"):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_config_dir("bunko", appauthor=False)) / CONFIG_NAME


def cache_directory(settings: Settings) -> Path:
    """Return the folder of models and of the engine's logs."""
    if settings.cache_dir:
        return Path(settings.cache_dir).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("bunko", appauthor=False))


def _names(section: Any, prefix: str) -> Iterator[str]:
    for item in dataclasses.fields(section):
        if item.name == "given":
            continue
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
    raise SettingsError(f"{name} is {value!r}.", f"It must be {_KINDS.get(kind, 'a list of texts')}.")


_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
# The lowest value of each number; the others may not be negative.
_AT_LEAST: dict[str, float] = {
    "generation.gpu_layers": -1,
    "retrieval.top_k": 1,
    "retrieval.candidates": 1,
    "evidence.quotes": 1,
    "server.queue": 1,
    "server.max_tokens": 1,
    "chunking.max_tokens": 16,
    "evidence.max_tokens": 1,
    "embedding.batch_tokens": 1,
    "generation.start_timeout_s": 0.001,
    "generation.first_token_timeout_s": 0.001,
    "generation.token_timeout_s": 0.001,
    "reading.max_file_mb": 1,
    "reading.max_characters": 1,
    "reading.archive_files": 1,
    "reading.archive_mb": 1,
    "reading.archive_depth": 1,
}
_AT_MOST: dict[str, float] = {"answers.strictness": 1}
_MOST_WHOLE = 2**32 - 1  # engines take no more


def _in_range(number: float, name: str) -> float:
    least, most = bounds_of(name)
    if isinstance(number, int) and number > _MOST_WHOLE:
        raise SettingsError(f"{name} is {number}.", f"It must be at most {_MOST_WHOLE}.")
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
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": inner_value for inner, inner_value in value.items()}
        else:
            flat[key] = value
    for name in flat:
        if name not in known_names():
            unknown = _unknown(name)
            raise SettingsError(f"{path}: {unknown.message}", unknown.hint)
    return flat


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
        if name in _NAMES_ONLY_IN_LIBRARY:
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
                unknown = _unknown(name)
                raise SettingsError(f"Environment variable {variable}: {unknown.message}", unknown.hint)
            yield name, value
