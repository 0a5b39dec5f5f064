"""What the SQuAD 2.0 evaluation computes, written anew from its published definition, to hold ours to.

Answers are lower-cased; then every character of ASCII punctuation is removed; then the words "a", "an" and "the"; then
white space is folded. Exact is the equality of what is left. F1 is that of the bags of white-space tokens; where one of
the two has no token, it is 1 if both have none and 0 otherwise. Each is the greatest over the gold answers.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable


def tokens(text: str) -> list[str]:
    kept = [character for character in text.lower() if character not in string.punctuation]
    return re.sub(r"\b(?:a|an|the)\b", " ", "".join(kept), flags=re.UNICODE).split()


def exact(answer: str, golds: Iterable[str]) -> int:
    return int(any(" ".join(tokens(answer)) == " ".join(tokens(gold)) for gold in golds))


def f1(answer: str, golds: Iterable[str]) -> float:
    return max(_f1(tokens(answer), tokens(gold)) for gold in golds)


def _f1(said: list[str], wanted: list[str]) -> float:
    if not said or not wanted:
        return float(said == wanted)
    left = list(wanted)
    same = 0
    for token in said:
        if token in left:
            left.remove(token)
            same += 1
    if same == 0:
        return 0.0
    precision, recall = same / len(said), same / len(wanted)
    return 2 * precision * recall / (precision + recall)
