import json
import math
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from training.reader.card import write_card
from training.reader.cases import Case, Found, sample
from training.reader.data import HELD_OUT_ARTICLES
from training.reader.evaluate import choose_span, rank_sentences
from training.reader.spans import MAX_SPAN_TOKENS, Reading, auc, best_span, read, refusal_f1

FIRST, SECOND = "It opened in 1871. Oil fed it.", "It closed in 1932."


def offsets(text: str) -> list[tuple[int, int]]:
    found, place = [], 0
    for word in text.split():
        place = text.index(word, place)
        found.append((place, place + len(word)))
    return found


def reading(text: str, word: str, *, relevance: float) -> Reading:
    spots = offsets(text)
    logits = np.array([6.0 if text[start:end] == word else 0.0 for start, end in spots])
    return read(logits, logits, relevance, spots)


def case(quotes: list[str]) -> Case:
    found = [
        Found(text=FIRST, share=1.0, sentences=[(0, 18), (19, 30)]),
        Found(text=SECOND, share=0.9, sentences=[(0, 18)]),
    ]
    return Case(question="When did it close?", answers=["1932"], found=found, quotes=quotes)


def test_a_span_never_ends_before_it_starts_and_is_never_too_long() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        first, last, _ = best_span(rng.normal(size=60) * 5, rng.normal(size=60) * 5)
        assert 0 <= last - first < MAX_SPAN_TOKENS


def test_the_span_is_given_in_characters_of_the_passage() -> None:
    span = reading(SECOND, "1932.", relevance=2.0).span
    assert SECOND[slice(*span)] == "1932."


def test_relevance_is_the_logarithm_of_a_probability() -> None:
    assert reading(SECOND, "1932.", relevance=0.0).relevance == pytest.approx(math.log(0.5))
    assert reading(SECOND, "1932.", relevance=-800.0).relevance == pytest.approx(-800.0)


def test_alone_the_reader_decides_and_combined_the_programs_quote_weighs_in() -> None:
    readings = [reading(FIRST, "1871.", relevance=1.0), reading(SECOND, "1932.", relevance=3.0)]
    assert choose_span(case([]), readings, by="alone") == "1932."
    assert rank_sentences(case([]), readings, by="alone")[0] == SECOND
    quoted = case([FIRST[:18]])
    assert choose_span(quoted, readings, by="combined") == "1871."
    assert rank_sentences(quoted, readings, by="combined")[0] == FIRST[:18]


def test_auc_of_equal_scores_is_a_half_and_of_nothing_is_no_number() -> None:
    assert auc([1.0, 1.0], [1.0]) == 0.5
    assert math.isnan(auc([], [1.0]))


def test_refusal_f1_counts_what_the_threshold_of_one_in_ten_refuses() -> None:
    answerable = [float(score) for score in range(10)]
    assert refusal_f1(answerable, [-1.0, 0.5, 5.0]) == pytest.approx(2 * 2 / (2 + 1 + 3))


def test_held_out_questions_come_from_held_out_articles_alone(tmp_path: Path) -> None:
    titles = ["Brenholm", *sorted(HELD_OUT_ARTICLES)]
    corpus = [{"id": str(number), "title": title, "text": title} for number, title in enumerate(titles)]
    asked = [
        {"question": f"{number}?", "answers": ["x"] if number % 2 else [], "unanswerable": not number % 2,
         "context_id": str(number % len(titles))}
        for number in range(24)
    ]  # fmt: skip
    for name, rows in (("corpus", corpus), ("queries", asked)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    rows = sample(tmp_path, answerable=5, unanswerable=3, seed=1).rows
    assert [row["unanswerable"] for row in rows] == [False] * 5 + [True] * 3
    assert "0" not in {row["context_id"] for row in rows}
    assert rows == sample(tmp_path, answerable=5, unanswerable=3, seed=1).rows


def test_the_card_hashes_the_files_beside_it(tmp_path: Path) -> None:
    for name in ("reader.onnx", "tokenizer.json"):
        (tmp_path / name).write_bytes(name.encode())
    write_card(tmp_path, figures={"exact": 0.4}, data=["SQuAD 2.0"], licence="CC-BY-SA-4.0")
    card = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    assert card["sha256"] == {name: sha256(name.encode()).hexdigest() for name in ("reader.onnx", "tokenizer.json")}
    assert {"name", "languages", "licence", "max_tokens", "sha256", "figures", "data"} == set(card)
