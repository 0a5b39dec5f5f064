"""Score rankings of documents. In: paths, best first, and the grade of each relevant one. Out: numbers from 0 to 1.

The definitions are those of trec_eval (Buckley, NIST): tests compare with its code. A grade of 1 or more is relevant.
Pure; knows nothing of answers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Grades = Mapping[str, int]
"""The grade of each judged document by its path; one that is missing is not relevant."""


def rank_documents(hits: Sequence[Mapping[str, Any]], grades: Grades) -> list[str]:
    """Return the paths of the hits, best first, each once; a document inside a relevant file counts as that file.

    >>> hits = [{"path": "b.txt"}, {"path": "mails.mbox#3"}, {"path": "b.txt"}]
    >>> rank_documents(hits, {"mails.mbox": 1})
    ['b.txt', 'mails.mbox']
    """
    paths = [str(hit["path"]) for hit in hits]
    files = [path.partition("#")[0] if path not in grades else path for path in paths]
    return list(dict.fromkeys(file if file in grades else path for file, path in zip(files, paths, strict=True)))


def hit_rate(ranking: Sequence[str], grades: Grades, *, k: int) -> float:
    """Return 1 if one of the first k documents is relevant: trec_eval's success_k.

    >>> hit_rate(["a", "b"], {"b": 1}, k=1), hit_rate(["a", "b"], {"b": 1}, k=5)
    (0.0, 1.0)
    """
    return float(any(_relevant(path, grades) for path in ranking[:k]))


def reciprocal_rank(ranking: Sequence[str], grades: Grades) -> float:
    """Return 1 / the rank of the first relevant document, 0 if there is none: trec_eval's recip_rank.

    >>> reciprocal_rank(["a", "b"], {"b": 1})
    0.5
    """
    return next((1 / rank for rank, path in enumerate(ranking, 1) if _relevant(path, grades)), 0.0)


def ndcg(ranking: Sequence[str], grades: Grades, *, k: int) -> float:
    """Return the normalised discounted cumulative gain of the first k documents: trec_eval's ndcg_cut_k.

    The gain of a document is its grade, discounted by log2(rank + 1) (Järvelin and Kekäläinen 2002, as trec_eval has
    it); the ideal ranking has all judged documents by falling grade.

    >>> ndcg(["a", "b"], {"a": 1, "b": 2}, k=10) < ndcg(["b", "a"], {"a": 1, "b": 2}, k=10)
    True
    """
    ideal = _gain(sorted(grades.values(), reverse=True)[:k])
    return _gain([grades.get(path, 0) for path in ranking[:k]]) / ideal if ideal else 0.0


def _gain(grades: Sequence[int]) -> float:
    return sum(max(0, grade) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def _relevant(path: str, grades: Grades) -> bool:
    return grades.get(path, 0) >= 1
