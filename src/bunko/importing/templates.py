"""Check a model's chat template. In: functions that render and tokenize. Out: a TemplateReport with findings.

The engine renders the template, with the same code that renders it for answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bunko.engine.stand_in import Answer
from bunko.errors import EngineError
from bunko.importing.trial import refusal

Messages: TypeAlias = Sequence[Mapping[str, str]]
Render: TypeAlias = Callable[[Messages, Answer], str]

_SYSTEM = {"role": "system", "content": "Rule seven holds."}
_TURNS = (
    {"role": "user", "content": "First question."},
    {"role": "assistant", "content": "First answer."},
    {"role": "user", "content": "Second question."},
)
# Marks of turns in chat formats: <|im_start|>, <start_of_turn>, [INST], <s>, </s>.
_MARKS = re.compile(r"<\|[^<>|\s]{1,40}\|>|</?[a-z_]{1,30}>|\[/?INST\]|<<SYS>>|<｜[^<>]{1,40}｜>")
# Marks whose text alone makes llama.cpp end an answer (llama-vocab.cpp), and the usual end-of-text tokens.
_ENDS = (
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<EOT>", "_<EOT>",
    "<|eom_id|>", "<|end_of_turn|>", "<｜end▁of▁sentence｜>", "</s>", "<eos>", "<|eos|>", "<|return|>", "<turn|>",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateReport:
    """The results of rendering a template."""

    renders: bool
    system_role: bool = False
    turns: bool = False
    generation_prompt: bool = False
    findings: tuple[str, ...] = ()


def examine_template(
    render: Render, cut: Callable[[str], Sequence[int]], *, has_template: bool, eos: str
) -> TemplateReport:
    """Test a template. `render` raises EngineError if the template fails; `cut` tokenizes, with marks as tokens."""
    if not has_template:
        return TemplateReport(
            renders=False,
            findings=("It has no chat template: it is a base model, and gets a plain prompt without turns.",),
        )
    try:
        plain = render(_TURNS[:1], "open")
    except EngineError as error:
        return TemplateReport(renders=False, findings=(f"It can't be rendered: {refusal(error)}.",))
    findings: list[str] = []
    closed = _try(render, _TURNS[:1], answer="none")
    opens = closed is not None and len(plain) > len(closed)
    if not opens:
        findings.append("It does not open the assistant's turn, so the model may continue the question.")
    if _TURNS[0]["content"] not in plain:
        findings.append("It drops the user's question.")
    with_system = _try(render, [_SYSTEM, *_TURNS[:1]])
    system = with_system is not None and _SYSTEM["content"] in with_system
    if not system:
        how = "refuses" if with_system is None else "drops"
        findings.append(f"It {how} the system role; Bunko then puts its instructions into the question.")
    talk = _try(render, _TURNS)
    turns = talk is not None and _in_order(talk, [turn["content"] for turn in _TURNS])
    if not turns:
        how = "refuses" if talk is None else "loses or re-orders"
        findings.append(f"It {how} the turns of a conversation: follow-up questions won't work.")
    findings += _findings_on_marks(talk or plain, cut, eos)
    return TemplateReport(
        renders=True, system_role=system, turns=turns, generation_prompt=opens, findings=tuple(findings)
    )


def _findings_on_marks(prompt: str, cut: Callable[[str], Sequence[int]], eos: str) -> list[str]:
    findings = []
    broken = [mark for mark in dict.fromkeys(_MARKS.findall(prompt)) if len(cut(mark)) != 1]
    if broken and not broken[0].startswith(("[", "<<")):  # Llama 2's and Mistral's are text by design
        findings.append(
            f"Its marks are not tokens of this model ({', '.join(broken[:3])}): the template is another model's."
        )
    answer_end = prompt.partition(_TURNS[1]["content"])[2].partition(_TURNS[2]["content"])[0]
    ends = _MARKS.findall(answer_end)
    if ends and ends[0] not in (*_ENDS, eos) and not broken:
        findings.append(f"Answers end with {ends[0]}, which does not stop the engine: answers may not end.")
    start = cut(prompt)
    if len(start) > 1 and start[0] == start[1] and _MARKS.match(prompt):
        findings.append("The prompt begins with the same mark twice.")
    return findings


def _in_order(text: str, parts: Sequence[str]) -> bool:
    places = [text.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


def _try(render: Render, messages: Messages, *, answer: Answer = "open") -> str | None:
    try:
        return render(messages, answer)
    except EngineError:
        return None
