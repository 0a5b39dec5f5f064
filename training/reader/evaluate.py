"""Measure a reader on held-out questions. In: an ONNX file and cases. Out: figures. Knows nothing of training.

"alone" uses the reader's own scores; "combined" adds the program's ranking and its quotes.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime
from tokenizers import Tokenizer
from training.reader.cases import Case
from training.reader.examples import CLS, QUESTION_TOKENS, SEP
from training.reader.spans import RANK_WEIGHT, Reading, auc, quote_bonus, rank_score, read, refusal_f1

PASSAGE_TOKENS = 300
PASSAGES = 3

Figures = dict[str, float]
By = Literal["alone", "combined"]


class OnnxReader:
    """A reader on one thread of onnxruntime."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))

    def read(self, question: str, passage: str) -> Reading:
        """Return what the reader says of one passage; words after the 300th token are not read."""
        asked = self._tokenizer.encode(question, add_special_tokens=False).ids[:QUESTION_TOKENS]
        encoded = self._tokenizer.encode(passage, add_special_tokens=False)
        ids = encoded.ids[:PASSAGE_TOKENS]
        line = [CLS, *asked, SEP, *ids, SEP]
        first = len(asked) + 2
        inputs = {
            "input_ids": np.array([line], dtype=np.int64),
            "attention_mask": np.ones((1, len(line)), dtype=np.int64),
            "token_type_ids": np.array([[0] * first + [1] * (len(line) - first)], dtype=np.int64),
        }
        start, end, relevance = self._session.run(["start", "end", "relevance"], inputs)
        inside = slice(first, len(line) - 1)
        logits = start[0, inside].astype(np.float64), end[0, inside].astype(np.float64)
        return read(*logits, float(relevance[0]), encoded.offsets[:PASSAGE_TOKENS])


def measure(reader: OnnxReader, cases: Sequence[Case]) -> dict[str, Figures | float]:
    """Return the figures by name: shares of 1, and processor milliseconds a question."""
    began = time.process_time()
    readings = [[reader.read(case.question, found.text) for found in case.found[:PASSAGES]] for case in cases]
    seconds = time.process_time() - began
    answerable = [(case, mine) for case, mine in zip(cases, readings, strict=True) if case.answers and mine]
    scores = {
        given: [max(reading.relevance for reading in mine) for case, mine in zip(cases, readings, strict=True)
                if mine and bool(case.answers) is given]
        for given in (True, False)
    }  # fmt: skip
    return {
        "questions": len(answerable),
        "alone": _figures(answerable, by="alone"),
        "combined": _figures(answerable, by="combined"),
        "unanswerable": {
            "questions": len(scores[False]),
            "relevance AUC": round(auc(scores[True], scores[False]), 3),
            "F1 where one in ten answerable ones is refused": round(refusal_f1(scores[True], scores[False]), 3),
        },
        "processor ms a question": round(1000 * seconds / max(1, len(cases))),
    }


def _figures(answerable: Sequence[tuple[Case, list[Reading]]], *, by: By) -> Figures:
    from bunko.evaluation.metrics import begins_right, best_exact_match, best_f1, holds_any

    names = ("right within 20 words", "F1", "exact", "gold in the first sentence", "gold in the first two")
    sums = dict.fromkeys(names, 0.0)
    for case, readings in answerable:
        answer = choose_span(case, readings, by=by)
        ranked = rank_sentences(case, readings, by=by)
        given: dict[str, Any] = {"question": case.question}
        values = (
            begins_right(answer, case.answers, **given),
            best_f1(answer, case.answers, **given),
            best_exact_match(answer, case.answers, **given),
            holds_any(ranked[:1], case.answers, **given),
            holds_any(ranked[:2], case.answers, **given),
        )
        for name, value in zip(names, values, strict=True):
            sums[name] += value
    return {name: round(value / max(1, len(answerable)), 3) for name, value in sums.items()}


def choose_span(case: Case, readings: Sequence[Reading], *, by: By) -> str:
    """Return the text of the best span of all passages."""
    best, answer = -np.inf, ""
    for found, reading in zip(case.found[:PASSAGES], readings, strict=True):
        around = [found.text[start:end] for start, end in found.sentences if start <= reading.span[0] < end]
        score = rank_score(reading, share=found.share, weight=_weight(by)) + reading.span_score
        score += max((quote_bonus(text, case.quotes, used=by == "combined") for text in around), default=0.0)
        if score > best:
            best, answer = score, found.text[reading.span[0] : reading.span[1]]
    return answer


def rank_sentences(case: Case, readings: Sequence[Reading], *, by: By) -> list[str]:
    """Return the sentences of all passages, the likeliest to hold the answer first."""
    scored: dict[str, float] = {}
    for found, reading in zip(case.found[:PASSAGES], readings, strict=True):
        passage = rank_score(reading, share=found.share, weight=_weight(by))
        for start, end in found.sentences:
            text = found.text[start:end]
            score = passage + reading.sentence_score((start, end))
            score += quote_bonus(text, case.quotes, used=by == "combined")
            scored[text] = max(score, scored.get(text, -np.inf))
    return sorted(scored, key=lambda text: -scored[text])


def _weight(by: By) -> float:
    return RANK_WEIGHT if by == "combined" else 0.0
