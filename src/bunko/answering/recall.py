"""Return cached answers, and cache new ones. In: a question and its settings. Out: the events of an answer.

The cache key covers the question, the state of the index, the models and the settings: if any of them changes, the
question is answered again. Loads neither the index nor a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bunko.answering.answer_cache import Folder, Memory, is_as_it_was, key_of, replay, state_of
from bunko.settings import Settings
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Event, Finished

# How an answer ends that is kept: not one that was cut off.
_FINISHED = ("stop", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where the answer to a question is kept."""

    state: str
    """Of the index; empty where that is unknown."""
    key: str
    """Empty where the answer is not kept."""
    answer: Answer | None = None
    """The answer that is kept there."""


class KeptAnswers:
    """The kept answers of one library."""

    def __init__(
        self,
        root: Path,
        location: str,
        *,
        keep: int,
        engines: Literal["known", "unknown"],
        beside: str = "",
        state: Callable[[], str] | None = None,
    ) -> None:
        """Open nothing yet. `location` is the index's; the newest `keep` answers are kept.

        With "unknown" engines, which the settings don't identify, no answer is kept or given again. For an index on an
        object store, `beside` is the folder of the answers, and `state` returns the state of the index.
        """
        self._state = state or (lambda: state_of(location))
        self._root = root
        self._location = location
        self._keep = keep
        self._are_engines_known = engines == "known"
        self._memory = Memory(beside or location, keep=keep)

    def slot(self, question: str, *, settings: Settings) -> Slot:
        """Return where a question's answer is kept, and the answer if there is one."""
        state = self.state()
        key = key_of(question, state=state, settings=settings) if self._keep and self._are_engines_known else ""
        return Slot(state=state, key=key, answer=self._memory.answer(key) if key else None)

    def unchanged(self, question: str, *, settings: Settings) -> Answer | None:
        """Return the kept answer if the folder has not changed either, so that no sync is needed.

        Raises LibraryNotFound.
        """
        if not self._keep:
            self._memory.forget()
        slot = self.slot(question, settings=settings)
        folder = self._memory.folder(slot.state) if slot.answer else None
        if not (slot.answer and folder and is_as_it_was(self._root, folder, settings=settings)):
            return None
        if not folder.failed:
            return slot.answer
        note = f"{folder.failed} files could not be read; `bunko index {self._root}` lists them."
        return replace(slot.answer, notes=(*slot.answer.notes, note))

    def keeping(self, events: Iterator[Event], *, slot: Slot, is_complete: Callable[[], bool]) -> Iterator[Event]:
        """Yield the events of a new answer, and keep the answer if it is finished and the index has not changed.

        `is_complete` returns whether the index has all its vectors.
        """
        for event in events:
            if slot.key and isinstance(event, Finished) and event.answer.finish_reason in _FINISHED:
                unchanged = is_complete() and self.state() == slot.state
                if unchanged:
                    self._memory.keep(event.answer, key=slot.key, state=slot.state)
            yield event

    def keep_folder(self, describe: Callable[[], Folder | None]) -> None:
        """Record what the folder contains, if the index is in step with it: `unchanged` compares it.

        `describe` returns the folder, None if the index is not in step.
        """
        state = self.state()
        if not state or not self._keep:
            return
        folder = describe()
        if folder and self.state() == state:
            self._memory.keep_folder(folder, state=state)

    def forget_older(self) -> None:
        """Delete the answers from earlier states of the index: the words of a deleted document must not remain."""
        self._memory.forget(but=self.state())

    def state(self) -> str:
        """Return the state of the index; empty where there is none."""
        return self._state()


def again(answer: Answer, watch: Stopwatch) -> Iterator[Event]:
    """Yield the events of a kept answer, with the time that finding it took."""
    yield from replay(replace(answer, timings=watch.timings()))
