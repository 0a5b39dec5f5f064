"""Close the reading process off from all that it does not need. In: a folder, settings. Out: what holds.

It reads files that others wrote, with large native parsers. One that is taken over finds the documents, Python's own
files and its temporary folder; it can't write elsewhere, start programs or open connections. Landlock does this on
Linux; elsewhere only the limits of the process hold. docs/decisions/022-a-sandbox-for-the-reader.md has the reasons.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from bunko.reading import landlock, seccomp
from bunko.settings import ReadingSettings

# Shared libraries, fonts, languages and time zones. A path that a system lacks is skipped.
_SYSTEM = (
    "/lib /lib64 /usr/lib /usr/lib64 /usr/local/lib /usr/share /usr/local/share /nix/store /gnu/store "
    "/etc/ld.so.cache /etc/localtime /etc/timezone /etc/fonts /etc/mime.types /etc/os-release /etc/alternatives "
    "/proc/self /proc/meminfo /proc/cpuinfo /proc/stat /proc/sys/vm/overcommit_memory /proc/sys/kernel/osrelease "
    "/sys/devices/system/cpu /sys/devices/system/node /sys/fs/cgroup /sys/kernel/mm/transparent_hugepage "
    "/dev/urandom /dev/random /dev/zero"
).split()
_MB = 1_000_000
# Beside the limit: writable memory that is reserved and not used. Measured on two cores: 0.06 GB, with OCR too.
_RESERVED_MB = 4_000


def enter(reading: Iterable[Path], *, temporary: Path | None, settings: ReadingSettings) -> str:
    """Restrict this process for good: it may read these paths, and write to the temporary folder.

    Call it before the first thread is started. Returns why there is no sandbox, empty where there is one. The limits
    of the process hold in either case.
    """
    _set_limits(settings)
    if temporary is not None:
        _use_temporary(temporary)
    if settings.sandbox == "off":
        return "reading.sandbox is off"
    reason = ""
    try:
        landlock.restrict(_rules(reading, temporary, settings))
    except OSError as error:
        reason = error.strerror or str(error)
    with contextlib.suppress(OSError):  # some systems have one of the two
        seccomp.forbid_sockets_and_programs()
    return reason


def missing() -> str:
    """Return why this system has no sandbox for the reader; empty where it has one."""
    return "" if landlock.version() else "this system has no Landlock (Linux 5.13 or newer)"


def _rules(reading: Iterable[Path], temporary: Path | None, settings: ReadingSettings) -> Iterator[landlock.Rule]:
    for path in (*reading, *_of_python(), *map(Path, _SYSTEM), *_of_settings(settings)):
        yield landlock.Rule(path=path, access=landlock.READ)
    for path in (Path("/dev/null"), *([temporary] if temporary else [])):
        yield landlock.Rule(path=path, access=landlock.WRITE)


def _of_python() -> Iterator[Path]:
    """Yield where Python and the packages are: modules are imported when the first file of a format comes."""
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    for name in {*sys.path, sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *libraries}:
        if name:
            yield Path(name)


def _of_settings(settings: ReadingSettings) -> Iterator[Path]:
    from bunko.reading.images.ocr import tessdata_folders

    if settings.password_file:
        yield Path(settings.password_file)
    if settings.ocr == "auto":
        yield from tessdata_folders()


def _use_temporary(folder: Path) -> None:
    """Make Python and native libraries put temporary files there."""
    tempfile.tempdir = str(folder)
    for name in ("TMPDIR", "TEMP", "TMP"):
        os.environ[name] = str(folder)


def _set_limits(settings: ReadingSettings) -> None:
    """Bound what the system lets this process have. Windows has no such limits; the parent watches there too."""
    if sys.platform == "win32":
        return
    import resource

    largest = max(settings.max_file_mb, settings.archive_mb)
    limits = [
        (resource.RLIMIT_CORE, 0),  # a dump of its memory would hold the text of documents
        (resource.RLIMIT_FSIZE, largest * _MB),  # an unpacked file may have so much
    ]
    if settings.memory_mb:
        # The parent looks at the memory in use ten times a second. This stops what is faster.
        limits.append((resource.RLIMIT_DATA, (2 * settings.memory_mb + _RESERVED_MB) * _MB))
    for kind, most in limits:
        _, hard = resource.getrlimit(kind)
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (value, value))
