"""Tell about a question and documents in different languages. In: languages, texts. Out: notes.

Knows nothing of passages; loads no model.
"""

from __future__ import annotations

from collections.abc import Mapping

from bunko.language.detection import LANGUAGE_NAMES, OTHER_SCRIPTS
from bunko.models.catalogue.lookup import find_entry, multilingual_embedder
from bunko.ports import EmbedderSpec

# Of the documents; a short text in the question's language may be a wrong guess.
_FEW = 0.02


def note_across(asked_in: str, documents: Mapping[str, int], *, spec: EmbedderSpec, embedder: str) -> str:
    """Return a note where all documents are in other languages than the question, and the embedder can't cross them.

    `documents` counts them by language. `embedder` is the name in the settings; an empty one stands for an engine that
    was passed in.

    >>> spec = EmbedderSpec(name="minilm@1", dimension=2, languages=frozenset({"en"}), max_tokens=256)
    >>> note_across("ja", {"en": 3}, spec=spec, embedder="minilm")[:69]
    'The question is in Japanese, and the documents are in English: minilm'
    """
    total = sum(documents.values())
    if not total or documents.get(asked_in, 0) > _FEW * total:
        return ""
    language = max(documents, key=lambda code: documents[code])
    if spec.knows(asked_in) and spec.knows(language):
        return ""
    entry = find_entry(embedder)
    name = entry.name if entry else embedder or spec.name.partition("@")[0]
    other = multilingual_embedder()
    return (
        f"The question is in {_name_of(asked_in)}, and the documents are in {_name_of(language)}: {name} can't match "
        f"texts across languages, and finds only names and numbers that both have. `--embedder {other}` can."
    )


def note_on_quote(asked_in: str, quoted_in: str) -> tuple[str, ...]:
    """Return a note where an answer that is a quote is in another language than the question.

    Two languages in Latin script are not told apart: a short passage may be a wrong guess.

    >>> note_on_quote("ja", "en")
    ('The question is in Japanese, and the answer is quoted in English.',)
    >>> note_on_quote("en", "fr")
    ()
    """
    if quoted_in == asked_in or not {asked_in, quoted_in} & OTHER_SCRIPTS:
        return ()
    return (f"The question is in {_name_of(asked_in)}, and the answer is quoted in {_name_of(quoted_in)}.",)


def _name_of(language: str) -> str:
    return LANGUAGE_NAMES.get(language, language)
