"""The OpenAPI document is true: what schemathesis makes of it is answered as it says, and nothing breaks."""

from __future__ import annotations

import time

import hypothesis
import pytest
import schemathesis
from schemathesis.specs.openapi.checks import ignored_auth, unsupported_method

from bunko.server.access import Access
from bunko.server.app import build_app
from tests.server.support import make_host
from tests.support import CATS, write_files


@pytest.fixture
def api_schema(tmp_path_factory: pytest.TempPathFactory) -> schemathesis.BaseSchema:
    root = write_files(tmp_path_factory.mktemp("served") / "docs", {"cats.txt": CATS})
    host = make_host([root], server__upload_mb=1)
    app = build_app(host, Access(hosts=frozenset({"testserver"})))
    host.start()
    until = time.monotonic() + 60
    while host.library("docs").state == "indexing":
        assert time.monotonic() < until
        time.sleep(0.02)
    loaded = schemathesis.openapi.from_asgi("/openapi.json", app)
    loaded.config.generation.update(modes=list(schemathesis.GenerationMode))
    return loaded


schema = schemathesis.pytest.from_fixture("api_schema")


@pytest.mark.filterwarnings("ignore")
@schema.parametrize()
@hypothesis.settings(max_examples=10, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
def test_every_route_answers_as_the_document_says(case: schemathesis.Case) -> None:
    if "library" in case.path_parameters and case.method != "DELETE":
        case.path_parameters["library"] = "docs"
    case.call_and_validate(excluded_checks=[unsupported_method, ignored_auth])
