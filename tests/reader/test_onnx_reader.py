"""The reader with ONNX Runtime, on a model of a few numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bunko.reader
from bunko.errors import ModelBroken
from bunko.ports import Passage, Reading
from bunko.reader.cards import MODEL, TOKENIZER, find_card, find_cards, read_card, state_of_reader
from bunko.reader.late import LateReader
from bunko.reader.onnx import OnnxReader
from tests.reader.tiny_reader import make_reader

QUESTION = "Who built the mill ?"
TEXT = "The mill is old . It was built by Ada Lind in spring . Per Aas keeps it ."


def whole(text: str) -> Passage:
    return Passage(text=text, within=((0, len(text)),))


def read(folder: Path, *passages: Passage, question: str = QUESTION) -> list[Reading]:
    reader = OnnxReader(read_card(folder), threads=2)
    try:
        return reader.read(question, passages)
    finally:
        reader.close()


def words_of(reading: Reading, passage: Passage, n: int = 0) -> str:
    span = reading.spans[n]
    return passage.text[span.start : span.end] if span else ""


def test_the_words_are_marked_where_they_are(tmp_path: Path) -> None:
    passages = [whole(TEXT), whole("Nothing of interest .")]
    found, other = read(make_reader(tmp_path, ["Ada Lind"]), *passages)
    assert words_of(found, passages[0]) == "Ada Lind"
    span = found.spans[0]
    assert span is not None and span.probability > 0.99 and found.relevance > 0.99
    assert other.relevance < 0.01


def test_each_stretch_has_its_own_words(tmp_path: Path) -> None:
    at = TEXT.index("Per")
    passage = Passage(text=TEXT, within=((18, at), (at, len(TEXT)), (0, 0)))
    (found,) = read(make_reader(tmp_path, ["Ada Lind", "Per Aas"]), passage)
    assert [words_of(found, passage, n) for n in range(3)] == ["Ada Lind", "Per Aas", ""]
    assert found.spans[2] is None
    assert found.spans[0] is not None and 0.2 < found.spans[0].probability < 0.3  # two starts and two ends


def test_the_question_is_never_marked(tmp_path: Path) -> None:
    passage = whole("It is known to all .")
    (found,) = read(make_reader(tmp_path, ["Ada Lind"]), passage, question="Who is Ada Lind ?")
    assert words_of(found, passage) != "Ada Lind"
    span = found.spans[0]
    assert span is not None and 0 <= span.start < span.end <= len(passage.text)


def test_what_is_too_long_is_cut_at_the_end_of_the_passage(tmp_path: Path) -> None:
    folder = make_reader(tmp_path, ["Ada Lind"], max_tokens=32)
    near, far = whole(f"Ada Lind {'word ' * 200}"), whole(f"{'word ' * 200} Ada Lind")
    found, lost = read(folder, near, far, question="word " * 500)
    assert words_of(found, near) == "Ada Lind"
    assert words_of(lost, far) != "Ada Lind" and lost.relevance < 0.01


def test_of_a_long_passage_what_is_around_the_quote_is_read(tmp_path: Path) -> None:
    text = f"Ada Lind {'word ' * 60} Per Aas {'word ' * 60} Ada Lind"
    at = text.index("Per Aas")
    middle = Passage(text=text, within=((at, at + len("Per Aas")),))
    answers = ["Ada Lind", "Per Aas"]
    (near,) = read(make_reader(tmp_path / "cut", answers, max_tokens=256, card={"passage_tokens": 20}), middle)
    (all_of_it,) = read(make_reader(tmp_path / "whole", answers, max_tokens=256), middle)
    assert words_of(near, middle) == words_of(all_of_it, middle) == "Per Aas"
    assert near.spans[0] is not None and near.spans[0].probability > 0.99
    assert all_of_it.spans[0] is not None and all_of_it.spans[0].probability < 0.2  # three starts and three ends


@pytest.mark.parametrize("at", [0, 3, 31, 60])
@pytest.mark.parametrize("room", [6, 20, 300])
def test_the_quote_is_read_wherever_it_stands(tmp_path: Path, at: int, room: int) -> None:
    text = f"{'word ' * at}Ada Lind {'word ' * (60 - at)}".strip()
    start = text.index("Ada Lind")
    passage = Passage(text=text, within=((start, start + len("Ada Lind")),))
    folder = make_reader(tmp_path, ["Ada Lind"], max_tokens=128, card={"passage_tokens": room})
    (found,) = read(folder, passage)
    assert words_of(found, passage) == "Ada Lind" and found.relevance > 0.99


def test_an_answer_is_at_most_a_few_words(tmp_path: Path) -> None:
    passage = whole(f"Ada {'word ' * 30} Lind")
    (found,) = read(make_reader(tmp_path, ["Ada Lind"], max_tokens=128), passage)
    assert found.spans[0] is not None and found.spans[0].probability < 0.01


def test_an_empty_passage_has_no_words(tmp_path: Path) -> None:
    (found,) = read(make_reader(tmp_path, ["Ada Lind"]), whole(""))
    assert found.spans == (None,)


@pytest.mark.parametrize("name", [MODEL, TOKENIZER])
def test_a_file_that_the_card_does_not_name_is_not_loaded(tmp_path: Path, name: str) -> None:
    folder = make_reader(tmp_path, ["Ada Lind"])
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(ModelBroken, match="is not the file that the card of tiny reader names") as error:
        read(folder, whole(TEXT))
    assert "--set reader=none" in error.value.hint


def test_a_model_that_is_none_is_refused(tmp_path: Path) -> None:
    folder = make_reader(tmp_path, ["Ada Lind"])
    (folder / MODEL).write_bytes(b"not a model")
    hashes = json.loads((folder / "card.json").read_text())["sha256"]
    from bunko.models.cache import hash_file

    make_card = {"sha256": {**hashes, MODEL: hash_file(folder / MODEL)}}
    card = {**json.loads((folder / "card.json").read_text()), **make_card}
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelBroken, match="can't be loaded"):
        read(folder, whole(TEXT))


@pytest.mark.parametrize("card", ["", "[]", "{}", '{"name": "a"}', '{"sha256": 5}'])
def test_a_card_that_can_not_be_read_is_reported(tmp_path: Path, card: str) -> None:
    make_reader(tmp_path, ["Ada Lind"])
    (tmp_path / "card.json").write_text(card)
    with pytest.raises(ModelBroken, match=r"its card\.json can't be read"):
        find_card(str(tmp_path), "en")


def test_a_card_without_sense_is_reported(tmp_path: Path) -> None:
    make_reader(tmp_path, ["Ada Lind"], card={"max_tokens": 0})
    with pytest.raises(ModelBroken, match="a number that can't be right"):
        read_card(tmp_path)


def test_a_reader_is_found_by_language(tmp_path: Path) -> None:
    folder = make_reader(tmp_path / "mine", ["Ada Lind"], languages=["en", "de"], card={"least_confidence": 0.3})
    card = find_card(str(folder), "de")
    assert card is not None and card.spec.knows("de") and not card.spec.knows("ja")
    assert card.spec.least_confidence == 0.3
    assert find_card(str(folder), "ja") is None
    assert list(find_cards("none")) == []
    before = state_of_reader(str(folder))
    make_reader(folder, ["Ada Lind"], card={"licence": "another"})
    assert state_of_reader(str(folder)) != before
    assert state_of_reader("auto") == ""


def test_those_that_come_with_the_program_are_whole() -> None:
    shipped = Path(bunko.reader.__file__).parent / "model"
    for path in shipped.glob("*/card.json"):
        card = read_card(path.parent)
        reader = OnnxReader(card)
        passage = whole("The mill was built by Ada Lind in 1911.")
        (reading,) = reader.read("Who built the mill?", [passage])
        assert 0 <= reading.relevance <= 1
        reader.close()


def test_a_late_reader_loads_in_the_background_and_again_after_it_was_closed(tmp_path: Path) -> None:
    folder = make_reader(tmp_path, ["Ada Lind"])
    reader = LateReader(read_card(folder))
    reader.begin()
    for _ in range(2):
        (found,) = reader.read(QUESTION, [whole(TEXT)])
        assert words_of(found, whole(TEXT)) == "Ada Lind"
        reader.close()
        reader.close()


def test_a_late_reader_reports_a_damaged_file_when_it_is_asked(tmp_path: Path) -> None:
    folder = make_reader(tmp_path, ["Ada Lind"])
    reader = LateReader(read_card(folder))
    (folder / MODEL).unlink()
    reader.begin()
    with pytest.raises(ModelBroken, match="can't be read"):
        reader.read(QUESTION, [whole(TEXT)])


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_weights_name_no_place_of_the_machine_that_made_them(language: str) -> None:
    held = (Path(bunko.reader.__file__).parent / "model" / language / MODEL).read_bytes()
    assert b"site-packages" not in held
    assert b'File "/' not in held
