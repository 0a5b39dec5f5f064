"""A language model alone, without documents. In: a model's name, file or address. Out: what it writes.

    with bunko.open_model("smollm2-135m") as model:
        print(model.complete("Name three colours."))

Knows nothing of folders. Its prompt is the model's own template; nothing is added to the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from bunko.config import load_settings
from bunko.conversation import Conversation, last
from bunko.door import at_the_door, steps_at_the_door
from bunko.engines import load_generator
from bunko.errors import UsageError
from bunko.notebook_progress import NotebookBars, in_notebook
from bunko.ports import Engine
from bunko.settings import Settings, apply_overrides, settings_with
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Event, Message
from bunko.within import Within

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from bunko.ports import Generator
    from bunko.within import Within


@at_the_door
def open_model(model: str | None = None, *, settings: Settings | Mapping[str, object] | None = None) -> LanguageModel:
    """Open a language model: a name of `bunko models list`, a .gguf file, its address, or a server's address.

    Nothing is downloaded or loaded until it is needed. Without a name it is the one that the settings name; these are
    as `bunko.open` takes them. In a notebook, a bar shows the download. Raises SettingsError.
    """
    if not isinstance(settings, Settings):
        settings = settings_with(settings or {}, base=load_settings())
    return LanguageModel(apply_overrides(settings, {"model": model} if model else {}))


class LanguageModel:
    """A language model, asked without documents. Use it in a `with`, or `close` it. Not thread-safe."""

    def __init__(self, settings: Settings, *, generator: Generator | None = None) -> None:
        """`generator` replaces the one that the settings name, as tests do."""
        self.settings = settings
        self._given_generator = generator

    def __enter__(self) -> LanguageModel:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<LanguageModel {self.settings.model}>"

    def _repr_html_(self) -> str:
        from bunko.notebook_html import facts_html

        loaded = self.__dict__.get("generator")
        state = "loaded when it is first asked" if loaded is None else getattr(loaded, "placement", "") or "open"
        return facts_html(self.settings.model, {"state": state})

    def close(self) -> None:
        """Stop the engine. The model can be used again; it is then loaded again."""
        generator = self.__dict__.pop("generator", None)
        if isinstance(generator, Engine):
            generator.close()

    @cached_property
    @at_the_door
    def generator(self) -> Generator:
        """The model, downloaded first if necessary. Raises ModelError."""
        bars = NotebookBars() if in_notebook() else None
        return self._given_generator or load_generator(
            self.settings, progress=bars.download if bars else None, waiting=bars
        )

    @at_the_door
    def complete(
        self,
        prompt: str,
        *,
        settings: Settings | Mapping[str, object] | None = None,
        history: tuple[Message, ...] = (),
    ) -> Answer:
        """Return what the model answers to a text. Arguments and errors are those of `stream`."""
        return last(self.stream(prompt, settings=settings, history=history))

    @steps_at_the_door
    def stream(
        self,
        prompt: str,
        *,
        settings: Settings | Mapping[str, object] | None = None,
        history: tuple[Message, ...] = (),
        **within: Unpack[Within],
    ) -> Iterator[Event]:
        """Yield the answer as it is written, then the whole Answer, which has no sources.

        `settings` hold for this prompt, such as {"generation.max_tokens": 64}; `history` holds earlier turns. Closing
        the iterator stops the model. Raises QuestionError for a text that is empty or too long, SettingsError,
        ModelError, EngineError, and UsageError for a choice of documents: there are none.
        """
        if within:
            raise UsageError(
                f"A model alone has no documents to choose from: {', '.join(within)}.", "Open a folder: bunko.open."
            )
        from bunko.answering.alone import answer_without_documents
        from bunko.models.modelfile import with_modelfile

        if within:
            raise UsageError(f"{next(iter(within))} chooses documents, and a model alone has none.")
        chosen = with_modelfile(settings_with(settings or {}, base=self.settings))
        return answer_without_documents(prompt, self.generator, settings=chosen, history=history, watch=Stopwatch())

    def chat(self) -> Conversation:
        """Start a conversation, in which texts may refer to earlier turns."""
        return Conversation(self)
