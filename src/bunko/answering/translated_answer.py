"""Give an answer in another language, if the model knows both. In: an Answer. Out: an Answer, or the same with a note.

Each sentence is translated by itself. The original stays beside it, in `translation`, and its sources stay its sources:
the words of a translation are seldom in them, so it is reported as unsupported unless they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bunko.answering.draft import Resources
from bunko.answering.prompts import in_own_words
from bunko.answering.translation import target_of, translate
from bunko.grounding.citation_marks import take_marks
from bunko.language.detection import LANGUAGE_NAMES, detect_language
from bunko.models.abilities import translation_notes
from bunko.settings import apply_overrides
from bunko.types import Answer, Citation, Translation, Usage

_BULLET = re.compile(r"^(\s*(?:[-*•・]|\d{1,3}[.)])\s+)(.*)$")
_NONE = "{model} gave no translation into {language}: the answer is as it was."
_UNCHECKED = "The answer is {model}'s translation. Its sentences are not checked; the originals are beside them."


def in_language(answer: Answer, wanted: str, resources: Resources) -> Answer:
    """Return the answer in the language `wanted`, ISO 639-1 or "auto"; itself if it is in that language already.

    A model that does not know both languages is not asked, and a note says so. Raises EngineError.
    """
    language = detect_language(answer.text)
    target = target_of(wanted, language)
    if not target or target == language:
        return answer
    model = resources.generator.spec.name
    if lacking := translation_notes(model, language, target):
        return replace(answer, notes=(*answer.notes, *lacking))
    lines, pairs, usage = [], [], answer.usage
    with resources.watch.stage("translate"):
        for line in answer.text.splitlines():
            text, found, used = _line(line, answer.citations, target, resources)
            lines.append(text)
            pairs += found
            usage += used
    if not any(detect_language(pair.sentence) == target for pair in pairs):
        note = _NONE.format(model=model, language=LANGUAGE_NAMES.get(target, target))
        return replace(answer, usage=usage, notes=(*answer.notes, note))
    return replace(
        answer,
        text="\n".join(lines),
        citations=_moved(answer.citations, pairs),
        unsupported=tuple(pair.sentence for pair in pairs if detect_language(pair.sentence) == target),
        translation=tuple(pairs),
        usage=usage,
        notes=(*answer.notes, _UNCHECKED.format(model=model)),
    )


def _line(
    line: str, citations: Sequence[Citation], target: str, resources: Resources
) -> tuple[str, list[Translation], Usage]:
    """Return a line in another language, its sentences beside the originals, and the usage."""
    bullet = _BULLET.match(line)
    head, body = (bullet[1], bullet[2]) if bullet else ("", line)
    if own := in_own_words(body, target):
        return f"{head}{own}", [], Usage()
    clean, _ = take_marks(body)
    settings = apply_overrides(resources.settings, {"generation.translation": target})
    made, usage = translate(clean, resources.generator, settings=settings)
    pairs, said = [], []
    for each in made:
        numbers = tuple(item.n for item in citations if take_marks(item.sentence)[0].strip() == each.sentence.strip())
        good = bool(each.text) and detect_language(each.text) == target
        text = each.text if good else each.sentence
        marks = "".join(f"[{n}]" for n in dict.fromkeys(numbers))
        said.append(f"{text} {marks}".strip())
        pairs.append(
            Translation(
                sentence=said[-1],
                text=each.sentence,
                language=detect_language(clean),
                complete=each.complete and good,
                citations=tuple(dict.fromkeys(numbers)),
            )
        )
    return head + ("" if target == "ja" else " ").join(said), pairs, usage


def _moved(citations: Sequence[Citation], pairs: Sequence[Translation]) -> tuple[Citation, ...]:
    """Return the citations of the originals as those of the translated sentences, which were not checked."""
    moved = []
    for citation in citations:
        original = take_marks(citation.sentence)[0].strip()
        pair = next((each for each in pairs if each.text.strip() == original), None)
        if pair is not None:
            moved.append(replace(citation, sentence=pair.sentence, verified=False))
    return tuple(moved)
