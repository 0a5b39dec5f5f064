"""Descriptions of machines, parsed from the output of systems and drivers; none of these cards was available."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.diagnosis.idle_gpus import idle_findings
from bunko.engine.gpus import Gpu
from bunko.hardware.bandwidth import memory_bandwidth
from bunko.hardware.graphics import Card, Graphics, cards_in, nvidia_cards, rocm_in, this_graphics
from bunko.hardware.processor import from_cpuinfo, from_sysctl, this_processor
from bunko.hardware.wheels import best_wheel
from bunko.settings import Settings, apply_overrides

GIB = 2**30
RTX = Card(
    vendor="nvidia", name="RTX 3060", total=12 * GIB, free=11 * GIB, driver="595.10", cuda=(13, 2), capability=8.6
)
INDEX = "https://xorbitsai.github.io/xllamacpp/whl"
INSTALL = "python -m pip install xllamacpp --force-reinstall --index-url"


@pytest.mark.parametrize(
    ("text", "name", "sets"),
    [
        (
            "processor\t: 0\nmodel name\t: Intel(R) Core(TM) i5\nflags\t\t: fpu sse2 fma avx2 f16c avx_vnni\n",
            "Intel(R) Core(TM) i5",
            ("AVX2", "FMA", "F16C", "AVX-VNNI"),
        ),
        (
            "processor\t: 0\nBogoMIPS\t: 100\nFeatures\t: fp asimd asimddp i8mm bf16 sve\nHardware\t: Graviton\n",
            "Graviton",
            ("NEON", "DOTPROD", "I8MM", "BF16", "SVE"),
        ),
        ("model name : Old\nflags : sse2 avx\n", "Old", ()),
    ],
)
def test_linux_describes_its_processor(text: str, name: str, sets: tuple[str, ...]) -> None:
    processor = from_cpuinfo(text)
    assert (processor.name, processor.sets) == (name, sets)


def test_macos_describes_its_processor() -> None:
    apple = from_sysctl(
        "machdep.cpu.brand_string: Apple M2\nhw.optional.AdvSIMD: 1\nhw.optional.arm.FEAT_I8MM: 1\n"
        "hw.optional.arm.FEAT_BF16: 1\nhw.optional.arm.FEAT_SME: 0\n"
    )
    assert (apple.name, apple.sets) == ("Apple M2", ("NEON", "I8MM", "BF16"))
    intel = from_sysctl("machdep.cpu.brand_string: Intel\nhw.optional.avx2_0: 0\nmachdep.cpu.leaf7_features: AVX2\n")
    assert intel.sets == ("AVX2",)


def test_this_machine_has_a_processor_and_memory() -> None:
    assert this_processor().name
    assert this_graphics().cards is not None
    assert memory_bandwidth(threads=1) > 100_000_000


def test_nvidias_tool_is_understood() -> None:
    query = "NVIDIA GeForce RTX 3060, 12288, 11021, 570.86, 8.6\nNVIDIA A100, 40960, 40000, 570.86, 8.0\n"
    first, second = nvidia_cards(query, "| NVIDIA-SMI 570.86   Driver Version: 570.86   CUDA Version: 12.8 |")
    assert (first.name, first.total, first.free) == ("NVIDIA GeForce RTX 3060", 12288 * 2**20, 11021 * 2**20)
    assert (first.cuda, first.capability, first.driver) == ((12, 8), 8.6, "570.86")
    assert second.capability == 8.0
    (odd,) = nvidia_cards("GT 710, [N/A], [N/A], 470, [N/A]", "")
    assert (odd.total, odd.cuda, odd.capability) == (0, (0, 0), 0.0)
    assert nvidia_cards("No devices were found", "") == []


def make_card(
    folder: Path, address: str, vendor: str, *, driver: str = "", kind: str = "0x030000", **files: str
) -> None:
    device = folder / "bus/pci/devices" / address
    device.mkdir(parents=True)
    for name, text in {"vendor": vendor, "class": kind, "device": "0x1234", **files}.items():
        (device / name).write_text(text + "\n")
    if driver:
        (folder / "drivers" / driver).mkdir(parents=True, exist_ok=True)
        (device / "driver").symlink_to(folder / "drivers" / driver)


def test_linux_tells_of_cards_with_and_without_a_driver(tmp_path: Path) -> None:
    memory = {"mem_info_vram_total": str(16 * GIB), "mem_info_vram_used": str(GIB)}
    make_card(tmp_path, "0000:00:02.0", "0x8086", driver="i915")
    make_card(tmp_path, "0000:01:00.0", "0x10de")
    make_card(tmp_path, "0000:02:00.0", "0x1002", driver="amdgpu", **memory)
    make_card(tmp_path, "0000:03:00.0", "0x1002", kind="0x020000")  # a network card
    node = tmp_path / "class/kfd/kfd/topology/nodes/1"
    node.mkdir(parents=True)
    (node / "properties").write_text("simd_count 96\ngfx_target_version 110000\n")
    intel, nvidia, amd = cards_in(tmp_path)
    assert (intel.vendor, intel.integrated, intel.driver) == ("intel", True, "i915")
    assert (nvidia.vendor, nvidia.driver) == ("nvidia", "")
    assert (amd.architecture, amd.total, amd.free) == ("gfx1100", 16 * GIB, 15 * GIB)
    assert cards_in(tmp_path / "none") == []
    info = tmp_path / "rocm/.info"
    info.mkdir(parents=True)
    (info / "version").write_text("7.2.4-93\n")
    assert (rocm_in(tmp_path / "rocm"), rocm_in(tmp_path)) == ((7, 2), (0, 0))


@pytest.mark.parametrize(
    ("card", "rocm", "command", "said"),
    [
        (RTX, (0, 0), f"{INSTALL} {INDEX}/cu132", ""),
        ({"cuda": (13, 0)}, (0, 0), f"{INSTALL} {INDEX}/cu128", ""),  # the driver can't compile for 13.2
        ({"cuda": (13, 2), "capability": 6.1}, (0, 0), f"{INSTALL} {INDEX}/cu128", ""),  # CUDA 13 dropped Pascal
        ({"cuda": (12, 2)}, (0, 0), f"{INSTALL} {INDEX}/cu128", "supports CUDA 12.2"),
        ({"cuda": (0, 0), "driver": ""}, (0, 0), f"{INSTALL} {INDEX}/cu128", "driver is missing"),
        ({"vendor": "amd", "architecture": "gfx1100"}, (7, 2), f"{INSTALL} {INDEX}/rocm-7.2.4", ""),
        ({"vendor": "amd", "architecture": "gfx1100"}, (6, 4), f"{INSTALL} {INDEX}/rocm-6.4.1", ""),
        ({"vendor": "amd", "architecture": "gfx1201"}, (6, 4), f"{INSTALL} {INDEX}/vulkan", "rocm-7.2.4"),
        ({"vendor": "amd", "architecture": "gfx803"}, (6, 4), f"{INSTALL} {INDEX}/vulkan", "do not support this card"),
        ({"vendor": "intel"}, (0, 0), f"{INSTALL} {INDEX}/vulkan", "Vulkan"),
        ({"vendor": "intel", "integrated": True}, (0, 0), "python -m pip install -U xllamacpp", ""),
        ({"vendor": "apple", "integrated": True}, (0, 0), "python -m pip install -U xllamacpp", "Metal"),
    ],
)
def test_each_card_has_its_wheel(
    card: Card | dict[str, object], rocm: tuple[int, int], command: str, said: str
) -> None:
    import dataclasses

    if isinstance(card, dict):
        card = dataclasses.replace(RTX, **card)  # type: ignore[arg-type]
    wheel = best_wheel(Graphics(cards=(card,), rocm=rocm), glibc=(2, 39))
    assert wheel.command == command
    assert said in wheel.note


def test_without_a_card_or_on_an_old_system_it_is_the_wheel_for_processors() -> None:
    assert best_wheel(Graphics()).backend == "cpu"
    old = best_wheel(Graphics(cards=(RTX,)), glibc=(2, 31))
    assert (old.backend, "2.35" in old.note) == ("cpu", True)


# --- why a GPU is idle -----------------------------------------------------------------------------------------------

SEEN = Gpu(name="CUDA0", description="RTX 3060", free=11 * GIB, total=12 * GIB)


def idle(cards: list[Card], seen: list[Gpu], **changed: object) -> list[tuple[str, str]]:
    graphics = Graphics(cards=tuple(cards))
    settings = apply_overrides(Settings(), {f"generation.{name}": value for name, value in changed.items()})
    found = idle_findings(graphics, seen, settings, wheel=best_wheel(graphics, glibc=(2, 39)))
    return [(finding.text, finding.cure) for finding in found]


def test_a_gpu_at_work_is_not_complained_of() -> None:
    assert idle([RTX], [SEEN]) == []
    assert idle([], []) == []


def test_an_engine_for_processors_leaves_the_gpu_idle() -> None:
    ((text, cure),) = idle([RTX], [])
    assert text == "RTX 3060 is idle: the installed engine is a CPU build"
    assert cure == f"{INSTALL} {INDEX}/cu132"


def test_a_missing_driver_is_named() -> None:
    import dataclasses

    ((text, cure),) = idle([dataclasses.replace(RTX, driver="", cuda=(0, 0))], [])
    assert "driver is missing" in text
    assert f"{INDEX}/cu128" in cure


def test_no_layers_and_no_memory_are_named() -> None:
    ((text, _),) = idle([RTX], [SEEN], gpu_layers=0)
    assert "generation.gpu_layers is 0" in text
    full = Gpu(name="CUDA0", description="RTX 3060", free=GIB // 2, total=12 * GIB)
    ((text, cure),) = idle([RTX], [full])
    assert "0.5 of its 12.9 GB are free" in text
    assert "Close" in cure


def test_an_integrated_gpu_may_stay_idle() -> None:
    assert idle([Card(vendor="intel", name="Intel GPU", driver="i915", integrated=True)], []) == []
