"""Let a model judge free answers. In: question, right answers, an answer. Out: yes, no, or no word that tells.

Kept apart from the hard figures: a judge is a model, too. Knows nothing of who answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from bunko.errors import PromptTooLong
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
# A judge that reasons needs room for it; others stop after their word.
_TOKENS = 512
_LONGEST = 2000  # characters of an answer: what is said after that does not save it
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
    """Return, for each question with a right answer, whether the answer says it; None where the judge does not tell.

    A refusal and a question that failed are wrong without asking. Raises EngineError.
    """
    verdicts: dict[str, bool | None] = {}
    options = GenerationOptions(max_tokens=_TOKENS, seed=seed, think=think, think_tokens=think_tokens)
    for question, line in zip(questions, lines, strict=True):
        if question.answers:
            answered = "error" not in line and not line["refused"] and line["answer"].strip()
            verdicts[str(question.id)] = _judge(question, line, judge, options) if answered else False
        progress()
    return verdicts


def read_verdict(text: str) -> bool | None:
    """Return the first yes or no of what the judge said.

    >>> read_verdict("Yes."), read_verdict("いいえ、違います"), read_verdict("Perhaps")
    (True, False, None)
    """
    found = _VERDICT.search(text)
    return None if found is None else found.group().lower() in ("yes", "はい")


def messages_for(question: Question, line: Mapping[str, object]) -> list[Message]:
    """Return what is put to the judge."""
    system, body = _JAPANESE if question.language == "ja" else _ENGLISH
    gold = (" / ").join(question.answers)
    said = str(line["answer"])[:_LONGEST]
    # One after the other, so that an answer with braces in it stays as it is.
    parts = {"{question}": question.text, "{gold}": gold, "{answer}": said}
    filled = re.sub(r"\{(?:question|gold|answer)\}", lambda match: parts[match.group()], body)
    return [Message(role="system", content=system), Message(role="user", content=filled)]


def _judge(question: Question, line: Answered, judge: Generator, options: GenerationOptions) -> bool | None:
    try:
        pieces = judge.stream(messages_for(question, line), options=options)
        return read_verdict(text_of(pieces))
    except PromptTooLong:
        return None
