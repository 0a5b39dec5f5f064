"""Compare a saved answer with a new one. In: two SavedAnswers. Out: what has changed, causes before effects; notes.

Times, scores and tokens are not compared. Knows nothing of files, models and libraries.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence

from bunko.contract.saved_answer import Change, Changed, SavedAnswer, SavedFile, SavedModel, SavedPrompt

_SHOWN = 200  # characters of a text
# These are compared by the models' files.
_OF_MODELS = ("model", "embedder", "generation.adapters")


def compare(before: SavedAnswer, now: SavedAnswer) -> tuple[Change, ...]:
    """Return what differs between two answers to the same question, causes before effects."""
    return tuple(
        itertools.chain(
            _mappings("version", before.versions, now.versions, noun=""),
            _models("model", "language model", before.model, now.model),
            _adapters(before.model, now.model),
            _models("embedder", "embedding model", before.embedder, now.embedder),
            _settings(before, now),
            _documents(before, now),
            _passages(before, now),
            _evidence(before, now),
            _prompts(before.prompts, now.prompts),
            _texts(before, now),
        )
    )


def notes_on(before: SavedAnswer, now: SavedAnswer) -> tuple[str, ...]:
    """Return what could not be compared, in sentences."""
    notes = [
        f"{new.name} has no files on this machine: whether it has changed can't be seen."
        for old, new in ((before.model, now.model), (before.embedder, now.embedder))
        if new.name and old.name == new.name and not (old.files and new.files)
    ]
    if before.model.name == now.model.name and now.settings.get("generation.temperature"):
        notes.append("The temperature is above 0: on another machine, the same seed may give another text.")
    return tuple(notes)


def _change(what: Changed, message: str, before: object, now: object) -> Change:
    return Change(what=what, message=message, before=_short(before), now=_short(now))


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _mappings(what: Changed, before: Mapping[str, object], now: Mapping[str, object], *, noun: str) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name, ""), now.get(name, "")
        if old != new or (name in before) != (name in now):
            was, becomes = _said(old), _said(new)
            yield _change(what, f"{noun}{name} was {was}; it is now {becomes}.", old, new)


def _said(value: object) -> str:
    return "nothing" if value in ("", None) else _short(value)


def _models(what: Changed, noun: str, before: SavedModel, now: SavedModel) -> Iterator[Change]:
    if before.files and now.files:
        if _hashes(before.files) != _hashes(now.files):
            same = before.name == now.name
            told = f"The files of {now.name} have changed" if same else f"It was {before.name}; it is now {now.name}"
            yield _change(what, f"Another {noun}: {told}.", _listed(before.files), _listed(now.files))
    elif before.name != now.name:
        told = f"It was {_said(before.name)}; it is now {_said(now.name)}."
        yield _change(what, f"Another {noun}: {told}", before.name, now.name)


def _adapters(before: SavedModel, now: SavedModel) -> Iterator[Change]:
    scales = [[file.name.rpartition(":")[2] for file in model.adapters] for model in (before, now)]
    if _hashes(before.adapters) != _hashes(now.adapters) or scales[0] != scales[1]:
        old, new = _listed(before.adapters), _listed(now.adapters)
        yield _change("model", "Other adapters are applied to the language model.", old, new)


def _hashes(files: Sequence[SavedFile]) -> list[str]:
    return [file.sha256 for file in files]


def _listed(files: Sequence[SavedFile]) -> str:
    return ", ".join(f"{file.name} {file.sha256[:12]}" for file in files)


def _settings(before: SavedAnswer, now: SavedAnswer) -> Iterator[Change]:
    old, new = (
        {name: value for name, value in each.settings.items() if name not in _OF_MODELS} for each in (before, now)
    )
    yield from _mappings("settings", old, new, noun="The setting ")
    sizes = before.context_tokens, now.context_tokens
    if all(sizes) and sizes[0] != sizes[1]:
        told = f"The context window had {sizes[0]} tokens; it now has {sizes[1]}."
        yield _change("settings", told, sizes[0], sizes[1])


def _documents(before: SavedAnswer, now: SavedAnswer) -> Iterator[Change]:
    old, new = ({item.path: item.sha256 for item in each.documents} for each in (before, now))
    found = False
    for path, digest in old.items():
        if path in new and new[path] != digest:
            found = True
            yield _change("documents", f"{path} has changed.", digest, new[path])
    if before.library is None or now.library is None:
        if before.library != now.library:
            yield _change("documents", "Only one of the two answers is from documents.", "", "")
    elif before.library.sha256 != now.library.sha256:
        counts = before.library.documents, now.library.documents
        if counts[0] != counts[1]:
            told = f"The library had {counts[0]} documents; it now has {counts[1]}."
            yield _change("documents", told, counts[0], counts[1])
        elif not found:
            told = "Documents of the library have changed, or how they are read."
            yield _change("documents", told, before.library.sha256, now.library.sha256)


def _passages(before: SavedAnswer, now: SavedAnswer) -> Iterator[Change]:
    old, new = ([(item.path, item.sha256) for item in each.passages] for each in (before, now))
    if old == new:
        return
    places = [[f"{item.path}:{item.start}-{item.end}" for item in each.passages] for each in (before, now)]
    same = len(set(old) & set(new))
    told = f"Passages found again: {same} of {len(old)}; new ones: {len(new) - same}."
    told = "The passages are in another order." if sorted(old) == sorted(new) else told
    yield _change("passages", told, ", ".join(places[0]), ", ".join(places[1]))


def _evidence(before: SavedAnswer, now: SavedAnswer) -> Iterator[Change]:
    old, new = ([(item.path, item.quote) for item in each.answer.evidence] for each in (before, now))
    if old != new:
        same = len(set(old) & set(new))
        told = f"Quotes chosen again: {same} of {len(old)}; new ones: {len(new) - same}."
        told = "The quotes are in another order." if sorted(old) == sorted(new) else told
        yield _change("evidence", told, " / ".join(quote for _, quote in old), " / ".join(quote for _, quote in new))


def _prompts(before: Sequence[SavedPrompt], now: Sequence[SavedPrompt]) -> Iterator[Change]:
    if before == now:
        return
    if len(before) != len(now):
        told = f"The model was asked {_times(len(before))}; it is now asked {_times(len(now))}."
        yield _change("prompt", told, len(before), len(now))
        return
    old, new = next((old, new) for old, new in zip(before, now, strict=True) if old != new)
    lines = _lines(old), _lines(new)
    pair = next(((a, b) for a, b in itertools.zip_longest(*lines, fillvalue="") if a != b), None)
    if pair:
        yield _change("prompt", "The prompt differs, first in one line.", pair[0], pair[1])
    else:
        options = [(each.max_tokens, each.temperature, each.seed, each.stop) for each in (old, new)]
        yield _change("prompt", "The same prompt was sent with other limits.", str(options[0]), str(options[1]))


def _lines(prompt: SavedPrompt) -> list[str]:
    told = "\n".join(f"[{message.role}]\n{message.content}" for message in prompt.messages)
    return [*told.splitlines(), *prompt.rendered.splitlines(), *map(str, prompt.arguments.items())]


def _times(count: int) -> str:
    return {0: "nothing", 1: "once"}.get(count, f"{count} times")


def _texts(before: SavedAnswer, now: SavedAnswer) -> Iterator[Change]:
    old, new = before.answer, now.answer
    if old.refused != new.refused:
        told = "The question was answered; it is now refused." if new.refused else "The question is no longer refused."
        yield _change("text", told, old.text, new.text)
    elif old.text != new.text:
        yield _change("text", "The answer is another text.", old.text, new.text)
    elif old.translation != new.translation:
        texts = [" ".join(item.text for item in answer.translation) for answer in (old, new)]
        yield _change("text", "The translation is another text.", texts[0], texts[1])
