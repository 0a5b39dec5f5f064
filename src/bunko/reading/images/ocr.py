"""Read pictures of text with Tesseract. In: a picture. Out: its text. Knows nothing of documents or PDF.

Kreuzberg contains the engine; its language data must be on the machine, and comes with Tesseract's packages. Nothing is
downloaded: without the data there is no OCR. Kreuzberg's other OCR engines download models, and are not used.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bunko.errors import NeedsOcr
from bunko.reading.left_out_packages import kreuzberg_for
from bunko.reading.pdf.lines import clean, closed_up, without_gaps
from bunko.settings import ReadingSettings

_PREFIX = "TESSDATA_PREFIX"
_ENDING = ".traineddata"
# Tesseract's settings follow the first language: with English first, Japanese gets spaces within words and is read
# worse. English loses nothing as the second.
_FIRST = ("jpn", "jpn_vert", "chi_sim", "chi_tra", "chi_sim_vert", "chi_tra_vert")
_WIDE_GAP = re.compile(" {3,}")
_UNSURE = 70  # percent: pages had 77 to 95, the same upside down 34 to 55; see benchmarks/LOG.md
# The folders of Debian, Fedora, Arch, Homebrew, MacPorts and the Windows installer.
_USUAL_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
    "/opt/local/share/tessdata",
    r"C:\Program Files\Tesseract-OCR\tessdata",
)


def ocr_languages(settings: ReadingSettings, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the wanted languages whose data is on this machine; none if OCR is switched off."""
    folder = tessdata_folder(settings.ocr_languages, environment) if settings.ocr == "auto" else None
    return tuple(name for name in settings.ocr_languages if folder and (folder / f"{name}{_ENDING}").is_file())


def tessdata_folder(languages: Sequence[str], environment: Mapping[str, str] | None = None) -> Path | None:
    """Return the folder with the data of most of these languages; TESSDATA_PREFIX wins a tie."""
    found = {
        folder: sum((folder / f"{name}{_ENDING}").is_file() for name in languages)
        for folder in _folders(os.environ if environment is None else environment)
    }
    best = max(found, key=lambda folder: found[folder])
    return best if found[best] else None


def tessdata_folders() -> tuple[Path, ...]:
    """Return the folders in which languages are looked for, whether they exist or not."""
    return tuple(_folders(os.environ))


def _folders(environment: Mapping[str, str]) -> Iterator[Path]:
    if named := environment.get(_PREFIX):
        yield Path(named)
        yield Path(named) / "tessdata"
    if program := shutil.which("tesseract", path=environment.get("PATH")):
        yield Path(program).resolve().parent / "tessdata"
        yield Path(program).resolve().parent.parent / "share" / "tessdata"
    yield Path(sys.prefix) / "share" / "tessdata"
    yield from map(Path, _USUAL_FOLDERS)


def needs_ocr(settings: ReadingSettings, *, message: str = "The file contains pictures of text.") -> NeedsOcr:
    """Return the error that names what is missing for OCR."""
    if settings.ocr == "off":
        return NeedsOcr(f"{message} OCR is switched off.", "Set reading.ocr to auto, and leave out --no-ocr.")
    return NeedsOcr(f"{message} That needs OCR.", install_hint())


def install_hint(platform: str = sys.platform) -> str:
    """Return how to get Tesseract's data for English and Japanese on this system.

    >>> install_hint("linux")
    'Install Tesseract with its languages: sudo apt install tesseract-ocr tesseract-ocr-jpn'
    """
    how = {
        "darwin": "brew install tesseract tesseract-lang",
        "win32": "winget install UB-Mannheim.TesseractOCR, and choose Japanese in the installer",
    }.get(platform, "sudo apt install tesseract-ocr tesseract-ocr-jpn")
    return f"Install Tesseract with its languages: {how}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitmap:
    """A picture in grey, one byte a pixel, row by row from the top."""

    width: int
    height: int
    pixels: bytes

    def is_blank(self) -> bool:
        """Return whether all pixels have the same colour."""
        return self.pixels.count(self.pixels[:1]) == len(self.pixels)

    def upside_down(self) -> Bitmap:
        """Return it rotated by 180 degrees."""
        return replace(self, pixels=self.pixels[::-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recognised:
    text: str
    confidence: float  # percent, the mean over the words; 0 without words


def recognise_bitmap(bitmap: Bitmap, *, settings: ReadingSettings) -> str:
    """Return the text in a bitmap, upright or upside down; empty if there is none. Raises NeedsOcr.

    Tesseract detects vertical lines, but not a page that is upside down. A page with low confidence is read again
    upside down, and the reading with the higher confidence is taken.
    """
    if bitmap.is_blank():
        return ""
    upright = _recognised(_portable(bitmap), _PORTABLE, settings)
    if not upright.text or upright.confidence >= _UNSURE:
        return upright.text
    turned = _recognised(_portable(bitmap.upside_down()), _PORTABLE, settings)
    return max(upright, turned, key=lambda read: read.confidence).text


def recognise(picture: bytes, mime_type: str, *, settings: ReadingSettings) -> str:
    """Return the text in a picture file, empty if there is none. Raises NeedsOcr if OCR is not available."""
    return _recognised(picture, mime_type, settings).text


_PORTABLE = "image/x-portable-anymap"


def _portable(bitmap: Bitmap) -> bytes:
    return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + bitmap.pixels


def _recognised(picture: bytes, mime_type: str, settings: ReadingSettings) -> _Recognised:
    languages = "+".join(sorted(ocr_languages(settings), key=lambda name: name not in _FIRST))
    folder = tessdata_folder(settings.ocr_languages)
    if folder is None or not languages:
        raise needs_ocr(settings)
    kreuzberg = kreuzberg_for("pictures of text")
    # The engine takes the folder from the environment. This process only reads files.
    os.environ[_PREFIX] = str(folder)
    tesseract = kreuzberg.TesseractConfig(language=languages, output_format="text", use_cache=False)
    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        output_format="plain",
        ocr=kreuzberg.OcrConfig(backend="tesseract", language=languages, tesseract_config=tesseract),
    )
    try:
        result = kreuzberg.extract_bytes_sync(picture, mime_type, config=config)
    except (kreuzberg.KreuzbergError, ValueError, RuntimeError, OSError) as error:
        detail = " ".join(str(error).split())[:200]
        raise NeedsOcr(f"OCR failed: {detail}.", "Convert the picture to PNG, or add its text as a file.") from error
    # Wide gaps separate columns or drawings: two spaces are enough.
    lines = (_WIDE_GAP.sub("  ", clean(line)) for line in result.content.splitlines())
    text = without_gaps("\n".join(lines))
    return _Recognised(text=closed_up(text).strip(), confidence=float(result.metadata.get("mean_text_conf", 0)))
