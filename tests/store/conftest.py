"""A place on an S3 server for each test that asks for one."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from tests.store.s3 import environment_for, make_bucket, s3_server


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    if importlib.util.find_spec("moto") is None:  # to import it here takes long: the server has a process of its own
        pytest.skip("moto's S3 server is not installed")
    with pytest.MonkeyPatch.context() as patch, s3_server() as address:
        for name, value in environment_for(address).items():
            patch.setenv(name, value)
        yield address


@pytest.fixture
def place(endpoint: str, request: pytest.FixtureRequest) -> str:
    name = "".join(letter for letter in request.node.name.lower() if letter.isalnum())[-50:]
    return f"{make_bucket(endpoint, name)}/lib"
