"""Fit the weights that estimate whether the documents answer, and show how well they do.

usage: python -m benchmarks.trust.fit [--signals FILE] [--out FILE] [--plot FILE]

In: `signals.jsonl`, a line for each question, which `benchmarks.trust.collect` makes: numbers only. Out: `trust.json`,
which the program reads, a reliability plot, and tables of each set: those that the weights are from are marked by a *.

area      the probability that an answerable question gets a higher value than an unanswerable one
f1        of refusals, where one in ten answerable questions is refused
refused   of the answerable / of the unanswerable questions, at each strictness: by the rule before, by the weights now
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bunko.answering.trust import Signals, probability_of

HERE = Path(__file__).parent
PICTURES = HERE.parents[1] / "docs" / "pictures"
TRUST = HERE.parents[1] / "src/bunko/answering/trust.json"
# The parts that the weights are fitted on; all others are for testing.
FITTED = {
    "en": ("squad2 Yuan dynasty", "clapnq half", "clapnq on squad2"),
    "ja": ("jsquad development", "jaquad on jsquad"),
}
WORDS_FITTED = {"en": ("squad2 Yuan dynasty", "squad2 Steam engine"), "ja": ("jsquad development",)}
# Of the answerable questions there, the shares that each strictness refuses: no more than the rule before did.
REFUSED = {
    "en": {"0.25": 0.002, "0.5": 0.01, "0.75": 0.15, "1": 0.5},
    "ja": {"0.25": 0.002, "0.5": 0.05, "0.75": 0.08, "1": 0.12},
}
NAMES = ("relevance", "likeness", "quote", "lacks")
READERS = {"en": "bunko-reader-en", "ja": "bunko-reader-ja"}
# From where marked words are right at least as often as the first quote, on each set.
LEAST = {"en": 0.5, "ja": 0.4}
STRICTNESS = (0.25, 0.5, 0.75, 1.0)
PENALTY = 2.0
STEPS = 60
BINS = 5
RESAMPLES = 1000

Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=Path, default=HERE / "signals.jsonl")
    parser.add_argument("--out", type=Path, default=TRUST)
    parser.add_argument("--plot", type=Path, default=PICTURES / "reliability.svg")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.signals.read_text(encoding="utf-8").splitlines()]
    refusal: dict[str, Any] = {}
    words: dict[str, Any] = {}
    figures: dict[str, Any] = {}
    for language, parts in FITTED.items():
        mine = [row for row in rows if row["language"] == language]
        fitted = [row for row in mine if row["part"] in parts]
        key = f"{language} {READERS[language]}"
        refusal[key] = fit_refusal(fitted, NAMES, refused=REFUSED[language])
        figures[key] = report(key, refusal[key], mine, parts)
        words[READERS[language]], figures[f"words {language}"] = fit_words(mine, WORDS_FITTED[language], language)
    made = {"made_by": "python -m benchmarks.trust.fit", "refusal": refusal, "words": words, "figures": figures}
    arguments.out.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    arguments.plot.write_text(plot(rows, refusal, words), encoding="utf-8")


# --- the weights --------------------------------------------------------------------------------------------------


def logistic(values: np.ndarray, answers: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the weights and the bias of a logistic regression with a small penalty, by Newton's steps."""
    mean, spread = np.average(values, axis=0, weights=weights), values.std(axis=0) + 1e-9
    table = np.c_[(values - mean) / spread, np.ones(len(values))]
    penalty = np.diag([PENALTY] * values.shape[1] + [1e-3])
    found = np.zeros(table.shape[1])
    for _ in range(STEPS):
        guess = 1 / (1 + np.exp(-table @ found))
        slope = table.T @ (weights * (guess - answers)) + penalty @ found
        found -= np.linalg.solve(table.T @ (table * (weights * guess * (1 - guess))[:, None]) + penalty, slope)
    plain = found[:-1] / spread
    return plain, float(found[-1] - plain @ mean)


def fit_refusal(rows: Sequence[Row], names: Sequence[str], *, refused: dict[str, float]) -> dict[str, Any]:
    """Return weights, bias and thresholds. Each part counts as much as the others; no name may speak the wrong way."""
    sizes: dict[str, int] = defaultdict(int)
    for row in rows:
        sizes[row["part"]] += 1
    weights = np.array([100 / sizes[row["part"]] for row in rows])
    answers = np.array([not row["unanswerable"] for row in rows], dtype=float)
    found, bias = logistic(table_of(rows, names), answers, weights)
    if "lacks" in names and found[names.index("lacks")] > 0:  # a missing name can't be support
        return fit_refusal(rows, [name for name in names if name != "lacks"], refused=refused)
    return _model(rows, dict(zip(names, found, strict=True)), bias, refused)


def _model(rows: Sequence[Row], weights: dict[str, float], bias: float, refused: dict[str, float]) -> dict[str, Any]:
    rounded = {name: round(float(value), 4) for name, value in weights.items()}
    model: dict[str, Any] = {"weights": rounded, "bias": round(bias, 4)}
    odds = [odds_of(model, row) for row in rows if not row["unanswerable"]]
    return {
        **model,
        "refused_below": {step: round(float(np.quantile(odds, share)), 4) for step, share in refused.items()},
    }


def table_of(rows: Sequence[Row], names: Sequence[str]) -> np.ndarray:
    return np.array([[signals(row).values()[name] for name in names] for row in rows])


def signals(row: Row) -> Signals:
    names = ("language", "reader", "relevance", "likeness", "quote", "lacks")
    return Signals(**{name: row[name] for name in names})


def odds_of(model: dict[str, Any], row: Row) -> float:
    values = signals(row).values()
    return float(model["bias"] + sum(weight * values[name] for name, weight in model["weights"].items()))


def fit_words(rows: Sequence[Row], parts: Sequence[str], language: str) -> tuple[dict[str, float], Any]:
    """Return the line from the logarithm of a confidence to the log odds that marked words are right; its figures.

    From answerable questions and those about other things: where a near miss is answered, refusal has failed.
    """
    marked = [row for row in rows if row["confidence"] is not None and row["judged"]]
    fitted = [row for row in marked if row["part"] in parts and not row["unanswerable"]]
    values = np.array([[math.log(max(row["confidence"], 0.001))] for row in fitted])
    right = np.array([row["right"] for row in fitted], dtype=float)
    (weight,), bias = logistic(values, right, np.ones(len(fitted)))
    least = probability_of(bias + weight * math.log(LEAST[language]))
    line = {"weight": round(float(weight), 4), "bias": round(bias, 4), "least": round(least, 4)}
    figures: dict[str, Any] = {}
    for part, mine in by_part([row for row in marked if not row["unanswerable"]]).items():
        truth = [row["right"] for row in mine]
        before = [row["confidence"] for row in mine]
        figures[starred(part, parts)] = {
            "questions": len(mine),
            "right": round(sum(truth) / len(truth), 3),
            "ECE": ece(before, truth),
            "now": ece(now(line, mine), truth),
            **marked_figures(mine, least=LEAST[language]),
        }
    print(f"\nwords of a reader, {language}: {json.dumps(figures, indent=1)}")
    return line, figures


def marked_figures(rows: Sequence[Row], *, least: float) -> dict[str, float]:
    """Return how often the answer is right: the first quote alone, and the words where they are marked."""
    marked = [row for row in rows if row["confidence"] >= least]
    return {
        "quote right": round(sum(row["quote_right"] for row in rows) / len(rows), 3),
        "marked": round(len(marked) / len(rows), 3),
        "right of those marked": round(sum(row["right"] for row in marked) / max(1, len(marked)), 3),
        "words or quote right": round(
            sum(row["right"] if row["confidence"] >= least else row["quote_right"] for row in rows) / len(rows), 3
        ),
    }


def now(line: dict[str, float], rows: Sequence[Row]) -> list[float]:
    return [probability_of(line["bias"] + line["weight"] * math.log(max(row["confidence"], 0.001))) for row in rows]


# --- the figures --------------------------------------------------------------------------------------------------


def by_part(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["part"]].append(row)
    return found


def starred(part: str, fitted: Sequence[str]) -> str:
    return f"{part} *" if part in fitted else part


def report(key: str, model: dict[str, Any], rows: Sequence[Row], fitted: Sequence[str]) -> dict[str, Any]:
    """Print a table of all parts, and return it."""
    print(f"\n{key}: {json.dumps(model)}\n| part | questions | area | f1 | refused at {STRICTNESS}: before | now |")
    print("|---" * 6 + "|")
    figures: dict[str, Any] = {}
    for part, mine in by_part(rows).items():
        ours = [odds_of(model, row) for row in mine]
        steps = [model["refused_below"][f"{step:g}"] for step in STRICTNESS]
        capped = [min(value, steps[1] - 1e-6) if row["lacks"] else value for value, row in zip(ours, mine, strict=True)]
        figures[starred(part, fitted)] = {
            "questions": f"{sum(not row['unanswerable'] for row in mine)} + {sum(row['unanswerable'] for row in mine)}",
            **areas(mine, [row["rule"] for row in mine], ours),
            "before": shares(mine, [row["rule"] for row in mine], STRICTNESS),
            "now": shares(mine, capped, steps),
        }
        print("| " + " | ".join([starred(part, fitted), *map(str, figures[starred(part, fitted)].values())]) + " |")
    return figures


def areas(rows: Sequence[Row], before: Sequence[float], ours: Sequence[float]) -> dict[str, str]:
    answerable = np.array([not row["unanswerable"] for row in rows])
    if answerable.all() or not answerable.any():
        return {"area": "", "f1": ""}
    pairs = [(np.array(values)[answerable], np.array(values)[~answerable]) for values in (before, ours)]
    random, gains = np.random.default_rng(0), []
    for _ in range(RESAMPLES):
        one, other = (random.integers(0, len(side), len(side)) for side in pairs[0])
        gains.append(area(pairs[1][0][one], pairs[1][1][other]) - area(pairs[0][0][one], pairs[0][1][other]))
    low, high = np.quantile(gains, [0.025, 0.975])
    return {
        "area": f"{area(*pairs[0]):.3f} → {area(*pairs[1]):.3f} [{low:+.3f}, {high:+.3f}]",
        "f1": f"{f1(*pairs[0]):.2f} → {f1(*pairs[1]):.2f}",
    }


def area(higher: np.ndarray, lower: np.ndarray) -> float:
    above = (higher[:, None] > lower[None]).mean() + 0.5 * (higher[:, None] == lower[None]).mean()
    return float(above)


def f1(answerable: np.ndarray, others: np.ndarray) -> float:
    least = np.quantile(answerable, 0.1)
    found, refused = int((others < least).sum()), int((answerable < least).sum() + (others < least).sum())
    return 2 * found / (refused + len(others))


def shares(rows: Sequence[Row], values: Sequence[float], steps: Sequence[float]) -> str:
    cells = []
    for step in steps:
        sides: dict[bool, list[bool]] = {False: [], True: []}
        for row, value in zip(rows, values, strict=True):
            sides[row["unanswerable"]].append(value < step)
        cells.append("/".join(f"{sum(side) / len(side):.2f}" if side else "–" for side in sides.values()))
    return " ".join(cells)


def ece(probabilities: Sequence[float], right: Sequence[bool]) -> float:
    """Return the expected calibration error, in fifths."""
    return round(sum(len(each) * abs(mean - share) for each, mean, share in bins(probabilities, right)) / len(right), 3)


def bins(probabilities: Sequence[float], right: Sequence[bool]) -> list[tuple[list[bool], float, float]]:
    found = []
    for place in range(BINS):
        mine = [(p, r) for p, r in zip(probabilities, right, strict=True) if min(BINS - 1, int(p * BINS)) == place]
        if mine:
            means = [sum(column) / len(mine) for column in zip(*mine, strict=True)]
            found.append(([r for _, r in mine], means[0], means[1]))
    return found


# --- the plot -----------------------------------------------------------------------------------------------------


def plot(rows: Sequence[Row], refusal: dict[str, Any], words: dict[str, Any]) -> str:
    """Return an SVG: of what is estimated, the share that is true, on parts that were not fitted."""
    panels = []
    for language, parts in FITTED.items():
        mine = [row for row in rows if row["language"] == language and row["part"] not in parts]
        model = refusal[f"{language} {READERS[language]}"]
        answered = [probability_of(odds_of(model, row)) for row in mine]
        panels.append((f"{language}: the documents answer", answered, [not row["unanswerable"] for row in mine]))
        unseen = [row for row in rows if row["language"] == language and row["part"] not in WORDS_FITTED[language]]
        marked = [row for row in unseen if row["confidence"] is not None and row["judged"] and not row["unanswerable"]]
        right = [row["right"] for row in marked]
        panels.append((f"{language}: marked words are right, before", [row["confidence"] for row in marked], right))
        panels.append((f"{language}: marked words are right, now", now(words[READERS[language]], marked), right))
    shown = [_panel(n, *panel) for n, panel in enumerate(panels)]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 560" font-family="sans-serif" font-size="12">\n'
        '<rect width="780" height="560" fill="white"/>\n' + "\n".join(shown) + "\n</svg>\n"
    )


def _panel(n: int, title: str, probabilities: Sequence[float], right: Sequence[bool]) -> str:
    left, top, side = 40 + 260 * (n % 3), 40 + 280 * (n // 3), 200
    dots = [
        f'<circle cx="{left + side * mean:.1f}" cy="{top + side * (1 - share):.1f}" '
        f'r="{2 + math.sqrt(len(each)) / 2:.1f}" '
        f'fill="#2a6f97" fill-opacity=".7"><title>{len(each)}: {mean:.2f} estimated, {share:.2f} true</title></circle>'
        for each, mean, share in bins(probabilities, right)
    ]
    return (
        f'<text x="{left}" y="{top - 8}">{title}; ECE {ece(probabilities, right)}, n {len(right)}</text>\n'
        f'<rect x="{left}" y="{top}" width="{side}" height="{side}" fill="none" stroke="#888"/>\n'
        f'<line x1="{left}" y1="{top + side}" x2="{left + side}" y2="{top}" stroke="#bbb"/>\n' + "\n".join(dots)
    )


if __name__ == "__main__":
    main()
