"""Where OCR's data is looked for, and what is said where it is not. No data is needed to run these."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kreuzberg
import pytest

from bunko.errors import NeedsOcr
from bunko.reading.images.ocr import (
    Bitmap,
    install_hint,
    needs_ocr,
    ocr_languages,
    recognise,
    recognise_bitmap,
    tessdata_folder,
)
from bunko.settings import ReadingSettings


@pytest.fixture
def tessdata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tessdata"
    folder.mkdir()
    (folder / "jpn.traineddata").write_bytes(b"")
    monkeypatch.setenv("TESSDATA_PREFIX", str(folder))
    return folder


def test_the_named_folder_is_looked_into_first(tessdata: Path) -> None:
    assert tessdata_folder(("jpn",)) == tessdata
    assert tessdata_folder(("jpn",), {"TESSDATA_PREFIX": str(tessdata.parent)}) == tessdata


def test_data_beside_the_program_or_in_the_environment_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "share" / "tessdata"
    data.mkdir(parents=True)
    (data / "xyz.traineddata").write_bytes(b"")
    assert tessdata_folder(("xyz",), {}) is None
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert tessdata_folder(("xyz",), {}) == data


def test_only_languages_with_data_are_used(tessdata: Path) -> None:
    assert ocr_languages(ReadingSettings(ocr_languages=("xyz", "jpn"))) == ("jpn",)
    assert ocr_languages(ReadingSettings(ocr="off")) == ()


def test_the_engine_is_told_the_folder_and_the_languages(tessdata: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def extract(data: bytes, mime_type: str, *, config: Any) -> Any:
        seen.append((data, mime_type, config.ocr.backend, config.ocr.language))
        return SimpleNamespace(content="吾輩 は 猫 で ある 。\r\nThe cat sleeps.\n\x0c", metadata={})

    monkeypatch.setattr(kreuzberg, "extract_bytes_sync", extract)
    settings = ReadingSettings(ocr_languages=("xyz", "jpn"))
    assert recognise(b"picture", "image/png", settings=settings) == "吾輩は猫である。\nThe cat sleeps."
    assert seen == [(b"picture", "image/png", "tesseract", "jpn")]


def test_japanese_comes_first_however_the_languages_are_named(tessdata: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tessdata / "eng.traineddata").write_bytes(b"")
    asked: list[str] = []

    def extract(data: bytes, mime_type: str, *, config: Any) -> Any:
        asked.append(config.ocr.language)
        return SimpleNamespace(content="Mill     1873\n", metadata={})

    monkeypatch.setattr(kreuzberg, "extract_bytes_sync", extract)
    assert recognise(b"picture", "image/png", settings=ReadingSettings()) == "Mill  1873"
    assert asked == ["jpn+eng"]


def test_what_is_unsure_is_read_upside_down_as_well(tessdata: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def extract(data: bytes, mime_type: str, *, config: Any) -> Any:
        asked.append(data)
        text, confidence = ("pɐǝɥ", 40) if data.endswith(b"\x00\x09") else ("head", 90)
        return SimpleNamespace(content=text, metadata={"mean_text_conf": confidence})

    monkeypatch.setattr(kreuzberg, "extract_bytes_sync", extract)
    on_its_head = Bitmap(width=2, height=2, pixels=b"\x05\x00\x00\x09")
    assert recognise_bitmap(on_its_head, settings=ReadingSettings()) == "head"
    assert asked == [b"P5 2 2 255\n\x05\x00\x00\x09", b"P5 2 2 255\n\x09\x00\x00\x05"]
    asked.clear()
    assert recognise_bitmap(on_its_head.upside_down(), settings=ReadingSettings()) == "head"
    assert len(asked) == 1


def test_a_blank_picture_needs_no_reading() -> None:
    blank = Bitmap(width=3, height=2, pixels=b"\xff" * 6)
    assert recognise_bitmap(blank, settings=ReadingSettings()) == ""


def test_data_that_is_no_data_is_an_error_of_ocr(tessdata: Path) -> None:
    picture = b"P5 40 40 255\n" + bytes(1600)
    with pytest.raises(NeedsOcr, match="OCR failed"):
        recognise(picture, "image/x-portable-anymap", settings=ReadingSettings(ocr_languages=("jpn",)))


def test_without_ocr_the_error_says_how_to_get_it() -> None:
    assert "Tesseract" in needs_ocr(ReadingSettings()).hint
    assert "reading.ocr" in needs_ocr(ReadingSettings(ocr="off")).hint
    assert [install_hint(name).split(": ")[1].split()[0] for name in ("linux", "darwin", "win32")] == [
        "sudo",
        "brew",
        "winget",
    ]
