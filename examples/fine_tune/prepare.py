"""Make training examples of questions: the prompts that Bunko would put to the model, and what it is to answer.

usage: python prepare.py FOLDER QUESTIONS --out prompts.jsonl [--limit 2000] [--refusals 0.35]

FOLDER holds the documents, QUESTIONS is a file as `bunko eval` reads it, with `answers` or `"unanswerable": true`. The
quotes are those that Bunko finds and chooses by itself, so that the model learns from what it will be given: the right
quote among others that only look like it.

Refusing is learnt from the questions that have no answer, and from those that have one: they are put once more, with
the quotes that Bunko would choose if none of the passages held the answer.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bunko.answering.pipeline import find
from bunko.answering.prompts import extractive_messages, is_refusal, refusal
from bunko.evaluation.questions import Question, read_questions
from bunko.grounding.verbatim import locate
from bunko.library import Library, open_library
from bunko.question.question import parse_question
from bunko.retrieval.evidence import select, trusted
from bunko.stopwatch import Stopwatch
from bunko.types import Evidence, Message

Lesson = tuple[list[Evidence], str]


def main() -> None:
    """Find quotes for each question, and write what is to be learnt."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=2000, help="most examples")
    parser.add_argument("--refusals", type=float, default=0.35, help="share of them where refusing is right")
    parser.add_argument("--chat", action="store_true", help="for models above 300 million parameters")
    asked = parser.parse_args()

    chance = random.Random(0)
    questions = read_questions(asked.questions)
    chance.shuffle(questions)
    most = round(asked.limit * asked.refusals)
    answered: list[str] = []
    refused: list[str] = []
    with open_library(asked.folder) as library:
        library.sync()
        for question in questions:
            for quotes, answer in lessons(question, library):
                messages = extractive_messages(
                    parse_question(question.text),
                    quotes,
                    language=question.language,
                    form="plain" if not asked.chat else "chat",
                )
                line = json.dumps(example(messages, answer), ensure_ascii=False)
                (refused if is_refusal(answer) else answered).append(line)
            if len(answered) >= asked.limit - most and len(refused) >= most:
                break
    kept = [*answered[: asked.limit - most], *chance.sample(refused, min(most, len(refused)))]
    asked.out.write_text("\n".join(kept) + "\n", encoding="utf-8")
    print(f"{len(kept)} examples of {len(questions)} questions in {asked.out}", file=sys.stderr)


def lessons(question: Question, library: Library) -> Iterator[Lesson]:
    """Yield quotes for a question, each time with the answer that they allow; nothing without quotes."""
    no = refusal(question.language)
    quotes = quotes_for(question.text, library)
    if quotes and question.unanswerable:
        yield quotes, no
    elif answer := right_answer(question.answers, quotes):
        yield quotes, answer
    if question.answers and (others := quotes_for(question.text, library, without=question.answers)):
        yield others, no


def quotes_for(question: str, library: Library, *, without: Sequence[str] = ()) -> list[Evidence]:
    """Return the quotes that Bunko would give to the model if no passage contained the texts of `without`."""
    settings = library.settings
    hits, vector = find(parse_question(question), library.store, library.embedder, settings=settings, watch=Stopwatch())
    hits = [hit for hit in hits if not any(text.casefold() in hit.chunk.text.casefold() for text in without)]
    return trusted(select(parse_question(question), hits, library.embedder, vector=vector, settings=settings.evidence))


def right_answer(answers: Sequence[str], quotes: Sequence[Evidence]) -> str:
    """Return the shortest correct answer that a quote contains, spelled as in the quote; "" if there is none."""
    for answer in sorted(answers, key=len):
        if place := locate(answer, quotes):
            which, start, end = place
            return quotes[which].quote[start:end]
    return ""


def example(messages: list[Message], answer: str) -> dict[str, object]:
    """Return a line of the file. A refusal is Bunko's own sentence, which Bunko recognises."""
    if messages[0].role == "raw":  # a text to continue
        return {"text": messages[0].content, "answer": f" {answer}\n"}
    return {"messages": [{"role": message.role, "content": message.content} for message in messages], "answer": answer}


if __name__ == "__main__":
    main()
