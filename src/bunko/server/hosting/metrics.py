"""What Prometheus reads. In: what was asked and what came of it. Out: its text. Knows no contents.

Every label has a bounded number of values: routes as they are written, and the names that the server was started
with. What clients write never becomes a label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bunko.types import Answer

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STAGES = frozenset(
    "queue recall open rewrite embed retrieve select load prompt read reason write ground translate total".split()
)
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """The counts of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "bunko_requests", "Requests by route and status.", ["method", "route", "status"], registry=self._registry
        )
        self._request_seconds = Histogram(
            "bunko_request_seconds", "From a request's head to the end of its answer.", ["route"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._answers = Counter(
            "bunko_answers", "Answers by what came of them: an outcome, or the name of an error.",
            ["library", "model", "outcome"], registry=self._registry,
        )  # fmt: skip
        self._stages = Histogram(
            "bunko_stage_seconds", "What each stage of an answer took.", ["stage"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._tokens = Counter(
            "bunko_tokens", "Tokens that the models read (cached: not read anew) and wrote.", ["model", "kind"],
            registry=self._registry,
        )  # fmt: skip
        self._first_text = Histogram(
            "bunko_first_text_seconds", "From the question to the first words of its answer.", ["model"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip

    def gauge(self, name: str, meaning: str, values: Callable[[], Mapping[str, float]], *, label: str) -> None:
        """Show what a function returns whenever the text is read: a number for each value of the label."""
        self._registry.register(_Read(name, meaning, values, label))

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        method = method if method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS") else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def answered(self, answer: Answer, *, library: str, model: str) -> None:
        """Count an answer, with what it took."""
        outcome = "kept" if answer.remembered else "refused" if answer.refused else "answered"
        self._answers.labels(library, model, outcome).inc()
        for stage, milliseconds in answer.timings.items():
            self._stages.labels(stage if stage in _STAGES else "other").observe(milliseconds / 1000)
        usage = answer.usage
        self._tokens.labels(model, "cached").inc(usage.cached_tokens)
        self._tokens.labels(model, "prompt").inc(max(0, usage.prompt_tokens - usage.cached_tokens))
        self._tokens.labels(model, "completion").inc(usage.completion_tokens)

    def not_answered(self, outcome: str, *, library: str, model: str) -> None:
        """Count a question that got none: `outcome` is "left" where the client went away, or an error's name."""
        self._answers.labels(library, model, outcome).inc()

    def first_text(self, model: str, seconds: float) -> None:
        """Take note of how long it was until the first words."""
        self._first_text.labels(model).observe(seconds)

    def text(self) -> bytes:
        """Return all of it in Prometheus' form."""
        return generate_latest(self._registry)


class _Read(Collector):
    """A gauge whose values are asked for when it is read."""

    def __init__(self, name: str, meaning: str, values: Callable[[], Mapping[str, float]], label: str) -> None:
        self._name, self._meaning, self._values, self._label = name, meaning, values, label

    def collect(self) -> list[GaugeMetricFamily]:
        """Return the gauge as it is now."""
        family = GaugeMetricFamily(self._name, self._meaning, labels=[self._label])
        for value, number in self._values().items():
            family.add_metric([value], number)
        return [family]
