"""Rerankers: Bunko's reader, an ONNX cross-encoder, a GGUF one in the real engine; their order, budget and refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bunko.answering.reranking import Reranking
from bunko.config import load_settings
from bunko.errors import InvalidRequest, ModelBroken, ModelNotFound, SettingsError, WrongModelKind
from bunko.library import Library
from bunko.models import silent
from bunko.models.cache import hash_file
from bunko.ports import RerankerSpec
from bunko.question.question import parse_question
from bunko.reranking.by_reader import ReaderReranker
from bunko.reranking.opening import open_reranker
from bunko.reranking.pace import FIRST, MOST, Pace
from bunko.retrieval.reranking import rerank
from bunko.server.hosting.inquiry import Inquiry, settings_for
from bunko.settings import Settings, apply_overrides
from bunko.testing import FakeEmbedder, FakeGenerator, FakeReader
from bunko.types import Chunk, Hit
from tests.reader.tiny_reader import make_reader
from tests.reranking.tiny_cross_encoder import make_cross_encoder
from tests.support import make_settings, write_files
from tests.tiny_gguf import make_bert_gguf

WHO = "Who built the mill?"
FILES = {
    "mill.txt": "The mill of Varn was built, and the mill was built again. Who built the mill, nobody wrote down.",
    "notes.txt": "Ada Lind built it with her brother in one summer; the mill is said to be hers.",
    "lake.txt": "The lake freezes in January.",
}


class Fixed:
    """Judge passages by a table of words."""

    def __init__(self, scores: dict[str, float], *, weight: float = 0.0, languages: str = "en") -> None:
        self.spec = RerankerSpec(name="fixed", languages=frozenset(languages.split()), weight_of_search=weight)
        self._scores = scores
        self.read: list[str] = []

    def begin(self) -> None: ...
    def close(self) -> None: ...

    def judge(self, question: str, passages: object) -> list[float]:
        self.read = list(passages)  # type: ignore[call-overload]
        return [sum(score for word, score in self._scores.items() if word in text) for text in self.read]


def hit(name: str, score: float, *, language: str = "en") -> Hit:
    text = f"About {name}."
    return Hit(chunk=Chunk(path=f"{name}.txt", start=0, end=len(text), text=text, language=language), score=score)


def names(hits: list[Hit]) -> str:
    return "".join(hit.chunk.path[0] for hit in hits)


HITS = [hit("a", 1.0), hit("b", 0.9), hit("c", 0.5), hit("d", 0.1)]


def test_the_reranker_decides_alone_unless_the_search_has_a_weight() -> None:
    scores = {"About c": 3.0, "About b": -1.0, "About a": -2.0, "About d": 9.0}
    question = parse_question(WHO)
    assert names(rerank(question, HITS, Fixed(scores), passages=3)) == "cbad"
    assert names(rerank(question, HITS, Fixed(scores, weight=20.0), passages=4)) == "abcd"
    found = rerank(question, HITS, Fixed(scores), passages=4)
    assert [hit.score for hit in found] == [hit.score for hit in HITS]


def test_passages_in_other_languages_keep_their_places() -> None:
    mixed = [HITS[0], replace(HITS[1], chunk=replace(HITS[1].chunk, language="ja")), *HITS[2:]]
    scores = {"About d": 9.0, "About c": 5.0, "About b": 20.0}
    assert names(rerank(parse_question(WHO), mixed, Fixed(scores), passages=4)) == "dbca"
    assert names(rerank(parse_question("粉屋は誰が建てましたか。"), mixed, Fixed(scores), passages=4)) == "abcd"


def test_the_budget_is_the_number_of_passages_at_the_best_speed(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "cache" / "speeds.json")
    assert pace.passages("x", budget_s=0.4) == FIRST
    pace.note("x", passages=8, seconds=0.4)
    assert pace.passages("x", budget_s=0.5) == 10
    pace.note("x", passages=8, seconds=4.0)  # a busy moment
    assert pace.passages("x", budget_s=0.5) == 10
    assert (pace.passages("x", budget_s=0.001), pace.passages("x", budget_s=60)) == (2, MOST)
    reranker = Fixed({"About c": 1.0})
    first = Reranking.within(reranker, pace, budget_s=0.15)
    assert names(first.rerank(parse_question(WHO), HITS)) == "cabd"  # all are read, as nothing is known of it yet
    known = Pace(tmp_path / "slow.json")
    known.note("fixed", passages=8, seconds=0.4)
    Reranking.within(reranker, known, budget_s=0.1).rerank(parse_question(WHO), HITS)
    assert len(reranker.read) == 2 < len(HITS)


def test_a_cross_encoder_reads_pairs(tmp_path: Path) -> None:
    folder = make_cross_encoder(tmp_path / "model", {"Ada": 3.0, "lake": -2.0})
    with closing(open_reranker(str(folder), Settings(), progress=silent)) as reranker:
        found = reranker.judge("Who ?", ["Ada Lind", "the lake", "", "Ada " * 3000])
    assert found[:3] == [3.0, -2.0, 0.0]
    assert found[3] == pytest.approx(3.0 * 507)  # 512 tokens, less the question and three marks


def test_a_folder_that_is_no_reranker_is_refused(tmp_path: Path) -> None:
    three = make_cross_encoder(tmp_path / "three", {}, numbers=3)
    with closing(open_reranker(str(three), Settings(), progress=silent)) as wrong, pytest.raises(WrongModelKind):
        wrong.judge("Who?", ["a"])
    with pytest.raises(ModelNotFound, match=r"no model\.onnx"):
        open_reranker(str(write_files(tmp_path / "empty", {"tokenizer.json": "{}"})), Settings(), progress=silent)
    with pytest.raises(WrongModelKind, match="an embedding model, but a reranking model is needed"):
        open_reranker(str(make_bert_gguf(tmp_path / "e.gguf")), Settings(), progress=silent)


def test_the_hashes_of_a_card_are_checked(tmp_path: Path) -> None:
    folder = make_cross_encoder(tmp_path / "model", {"Ada": 3.0})
    card = {"sha256": {"model.onnx": hash_file(folder / "model.onnx")}}
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    open_reranker(str(folder), Settings(), progress=silent).close()
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelBroken, match="not the file that the folder's card"):
        open_reranker(str(folder), Settings(), progress=silent)


def test_the_engine_reranks_with_a_gguf_file(tmp_path: Path) -> None:
    model = make_bert_gguf(tmp_path / "rank.gguf", ranks=True)
    settings = apply_overrides(Settings(), {"cache_dir": str(tmp_path / "cache")})
    with closing(open_reranker(str(model), settings, progress=silent)) as reranker:
        passages = ["the cat sleeps", "ships carry tea", "the cat " * 400]
        found = reranker.judge("the cat", passages)
        again = reranker.judge("the cat", passages[::-1])
    assert len(set(found)) == 3
    assert again[::-1] == pytest.approx(found, abs=1e-4)


@contextmanager
def library(folder: Path, **settings: object) -> Iterator[Library]:
    made = Library(
        write_files(folder, FILES),
        settings=make_settings(cache_dir=str(folder.parent / "cache"), **settings),
        embedder=FakeEmbedder(),
        generator=FakeGenerator("Ada Lind"),
    )
    with made:
        made.sync()
        yield made


def test_a_library_reranks_what_it_finds(tmp_path: Path) -> None:
    model = make_cross_encoder(tmp_path / "model", {"Ada": 9.0, "lake": -9.0})
    with library(tmp_path / "docs") as own:
        before = [hit.chunk.path for hit in own.search(WHO)]
        found = own.find(WHO, settings={"retrieval.reranker": str(model)})
        asked = own.ask(WHO, settings={"retrieval.reranker": str(model)})
    assert before[0] == "mill.txt"
    assert found.hits[0].chunk.path == asked.hits[0].chunk.path == "notes.txt"
    assert found.timings["rerank"] > 0 and asked.timings["rerank"] > 0


def test_the_reader_reranks(tmp_path: Path) -> None:
    reader = make_reader(tmp_path / "reader", ["Ada Lind"])
    with library(tmp_path / "docs", reader=str(reader), retrieval__reranker="reader") as own:
        assert own.find(WHO).timings["rerank"] > 0
        assert "rerank" not in own.find("誰が粉屋を建てたか").timings  # which the reader does not know
    odds = ReaderReranker(FakeReader("Ada Lind")).judge(WHO, ["Built by Ada Lind.", "A lake."])
    assert odds[0] > 5 > 0 > odds[1]


def test_a_folder_and_a_request_choose_no_file(tmp_path: Path) -> None:
    config = write_files(tmp_path, {"config.toml": '[retrieval]\nreranker = "/models/x"\n'}) / "config.toml"
    with pytest.raises(SettingsError, match="may not set"):
        load_settings(library_config=config)
    for name in ("/models/x", "ms-marco-minilm"):
        with pytest.raises(InvalidRequest, match="can't be chosen"):
            settings_for(Inquiry(question="Q", overrides={"retrieval.reranker": name}), Settings(), most_tokens=9)
    own = apply_overrides(Settings(), {"retrieval.reranker": "/models/x"})
    for name in ("none", "reader", "/models/x"):
        chosen = settings_for(Inquiry(question="Q", overrides={"retrieval.reranker": name}), own, most_tokens=9)
        assert chosen.retrieval.reranker == name
