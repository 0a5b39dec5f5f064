"""Findings on chat templates, with faults seen in real models. Templates are plain functions here."""

from __future__ import annotations

from collections.abc import Sequence

from bunko.engine.stand_in import Answer
from bunko.errors import RemoteBadAnswer
from bunko.importing.templates import Messages, TemplateReport, examine_template


def _chatml(messages: Messages, answer: Answer) -> str:
    turns = "".join(f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in messages)
    return turns + ("<|im_start|>assistant\n" if answer == "open" else "")


def _cut(text: str) -> Sequence[int]:
    """Make ChatML's marks single tokens, and all other text one token per letter."""
    return [1] if text in ("<|im_start|>", "<|im_end|>") else list(range(2, 2 + len(text)))


def _examine(render: object = _chatml, cut: object = _cut, *, has_template: bool = True) -> TemplateReport:
    return examine_template(render, cut, has_template=has_template, eos="<|im_end|>")  # type: ignore[arg-type]


def test_a_good_template_has_no_findings() -> None:
    found = _examine()
    assert found == TemplateReport(renders=True, system_role=True, turns=True, generation_prompt=True)


def test_a_base_model_has_none() -> None:
    assert "no chat template" in _examine(has_template=False).findings[0]


def test_a_template_of_another_model_is_named() -> None:
    """The notebook's mistake: Zephyr's format for Phi-3. Its marks are tokenized letter by letter."""
    found = _examine(cut=lambda text: list(range(len(text))))
    assert "<|im_start|>" in found.findings[0] and "another model's" in found.findings[0]


def test_a_template_that_refuses_the_system_role() -> None:
    def gemma(messages: Messages, answer: Answer) -> str:
        if messages[0]["role"] == "system":
            raise RemoteBadAnswer("The engine refused /apply-template: System role not supported.")
        return _chatml(messages, answer)

    found = _examine(gemma)
    assert not found.system_role and found.turns
    assert "refuses the system role" in found.findings[0]


def test_a_template_that_drops_the_system_role() -> None:
    found = _examine(lambda messages, answer: _chatml([t for t in messages if t["role"] != "system"], answer))
    assert not found.system_role and "drops the system role" in found.findings[0]


def test_a_template_without_a_generation_prompt() -> None:
    found = _examine(lambda messages, answer: _chatml(messages, "none"))
    assert not found.generation_prompt and "does not open the assistant's turn" in found.findings[0]


def test_a_template_that_keeps_the_last_turn_only() -> None:
    found = _examine(lambda messages, answer: _chatml(
        [t for t in messages if t["role"] == "system"] + list(messages[-1:]), answer))  # fmt: skip
    assert not found.turns and "loses or re-orders the turns" in found.findings[0]


def test_a_template_that_can_not_be_rendered() -> None:
    def broken(messages: Messages, answer: Answer) -> str:
        raise RemoteBadAnswer("The engine refused /apply-template: unknown filter fancy.")

    found = _examine(broken)
    assert not found.renders and "unknown filter fancy" in found.findings[0]


def test_an_end_that_does_not_stop_the_engine() -> None:
    def other(messages: Messages, answer: Answer) -> str:
        return _chatml(messages, answer).replace("<|im_end|>", "<|over|>")

    found = _examine(other, lambda text: [1] if text.startswith("<|") and text.endswith("|>") else list(text.encode()))
    assert "<|over|>" in found.findings[0] and "may not end" in found.findings[0]
