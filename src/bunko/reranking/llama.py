"""Rerank with the engine: a GGUF reranker in a llama.cpp child process. In: a model. Out: its scores."""

from __future__ import annotations

from collections.abc import Sequence

from bunko.engine.failures import bad_answer
from bunko.engine.http import Connection, Timeouts
from bunko.engine.parameters import Machine, reranking_parameters
from bunko.engine.process import LlamaProcess
from bunko.errors import WrongModelKind
from bunko.language.words import estimate_tokens
from bunko.models import LocalModel
from bunko.ports import RerankerSpec
from bunko.settings import Settings, cache_directory

# Tokens of a pair that are left for the question and the marks around both texts.
_FOR_QUESTION = 128
_SHORTEST = 32
# A text is cut before it is sent: the engine refuses a pair over its limit. By the estimate, which may be too low.
_SAFETY = 0.7


class GgufReranker:
    """A GGUF reranker in a child process, which starts when it is first needed."""

    def __init__(self, model: LocalModel, *, settings: Settings) -> None:
        if model.info is None:
            raise WrongModelKind(f"{model.name} is not a GGUF reranker.", "bunko models list shows rerankers.")
        parameters = reranking_parameters(
            model.files["model"], model.info, machine=Machine.here(), threads=settings.embedding.threads
        )
        self._process = LlamaProcess(
            parameters,
            log_directory=cache_directory(settings) / "logs",
            start_timeout_s=settings.generation.start_timeout_s,
        )
        self._connection = Connection(self._process, timeouts=Timeouts.of(settings.generation))
        self._room = int(str(parameters.values["n_ctx"]))
        self.spec = RerankerSpec(name=model.name, languages=model.languages)

    def begin(self) -> None:
        """Begin to start the engine."""
        self._process.start()

    def judge(self, question: str, passages: Sequence[str]) -> list[float]:
        """Return the engine's score of each passage, in order. Raises EngineError."""
        asked = _cut(question, _FOR_QUESTION)
        room = max(_SHORTEST, self._room - _FOR_QUESTION)
        body = {"query": asked, "documents": [_cut(text, room) for text in passages]}
        answer = self._connection.post_json("/rerank", body)
        try:
            scores = {int(item["index"]): float(item["relevance_score"]) for item in answer["results"]}
            return [scores[n] for n in range(len(passages))]
        except (KeyError, TypeError, ValueError) as error:
            raise bad_answer(self._connection.endpoint, "no scores") from error

    def close(self) -> None:
        """Close the connection, and end the engine."""
        self._connection.close()
        self._process.close()


def _cut(text: str, tokens: int) -> str:
    """Return the beginning of a text that has about so many tokens at most."""
    estimate = estimate_tokens(text)
    most = int(_SAFETY * tokens)
    return text if estimate <= most else text[: len(text) * most // estimate]
