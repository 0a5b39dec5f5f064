from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from bunko.errors import DiskFull, DownloadFailed, HashMismatch, ModelNotFound
from bunko.models import silent
from bunko.models.fetching import https
from tests.models.support import FakeServer, serving

CONTENT = bytes(range(256)) * 8192  # 2 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving(content=CONTENT) as fake:
        yield fake


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def files_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_file_arrives_whole_and_alone(tmp_path: Path, server: FakeServer) -> None:
    seen: list[int] = []

    @contextmanager
    def watch(what: str, *, total: int | None, done: int = 0) -> Iterator[Callable[[int], object]]:
        assert (what, total, done) == ("x.gguf", len(CONTENT), 0)
        yield seen.append

    target = tmp_path / "x.gguf"
    assert https.download(f"{server.url}/x.gguf", target, progress=watch) == SHA256
    assert target.read_bytes() == CONTENT
    assert files_in(tmp_path) == ["x.gguf"]
    assert sum(seen) == len(CONTENT)


def test_a_cut_connection_is_resumed(tmp_path: Path, server: FakeServer) -> None:
    server.cut_after = 1_500_000
    assert https.download(f"{server.url}/x", tmp_path / "x", progress=silent, sha256=SHA256) == SHA256
    ranges = [request.get("Range") for request in server.requests]
    assert ranges == [None, "bytes=1500000-"]


def test_without_range_support_it_starts_again(tmp_path: Path, server: FakeServer) -> None:
    server.cut_after = 1_500_000
    server.ranges = False
    assert https.download(f"{server.url}/x", tmp_path / "x", progress=silent) == SHA256
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_a_stopped_download_leaves_a_part_that_the_next_one_resumes(tmp_path: Path, server: FakeServer) -> None:
    @contextmanager
    def stop_soon(what: str, *, total: int | None, done: int = 0) -> Iterator[Callable[[int], object]]:
        def advance(count: int) -> None:
            raise KeyboardInterrupt

        yield advance

    target = tmp_path / "x"
    with pytest.raises(KeyboardInterrupt):
        https.download(f"{server.url}/x", target, progress=stop_soon)
    assert not target.exists()
    have = (tmp_path / "x.part").stat().st_size
    assert 0 < have < len(CONTENT)
    assert https.download(f"{server.url}/x", target, progress=silent) == SHA256
    assert server.requests[-1]["Range"] == f"bytes={have}-"
    assert files_in(tmp_path) == ["x"]


def test_a_part_of_a_file_that_has_changed_since_is_not_continued(tmp_path: Path, server: FakeServer) -> None:
    (tmp_path / "x.part").write_bytes(b"old" * 1000)
    (tmp_path / "x.part.etag").write_text('"0"')
    assert https.download(f"{server.url}/x", tmp_path / "x", progress=silent) == SHA256


def test_a_foreign_part_is_thrown_away_when_the_hash_shows_it(tmp_path: Path, server: FakeServer) -> None:
    (tmp_path / "x.part").write_bytes(b"?" * 1000)
    assert https.download(f"{server.url}/x", tmp_path / "x", progress=silent, sha256=SHA256) == SHA256
    assert [request.get("Range") for request in server.requests] == ["bytes=1000-", None]


def test_a_part_longer_than_the_file_starts_again(tmp_path: Path, server: FakeServer) -> None:
    (tmp_path / "x.part").write_bytes(b"?" * (len(CONTENT) + 5))
    assert https.download(f"{server.url}/x", tmp_path / "x", progress=silent, sha256=SHA256) == SHA256
    assert len(server.requests) == 2


def test_a_part_that_is_the_whole_file_only_gets_its_name(tmp_path: Path, server: FakeServer) -> None:
    (tmp_path / "x.part").write_bytes(CONTENT)
    assert https.download(f"{server.url}/x", tmp_path / "x", progress=silent, sha256=SHA256) == SHA256
    assert len(server.requests) == 1
    assert files_in(tmp_path) == ["x"]


def test_another_file_than_promised_is_not_kept(tmp_path: Path, server: FakeServer) -> None:
    with pytest.raises(HashMismatch, match=SHA256):
        https.download(f"{server.url}/x", tmp_path / "x", progress=silent, sha256="0" * 64)
    assert files_in(tmp_path) == []


def test_another_size_than_promised_is_refused_before_it_is_downloaded(tmp_path: Path, server: FakeServer) -> None:
    with pytest.raises(HashMismatch, match="2,097,152 bytes"):
        https.download(f"{server.url}/x", tmp_path / "x", progress=silent, size=5)
    assert files_in(tmp_path) == []


def test_a_busy_server_is_asked_again(tmp_path: Path, server: FakeServer) -> None:
    server.fail_times = 2
    assert https.download(f"{server.url}/x", tmp_path / "x", progress=silent) == SHA256
    server.fail_times = 100
    with pytest.raises(DownloadFailed, match="503"):
        https.download(f"{server.url}/x", tmp_path / "y", progress=silent)


@pytest.mark.parametrize(
    ("status", "error", "hint"),
    [(404, ModelNotFound, "name"), (401, DownloadFailed, "HF_TOKEN"), (403, DownloadFailed, "licence")],
)
def test_a_refusal_names_its_cure(
    tmp_path: Path, server: FakeServer, status: int, error: type[Exception], hint: str
) -> None:
    server.status = status
    with pytest.raises(error) as caught:
        https.download(f"{server.url}/x", tmp_path / "x", progress=silent)
    assert hint in str(caught.value)
    assert len(server.requests) == 1


def test_a_server_that_is_down_is_named(tmp_path: Path) -> None:
    with serving() as gone:
        url = gone.url
    with pytest.raises(DownloadFailed, match="can't be reached"):
        https.download(f"{url}/x", tmp_path / "x", progress=silent)


def test_a_redirect_is_followed_and_the_token_stays_at_home(tmp_path: Path, server: FakeServer) -> None:
    token = {"Authorization": "Bearer secret"}
    with serving(redirect=f"{server.url}/elsewhere") as front:
        https.download(f"{front.url}/x", tmp_path / "x", progress=silent, headers=token)
    assert front.requests[0]["Authorization"] == "Bearer secret"
    assert server.requests[0]["path"] == "/elsewhere"
    assert "Authorization" not in server.requests[0]


def test_endless_redirects_end(tmp_path: Path) -> None:
    with serving(redirect="/again") as loop, pytest.raises(DownloadFailed, match="redirects too many times"):
        https.download(f"{loop.url}/x", tmp_path / "x", progress=silent)


def test_a_full_disk_is_reported_before_anything_is_written(
    tmp_path: Path, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1))
    with pytest.raises(DiskFull, match="2 MB are needed"):
        https.download(f"{server.url}/x", tmp_path / "x", progress=silent)
    assert not (tmp_path / "x.part").exists()


def test_the_proxy_of_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with serving(content=CONTENT) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("http://", "http://me:pass@"))
        assert https.download("http://model.invalid/x", tmp_path / "x", progress=silent) == SHA256
    assert proxy.requests[0]["path"] == "http://model.invalid/x"
    assert proxy.requests[0]["Proxy-Authorization"] == "Basic bWU6cGFzcw=="
    assert proxy.requests[0]["Host"] == "model.invalid"
