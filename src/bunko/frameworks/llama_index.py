"""A library as a retriever and a query engine of LlamaIndex. In: a question. Out: LlamaIndex's nodes and responses.

    from bunko.frameworks.llama_index import BunkoQueryEngine, BunkoRetriever

    library = bunko.open("reports")
    nodes = BunkoRetriever(library, limit=4).retrieve("Who built the mill?")
    print(BunkoQueryEngine(library).query("Who built the mill?"))

The retriever gives passages to an engine of LlamaIndex; the query engine answers with Bunko's own model, and its source
nodes are the quotes that the answer was made from. Needs the extra `llama-index`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bunko.contract.serialise import to_json
from bunko.frameworks.sources import id_of, lock_of, metadata_of, need

need("llama_index.core", extra="llama-index")
from llama_index.core.base.base_query_engine import BaseQueryEngine  # noqa: E402
from llama_index.core.base.base_retriever import BaseRetriever  # noqa: E402
from llama_index.core.base.response.schema import Response  # noqa: E402
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode  # noqa: E402

if TYPE_CHECKING:
    from bunko.client.opening import AnyLibrary
    from bunko.types import Answer, Chunk, Evidence
    from bunko.within import Within

# Where a node is, for programs: a model that reads the node needs its text, its file and its heading.
_NOT_FOR_MODELS = ["start", "end", "score", "cited"]


class BunkoRetriever(BaseRetriever):  # type: ignore[misc] # LlamaIndex may not be installed
    """Return the passages of a library that are relevant to a question, best first.

    The library stays open, and may be shared, in which case its users take turns. Raises what `Library.search` raises.
    """

    def __init__(self, library: AnyLibrary, *, limit: int | None = None, within: Within | None = None) -> None:
        """`limit` is the most passages; `within` chooses documents, as `Library.search` takes it."""
        super().__init__()
        self._library, self._limit = library, limit
        self._within: Within = within or {}

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        settings = None if self._limit is None else {"retrieval.top_k": self._limit}
        with lock_of(self._library):
            hits = self._library.search(query_bundle.query_str, settings=settings, **self._within)
        return [_node(hit.chunk, hit.chunk.text, score=hit.score, language=hit.chunk.language) for hit in hits]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


class BunkoQueryEngine(BaseQueryEngine):  # type: ignore[misc] # LlamaIndex may not be installed
    """Answer questions from a library, with its own model. Raises what `Library.ask` raises."""

    def __init__(self, library: AnyLibrary, *, within: Within | None = None) -> None:
        """`within` chooses the documents that are asked, as `Library.ask` takes it."""
        super().__init__(callback_manager=None)
        self._library = library
        self._within: Within = within or {}

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {}  # the prompts are Bunko's own

    def _query(self, query_bundle: QueryBundle) -> Response:
        with lock_of(self._library):
            answer = self._library.ask(query_bundle.query_str, **self._within)
        return _response(answer)

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        return await asyncio.to_thread(self._query, query_bundle)


def _response(answer: Answer) -> Response:
    """Return an answer: the quotes as source nodes, and all of it as `ask --json` has it in `metadata["answer"]`."""
    cited = {citation.n for citation in answer.citations if citation.verified}
    nodes = [_node(item, item.quote, score=item.score, cited=n in cited) for n, item in enumerate(answer.evidence, 1)]
    return Response(response=answer.text, source_nodes=nodes, metadata={"answer": to_json(answer)})


def _node(item: Chunk | Evidence, text: str, *, score: float, **more: object) -> NodeWithScore:
    node = TextNode(
        id_=id_of(item),
        text=text,
        metadata=metadata_of(item, score=score) | more,
        start_char_idx=item.start,
        end_char_idx=item.end,
        excluded_llm_metadata_keys=[*_NOT_FOR_MODELS, *more],
        excluded_embed_metadata_keys=[*_NOT_FOR_MODELS, *more],
    )
    return NodeWithScore(node=node, score=score)
