"""A library as a retriever of LangChain. In: a question. Out: LangChain's documents, one for each passage.

    from bunko.frameworks.langchain import BunkoRetriever

    retriever = BunkoRetriever(library=bunko.open("reports"), limit=4)
    documents = retriever.invoke("Who built the mill?")

The search is Bunko's own: by words and by meaning, over an index on disk. Needs the extra `langchain`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bunko.frameworks.sources import id_of, lock_of, metadata_of, need

need("langchain_core", extra="langchain")
from langchain_core.documents import Document  # noqa: E402
from langchain_core.retrievers import BaseRetriever  # noqa: E402

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun


class BunkoRetriever(BaseRetriever):  # type: ignore[misc] # LangChain may not be installed
    """Return the passages of a library that are relevant to a question, best first.

    The library stays open, and may be shared by several retrievers, which take turns. Raises what `Library.search`
    raises: QuestionError, ScopeError, NotIndexed, ModelError, StoreError.
    """

    library: Any
    """A library that `bunko.open` or `bunko.open_several` returned, whose index is in step with its folder."""
    limit: int | None = None
    """The most passages; None: as the library's setting retrieval.top_k says."""
    within: dict[str, Any] = {}  # noqa: RUF012 (a field of a pydantic model, copied for each)
    """Which documents are searched, as `Library.search` takes it: only, exclude, since, until, types, tags, authors."""

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        settings = None if self.limit is None else {"retrieval.top_k": self.limit}
        with lock_of(self.library):
            hits = self.library.search(query, settings=settings, **self.within)
        return [
            Document(
                page_content=hit.chunk.text,
                id=id_of(hit.chunk),
                metadata=metadata_of(hit.chunk, score=hit.score) | {"language": hit.chunk.language},
            )
            for hit in hits
        ]
