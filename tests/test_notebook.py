"""What Python users and notebooks see: texts, HTML, short errors. No document and no model can write HTML."""

from __future__ import annotations

import re
import subprocess
import sys
import traceback
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import bunko
from bunko.errors import BunkoError
from bunko.evaluation.questions import questions_from
from bunko.language_model import LanguageModel
from bunko.listings import Hits
from bunko.notebook_html import bar_html, comparison_html
from bunko.notebook_progress import NotebookBars, in_notebook
from bunko.testing import FakeGenerator
from bunko.types import Answer, Citation, Evidence, FailedFile, Finished, Message, Span, SyncReport
from tests.support import CATS, KYOTO, SHIPS, environment, make_library, write_files

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&\x1b[31m$x$"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "library", {"cats.txt": CATS, "ships.txt": SHIPS, "京都.txt": KYOTO})


class Tags(HTMLParser):
    """Collects the tags of a text, and checks that each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


SAFE = {"div", "p", "b", "br", "span", "blockquote", "details", "summary", "table", "thead", "tbody", "tr", "th", "td"}
SAFE |= {"ul", "li", "progress"}


def check(html: str) -> None:
    tags = Tags(html)
    assert tags.seen <= SAFE
    assert tags.attributes <= {"style", "value", "max"}
    assert "$" not in html
    assert "\x1b" not in html
    assert "#000" not in html
    assert "#fff" not in html
    assert "color:" not in html.replace("color:inherit", "")
    assert html.count("<table") == html.count("color:inherit")  # in pages without a doctype, too
    assert "background:" not in html.replace("background:none", "")


def hostile() -> Answer:
    item = Evidence(path=EVIL, page=2, start=0, end=3, quote=EVIL, score=1.0, heading=EVIL)
    cited = Citation(n=1, path=EVIL, start=0, end=3, quote=EVIL, sentence=EVIL, verified=True)
    return Answer(
        question=EVIL,
        text=EVIL,
        evidence=(item,),
        citations=(cited,),
        unsupported=(EVIL,),
        notes=(EVIL,),
        timings={EVIL: 5.0, "total": 5.0},
        model=EVIL,
    )


def test_an_answer_prints_as_its_text_with_its_sources(folder: Path) -> None:
    with make_library(folder) as library:
        library.sync()
        answer = library.ask("Where does the cat sleep?")
    lines = str(answer).splitlines()
    assert lines[0] == answer.text
    assert any(line.startswith("[1] cats.txt: “The cat sleeps") for line in lines)
    assert "Answer(" not in str(answer)


def test_what_was_found_nowhere_is_not_called_a_source() -> None:
    item = Evidence(path="a.txt", start=0, end=3, quote="Cat", score=1.0)
    answer = Answer(question="Q", text="Dogs bark.", evidence=(item,))
    assert "Sources" not in str(answer)
    assert "nearest" in str(answer)
    japanese = replace(answer, text="犬は吠えます。")
    assert str(japanese).splitlines()[-2:] == ["出典なし。最も近い引用:", "[1] a.txt: 「Cat」"]
    assert str(Answer(question="Q", text="Hello.")) == "Hello."


def test_the_html_of_everything_is_safe(folder: Path) -> None:
    check(hostile()._repr_html_())
    report = SyncReport(failed=(FailedFile(path=EVIL, error=EVIL, hint=EVIL),), notes=(EVIL,))
    check(report._repr_html_())
    with make_library(folder) as library:
        check(library._repr_html_())
        library.sync()
        hits = library.search("cat")
        hits[0] = replace(hits[0], chunk=replace(hits[0].chunk, text=EVIL, path=EVIL, heading=EVIL))
        check(hits._repr_html_())
        check(hits[0]._repr_html_())
        check(library.documents()._repr_html_())
        assert "cats.txt" in library.documents()._repr_html_()
        check(library._repr_html_())
        check(library.find("cat")._repr_html_())
        check(library.ask("Where does the cat sleep?").evidence[0]._repr_html_())
        cats = library.document("cats.txt")
        assert cats
        check(replace(cats, text=EVIL, path=EVIL, pages=(Span(start=0, end=9, label=EVIL),))._repr_html_())
        conversation = library.chat()
        check(conversation._repr_html_())
        conversation.ask("Where does the cat sleep?")
        assert "Where does the cat sleep?" in conversation._repr_html_()
        conversation.history = (Message(role="user", content=EVIL), Message(role="assistant", content=EVIL))
        check(conversation._repr_html_())
        several = bunko.SeveralLibraries({"a": library})
        check(several._repr_html_())
    check(Hits()._repr_html_())
    check(hostile().evidence[0]._repr_html_())
    check(bunko.open_model(EVIL)._repr_html_())
    check(bar_html(EVIL, done=3, total=2))


def test_the_words_around_an_answer_are_in_its_language() -> None:
    answer = hostile()
    assert "1 of 1 quotes support it" in answer._repr_html_()
    japanese = replace(answer, text="猫は窓辺で眠ります。")
    shown = japanese._repr_html_()
    assert "裏付けとなる引用: 1件（全1件）" in shown
    assert "2 ページ" in shown
    assert "出典にない文: 1" in shown
    for word in ("support", "page", "stage", "sentence"):
        assert f">{word}" not in shown and f" {word} " not in shown
    assert "the nearest quotes" in replace(answer, citations=())._repr_html_()


def test_a_comparison_stands_side_by_side() -> None:
    estimate = {"value": 0.5, "low": 0.1, "high": 0.9, "n": 2}
    variant = {"summary": {"right": estimate}}
    shown = comparison_html(
        {
            "title": EVIL,
            "variants": [variant | {"name": EVIL}, variant | {"name": "B"}],
            "metrics": [{"name": "right", "label": "right", "unit": "share"}],
            "questions": [
                {"question": EVIL, "results": [{"answer": EVIL, "error": None}, {"answer": "", "error": "broken"}]}
            ],
            "notes": [EVIL],
        }
    )
    check(shown)
    assert "50%" in shown
    assert "broken" in shown


def test_the_documents_are_listed_with_what_is_known_of_them(folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 no more")
    with make_library(folder) as library:
        library.sync()
        documents = library.documents()
    assert [each.path for each in documents] == ["cats.txt", "ships.txt", "京都.txt"]
    assert documents[2].language == "ja"
    assert all(each.chunks >= 1 and each.size > 0 for each in documents)


def test_errors_are_raised_at_the_door(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def frames() -> list[str]:
        with pytest.raises(BunkoError) as caught:
            bunko.open(tmp_path / "missing")
        assert not (caught.value.__cause__ and not caught.value.__suppress_context__)
        return [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]

    assert frames() == ["frames", "called"]
    monkeypatch.setenv("BUNKO_DEBUG", "1")
    assert len(frames()) > 2


def test_a_script_that_fails_prints_a_short_traceback(tmp_path: Path) -> None:
    program = f"import bunko\nwith bunko.open({str(tmp_path)!r}) as library:\n    library.sync()\n"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("File ") <= 3
    assert "During handling" not in done.stderr
    assert "direct cause" not in done.stderr


def test_a_notebook_shows_the_line_the_fault_and_the_cure(tmp_path: Path) -> None:
    try:
        bunko.open(tmp_path / "missing")
    except BunkoError as error:
        lines = error._render_traceback_()
    assert lines[0].endswith('bunko.open(tmp_path / "missing")')
    assert lines[1].startswith("LibraryNotFound: There is no folder")
    assert lines[2] == "Check the path."


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"retrieval.topk": 3}, "retrieval.top_k"),
        ({"retrieval": {"top_k": "many"}}, "whole number"),
        ({"topk": 3}, "topk"),
        (["retrieval.top_k"], "dict"),
        ("retrieval.top_k=3", "dict"),
        ({3: 4}, "3"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, settings: object, said: str) -> None:
    with pytest.raises(BunkoError, match=said):
        bunko.open(tmp_path, settings=settings)  # type: ignore[call-overload]


class Cells:
    """What a notebook shows below a cell: the present HTML of each display."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def __call__(self, picture: object, *, display_id: bool) -> Cells:
        assert display_id
        self.update(picture)
        return self

    def update(self, picture: object) -> None:
        self.shown.append(picture._repr_html_())  # type: ignore[attr-defined]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("bunko.notebook_progress.time.monotonic", lambda: now[0])
    return now


def test_a_bar_is_shown_while_something_takes_long(clock: list[float]) -> None:
    cells = Cells()
    bars = NotebookBars(cells)
    bars("reading", 0, 8_000_000)
    assert cells.shown == []
    clock[0] += 2
    bars("reading", 2_000_000, 8_000_000)
    check(cells.shown[-1])
    assert "reading: 2.0 MB of 8.0 MB, 6 s left" in cells.shown[-1]
    assert "value='0.250'" in cells.shown[-1]
    bars("reading", 2_100_000, 8_000_000)  # too soon to be seen
    assert len(cells.shown) == 1
    bars("embedding", 10, 1000)
    assert cells.shown[-1] == ""
    clock[0] += 2
    bars("embedding", 510, 1000)
    assert "embedding: 510 characters of 1,000 characters, 2 s left" in cells.shown[-1]
    bars("embedding", 1000, 1000)
    assert cells.shown[-1] == ""


def test_a_download_has_a_bar_of_its_own(clock: list[float]) -> None:
    cells = Cells()
    bars = NotebookBars(cells)
    with bars.download("a.gguf", total=None) as add:
        clock[0] += 1
        add(3_000_000)
        assert "a.gguf: 3.0 MB<" in cells.shown[-1]
        assert "value=" not in cells.shown[-1]
    with bars.download("b.gguf", total=4_000_000, done=1_000_000) as add:
        clock[0] += 1
        add(0)
        clock[0] += 1
        add(1_000_000)
        assert "b.gguf: 2.0 MB of 4.0 MB, 4 s left" in cells.shown[-1]
    assert cells.shown[-1] == ""


def test_nothing_is_shown_outside_of_a_notebook(folder: Path) -> None:
    assert not in_notebook()
    assert bunko.open(folder)._download_progress is None


def test_a_model_is_asked_without_documents() -> None:
    with LanguageModel(bunko.load_settings(), generator=FakeGenerator("A cat is an animal.")) as model:
        answer = model.complete("What is a cat?")
        assert str(answer) == answer.text == "A cat is an animal."
        assert answer.evidence == ()
        *_, end = model.stream("What is a cat?", settings={"generation.max_tokens": 5})
        assert isinstance(end, Finished)
        with pytest.raises(BunkoError, match="no documents"):
            model.stream("What is a cat?", only="cats.txt")
        chat = model.chat()
        chat.ask("What is a cat?")
        assert [turn.role for turn in chat.history] == ["user", "assistant"]


def test_questions_are_texts_or_objects() -> None:
    asked = questions_from(["Who?", {"question": "When?", "answers": ["1911"]}])
    assert [(each.id, each.text, each.answers) for each in asked] == [(1, "Who?", ()), (2, "When?", ("1911",))]


@pytest.mark.models
def test_variants_are_compared_side_by_side(folder: Path) -> None:
    compared = bunko.compare(
        folder,
        [{"question": "Where does the cat sleep?", "answers": ["window"]}, "Who sails?"],
        {"with documents": {"model": "none"}, "words": {"retrieval.mode": "lexical", "model": "none"}},
    )
    assert [variant["name"] for variant in compared.data["variants"]] == ["with documents", "words"]
    assert len(compared.data["questions"]) == 2
    assert "words" in str(compared)
    check(compared._repr_html_())
    assert "Where does the cat sleep?" in compared._repr_html_()


def test_lists_and_reports_are_printed_as_text(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"cats.txt": CATS, "broken.pdf": b"%PDF-1.4 no"})
    library = make_library(root)
    report = str(library.sync())
    assert re.match(r"1 document, 1 passage: 1 added, in \d+\.\d s\n1 file could not be read:\n  broken\.pdf: ", report)
    assert "no change" in str(library.sync())
    assert str(library.documents()) == "cats.txt, text, en, 1 passage"
    assert str(library.search("cat")).startswith("[1] cats.txt: ")
    assert str(type(library.search("cat"))()) == "No passage matches."
