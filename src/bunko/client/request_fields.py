"""What is sent with a question. In: earlier turns, settings, a choice of documents. Out: the API's fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bunko.askable import FIELDS, SETTINGS
from bunko.errors import UsageError
from bunko.types import Message
from bunko.within import Within, overrides_of

if TYPE_CHECKING:
    from bunko.settings import Settings

# Settings that have no effect on answers, or are checked when the address is opened.
_OF_THIS_MACHINE = ("offline", "cache_dir", "sets")


def turns_of(history: tuple[Message, ...]) -> list[dict[str, Any]]:
    """Return earlier turns in the API's form. Raises UsageError unless they are questions, each with its answer.

    >>> turns_of((Message(role="user", content="Who?"), Message(role="assistant", content="I.")))
    [{'question': 'Who?', 'answer': 'I.'}]
    """
    roles = [message.role for message in history]
    if roles != ["user", "assistant"] * (len(history) // 2):
        raise UsageError(
            "A server takes a history of questions, each followed by its answer.", "Leave out other messages."
        )
    pairs = zip(history[::2], history[1::2], strict=True)
    return [_turn(asked, answered) for asked, answered in pairs]


def _turn(asked: Message, answered: Message) -> dict[str, Any]:
    quotes = [
        {"path": item.path, "start": item.start, "end": item.end, "quote": item.quote} for item in answered.evidence
    ]
    return {"question": asked.content, "answer": answered.content} | ({"evidence": quotes} if quotes else {})


def fields_of(settings: Settings) -> dict[str, object]:
    """Return the fields to send with a question for these settings: those that were set or differ from the default.

    Raises UsageError for a setting that can't be sent with a question.
    """
    from bunko.settings import Settings, known_names

    fields: dict[str, object] = {}
    for name in known_names():
        value, default = _value(settings, name), _value(Settings(), name)
        is_set = value != default or (name in settings.given and name in FIELDS)
        if (
            name in FIELDS and isinstance(value, int | float) and value == 0 < SETTINGS[name].least
        ):  # "as the server does by itself" can't be sent
            is_set = False
        if not is_set or name in _OF_THIS_MACHINE or name.startswith("server."):
            continue
        if name not in FIELDS:
            raise UsageError(
                f"The setting {name} can't be sent with a question.", "Set it on the server: where `bunko serve` runs."
            )
        fields[FIELDS[name]] = value
    return fields


def fields_within(within: Within) -> dict[str, object]:
    """Return the arguments that choose documents as fields."""
    return {FIELDS[name]: _sent(value) for name, value in overrides_of(within).items()}


def _sent(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _value(settings: Settings, name: str) -> object:
    section, _, key = name.rpartition(".")
    return getattr(getattr(settings, section) if section else settings, key)
