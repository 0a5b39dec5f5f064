"""Scores of rankings: known values, and agreement with trec_eval's own code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.evaluation.ranking import hit_rate, ndcg, rank_documents, reciprocal_rank

_PATHS = [f"{n}.txt" for n in range(14)]
_RANKINGS = st.lists(st.sampled_from(_PATHS), unique=True)
_GRADES = st.dictionaries(st.sampled_from(_PATHS), st.integers(0, 4), min_size=1)


def scores(ranking: list[str], grades: dict[str, int]) -> dict[str, float]:
    return {
        "success_1": hit_rate(ranking, grades, k=1),
        "success_5": hit_rate(ranking, grades, k=5),
        "recip_rank": reciprocal_rank(ranking, grades),
        "ndcg_cut_10": ndcg(ranking, grades, k=10),
    }


@given(_RANKINGS, _GRADES)
def test_scores_are_those_of_trec_eval(ranking: list[str], grades: dict[str, int]) -> None:
    oracle = pytest.importorskip("pytrec_eval")
    # trec_eval sorts by score, so the scores must fall.
    run = {"q": {path: 1 / rank for rank, path in enumerate(ranking, 1)}}
    measures = {"success.1,5", "recip_rank", "ndcg_cut.10"}
    expected = oracle.RelevanceEvaluator({"q": grades}, measures).evaluate(run).get("q", {})
    assert scores(ranking, grades) == pytest.approx({name: expected.get(name, 0.0) for name in scores([], {})})


def test_known_values() -> None:
    found = scores(["x", "a", "y", "z", "w", "b"], {"a": 1, "b": 1})
    # Discounted gain 1/log2(3) + 1/log2(7), of the ideal 1 + 1/log2(3).
    assert found == pytest.approx({"success_1": 0, "success_5": 1, "recip_rank": 0.5, "ndcg_cut_10": 0.60527}, abs=1e-4)


@pytest.mark.parametrize(("ranking", "grades"), [([], {"a": 1}), (["a"], {}), (["a"], {"a": 0})])
def test_nothing_relevant_scores_0(ranking: list[str], grades: dict[str, int]) -> None:
    assert set(scores(ranking, grades).values()) == {0}


def test_many_documents_keep_their_order() -> None:
    paths = [f"{n:03}.txt" for n in range(60)]
    assert reciprocal_rank(paths, {paths[40]: 1}) == pytest.approx(1 / 41)
    assert rank_documents([{"path": path} for path in paths * 2], {}) == paths
