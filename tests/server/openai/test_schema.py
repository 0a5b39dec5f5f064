"""What /openapi.json says of /v1 is what happens, whatever is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.testing import FakeGenerator
from tests.server.openai.support import serving

_EXAMPLES = 15
_QUESTION = {"role": "user", "content": "Who built the lighthouse?"}
_FEW = hypothesis.settings(
    max_examples=_EXAMPLES, deadline=None, suppress_health_check=list(hypothesis.HealthCheck), database=None
)


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("schema") / "coast"
    folder.mkdir()
    Path(folder, "a.md").write_text("Ada Lind built the lighthouse of Skagen.", encoding="utf-8")
    import schemathesis  # there: no other process of the tests shall import it

    with serving(folder, FakeGenerator(context=100_000)) as url:
        described = schemathesis.openapi.from_url(url.removesuffix("/v1") + "/openapi.json")
        yield described.include(path_regex="^/v1")


_OPERATIONS = ("GET /v1/models", "GET /v1/models/{name}", "POST /v1/chat/completions", "POST /v1/embeddings")


def _cases(described: Any, label: str, mode: str) -> Any:
    from schemathesis import GenerationMode

    operations = {found.ok().label: found.ok() for found in described.get_all_operations()}
    assert set(operations) == set(_OPERATIONS)
    return operations[label].as_strategy(generation_mode=GenerationMode(mode))


_RIGHT, _WRONG = "positive", "negative"
_TRIED = [*((label, _RIGHT) for label in _OPERATIONS), *((label, _WRONG) for label in _OPERATIONS[2:])]


@pytest.mark.parametrize(("label", "mode"), _TRIED)
@given(data=st.data())
@_FEW
def test_any_request_is_answered_as_described(described: Any, label: str, mode: str, data: st.DataObject) -> None:
    data.draw(_cases(described, label, mode)).call_and_validate()


@pytest.mark.parametrize("model", ["coast", "smollm2-135m"])
@pytest.mark.parametrize("label", _OPERATIONS[2:])
@given(data=st.data())
@_FEW
def test_any_request_to_what_is_there_is_answered_as_described(
    described: Any, label: str, model: str, data: st.DataObject
) -> None:
    """Whether a request means anything is more than a schema can tell, so that it may be refused all the same."""
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    case = data.draw(_cases(described, label, _RIGHT))
    case.body["model"] = model
    if "messages" in case.body:
        case.body["messages"].append(_QUESTION)
    case.validate_response(case.call(), excluded_checks=[positive_data_acceptance])
