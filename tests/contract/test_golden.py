"""The JSON, byte by byte: the golden file was written before the JSON was derived from the records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunko.contract.fields import EVERYWHERE, Surface
from bunko.contract.parse import event_from, from_json
from bunko.contract.records import SearchResult
from bunko.contract.serialise import error_json, event_json, to_json
from bunko.server.hosting.inquiry import Inquiry, Queued
from bunko.server.openai.answering import Frame, completion
from bunko.server.openai.asking import Asked
from bunko.types import Answer, Hit, SyncReport
from tests.contract import samples

_LINES = Path(__file__).with_name("golden.jsonl").read_text(encoding="utf-8").splitlines()
_SEARCH = SearchResult(query="harbour", hits=samples.HITS, timings={"embed": 1.5, "total": 2.0})
_ASKED = Asked(
    inquiry=Inquiry(question="q", library="docs"),
    model_id="docs",
    stream=False,
    include_usage=False,
    sources_as_text=False,
    ignored=("top_p",),
    notes=("Asked.",),
)


def _written() -> Iterator[tuple[str, object]]:
    for name, answer in samples.ANSWERS.items():
        for surface in EVERYWHERE:
            yield f"answer {name} {surface}", to_json(answer, surface=surface)
        frame = Frame(model="docs", id="x", created=1)
        yield f"answer {name} openai", completion(answer, _ASKED, frame=frame, link=lambda citation: citation.path)
    yield "hits", [to_json(hit) for hit in samples.HITS]
    yield "search", to_json(_SEARCH)
    for name, report in samples.REPORTS.items():
        yield f"report {name}", to_json(report)
    yield "error", error_json(samples.ERROR)
    yield "event queued", to_json(Queued(position=3))
    for event in samples.EVENTS:
        name, tree = event_json(event)
        yield f"event {name}", tree


def test_the_json_is_what_it_was() -> None:
    written = [json.dumps({name: tree}, ensure_ascii=False) for name, tree in _written()]
    assert written == _LINES


@pytest.mark.parametrize("surface", [*EVERYWHERE, "cache"])
@pytest.mark.parametrize("name", samples.ANSWERS)
def test_an_answer_is_read_back_from_its_json(name: str, surface: Surface) -> None:
    tree = to_json(samples.ANSWERS[name], surface=surface)
    answer = from_json(Answer, json.loads(json.dumps(tree)))
    assert to_json(answer, surface=surface) == tree


@pytest.mark.parametrize("name", samples.ANSWERS)
def test_the_cache_keeps_every_field_and_every_digit(name: str) -> None:
    answer = samples.ANSWERS[name]
    assert from_json(Answer, json.loads(json.dumps(to_json(answer, surface="cache")))) == answer


def test_what_the_json_leaves_out_has_its_default() -> None:
    (hit, _) = samples.HITS
    read = from_json(Hit, to_json(hit))
    assert (read.chunk.heading, read.chunk.language, read.dense, read.score) == ("Kobe > Port", "en", None, 0.123457)
    assert from_json(SyncReport, to_json(samples.REPORTS["full"])).unembedded == 0


@pytest.mark.parametrize("field", ["question", "answer", "evidence", "documents", "usage", "timings_ms", "model"])
def test_a_promised_field_that_is_missing_is_an_error(field: str) -> None:
    tree = to_json(samples.FULL)
    del tree[field]
    with pytest.raises(KeyError):
        from_json(Answer, tree)


def test_events_are_read_back() -> None:
    for event in samples.EVENTS:
        name, tree = event_json(event)
        again = event_from(name, tree)
        assert again is not None
        assert (type(again), event_json(again)) == (type(event), (name, tree))
    assert event_from("queued", to_json(Queued(position=1))) is None
