"""Check a chat template. In: the engine with the template (a StandIn). Out: a TemplateReport, and findings.

All checks use prompts that the engine renders; the template's text only gives the name of its family.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bunko.diagnosis.model_check.report import Finding, TemplateReport
from bunko.engine.stand_in import Answer, StandIn
from bunko.errors import EngineError
from bunko.models.gguf.template_family import foreign_template, template_family

_FIRST, _REPLY, _SECOND = "Xfirstquestion", "Xfirstreply", "Xsecondquestion"
_MARK = re.compile(r"<\|[^|<>\s]{1,40}\|>|<(?:start|end)_of_turn>|<｜[^｜<>]{1,40}｜>")
_OTHER_FILE = "Use a file with the right template, or convert the model again with its own."


def message(role: str, content: str) -> dict[str, str]:
    """Return one message."""
    return {"role": role, "content": content}


def check_template(template: str, stand_in: StandIn, *, model: str = "") -> tuple[TemplateReport, list[Finding]]:
    """Render the kinds of prompts that Bunko uses, and report faults. `model` is its name and architecture.

    Raises EngineError if the engine itself fails.
    """
    if not template:
        return TemplateReport(there=False), []
    family = template_family(template)
    try:
        plain = stand_in.render([message("user", _FIRST)])
    except EngineError as error:
        return unusable_template(template, error)
    findings: list[Finding] = []
    if _FIRST not in plain:
        findings.append(
            Finding(state="problem", text="Its chat template leaves out what the user says.", cure=_OTHER_FILE)
        )
    has_system = _has_system_role(stand_in)
    if not has_system:
        text = "Its chat template refuses or drops system messages."
        cure = "Nothing to do: Bunko then puts its instructions before the question."
        findings.append(Finding(state="note", text=text, cure=cure))
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
    closed = _render(stand_in, [message("user", _FIRST)], answer="none")
    opens = bool(closed) and plain != closed
    if not opens:
        findings.append(
            Finding(
                state="warning",
                text="Its chat template has no generation prompt: the model may continue the question.",
                cure=_OTHER_FILE,
            )
        )
    findings += _marks(template, plain, stand_in, model=model)
    report = TemplateReport(
        there=True,
        format=family,
        renders=True,
        system_role=has_system,
        several_turns=several,
        opens_answer=opens,
        own_system_text=_own_text(plain),
    )
    return report, findings


def unusable_template(template: str, error: EngineError) -> tuple[TemplateReport, list[Finding]]:
    """Return the report on a template that the engine can't parse; it won't load the model either."""
    text = f"Its chat template can't be rendered: {error.message}"
    return TemplateReport(there=True, format=template_family(template)), [
        Finding(state="problem", text=text, cure=_OTHER_FILE)
    ]


def _has_system_role(stand_in: StandIn) -> bool:
    """Ask the engine: it moves system messages into other turns if the template does not support them."""
    caps = stand_in.properties().get("chat_template_caps")
    return not isinstance(caps, dict) or caps.get("supports_system_role") is not False


def _render(stand_in: StandIn, messages: Sequence[dict[str, str]], *, answer: Answer = "open") -> str:
    try:
        return stand_in.render(messages, answer=answer)
    except EngineError:
        return ""


def _marks(template: str, rendered: str, stand_in: StandIn, *, model: str) -> list[Finding]:
    """Find marks that are not tokens of the model: the template is then another model's."""

    def is_token(mark: str) -> bool:
        return len(stand_in.tokens(mark, marks="tokens")) == 1

    family, foreign = template_family(template), foreign_template(template, is_token, model=model)
    unknown = [mark for mark in dict.fromkeys(_MARK.findall(rendered)) if not is_token(mark)]
    if unknown and (foreign or family != "Phi or Zephyr"):
        return [
            Finding(
                state="problem",
                text=f"{', '.join(unknown)} of its chat template ({family or 'unknown format'}) are not tokens of this "
                "model: the template is another model's. Answers will be confused, and won't end.",
                cure=_OTHER_FILE,
            )
        ]
    if foreign:
        text = f"Its chat template {foreign}: it is another model's. Such a model often gives no answer at all."
        return [Finding(state="problem", text=text, cure=_OTHER_FILE)]
    return []


def _own_text(rendered: str) -> str:
    """Return the text that a template puts before the first question, without marks and roles."""
    before = _MARK.sub("\n", rendered.partition(_FIRST)[0])
    lines = [line.strip() for line in before.splitlines()]
    return " ".join(line for line in lines if line and line not in ("system", "user", "[INST]", "<s>", "<bos>"))
