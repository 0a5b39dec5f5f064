"""Let a model judge answers. In: a question, its correct answers, an answer. Out: True, False, or None if unclear.

Kept apart from the other figures, since a judge is a model and errs too. Knows nothing of the model that answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from bunko.errors import PromptTooLong, UsageError
from bunko.evaluation.questions import Question
from bunko.evaluation.records import Answered
from bunko.generation.thinking import text_of
from bunko.ports import GenerationOptions, Generator
from bunko.types import Message, Think

_ENGLISH = (
    "You compare answers. Say yes if the given answer says the same as the right answer, even in other words or with "
    "more around it; say no if it says something else, contradicts it, or does not answer. Say only yes or no.",
    "Question: {question}\nRight answer: {gold}\nGiven answer: {answer}\n\n"
    "Does the given answer say what the right answer says? yes or no:",
)
_JAPANESE = (
    "答えを比べてください。言い方が違っても、与えられた答えが正しい答えと同じことを言っていれば「はい」、"
    "違うことを言っていれば「いいえ」とだけ答えてください。",
    "質問: {question}\n正しい答え: {gold}\n与えられた答え: {answer}\n\n"
    "与えられた答えは正しい答えと同じことを言っていますか。「はい」か「いいえ」:",
)
# A reasoning model needs room to think; others stop after one word.
_TOKENS = 512
_LONGEST = 2000  # characters of an answer
_VERDICT = re.compile(r"\b(yes|no)\b|(はい|いいえ)", re.IGNORECASE)


def judge_answers(
    questions: Sequence[Question],
    lines: Sequence[Answered],
    judge: Generator,
    *,
    seed: int = 0,
    think: Think = "auto",
    think_tokens: int = 0,
    progress: Callable[[], None] = lambda: None,
) -> dict[str, bool | None]:
    """Return the judge's verdict for each question that has correct answers, by id; None if the judge gives none.

    Refusals and failed questions are wrong without asking. Raises UsageError without a model, EngineError.
    """
    if not judge.spec.writes:
        raise UsageError("Answers are judged by a language model, and there is none.", "Name one with --judge.")
    verdicts: dict[str, bool | None] = {}
    options = GenerationOptions(max_tokens=_TOKENS, seed=seed, think=think, think_tokens=think_tokens)
    for question, line in zip(questions, lines, strict=True):
        if question.answers:
            answered = "error" not in line and not line["refused"] and line["answer"].strip()
            verdicts[str(question.id)] = _judge(question, line, judge, options) if answered else False
        progress()
    return verdicts


def read_verdict(text: str) -> bool | None:
    """Return the first yes or no in the judge's reply; None if there is none.

    >>> read_verdict("Yes."), read_verdict("いいえ、違います"), read_verdict("Perhaps")
    (True, False, None)
    """
    found = _VERDICT.search(text)
    return None if found is None else found.group().lower() in ("yes", "はい")


def messages_for(question: Question, line: Mapping[str, object]) -> list[Message]:
    """Return the judge's prompt."""
    system, body = _JAPANESE if question.language == "ja" else _ENGLISH
    gold = " / ".join(question.answers)
    said = str(line["answer"])[:_LONGEST]
    # One pass, so that braces in an answer are not filled in.
    parts = {"{question}": question.text, "{gold}": gold, "{answer}": said}
    filled = re.sub(r"\{(?:question|gold|answer)\}", lambda match: parts[match.group()], body)
    return [Message(role="system", content=system), Message(role="user", content=filled)]


def _judge(question: Question, line: Answered, judge: Generator, options: GenerationOptions) -> bool | None:
    try:
        pieces = judge.stream(messages_for(question, line), options=options)
        return read_verdict(text_of(pieces))
    except PromptTooLong:
        return None
