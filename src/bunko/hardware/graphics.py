"""Find this machine's GPUs, including those that the engine can't use. In: drivers' tools and files. Out: Cards.

NVIDIA's tool reports everything; Linux lists every card, and the memory of AMD's; macOS on Apple's processors always
has Metal. Unknown values are 0 or empty. Installs and changes nothing.
"""

from __future__ import annotations

import contextlib
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Vendor: TypeAlias = Literal["nvidia", "amd", "intel", "apple"]

_VENDORS: dict[str, Vendor] = {"0x10de": "nvidia", "0x1002": "amd", "0x8086": "intel"}
_DISPLAY_CLASS = "0x03"
_QUERY = "--query-gpu=name,memory.total,memory.free,driver_version,compute_cap"
_CUDA = re.compile(r"CUDA (?:UMD )?Version:\s*(\d+)\.(\d+)")
_TIMEOUT_S = 10
_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A GPU."""

    vendor: Vendor
    name: str
    total: int = 0
    """Bytes of its memory; 0 if unknown."""
    free: int = 0
    driver: str = ""
    """Its version; empty if there is no working driver."""
    cuda: tuple[int, int] = (0, 0)
    """The newest CUDA version that the driver supports."""
    capability: float = 0.0
    """NVIDIA's compute capability, as in 8.6."""
    architecture: str = ""
    """AMD's, as in "gfx1100"."""
    integrated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Graphics:
    """The GPUs of a machine."""

    cards: tuple[Card, ...] = ()
    rocm: tuple[int, int] = (0, 0)
    """The installed version of ROCm."""


def this_graphics() -> Graphics:
    """Find the GPUs; takes a tenth of a second if NVIDIA's tool is installed."""
    if sys.platform == "darwin":
        return Graphics(cards=_apple() if platform.machine() == "arm64" else ())
    nvidia = _nvidia()
    there = cards_in(Path("/sys")) if sys.platform == "linux" else []
    others = [card for card in there if card.vendor != "nvidia" or not nvidia]
    return Graphics(cards=(*nvidia, *others), rocm=rocm_in(Path("/opt/rocm")))


def _nvidia() -> list[Card]:
    if not shutil.which("nvidia-smi"):
        return []
    return nvidia_cards(_output("nvidia-smi", _QUERY, "--format=csv,noheader,nounits"), _output("nvidia-smi"))


def nvidia_cards(query: str, overview: str) -> list[Card]:
    """Parse the output of nvidia-smi: `query` has a line per card, `overview` the version of CUDA."""
    found = _CUDA.search(overview)
    cuda = (int(found[1]), int(found[2])) if found else (0, 0)
    cards = []
    for line in query.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) == 5:
            name, total, free, driver, capability = fields
            cards.append(
                Card(
                    vendor="nvidia",
                    name=name,
                    total=_number(total) * _MIB,
                    free=_number(free) * _MIB,
                    driver=driver,
                    cuda=cuda,
                    capability=float(capability) if re.fullmatch(r"\d+\.\d+", capability) else 0.0,
                )
            )
    return cards


def cards_in(sys_folder: Path) -> list[Card]:
    """Return the cards that Linux lists, including those without a driver."""
    architectures = _amd_architectures(sys_folder)
    cards = []
    for device in sorted((sys_folder / "bus/pci/devices").glob("*")):
        vendor = _VENDORS.get(_read(device / "vendor"))
        if vendor is None or not _read(device / "class").startswith(_DISPLAY_CLASS):
            continue
        driver = device / "driver"
        total, used = (_number(_read(device / f"mem_info_vram_{what}")) for what in ("total", "used"))
        cards.append(
            Card(
                vendor=vendor,
                name=f"{vendor.upper() if vendor == 'amd' else vendor.capitalize()} GPU {_read(device / 'device')}",
                total=total,
                free=max(0, total - used),
                driver=driver.resolve().name if driver.exists() else "",
                architecture=architectures[0] if vendor == "amd" and architectures else "",
                # Intel's integrated GPU always has this address; its separate cards are behind a bridge.
                integrated=vendor == "intel" and device.name.endswith(":00:02.0"),
            )
        )
    return cards


def rocm_in(folder: Path) -> tuple[int, int]:
    """Return the version of ROCm in a folder; (0, 0) if there is none."""
    found = re.match(r"(\d+)\.(\d+)", _read(folder / ".info/version"))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _amd_architectures(sys_folder: Path) -> list[str]:
    """Return the names of AMD's cards from its compute driver: 110000 is gfx1100, 90010 is gfx90a."""
    found = []
    for properties in sorted((sys_folder / "class/kfd/kfd/topology/nodes").glob("*/properties")):
        match = re.search(r"^gfx_target_version (\d+)$", _read(properties), re.MULTILINE)
        number = int(match[1]) if match else 0
        if number:
            major, minor, step = number // 10000, number // 100 % 100, number % 100
            found.append(f"gfx{major}{minor:x}{step:x}")
    return found


def _apple() -> tuple[Card, ...]:
    import psutil

    memory = psutil.virtual_memory()
    return (
        Card(
            vendor="apple",
            name="Apple GPU (Metal)",
            total=memory.total,
            free=memory.available,
            driver="Metal",
            integrated=True,
        ),
    )


def _read(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8").strip()
    return ""


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""
