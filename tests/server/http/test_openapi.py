"""The OpenAPI document is true: what schemathesis makes of it is answered as it says, and nothing breaks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from bunko.server.http.access import Access
from bunko.server.http.app import build_app
from tests.server.support import make_host
from tests.support import CATS, write_files


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["positive", "negative"])
def test_every_route_answers_as_the_document_says(tmp_path: Path, name: str) -> None:
    import schemathesis  # there: no other process of the tests shall import it
    from schemathesis.core.result import Ok
    from schemathesis.specs.openapi.checks import (
        ignored_auth,
        negative_data_rejection,
        positive_data_acceptance,
        unsupported_method,
    )

    mode = schemathesis.GenerationMode(name)
    host = make_host([write_files(tmp_path / "docs", {"cats.txt": CATS})], server__upload_mb=1)
    app = build_app(host, Access(hosts=frozenset({"testserver"})))
    host.start()
    until = time.monotonic() + 60
    while host.library("docs").state == "indexing":
        assert time.monotonic() < until
        time.sleep(0.02)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    tried = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()

        @hypothesis.settings(max_examples=4, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            if mode is schemathesis.GenerationMode.POSITIVE and "library" in case.path_parameters:
                case.path_parameters["library"] = "docs"  # else hardly any gets further than the name
            response = case.call()
            # A question may be blank and a name hidden, which no schema tells; and what is too large is not looked at.
            further = [positive_data_acceptance, *([negative_data_rejection] if response.status_code == 413 else [])]
            case.validate_response(response, excluded_checks=[unsupported_method, ignored_auth, *further])

        try:
            check()
        except hypothesis.errors.Unsatisfiable:  # nothing about it can be wrong
            continue
        tried += 1
    assert tried >= 8
    host.close()
