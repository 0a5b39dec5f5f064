"""A citation names a source that was shown, and is called verified only where the words are there."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bunko.grounding.checks import Reason
from bunko.grounding.citation_marks import take_marks
from bunko.grounding.claims import claims
from bunko.grounding.facts import facts_of, spans_of
from bunko.grounding.ground import Grounding, ground
from bunko.grounding.judge import Judge
from bunko.grounding.verbatim import locate, only_repeats
from bunko.language.words import normalise
from bunko.question.question import Question, parse_question
from bunko.types import Evidence
from tests.strategies import anything, evidence, sentences

NO_QUESTION = Question(text="")
TOWER = "The Tokyo Tower was completed in 1958 and is 333 metres high."
TEMPLE = "金閣寺は1397年に足利義満によって建てられました。"


def quote(text: str, path: str = "a.txt") -> Evidence:
    return Evidence(path=path, start=5, end=5 + len(text), quote=text, score=1.0, page=2)


def check(answer: str, *quotes: str, question: str = "") -> Grounding:
    return ground(answer, [quote(text) for text in quotes], question=parse_question(question))


def without_marks(answer: str) -> str:
    return take_marks(answer)[0]


answers = st.one_of(anything, evidence().map(lambda found: " ".join(item.quote for item in found)))


@given(answers, evidence(), sentences)
def test_only_what_was_shown_is_cited(answer: str, shown: list[Evidence], question: str) -> None:
    found = ground(answer, shown, question=parse_question(question))
    for item in found.citations:
        source = shown[item.n - 1]
        assert 1 <= item.n <= len(shown)
        assert item.path == source.path
        assert source.start <= item.start < item.end <= source.end
        assert item.quote == source.quote[item.start - source.start : item.end - source.start]
        assert item.sentence in found.text


@given(answers, evidence())
def test_every_sentence_is_cited_or_reported(answer: str, shown: list[Evidence]) -> None:
    found = ground(answer, shown, question=NO_QUESTION)
    verified = {item.sentence for item in found.citations if item.verified}
    unverified = {item.sentence for item in found.citations if not item.verified}
    assert unverified <= set(found.unsupported)
    claimed = [claim for claim in claims(without_marks(answer), question=NO_QUESTION) if claim.kind == "statement"]
    assert len(found.citations) + len(found.unsupported) >= len(claimed)
    assert verified.isdisjoint(found.unsupported)


@given(evidence())
def test_a_source_repeated_word_for_word_is_verified(shown: list[Evidence]) -> None:
    for item in shown:
        sentence = item.quote.split("\n")[0].strip()
        found = ground(sentence, shown, question=NO_QUESTION)
        assert all(citation.verified for citation in found.citations if citation.sentence == sentence == item.quote)


@given(answers)
def test_without_sources_nothing_is_cited(answer: str) -> None:
    assert ground(answer, [], question=NO_QUESTION).citations == ()


@pytest.mark.parametrize(
    "answer",
    [
        TOWER,
        "The tower is 333 metres high.",
        "It was completed in 1958.",
        "1958",
        "333 metres",
        "TOKYO TOWER",
        TOWER + " [1]",
    ],
)
def test_what_the_source_says_is_verified(answer: str) -> None:
    (item,) = check(answer, "Nothing of interest here.", TOWER).citations
    assert item.verified
    assert (item.n, item.path, item.page, item.quote) == (2, "a.txt", 2, TOWER)


@pytest.mark.parametrize(
    "answer",
    [
        "The Tokyo Tower was completed in 1959.",
        "The Tokyo Tower is 3333 metres high.",
        "The tower was completed in 1958 at a cost of 2.8 billion yen.",
        "195",
        "The Tokyo Tower was designed by Paul Bocuse for circus elephants.",
    ],
)
def test_what_the_source_does_not_say_is_not_verified(answer: str) -> None:
    found = check(answer, TOWER)
    assert not any(item.verified for item in found.citations)
    assert len(found.unsupported) == 1


@pytest.mark.parametrize(
    "answer", [TEMPLE, "1397年", "足利義満", "金閣寺は1397年に建てられました。", "１３９７年に建てられました。"]
)
def test_japanese_that_the_source_says_is_verified(answer: str) -> None:
    (item,) = check(answer, TEMPLE).citations
    assert item.verified


@pytest.mark.parametrize("answer", ["一三九七年", "約千四百万人です。", "1400万人", "2194 km²"])
def test_numbers_in_kanji_are_numbers_and_no_names(answer: str) -> None:
    (item,) = check(answer, TEMPLE, "面積は約2,194平方キロメートルで、人口は約1,400万人である。").citations
    assert item.verified


@pytest.mark.parametrize("answer", ["1398年に建てられました。", "銀閣寺は徳川家康が建てました。", "397年"])
def test_japanese_that_the_source_does_not_say_is_not_verified(answer: str) -> None:
    assert not any(item.verified for item in check(answer, TEMPLE).citations)


def test_part_of_a_word_or_number_is_not_the_word() -> None:
    for answer, source in (("95", "It was in 1958."), ("art", "The party began."), ("Kobe 12", "Kobe 123")):
        assert not any(item.verified for item in check(answer, source).citations), answer


def test_words_of_the_question_prove_nothing() -> None:
    question = "Who designed the Tokyo Tower, completed in 1958?"
    found = check("Elephants designed the Tokyo Tower, completed in 1958.", TOWER, question=question)
    assert not any(item.verified for item in found.citations)


def test_each_sentence_is_tied_to_its_own_source() -> None:
    found = check(
        "The tower is 333 metres high. The temple burned in 1950. Cows fly.", "The temple burned in 1950.", TOWER
    )
    assert [(item.n, item.verified) for item in found.citations] == [(2, True), (1, True)]
    assert found.unsupported == ("Cows fly.",)


def test_the_model_s_own_numbers_are_not_believed() -> None:
    found = check("The tower is 333 metres high [7].", "The temple burned in 1950.", TOWER)
    assert [item.n for item in found.citations] == [2]
    assert found.text == "The tower is 333 metres high."
    assert without_marks("High [1], old [12]. [See] [123] a[1]") == "High, old. [See] [123] a"


def test_an_empty_answer_says_nothing() -> None:
    for answer in ("", " \n. !"):
        assert check(answer, TOWER) == Grounding(citations=(), unsupported=(), text=answer)


def test_a_name_that_no_source_has_is_not_verified_however_alike_the_rest_is() -> None:
    source = "The head of the government is Prime Minister Yulia SVYRYDENKO."
    right = check("The head of the government is Prime Minister Yulia Svyrydenko.", source)
    wrong = check("The head of the government is Prime Minister Yulia Svydenko.", source)
    assert right.citations[0].verified
    assert not wrong.citations[0].verified
    assert wrong.unsupported


# --- phrases -----------------------------------------------------------------------------------------------------


def found(phrase: str, *quotes: str) -> str | None:
    shown = [quote(text) for text in quotes]
    place = locate(phrase, shown)
    return None if place is None else shown[place[0]].quote[place[1] : place[2]]


@pytest.mark.parametrize(
    ("phrase", "as_it_stands"),
    [
        ("tokyo tower", "Tokyo Tower"),
        ("333 metres high.", "333 metres high"),
        ("１９５８", "1958"),
        ("333  metres", "333 metres"),
        ("33", None),
        ("Kyoto Tower", None),
        ("", None),
        ("...", None),
    ],
)
def test_a_phrase_is_found_by_whole_words_and_given_as_it_stands(phrase: str, as_it_stands: str | None) -> None:
    assert found(phrase, "Nothing here.", TOWER) == as_it_stands


def test_a_japanese_phrase_is_found_without_spaces_to_go_by() -> None:
    assert found("足利義満", TEMPLE) == "足利義満"
    assert found("足利尊氏", TEMPLE) is None


def test_signs_at_the_ends_belong_to_a_phrase_where_the_source_has_them_too() -> None:
    assert found("$5,000", "It cost $5,000 (about 60%).") == "$5,000"
    assert found("60%", "It cost $5,000 (about 60%).") == "60%"
    assert found("€5,000", "It cost $5,000 (about 60%).") == "5,000"


@given(evidence(), st.data())
def test_a_phrase_that_is_found_says_what_was_looked_for(shown: list[Evidence], data: st.DataObject) -> None:
    quotes = st.sampled_from([item.quote for item in shown] or [""])
    start, end = data.draw(st.integers(0, 40)), data.draw(st.integers(0, 200))
    phrase = data.draw(quotes)[start:end]
    place = locate(phrase, shown)
    if place is not None:
        assert letters(shown[place[0]].quote[place[1] : place[2]]) == letters(phrase)


@given(evidence())
def test_a_whole_quote_is_found(shown: list[Evidence]) -> None:
    for item in shown:
        assert (locate(item.quote, shown) is not None) == bool(letters(item.quote))


def letters(text: str) -> str:
    """Return a text's letters and digits, with case and width folded."""
    return "".join(sign for sign in normalise(text) if sign.isalnum() or sign == "_")


@pytest.mark.parametrize(
    ("phrase", "question", "repeats"),
    [
        ("The Mill", "Who built the mill?", True),
        ("Ada", "Who built the mill?", False),
        ("tea", "Is it tea or coffee?", False),
        ("お茶", "お茶ですか、それともコーヒーですか", False),
        ("金閣寺", "金閣寺を建てたのは誰ですか", True),
    ],
)
def test_a_phrase_of_the_question_is_no_answer_unless_it_is_a_choice(phrase: str, question: str, repeats: bool) -> None:
    assert only_repeats(phrase, parse_question(question)) is repeats


# --- exact spans -------------------------------------------------------------------------------------------------

MILL = "Ada Lind built the mill in 1803. It stood empty for twelve years. It burned down on 3 May 1932."


def spans(answer: str, *quotes: str, question: str = "") -> list[tuple[str, bool]]:
    return [(item.quote, item.verified) for item in check(answer, *quotes, question=question).citations]


@pytest.mark.parametrize(
    ("answer", "span"),
    [
        ("The mill was built by Ada Lind.", "Ada Lind built the mill in 1803."),
        ("Lind built it in 1803.", "Ada Lind built the mill in 1803."),
        ("It was empty for 12 years.", "It stood empty for twelve years."),
        ("It burned down on May 3, 1932.", "It burned down on 3 May 1932."),
        ("1932-05-03", "It burned down on 3 May 1932."),
    ],
)
def test_a_citation_is_the_sentence_that_carries(answer: str, span: str) -> None:
    (item,) = check(answer, MILL).citations
    assert (item.quote, item.verified) == (span, True)
    assert MILL[item.start - 5 : item.end - 5] == span


def test_a_short_answer_is_found_where_the_question_s_words_are() -> None:
    first, second = "The bridge opened in 1803.", "The mill opened in 1803."
    assert spans("1803", first, second, question="When did the mill open?") == [(second, True)]


def test_statements_of_one_sentence_may_have_two_sources() -> None:
    found = check("The tower is 333 metres high, and the temple burned in 1950.", "The temple burned in 1950.", TOWER)
    assert [(item.n, item.verified) for item in found.citations] == [(2, True), (1, True)]
    assert not found.unsupported


def test_facts_of_two_sources_are_not_one_fact() -> None:
    assert check("The tower burned in 1950.", "The temple burned in 1950.", TOWER).unsupported


@pytest.mark.parametrize(
    "answer",
    [
        "The Tokyo Tower was not completed in 1958.",
        "The Tokyo Tower was completed in 333.",
        "Napoleon completed the Tokyo Tower in 1958.",
        "5 million",
        "The Tokyo Tower is 333 kilometres high.",
    ],
)
def test_the_right_words_with_a_wrong_fact_are_unsupported(answer: str) -> None:
    found = check(answer, TOWER, "It cost 5 dollars.")
    assert found.unsupported == (answer,)
    assert not any(item.verified for item in found.citations)


@pytest.mark.parametrize(
    ("answer", "question", "verified"),
    [
        ("Yes.", "Was the Tokyo Tower completed in 1958?", True),
        ("Yes", "Was the Tokyo Tower completed in 1959?", False),
        ("No.", "Was the Tokyo Tower completed in 1959?", True),
        ("No.", "Was the Tokyo Tower completed in 1958?", False),
        ("Yes, it was completed in 1958.", "Was the Tokyo Tower completed in 1958?", True),
        ("はい。", "金閣寺は1397年に建てられましたか。", True),
        ("いいえ。", "金閣寺は1398年に建てられましたか。", True),
    ],
)
def test_yes_and_no_say_what_was_asked(answer: str, question: str, verified: bool) -> None:
    found = check(answer, TOWER, TEMPLE, question=question)
    assert any(item.verified for item in found.citations) is verified
    assert bool(found.unsupported) is not verified


def test_what_is_said_about_answering_is_neither_cited_nor_reported() -> None:
    for answer in ("I hope this helps!", "The documents don't say.", "資料には書かれていません。"):
        found = check(f"{TOWER} {answer}", TOWER)
        assert [item.sentence for item in found.citations] == [TOWER]
        assert not found.unsupported
    assert check("Here is what Napoleon did:", TOWER).unsupported


def test_who_was_asked_about_may_be_a_she_but_must_be_in_some_source() -> None:
    question, source = "When did Ada Lind die?", "She died in 1850."
    assert not check("Ada Lind died in 1850.", source, "Ada Lind was an engineer.", question=question).unsupported
    assert check("Ada Lind died in 1850.", source, question=question).unsupported
    assert check(
        "Ada Lind died in 1850.", "Bob died in 1850.", "Ada Lind was an engineer.", question=question
    ).unsupported


# --- the model's own numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("It is 333 metres high [2].", "It is 333 metres high [2]."),
        ("It is 333 metres high. [2] The temple burned in 1950. [1]", None),
        ("It is 333 metres high [1].", "It is 333 metres high."),
        ("It is 333 metres high [1, 2].", "It is 333 metres high [2]."),
        ("It is 333 metres high［２］.", "It is 333 metres high［２］."),
        ("It is 999 metres high [2].", "It is 999 metres high."),
        ("It is 333 metres high (source 9).", "It is 333 metres high."),
    ],
)
def test_a_source_number_stays_only_if_it_is_right(answer: str, text: str | None) -> None:
    found = check(answer, "The temple burned in 1950.", TOWER)
    assert found.text == (answer if text is None else text)
    assert all(item.sentence in found.text for item in found.citations)


# --- likeness and opinion ------------------------------------------------------------------------------------------


def test_likeness_makes_up_for_words_but_not_for_numbers_and_names() -> None:
    source = [quote("The mill was founded in 1803 by Ada Lind.")]
    for answer, verified in (
        ("The factory was set up in 1803.", True),
        ("The factory was set up in 1804.", False),
        ("Bob Smith set up the factory in 1803.", False),
    ):
        always = ground(answer, source, question=NO_QUESTION, likeness=lambda one, texts: [1.0] * len(texts))
        assert any(item.verified for item in always.citations) is verified
        agreeing = ground(answer, source, question=NO_QUESTION, opinion=lambda sentence, text: True)
        assert any(item.verified for item in agreeing.citations) is verified


def test_an_opinion_can_take_back_what_words_said_but_not_a_quote() -> None:
    source = [quote(TOWER)]
    for answer, verified in ((TOWER, True), ("It was completed at 333 metres in 1958.", False)):
        found = ground(answer, source, question=NO_QUESTION, opinion=lambda sentence, text: False)
        assert any(item.verified for item in found.citations) is verified


@settings(max_examples=settings().max_examples // 2)  # each compares every sentence with every other, twice
@given(evidence(max_size=3), evidence(max_size=2), sentences)
def test_another_source_takes_no_support_away(shown: list[Evidence], more: list[Evidence], question: str) -> None:
    answer = " ".join(item.quote for item in shown)
    before = ground(answer, shown, question=parse_question(question))
    after = ground(answer, [*shown, *more], question=parse_question(question))
    carried = {item.sentence for item in after.citations if item.verified}
    assert {item.sentence for item in before.citations if item.verified} <= carried


# --- reasons -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "question", "reason"),
    [
        (TOWER, "", Reason.VERBATIM),
        ("Who completed the tower?", "Who completed the Tokyo Tower?", Reason.REPEATS_QUESTION),
        ("Whales sing at night.", "", Reason.UNRELATED),
        ("The Tokyo Tower was completed in 1959.", "", Reason.NUMBER_MISSING),
        ("Napoleon completed the Tokyo Tower in 1958.", "", Reason.NAME_MISSING),
        ("The Tokyo Tower was not completed in 1958.", "", Reason.CONTRADICTED),
        ("The tower, completed in 1958, is 333 metres high.", "", Reason.WORDS_FOUND),
        ("The tower was completed by elephants and whales.", "", Reason.WORDS_MISSING),
    ],
)
def test_each_check_gives_its_reason(answer: str, question: str, reason: Reason) -> None:
    judge = Judge([quote(TOWER)], parse_question(question), None, None)
    span = spans_of(0, quote(TOWER))[0]
    assert judge._weigh(facts_of(answer), span).reason is reason


# --- forms of a word -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("Ada Lind studies the stars.", "Ada Lind studied the stars."),
        ("The mill uses water.", "The mill used water."),
        ("The ferry stops in Kobe.", "The ferry stopped in Kobe."),
        ("The mill is controlled by Ada Lind.", "Ada Lind controls the mill."),
    ],
)
def test_another_form_of_a_word_is_the_word(answer: str, source: str) -> None:
    assert not check(answer, source).unsupported
