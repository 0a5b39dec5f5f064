"""The parts of a library, opened when they are first used: the index, the embedder, the model, the reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bunko.door import at_the_door
from bunko.embedding.choice import with_embedder
from bunko.engines import Engines
from bunko.errors import (
    EmbedderMismatch,
    LibraryNotFound,
)
from bunko.language.detection import detect_language
from bunko.library_index import LibraryIndex, index_location
from bunko.paths import folder_for
from bunko.ports import Engine
from bunko.settings import AUTO_EMBEDDER, Settings, cache_directory, settings_with

if TYPE_CHECKING:
    from typing_extensions import Self

    from bunko.answering.languages import Languages
    from bunko.answering.recall import KeptAnswers
    from bunko.answering.reranking import Reranking
    from bunko.indexing.sync import Progress
    from bunko.models import Progress as DownloadProgress
    from bunko.ports import Embedder, EntailmentModel, Generator, Reader
    from bunko.question.question import Question
    from bunko.store import Access, Store


class LibraryParts:
    """What a library consists of. Engines that are shared with other libraries stay open when it is closed."""

    @at_the_door
    def __init__(
        self,
        root: str | Path,
        *,
        settings: Settings,
        embedder: Embedder | None = None,
        generator: Generator | None = None,
        reader: Reader | None = None,
        entailment: EntailmentModel | None = None,
        engines: Engines | None = None,
        progress: Progress | None = None,
        download_progress: DownloadProgress | None = None,
        access: Access = "write",
    ) -> None:
        """`embedder`, `generator` and `reader` replace the ones that the settings name, as tests do. `entailment` is
        asked whether a source entails a sentence of an answer; no setting names one.

        `engines` are shared with other libraries, and stay open when this one is closed. With `access` "read", the
        index is never created or changed. Raises LibraryNotFound.
        """
        self.root = _checked(Path(root).expanduser())
        if embedder is None:
            settings = with_embedder(settings, index_location(self.root, settings))
        self.settings = settings
        self._progress: Progress = progress or (lambda stage, done, total: None)
        self._download_progress = download_progress
        self._given_embedder = embedder
        self._given_generator = generator
        self._given_reader = reader
        self._entailment = entailment
        self._index = LibraryIndex(self.root, settings, access=access)
        self._shares_engines = engines is not None
        self._engines = engines or Engines(settings, progress=download_progress, waiting=self._progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the engines. The library can be used again; they are then started again."""
        for name in ("embedder", "generator"):
            engine = self.__dict__.pop(name, None)
            if not self._shares_engines and hasattr(engine, "close"):  # not every embedder needs closing
                engine.close()
        if not self._shares_engines:
            self._engines.close()
            self._engines = Engines(self.settings, progress=self._download_progress, waiting=self._progress)

    @property
    @at_the_door
    def store(self) -> Store:
        """The index on disk, created if there is none. Raises StoreError; StoreUntrusted for one of somebody else."""
        return self._index.store

    @property
    @at_the_door
    def is_indexed(self) -> bool:
        """Whether there is an index. Raises StoreError where an object store can't be reached."""
        return self._index.exists

    @at_the_door
    def has_documents(self) -> bool:
        """Return whether there is an index that can be believed, with documents in it."""
        return self._index.has_documents()

    @at_the_door
    def refresh(self) -> None:
        """See what others have committed to the index since it was opened; an index that was replaced is reopened."""
        self._index.refresh()

    @cached_property
    @at_the_door
    def embedder(self) -> Embedder:
        """The embedder, downloaded first if necessary. Raises ModelError."""
        return self._given_embedder or self._engines.embedder(self.settings)

    @cached_property
    @at_the_door
    def generator(self) -> Generator:
        """The language model, downloaded first if necessary. Raises ModelError."""
        return self._given_generator or self._engines.generator(self.settings)

    def placement(self) -> str:
        """Return where the model runs, such as "CUDA0: 25 of 29 layers"; empty if not loaded, or on a server."""
        generator = self.__dict__.get("generator")
        return generator.placement if isinstance(generator, Engine) else ""

    @at_the_door
    def warm_up(self, question: str = "") -> None:
        """Start loading the models, and reading the beginning of the question's prompt. Raises ModelError.

        A model that a reader will probably answer for is not started.
        """
        self._begin_embedder()
        language = self.settings.answer_language or detect_language(question) if question else ""
        if not question or not self._is_for_reader(question):
            self._warm_up(language, self.settings)

    def _is_for_reader(self, question: str) -> bool:
        """Return whether a reader will probably answer a question; its model begins to load."""
        from bunko.answering.breadth import with_kind
        from bunko.answering.spans import is_for_reader
        from bunko.question.question import parse_question
        from bunko.scope.language import take_filters

        settings = self._settings_for(None)
        asked = with_kind(parse_question(take_filters(question).text), settings)
        return is_for_reader(asked, self._reader(asked, settings), self._generator_for(settings).spec, settings)

    def _settings_for(self, settings: Settings | Mapping[str, object] | None) -> Settings:
        """Return the settings of one question: the library's own, these, what the model brings, the user's prompts."""
        from bunko.answering.prompt_files import settings_of_library
        from bunko.models.modelfile import with_modelfile

        chosen = settings_with(settings or {}, base=self.settings)
        if chosen.embedder == AUTO_EMBEDDER:
            chosen = replace(chosen, embedder=self.settings.embedder)
        return settings_of_library(with_modelfile(chosen), self.root)

    def _generator_for(self, settings: Settings) -> Generator:
        if self._given_generator is not None or settings.model == self.settings.model:
            return self.generator
        return self._engines.generator(settings)

    def _warm_up(self, language: str, settings: Settings) -> None:
        """Start the model; with a language, have it read the beginning of that language's prompts."""
        generator = self._generator_for(settings)
        if isinstance(generator, Engine):
            generator.start()
        if language:
            from bunko.answering.writing import prime

            prime(generator, language=language, settings=self._settings_for(settings))

    def _begin_embedder(self) -> None:
        """Start loading the embedder in the background."""
        if self._given_embedder is None and "embedder" not in self.__dict__:
            self._engines.begin_embedder(self.settings)

    def _reader(self, question: Question, settings: Settings) -> Reader | None:
        """Return the reader of a question's language; None if there is none. It loads if one passage may answer."""
        from bunko.question.kind import WIDE

        reader = self._given_reader
        if reader is None and self._given_generator is None:
            reader = self._engines.reader(settings, question.language)
        if reader is not None and question.kind not in WIDE:
            reader.begin()
        return reader

    def _reranking(self, language: str, settings: Settings) -> Reranking | None:
        """Return what reranks passages for a question in a language; None if nothing does. Raises ModelError."""
        if settings.retrieval.reranker == "none":
            return None
        from bunko.answering.reranking import Reranking

        reranker = self._engines.reranker(settings, language)
        if reranker is None:
            return None
        reranker.begin()
        return Reranking.within(reranker, self._engines.pace(), budget_s=settings.retrieval.rerank_ms / 1000)

    def _check_embedder(self, settings: Settings) -> None:
        """Raise EmbedderMismatch where the index has vectors of another embedder only: a sync is needed first."""
        if settings.retrieval.mode == "lexical":
            return
        others = self.store.embedders()
        if others and self.embedder.spec.name not in others:
            raise EmbedderMismatch(
                f"The index was made with another embedder ({', '.join(others)}), not {self.embedder.spec.name}.",
                "Ask without --no-sync to add this one's vectors, or name the other with --embedder.",
            )

    def _languages(self, asked_in: str, settings: Settings) -> Languages:
        from bunko.answering.languages import languages_for

        return languages_for(
            asked_in,
            settings,
            model="" if self._given_generator else settings.model,
            embedder="" if self._given_embedder else settings.embedder,
        )

    @cached_property
    def _kept_answers(self) -> KeptAnswers:
        from bunko.answering.recall import KeptAnswers

        # Whether engines that were passed in are the same the next time is unknown: no answer is kept then.
        given = self._given_embedder or self._given_generator or self._given_reader or self._entailment
        location = self._index.location
        own = folder_for(location, cache_directory(self.settings)) if self._index.is_remote else ""
        return KeptAnswers(
            self.root,
            location,
            beside=str(own),
            keep=self.settings.answers.keep,
            engines="unknown" if given else "known",
            state=self._index.state if self._index.is_remote else None,
        )


def _checked(root: Path) -> Path:
    """Return a path that exists. Raises LibraryNotFound."""
    try:
        root.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise LibraryNotFound(f"There is no folder or file {str(root)!r}.", "Check the path.") from error
    except OSError as error:
        raise LibraryNotFound(
            f"The folder {str(root)[:200]!r} can't be opened: {error.strerror}.", "Check the path."
        ) from error
    return root
