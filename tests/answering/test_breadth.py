"""How much is read, and the form of the answer, follow the kind of the question and the size of the model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from bunko.answering.breadth import passages_of
from bunko.language.detection import detect_document_language
from bunko.testing import FakeGenerator
from bunko.types import Answer
from tests.support import make_library, write_files

FILES: dict[str, str | bytes] = {
    "mill.md": "# The mill\n\nAda Lind built the mill in 1911. It has three wheels. It closed because the river fell.",
    "varn.txt": "The town of Varn has 4,210 people and covers 31 square miles. Its mayor is Ilse Maar.\n",
    "hest.txt": "The port of Hest has 9,800 people and covers 52 square miles. Its mayor is Jon Aker.\n",
    "fair.txt": "Ilse Maar met the fishermen at the fair.\n\nIlse Maar, a former engineer, likes barley soup.\n",
}
TINY, CAPABLE = 135_000_000, 4_000_000_000


def ask(folder: Path, question: str, *, parameters: int, **values: Any) -> Answer:
    write_files(folder, FILES)
    generator = FakeGenerator("It is so. [1]", parameters=parameters)
    with make_library(folder, generator=generator, **values) as library:
        library.sync()
        return library.ask(question)


def test_a_comparison_looks_at_both(tmp_path: Path) -> None:
    for parameters in (TINY, CAPABLE):
        answer = ask(tmp_path, "Compare Varn and Hest in people.", parameters=parameters)
        quoted = " ".join(item.quote for item in answer.evidence)
        assert answer.kind == "comparison"
        assert "4,210" in quoted
        assert "9,800" in quoted


def test_a_tiny_model_s_comparison_is_quotes_with_their_sources(tmp_path: Path) -> None:
    answer = ask(tmp_path, "Compare Varn and Hest in people.", parameters=TINY)
    first, *bullets = answer.text.splitlines()
    assert first == "What the documents say:"
    assert all(line.startswith("- ") and line.endswith("]") for line in bullets)
    assert answer.unsupported == ()
    assert {item.path for item in answer.citations} >= {"varn.txt", "hest.txt"}
    assert answer.usage.completion_tokens == 0


def test_two_questions_get_quotes_for_both(tmp_path: Path) -> None:
    answer = ask(tmp_path, "Who built the mill, and why did it close?", parameters=TINY)
    assert answer.text.startswith("What the documents say:")
    assert "because the river fell" in answer.text


def test_a_list_of_names_answers_no_open_question(tmp_path: Path) -> None:
    members = "Members of guilds: Varn, Hest (observer), Malm, Aker, Lind, Toft, Ruud, Bakke, Dahl, Moen.\n"
    write_files(tmp_path, {"guilds.txt": members + "\nThe guilds keep the peace between Varn and Hest.\n"})
    answer = ask(tmp_path, "What role can guilds play for the peace of Varn and Hest?", parameters=TINY)
    assert "keep the peace" in answer.text
    assert "observer" not in answer.text


def test_documents_of_one_form_are_no_versions_where_several_answer(tmp_path: Path) -> None:
    form = (
        "In {} the council of Varn decided on measure {}: it raised the harbour wall by {} metres, because storms had"
    )
    form += " damaged quay {}. The engineer was satisfied with the work.\n"
    write_files(tmp_path, {f"r{n}.txt": form.format(1990 + n, n, n, n) for n in range(12)})
    answer = ask(tmp_path, "Which measures did the council of Varn take over the years, and why?", parameters=CAPABLE)
    assert sum(any(f"measure {n}:" in item.quote for item in answer.evidence) for n in range(12)) >= 8


def test_a_capable_model_reads_whole_passages(tmp_path: Path) -> None:
    answer = ask(tmp_path, "Why did the mill of Ada Lind close?", parameters=CAPABLE)
    mill = [item.quote for item in answer.evidence if item.path == "mill.md"]
    assert any("1911" in quote and "because the river fell" in quote for quote in mill)
    assert answer.text.startswith("It is so.")


def test_a_document_is_cut_for_a_question_without_the_large_model_of_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, FILES | {"mlyn.txt": "Starý mlýn byl postaven na břehu řeky v roce 1803.\n"})
    with make_library(tmp_path) as library:
        library.sync()
        monkeypatch.setitem(sys.modules, "py3langid.langid", None)  # importing it fails
        (part,) = passages_of("mlyn.txt", library.store)
        assert part.text.startswith("Starý mlýn")
        with pytest.raises(ImportError):
            detect_document_language(part.text)


def test_of_two_documents_of_a_day_the_one_that_is_meant_is_read_whole(tmp_path: Path) -> None:
    days = [f"In week {n} the mill of Hest ground {n * 31} sacks of barley and oats.\n\n" for n in range(1, 120)]
    write_files(tmp_path, {"2024-05-02-council.txt": "The council of Varn met.", "2024-05-02-mill.txt": "".join(days)})
    answer = ask(tmp_path, "Summarise the mill's report of 2 May 2024.", parameters=CAPABLE)
    read = " ".join(item.quote for item in answer.evidence if item.path == "2024-05-02-mill.txt")
    assert answer.kind == "summary"
    assert all(f"In week {n} " in read for n in range(1, 120))


def test_a_fact_is_answered_from_a_few_sentences(tmp_path: Path) -> None:
    answer = ask(tmp_path, "When was the mill built?", parameters=CAPABLE)
    assert answer.kind == "fact"
    assert answer.evidence[0].quote == "Ada Lind built the mill in 1911."


def test_a_tiny_model_s_definition_is_the_sentence_that_defines(tmp_path: Path) -> None:
    answer = ask(tmp_path, "Who is Ilse Maar?", parameters=TINY)
    assert (answer.kind, answer.text) == ("definition", "Ilse Maar, a former engineer, likes barley soup.")


def test_a_file_that_is_named_answers(tmp_path: Path) -> None:
    answer = ask(tmp_path, "What does varn.txt say about the mayor?", parameters=TINY)
    assert not answer.refused
    assert {item.path for item in answer.evidence} == {"varn.txt"}
    assert "Ilse Maar" in answer.evidence[0].quote


def test_a_file_that_says_nothing_of_it_does_not(tmp_path: Path) -> None:
    answer = ask(tmp_path, "What does varn.txt say about dragons?", parameters=TINY)
    assert answer.refused
    assert "varn.txt has no word of the question" in answer.notes[0]


@pytest.mark.parametrize(
    ("setting", "value", "kind"),
    [("answers__kind", "list", "list"), ("answers__kind", "auto", "fact"), ("generation__ability", "tiny", "fact")],
)
def test_kind_and_ability_can_be_forced(tmp_path: Path, setting: str, value: str, kind: str) -> None:
    answer = ask(tmp_path, "When was the mill built?", parameters=CAPABLE, **{setting: value})
    assert answer.kind == kind


def test_an_ability_that_is_set_replaces_the_size(tmp_path: Path) -> None:
    answer = ask(tmp_path, "Compare Varn and Hest in people.", parameters=CAPABLE, generation__ability="tiny")
    assert answer.text.startswith("What the documents say:")
