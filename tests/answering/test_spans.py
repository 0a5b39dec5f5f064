"""Which words are marked, when they are the answer, and what a larger model's answer is compared with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bunko.answering.spans import cite_span, compared, find_span, stands_alone
from bunko.ports import GeneratorSpec, Passage, Reader, ReaderSpec, Reading
from bunko.question.question import parse_question
from bunko.settings import Settings
from bunko.testing import FakeEmbedder, FakeGenerator, FakeReader
from bunko.types import Answer, AnswerSpan, Chunk, Evidence, Hit, Retrieved
from tests.support import make_settings, write_files

TEXT = "The old mill stands in Varn. It was built by Ada Lind, in 1911. The miller was Per Aas."
WHO = "Who built the old mill?"
TINY, LARGE = 135_000_000, 4_000_000_000


def quote(text: str, *, score: float = 1.0, orders: bool = False) -> Evidence:
    start = TEXT.index(text)
    return Evidence(path="mill.txt", start=start, end=start + len(text), quote=text, score=score, gives_orders=orders)


QUOTES = (quote("The old mill stands in Varn."), quote("It was built by Ada Lind, in 1911."))


def hit(text: str = TEXT, *, start: int = 0, score: float = 1.0, language: str = "en") -> Hit:
    chunk = Chunk(path="mill.txt", start=start, end=start + len(text), text=text, language=language)
    return Hit(chunk=chunk, score=score)


def find(question: str, reader: Reader, *, evidence: tuple[Evidence, ...] = QUOTES) -> AnswerSpan | None:
    return find_span(parse_question(question), evidence, [hit()], reader)


# --- what is marked -----------------------------------------------------------------------------------------------


def test_the_words_are_marked_within_a_quote_and_counted_in_the_document() -> None:
    reader = FakeReader("Ada Lind, ")
    span = find(WHO, reader)
    assert span is not None
    assert (span.text, span.n, span.confidence, span.agrees) == ("Ada Lind", 2, 0.9, None)
    assert TEXT[span.start : span.end] == "Ada Lind"
    assert [passage.text for passage in reader.passages] == [TEXT, TEXT]  # the passage, not the quote alone


def test_the_end_of_a_sentence_is_no_part_of_the_words() -> None:
    when, where = "When was the old mill built?", "Where was the old mill built?"
    for question, marked, words in ((when, "1911.", "1911"), (where, "in Varn.", "in Varn")):
        span = find(question, FakeReader(marked))
        assert span is not None and span.text == words and TEXT[span.start : span.end] == words


@pytest.mark.parametrize(
    "marked", ["`mill check`", "mill check`", "**mill check**", "mill check)", "(mill check", "“mill check"]
)
def test_marks_around_a_command_are_no_part_of_the_words(marked: str) -> None:
    text = f"Run {marked} before the season."
    item = Evidence(path="mill.txt", start=0, end=len(text), quote=text, score=1.0)
    span = find_span(parse_question("Which command checks the mill?"), [item], [hit(text)], FakeReader(marked))
    assert span is not None and span.text == "mill check" and text[span.start : span.end] == "mill check"


@pytest.mark.parametrize("question", ["Who was Ada Lind?", "Why was it built?", "Is the mill old?", "PPR-9087"])
def test_only_questions_of_fact_are_answered_by_a_few_words(question: str) -> None:
    reader = FakeReader("Ada Lind")
    assert find(question, reader) is None
    assert not reader.passages


def test_two_questions_in_one_need_more_than_a_few_words() -> None:
    assert find("Who built the old mill, and when was it built?", FakeReader("Ada Lind")) is None


@pytest.mark.parametrize("question", ["When was the old mill built?", "What is the height of the old mill?"])
def test_words_without_a_number_are_no_date_and_no_height(question: str) -> None:
    assert find(question, FakeReader("Ada Lind")) is None
    assert find(question, FakeReader("1911")) is not None


def test_a_reader_that_is_not_sure_marks_nothing() -> None:
    assert find(WHO, FakeReader("Ada Lind", probability=0.11)) is not None
    assert find(WHO, FakeReader("Ada Lind", probability=0.09)) is None


def test_words_of_the_question_are_no_answer() -> None:
    assert find(WHO, FakeReader("old mill")) is None


def test_nothing_is_marked_in_a_language_that_the_reader_does_not_know() -> None:
    reader = FakeReader("Ada Lind", languages=frozenset({"ja"}))
    assert find(WHO, reader) is None
    english = FakeReader("Ada Lind", languages=frozenset({"en"}))
    assert find_span(parse_question(WHO), QUOTES, [hit(language="ja")], english) is None


def test_text_that_gives_orders_is_not_read() -> None:
    orders = (QUOTES[0], replace(QUOTES[1], gives_orders=True))
    assert find(WHO, FakeReader("Ada Lind"), evidence=orders) is None


def test_beside_a_line_with_all_that_is_asked_other_lines_are_not_read() -> None:
    lines = ("Key C35 opens the wine cellar.", "Key D41 opens the attic.")
    text = "\n".join(lines)
    quotes = [
        Evidence(path="mill.txt", start=text.index(line), end=text.index(line) + len(line), quote=line, score=1.0)
        for line in lines
    ]
    asked = parse_question("Which key opens the wine cellar?")
    assert find_span(asked, quotes, [hit(text)], FakeReader("D41")) is None
    span = find_span(asked, quotes, [hit(text)], FakeReader("C35"))
    assert span is not None and span.n == 1
    other = parse_question("Which key opens the shed?")  # no line has all of it: both are read
    assert find_span(other, quotes, [hit(text)], FakeReader("D41")) is not None


def test_a_quote_that_no_passage_has_whole_is_read_alone() -> None:
    reader = FakeReader("Ada Lind")
    span = find_span(parse_question(WHO), QUOTES[1:], [hit(TEXT[:40])], reader)
    assert span is not None and TEXT[span.start : span.end] == "Ada Lind"
    assert [passage.text for passage in reader.passages] == [QUOTES[1].quote]


class Sure:
    """Marks all of each stretch; how relevant a passage is, is given."""

    def __init__(self, *relevance: float) -> None:
        self.spec = ReaderSpec(name="sure", languages=frozenset({"en"}), least_confidence=0.0)
        self._relevance = relevance

    def begin(self) -> None: ...

    def close(self) -> None: ...

    def read(self, question: str, passages: list[Passage]) -> list[Reading]:
        from bunko.ports import ReadSpan

        return [
            Reading(relevance=relevance, spans=(ReadSpan(start=start, end=end, probability=1.0),))
            for relevance, passage in zip(self._relevance, passages, strict=True)
            for start, end in passage.within
        ]


@pytest.mark.parametrize(("relevance", "chosen"), [((0.5, 0.5), 1), ((0.3, 0.9), 1), ((0.1, 0.9), 2)])
def test_the_search_s_own_order_counts_until_the_reader_is_much_surer(
    relevance: tuple[float, float], chosen: int
) -> None:
    span = find(WHO, Sure(*relevance))  # type: ignore[arg-type]
    assert span is not None and span.n == chosen


# --- when the words are the answer --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "settings", "alone"),
    [
        (GeneratorSpec(name="a", parameters=TINY), {}, True),
        (GeneratorSpec(name="none", writes=False), {}, True),
        (GeneratorSpec(name="a", parameters=500_000_000), {}, False),
        (GeneratorSpec(name="a", parameters=LARGE), {}, False),
        (GeneratorSpec(name="a", parameters=LARGE), {"generation__ability": "tiny"}, True),
        (GeneratorSpec(name="a", parameters=TINY), {"generation__style": "free"}, False),
        (GeneratorSpec(name="a", parameters=TINY), {"answers__instructions": "Be polite."}, False),
    ],
)
def test_the_words_stand_alone_unless_a_model_does_better_or_the_user_wants_it(
    spec: GeneratorSpec, settings: dict[str, object], alone: bool
) -> None:
    assert stands_alone(spec, make_settings(**settings)) is alone


@pytest.mark.parametrize(
    ("text", "agrees"),
    [
        ("Ada Lind", True),
        ("It was built by Ada Lind in 1911. [1]", True),
        ("Lind", True),
        ("Per Aas built it.", False),
        ("", False),
    ],
)
def test_an_answer_agrees_if_it_has_the_words(text: str, agrees: bool) -> None:
    span = AnswerSpan(start=0, end=8, text="Ada Lind", confidence=0.9, n=1)
    found = compared(span, text, refused=False)
    assert found is not None and found.agrees is agrees


def test_a_refusal_does_not_agree() -> None:
    span = AnswerSpan(start=0, end=8, text="Ada Lind", confidence=0.9, n=1)
    found = compared(span, "Ada Lind", refused=True)
    assert found is not None and found.agrees is False
    assert compared(None, "Ada Lind", refused=False) is None


def test_the_citation_is_the_sentence_that_has_the_words() -> None:
    item = quote(TEXT)
    span = AnswerSpan(start=TEXT.index("Ada"), end=TEXT.index("Ada") + 8, text="Ada Lind", confidence=1, n=1)
    (citation,) = cite_span(span, item).citations
    assert citation.quote == TEXT[citation.start : citation.end] == QUOTES[1].quote
    assert (citation.n, citation.sentence, citation.verified) == (1, "Ada Lind", True)


# --- in a library -------------------------------------------------------------------------------------------------


def ask(
    folder: Path, question: str = WHO, *, generator: FakeGenerator, reader: Reader | None, **values: object
) -> tuple[Answer, Retrieved]:
    from bunko.library import Library
    from bunko.types import Finished

    library = Library(
        folder, settings=make_settings(**values), embedder=FakeEmbedder(), generator=generator, reader=reader
    )
    with library:
        library.sync()
        events = list(library.stream(question))
    (retrieved,) = [event for event in events if isinstance(event, Retrieved)]
    (finished,) = [event for event in events if isinstance(event, Finished)]
    return finished.answer, retrieved


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "docs", {"mill.txt": TEXT, "hotel.txt": "The hotel was built by Odd Lie in 1950."})


def test_of_a_tiny_model_the_marked_words_are_the_answer_and_it_is_not_asked(folder: Path) -> None:
    generator = FakeGenerator("Per Aas", parameters=TINY)
    answer, retrieved = ask(folder, generator=generator, reader=FakeReader("Ada Lind"))
    assert (answer.text, answer.finish_reason, generator.prompts) == ("Ada Lind", "none", [])
    assert answer.span is not None and (answer.span.n, answer.span.agrees) == (1, None)
    first = answer.evidence[0]
    assert first.quote.startswith("It was built by Ada Lind") and first.span is not None
    assert TEXT[first.span.start : first.span.end] == first.span.text == "Ada Lind"
    assert first.score == max(item.score for item in answer.evidence)
    assert [item.span for item in answer.evidence[1:]] == [None] * (len(answer.evidence) - 1)
    assert [(one.n, one.verified, one.quote) for one in answer.citations] == [(1, True, first.quote)]
    assert not answer.unsupported and not answer.refused and answer.documents_read == 1
    assert retrieved.evidence == answer.evidence and retrieved.span is None


def test_a_larger_model_is_asked_and_compared(folder: Path) -> None:
    for said, agrees in (("Ada Lind built it. [1]", True), ("Per Aas built it. [1]", False)):
        generator = FakeGenerator(said, parameters=LARGE)
        answer, retrieved = ask(folder, generator=generator, reader=FakeReader("Ada Lind"))
        assert len(generator.prompts) == 1 and answer.text.startswith(said[:7])
        assert answer.span is not None and (answer.span.text, answer.span.agrees) == ("Ada Lind", agrees)
        assert retrieved.span is not None and retrieved.span.agrees is None and retrieved.seconds > 0
        without, _ = ask(folder, generator=FakeGenerator(said, parameters=LARGE), reader=None)
        assert [item.quote for item in without.evidence] == [item.quote for item in answer.evidence]
        assert (without.span, without.text, without.citations) == (None, answer.text, answer.citations)


def test_a_refused_question_has_no_marked_words(folder: Path) -> None:
    question = "Who painted the lighthouse of Tarn in 1740?"
    answer, retrieved = ask(folder, question, generator=FakeGenerator(parameters=TINY), reader=FakeReader("Odd Lie"))
    assert answer.refused and answer.span is None
    assert all(item.span is None for item in (*answer.evidence, *retrieved.evidence))


def test_without_a_model_a_fact_is_the_marked_words_or_the_best_quote(folder: Path) -> None:
    from bunko.generation.no_model import NoModel

    answer, _ = ask(folder, generator=NoModel(), reader=FakeReader("Ada Lind"), model="none")  # type: ignore[arg-type]
    assert (answer.text, answer.model, answer.usage.completion_tokens) == ("Ada Lind", "none", 0)
    answer, _ = ask(folder, generator=NoModel(), reader=None, model="none")  # type: ignore[arg-type]
    assert answer.text == answer.evidence[0].quote and answer.citations[0].verified


def test_the_default_settings_have_the_reader_that_comes_with_the_program() -> None:
    assert Settings().reader == "auto"
