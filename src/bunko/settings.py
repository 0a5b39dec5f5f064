"""Every setting, in one frozen tree. In: values by dotted names. Out: Settings.

`config.py` loads them from files, the environment and flags. The tables of docs/settings.md are made from the
docstrings below the settings. Knows nothing of models, stores or commands.
"""

from __future__ import annotations

import dataclasses
import difflib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from bunko.errors import SettingsError
from bunko.setting_values import convert
from bunko.types import Mode, Think

NO_MODEL = "none"
"""The name that stands for no language model: answers are words of the documents."""
OWN_RERANKERS = ("none", "reader")
"""The names that stand for no reranker, and for the reader of the question's language."""
AUTO_EMBEDDER = "auto"
"""The name that stands for the embedder that an index was made with, or the catalogue's default."""


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
    """With more passages than this still without a vector, `ask` answers first, and a process in the background makes
    the vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalSettings:
    """How passages are found."""

    mode: Mode = "hybrid"
    """`hybrid` searches by meaning and by words, `dense` by meaning only, `lexical` by words only."""
    top_k: int = 8
    """How many passages to retrieve: the evidence is chosen from them, and `search` prints them. A model that reads
    passages gets them from 24, unless this is set to another number."""
    candidates: int = 50
    """Passages taken from each of the two searches before they are fused."""
    reranker: str = "none"
    """The model that reads the first passages with the question and reranks them: `none`; `reader`, the reader of the
    question's language; a reranker of `bunko models list`; a folder with `model.onnx` and `tokenizer.json`; or a .gguf
    file."""
    rerank_ms: int = 400
    """How long reranking may take, in milliseconds. As many passages are read as the reranker reads in this time, at
    its best speed on this machine; at least 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeSettings:
    """Which documents are asked: all that pass every one of these filters. Empty: all documents."""

    only: tuple[str, ...] = ()
    """Only these documents: paths, names, folders, or patterns such as `contracts/**`."""
    exclude: tuple[str, ...] = ()
    """Not these documents."""
    since: str = ""
    """Only documents of this day, month or year and after, such as `2024-01`: by the date that the document says, else
    by that of its file."""
    until: str = ""
    """Only documents of this day, month or year and before."""
    types: tuple[str, ...] = ()
    """Only these kinds of files, by their endings or formats, such as `pdf`, `docx`, `mail`."""
    tags: tuple[str, ...] = ()
    """Only documents with one of these tags; `work` has `work/plans`, too."""
    authors: tuple[str, ...] = ()
    """Only documents of one of these authors, or mails from them: a part of the name is enough."""

    def __bool__(self) -> bool:
        return self != ScopeSettings()


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
    parameters, under 0.3 and under 2 billion; a model of unknown size, as on most servers, is capable."""
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
    speculation: Literal["auto", "off"] = "auto"
    """`auto`: words are guessed ahead, and checked by the model, where `bunko bench --tune` found that this is faster
    with this model on this machine and changes no text; `off`: never."""
    draft_model: str = ""
    """A smaller model with the same vocabulary that guesses words ahead, if `bunko bench --tune`, run with it, found
    that this is faster; empty: what followed the same words before is guessed."""
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
    patience_s: float = 60.0
    """Seconds that a model of 2 billion parameters or more may read before it writes, half of them for a fact: how much
    it reads follows its speed on this machine, up to 4,000 tokens. A server always gets the most; 0: any model does."""
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
    """The chat model that writes the answer: a name, a file or a server; `none`: no model is needed, and answers are
    words of the documents."""
    embedder: str = "auto"
    """The embedding model that finds passages by meaning; `auto`: the one that the library's index was made with, and
    for a new library `e5-small`."""
    reader: str = "auto"
    """The small model that marks the words of a quote that answer a question of fact: `auto`: the one that comes with
    Bunko for the question's language, if there is one; `none`; or a folder with a reader of your own."""
    store: str = ""
    """The place of the index: a folder, or the URL of an object store such as `s3://bucket/path`; empty: `.bunko/store`
    in the library's folder."""
    cache_dir: str = ""
    """Where models and the engine's logs are kept; empty: your cache directory."""
    sets: tuple[str, ...] = ()
    """Folders that are asked together under a name, `NAME=FOLDER;FOLDER`: `bunko ask --in NAME` asks them. In the
    config file, a table `[sets]` with a list of folders for each name."""
    offline: bool = False
    """Never download a model, and connect to no server but one on this machine."""
    answer_language: str = ""
    """The language to answer in, as a code such as `en` or `ja`; empty: the language of the question."""
    reading: ReadingSettings = field(default_factory=ReadingSettings)
    chunking: ChunkingSettings = field(default_factory=ChunkingSettings)
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    scope: ScopeSettings = field(default_factory=ScopeSettings)
    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)
    generation: GenerationSettings = field(default_factory=GenerationSettings)
    answers: AnswersSettings = field(default_factory=AnswersSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    given: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    """The names of those that were set, and not left at their defaults. No setting itself."""


def apply_overrides(settings: Settings, values: Mapping[str, object]) -> Settings:
    """Return the settings with dotted names replaced.

    >>> apply_overrides(Settings(), {"retrieval.top_k": "8"}).retrieval.top_k
    8
    """
    sections: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        section, _, key = name.rpartition(".")
        if section.count(".") or name not in known_names():
            raise unknown_setting(name)
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


def unknown_setting(name: str) -> SettingsError:
    """Return the error for a name that no setting has, with the nearest one."""
    near = difflib.get_close_matches(name, known_names(), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "See docs/settings.md for all of them."
    return SettingsError(f"There is no setting {name!r}.", hint)


Section = TypeVar("Section")


def _replace(section: Section, pairs: Mapping[str, object], prefix: str) -> Section:
    hints = typing.get_type_hints(type(section))
    converted = {key: convert(value, hints[key], prefix + key) for key, value in pairs.items()}
    return dataclasses.replace(section, **converted)  # type: ignore[type-var]
