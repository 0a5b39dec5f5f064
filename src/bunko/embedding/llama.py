"""Embed over HTTP: a GGUF encoder in a llama.cpp child process, or any OpenAI-compatible server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bunko.embedding.batches import batches
from bunko.engine.endpoint import RemoteServer
from bunko.engine.failures import bad_answer
from bunko.engine.http import Connection, Timeouts
from bunko.engine.parameters import Machine, embedding_parameters
from bunko.engine.process import LlamaProcess
from bunko.engine.several import SharedConnection
from bunko.errors import WrongModelKind
from bunko.language.words import estimate_tokens
from bunko.models import EmbedderFacts, LocalModel, RemoteModel
from bunko.ports import EmbedderSpec
from bunko.settings import Settings, cache_directory

if TYPE_CHECKING:
    from bunko.ports import Vectors

_REMOTE_MAX_TOKENS = 512
# A text that is certainly too long is cut before it is sent: an engine refuses a text over its limit.
_CHARACTERS_PER_TOKEN = 4


class _HttpEmbedder:
    """The common part of both: POST /v1/embeddings."""

    spec: EmbedderSpec

    def __init__(self, connection: Connection, *, model: str, facts: EmbedderFacts, batch_tokens: int) -> None:
        self._connection = connection
        self._model = model
        self._facts = facts
        self._batch_tokens = batch_tokens

    def close(self) -> None:
        """Close the connection, and end the engine if it is our own."""
        self._connection.close()
        if isinstance(self._connection.endpoint, LlamaProcess):
            self._connection.endpoint.close()

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text, in order."""
        return self._embed([self._facts.passage_prefix + text for text in texts], self.spec.dimension)

    def embed_query(self, text: str) -> Vectors:
        """Return the question's vector."""
        vector: Vectors = self._embed([self._facts.query_prefix + text], self.spec.dimension)[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Estimate each text's tokens: a request for each sentence would take longer than embedding."""
        return [estimate_tokens(text) for text in texts]

    def _measure(self) -> int:
        """Return the vectors' dimension."""
        return int(self._embed(["."], 0).shape[1])

    def _embed(self, texts: Sequence[str], dimension: int) -> Vectors:
        vectors = np.empty((len(texts), dimension), dtype=np.float32)
        texts = [text[: self._facts.max_tokens * _CHARACTERS_PER_TOKEN] for text in texts]
        for batch in batches([estimate_tokens(text) for text in texts], max_tokens=self._batch_tokens):
            rows = self._request([texts[n] for n in batch])
            if not dimension:
                return rows
            if rows.shape != (len(batch), dimension):
                raise bad_answer(self._connection.endpoint, f"vectors of shape {rows.shape}")
            vectors[batch] = rows
        return vectors

    def _request(self, texts: list[str]) -> Vectors:
        body: dict[str, object] = {"input": texts, "encoding_format": "float"}
        if self._model:
            body["model"] = self._model
        answer = self._connection.post_json("/v1/embeddings", body)
        try:
            items = sorted(answer["data"], key=lambda item: item["index"])
            rows = np.array([item["embedding"] for item in items], dtype=np.float32)
            norms = np.linalg.norm(rows, axis=1, keepdims=True)
        except (KeyError, TypeError, ValueError) as error:
            raise bad_answer(self._connection.endpoint, "no embeddings") from error
        unit: Vectors = rows / np.maximum(norms, 1e-12)
        return unit


class GgufEmbedder(_HttpEmbedder):
    """A GGUF encoder in a child process."""

    def __init__(self, model: LocalModel, *, name: str, settings: Settings) -> None:
        if model.info is None or model.embedder is None:
            raise WrongModelKind(f"{model.name} is not a GGUF embedding model.", "bunko models list shows embedders.")
        parameters = embedding_parameters(
            model.files["model"],
            model.info,
            machine=Machine.here(),
            threads=settings.embedding.threads,
            pooling=model.embedder.pooling,
        )
        process = LlamaProcess(
            parameters,
            log_directory=cache_directory(settings) / "logs",
            start_timeout_s=settings.generation.start_timeout_s,
        )
        super().__init__(
            Connection(process, timeouts=Timeouts.of(settings.generation)),
            model="",
            facts=model.embedder,
            batch_tokens=settings.embedding.batch_tokens,
        )
        self.spec = EmbedderSpec(
            name=name,
            dimension=model.embedder.dimension or self._measure(),
            languages=model.languages,
            max_tokens=model.embedder.max_tokens,
        )


class RemoteEmbedder(_HttpEmbedder):
    """An OpenAI-compatible server. It is assumed to know all languages, since it can't be asked."""

    def __init__(self, model: RemoteModel, *, settings: Settings) -> None:
        super().__init__(
            SharedConnection(
                [RemoteServer(url, key=model.api_key) for url in model.urls], timeouts=Timeouts.of(settings.generation)
            ),
            model=model.model,
            facts=EmbedderFacts(dimension=0, max_tokens=_REMOTE_MAX_TOKENS),
            batch_tokens=settings.embedding.batch_tokens,
        )
        self.spec = EmbedderSpec(
            name=f"{model.url}#{model.model}",
            dimension=self._measure(),
            languages=frozenset({"*"}),
            max_tokens=_REMOTE_MAX_TOKENS,
        )
