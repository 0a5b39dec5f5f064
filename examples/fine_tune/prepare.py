"""Make a training example of each question: the prompt that Bunko would put to the model, and the answer to it.

usage: python prepare.py FOLDER QUESTIONS --out prompts.jsonl [--limit 1200] [--refusals 0.4]

FOLDER holds the documents, QUESTIONS is a file as `bunko eval` reads it, with `answers` or `"unanswerable": true`. The
quotes are those that Bunko finds and chooses by itself, so that the model learns from what it will be given: good
quotes, poor ones, and wrong ones beside the right one. A question whose quotes lack the answer is left out.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

from bunko.answering import find
from bunko.evaluation.questions import Question, read_questions
from bunko.evidence import select, trusted
from bunko.library import Library, open_library
from bunko.locating import locate
from bunko.prompting import extractive_messages, refusal
from bunko.text import detect_language
from bunko.timing import Stopwatch
from bunko.types import Evidence, Message


def main() -> None:
    """Find quotes for each question, and write what is to be learnt."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=1200, help="examples at the most")
    parser.add_argument("--refusals", type=float, default=0.4, help="share of questions without an answer")
    parser.add_argument("--chat", action="store_true", help="for models above 300 million parameters")
    asked = parser.parse_args()

    questions = read_questions(asked.questions)
    random.Random(0).shuffle(questions)
    left = {False: round(asked.limit * (1 - asked.refusals)), True: round(asked.limit * asked.refusals)}
    with open_library(asked.folder) as library, asked.out.open("w", encoding="utf-8") as out:
        library.sync()
        for question in questions:
            if not left[question.unanswerable]:
                continue
            quotes = quotes_for(question.text, library)
            answer = right_answer(question, quotes)
            if answer:
                left[question.unanswerable] -= 1
                messages = extractive_messages(
                    question.text, quotes, language=detect_language(question.text), plain=not asked.chat
                )
                out.write(json.dumps(example(messages, answer), ensure_ascii=False) + "\n")
    made = asked.limit - sum(left.values())
    print(f"{made} examples of {len(questions)} questions in {asked.out}", file=sys.stderr)


def quotes_for(question: str, library: Library) -> list[Evidence]:
    """Return the quotes that Bunko would put before the model."""
    settings = library.settings
    hits, vector = find(question, library.store, library.embedder, settings=settings, watch=Stopwatch())
    return trusted(select(question, hits, library.embedder, vector=vector, settings=settings.evidence))


def right_answer(question: Question, quotes: list[Evidence]) -> str:
    """Return the shortest right answer that stands in a quote, as it is written there; "" if there is none.

    Of a question without an answer, it is the sentence by which Bunko refuses: a model that writes it is understood.
    """
    if question.unanswerable:
        return refusal(detect_language(question.text)) if quotes else ""
    for answer in sorted(question.answers, key=len):
        if place := locate(answer, quotes):
            which, start, end = place
            return quotes[which].quote[start:end]
    return ""


def example(messages: list[Message], answer: str) -> dict[str, object]:
    """Return a line of the file."""
    if messages[0].role == "raw":  # a text to be gone on with
        return {"text": messages[0].content, "answer": f" {answer}\n"}
    return {"messages": [{"role": message.role, "content": message.content} for message in messages], "answer": answer}


if __name__ == "__main__":
    main()
