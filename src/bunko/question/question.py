"""Read a question, once. In: its text. Out: a Question. Knows nothing of documents, models or storage.

Retrieval, evidence, refusal, prompts and grounding all take this record; none of them reads the text again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bunko.errors import QuestionError
from bunko.language.detection import detect_language
from bunko.language.identifiers import Identifier, identifiers
from bunko.language.names import Name, names
from bunko.language.numbered_parts import NumberedPart, numbered_parts
from bunko.language.quantities import quantities
from bunko.language.quantity import Quantity
from bunko.language.words import words
from bunko.question.answer_type import AnswerType, expected_answer
from bunko.question.kind import Kind, kind_of
from bunko.question.presuppositions import Presuppositions, presuppositions
from bunko.question.small_talk import SmallTalk, small_talk
from bunko.question.yes_no import asks_whether, offers_choice

_BESIDE_THE_SUBJECT = re.compile(
    r"^\W*(?:who|what)(?:\s(?:is|was|are|were|does)|['’]s)\s(?:an?\s|the\s)?|\s(?:means?|stand for)\W*$"
    r"|^\W*define\s(?:an?\s|the\s)?"
    r"|(?:とは|って|は)(?:何|なに|誰|だれ|ど).*$|とは\W*$|の(?:意味|定義)は.*$",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a question says, and what it asks for."""

    text: str
    language: str = "en"
    """ISO 639-1 code."""
    words: tuple[str, ...] = ()
    """The words that carry meaning, folded and stemmed, in order, repeats kept."""
    quantities: tuple[Quantity, ...] = ()
    names: tuple[Name, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    """Ids, codes, versions and addresses: PPR-9087, 10.20.30.41."""
    parts: tuple[NumberedPart, ...] = ()
    """Articles and sections: Article 3."""
    expects: AnswerType = ""
    """What an answer must contain: a number, a time, a name; empty if anything will do."""
    is_yes_no: bool = False
    offers_choice: bool = False
    """Whether it names the possible answers: "Is it red or blue?"."""
    presupposes: Presuppositions = field(default_factory=Presuppositions)
    """The numbers and names that it takes for granted."""
    kind: Kind = "fact"
    """What it asks for: it decides how much is read and the form of the answer."""
    before: str = ""
    """The beginning of the text where that is the question before, with which a follow-up is understood."""
    small_talk: SmallTalk | None = None
    """Set where it asks nothing of the documents: a greeting, or no word to search for."""

    @property
    def is_bare(self) -> bool:
        """Whether it is only an identifier, a number or a date, which is in no language."""
        named = bool(self.identifiers or self.quantities)
        taken = [(item.start, item.end) for item in self.identifiers]
        taken += [(item.start, item.end) for item in self.quantities]
        rest = [sign for n, sign in enumerate(self.text) if not any(start <= n < end for start, end in taken)]
        return named and not any(map(str.isalnum, rest))

    @property
    def subjects(self) -> tuple[str, ...]:
        """What a question for a definition asks about: its names, else the words after "what is a"."""
        if self.names:
            return tuple(name.text for name in self.names)
        rest = _BESIDE_THE_SUBJECT.sub("", self.text).strip(" ?？。.!")
        return (rest,) if rest else ()

    @property
    def distinct_words(self) -> frozenset[str]:
        """Its words, each once."""
        return frozenset(self.words)


def parse_question(text: str) -> Question:
    """Return the question as a record.

    >>> question = parse_question("How many coins did Ada Lind find in 1911?")
    >>> question.language, question.expects, question.is_yes_no
    ('en', 'number', False)
    >>> [name.text for name in question.names]
    ['Ada Lind']
    """
    found_quantities, found_names = tuple(quantities(text)), tuple(names(text))
    found_identifiers = identifiers(text)
    found_parts = numbered_parts(text)
    found_words = tuple(words(text))
    is_yes_no = asks_whether(text)
    return Question(
        text=text,
        language=detect_language(text),
        words=found_words,
        quantities=found_quantities,
        names=found_names,
        identifiers=found_identifiers,
        parts=found_parts,
        expects=expected_answer(text),
        is_yes_no=is_yes_no,
        offers_choice=offers_choice(text),
        presupposes=Presuppositions()
        if is_yes_no
        else presuppositions(text, found_quantities, found_names, (*found_identifiers, *found_parts)),
        kind=kind_of(text),
        small_talk=small_talk(text, found_words),
    )


def check_question(question: str) -> None:
    """Raise QuestionError for a question that is empty or not valid Unicode."""
    if not question.strip():
        raise QuestionError("The question is empty.", 'Write a question: bunko ask FOLDER "Who wrote this?"')
    try:
        question.encode()
    except UnicodeEncodeError as error:  # undecodable bytes on the command line
        raise QuestionError("The question is not in UTF-8.", "Write it in UTF-8.") from error
