"""Child processes find what they need in their environment, and no secrets."""

from __future__ import annotations

import pytest

from bunko.child_environment import kept_environment, own_secrets_removed
from bunko.child_process import spawn, stop
from tests.support import REPOSITORY

KEPT = """PATH HOME LANG LC_ALL TZ TMPDIR XDG_CACHE_HOME PYTHONPATH VIRTUAL_ENV LD_LIBRARY_PATH DYLD_LIBRARY_PATH
    CUDA_VISIBLE_DEVICES NVIDIA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES HSA_OVERRIDE_GFX_VERSION
    VK_ICD_FILENAMES GGML_CUDA_FORCE_MMQ OMP_NUM_THREADS MALLOC_ARENA_MAX http_proxy HTTPS_PROXY no_proxy SSL_CERT_FILE
    REQUESTS_CA_BUNDLE TESSDATA_PREFIX TOKENIZERS_PARALLELISM SystemRoot APPDATA COVERAGE_PROCESS_CONFIG""".split()
DROPPED = """BUNKO_API_KEY BUNKO_SERVER_TOKEN
    HF_TOKEN OPENAI_API_KEY AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN GITHUB_TOKEN
    DATABASE_URL PGPASSWORD SSH_AUTH_SOCK GPG_AGENT_INFO KUBECONFIG AZURE_CLIENT_SECRET GOOGLE_APPLICATION_CREDENTIALS
    XDG_API_KEY NVIDIA_API_KEY PIP_INDEX_URL MY_OWN BASH_ENV""".split()


def test_what_children_need_is_kept_and_what_may_be_secret_is_not() -> None:
    assert set(kept_environment(dict.fromkeys(KEPT + DROPPED, "x"))) == set(KEPT)


def test_pip_gets_everything_but_our_own_secrets() -> None:
    given = {"PIP_INDEX_URL": "https://me:word@index.example", "BUNKO_API_KEY": "x", "bunko_server_token": "y"}
    assert set(own_secrets_removed(given)) == {"PIP_INDEX_URL"}


def test_a_child_that_runs_does_not_find_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("BUNKO_API_KEY", "hidden-1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden-2")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "seen")
    child = spawn("tests.environment_child", environment={"TEST_DEFAULT": "given", "CUDA_VISIBLE_DEVICES": "0"})
    try:
        said, _ = child.communicate(timeout=60)
    finally:
        stop(child, 0)
    assert b"hidden" not in said
    assert b"CUDA_VISIBLE_DEVICES=seen\n" in said
    assert b"TEST_DEFAULT=given\n" in said
