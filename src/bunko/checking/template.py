"""How a chat template behaves. In: the engine with the model's template (a StandIn). Out: a TemplateReport and findings.

Everything is seen in what the engine renders; the template's text only gives its family's name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bunko.checking.records import Finding, TemplateReport
from bunko.engine.stand_in import StandIn
from bunko.errors import EngineError

_SYSTEM, _FIRST, _REPLY, _SECOND = "Xsystemtext", "Xfirstquestion", "Xfirstreply", "Xsecondquestion"
_MARK = re.compile(r"<\|[^|<>\s]{1,40}\|>|<(?:start|end)_of_turn>|<｜[^｜<>]{1,40}｜>")
# What a template of the family has -> the family.
_FORMATS = (
    ("<|im_start|>", "ChatML"),
    ("<|start_header_id|>", "Llama 3"),
    ("<start_of_turn>", "Gemma"),
    ("<|turn>", "Gemma 4"),
    ("<|channel|>", "Harmony"),
    ("<｜Assistant｜>", "DeepSeek"),
    ("<|assistant|>", "Phi or Zephyr"),
    ("<|START_OF_TURN_TOKEN|>", "Command"),
    ("[INST]", "Llama 2 or Mistral"),
)
# Marks of families whose models know them as single tokens: with these in its vocabulary, a model was taught that format.
_TAUGHT = ("<|im_start|>", "<|start_header_id|>", "<start_of_turn>", "<|assistant|>")

_OTHER_FILE = "Take a file with the right template, or convert the model again with its own."


def message(role: str, content: str) -> dict[str, str]:
    """Return one message."""
    return {"role": role, "content": content}


def check_template(template: str, stand_in: StandIn) -> tuple[TemplateReport, list[Finding]]:
    """Render what Bunko will ask for, and say what goes wrong. Raises EngineError if the engine itself fails."""
    if not template:
        return TemplateReport(there=False), []
    family = next((name for mark, name in _FORMATS if mark in template), "")
    try:
        plain = stand_in.render([message("user", _FIRST)])
    except EngineError as error:
        found = Finding(state="problem", text=f"Its chat template can't be rendered: {error.message}", cure=_OTHER_FILE)
        return TemplateReport(there=True, format=family), [found]
    findings: list[Finding] = []
    if _FIRST not in plain:
        findings.append(
            Finding(state="problem", text="Its chat template leaves out what the user says.", cure=_OTHER_FILE)
        )
    system = _system_role(stand_in)
    if system != "own":
        how = "refuses" if system == "refused" else "silently drops"
        findings.append(
            Finding(
                state="note",
                text=f"Its chat template {how} system messages.",
                cure="Nothing to do: Bunko puts its instructions into the question then.",
            )
        )
    turns = _render(stand_in, [message("user", _FIRST), message("assistant", _REPLY), message("user", _SECOND)])
    several = all(text in turns for text in (_REPLY, _SECOND))
    if not several:
        findings.append(
            Finding(
                state="warning",
                text="Its chat template can't render several turns: `bunko chat` will fail, or forget.",
                cure=_OTHER_FILE,
            )
        )
    closed = _render(stand_in, [message("user", _FIRST)], opens_answer=False)
    opens = bool(closed) and plain != closed
    if not opens:
        findings.append(
            Finding(
                state="warning",
                text="Its chat template has no generation prompt: the model may go on with the question, or with a role.",
                cure=_OTHER_FILE,
            )
        )
    findings += _marks(family, plain, stand_in)
    report = TemplateReport(
        there=True,
        format=family,
        renders=True,
        system_role=system,
        several_turns=several,
        opens_answer=opens,
        own_system_text=_own_text(plain),
    )
    return report, findings


def _system_role(stand_in: StandIn) -> str:
    try:
        rendered = stand_in.render([message("system", _SYSTEM), message("user", _FIRST)])
    except EngineError:
        return "refused"
    return "own" if _SYSTEM in rendered else "dropped"


def _render(stand_in: StandIn, messages: Sequence[dict[str, str]], *, opens_answer: bool = True) -> str:
    try:
        return stand_in.render(messages, opens_answer=opens_answer)
    except EngineError:
        return ""


def _marks(family: str, rendered: str, stand_in: StandIn) -> list[Finding]:
    """Find marks that are no tokens of the model: then the template is another model's."""
    marks = dict.fromkeys(_MARK.findall(rendered))
    unknown = [mark for mark in marks if len(stand_in.tokens(mark, with_marks=True)) != 1]
    if unknown:
        return [
            Finding(
                state="problem",
                text=f"{', '.join(unknown)} of its chat template ({family or 'unknown format'}) are no tokens of this "
                "model: the template is another model's. Answers will be confused, and won't end.",
                cure=_OTHER_FILE,
            )
        ]
    if family == "Llama 2 or Mistral":
        taught = [mark for mark in _TAUGHT if len(stand_in.tokens(mark, with_marks=True)) == 1]
        if taught:
            return [
                Finding(
                    state="problem",
                    text=f"Its chat template is Llama 2's ([INST]), but its vocabulary has {taught[0]}: the template is "
                    "another model's. Such a model often answers with nothing at all.",
                    cure=_OTHER_FILE,
                )
            ]
    return []


def _own_text(rendered: str) -> str:
    """Return what a template says before the first question, without marks and roles."""
    before = _MARK.sub("\n", rendered.partition(_FIRST)[0])
    lines = [line.strip() for line in before.splitlines()]
    return " ".join(line for line in lines if line and line not in ("system", "user", "[INST]", "<s>", "<bos>"))
