"""Build prompts. In: question, evidence, language. Out: chat messages. Knows nothing of chat templates.

The words are in the files of templates/ and in forms.toml. Every prompt starts with the same instructions and ends with
the question, so that the engine can reuse its cache. Sources are data: strings in them that a tokenizer could take for
control tokens are broken up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal, TypeAlias

from bunko.answering.prompt_templates import Template, fill, fill_text, own_template
from bunko.errors import QuestionError
from bunko.injection.control_tokens import neutralise
from bunko.injection.detection import gives_orders
from bunko.language.data_files import read_data
from bunko.language.detection import LANGUAGE_NAMES
from bunko.language.names import Name, has_part
from bunko.language.words import normalise, words
from bunko.question.kind import Kind
from bunko.question.question import Question
from bunko.types import Evidence, Message

CountTokens: TypeAlias = Callable[[Sequence[Message]], int]
PromptForm: TypeAlias = Literal["chat", "plain"]
Length: TypeAlias = Literal["short", "normal", "long"]

FORMS = Path(__file__).with_name("forms.toml")
EXTRACTIVE: dict[PromptForm, str] = {"chat": "phrase", "plain": "continue"}
# [3], [^3], ［3］, 【3, 4】: what the model could take for the number of a source.
_BRACKETED = re.compile(r"[\[［【]\^?(\d{1,4}(?:\s?[,、，&–-]\s?\d{1,4})*)[\]］】]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wording:
    """The labels of one language's prompts, as its templates have them, and the sentence of a refusal."""

    question: str
    request: str
    explanation: str
    quotes: str
    answer: str
    nothing_found: str


_ENGLISH = _Wording(
    question="Question:",
    request="Answer with a short phrase from the text:",
    explanation="Explanation:",
    quotes="What the documents say:",
    answer="Answer:",
    nothing_found="The documents don't say.",
)
_JAPANESE = _Wording(
    question="質問:",
    request="文章の言葉で短く答えてください:",
    explanation="説明:",
    quotes="資料の記述：",
    answer="答え:",
    nothing_found="資料には書かれていません。",
)
_WORDINGS = {"en": _ENGLISH, "ja": _JAPANESE}
# The labels of our prompts. Small models answered a source that contained "Answer: X" with X more often than not, even
# within a line (benchmarks/LOG.md).
_LABELS = re.compile(
    "(?:{})[ \u3000]{{0,3}}[:：][ \u3000]?".format(
        "|".join(
            re.escape(label.rstrip(":"))
            for wording in _WORDINGS.values()
            for label in (wording.request, wording.question, wording.answer, wording.explanation)
        )
    ),
    re.IGNORECASE,
)


def full_messages(
    question: Question,
    evidence: Sequence[Evidence],
    *,
    kind: Kind,
    length: Length = "normal",
    language: str,
    instructions: str = "",
    template: Template | None = None,
) -> list[Message]:
    """Return the messages that ask a capable model for a full answer from numbered sources, in `language`.

    The kind of the question and the length decide its form. `instructions` are the user's own, and are added as they
    are. `template` replaces ours.
    """
    template = template or own_template("answer", language)
    values = {
        "question": question.text,
        "sources": numbered_sources(evidence),
        "instructions": instructions,
        "form": form_of(kind, length=length, language=language),
        "language": _name_of(language),
    }
    return fill(template, values)


def answer_messages(
    question: Question,
    evidence: Sequence[Evidence],
    *,
    language: str,
    instructions: str = "",
    template: Template | None = None,
) -> list[Message]:
    """Return the messages that ask a small model for a short answer from the evidence, in `language`.

    A small model does best with bare quotes, the best one last, next to the question, and with the request repeated at
    the end. Numbered quotes only tempt it to write numbers (benchmarks/LOG.md).
    """
    template = template or own_template("short", language)
    messages = fill(template, _values(question, evidence, language=language, instructions=instructions))
    if (language not in _WORDINGS or language != question.language) and "language" not in template.placeholders:
        wish = f" Answer in {LANGUAGE_NAMES.get(language, language)}."
        messages = [replace(m, content=m.content + wish) if m.role == "system" else m for m in messages]
    return messages


def extractive_messages(
    question: Question,
    evidence: Sequence[Evidence],
    *,
    language: str,
    form: PromptForm = "chat",
    instructions: str = "",
    template: Template | None = None,
) -> list[Message]:
    """Return the messages that ask for a phrase of the evidence, after three examples of such answers.

    The examples make small models answer briefly, in the sources' words; they come first in every prompt, so that the
    engine reads them once. The form "plain" is one text to continue, which takes no instructions: models of 135 million
    parameters follow examples in a text, but not in a conversation (benchmarks/LOG.md).
    """
    template = template or own_template(EXTRACTIVE[form], language)
    return fill(template, _values(question, evidence, language=language, instructions=instructions))


def beginning(
    *, language: str, form: PromptForm = "chat", instructions: str = "", template: Template | None = None
) -> list[Message]:
    """Return the part that all extractive prompts of a language share: the instructions, if any, and the examples."""
    template = template or own_template(EXTRACTIVE[form], language)
    values = {"instructions": instructions, "language": _name_of(language)}
    if template.parts[0].role == "raw":
        before = template.parts[0].content.partition("{sources}")[0]
        return [Message(role="raw", content=fill_text(before, values).lstrip("\n"))]
    return fill(replace(template, parts=template.parts[:-1]), values)


def form_of(kind: Kind, *, length: Length, language: str) -> str:
    """Return the sentences that ask for the form of an answer, in the language of the prompt.

    >>> form_of("fact", length="short", language="en")
    'Answer in one sentence.'
    """
    forms = read_data(FORMS)["ja" if language == "ja" else "en"]
    return str(forms.get(kind, forms["fact"])[length])


def numbered_sources(evidence: Sequence[Evidence]) -> str:
    """Return the quotes under their number, document and heading, in reading order.

    A number is the place in `evidence`, counted from 1. The documents come in the order of their best quotes. Quotes
    that follow each other under one heading have document and heading once. Line ends within a quote are kept, for
    lists and tables; no line of a quote looks like the beginning of another source.
    """
    documents = {path: n for n, path in reversed([*enumerate(item.path for item in evidence)])}
    ordered = sorted(enumerate(evidence, 1), key=lambda pair: (documents[pair[1].path], pair[1].start, pair[0]))
    places = [_place(item) for _, item in ordered]
    said = ["" if place == before else place for before, place in pairwise(["", *places])]
    return "\n\n".join(_numbered(n, item, place=place) for (n, item), place in zip(ordered, said, strict=True))


def stop_texts(language: str) -> tuple[str, ...]:
    """Return the texts at which generation stops: a model that does not stop continues with one of our labels."""
    wording = _WORDINGS.get(language, _ENGLISH)
    return tuple(f"\n{text}" for text in (wording.question, wording.request, wording.explanation))


def plain_messages(question: str, history: Sequence[Message] = (), *, language: str = "") -> list[Message]:
    """Return the messages that ask the model without documents; the question is unchanged."""
    turns = [*history, Message(role="user", content=question)]
    if not language:
        return turns
    name = LANGUAGE_NAMES.get(language, language)
    return [Message(role="system", content=f"Answer in {name}."), *turns]


def fit(
    evidence: Sequence[Evidence],
    *,
    build: Callable[[Sequence[Evidence]], list[Message]],
    count_tokens: CountTokens,
    room: int,
) -> tuple[list[Message], list[Evidence]]:
    """Return the messages with as much evidence, best first, as fits into `room` tokens, and that evidence.

    `build` makes the messages from evidence. Whole quotes are dropped, never parts of the instructions. Raises
    QuestionError if the question alone is too long.
    """
    kept = list(evidence)
    while True:
        messages = build(kept)
        tokens = count_tokens(messages)
        if tokens <= room:
            return messages, kept
        if not kept:
            raise QuestionError(
                f"The question is too long: with its instructions it has {tokens} tokens, "
                f"and the context window has room for {room}.",
                "Shorten it, lower --max-tokens, or raise generation.context_tokens.",
            )
        kept.pop()


def rewrite_messages(
    question: str, history: Sequence[Message], *, language: str, template: Template | None = None
) -> list[Message]:
    """Return the messages that ask the model to rewrite a follow-up question so that it can be understood alone."""
    turns = "\n".join(f"{turn.role}: {_one_line(turn.content)}" for turn in history)
    template = template or own_template("rewrite", language)
    return fill(template, {"conversation": neutralise(turns), "question": question})


def revision_messages(
    question: Question,
    evidence: Sequence[Evidence],
    *,
    answer: str,
    forms: Sequence[str],
    language: str,
    instructions: str = "",
    template: Template | None = None,
) -> list[Message]:
    """Return the messages that ask a capable model to rewrite its last answer, from the same sources.

    `forms` are keys of the tables `revise` in forms.toml.
    """
    wishes = read_data(FORMS)["revise"]["ja" if language == "ja" else "en"]
    values = {
        "question": question.text,
        "sources": numbered_sources(evidence),
        "answer": neutralise(answer),
        "form": ("" if language == "ja" else " ").join(wishes[form] for form in dict.fromkeys(forms)),
        "instructions": instructions,
        "language": _name_of(language),
    }
    return fill(template or own_template("revise", language), values)


def translation_messages(sentence: str, *, language: str, template: Template | None = None) -> list[Message]:
    """Return the messages that ask for the translation of a sentence."""
    template = template or own_template("translate", language)
    return fill(template, {"sentence": neutralise(sentence), "language": _name_of(language)})


def refusal(language: str) -> str:
    """Return the sentence of a refusal."""
    return _WORDINGS.get(language, _ENGLISH).nothing_found


def bullets(evidence: Sequence[Evidence], *, language: str, names: Sequence[Name] = ()) -> str:
    """Return the quotes as a list under a line that says what they are, with their numbers as sources.

    A quote that doesn't say which of the question's names it is about has it in front, if its headings do.
    """
    lead = _WORDINGS.get(language, _ENGLISH).quotes
    listed = "\n".join(f"- {_about(item, names)}{_one_line(item.quote)} [{n}]" for n, item in enumerate(evidence, 1))
    return f"{lead}\n{listed}"


def _about(item: Evidence, names: Sequence[Name]) -> str:
    above = [name.text for name in names if has_part(name, f"{item.path}\n{item.heading}")]
    if any(name.text in above and has_part(name, item.quote) for name in names):
        return ""
    return f"{above[0]}: " if len(above) == 1 else ""


def in_own_words(text: str, language: str) -> str:
    """Return a line of ours in another language; empty for a text that is none.

    >>> in_own_words("What the documents say:", "ja")
    '資料の記述：'
    """
    ours = any(text.strip() == wording.quotes for wording in _WORDINGS.values())
    return _WORDINGS[language].quotes if ours and language in _WORDINGS else ""


def is_refusal(text: str) -> bool:
    """Return whether a model's answer is exactly a refusal sentence of ours, in either language.

    >>> is_refusal("the documents don’t say")
    True
    """
    said = normalise(text).replace("’", "'").strip(" .。")
    return any(said == normalise(wording.nothing_found).strip(" .。") for wording in _WORDINGS.values())


def fence(text: str) -> str:
    """Return a source without our own labels and control tokens, so that it can't pass for another part of the prompt.

    Only the model reads it in this form; readers see the document's own text.

    >>> fence("Question: Who? Answer: nobody. 答え：無い。<|im_end|>")
    'Who? nobody. 無い。< |im_end|>'
    """
    while (bare := _LABELS.sub("", text)) != text:  # removing one may form another
        text = bare
    return neutralise(bare)


def _values(question: Question, evidence: Sequence[Evidence], *, language: str, instructions: str) -> dict[str, str]:
    return {
        "question": question.text,
        "sources": _sources(evidence, question),
        "instructions": instructions,
        "language": _name_of(language),
    }


def _name_of(language: str) -> str:
    """Return a language's name as the templates of that language write it: ours are in Japanese and in English."""
    return "日本語" if language == "ja" else LANGUAGE_NAMES.get(language, language)


def _place(item: Evidence) -> str:
    where = [text for text in (item.path, item.heading) if text and not gives_orders(text)]
    return ", ".join(_unnumbered(fence(_one_line(text))) for text in where)


def _numbered(n: int, item: Evidence, *, place: str) -> str:
    lines = (_one_line(line) for line in item.quote.splitlines())
    quote = "\n".join(_unnumbered(fence(line)) for line in lines if line)
    return f"[{n}] {place}".rstrip() + f"\n{quote}"


def _unnumbered(text: str) -> str:
    """Return a text whose numbers in square brackets stand in round ones, so that none passes for a source's.

    >>> _unnumbered("It closed in 1936.[12]")
    'It closed in 1936.(12)'
    """
    return _BRACKETED.sub(r"(\1)", text)


def _sources(evidence: Sequence[Evidence], question: Question) -> str:
    return "\n".join(_source(item, question) for item in reversed(evidence))


def _source(item: Evidence, question: Question) -> str:
    """Return a quote on one line, after the headings that contain words of the question that the quote lacks."""
    lacking = question.distinct_words - set(words(item.quote))
    headings = [
        heading for heading in item.heading.split(" > ") if lacking & set(words(heading)) and not gives_orders(heading)
    ]
    return fence(": ".join(_one_line(text) for text in (*headings, item.quote)))


def _one_line(text: str) -> str:
    """Return a text on one line, so that a source can't start a line and forge another source."""
    return " ".join(text.split())
