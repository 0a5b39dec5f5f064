"""Record what an answer is made from while it is made. In: a library, a question. Out: events; then a SavedAnswer."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import bunko
from bunko.contract.saved_answer import (
    SavedAnswer,
    SavedDocument,
    SavedFile,
    SavedLibrary,
    SavedModel,
    SavedPassage,
    SavedPrompt,
)
from bunko.conversation import last
from bunko.errors import SavedAnswerError
from bunko.library import Library
from bunko.models.cache import hash_file
from bunko.models.fingerprints import model_files
from bunko.models.gguf.adapters import parse_adapters
from bunko.ports import Generator, Observable, Request
from bunko.replay.deciding_settings import deciding_settings
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Event, Finished

# The packages that read documents are left out: what they return is compared as the documents' texts.
_PACKAGES = ("xllamacpp", "onnxruntime", "tokenizers", "lancedb")


class Recording:
    """One question to a library, with everything that its answer is made from. Kept answers are not used."""

    def __init__(self, library: Library, question: str, *, documents: Literal["searched", "none"] = "searched") -> None:
        """Ask nothing yet. With "none", the model gets the question alone. Raises UsageError for a served library."""
        if not isinstance(library, Library):
            raise SavedAnswerError(
                "An answer of a library on a server can't be saved: its index and its models are there.",
                "Open the folder where the server runs.",
            )
        self._library = library
        self._question = question
        self._searched = documents == "searched"
        self._requests: list[Request] = []
        self._answer: Answer | None = None

    def stream(self, *, watch: Stopwatch | None = None) -> Iterator[Event]:
        """Yield the events of the answer. Raises what `Library.stream` raises."""
        generator = self._library.generator
        if isinstance(generator, Observable):
            generator.observe(self._note)
        try:
            for event in self._events(generator, watch or Stopwatch()):
                if isinstance(event, Finished):
                    self._answer = event.answer
                yield event
        finally:
            if isinstance(generator, Observable):
                generator.observe(None)

    def ask(self) -> Answer:
        """Return the answer. Raises what `Library.ask` raises."""
        return last(self.stream())

    def saved(self) -> SavedAnswer:
        """Return the record of the answer. Raises SavedAnswerError before there is one; EngineError."""
        if self._answer is None:
            raise SavedAnswerError("There is no answer to save yet.", "Ask first: recording.ask()")
        library, answer = self._library, self._answer
        settings = library.settings
        generator = library.generator
        return SavedAnswer(
            saved_at=round(time.time(), 3),
            question=self._question,
            library=_library(library) if self._searched else None,
            settings=deciding_settings(settings),
            versions=versions(),
            model=SavedModel(
                name=generator.spec.name,
                files=_files(model_files(settings.model, settings=settings)),
                adapters=_adapters(settings.generation.adapters),
            ),
            embedder=SavedModel(
                name=library.embedder.spec.name if self._searched else "",
                files=_files(model_files(settings.embedder, settings=settings)) if self._searched else (),
            ),
            context_tokens=generator.context_tokens() if self._requests else 0,
            placement=library.placement() if self._requests else "",
            prompts=tuple(_prompt(request, generator) for request in self._requests),
            documents=_documents(library, answer) if self._searched else (),
            passages=_passages(answer),
            answer=answer,
        )

    def _events(self, generator: Generator, watch: Stopwatch) -> Iterator[Event]:
        if self._searched:
            return self._library.stream(self._question, watch=watch)
        from bunko.answering.alone import answer_without_documents

        return answer_without_documents(self._question, generator, settings=self._library.settings, watch=watch)

    def _note(self, request: Request) -> None:
        """Keep a request. One that is repeated with more tokens, for a model that turned out to reason, replaces it."""
        if self._requests and self._requests[-1].messages == request.messages:
            self._requests.pop()
        self._requests.append(request)


def versions() -> Mapping[str, str]:
    """Return the versions of the programs that an answer depends on, by name."""
    found = {"bunko": bunko.__version__, "python": platform.python_version(), "machine": platform.machine()}
    return found | {package: _version(package) for package in _PACKAGES}


def _version(package: str) -> str:
    """Return a package's version; empty if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def hash_text(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _library(library: Library) -> SavedLibrary:
    records = [record for _, record in sorted(library.records().items()) if not record.error]
    listed = "\n".join(f"{record.path}\t{record.digest}" for record in records)
    return SavedLibrary(folder=str(library.root.resolve()), documents=len(records), sha256=hash_text(listed))


def _files(paths: Sequence[Path], suffixes: Sequence[str] = ()) -> tuple[SavedFile, ...]:
    suffixes = suffixes or [""] * len(paths)
    return tuple(
        SavedFile(name=path.name + suffix, bytes=path.stat().st_size, sha256=hash_file(path))
        for path, suffix in zip(paths, suffixes, strict=True)
    )


def _adapters(texts: Sequence[str]) -> tuple[SavedFile, ...]:
    adapters = parse_adapters(texts)
    return _files([adapter.path for adapter in adapters], [f":{adapter.scale:g}" for adapter in adapters])


def _prompt(request: Request, generator: Generator) -> SavedPrompt:
    rendered: str | None = None
    if isinstance(generator, Observable):
        rendered = generator.render(request.messages, arguments=request.arguments)
    options = request.options
    return SavedPrompt(
        messages=request.messages,
        rendered=rendered or "",
        arguments=dict(request.arguments),
        max_tokens=options.max_tokens,
        temperature=options.temperature,
        seed=options.seed,
        stop=options.stop,
    )


def _documents(library: Library, answer: Answer) -> tuple[SavedDocument, ...]:
    paths = dict.fromkeys([*(hit.chunk.path for hit in answer.hits), *(item.path for item in answer.evidence)])
    found = ((path, library.document(path)) for path in paths)
    return tuple(SavedDocument(path=path, sha256=hash_text(each.text)) for path, each in found if each)


def _passages(answer: Answer) -> tuple[SavedPassage, ...]:
    chunks = [hit.chunk for hit in answer.hits]
    return tuple(
        SavedPassage(path=chunk.path, start=chunk.start, end=chunk.end, sha256=hash_text(chunk.text))
        for chunk in chunks
    )
