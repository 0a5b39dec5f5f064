"""The forms of English questions about the whole folder. Out: patterns, each with its task.

A noun that may mean something in a document ("emails", "images") is taken only beside "in this folder" and the like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from bunko.language.detection import LANGUAGE_NAMES
from bunko.language.words import words
from bunko.overview.kinds import ENGLISH
from bunko.overview.types import Join, Most

Terms: TypeAlias = tuple[tuple[str, ...], Join]
TermsOf: TypeAlias = Callable[..., "Terms | None"]

MOST: dict[str, Most] = {
    "newest": "newest", "latest": "newest", "most recent": "newest", "most recently": "newest", "last": "newest",
    "oldest": "oldest", "largest": "largest", "biggest": "largest", "smallest": "smallest",
}  # fmt: skip
_SURE = "|".join(pattern for pattern, _ in ENGLISH.values())
_MAYBE = "|".join(pattern for _, pattern in ENGLISH.values() if pattern)
_NOUNS = rf"(?P<noun>documents|files|{_SURE})"
_NOUN = rf"(?P<noun>documents?|files?|{_SURE})"
_LOOSE = rf"(?P<noun>documents|files|texts|{_SURE}|{_MAYBE})"
# The folder at hand; "the library" may be one in a document.
_FOLDER = (
    r"(?:(?:this|my|your|our)(?: whole| entire)? (?:folder|library|collection|directory|index)"
    r"|the(?: whole| entire)? (?:folder|directory|index))"
)
_HERE = rf"(?:(?:in|of|inside|within|from) {_FOLDER}|(?:in )?here)"
_TAIL = rf"(?: {_HERE}| altogether| in total| in all| overall| please)*"
_THE = r"(?:all of |all |each of |every one of |every |each |any of |any )?(?:the |these |those |my |our |your )?"
_PLEASE = r"(?:please,? |(?:can|could|would|will) you (?:please )?|i (?:want|need|would like) (?:you )?to |tell me,? )?"
_LANGUAGE = rf"(?P<language>{'|'.join(LANGUAGE_NAMES.values())})"
_NUMBER = rf"(?:{_PLEASE}how many(?: different)?|{_PLEASE}count|(?:what is |what's )?(?:the )?(?:total )?number of)"
_SHOW = r"(?:list|show|display|enumerate|name|find|give|get)(?: me| us)?(?: (?:a|the) (?:complete |full )?list of)?"
_WHICH = r"(?:which|what)(?: of)?(?: the| these| those| my| our| your)?(?: other)?"
# Verbs whose object is what a text speaks of; "contain" and "use" only of words and names.
_VERB = (
    r"(?P<verb>mention(?:s|ed|ing)?|refer(?:s|red|ring)? to|talk(?:s|ed|ing)? about|discuss(?:es|ed|ing)?"
    r"|speak(?:s|ing)? (?:of|about)|deal(?:s|ing)? with|(?:are|is) about|contain(?:s|ed|ing)?|include[sd]?|including"
    r"|use[sd]?|using)"
)
_NAMED = r"(?P<verb>mentioned|named|referred to|discussed|talked about|written about|found|used)"
_OCCURS = r"(?P<verb>appear|occur|come up|get mentioned|show up)s?"
_FAILED = (
    r"(?:(?:could not|couldn't|can not|cannot|can't|did not|didn't|were not|weren't|was not|wasn't) (?:be )?"
    r"(?:read|indexed|opened|parsed|get read|get indexed)|failed(?: to (?:be )?(?:read|indexed?|opened|parsed?|load))?)"
)
_SUMMARISE = (
    r"(?:summari[sz]e"
    r"|(?:(?:give|write|make|create)(?: me| us)? )?(?:an? )?(?:short |brief |quick )?(?:summary|overview) of)"
)
_EACH = r"(?P<each>each of (?:the |these |my )?|every one of (?:the |these |my )?|each |every )"
_BRIEFLY = r"(?: briefly| shortly| for me| in (?:a few|one|two|three) sentences?(?: each)?| please)*"

# A question without any of these has none of the forms.
HINT = re.compile(
    r"document|files?\b|pdf|csv|epub|excel|power ?point|html|\btexts\b|folder|directory|\bindex\b|library|collection"
    r"|everything|\bhere\b",
    re.I,
)
# Objects of "mention" that are more than a word or a name: the question goes on, or looks back.
_CLAUSE = re.compile(
    r"^(?:that|to|how|why|whether|if|what|when|who|whom|whose|where|which|no|not|neither|only|any|anything|something)\b"
    r"|^(?:it|him|her|them|this|these|those|he|she|they|each other|one another)\b"
    r"|\b(?:who|whom|when|why|how|where|which|what|whether|because|than|did|does)\b"
    r"|\b(?:first|last|earliest|most|most often|least|best|also|but|not)$",
    re.I,
)
_WORD_ITSELF = re.compile(r"^(?:the )?(?:exact )?(?:words?|names?|terms?|phrases?|expressions?)\s+", re.I)
_SUBJECT = re.compile(r"^(?:the )?(?:topics?|subjects?|themes?) (?:of )?", re.I)
_ARTICLE = re.compile(r"^(?:the|a|an|both|either)\s+", re.I)
_AT_END = re.compile(rf"(?: by name| anywhere| somewhere| at all)?{_TAIL}$", re.I)
_QUOTED = re.compile(r"[\"“„«'‘]([^\"“”„«»]+?)[\"”»'’](?![^\W_])|「([^「」]+)」|『([^『』]+)』")
_BESIDE_QUOTES = re.compile(r"\b(?:both|either|and|or|the)\b|[\s,/]", re.I)
_HOLDS = re.compile(r"contain|includ|us(?:e|ing)|found", re.I)
_LONGEST = 8  # words: more are a description, not a name
_SMALL_WORDS = frozenset("of the and or de von van der le la".split())


def terms_of(x: str, *, verb: str = "") -> Terms | None:
    """Return the words or names that a document is to mention, as written; None where something else is asked.

    >>> terms_of("the Treaty of Paris and Lyon in this folder")
    (('Treaty of Paris', 'Lyon'), 'all')
    >>> terms_of("that he was ill")
    """
    x = _AT_END.sub("", x).strip(" ,;:")
    itself = _WORD_ITSELF.match(x)
    x = _SUBJECT.sub("", _WORD_ITSELF.sub("", x))
    join: Join = "any" if re.search(r"\bor\b", _QUOTED.sub("", x), re.I) else "all"
    quoted = ["".join(match.groups(default="")).strip() for match in _QUOTED.finditer(x)]
    if quoted and not _BESIDE_QUOTES.sub("", _QUOTED.sub("", x)):
        return tuple(quoted), join
    if _CLAUSE.search(x) or (_HOLDS.match(verb) and not itself and not _is_name(x)):
        return None
    parts = [_ARTICLE.sub("", part).strip() for part in re.split(r"\s*,?\s+(?:and/or|and|or)\s+", x, flags=re.I)]
    if any(not words(part) or len(part.split()) > _LONGEST for part in parts):
        return None
    return tuple(parts), join


def _is_name(x: str) -> bool:
    """Return whether the words begin with capitals: a file contains a name, but a contract contains mistakes."""
    return all(word[:1].isupper() or word in _SMALL_WORDS for word in x.split())


def _forms() -> Iterator[tuple[str, str]]:
    yield "count", rf"{_NUMBER} {_THE}{_NOUNS}(?: are there| there are)?{_TAIL}"
    yield "count", rf"{_NUMBER} {_LOOSE} (?:are|exist|are there|there are|do (?:i|we|you) have) {_HERE}{_TAIL}"
    yield "count", rf"{_NUMBER} {_LOOSE} {_HERE}{_TAIL}"
    yield "count", rf"{_NUMBER} {_NOUNS} (?:do|have) (?:i|you|we) (?:have|got|hold|know|see){_TAIL}"
    yield "count", rf"{_NUMBER} {_LOOSE} (?:does|do) {_FOLDER} (?:contain|hold|have|include)"
    yield "count", rf"{_NUMBER} {_NOUNS} (?:are|were|have been|has been) (?:indexed|read){_TAIL}"
    yield "count", rf"{_NUMBER} {_NOUNS}(?: are)?(?: there)? (?:written )?in {_LANGUAGE}(?: are there)?{_TAIL}"
    yield "list", rf"{_PLEASE}{_SHOW} {_THE}(?:names? of )?{_THE}{_NOUNS}{_TAIL}"
    yield "list", rf"{_PLEASE}{_SHOW} {_THE}{_LOOSE}(?: that are)? {_HERE}{_TAIL}"
    yield "list", rf"(?:a )?list of {_THE}{_NOUNS}{_TAIL}"
    yield "list", rf"(?:which|what) {_NOUNS} (?:are there|are available|exist|do (?:i|you|we) have){_TAIL}"
    yield "list", rf"(?:which|what) {_LOOSE} (?:are|exist|are there|do (?:i|you|we) have) {_HERE}{_TAIL}"
    yield "list", rf"(?:which|what) {_LOOSE} (?:does|do) {_FOLDER} (?:contain|hold|have|include)"
    yield "list", rf"(?:which|what) {_NOUNS} (?:are|were|have been) (?:indexed|read){_TAIL}"
    yield "list", rf"(?:which|what) {_NOUNS} are (?:written )?in {_LANGUAGE}{_TAIL}"
    yield "list", rf"{_PLEASE}{_SHOW} {_THE}{_NOUNS} (?:that are )?(?:written )?in {_LANGUAGE}{_TAIL}"
    yield "failed", rf"(?:which|what|how many) {_NOUN} {_FAILED}{_TAIL}"
    yield "failed", rf"(?:are|were) there (?:any )?{_NOUN} (?:that|which) {_FAILED}{_TAIL}"
    yield "failed", rf"{_PLEASE}{_SHOW} {_THE}{_NOUN} (?:that|which) {_FAILED}{_TAIL}"
    most = rf"(?P<most>{'|'.join(MOST)})"
    yield "most", rf"(?:which|what)(?: is|'s| are)? (?:the )?{most} (?P<noun>files?){_TAIL}"
    yield "most", rf"(?:which|what)(?: is|'s| are)? (?:the )?{most} {_NOUN} {_HERE}{_TAIL}"
    yield (
        "most",
        rf"(?:which|what) (?P<noun>file|document) (?:is|was) (?:changed |modified |saved )?(?:the )?{most}{_TAIL}",
    )
    yield "most", rf"(?:which|what) (?P<noun>file|document) (?:is|was) {most} (?:changed|modified|saved){_TAIL}"
    yield "mention", rf"{_PLEASE}{_WHICH} {_NOUN}(?: {_HERE})?(?: all)? {_VERB} (?P<x>.+)"
    yield "mention", rf"(?:in )?{_WHICH} {_NOUN}(?: {_HERE})? (?:is|are|was|were) (?P<x>.+) {_NAMED}(?: in)?{_TAIL}"
    yield "mention", rf"(?:in )?{_WHICH} {_NOUN}(?: {_HERE})? (?:does|do|did) (?P<x>.+) {_OCCURS}(?: in)?{_TAIL}"
    yield "mention", rf"{_PLEASE}{_SHOW} {_THE}{_NOUN}(?: {_HERE})? (?:that |which |where )?{_VERB} (?P<x>.+)"
    yield "mention", rf"(?:do|does) {_THE}{_NOUN}(?: {_HERE})? {_VERB} (?P<x>.+)"
    yield "mention", rf"(?:are there|is there) (?:any |a |an )?{_NOUN}(?: {_HERE})? (?:that |which )?{_VERB} (?P<x>.+)"
    yield "mention", rf"(?:is|are|was|were) (?P<x>.+) {_NAMED} (?:anywhere )?in any (?:of the )?{_NOUN}{_TAIL}"
    yield "mention", rf"(?:is|are|was|were) (?P<x>.+) {_NAMED} anywhere {_HERE}"
    yield "count mentions", rf"{_NUMBER} (?:of )?{_THE}{_NOUNS}(?: {_HERE})? (?:that |which )?{_VERB} (?P<x>.+)"
    yield "count mentions", rf"in {_NUMBER} {_NOUNS} (?:is|are|was|were) (?P<x>.+) {_NAMED}{_TAIL}"
    yield "count mentions", rf"in {_NUMBER} {_NOUNS} (?:does|do|did) (?P<x>.+) {_OCCURS}{_TAIL}"
    yield "contents", rf"(?:what is|what's|what do (?:i|we) have|what can be found) {_HERE}"
    yield "contents", rf"what (?:does|do) {_FOLDER} (?:contain|hold|have in it)"
    yield (
        "contents",
        rf"what (?:is|are) (?:{_FOLDER}|these (?:documents|files|texts)|all these (?:documents|files|texts)) about",
    )
    yield "contents", rf"{_PLEASE}(?:describe|tell me about) (?:{_FOLDER}|these (?:documents|files))"
    all_of = rf"(?:all of |all )?(?:the |these |those |my |our |your )?(?P<noun>documents|files|texts|{_SURE})"
    whole = rf"(?:everything|{_FOLDER}|(?:the )?(?:contents?|documents|files) of {_FOLDER})"
    yield "summary", rf"{_PLEASE}{_SUMMARISE} (?:{whole}|{all_of}){_TAIL}{_BRIEFLY}"
    yield "summary", rf"{_PLEASE}{_SUMMARISE} {_EACH}(?P<noun>documents?|files?|texts?|{_SURE}){_TAIL}{_BRIEFLY}"


FORMS = tuple(_forms())
"""Task and pattern, not compiled yet: that takes longer than all the rest, and few questions need it."""
