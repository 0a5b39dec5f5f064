"""Draft questions from a library's own documents. In: a library with a model. Out: lines for a question file.

The model reads a passage and writes a question with its answer. The draft is kept only if the passage contains the
answer, word for word. Drafts must be reviewed by a person: the questions of small models are often odd.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bunko.errors import UsageError
from bunko.evaluation.metrics import normalise_characters
from bunko.generation.thinking import text_of
from bunko.injection.control_tokens import neutralise
from bunko.language.detection import detect_language
from bunko.language.sentences import sentences
from bunko.library import Library
from bunko.ports import GenerationOptions
from bunko.types import Message

_ATTEMPTS = 6  # passages tried at most for each question wanted
_TOKENS = 128
# Characters of a passage. One Japanese character says about as much as two and a half English ones.
_PASSAGE = {"ja": (60, 250)}
_OTHER_PASSAGE = (150, 600)
_LONGEST_ANSWER = {"ja": 40}
_OTHER_LONGEST_ANSWER = 100
_ENGLISH = (
    "You write questions for a quiz. The answer is a few words copied from the text, such as a name, a number, a date "
    "or a place. The question must be understood without the text.",
    "Text: {passage}\n\nWrite one question that the text answers, and its answer, in two lines:\n"
    "Question: …\nAnswer: …",
)
_JAPANESE = (
    "クイズの問題を作ってください。答えは文章から写した短い言葉（名前、数、日付、場所など）です。"
    "質問は文章を読まなくても意味が分かるように書いてください。",
    "文章: {passage}\n\nこの文章から答えられる質問を一つと、その答えを、二行で書いてください。\n質問: …\n答え: …",
)
_QUESTION = re.compile(r"(?:Question|質問|問題|Q)\s*[:：]\s*(.+)", re.IGNORECASE)
_ANSWER = re.compile(r"(?:Answer|答え|回答|A)\s*[:：]\s*(.+)", re.IGNORECASE)
_ASKS = re.compile(r"[?？]\s*$|か[。．]?\s*$")
_POINTS_AT_TEXT = re.compile(
    r"\b(?:the|this) (?:text|passage|article|paragraph)\b|この?(?:文章|本文|記事)", re.IGNORECASE
)
_QUOTES = " \t\"'“”‘’「」『』.。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A few sentences of a document: `text` is the slice that begins at `start`."""

    path: str
    start: int
    text: str


def draft_questions(
    library: Library, *, wanted: int, seed: int = 0, progress: Callable[[int, int], None] = lambda done, tried: None
) -> Iterator[dict[str, object]]:
    """Yield at most `wanted` lines of a question file; fewer if the model does not write enough usable ones.

    The same seed samples the same passages. Raises UsageError without a model, EngineError, StoreError.
    """
    if not library.generator.spec.writes:
        raise UsageError("Questions are drafted by a language model, and there is none.", "Name one with --model.")
    seen: set[str] = set()
    generation = library.settings.generation
    options = GenerationOptions(
        max_tokens=_TOKENS, seed=seed, think=generation.think, think_tokens=generation.think_tokens
    )
    done = 0
    for tried, passage in enumerate(sample_passages(library, count=_ATTEMPTS * wanted, seed=seed), 1):
        if done == wanted:
            return
        written = text_of(library.generator.stream(_messages(passage), options=options))
        drafted = accept(written, passage.text)
        if drafted and normalise_characters(drafted[0]) not in seen:
            question, answer = drafted
            seen.add(normalise_characters(question))
            done += 1
            yield {
                "id": f"draft-{done:03}",
                "question": question,
                "answers": [answer],
                "file": passage.path,
                "passage": passage.text,
                "drafted": True,
            }
        progress(done, tried)


def sample_passages(library: Library, *, count: int, seed: int) -> Iterator[Passage]:
    """Yield random passages of the library, none twice, long documents more often than short ones."""
    records = sorted((record.path, record.chunks) for record in library.records().values() if record.chunks)
    chance = random.Random(seed)
    taken: set[tuple[str, int]] = set()
    for _ in range(count):
        path = chance.choices([path for path, _ in records], [chunks for _, chunks in records])[0] if records else ""
        document = library.document(path) if path else None
        if document is None:
            continue
        spans = sentences(document.text)
        place = chance.randrange(len(spans))
        least, most = _PASSAGE.get(detect_language(document.text), _OTHER_PASSAGE)
        start, end = spans[place]
        for _, following in spans[place + 1 :]:
            if following - start > most:
                break
            end = following
        if end - start >= least and (path, start) not in taken:
            taken.add((path, start))
            yield Passage(path=path, start=start, text=document.text[start:end])


def accept(written: str, passage: str) -> tuple[str, str] | None:
    r"""Return the question and the answer, spelled as in the passage; None if the draft is unusable.

    >>> passage = "The mill was built in 1803 by Ada Whitlock."
    >>> accept("Question: Who built the mill?\nAnswer: ada whitlock.", passage)
    ('Who built the mill?', 'Ada Whitlock')
    >>> accept("Question: Who built the mill?\nAnswer: Charles", passage) is None
    True
    """
    written = written.replace("*", "")  # **Question:**
    asked, answered = _QUESTION.search(written), _ANSWER.search(written)
    if not asked or not answered:
        return None
    question, answer = asked[1].strip(), answered[1].strip(_QUOTES)
    longest = _LONGEST_ANSWER.get(detect_language(passage), _OTHER_LONGEST_ANSWER)
    if not answer or len(answer) > longest or not _ASKS.search(question) or _POINTS_AT_TEXT.search(question):
        return None
    pattern = r"\s+".join(re.escape(word) for word in answer.split())
    whole = re.search(rf"(?<!\w){pattern}(?!\w)", passage, re.IGNORECASE)
    found = whole or (re.search(pattern, passage) if detect_language(answer) == "ja" else None)
    if found is None or normalise_characters(answer) in normalise_characters(question):
        return None
    return question, found.group()


def _messages(passage: Passage) -> list[Message]:
    system, body = _JAPANESE if detect_language(passage.text) == "ja" else _ENGLISH
    text = neutralise(" ".join(passage.text.split()))
    return [Message(role="system", content=system), Message(role="user", content=body.replace("{passage}", text))]
