"""Figures of retrieval. In: which documents were found, which are right. Out: a value for each question and figure.

Computed by trec_eval's own code (pytrec-eval-terrier), an optional package. Knows nothing of answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bunko.errors import MissingExtra

# Our name -> trec_eval's.
_MEASURES = {"hit_1": "success_1", "hit_5": "success_5", "mrr": "recip_rank", "ndcg_10": "ndcg_cut_10"}
_ASKED_FOR = {"success.1,5", "recip_rank", "ndcg_cut.10"}
NAMES = tuple(_MEASURES)


def rank_documents(hits: Sequence[Mapping[str, Any]], right: Mapping[str, int]) -> list[str]:
    """Return the paths of the hits, best first, each once; a document within a right file counts as that file.

    >>> hits = [{"path": "b.txt"}, {"path": "mails.mbox#3"}, {"path": "b.txt"}]
    >>> rank_documents(hits, {"mails.mbox": 1})
    ['b.txt', 'mails.mbox']
    """
    paths = [str(hit["path"]) for hit in hits]
    files = [path.partition("#")[0] if path not in right else path for path in paths]
    return list(dict.fromkeys(file if file in right else path for file, path in zip(files, paths, strict=True)))


def check_installed() -> None:
    """Raise MissingExtra if the package that computes the figures is not there."""
    try:
        import pytrec_eval  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            "Hit rates, MRR and nDCG need the package pytrec-eval-terrier.", 'Install it: pip install "bunko[eval]"'
        ) from error


def score_rankings(
    rankings: Mapping[str, Sequence[str]], right: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, float]]:
    """Return, for each question, hit_1, hit_5, mrr and ndcg_10 of its documents, best first. Raises MissingExtra.

    `right` has the grade of each right document. A question for which nothing was found scores 0.
    """
    check_installed()
    import pytrec_eval

    # trec_eval sorts by score; ours only have to fall.
    run = {name: {path: 1 / rank for rank, path in enumerate(paths, 1)} for name, paths in rankings.items()}
    grades = {name: dict(right[name]) for name in run}
    found = pytrec_eval.RelevanceEvaluator(grades, _ASKED_FOR).evaluate(run)
    nothing = dict.fromkeys(_MEASURES.values(), 0.0)
    return {name: {ours: float(found.get(name, nothing)[theirs]) for ours, theirs in _MEASURES.items()} for name in run}
