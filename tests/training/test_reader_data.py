import json
import random
from pathlib import Path

import pytest
from training.reader.bm25 import Bm25
from training.reader.data import HELD_OUT_ARTICLES, Question, load_questions, load_rows, load_squad, locate, read_rows
from training.reader.examples import Group, Tokens, batches, crop, pack, token_span, tokenize
from training.reader.near_misses import near_misses
from training.reader.overlap import Overlap
from training.reader.own import FILES, load_own
from training.reader.plan import Plan
from training.reader.run import parser

LIGHTHOUSE = "The lighthouse of Brenholm was built in 1871. Its lamp burned oil until 1932."
HARBOUR = "The harbour of Brenholm was dredged in 1904 so that larger ships could enter."
FERRY = "A ferry leaves Brenholm for the mainland twice a day, more often in summer."


def write(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    folder = tmp_path / "squad"
    folder.mkdir()
    texts = [("a", "Brenholm", LIGHTHOUSE), ("b", "Brenholm", HARBOUR), ("c", "Brenholm", FERRY)]
    held = [("d", title, f"{title} is an article. Brenholm has a lighthouse, too.") for title in HELD_OUT_ARTICLES]
    write(folder / "corpus.jsonl", [{"id": key, "title": title, "text": text} for key, title, text in texts + held])
    asked = [
        ("When was the lighthouse of Brenholm built?", ["1871"], "a"),
        ("Who built the lighthouse of Brenholm?", [], "a"),
        ("What is an article?", ["Brenholm"], "d"),
    ]
    rows = [
        {"id": text, "question": text, "answers": answers, "unanswerable": not answers, "context_id": key}
        for text, answers, key in asked
    ]
    write(folder / "queries.jsonl", [dict(row) for row in rows])
    return folder


def test_held_out_articles_are_no_question_and_no_negative(squad: Path) -> None:
    questions = load_squad(squad)
    assert [question.text for question in questions] == [
        "When was the lighthouse of Brenholm built?",
        "Who built the lighthouse of Brenholm?",
    ]
    texts = {text for question in questions for text in (question.passage, *question.negatives)}
    assert texts == {LIGHTHOUSE, HARBOUR, FERRY}


def test_a_question_has_its_span_and_an_unanswerable_one_none(squad: Path) -> None:
    first, second = load_squad(squad)
    assert first.span is not None
    assert first.passage[slice(*first.span)] == "1871"
    assert second.span is None


def test_a_negative_never_holds_the_answer(squad: Path) -> None:
    corpus = (squad / "corpus.jsonl").read_text(encoding="utf-8")
    extra = {"id": "e", "title": "Brenholm", "text": "The lighthouse of Brenholm dates from 1871, it is said."}
    (squad / "corpus.jsonl").write_text(corpus + "\n" + json.dumps(extra), encoding="utf-8")
    first = load_squad(squad)[0]
    assert first.negatives
    assert not any("1871" in text for text in first.negatives)


def test_rows_without_an_answer_become_negatives_of_their_question(tmp_path: Path) -> None:
    path = tmp_path / "covid-qa.jsonl"
    start = HARBOUR.index("1904")
    write(
        path,
        [
            {"question": "When was it dredged?", "passage": HARBOUR, "start": start, "end": start + 4},
            {"question": "When was it dredged?", "passage": FERRY, "start": None, "end": None},
            {"question": "How deep is it?", "passage": HARBOUR, "start": None, "end": None},
        ],
    )
    dredged, deep = load_rows(path)
    assert (dredged.span, dredged.negatives) == ((start, start + 4), (FERRY,))
    assert (deep.span, deep.passage) == (None, HARBOUR)


def test_a_folder_lacking_some_row_files_is_read(squad: Path, tmp_path: Path) -> None:
    assert len(load_questions(squad, tmp_path)) == 2


def test_an_answer_that_stands_twice_is_found_amid_the_question() -> None:
    filler = "and then nothing of note was written down by anybody in the town " * 3
    text = f"In 1871 the mill closed, {filler}. The lighthouse was built in 1871."
    span = locate(["1871"], text, "When was the lighthouse built?")
    assert span == (text.rindex("1871"), len(text) - 1)


@pytest.mark.parametrize("answers", [[], [""], ["absent"]])
def test_an_answer_that_is_not_in_the_passage_has_no_place(answers: list[str]) -> None:
    assert locate(answers, LIGHTHOUSE, "When?") is None


def test_bm25_prefers_the_rare_word() -> None:
    index = Bm25([LIGHTHOUSE, HARBOUR, FERRY])
    assert index.best("When was the harbour of Brenholm dredged?", limit=1) == [1]
    assert index.best("xylophone", limit=3) == []


def test_overlap_finds_eight_words_in_a_row_whatever_their_case() -> None:
    overlap = Overlap([LIGHTHOUSE])
    assert overlap.touches("Note: THE LIGHTHOUSE OF BRENHOLM WAS BUILT IN 1871!")
    assert not overlap.touches("The lighthouse of Brenholm was built in 1872.")


class Words:
    """A tokenizer of words, with the interface of the real one."""

    class Encoded:
        def __init__(self, text: str) -> None:
            self.ids, self.offsets, place = [], [], 0
            for word in text.split():
                place = text.index(word, place)
                self.ids.append(200 + len(word))
                self.offsets.append((place, place + len(word)))
                place += len(word)

    def encode(self, text: str, *, add_special_tokens: bool) -> "Words.Encoded":
        assert not add_special_tokens
        return self.Encoded(text)


def group(length: int, *, span: tuple[int, int] | None = None) -> Group:
    tokens = Tokens(ids=list(range(1000, 1000 + length)), span=span)
    return Group(kind=("squad2", span is not None), question=[1, 2], passage=tokens, negatives=[])


def test_tokens_of_the_answer_are_its_words() -> None:
    span = (LIGHTHOUSE.index("burned"), LIGHTHOUSE.index("oil") + 3)
    asked = Question(source="qed", text="What fed it?", passage=LIGHTHOUSE, span=span, negatives=(FERRY,))
    (made,) = tokenize([asked], Words())
    assert made.kind == ("qed", True)
    assert made.passage.span == (10, 11)
    assert [len(tokens.ids) for tokens in made.negatives] == [len(FERRY.split())]


def test_an_answer_of_no_width_has_no_tokens() -> None:
    assert token_span([(0, 3)], (3, 3)) is None


@pytest.mark.parametrize("span", [(0, 0), (5, 9), (49, 49), (10, 40)])
def test_a_crop_keeps_the_whole_answer(span: tuple[int, int]) -> None:
    tokens = group(50, span=span).passage
    for seed in range(20):
        cut = crop(tokens, 12, rng=random.Random(seed))
        assert cut.span is not None
        assert cut.ids[cut.span[0] : cut.span[1] + 1] == tokens.ids[span[0] : span[1] + 1]
        assert len(cut.ids) == max(12, span[1] - span[0] + 1)


def test_a_short_passage_is_not_cut() -> None:
    tokens = group(5).passage
    assert crop(tokens, 12, rng=random.Random(1)) is tokens


def test_batches_stay_within_their_tokens_and_lose_no_group() -> None:
    drawn = [(one, [one.passage]) for one in (group(length) for length in (5, 90, 20, 40, 7, 61))]
    packed = pack(drawn, 120)
    assert sorted(len(one.passage.ids) for batch in packed for one, _ in batch) == [5, 7, 20, 40, 61, 90]
    for batch in packed:
        longest = max(len(tokens.ids) for _, passages in batch for tokens in passages) + 5
        assert longest * len(batch) <= 120 or len(batch) == 1


def test_the_same_seed_gives_the_same_batches() -> None:
    groups = [group(20, span=(number, number)) for number in range(9)] + [group(30)]

    def first(seed: int) -> list[list[list[int]]]:
        made = next(iter(batches(groups, rng=random.Random(seed), plan=Plan(batch_tokens=100), crop_size=lambda: 10)))
        return [[tokens.ids for tokens in passages] for _, passages in made]

    assert first(3) == first(3)


def test_the_command_trains_by_the_plan_unless_told_otherwise() -> None:
    needed = ["--squad", "squad", "--rows", "rows", "--out", "out"]
    plan, options = Plan(), parser().parse_args(needed)
    given = (options.processor_minutes, options.wall_minutes, options.workers, options.seed)
    assert given == (plan.processor_minutes, plan.wall_minutes, plan.workers, plan.seed)
    assert (options.rate, options.round, options.start) == (None, "first", None)
    assert options.steps == ["train", "export", "evaluate"]
    assert parser().parse_args([*needed, "--workers", "1"]).workers == 1


@pytest.mark.parametrize("language", ["en", "ja"])
def test_our_own_questions_mark_whole_words_and_each_text_has_near_misses(language: str) -> None:
    rows = read_rows(FILES[language])
    assert len({row["title"] for row in rows}) == len(rows)
    for row in rows:
        spans = [(one["start"], one["end"]) for one in row["questions"]]
        assert any(start is None for start, _ in spans), row["title"]
        for start, end in (span for span in spans if span[0] is not None):
            assert 0 <= start < end <= len(row["text"])
            assert row["text"][start:end] == row["text"][start:end].strip()
            if language == "ja":  # words are not set apart there
                continue
            assert not (row["text"][start - 1 : start].isalnum() and row["text"][start].isalnum()), row["title"]
            assert not (row["text"][end - 1].isalnum() and row["text"][end : end + 1].isalnum()), row["title"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_negatives_of_our_own_questions_lack_the_answer(language: str) -> None:
    questions = load_own(language)
    assert len(questions) > 500
    for question in questions:
        assert question.passage not in question.negatives
        if question.span:
            assert not any(question.passage[slice(*question.span)] in text for text in question.negatives)


def test_near_misses_lose_the_sentence_of_the_answer_or_get_another_year() -> None:
    rest = "It stands on a rock of granite that the sea covers at high tide. " * 2 + "Nobody lives there since 1932."
    passage = f"The lighthouse of Brenholm was built in 1871. {rest}"
    asked = Question(source="squad2", text="What was built in 1871?", passage=passage, span=(0, 26))
    cut, swapped = near_misses([asked, Question(source="x", text="Who?", passage="No.", span=None)], seed=1)
    assert (cut.source, cut.text, cut.passage, cut.span) == ("cut", asked.text, rest, None)
    assert (swapped.source, swapped.text, swapped.passage) == ("swapped", "What was built in 1932?", passage)
    assert swapped.span is None


def test_a_question_brings_as_many_negatives_as_the_plan_draws() -> None:
    others = [Tokens(ids=[number], span=None) for number in range(5)]
    one = Group(kind=("squad2", True), question=[1], passage=Tokens(ids=[9], span=(0, 0)), negatives=others)
    plan = Plan(negatives=(0.0, 0.0, 1.0))
    made = next(iter(batches([one], rng=random.Random(1), plan=plan, crop_size=lambda: 10)))
    assert {len(passages) for _, passages in made} == {3}
    assert all(passages[0].span for _, passages in made)
