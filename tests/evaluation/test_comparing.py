"""Comparisons with fake engines: order, memory, pairs, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bunko.errors import ModelNotFound
from bunko.evaluation.comparing import answers_path, compare
from bunko.evaluation.questions import Question
from bunko.evaluation.records import Comparison
from bunko.evaluation.report import render
from bunko.evaluation.variants import Variant, build_variants
from bunko.library import Library
from bunko.settings import Settings
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Message
from tests.support import CATS, KYOTO, SHIPS, make_settings, write_files

QUESTIONS = [
    Question(id="both", text="Where does the cat sleep?", answers=("warm roof",), files=(("cats.txt", 1),)),
    Question(id="one", text="When did the harbour of Kobe open?", answers=("1868",), files=(("ships.txt", 1),)),
    Question(id="none", text="金閣寺はいつ建てられましたか。", answers=("1400年",)),
    Question(id="refused", text="zzzzz qqqqq?", unanswerable=True),
    Question(id="open", text="What do ships carry?"),
]


def replies(model: str) -> Callable[[Sequence[Message]], str]:
    """Model a copies its source; model b knows of cats only."""

    def reply(messages: Sequence[Message]) -> str:
        text = messages[-1].content
        if model == "b":
            return "On the warm roof." if "cat" in text else "Somewhere else."
        return text.partition("\n\n")[0].splitlines()[-1]

    return reply


class Folder:
    """Opens libraries with fakes, and watches how many models are open at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.open: list[str] = []
        self.most = 0
        self.synced = 0

    def __call__(self, settings: Settings) -> Library:
        folder = self

        class Watched(FakeGenerator):
            def context_tokens(self) -> int:
                if self.spec.name not in folder.open:
                    folder.open.append(self.spec.name)
                folder.most = max(folder.most, len(folder.open))
                return 2048

            def close(self) -> None:
                if self.spec.name in folder.open:
                    folder.open.remove(self.spec.name)

        class Closing(Library):
            def close(self) -> None:
                generator.close()
                super().close()

        generator = Watched(replies(settings.model), name=settings.model)
        return Closing(self.root, settings=settings, embedder=FakeEmbedder(), generator=generator)

    def prepare(self, library: Library) -> None:
        self.synced += 1
        library.sync()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(write_files(tmp_path / "library", {"cats.txt": CATS, "ships.txt": SHIPS, "京都.txt": KYOTO}))


def run(folder: Folder, variants: Sequence[Variant], **options: object) -> Comparison:
    options = {"title": "T", "prepare": folder.prepare} | options
    return compare(QUESTIONS, variants, open_library=folder, **options)  # type: ignore[arg-type]


def two(**values: object) -> list[Variant]:
    return build_variants(make_settings(retrieval__mode="lexical", **values), models=["a", "b"])


def test_two_models_on_the_same_questions(folder: Folder) -> None:
    comparison = run(folder, two())
    assert folder.most == 1  # one model at a time
    assert [variant["name"] for variant in comparison["variants"]] == ["a", "b"]
    (pair,) = comparison["pairs"]
    assert (pair["a"], pair["b"], pair["wins"], pair["losses"], pair["ties"]) == ("a", "b", 1, 0, 3)
    assert pair["p"] == 1.0
    rows = comparison["questions"]
    assert [row["id"] for row in rows] == ["one", "both", "none", "refused", "open"]
    assert [row["differs"] for row in rows] == [True, False, False, False, False]
    one = rows[0]["results"]
    assert [result["right"] for result in one] == [True, False]
    assert one[0]["evidence"] == one[1]["evidence"]  # the same retrieval
    assert [metric["name"] for metric in comparison["metrics"]][:2] == ["right", "right_20"]
    for variant in comparison["variants"]:
        assert set(variant["summary"]) <= {metric["name"] for metric in comparison["metrics"]}
        assert variant["summary"]["right"]["n"] == 4
        assert variant["summary"]["mrr"]["value"] == 1
        assert len(variant["times_ms"]) == 5
    assert comparison["notes"] == []
    json.dumps(comparison)


def test_the_report_takes_it(folder: Folder) -> None:
    assert render(run(folder, two())).lstrip().lower().startswith("<!doctype html>")


def test_without_documents_nothing_is_indexed(folder: Folder) -> None:
    variants = build_variants(Settings(model="a"), written_out=["A: rag=false", "B: model=b, rag=false"])
    comparison = run(folder, variants)
    assert folder.synced == 0
    assert not (folder.root / ".bunko").exists()
    assert [variant["embedder"] for variant in comparison["variants"]] == ["", ""]


def test_a_variant_that_cuts_otherwise_leaves_the_folders_index_alone(folder: Folder) -> None:
    variants = build_variants(Settings(model="a"), changes=["chunking.max_tokens=16,200"])
    run(folder, variants)
    assert folder.synced == 2
    assert not (folder.root / ".bunko" / "store").exists()


def test_every_model_is_found_before_the_first_question(folder: Folder) -> None:
    class Missing(Folder):
        def __call__(self, settings: Settings) -> Library:
            if settings.model == "b":
                return Library(self.root, settings=settings)
            return super().__call__(settings)

    missing = Missing(folder.root)
    with pytest.raises(ModelNotFound):
        run(missing, two(offline=True))
    assert missing.synced == 0


def test_answers_are_kept_and_taken_up_again(folder: Folder, tmp_path: Path) -> None:
    kept = tmp_path / "answers"
    first = run(folder, two(), answers_file=lambda variant: answers_path(kept, variant))
    assert len(list(kept.iterdir())) == 2
    again = run(folder, two(), answers_file=lambda variant: answers_path(kept, variant))
    assert again["variants"] == first["variants"]
    assert again["questions"] == first["questions"]
    warmer, cooler = (answers_path(kept, two(generation__temperature=t)[0]) for t in (1, 0))
    assert warmer != cooler


def test_a_judge_speaks_after_the_answers(folder: Folder) -> None:
    comparison = run(folder, two(), judge="b")
    summary = comparison["variants"][0]["summary"]
    assert folder.most == 1
    assert "judged" not in summary or summary["judged"]["n"] <= 3
    told = [row["results"][0]["scores"]["judged"] for row in comparison["questions"]]
    assert told.count(None) >= 2  # those without a right answer


def test_files_that_are_not_in_the_library_are_told(folder: Folder) -> None:
    questions = [Question(id=1, text="Who?", answers=("Ada",), files=(("gone.txt", 1),))]
    comparison = compare(questions, two()[:1], open_library=folder, title="T", prepare=folder.prepare)
    assert "gone.txt" in comparison["notes"][0]
