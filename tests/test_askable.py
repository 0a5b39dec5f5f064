"""A setting of questions is defined once: every interface has it, and adding one is one entry of the table."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import typing
from typing import Any

import pytest

from bunko.askable import ASKABLE, FIELDS, SETTINGS, Askable
from bunko.cli.common import settings_from
from bunko.cli.parser import build_parser
from bunko.client.request_fields import fields_of
from bunko.server.mcp.tools import TOOLS
from bunko.server.native.requests import AskBody, SearchBody, Variant
from bunko.server.openai.asking import understand
from bunko.server.openai.models import Target
from bunko.server.openai.types import BunkoOptions, ChatRequest
from bunko.settings import Settings, apply_overrides
from tests.support import REPOSITORY

# Values that are not the default, one for each setting.
_OTHER: dict[str, Any] = {
    "generation.max_tokens": 7,
    "generation.think": "low",
    "generation.temperature": 0.5,
    "generation.seed": 3,
    "generation.style": "extractive",
    "generation.translation": "auto",
    "answers.kind": "reason",
    "answers.length": "long",
    "answers.patience_s": 20.0,
    "answers.instructions": "Write short sentences.",
    "answers.verify": "deep",
    "answers.strictness": 0.25,
    "answer_language": "ja",
    "retrieval.top_k": 5,
    "retrieval.mode": "dense",
    "retrieval.reranker": "reader",
    "scope.only": ("contracts/**", "Minutes, May.txt"),
    "scope.exclude": ("drafts",),
    "scope.since": "2024-01",
    "scope.until": "2024-06-30",
    "scope.types": ("pdf", "docx"),
    "scope.tags": ("work",),
    "scope.authors": ("Lind, Ada",),
}
EACH = pytest.mark.parametrize("askable", ASKABLE, ids=lambda askable: askable.setting)


def value_of(settings: Settings, name: str) -> object:
    section, _, key = name.rpartition(".")
    return getattr(getattr(settings, section) if section else settings, key)


def test_every_setting_has_a_value_to_try() -> None:
    assert set(_OTHER) == set(SETTINGS)
    assert len({each.field for each in ASKABLE}) == len({each.flag for each in ASKABLE}) == len(ASKABLE)


@EACH
def test_a_list_is_called_one(askable: Askable) -> None:
    assert askable.is_list == (typing.get_origin(askable.type) is tuple)


@EACH
def test_the_default_that_is_named_is_the_settings_default(askable: Askable) -> None:
    default = str(value_of(Settings(), askable.setting))
    assert re.findall(r"(\S+) \(default\)", askable.doc) in ([default], [])


@EACH
@pytest.mark.parametrize("command", [("ask", "docs", "Q"), ("chat", "docs"), ("batch", "docs", "f", "--out", "o")])
def test_the_commands_have_its_flag(askable: Askable, command: tuple[str, ...]) -> None:
    other = _OTHER[askable.setting]
    values = [] if askable.value else [str(one) for one in (other if askable.is_list else [other])]
    flags = [word for one in values for word in (askable.flag, one)] or [askable.flag]
    arguments = build_parser().parse_args([*command, *flags])
    assert isinstance(arguments, argparse.Namespace)
    assert value_of(settings_from(arguments), askable.setting) == _OTHER[askable.setting]


@EACH
def test_the_native_api_has_its_field(askable: Askable) -> None:
    given = {askable.field: _OTHER[askable.setting]}
    assert AskBody.model_validate({"question": "Q", **given}).overrides == {askable.setting: _OTHER[askable.setting]}
    assert Variant.model_validate(given).overrides == {askable.setting: _OTHER[askable.setting]}
    assert (askable.field in SearchBody.model_fields) == ("search" in askable.calls)
    assert AskBody.model_fields[askable.field].description == askable.doc


@EACH
def test_the_openai_api_has_its_field(askable: Askable) -> None:
    given = {askable.field: _OTHER[askable.setting]}
    fields = given if askable.openai == "own" else {"bunko": given}
    assert (askable.field in BunkoOptions.model_fields) == (askable.openai == "bunko")
    request = ChatRequest.model_validate({"model": "m", "messages": [{"role": "user", "content": "Q"}], **fields})
    asked = understand(request, Target(library="docs", model=""))
    assert asked.inquiry.overrides == {askable.setting: _OTHER[askable.setting]}


@EACH
@pytest.mark.parametrize("tool", ["ask", "search"])
def test_the_tools_have_its_argument(askable: Askable, tool: str) -> None:
    assert (askable.field in TOOLS[tool].input["properties"]) == (tool in askable.mcp)


@EACH
def test_a_remote_library_sends_it(askable: Askable) -> None:
    settings = apply_overrides(Settings(), {askable.setting: _OTHER[askable.setting]})
    assert fields_of(settings) == {FIELDS[askable.setting]: _OTHER[askable.setting]}


_ADDED = """
import bunko.askable as table
from bunko.askable import Askable
new = Askable(setting="evidence.quotes", flag="--quotes", metavar="N", doc="most quotes", most=9)
table.ASKABLE = (*table.ASKABLE, new)
table.SETTINGS[new.setting], table.FIELDS[new.setting] = new, new.field
from bunko.cli.parser import build_parser
from bunko.cli.common import settings_from
arguments = build_parser().parse_args(["ask", "docs", "Q", "--quotes", "2"])
assert settings_from(arguments).evidence.quotes == 2
from bunko.server.native.requests import AskBody
assert AskBody(question="Q", quotes=2).overrides == {"evidence.quotes": 2}
schema = AskBody.model_json_schema()["properties"]["quotes"]
assert schema["anyOf"][0] == {"type": "integer", "minimum": 1, "maximum": 9}, schema
from bunko.server.openai.types import BunkoOptions
assert BunkoOptions(quotes=2).overrides == {"evidence.quotes": 2}
from bunko.server.mcp.tools import TOOLS
expected = {"type": "integer", "minimum": 1, "maximum": 9, "description": "most quotes"}
assert TOOLS["ask"].input["properties"]["quotes"] == expected
assert TOOLS["ask"].check({"question": "Q", "quotes": 2}).overrides == {"evidence.quotes": 2}
from bunko.server.hosting.inquiry import Inquiry, settings_for
from bunko.settings import Settings, apply_overrides
asked = Inquiry(question="Q", overrides={"evidence.quotes": 2})
assert settings_for(asked, Settings(), most_tokens=9999).evidence.quotes == 2
from bunko.client.request_fields import fields_of
assert fields_of(apply_overrides(Settings(), {"evidence.quotes": 2})) == {"quotes": 2}
from bunko.cli.resident import _ASKABLE
assert _ASKABLE["quotes"].parse("2") == 2
"""


def test_one_more_entry_of_the_table_is_all_that_every_interface_needs() -> None:
    subprocess.run([sys.executable, "-c", _ADDED], cwd=REPOSITORY, check=True)
