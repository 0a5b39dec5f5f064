"""A field is defined once: what is added to a record is in its JSON, its parser, its schemas and the documentation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from jsonschema import Draft202012Validator

from bunko.contract import fields, records
from bunko.contract.fields import EVERYWHERE, Rule, Surface, descriptions, fields_of
from bunko.contract.parse import from_json
from bunko.contract.schema import json_schema, rows
from bunko.contract.serialise import error_json, to_json
from bunko.server.native.replies import model_of
from bunko.types import Answer, Hit, SyncReport
from tests.contract import samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A toy."""

    name: str
    weight: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Toy(Answer):
    """An answer with one field more."""

    mood: Literal["calm", "angry"] = "calm"
    """How the answer sounds."""
    sources: tuple[Source, ...] = ()


def _toy() -> Toy:
    return Toy(question="Q", text="A", mood="angry", sources=(Source(name="s"), Source(name="t", weight=0.5)))


@pytest.mark.parametrize("surface", [*EVERYWHERE, "cache"])
def test_a_field_that_is_added_to_a_record_is_in_its_json_and_is_read_back(surface: Surface) -> None:
    tree = to_json(_toy(), surface=surface)
    assert tree["mood"] == "angry"
    assert tree["sources"] == [{"name": "s", "weight": None}, {"name": "t", "weight": 0.5}]
    assert from_json(Toy, json.loads(json.dumps(tree))) == _toy()


@pytest.mark.parametrize("surface", EVERYWHERE)
def test_it_is_in_the_schema_and_in_the_documentation(surface: Surface) -> None:
    schema = json_schema(Toy, surface=surface)
    assert schema["properties"]["mood"] == {
        "type": "string",
        "enum": ["calm", "angry"],
        "description": "How the answer sounds.",
    }
    assert schema["properties"]["sources"]["items"]["properties"]["weight"] == {"type": ["number", "null"]}
    assert {"mood", "sources"} <= set(schema["required"])
    assert ("mood", "How the answer sounds.") in list(rows(Toy, surface=surface))
    assert "sources[].weight" in dict(rows(Toy, surface=surface))
    assert (
        model_of(Toy).model_json_schema()["properties"].keys() == json_schema(Toy, surface="api")["properties"].keys()
    )


@pytest.mark.parametrize("surface", EVERYWHERE)
@pytest.mark.parametrize(
    "record",
    [*samples.ANSWERS.values(), *samples.HITS, *samples.REPORTS.values(), samples.EVENTS[0]],
    ids=lambda record: type(record).__name__,
)
def test_the_json_is_what_its_schema_says_in_the_same_order(record: Any, surface: Surface) -> None:
    schema, tree = json_schema(type(record), surface=surface), to_json(record, surface=surface)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(tree)
    assert list(tree) == [name for name in schema["properties"] if name in tree]


def test_an_error_is_what_its_schema_says() -> None:
    Draft202012Validator(json_schema(records.ErrorReply, surface="api")).validate(error_json(samples.ERROR))


@pytest.mark.parametrize("record", [Answer, Hit, SyncReport], ids=lambda record: record.__name__)
def test_every_field_of_the_commands_has_a_description(record: type) -> None:
    assert [name for name, text in rows(record, surface="command") if not text] == []


def test_a_description_is_the_docstring_below_the_field() -> None:
    assert descriptions(Answer)["question"] == "The question as it was asked."
    assert descriptions(Toy)["question"] == "The question as it was asked."


def test_every_rule_names_a_field() -> None:
    for record in fields.RULES:
        fields_of(record)


def test_a_rule_that_names_no_field_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "RULES", {Source: {"nmae": Rule(name="title")}})
    with pytest.raises(TypeError, match="nmae"):
        fields_of.__wrapped__(Source)
