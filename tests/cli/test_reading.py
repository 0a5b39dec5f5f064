"""The flags for reading files, and the doctor's check for OCR."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.cli.common import settings_from
from bunko.cli.parser import build_parser
from bunko.diagnosis.doctor import examine
from bunko.diagnosis.findings import Finding
from bunko.reading import landlock
from bunko.settings import ReadingSettings, Settings, apply_overrides


@pytest.mark.parametrize("command", [["index", "f"], ["watch", "f"], ["ask", "f", "q"], ["search", "f", "q"], ["chat"]])
def test_flags_set_how_files_are_read(command: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BUNKO_CONFIG", str(tmp_path / "none.toml"))
    parser = build_parser()
    flags = ["--password-file", "p.txt", "--archives", "--no-ocr"]
    settings = settings_from(parser.parse_args([*command, *flags])).reading
    assert (settings.password_file, settings.archives, settings.ocr) == ("p.txt", True, "off")
    assert settings_from(parser.parse_args(command)).reading == ReadingSettings()


def ocr_finding(settings: Settings) -> Finding:
    return next(finding for finding in examine(settings) if finding.check == "ocr")


def test_the_doctor_says_whether_there_is_ocr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    settings = apply_overrides(Settings(cache_dir=str(tmp_path)), {"reading.ocr_languages": "xyz,zyx"})
    none = ocr_finding(settings)
    assert (none.state, "xyz, zyx" in none.detail, "Tesseract" in none.cure) == ("warning", True, True)
    (tmp_path / "xyz.traineddata").write_bytes(b"")
    some = ocr_finding(settings)
    assert (some.state, "but not zyx" in some.detail) == ("warning", True)
    (tmp_path / "zyx.traineddata").write_bytes(b"")
    assert ocr_finding(settings).state == "ok"
    off = ocr_finding(apply_overrides(settings, {"reading.ocr": "off"}))
    assert (off.state, "switched off" in off.detail) == ("ok", True)


def test_the_doctor_says_whether_the_reader_is_in_a_sandbox(tmp_path: Path) -> None:
    def found(settings: Settings) -> Finding:
        return next(finding for finding in examine(settings) if finding.check == "sandbox")

    settings = Settings(cache_dir=str(tmp_path))
    on = found(settings)
    assert (on.state, on.detail.startswith("none")) == ("ok", landlock.version() == 0)
    off = found(apply_overrides(settings, {"reading.sandbox": "off"}))
    assert (off.state, "reading.sandbox" in off.cure) == ("warning", True)
