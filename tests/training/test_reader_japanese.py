import json
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from training.reader.cases import Asked, load_cases, sample_removing
from training.reader.examples import CLS, PAD, SEP
from training.reader.japanese import WINDOW, focus, held_out_titles, holds, load_japanese, without_answer
from training.reader.overlap import Overlap
from training.reader.vocabulary import UNK, choose, count_pieces, full_tokenizer, kept_in, tokenizer_text

LIGHTHOUSE = "水戸の灯台は1874年に建てられた。技師は安藤リンである。高さは41メートルである。"
HARBOUR = "水戸の港は1902年に浚渫された。大きな船が入れるようになった。"
FERRY = "連絡船は一日に二度出る。夏は便が増える。"
SPECIAL = {"bos": 0, "pad": 1, "eos": 2, "unk": 3}
# As in the base: special pieces, then pieces with scores that are higher the more frequent they are.
PIECES = [
    *((name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>")),
    *(
        (piece, -float(n))
        for n, piece in enumerate(("▁", "灯台", "は", "灯", "台", "▁light", "▁house", "house", "〜", "が"), 2)
    ),
    *((chr(code), -15.0) for code in range(ord("!"), ord("!") + 90)),
    *((chr(code), -15.5) for code in range(ord("ァ"), ord("ァ") + 60)),
    *((chr(code), -16.0) for code in range(0xAC00, 0xAC0A)),  # Hangul
    ("<mask>", 0.0),
]


def write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    """Twelve articles of one passage and 80 questions each, so that two parts are held out and some are left."""
    folder = tmp_path / "jsquad"
    titles = [f"第{number}灯台" for number in range(12)]
    texts = [
        f"{title}は{1870 + n}年に建てられた。技師は{'甲乙丙丁戊己庚辛壬癸子丑'[n]}で、高さは四十一メートルである。"
        for n, title in enumerate(titles)
    ]
    rows: list[dict[str, object]] = [{"id": f"p{n}", "title": titles[n], "text": text} for n, text in enumerate(texts)]
    write(folder / "corpus.jsonl", rows)
    asked: list[dict[str, object]] = [
        {"id": f"q{n}.{k}", "question": f"{titles[n]}はいつ建てられたか{k}。", "answers": [f"{1870 + n}年"],
         "unanswerable": False, "context_id": f"p{n}"}
        for n in range(len(titles))
        for k in range(80)
    ]  # fmt: skip
    write(folder / "queries.jsonl", asked)
    return folder


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    folder = tmp_path / "train"
    texts = {"a": LIGHTHOUSE, "b": HARBOUR, "c": FERRY}
    write(folder / "jaquad" / "corpus.jsonl", [{"id": k, "title": "水戸", "text": text} for k, text in texts.items()])
    start = LIGHTHOUSE.index("安藤リン")
    row = {"question": "水戸の灯台の技師は誰か。", "passage_id": "a", "start": start, "end": start + 4}
    write(folder / "jaquad" / "queries.jsonl", [dict(row) for _ in range(40)])
    return folder


def test_held_out_articles_are_no_question_and_no_negative(squad: Path, rows: Path) -> None:
    held = held_out_titles(squad)
    assert held["test"] and held["development"]
    assert not held["test"] & held["development"]
    questions = load_japanese(squad, rows)
    seen = " ".join(text for question in questions for text in (question.text, question.passage, *question.negatives))
    for title in held["test"] | held["development"]:
        assert title not in seen
    assert Counter(question.source for question in questions if question.span)["jsquad"] >= 80


def test_a_passage_that_repeats_a_held_out_one_is_left_out(squad: Path, rows: Path) -> None:
    held = held_out_titles(squad)["test"]
    corpus = [json.loads(line) for line in (squad / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    copied = next(row["text"] for row in corpus if row["title"] in held)
    wider = copied.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    write(rows / "jaquad" / "corpus.jsonl", [{"id": "a", "title": "別の題", "text": f"前の文。{wider}後の文。"}])
    assert {question.source for question in load_japanese(squad, rows)} == {"jsquad"}


def test_spans_are_the_answers_and_unanswered_ones_hold_none(squad: Path, rows: Path) -> None:
    mine = [question for question in load_japanese(squad, rows) if question.source == "jaquad"]
    answered = [question for question in mine if question.span]
    assert len(answered) == 40
    assert {question.passage[slice(*question.span)] for question in answered if question.span} == {"安藤リン"}
    without = [question for question in mine if question.span is None]
    assert 5 < len(without) < 35
    texts = {text for question in without for text in (question.passage, *question.negatives)}
    assert not any("安藤リン" in text for text in texts)
    # Both kinds: its own passage without the sentence, and another passage that looks like it.
    assert "水戸の灯台は1874年に建てられた。高さは41メートルである。" in texts
    assert any(HARBOUR in text for text in texts)


def test_the_sentence_of_the_answer_is_taken_out_at_either_end() -> None:
    assert without_answer("甲である。乙である。", (0, 1)) == "乙である。"
    assert without_answer("甲である。乙である", (5, 6)) == "甲である。"
    assert without_answer("甲", (0, 1)) == ""


def test_answers_are_found_whatever_their_width() -> None:
    assert holds("高さは４１（メートル）", ["41メートル"])
    assert not holds("高さは42メートル", ["41メートル"])


def test_a_long_passage_is_cut_to_where_it_is_like_the_question() -> None:
    passage = "関係のない文である。" * 40 + "灯台の技師は安藤である。" + "また別の文である。" * 40
    cut = focus(passage, "灯台の技師は誰か。")
    assert len(cut) == WINDOW
    assert "灯台の技師は安藤である。" in cut


def test_overlap_may_be_of_characters() -> None:
    overlap = Overlap([LIGHTHOUSE], split=list, run=6)
    assert overlap.touches("昔、水戸の灯台は燃えた。")
    assert not overlap.touches("水戸の灯台が燃えた。")


def test_questions_of_removed_passages_have_no_answer_in_their_article(tmp_path: Path) -> None:
    texts = [LIGHTHOUSE, HARBOUR, "灯台の技師は安藤リンだと港の記録にもある。"]
    write(tmp_path / "corpus.jsonl", [{"id": f"p{n}", "title": "水戸", "text": text} for n, text in enumerate(texts)])
    asked = [
        ("灯台はいつ建てられたか。", "1874年", "p0"),
        ("灯台の技師は誰か。", "安藤リン", "p0"),
        ("港が浚渫されたのはいつか。", "1902年", "p1"),
    ]
    rows = [
        {"id": text, "question": text, "answers": [answer], "unanswerable": False, "context_id": key}
        for text, answer, key in asked
    ]
    write(tmp_path / "queries.jsonl", [dict(row) for row in rows])
    for seed in range(5):
        found = sample_removing(tmp_path, {"水戸"}, answerable=9, unanswerable=1, seed=seed)
        gone = [row for row in found.rows if row["unanswerable"]]
        assert len(gone) == 1
        assert gone[0]["context_id"] in found.without
        assert gone[0]["answers"] == []
        assert gone[0]["question"] != "灯台の技師は誰か。"
        assert all(row["context_id"] not in found.without for row in found.rows if not row["unanswerable"])


def test_the_program_does_not_find_a_removed_passage(tmp_path: Path) -> None:
    texts = [LIGHTHOUSE, HARBOUR]
    write(tmp_path / "corpus.jsonl", [{"id": f"p{n}", "title": "水戸", "text": text} for n, text in enumerate(texts)])
    row: dict[str, object] = {"question": "水戸の灯台はいつ建てられたか。", "answers": ["1874年"]}
    kept = {}
    for name, without in (("all", frozenset[str]()), ("less", frozenset({"p0"}))):
        ask = partial(Asked, rows=[row], without=without)
        (case,) = load_cases(tmp_path, tmp_path / f"{name}.json", ask=ask)
        kept[name] = " ".join(found.text for found in case.found)
    assert "1874年" in kept["all"]
    assert "1874年" not in kept["less"]
    assert "1902年" in kept["less"]


@pytest.fixture(scope="module")
def cut() -> tuple[list[int], Tokenizer]:
    counts = count_pieces(["灯台は灯台", "light house"], full_tokenizer(PIECES, SPECIAL))
    kept = choose(PIECES, counts, special=SPECIAL)
    return kept, Tokenizer.from_str(tokenizer_text(PIECES, kept, special=SPECIAL))


def test_special_pieces_have_the_numbers_of_the_english_reader(cut: tuple[list[int], Tokenizer]) -> None:
    kept, tokenizer = cut
    assert [kept[row] for row in (PAD, UNK, CLS, SEP)] == [1, 3, 0, 2]
    pair = tokenizer.encode("灯台", "が")
    assert pair.ids[0] == CLS
    assert [n for n, token in enumerate(pair.ids) if token == SEP] == [3, 6]
    assert pair.type_ids == [0, 0, 0, 0, 1, 1, 1]
    assert tokenizer.encode("\u6f22", add_special_tokens=False).ids[-1] == UNK


def test_a_cut_vocabulary_cuts_kept_text_as_the_full_one(cut: tuple[list[int], Tokenizer]) -> None:
    kept, tokenizer = cut
    full = full_tokenizer(PIECES, SPECIAL)
    assert len(kept) == len(set(kept)) < len(PIECES)
    for text in ("灯台は", "灯台が light house", "ＡＢ　１", "light\nhouse"):
        mine, theirs = (one.encode(text, add_special_tokens=False) for one in (tokenizer, full))
        assert [kept[row] for row in mine.ids] == theirs.ids
        assert mine.offsets == theirs.offsets
    assert {PIECES[n][0] for n in range(len(PIECES))} - {PIECES[n][0] for n in kept} >= {"가", "<mask>"}


def test_rows_are_bounded_and_characters_come_first() -> None:
    kept = choose(PIECES, Counter({5: 9, 10: 9}), special=SPECIAL, rows=104)
    assert len(kept) == 104
    assert 10 not in kept  # "▁house" is no character


def test_text_is_never_cut_into_special_pieces(cut: tuple[list[int], Tokenizer]) -> None:
    found = cut[1].encode("<s></s><pad>", add_special_tokens=False).ids
    assert not {CLS, SEP, PAD} & set(found)


def test_a_cut_vocabulary_is_read_back(cut: tuple[list[int], Tokenizer]) -> None:
    text = tokenizer_text(PIECES, cut[0], special=SPECIAL)
    assert kept_in(text, PIECES, special=SPECIAL) == cut[0]


def test_wave_dashes_are_one_sign_and_offsets_are_of_the_text(cut: tuple[list[int], Tokenizer]) -> None:
    found = cut[1].encode("灯台～ 〜", add_special_tokens=False)
    assert [found.tokens[2], found.tokens[-1]] == ["〜", "〜"]
    assert found.offsets[2] == (2, 3)
