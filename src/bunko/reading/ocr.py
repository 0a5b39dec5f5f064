"""Read pictures of text with Tesseract. In: a picture. Out: its text. Knows nothing of documents or PDF.

Kreuzberg brings the engine; what has to be on the machine is its language data, which Tesseract's packages install.
Nothing is ever downloaded: without the data there is no OCR. Kreuzberg's other engines download; they are not used.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bunko.errors import NeedsOcr
from bunko.reading.lines import clean, without_gaps
from bunko.settings import ReadingSettings

_PREFIX = "TESSDATA_PREFIX"
_ENDING = ".traineddata"
# Where the packages of Debian, Fedora, Arch, Homebrew, MacPorts and the Windows installer put the data.
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
    """Return those of the wanted languages whose data is on this machine; none where OCR is switched off."""
    folder = tessdata_folder(settings.ocr_languages, environment) if settings.ocr == "auto" else None
    return tuple(name for name in settings.ocr_languages if folder and (folder / f"{name}{_ENDING}").is_file())


def tessdata_folder(languages: Sequence[str], environment: Mapping[str, str] | None = None) -> Path | None:
    """Return the folder with the data of the most of these languages, the one named by TESSDATA_PREFIX first."""
    found = {
        folder: sum((folder / f"{name}{_ENDING}").is_file() for name in languages)
        for folder in _folders(os.environ if environment is None else environment)
    }
    best = max(found, key=lambda folder: found[folder])
    return best if found[best] else None


def _folders(environment: Mapping[str, str]) -> Iterator[Path]:
    if named := environment.get(_PREFIX):
        yield Path(named)
        yield Path(named) / "tessdata"
    if program := shutil.which("tesseract", path=environment.get("PATH")):
        yield Path(program).resolve().parent / "tessdata"
        yield Path(program).resolve().parent.parent / "share" / "tessdata"
    yield Path(sys.prefix) / "share" / "tessdata"
    yield from map(Path, _USUAL_FOLDERS)


def needs_ocr(settings: ReadingSettings, *, message: str = "The file holds pictures of text.") -> NeedsOcr:
    """Return the error that says what is missing for OCR."""
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


def recognise(picture: bytes, mime_type: str, *, settings: ReadingSettings) -> str:
    """Return the text in a picture, empty where there is none. Raises NeedsOcr where OCR is not to be had."""
    languages = ocr_languages(settings)
    folder = tessdata_folder(languages)
    if folder is None:
        raise needs_ocr(settings)
    import kreuzberg

    # The engine looks nowhere else; this process reads files and does nothing beside.
    os.environ[_PREFIX] = str(folder)
    tesseract = kreuzberg.TesseractConfig(language="+".join(languages), output_format="text", use_cache=False)
    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        output_format="plain",
        ocr=kreuzberg.OcrConfig(backend="tesseract", language="+".join(languages), tesseract_config=tesseract),
    )
    try:
        result = kreuzberg.extract_bytes_sync(picture, mime_type, config=config)
    except (kreuzberg.KreuzbergError, ValueError, RuntimeError, OSError) as error:
        detail = " ".join(str(error).split())[:200]
        raise NeedsOcr(f"OCR failed: {detail}.", "Convert the picture to PNG, or add its text as a file.") from error
    return without_gaps("\n".join(clean(line) for line in result.content.splitlines())).strip()
