"""Metrics for Prometheus. In: requests and answers. Out: the text format. Knows no contents.

Every label has a bounded number of values: route patterns, and the names that the server was started with. What
clients write never becomes a label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bunko.types import Answer

if TYPE_CHECKING:
    from bunko.server.hosting.fair_queue import FairQueue
    from bunko.server.hosting.libraries import HostedLibrary

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STAGES = frozenset(
    "sync queue recall open rewrite embed retrieve select load prompt read reason write ground translate total".split()
)
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """The counters, histograms and gauges of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "bunko_requests", "Requests by route and status.", ["method", "route", "status"], registry=self._registry
        )
        self._request_seconds = Histogram(
            "bunko_request_seconds", "From the head of a request to the end of its response.", ["route"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._answers = Counter(
            "bunko_answers", "Answers by outcome, or by the name of an error.",
            ["library", "model", "outcome"], registry=self._registry,
        )  # fmt: skip
        self._stages = Histogram(
            "bunko_stage_seconds", "Seconds that each stage of an answer took.", ["stage"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._tokens = Counter(
            "bunko_tokens", "Tokens that the models read (cached: taken from the cache) and wrote.", ["model", "kind"],
            registry=self._registry,
        )  # fmt: skip
        self._first_text = Histogram(
            "bunko_first_text_seconds", "From a question to the first text of its answer.", ["model"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip

    def add_gauges(self, queues: Mapping[str, FairQueue], libraries: Mapping[str, HostedLibrary]) -> None:
        """Add the gauges of a host. They are read each time `text` is called."""
        rows: list[tuple[str, str, str, Callable[[], Mapping[str, float]]]] = [
            ("bunko_queue_waiting", "Questions that wait for a model.", "model",
             lambda: {name: queue.waiting for name, queue in queues.items()}),
            ("bunko_queue_begun", "Questions that a model is answering.", "model",
             lambda: {name: queue.begun for name, queue in queues.items()}),
            ("bunko_library_documents", "Documents in a library.", "library",
             lambda: {name: one.report.documents if one.report else 0 for name, one in libraries.items()}),
            ("bunko_library_ready", "1 where a library is up to date with its folder.", "library",
             lambda: {name: float(one.state == "ready") for name, one in libraries.items()}),
        ]  # fmt: skip
        for name, meaning, label, values in rows:
            self._registry.register(_Gauge(name, meaning, values, label))

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        method = method if method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS") else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def answered(self, answer: Answer, *, library: str, model: str) -> None:
        """Count an answer, its tokens and the time of its stages."""
        self._answers.labels(library, model, outcome_of(answer)).inc()
        for stage, milliseconds in answer.timings.items():
            self._stages.labels(stage if stage in _STAGES else "other").observe(milliseconds / 1000)
        usage = answer.usage
        self._tokens.labels(model, "cached").inc(usage.cached_tokens)
        self._tokens.labels(model, "prompt").inc(max(0, usage.prompt_tokens - usage.cached_tokens))
        self._tokens.labels(model, "completion").inc(usage.completion_tokens)

    def not_answered(self, outcome: str, *, library: str, model: str) -> None:
        """Count a question without an answer. `outcome` is "left" if the client disconnected, else an error's name."""
        self._answers.labels(library, model, outcome).inc()

    def first_text(self, model: str, seconds: float) -> None:
        """Record the seconds from a question to the first text."""
        self._first_text.labels(model).observe(seconds)

    def text(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(self._registry)


def outcome_of(answer: Answer) -> str:
    """Return an answer's outcome, as metrics and logs name it."""
    return "kept" if answer.remembered else "refused" if answer.refused else "answered"


class _Gauge(Collector):
    """A gauge that calls a function for its values each time it is read."""

    def __init__(self, name: str, meaning: str, values: Callable[[], Mapping[str, float]], label: str) -> None:
        self._name, self._meaning, self._values, self._label = name, meaning, values, label

    def collect(self) -> list[GaugeMetricFamily]:
        """Return the current values."""
        family = GaugeMetricFamily(self._name, self._meaning, labels=[self._label])
        for value, number in self._values().items():
            family.add_metric([value], number)
        return [family]
