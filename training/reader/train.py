"""Train a reader on processors. In: groups of tokens. Out: its weights. Knows nothing of files of data or of export.

Single-thread worker processes update shared weights without locks (Recht et al. 2011, Hogwild), each with an optimiser
of its own. Progress is counted in processor time, so a busy machine trains as well as an idle one.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from training.reader.examples import CLS, PAD, SEP, Group, Tokens, batches
from training.reader.model import HEAD_NAMES, Reader
from training.reader.plan import Plan

HEAD_RATE = 4.0  # New heads learn faster than the layers under them.
WARM_UP = 0.05
FLOOR = 0.02
DECAY = 0.01
LOG_STEPS = 20
SAVE_STEPS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Padded tensors; `spans` and `rows` are by passage, `groups` gives for each question its rows and its target."""

    input_ids: Any
    attention_mask: Any
    token_type_ids: Any
    passage_mask: Any
    starts: Any
    ends: Any
    groups: list[tuple[list[int], int]]


def collate(items: Sequence[tuple[Group, list[Tokens]]]) -> Batch:
    """Return a batch. A group's target is 0 for none of its passages, else 1 + the place of the one that answers."""
    rows = [(group.question, passage) for group, passages in items for passage in passages]
    length = max(len(question) + len(passage.ids) + 3 for question, passage in rows)
    ids = torch.full((len(rows), length), PAD, dtype=torch.long)
    mask, kinds = torch.zeros_like(ids), torch.zeros_like(ids)
    inside = torch.zeros(len(rows), length, dtype=torch.bool)
    starts = torch.full((len(rows),), -100)
    ends = torch.full((len(rows),), -100)
    for row, (question, passage) in enumerate(rows):
        line = [CLS, *question, SEP, *passage.ids, SEP]
        first = len(question) + 2
        ids[row, : len(line)] = torch.tensor(line)
        mask[row, : len(line)] = 1
        kinds[row, first : len(line)] = 1
        inside[row, first : len(line) - 1] = True
        if passage.span is not None:
            starts[row], ends[row] = first + passage.span[0], first + passage.span[1]
    groups, row = [], 0
    for _, passages in items:
        target = next((1 + place for place, passage in enumerate(passages) if passage.span is not None), 0)
        groups.append((list(range(row, row + len(passages))), target))
        row += len(passages)
    return Batch(
        input_ids=ids,
        attention_mask=mask,
        token_type_ids=kinds,
        passage_mask=inside,
        starts=starts,
        ends=ends,
        groups=groups,
    )


def losses(reader: Any, batch: Batch) -> tuple[Any, Any, Any]:
    """Return the span loss (by question), the relevance loss and the pair loss (0 where the batch has no pair).

    Relevance is listwise: one choice among a question's passages and "none", whose logit is 0. With one passage that
    is the logistic loss, so the logit keeps its meaning when a single passage is read. The pair loss compares
    questions: each passage that answers with the best one of each question that nothing answers.
    """
    start, end, relevance = reader(batch.input_ids, batch.attention_mask, batch.token_type_ids)
    start = start.float().masked_fill(~batch.passage_mask, -1e4)
    end = end.float().masked_fill(~batch.passage_mask, -1e4)
    span = functional.cross_entropy(start, batch.starts, ignore_index=-100, reduction="sum")
    span = (span + functional.cross_entropy(end, batch.ends, ignore_index=-100, reduction="sum")) / 2
    widest = max(len(rows) for rows, _ in batch.groups)
    choices = torch.full((len(batch.groups), 1 + widest), -1e4)
    choices[:, 0] = 0.0
    for index, (rows, _) in enumerate(batch.groups):
        choices[index, 1 : 1 + len(rows)] = relevance.float()[rows]
    targets = torch.tensor([target for _, target in batch.groups])
    listwise = functional.cross_entropy(choices, targets)
    return span / len(batch.groups), listwise, pair_loss(choices, targets)


def pair_loss(choices: Any, targets: Any) -> Any:
    """Return the logistic loss of all pairs: (groups, 1 + passages) logits, the first is "none"; targets (groups,).

    It is small where answered questions have higher logits than all others, which is what the area under the curve
    counts.
    """
    answered = targets > 0
    higher = choices[answered].gather(1, targets[answered][:, None])[:, 0]
    lower = choices[~answered][:, 1:].max(1).values
    if not len(higher) or not len(lower):
        return choices.new_zeros(())
    return functional.softplus(lower[None, :] - higher[:, None]).mean()


def train(
    groups: Sequence[Group], reader: Reader, *, plan: Plan, checkpoint: Path, done: float = 0.0
) -> dict[str, float]:
    """Train the reader in place from the share `done` of the plan. Returns steps, questions and processor seconds.

    Half of the parameters, the rows of words, stay as they are: few steps hardly move them, and each step is cheaper.
    """
    reader.word.weight.requires_grad_(False)
    reader.train()
    reader.share_memory()
    counts = torch.zeros(3, dtype=torch.float64).share_memory_()
    job = Job(plan=plan, reader=reader, clock=Clock(plan, done=done), counts=counts, checkpoint=checkpoint)
    context = torch.multiprocessing.get_context("fork")
    workers = [context.Process(target=_work, args=(number, job, groups)) for number in range(plan.workers)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("A training worker failed; its message stands above.")
    torch.save(reader.state_dict(), checkpoint)
    steps, questions, seconds = counts.tolist()
    return {"steps": steps, "questions": questions, "processor_seconds": round(seconds)}


def optimizer(reader: Reader, plan: Plan) -> Any:
    """Return AdamW with weight decay on matrices only and a higher rate for the heads."""
    named = [(name, value) for name, value in reader.named_parameters() if value.requires_grad]
    heads = [value for name, value in named if name.split(".")[0] in HEAD_NAMES]
    others = [value for name, value in named if name.split(".")[0] not in HEAD_NAMES]
    return torch.optim.AdamW(
        [
            {"params": [value for value in others if value.ndim >= 2], "weight_decay": DECAY, "factor": 1.0},
            {"params": [value for value in others if value.ndim < 2], "weight_decay": 0.0, "factor": 1.0},
            {"params": heads, "weight_decay": 0.0, "factor": HEAD_RATE},
        ],
        lr=plan.rate,
        betas=(0.9, 0.98),
        fused=True,
    )


def has_fast_bfloat16() -> bool:
    """Return whether this processor multiplies bfloat16 matrices in hardware; others take 40 times as long."""
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def load_progress(reader: Reader, checkpoint: Path) -> float:
    """Load the weights that an interrupted training left, and return the share of its plan that it had done."""
    part = checkpoint.with_suffix(".part")
    if not part.exists():
        return 0.0
    kept = torch.load(part)
    reader.load_state_dict(kept["weights"])
    return float(kept["done"])


def save_progress(reader: Reader, checkpoint: Path, *, done: float) -> None:
    """Keep the weights so far beside the checkpoint; an interruption while writing leaves the earlier ones."""
    written = checkpoint.with_suffix(".new")
    torch.save({"weights": reader.state_dict(), "done": done}, written)
    written.replace(checkpoint.with_suffix(".part"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the workers share. `counts` adds up their steps, questions and processor seconds."""

    plan: Plan
    reader: Reader
    clock: "Clock"
    counts: Any
    checkpoint: Path


class Clock:
    """The share of a plan that is done, 0 to 1, by a worker's processor time or by the time on the wall."""

    def __init__(self, plan: Plan, *, done: float) -> None:
        self._plan, self._done = plan, done
        self._wall, self._processor = time.monotonic(), 0.0

    def start_worker(self) -> None:
        """Count processor time from here: each worker calls this once."""
        self._processor = time.process_time()

    def read(self) -> float:
        """Return the share that is done, counted from what an earlier run had done."""
        budget = self._plan.processor_minutes * 60 / self._plan.workers
        used = (time.process_time() - self._processor) / budget
        return max(self._done + used, (time.monotonic() - self._wall) / (self._plan.wall_minutes * 60))


def _work(number: int, job: Job, groups: Sequence[Group]) -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    job.clock.start_worker()
    began, first = time.process_time(), job.clock.read()
    plan, reader = job.plan, job.reader
    rng = random.Random(f"{plan.seed} {number} {first}")

    def crop_size() -> int:
        return plan.short_crop if job.clock.read() < plan.short_share else plan.long_crop

    adam, seen = optimizer(reader, plan), []
    drawn = batches(groups, rng=rng, plan=plan, crop_size=crop_size)
    for steps, items in enumerate(drawn, 1):
        done = job.clock.read()
        if done >= 1:
            break
        set_rate(adam, plan, done=done, here=done - first)
        seen.append(step(reader, adam, items, pair_weight=plan.pair_weight))
        job.counts.add_(torch.tensor([1, len(items), 0]))
        if steps % LOG_STEPS == 0:
            means = [sum(values) / LOG_STEPS for values in zip(*seen[-LOG_STEPS:], strict=True)]
            text = f"worker {number}, step {steps}, {done:.0%}: "
            text += "span {:.3f}, relevance {:.3f}, pairs {:.3f}".format(*means)
            print(text, f"({int(job.counts[1])} questions)", flush=True)
        if number == 0 and steps % SAVE_STEPS == 0:
            save_progress(reader, job.checkpoint, done=done)
    job.counts[2] += time.process_time() - began


def set_rate(adam: Any, plan: Plan, *, done: float, here: float) -> None:
    """Set the rates: they rise over the first `WARM_UP` of this run and fall in a line to the plan's end."""
    rate = plan.rate * min(1.0, here / WARM_UP + FLOOR) * max(FLOOR, 1 - done)
    for part in adam.param_groups:
        part["lr"] = rate * part["factor"]


def step(
    reader: Reader, adam: Any, items: Sequence[tuple[Group, list[Tokens]]], *, pair_weight: float = 0.0
) -> tuple[float, float, float]:
    """Make one update, and return the losses before it: span, relevance, pairs."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=has_fast_bfloat16()):
        span, relevance, pairs = losses(reader, collate(items))
    (span + relevance + pair_weight * pairs).backward()
    torch.nn.utils.clip_grad_norm_([value for value in reader.parameters() if value.requires_grad], 1.0)
    adam.step()
    adam.zero_grad()
    return span.item(), relevance.item(), pairs.item()
