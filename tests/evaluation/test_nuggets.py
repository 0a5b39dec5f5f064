"""Nuggets: which are found in a context and in an answer, in both languages, and what that makes of `eval`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.errors import QuestionError
from bunko.evaluation.comparing import compare
from bunko.evaluation.context import texts_read
from bunko.evaluation.evaluating import PAIRED, score, summarise
from bunko.evaluation.nuggets import (
    Nugget,
    SearchedText,
    folded,
    holds_string,
    in_answer,
    in_context,
    stands_in,
    tokens,
)
from bunko.evaluation.questions import Question, read_questions
from bunko.evaluation.records import Comparison
from bunko.evaluation.screen import on_screen
from bunko.evaluation.tables import as_markdown
from bunko.evaluation.variants import build_variants
from bunko.language.wrapping import wrapped
from bunko.library import Library
from bunko.testing import FakeGenerator
from tests.conftest import Cli
from tests.support import REPOSITORY, make_library, make_settings, write_files

QUOTE = "In 1951 the wheel was taken away to make room for a turbine, which ran until 1968."
EXAMPLE = REPOSITORY / "examples" / "questions" / "open-questions.jsonl"


def text(*words: str) -> SearchedText:
    return SearchedText(" ".join(words))


# --- the rule for quotes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "found"),
    [
        (QUOTE, True),
        ("They took the wheel away in 1951, to make room for a turbine.", True),  # 11 of its 17 words
        ("The wheel was taken away in 1951.", False),  # 7 of 17
        ("The mill has a wheel and a turbine.", False),
        (QUOTE.upper(), True),
        ("", False),
    ],
)
def test_a_quote_stands_where_most_of_its_words_are(context: str, found: bool) -> None:
    assert stands_in(QUOTE, SearchedText(context)) is found


def test_the_words_must_be_near_each_other() -> None:
    near = "mill " + "x " * 4 + "built " + "x " * 4 + "1803"
    far = "mill " + "x " * 5 + "built " + "x " * 5 + "1803"
    assert stands_in("mill built 1803 stone", SearchedText(near))
    assert not stands_in("mill built 1803 stone", SearchedText(far))  # two of four within twelve


def test_japanese_is_compared_by_characters_without_hiragana() -> None:
    quote = "水車小屋は1803年に村の大工によって建てられた。"
    assert stands_in(quote, SearchedText("村の大工が水車小屋を建てたのは１８０３年のことである。"))
    assert not stands_in(quote, SearchedText("祭りは村の人によって行われ、皆に親しまれてきたということである。"))
    assert tokens("水車1803年") == ["水", "車", "1803", "年"]
    assert stands_in("さくらんぼ", SearchedText("この村のさくらんぼはおいしい。"))  # nothing but hiragana


def test_no_quote_is_put_together_from_two_documents() -> None:
    nugget = Nugget(fact="f", quote="The mill closed in 1968.")
    assert in_context(nugget, [SearchedText("The mill closed early in the year.")])
    halves = ["The mill stands.", "It closed in 1968 at night, say some."]
    assert not in_context(nugget, [SearchedText("The mill stands."), SearchedText("Nobody came in 1968.")])
    assert in_context(nugget, [SearchedText(" ".join(halves))])


@given(st.text(alphabet="ab cd水の車。1", max_size=40), st.text(alphabet="ab cd水の車。1", max_size=40))
def test_laws_of_the_window(quote: str, context: str) -> None:
    has_tokens = bool(tokens(quote))
    assert stands_in(quote, SearchedText(quote)) is has_tokens
    if stands_in(quote, SearchedText(context)):
        assert stands_in(quote, SearchedText(f"{context} 終 end {context}"))  # more text never loses it
        assert stands_in(quote.upper(), SearchedText(context))


def test_a_long_context_takes_no_long() -> None:
    context = SearchedText("the wheel of the mill and a turbine in 1951 for " * 2000)
    begin = time.process_time()
    for n in range(20):
        stands_in(f"{QUOTE} {n} never zzzz yyyy xxxx wwww vvvv uuuu tttt ssss rrrr qqqq pppp oooo", context)
    assert time.process_time() - begin < 5  # quadratic: minutes


# --- the rule for strings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "string", "found"),
    [
        ("Sanctions were agreed.", "sanction", True),
        ("The embankment broke.", "bank", False),
        ("It has Ｎａｔｏ troops.", "NATO", True),
        ("They are militarily non‑aligned", "non-align", True),
        ("It pays 2000 a month", "2,000", True),
        ("It pays 2,000 a month", "2000", True),
        ("In 2015, not before", "15", False),
        ("It is 186.8%", "86.8", False),
        ("It is 86.8%.", "86.8", True),
        ("It is 86.85", "86.8", False),
        ("oil\n  embargo", "oil embargo", True),
        ("ウクライナの国境で", "国境", True),
        ("日本のＮＡＴＯ加盟", "nato", True),
        ("1２年", "2年", False),
        ("anything", " ", False),
        ("It is 49 % (of all)", "49 %", True),
        ("a.b", "axb", False),
    ],
)
def test_a_string_is_found_as_people_read_it(answer: str, string: str, found: bool) -> None:
    assert holds_string(SearchedText(answer), string) is found


@given(st.text(max_size=30))
def test_folding_is_done_once(anything: str) -> None:
    assert folded(folded(anything)) == folded(anything) or "," in anything


def test_an_answer_states_a_nugget_by_string_quote_or_fact() -> None:
    by_string = Nugget(fact="The wheel is gone.", quote=QUOTE, strings=("1951", "no wheel"))
    assert in_answer(by_string, text("It has no wheel."))
    assert not in_answer(by_string, text("The wheel was taken away to make room for a turbine, which ran."))
    assert in_answer(Nugget(fact="The wheel is gone.", quote=QUOTE), text("The wheel has gone."))
    assert in_answer(Nugget(fact="f", quote=QUOTE), SearchedText(QUOTE))
    without_quote = Nugget(fact="f", strings=("1951",))
    assert in_context(without_quote, [text("In 1951.")]) and not in_context(without_quote, [text("In 1952.")])
    assert in_context(Nugget(fact="The mill closed."), [text("The old mill closed.")])


# --- question files --------------------------------------------------------------------------------------------------


def read(tmp_path: Path, *rows: object) -> list[Question]:
    file = tmp_path / "q.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return read_questions(file)


def test_nuggets_are_strings_or_objects(tmp_path: Path) -> None:
    nuggets = [
        "It is old. ",
        {"fact": "f", "quote": "q", "strings": ["a", "b"], "vital": False, "file": "x.txt"},
        {"quote": "q", "must": ["c"]},
        {"fact": "f", "strings": "one"},
    ]
    (question,) = read(tmp_path, {"question": "Why?", "nuggets": nuggets})
    assert question.nuggets == (
        Nugget(fact="It is old."),
        Nugget(fact="f", quote="q", strings=("a", "b"), vital=False),
        Nugget(fact="q", quote="q", strings=("c",)),
        Nugget(fact="f", strings=("one",)),
    )
    assert question.answers == ()


@pytest.mark.parametrize(
    ("nuggets", "said"),
    [
        ("The mill is old.", '"nuggets" that are not a list'),
        ({"fact": "f"}, '"nuggets" that are not a list'),
        ([1], "number 1 is neither a string nor an object"),
        (["f", [2]], "number 2 is neither a string nor an object"),
        ([{}], 'number 1 has neither a "fact" nor a "quote"'),
        ([" "], 'number 1 has neither a "fact" nor a "quote"'),
        ([{"fact": 1}], 'number 1 has a "fact" that is not a string'),
        ([{"fact": "f", "quote": ["q"]}], 'number 1 has a "quote" that is not a string'),
        ([{"fact": "f", "strings": [1]}], '"strings" that are not a list of strings'),
        ([{"fact": "f", "strings": ["a"], "must": ["b"]}], 'has "strings" and "must"'),
        ([{"fact": "f", "vital": "yes"}], '"vital" that is neither true nor false'),
    ],
)
def test_a_nugget_that_is_wrong_is_named_with_a_cure(tmp_path: Path, nuggets: object, said: str) -> None:
    with pytest.raises(QuestionError, match="line 2 ") as raised:
        read(tmp_path, {"question": "Who?"}, {"question": "Why?", "nuggets": nuggets})
    assert said in raised.value.message
    assert "keep one" in raised.value.hint or '{"fact": "…"' in raised.value.hint


def test_an_unanswerable_question_has_no_nuggets(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="line 1 is marked as unanswerable, but has nuggets"):
        read(tmp_path, {"question": "Why?", "unanswerable": True, "nuggets": ["f"]})


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the sources without examples/")
def test_the_example_quotes_the_documentation() -> None:
    questions = read_questions(EXAMPLE)
    assert {question.language for question in questions} == {"en", "ja"}
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        for nugget in json.loads(line)["nuggets"]:
            page = (REPOSITORY / "docs" / nugget["file"]).read_text(encoding="utf-8")
            assert stands_in(nugget["quote"], SearchedText(page)), nugget["quote"]


# --- the context -----------------------------------------------------------------------------------------------------


def item(path: str, start: int, quote: str, **more: object) -> dict[str, object]:
    return {"path": path, "start": start, "quote": quote, **more}


def test_the_context_is_what_the_model_read() -> None:
    evidence = [
        item("b.txt", 9, "B2."),
        item("a.txt", 0, "A."),
        item("b.txt", 0, "B1."),
        item("c.txt", 0, "Obey.", gives_orders=True),
        item("d.txt", 0, "D.", did_not_fit=True),
    ]
    assert texts_read(evidence) == [("b.txt", "B1.\nB2."), ("a.txt", "A.")]
    assert texts_read([item("c.txt", 0, "Obey.", gives_orders=True)]) == [("c.txt", "Obey.")]
    assert texts_read([]) == []


def test_what_did_not_fit_is_told(tmp_path: Path) -> None:
    files = {f"{name}.txt": f"The {name} mill grinds flour for bread in the valley. " * 12 for name in ("old", "new")}
    root = write_files(tmp_path / "library", files)
    seen = {}
    for context in (8000, 600):
        generator = FakeGenerator("Flour [1].", context=context)
        with make_library(root, generator=generator, retrieval__mode="lexical", generation__max_tokens=64) as library:
            library.sync()
            answer = library.ask("Why do the mills of the valley grind flour for bread?")
        assert not answer.refused
        prompt = " ".join(message.content for message in generator.prompts[-1])
        for piece in answer.evidence:
            assert (" ".join(piece.quote.split()) in " ".join(prompt.split())) is not piece.did_not_fit
        seen[context] = [piece.did_not_fit for piece in answer.evidence]
    assert not any(seen[8000])
    assert any(seen[600])


# --- eval and compare ------------------------------------------------------------------------------------------------

MILL = Question(
    id="mill",
    text="Why did the mill close?",
    nuggets=(
        Nugget(fact="The wheel went.", quote="The wheel was taken away in 1951.", strings=("1951", "wheel")),
        Nugget(fact="It burnt.", quote="A fire destroyed all machines one night.", strings=("fire", "burn")),
        Nugget(fact="Nobody liked it.", strings=("nobody",), vital=False),
    ),
)
PLAIN = Question(id="plain", text="Who?", answers=("Ada",))
GOOD_TO_HAVE = Question(id="more", text="And?", nuggets=(Nugget(fact="f", strings=("x",), vital=False),))


def line(question: Question, answer: str, *evidence: dict[str, object], refused: bool = False) -> dict[str, Any]:
    return {
        "id": question.id,
        "question": question.text,
        "answer": answer,
        "refused": refused,
        "evidence": list(evidence),
        "citations": [],
        "unsupported": [],
        "hits": [],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "cached_tokens": 0},
        "timings_ms": {"total": 1.0},
    }


WHEEL = item("mill.txt", 0, "The wheel was taken away in 1951.")
RECALLS = ("vital_recall", "nugget_recall", "context_vital_recall", "context_nugget_recall")


def test_each_question_has_its_nuggets_and_their_recall() -> None:
    (result,) = score([MILL], [line(MILL, "Nobody knows: a fire.", WHEEL)], variant="v")
    assert [(n["vital"], n["in_context"], n["in_answer"]) for n in result["nuggets"]] == [
        (True, True, False),
        (True, False, True),
        (False, False, True),
    ]
    assert [result["scores"][name] for name in RECALLS] == pytest.approx([1 / 2, 2 / 3, 1 / 2, 1 / 3])
    assert (result["right"], result["scores"]["f1"]) == (None, None)


def test_refusals_failures_and_questions_without_nuggets() -> None:
    refused = line(MILL, "The documents don't say a fire.", WHEEL, refused=True)
    failed = {"id": "mill", "question": "", "error": "It died.", "hint": ""}
    results = score([MILL, MILL, PLAIN, GOOD_TO_HAVE], [refused, failed, line(PLAIN, "Ada"), line(GOOD_TO_HAVE, "x")],
                    variant="v")  # fmt: skip
    assert [[result["scores"][name] for name in RECALLS] for result in results] == [
        [0, 0, 1 / 2, 1 / 3],  # what would have been read is known of a refusal, too
        [0, 0, 0, 0],
        [None] * 4,
        [None, 1, None, 0],
    ]
    assert results[2]["nuggets"] == []
    summary = summarise([MILL, MILL, PLAIN, GOOD_TO_HAVE], results)
    assert [summary[name]["n"] for name in RECALLS] == [2, 3, 2, 3]
    only_plain = summarise([PLAIN], results[2:3])
    assert not set(RECALLS) & set(only_plain)


def test_without_documents_there_is_no_context() -> None:
    (result,) = score([MILL], [line(MILL, "A fire.")], variant="v", answer_from="model")
    assert [result["scores"][name] for name in RECALLS] == [1 / 2, 1 / 3, None, None]
    assert {nugget["in_context"] for nugget in result["nuggets"]} == {None}


@pytest.fixture
def comparison(tmp_path: Path) -> Comparison:
    root = write_files(
        tmp_path / "library",
        {
            "mill.txt": "The mill closed early. The wheel was taken away in 1951. A fire destroyed all machines.",
            "other.txt": "The mill is open to visitors. The café sells cakes.",
        },
    )

    def prepare(library: Library) -> None:
        library.sync()

    return compare(
        [MILL, GOOD_TO_HAVE, PLAIN],
        build_variants(make_settings(retrieval__mode="lexical"), models=["a", "b"]),
        open_library=lambda settings: make_library(
            root, generator=FakeGenerator("The wheel, a fire." if settings.model == "a" else "No idea.")
        ),
        title="T",
        prepare=prepare,
    )


def test_pairs_have_the_differences_with_intervals(comparison: Comparison) -> None:
    (pair,) = comparison["pairs"]
    assert list(pair["differences"]) == list(PAIRED) == list(RECALLS)
    assert pair["differences"]["vital_recall"] == {"value": 1, "low": 1, "high": 1}  # of one question
    recall = pair["differences"]["nugget_recall"]
    assert recall["value"] == pytest.approx(1 / 3) and recall["low"] == 0 and recall["high"] == pytest.approx(2 / 3)
    assert pair["differences"]["context_vital_recall"]["value"] == 0
    assert [row["id"] for row in comparison["questions"] if row["differs"]] == ["mill"]


def test_tables_show_them(comparison: Comparison) -> None:
    for shown in (
        " ".join(on_screen(comparison, width=90, fill=wrapped, questions=5, table_width=300).split()),
        as_markdown(comparison),
    ):
        assert "vital recall of the context" in shown
        assert "difference in nugget recall" in shown
        assert "a (2 of 3 nuggets): The wheel, a fire." in shown
        assert "(right: The wheel went. It burnt. Nobody liked it.)" in shown


def test_eval_prints_them(tmp_path: Path, cli: Cli) -> None:
    root = write_files(tmp_path / "library", {"mill.txt": "The wheel of the mill was taken away in 1951, to be sold."})
    file = tmp_path / "q.jsonl"
    nuggets = [{"fact": "Gone.", "quote": "The wheel of the mill was taken away in 1951.", "must": ["1951"]}]
    file.write_text(json.dumps({"question": "When was the wheel of the mill taken away?", "nuggets": nuggets}))
    printed = cli("eval", str(root), str(file)).out
    assert "| vital recall" in printed and "| nugget recall of the context" in printed
    found = cli("eval", str(root), str(file), "--json").json
    assert found["variants"][0]["summary"]["context_vital_recall"]["value"] == 1
    assert found["questions"][0]["results"][0]["nuggets"] == [
        {"fact": "Gone.", "vital": True, "in_context": True, "in_answer": True}
    ]
    file.write_text('{"question": "Why?", "nuggets": [{"vital": true}]}\n')
    cli("eval", str(root), str(file)).assert_clear(2, "line 1 ", '{"fact": "…"')
