"""Time a server by its URL. In: a RemoteModel. Out: SizeRows. Load time and memory are the server's own affair.

Prompts are words, since only llama-server takes tokens, and the figures are those that a user of this machine gets: the
network and other users of the server included.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from bunko.diagnosis.bench.records import SizeRow
from bunko.diagnosis.bench.timing import Budget, Say, figure
from bunko.errors import EngineError
from bunko.generation.chat import ChatGenerator
from bunko.ports import GenerationOptions
from bunko.types import Message

_WORDS = "the mill on the river was built by a family of bakers in the old town near the bridge and the market".split()
_ANSWER = 32
_WARM_UP_WORDS = 32
# Of the instruction and the number, and a few for the marks of the template.
_OTHER_WORDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    prompt_tokens: int
    prompt: float
    writing: float
    first_token_s: float
    answer_tokens: int


def time_server(
    generator: ChatGenerator, sizes: tuple[int, ...], *, context_tokens: int, budget: Budget, say: Say
) -> tuple[tuple[SizeRow, ...], float, list[str]]:
    """Return a row for each size, ascending, the seconds of the warm-up, and notes. Raises EngineError."""
    say("warming up")
    began = time.monotonic()
    # Servers cut text into tokens in their own ways: the warm-up shows how many a word has.
    first = _run(generator, _WARM_UP_WORDS, seed=99)
    tokens_a_word = first.prompt_tokens / (_WARM_UP_WORDS + _OTHER_WORDS)
    warm_up_s = time.monotonic() - began
    rows: list[SizeRow] = []
    notes = ["The figures include the network, and other users of the server."]
    cost_s = 2 * warm_up_s
    for size in sizes:
        if size + 2 * _ANSWER > context_tokens and rows:
            continue
        if rows:
            cost_s = size / rows[0].prompt.median + _ANSWER / rows[0].writing.median
        repeats = budget.repeats(cost_s, share=0.4)
        if not repeats and rows:
            notes.append(f"Prompts of {size:,} tokens were left out for lack of time.")
            continue
        say(f"reading about {size:,} tokens")
        words = max(4, int(size / tokens_a_word) - _OTHER_WORDS)
        runs = [_run(generator, words, seed=seed) for seed in range(max(1, repeats))]
        rows.append(_row(runs))
    return tuple(sorted(rows, key=lambda row: row.prompt_tokens)), warm_up_s, notes


def _run(generator: ChatGenerator, count: int, *, seed: int) -> _Run:
    """Time one answer to `count` words, which begin with a number: the server can't reuse another prompt's state."""
    words = random.Random(seed + 1000 * count)
    text = f"{words.randrange(10**6)} " + " ".join(words.choices(_WORDS, k=count))
    message = Message(role="user", content=f"{text}\n\nWrite a long story that begins like this.")
    began = time.perf_counter()
    first = last = 0.0
    pieces = usage = 0
    prompt_tokens = count + _OTHER_WORDS
    # A server may send several tokens as one piece, and a piece may be a token that is not shown: usage knows better.
    for piece in generator.stream([message], options=GenerationOptions(max_tokens=_ANSWER, think="off")):
        last = time.perf_counter()
        if piece.text or piece.reasoning:
            first = first or last
            pieces += 1
        if piece.usage:
            usage = piece.usage.completion_tokens
            prompt_tokens = max(1, piece.usage.prompt_tokens - piece.usage.cached_tokens)
    if not first:
        raise EngineError("The server wrote nothing.", "Check the model's name, as in URL#MODEL.")
    written = usage or pieces
    return _Run(
        prompt_tokens=prompt_tokens,
        prompt=prompt_tokens / max(1e-6, first - began),
        writing=max(1, written - 1) / max(1e-6, last - first),
        first_token_s=first - began,
        answer_tokens=written,
    )


def _row(runs: list[_Run]) -> SizeRow:
    return SizeRow(
        prompt_tokens=runs[-1].prompt_tokens,
        answer_tokens=runs[-1].answer_tokens,
        prompt=figure([run.prompt for run in runs]),
        writing=figure([run.writing for run in runs]),
        first_token_s=figure([run.first_token_s for run in runs]),
    )
