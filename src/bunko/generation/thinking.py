"""Separate reasoning from the answer. In: pieces of text as they come. Out: pieces of text and of reasoning.

The result does not depend on how the text is split into pieces. Only a tag at the very beginning opens a thought, so
that an answer may mention <think>; a closing tag without an opening one makes all text before it a thought, since some
templates open the thought themselves. Knows nothing of servers, budgets or the other parts of templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, TypeAlias

from bunko.ports import FinishReason, Piece
from bunko.types import Think


@dataclass(frozen=True, slots=True)
class Tag:
    """The tags around the reasoning of a family of models."""

    opening: str
    closing: str


_HARMONY = "<|channel|>final<|message|>"
TAGS = (
    Tag("<think>", "</think>"),  # DeepSeek, Qwen, Phi-4, Granite 3.3, DeepHermes, Nemotron and most others
    Tag("<thinking>", "</thinking>"),
    Tag("<thought>", "</thought>"),  # EXAONE Deep
    Tag("<reasoning>", "</reasoning>"),
    Tag("<reflection>", "</reflection>"),
    Tag("<scratchpad>", "</scratchpad>"),  # Hermes 3
    Tag("<seed:think>", "</seed:think>"),  # Seed-OSS
    Tag("[THINK]", "[/THINK]"),  # Magistral
    Tag("◁think▷", "◁/think▷"),  # Kimi
    Tag("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A, R7B
    Tag("<|begin_of_thought|>", "<|end_of_thought|>"),  # Sky-T1, OpenThinker
    Tag("<|channel>thought", "<channel|>"),  # Gemma 4
    Tag("<|channel|>analysis<|message|>", f"<|end|><|start|>assistant{_HARMONY}"),  # gpt-oss
    Tag("<|channel|>analysis<|message|>", _HARMONY),
    Tag("Here is my thought process:", "Here is my response:"),  # Granite 3.2
    Tag("Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]"),  # Apriel
)
# Tags that some models put around the answer after a thought.
_WRAPS = {
    "<answer>": "</answer>",
    "<response>": "</response>",
    "<solution>": "</solution>",
    "<|begin_of_solution|>": "<|end_of_solution|>",
    "<|START_RESPONSE|>": "<|END_RESPONSE|>",
    "[BEGIN FINAL RESPONSE]": "[END FINAL RESPONSE]",
}
_OPENINGS = tuple(dict.fromkeys(tag.opening for tag in TAGS))
_CLOSINGS = tuple(dict.fromkeys(tag.closing for tag in TAGS))
# A closing sentence without brackets may be in any answer: it counts only after its own opening.
_LONE = tuple(closing for closing in _CLOSINGS if closing[0] in "<[◁")

# Ends a thought at its limit; the sentence of Qwen3's report (arXiv 2505.09388, 4.3).
TIME_IS_UP = "Considering the limited time by the user, I have to give the solution based on the thinking directly now."
THINK_TOKENS: dict[Think, int] = {
    "off": 0,
    "low": 256,
    "auto": 1024,
    "high": 2048,  # the default context of 4,096 has room for it, the evidence and an answer
}
# Names of models that reason. A wrong match does no harm.
_REASONS = re.compile(
    r"think|reason|(?<![a-z])r1(?![a-z0-9])|qwq|qwen3|magistral|gpt-oss|exaone-deep|glm-4|seed-oss|nemotron|hermes-4"
    r"|apriel|smollm3",
    re.I,
)
# Names of models whose template opens the thought; a server may not report that.
_OPENS = re.compile(r"(?<![a-z])r1(?![a-z0-9])|qwq|thinking", re.I)

Opened: TypeAlias = Literal["no", "surely", "perhaps"]


class Splitter:
    """Splits one answer into reasoning and text as it comes.

    `opened` says whether the template, and not the model, opened the thought. "perhaps" holds everything back until a
    closing tag or the end decides: reasoning that was shown as an answer can't be taken back from the screen.
    """

    def __init__(self, *, opened: Opened = "no") -> None:
        self._held = ""
        self._opened = opened
        self._place: Literal["before", "thought", "answer"] = "before"
        self._closings: tuple[str, ...] = _CLOSINGS
        self._has_thought = False
        self._wrap = ""
        self._said = ""

    @property
    def is_thinking(self) -> bool:
        """Whether the next text belongs to a thought, as far as is known."""
        return self._place == "thought"

    def expect_answer(self) -> None:
        """Treat all further text as the answer: the reasoning comes in a field of its own."""
        self._opened, self._has_thought = "no", True

    def feed(self, text: str) -> Iterator[Piece]:
        """Yield the pieces that are decided now. A piece with `was_thought` makes all text before it a thought."""
        self._held += text
        yield from self._parts(at_end=False)

    def end(self, finish_reason: FinishReason = "stop") -> Iterator[Piece]:
        """Yield the rest. The finish reason is not "stop" if the answer was cut."""
        if self._opened == "perhaps" and finish_reason != "stop":
            self._opened = "surely"
        yield from self._parts(at_end=True)

    def _parts(self, *, at_end: bool) -> Iterator[Piece]:
        while True:
            place, held = self._place, self._held
            if place == "before":
                part = self._begin(at_end=at_end)
            elif place == "thought":
                part = self._think(at_end=at_end)
            else:
                part = self._answer(at_end=at_end)
            if part is not None and (part.text or part.reasoning or part.was_thought):
                yield part
            if (self._place, self._held) == (place, held):
                return

    def _begin(self, *, at_end: bool) -> Piece | None:
        rest = self._held.lstrip()
        if found := _match(_OPENINGS, rest):
            self._held, self._place = rest[found.end() :], "thought"
            self._closings = tuple(tag.closing for tag in TAGS if tag.opening.lower() == found.group().lower())
            return None
        if found := _match(_LONE, rest):  # an empty thought, or one closed twice
            return self._close(found.group(), rest[found.end() :])
        if self._has_thought and (found := _match(tuple(_WRAPS), rest)):
            self._wrap, self._held = _wrap_of(found.group()), rest[found.end() :]
            return None
        waits = not rest or _may_become(rest, (*_OPENINGS, *_LONE, *(_WRAPS if self._has_thought else ())))
        if waits and not at_end:
            return None
        return self._begin_to_speak(rest, at_end=at_end)

    def _begin_to_speak(self, rest: str, *, at_end: bool) -> Piece | None:
        """Decide whether text without an opening tag is a thought or the answer."""
        if self._has_thought:
            self._held = rest
        elif self._opened == "surely":
            self._place, self._opened = "thought", "no"
            return None
        elif self._opened == "perhaps" and not at_end:
            found = _search(_LONE, self._held)
            if found is None:
                return None
            thought = self._held[: found.start()]
            return replace(self._close(found.group(), self._held[found.end() :], thought), was_thought=True)
        self._place = "answer"
        return None

    def _think(self, *, at_end: bool) -> Piece | None:
        if found := _search(self._closings, self._held):
            return self._close(found.group(), self._held[found.end() :], self._held[: found.start()])
        return Piece(reasoning=self._release(self._closings, at_end=at_end))

    def _answer(self, *, at_end: bool) -> Piece | None:
        marks = (*_LONE, self._wrap) if self._wrap else _LONE
        found = _search(marks, self._held)
        if found is None:
            text = self._release(marks, at_end=at_end)
            self._said += text
            return Piece(text=text)
        before, tag, after = self._held[: found.start()], found.group(), self._held[found.end() :]
        if tag == self._wrap:
            self._wrap, self._held = "", after
            self._said += before
            return Piece(text=before)
        said = self._said + before
        if said.endswith("`") or _search(_OPENINGS, said):  # the answer mentions the tag
            self._said, self._held = said + tag, after
            return Piece(text=before + tag)
        self._said = ""
        self._close(tag, after)
        return Piece(reasoning=before, was_thought=True)

    def _close(self, tag: str, after: str, thought: str = "") -> Piece:
        self._held, self._place, self._has_thought, self._opened = after, "before", True, "no"
        self._wrap = _wrap_of(tag)
        return Piece(reasoning=thought)

    def _release(self, marks: Sequence[str], *, at_end: bool) -> str:
        """Return the text held back, except for an ending that may be the beginning of a mark."""
        keep = 0 if at_end else _unfinished(self._held, marks)
        ready = self._held[: len(self._held) - keep]
        self._held = self._held[len(ready) :]
        return ready


def part(pieces: Iterable[Piece], splitter: Splitter) -> Iterator[Piece]:
    """Yield pieces with the reasoning in their text separated; reasoning that the server separated stays as it is."""
    for whole in pieces:
        piece = replace(whole, finish_reason=None)
        if piece.reasoning:
            splitter.expect_answer()
            yield replace(piece, text="")
        for split in splitter.feed(piece.text):
            yield replace(piece, text=split.text, reasoning=split.reasoning, was_thought=split.was_thought)
        if whole.finish_reason:
            yield from splitter.end(whole.finish_reason)
            yield replace(whole, text="", reasoning="")


def seems_to_think(name: str) -> bool:
    """Return whether a model reasons, judged by its name.

    >>> seems_to_think("deepseek-r1-distill-qwen-1.5b-q4_k_m.gguf"), seems_to_think("phi-4-mini")
    (True, False)
    """
    return bool(_REASONS.search(name))


def may_open(name: str) -> bool:
    """Return whether a model's template may open the thought, by the model's name.

    >>> may_open("deepseek-r1:8b"), may_open("qwen3:8b")
    (True, False)
    """
    return bool(_OPENS.search(name))


def tag_in(template: str) -> Tag | None:
    """Return the reasoning tag in a chat template; None if it has none.

    >>> tag_in("{{ '<think>' }}")
    Tag(opening='<think>', closing='</think>')
    """
    return next((tag for tag in TAGS if tag.opening in template or tag.closing in template), None)


def template_arguments(think: Think) -> dict[str, object]:
    """Return the arguments for a template: each family has its own names, and ignores the others."""
    if think == "auto":
        return {}
    wanted: dict[str, object] = {"enable_thinking": think != "off", "thinking": think != "off"}
    return wanted if think == "off" else {**wanted, "reasoning_effort": think}


def is_open(prompt: str, tag: Tag) -> bool:
    r"""Return whether a rendered prompt ends with an open thought.

    >>> is_open("<|Assistant|><think>\n", TAGS[0])
    True
    """
    return prompt.rstrip().endswith(tag.opening)


def close_thought(prompt: str, thought: str, tag: Tag) -> str:
    r"""Return the prompt with this thought, closed, so that the model continues with the answer.

    >>> close_thought("<|Assistant|>", "", TAGS[0])
    '<|Assistant|><think>\n\n</think>\n\n'
    """
    begun = prompt.rstrip() if is_open(prompt, tag) else prompt + tag.opening
    ended = f"{thought.strip()}\n\n{TIME_IS_UP}" if thought.strip() else ""
    if tag.closing.startswith(("</", "[/")):
        return f"{begun}\n{ended}\n{tag.closing}\n\n"
    return f"{begun}{ended}{tag.closing}"


def text_of(pieces: Iterable[Piece]) -> str:
    """Return the text of an answer, without reasoning.

    >>> text_of([Piece(text="Hm. "), Piece(was_thought=True), Piece(text="Yes.")])
    'Yes.'
    """
    text = ""
    for piece in pieces:
        text = piece.text if piece.was_thought else text + piece.text
    return text


def _match(tags: Sequence[str], text: str) -> re.Match[str] | None:
    return _pattern(tuple(tags)).match(text)


def _search(tags: Sequence[str], text: str) -> re.Match[str] | None:
    return _pattern(tuple(tags)).search(text)


@cache
def _pattern(tags: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, tags)), re.IGNORECASE | re.ASCII)


def _wrap_of(tag: str) -> str:
    return next((end for begin, end in _WRAPS.items() if begin.lower() == tag.lower()), "")


def _may_become(text: str, tags: Sequence[str]) -> bool:
    return any(tag.lower().startswith(text.lower()) for tag in tags)


def _unfinished(text: str, tags: Sequence[str]) -> int:
    """Return how many characters at the end may be the beginning of a tag."""
    longest = max(map(len, tags)) - 1
    return next((n for n in range(min(longest, len(text)), 0, -1) if _may_become(text[-n:], tags)), 0)
