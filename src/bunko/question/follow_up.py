"""Make a follow-up question stand alone, by rule. In: question, history. Out: a question. Knows nothing of models.

A pronoun is replaced by what it stands for in the question before, or in its answer; where that is not clear, both
questions are joined. The words are in `follow_up.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from bunko.language.data_files import read_data
from bunko.language.detection import detect_language
from bunko.language.inflection import base_form
from bunko.language.words import words
from bunko.types import Message

WORDS = Path(__file__).with_name("follow_up.toml")
_FEWEST_WORDS = 2
"""Words, beside a name, of a question that stands alone."""
# A name that is not the first word of its question: capitalised words, with lower-case ones such as "of" between.
_NAME = re.compile(r"(?<=\s)[A-Z][\w’'-]*(?:(?:\s(?:of|the|de|von|van|and))*\s[A-Z0-9][\w’'-]*)*")
# A name with the thing that it belongs to: "the mill of Varn", "the museum in the mill of Varn".
_THING = re.compile(r"\b(?:the|a|an)\s(?:\w+\s){1,3}?(?:of|in|at|near)\s(?:the\s(?:\w+\s){1,2}(?:of|in|at)\s)?$", re.I)
_PRONOUN = re.compile(
    r"\b(?:he|him|his|she|her|it|its|they|them|their|there)\b(?!\s+(?:is|are|was|were)\s+(?:a|an|any)\b)", re.I
)
_OWNING = ("his", "its", "their")
_PERSONAL = ("he", "him", "his", "she", "her")
_ASKS_WHO = re.compile(r"\bwho(?:m|se)?\b|誰|だれ|どなた", re.I)
_ASKS_WHICH = re.compile(r"\W*(?:which|what)\b", re.I)
_LONGEST_NAME = 40  # characters
_ASKS_OF_NAME = re.compile(r"\W*(?:who|what|where)(?: (?:is|was|are|were)|['’]s)\b", re.I)
_JAPANESE_NAME = re.compile(r"([一-龯々ァ-ヴー・]{2,12})(?:が|によって|により)")
_SHORT_JAPANESE = re.compile(r"([一-龯々ァ-ヴーA-Za-z・の]{1,20})(?:です|だ)?")
# What a Japanese question is about: its first words before a particle, which may be joined by の.
_NOUN = "[一-龯々ァ-ヴーA-Za-z0-9・]+"
# A noun of another one, as the subject: 社長の年収は. Joined with a question about something else, it finds that.
_OWN_SUBJECT = re.compile(r"[一-龯々ァ-ヴーA-Za-z0-9]{2,}の[一-龯々ァ-ヴーA-Za-z0-9]{2,}[はが]")
_TOPIC = re.compile(rf"^(?:では|じゃあ|それで|そして)?[、\s]*({_NOUN}(?:の{_NOUN})*)[はがをにで]")


def accept_rewrite(rewritten: str, question: str, history: Sequence[Message]) -> str | None:
    """Return the model's rewritten question if it can be trusted, else None.

    It must keep every content word except those that refer to something, add only words of earlier turns, and have a
    similar length. Inflected forms are one word.
    """
    rewritten = rewritten.strip().split("\n")[0].strip(' "「」')
    said = _base_words(" ".join(turn.content for turn in history))
    new, old = _base_words(rewritten), _base_words(question)
    kept = _base_words(_without_references(question))
    if not rewritten or len(rewritten) > 3 * len(question) + 200:
        return None
    return rewritten if kept <= new <= old | said else None


def join_with_history(question: str, history: Sequence[Message]) -> str:
    """Return the follow-up so that it stands alone, made from the question before it and the answer to that.

    A pronoun is replaced by what it stands for. Without one, both questions are joined, unless the follow-up stands
    alone already.

    >>> join_with_history("Where did he come from?", [Message(role="user", content="Who was Rollo the Viking?")])
    'Where did Rollo the Viking come from?'
    """
    asked = next((turn.content for turn in reversed(history) if turn.role == "user"), "")
    if not asked or stands_alone(question):
        return question
    answered = history[-1].content if history[-1].role == "assistant" else ""
    is_bare = not words(_without_references(question))  # "When was that?": what happened is in the question before
    if is_bare and not (_person(asked, answered) and len(_references().findall(question)) == 1):
        return f"{asked} {question}"
    japanese = detect_language(question) == "ja"
    replaced = _in_japanese(question, asked, answered) if japanese else _in_english(question, asked, answered)
    return replaced or f"{asked} {question}"


def refers_back(question: str) -> bool:
    """Return whether a question has a word that refers to something said before, or only goes on with a question.

    >>> refers_back("When was it built?"), refers_back("And in 1931?"), refers_back("When was the mill built?")
    (True, True, False)
    """
    return bool(_references().search(question) or _continuations().search(question))


def stands_alone(question: str) -> bool:
    """Return whether a question can be understood without the conversation: it names its subject and refers to nothing.

    >>> stands_alone("When was the mill of Varn built?"), stands_alone("When was the mill built?")
    (True, False)
    """
    if refers_back(question):
        return False
    if detect_language(question) == "ja":
        return (
            bool(_OWN_SUBJECT.search(question))
            or len(re.findall(r"[一-龯々ァ-ヴーA-Za-z0-9]{2,}", question)) > _FEWEST_WORDS
        )
    names = _NAME.findall(question)
    others = set(words(question)) - set(words(" ".join(names)))
    asks = bool(others) and len(set(words(question))) >= _FEWEST_WORDS
    return bool(names) and (asks or bool(_ASKS_OF_NAME.match(question)))


def _in_english(question: str, asked: str, answered: str) -> str | None:
    pronoun = _PRONOUN.search(question)
    if pronoun is None:
        return None
    word = pronoun.group().lower()
    owns = word in _OWNING or (word == "her" and re.match(r" \w", question[pronoun.end() :]))
    answer = _person(asked, answered) if word in _PERSONAL else _thing_in(answered, asked)
    name = answer or _thing(asked, bare=word in _PERSONAL)
    if not name:
        return None
    name = f"in {name}" if word == "there" else f"{name}'s" if owns else name
    return question[: pronoun.start()] + name + question[pronoun.end() :]


def _in_japanese(question: str, asked: str, answered: str) -> str | None:
    personal = _japanese("personal").search(question)
    pronoun = personal or _japanese("things").search(question)
    if pronoun is None:
        return None
    topic = _TOPIC.match(asked)
    name = (_person(asked, answered) if personal else "") or (topic[1] if topic else "")
    if not name:
        return None
    return question[: pronoun.start()] + name + question[pronoun.end() :]


def _person(asked: str, answered: str) -> str:
    """Return the person whom the answer names, if the question asked for one; else an empty text."""
    if not _ASKS_WHO.search(asked):
        return ""
    answered = re.sub(r"\s*[\[［]\d+[\]］]", "", answered).strip(" .。")
    if detect_language(asked) == "ja":
        found = _JAPANESE_NAME.search(answered)
        short = _SHORT_JAPANESE.fullmatch(answered)
        return short[1] if short else found[1] if found else ""
    known = set(words(asked))
    names = [name for name in _NAME.findall(f" {answered}") if words(name) and not known & set(words(name))]
    return names[0] if names else ""


def _thing_in(answered: str, asked: str) -> str:
    """Return the thing that a short answer names, if the question asked which one; else an empty text."""
    if not _ASKS_WHICH.match(asked) or len(answered) > _LONGEST_NAME or any(map(str.isdigit, answered)):
        return ""
    known = set(words(asked))
    names = [name for name in _NAME.findall(f" {answered}") if words(name) and not known & set(words(name))]
    return answered.strip(" .") if len(names) == 1 else ""


def _thing(asked: str, *, bare: bool) -> str:
    """Return the last name of a question; unless `bare`, with the thing before it: "the mill of Varn"."""
    found = [*_NAME.finditer(asked)]
    if not found:
        return ""
    thing = None if bare else _THING.search(asked[: found[-1].start()])
    return asked[thing.start() : found[-1].end()] if thing else found[-1].group()


def _base_words(text: str) -> set[str]:
    return {base_form(word) for word in words(text)}


def _without_references(question: str) -> str:
    """Return a question with the words that refer to something replaced by words without meaning."""
    return _references().sub(lambda found: "it" if found[0].isascii() else "それ", question)


@cache
def _references() -> re.Pattern[str]:
    tables = read_data(WORDS)
    english = rf"\b(?:{'|'.join(tables['english']['references'])})\b"
    japanese = "|".join(tables["japanese"]["references"])
    return re.compile(f"{english}|{japanese}", re.I)


@cache
def _continuations() -> re.Pattern[str]:
    tables = read_data(WORDS)
    english, japanese = ("|".join(tables[name]["continuations"]) for name in ("english", "japanese"))
    return re.compile(rf"^\W*(?:(?:{english})\b|{japanese})", re.I)


@cache
def _japanese(kind: str) -> re.Pattern[str]:
    return re.compile(read_data(WORDS)["japanese"][kind])
