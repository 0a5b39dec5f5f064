"""Turn questions into padded token batches. In: questions. Out: groups of token lists. Knows nothing of torch.

A group is one question with its passages. A passage longer than the crop is cut around its answer, at random.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from training.reader.data import Question
from training.reader.plan import Plan

CLS, SEP, PAD = 101, 102, 0
QUESTION_TOKENS = 32
ANSWER_TOKENS = 40
DRAWN = 96  # Groups that are sorted by length at a time, so that a batch has little padding.
# How often a group comes from each source, in parts of those that a language has. SQuAD has the only unanswerable
# questions of the first round that are hard on purpose.
FIRST_SHARES = {
    ("squad2", True): 0.36,
    ("squad2", False): 0.20,
    ("qed", True): 0.24,
    ("qamr", True): 0.11,
    ("fairytale-qa", True): 0.04,
    ("covid-qa", True): 0.05,
    ("jaquad", True): 0.54,
    ("jaquad", False): 0.18,
    ("jsquad", True): 0.21,
    ("jsquad", False): 0.07,
}
SECOND_SHARES = {
    ("squad2", True): 0.27,
    ("squad2", False): 0.27,
    ("qed", True): 0.14,
    ("qamr", True): 0.05,
    ("fairytale-qa", True): 0.03,
    ("covid-qa", True): 0.03,
    ("own", True): 0.10,
    ("own", False): 0.05,
    ("cut", False): 0.04,
    ("swapped", False): 0.02,
    ("jaquad", True): 0.40,
    ("jaquad", False): 0.20,
    ("jsquad", True): 0.15,
    ("jsquad", False): 0.07,
}
SHARES = {"first": FIRST_SHARES, "second": SECOND_SHARES}

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A passage as tokens; `span`: the first and last token of the answer, or None."""

    ids: list[int]
    span: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A question with its passages as tokens. At most one passage, the first, has a span."""

    kind: tuple[str, bool]
    question: list[int]
    passage: Tokens
    negatives: list[Tokens]


def tokenize(questions: Sequence[Question], tokenizer: Any) -> list[Group]:
    """Return the groups of the questions, less those whose answer is too long to be one."""
    groups = []
    known: dict[str, Any] = {}

    def encode(text: str) -> Any:
        if text not in known:
            known[text] = tokenizer.encode(text, add_special_tokens=False)
        return known[text]

    for question in questions:
        passage = encode(question.passage)
        span = None
        if question.span is not None:
            span = token_span(passage.offsets, question.span)
            if span is None or span[1] - span[0] >= ANSWER_TOKENS:
                continue
        groups.append(
            Group(
                kind=(question.source, span is not None),
                question=encode(question.text).ids[:QUESTION_TOKENS],
                passage=Tokens(ids=passage.ids, span=span),
                negatives=[Tokens(ids=encode(text).ids, span=None) for text in question.negatives],
            )
        )
    return groups


def token_span(offsets: Sequence[Span], characters: Span) -> Span | None:
    """Return the first and last token that touch the characters.

    >>> token_span([(0, 3), (4, 8), (8, 9)], (4, 9))
    (1, 2)
    """
    touched = [index for index, (start, end) in enumerate(offsets) if start < characters[1] and end > characters[0]]
    return (touched[0], touched[-1]) if touched else None


def crop(tokens: Tokens, size: int, *, rng: random.Random) -> Tokens:
    """Return at most `size` tokens, with the whole answer where there is one, at a random place."""
    length = len(tokens.ids)
    if length <= size:
        return tokens
    if tokens.span is None:
        start = rng.randint(0, length - size)
        return Tokens(ids=tokens.ids[start : start + size], span=None)
    first, last = tokens.span
    size = max(size, last - first + 1)
    start = rng.randint(max(0, last - size + 1), min(first, length - size))
    return Tokens(ids=tokens.ids[start : start + size], span=(first - start, last - start))


def batches(
    groups: Sequence[Group], *, rng: random.Random, plan: Plan, crop_size: Callable[[], int]
) -> Iterator[list[tuple[Group, list[Tokens]]]]:
    """Yield batches for ever, each of about `plan.batch_tokens` with padding. `crop_size` is asked for every draw."""
    shares = SHARES[plan.shares]
    pools: dict[tuple[str, bool], list[Group]] = defaultdict(list)
    for group in groups:
        pools[group.kind].append(group)
    kinds = [kind for kind in shares if pools[kind]]
    waiting: dict[tuple[str, bool], list[Group]] = {kind: [] for kind in kinds}
    while True:
        size, drawn = crop_size(), []
        for kind in rng.choices(kinds, [shares[kind] for kind in kinds], k=DRAWN):
            if not waiting[kind]:
                waiting[kind] = rng.sample(pools[kind], len(pools[kind]))
            drawn.append(_with_passages(waiting[kind].pop(), size, rng=rng, negatives=plan.negatives))
        packed = pack(drawn, plan.batch_tokens)
        rng.shuffle(packed)
        yield from packed


def _with_passages(
    group: Group, size: int, *, rng: random.Random, negatives: Sequence[float]
) -> tuple[Group, list[Tokens]]:
    (wanted,) = rng.choices(range(len(negatives)), negatives)
    passages = [group.passage, *rng.sample(group.negatives, min(wanted, len(group.negatives)))]
    return group, [crop(passage, size, rng=rng) for passage in passages]


def pack(drawn: list[tuple[Group, list[Tokens]]], tokens: int) -> list[list[tuple[Group, list[Tokens]]]]:
    """Return the groups in batches of similar length, each at most `tokens` tokens with padding, or one group."""

    def length(item: tuple[Group, list[Tokens]]) -> int:
        return len(item[0].question) + max(len(passage.ids) for passage in item[1]) + 3

    packed: list[list[tuple[Group, list[Tokens]]]] = []
    batch: list[tuple[Group, list[Tokens]]] = []
    rows = 0
    for item in sorted(drawn, key=length):
        if batch and length(item) * (rows + len(item[1])) > tokens:
            packed.append(batch)
            batch, rows = [], 0
        batch.append(item)
        rows += len(item[1])
    return [*packed, batch] if batch else packed
