"""Decide how much of the documents a question needs, and gather it. In: a question, a store. Out: hits, evidence.

A capable model reads passages: the one of a fact with what stands around it, and for a comparison, a list, an open
question pages from several documents. A smaller one reads a few sentences for a fact, and the answer to a question that
several passages answer is the best quotes of several documents. Knows no prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bunko.answering.bullets import Asked, best_quotes
from bunko.answering.context_size import context_size
from bunko.indexing.chunking import chunks_of
from bunko.language.detection import detect_language
from bunko.language.words import estimate_tokens
from bunko.models.ability import ability_of
from bunko.ports import Embedder, GeneratorSpec, Quotable
from bunko.question.kind import WIDE
from bunko.question.parts import parts, things_by_aspect
from bunko.question.question import Question, parse_question
from bunko.retrieval.context import gather
from bunko.retrieval.evidence import select
from bunko.retrieval.named_documents import may_name_file, named_by_words, named_files
from bunko.retrieval.search import retrieve
from bunko.settings import ChunkingSettings, EvidenceSettings, RetrievalSettings, Settings
from bunko.types import Chunk, Evidence, Hit

if TYPE_CHECKING:
    from bunko.ports import Vectors

# Passages that are searched for. More held few facts more (benchmarks/LOG.md).
_WIDE_PASSAGES = 24
_USUAL_PASSAGES = RetrievalSettings().top_k
_OVERESTIMATE = 4 / 3
"""Tokens by estimate for each of a model's own; passages are chosen by estimate."""
_CHUNKING = ChunkingSettings()
# In a larger library, only the names of documents that a search found are compared with the question's words.
_MOST_NAMES = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Breadth:
    """How much of the documents a question needs."""

    passages: int
    """Passages that are searched for."""
    quoted: int
    """Passages, the first ones, that the quotes of a fact are chosen from."""
    context_tokens: int = 0
    """Tokens of whole passages that the model reads, of its own; 0: it reads a few sentences."""
    is_wide: bool = False
    """Whether several passages answer, and not one."""
    searches_again: bool = False
    """Whether the names in the first passages are searched for."""
    best_quote: bool = False
    """Whether the best quote is the answer: of a tiny or small model, a definition would be the name again."""
    bullets: bool = False
    """Whether the answer is the best quotes of several documents."""


def breadth_of(question: Question, spec: GeneratorSpec, settings: Settings, *, tokens_per_s: float = 0) -> Breadth:
    """Return how much a question of its kind needs, for this model, which reads so fast; 0: not known."""
    # Whatever the model's size, the user wants its own words, or gives the prompt.
    free = spec.writes and (settings.generation.style == "free" or bool(settings.answers.prompt_file))
    ability = "capable" if free else ability_of(spec, settings.generation)
    top_k = settings.retrieval.top_k
    many = _WIDE_PASSAGES if top_k == _USUAL_PASSAGES else top_k  # a number that the user set holds
    if ability == "capable":
        is_wide = question.kind in WIDE or question.kind == "definition" or bool(parts(question))
        patience = settings.answers.patience_s
        tokens = context_size(is_wide=is_wide, tokens_per_s=tokens_per_s, patience_s=patience)
        return Breadth(
            passages=many if tokens else top_k,
            quoted=top_k,
            context_tokens=tokens,
            is_wide=is_wide,
            # Where several passages answer, those that the first ones lead to take the place of better ones.
            searches_again=bool(tokens) and not is_wide and top_k >= _USUAL_PASSAGES,
        )
    if question.kind == "definition":
        return Breadth(passages=top_k, quoted=top_k, best_quote=True)
    # A reason is often one sentence, which the model finds; the answer to two questions is none.
    if (question.kind in WIDE and question.kind != "reason") or parts(question):
        return Breadth(passages=many, quoted=top_k, bullets=True, is_wide=True)
    return Breadth(passages=top_k, quoted=top_k)


def with_kind(question: Question, settings: Settings) -> Question:
    """Return the question with the kind that the settings force, if they do."""
    kind = settings.answers.kind
    return question if kind == "auto" else replace(question, kind=kind)


def named_documents(question: Question, hits: Sequence[Hit], store: Quotable) -> list[str]:
    """Return the documents that a question names: by their file names, else by the words of their names.

    What is summarised is one document, unless the question has several file names: of those with the same date or
    words, the one that the search found first.
    """
    if question.kind not in WIDE and not may_name_file(question):
        return []
    paths = store.paths()
    if (by_file := named_files(question, paths)) or question.kind not in WIDE:
        return by_file
    candidates = paths if len(paths) <= _MOST_NAMES else list(dict.fromkeys(hit.chunk.path for hit in hits))
    named = named_by_words(question, candidates)
    if question.kind == "summary":
        places = {hit.chunk.path: place for place, hit in reversed([*enumerate(hits)])}
        return sorted(named, key=lambda path: places.get(path, len(hits)))[:1]
    return named


def passages_of(path: str, store: Quotable) -> list[Chunk]:
    """Return a document, cut into passages; none if it has gone."""
    document = store.document(path)
    if document is None:
        return []
    parts = chunks_of(
        document,
        count_tokens=lambda texts: [estimate_tokens(text) for text in texts],
        settings=_CHUNKING,
        language_of=detect_language,  # without py3langid, which takes 84 MB
    )
    return list(parts)


def searches_for(
    question: Question, hits: Sequence[Hit], store: Quotable, embedder: Embedder, *, settings: RetrievalSettings
) -> list[Sequence[Hit]]:
    """Return the hits for a question, then those for each of the things that it compares."""
    found: list[Sequence[Hit]] = [hits]
    for text in things_by_aspect(question):
        part = parse_question(text)
        vector = embedder.embed_query(text) if embedder.spec.knows(part.language) else None
        found.append(retrieve(part, store, embedder, vector=vector, settings=settings))
    return found


def evidence_for(
    question: Question,
    searches: Sequence[Sequence[Hit]],
    named: Sequence[str],
    store: Quotable,
    embedder: Embedder,
    *,
    vector: Vectors | None,
    breadth: Breadth,
    settings: EvidenceSettings,
) -> tuple[list[Evidence], int]:
    """Return the evidence: passages for a capable model, quotes of several documents as bullets, or a few sentences.

    `searches` are as `searches_for` returns them. The number is that of the items, the first ones, that may answer by
    themselves: of a fact, the quotes without the passages around them.
    """
    hits = searches[0][: breadth.quoted]
    if _is_asked_for(question, named):
        hits = [Hit(chunk=part, score=1.0) for path in named for part in passages_of(path, store)]
    if breadth.context_tokens:
        documents = [found for path in named if (found := passages_of(path, store))]
        room = int(breadth.context_tokens * _OVERESTIMATE)
        quotes = [] if breadth.is_wide else select(question, hits, embedder, vector=vector, settings=settings)
        evidence = gather(question, searches, named=documents, quotes=quotes, max_tokens=room)
        return evidence, len(quotes) or len(evidence)
    if breadth.bullets:
        evidence = best_quotes(question, _in_turn(question, searches, named, store), embedder)
    else:
        evidence = select(question, hits, embedder, vector=vector, settings=settings)
    return evidence, len(evidence)


def _in_turn(
    question: Question, searches: Sequence[Sequence[Hit]], named: Sequence[str], store: Quotable
) -> list[Asked]:
    """Return what each thing that is compared is asked, with its hits; the documents, if the question names any."""
    documents: list[Asked] = [
        (question, [Hit(chunk=part, score=1.0) for part in passages_of(path, store)]) for path in named
    ]
    if _is_asked_for(question, named):
        return documents
    if searches[1:]:
        things = [parse_question(text) for text in things_by_aspect(question)]
        return [*documents, *zip(things, searches[1:], strict=True)]
    return [*documents, *((question, hits) for hits in searches)]


def _is_asked_for(question: Question, named: Sequence[str]) -> bool:
    """Return whether these documents alone are asked: by file name, or for a summary.

    Words of a document's name may be in the question by chance: then what was found elsewhere counts, too.
    """
    return bool(named) and (question.kind == "summary" or bool(named_files(question, named)))
