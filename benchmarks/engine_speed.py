"""Show what a machine can do with a model, beside what a question gets of it.

usage: python benchmarks/engine_speed.py [--model smollm2-135m] [--rounds 5]

The model is run as Bunko runs it, in its own process, without documents. In turn, so that a machine that grows slower
does so for all:
limit      a prompt of full batches and 64 tokens written behind it: what the machine can do, tokens a second
question   a prompt of a question's usual size (some 150 tokens, the instructions cached) and a short answer
Beside them: milliseconds from our request to its end that are in neither reading nor writing (HTTP, JSON, template),
those of counting a prompt's tokens, the first question (pages of the file are touched for the first time) over the
median of the others, and the engine's resident memory. Everything is one JSON line of medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time

WORDS = (
    "harbour river bridge captain letter garden winter market engine teacher island silver forest window "
    "journey paper kitchen soldier music castle village doctor mountain orchard"
).split()
INSTRUCTIONS = "Answer the question with a short phrase copied from the context."
QUOTED_WORDS, LIMIT_WORDS = 90, 400
ANSWER_TOKENS, LIMIT_TOKENS = 16, 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    from bunko.config import load_settings
    from bunko.generation import open_generator
    from bunko.models import resolve

    settings = load_settings(overrides={"model": arguments.model})
    model = resolve(arguments.model, kind="chat", settings=settings)
    generator = open_generator(model, settings)
    try:
        begin = time.perf_counter()
        generator.context_tokens()
        load_s = time.perf_counter() - begin
        questions = [ask(generator, number, QUOTED_WORDS, ANSWER_TOKENS) for number in range(1)]
        limits = []
        for number in range(1, arguments.rounds + 1):
            limits.append(ask(generator, 1000 + number, LIMIT_WORDS, LIMIT_TOKENS))
            ask(generator, 2000 + number, QUOTED_WORDS, 1)  # only the instructions are left in the cache
            questions.append(ask(generator, number, QUOTED_WORDS, ANSWER_TOKENS))
        memory = resident_mb()
    finally:
        generator.close()
    first, *others = questions
    figures = {
        "model": arguments.model,
        "load_s": round(load_s, 2),
        "resident_mb": memory,
        "limit": speeds(limits),
        "question": speeds(others),
        "question_ms": round(statistics.median(one["wall_ms"] for one in others)),
        "first_over_others": round(first["wall_ms"] / statistics.median(one["wall_ms"] for one in others), 2),
        "beyond_reading_and_writing_ms": round(statistics.median(one["other_ms"] for one in others), 1),
        "counting_ms": round(statistics.median(one["count_ms"] for one in others), 1),
    }
    print(json.dumps(figures))


def ask(generator, number: int, words: int, tokens: int) -> dict:
    """Ask for `tokens` tokens about a text that is different for each number."""
    from bunko.ports import GenerationOptions
    from bunko.types import Message

    text = " ".join(WORDS[(number * 7 + place * (number % 5 + 1)) % len(WORDS)] for place in range(words))
    body = f"{number}: {text}.\n\nQuestion: Which words are in the text?\nAnswer with a short phrase from the text:"
    messages = [Message(role="system", content=INSTRUCTIONS), Message(role="user", content=body)]
    begin = time.perf_counter()
    generator.count_tokens(messages)
    count_ms = 1000 * (time.perf_counter() - begin)
    begin = time.perf_counter()
    last = list(generator.stream(messages, options=GenerationOptions(max_tokens=tokens)))[-1]
    wall_ms = 1000 * (time.perf_counter() - begin)
    return {
        "read": last.usage.prompt_tokens - last.usage.cached_tokens,
        "cached": last.usage.cached_tokens,
        "written": last.usage.completion_tokens,
        "read_ms": last.prompt_ms,
        "write_ms": last.predicted_ms,
        "wall_ms": wall_ms,
        "other_ms": wall_ms - last.prompt_ms - last.predicted_ms,
        "count_ms": count_ms,
    }


def speeds(runs: list[dict]) -> dict:
    """Return medians: tokens, and tokens a second."""
    return {
        "read": statistics.median(run["read"] for run in runs),
        "cached": statistics.median(run["cached"] for run in runs),
        "written": statistics.median(run["written"] for run in runs),
        "read_per_s": round(statistics.median(1000 * run["read"] / run["read_ms"] for run in runs)),
        "written_per_s": round(statistics.median(1000 * run["written"] / run["write_ms"] for run in runs), 1),
    }


def resident_mb() -> int:
    """Return the memory of this process's children: the engine."""
    import psutil

    return round(sum(child.memory_info().rss for child in psutil.Process(os.getpid()).children()) / 1e6)


if __name__ == "__main__":
    main()
