"""Scans made here: text drawn by PDFium in a font of this machine, as PDFs and TIFFs of nothing but pictures."""

from __future__ import annotations

import ctypes
import itertools
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from bunko.reading.images.bitmaps import bitmap_of_page
from bunko.reading.images.ocr import Bitmap

_FONTS = (
    "/usr/share/fonts/opentype/ipafont-gothic/ipagp.ttf",  # Debian's fonts-ipafont-gothic
    "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
    "/usr/share/fonts/truetype/takao-gothic/TakaoPGothic.ttf",
    "/System/Library/Fonts/ヒラギノ角ゴシック W3.ttc",
    r"C:\Windows\Fonts\msgothic.ttc",
)


def japanese_font() -> Path | None:
    """Return a font that has Japanese and Latin letters."""
    return next((path for path in map(Path, _FONTS) if path.is_file()), None)


def scanned(*texts: str, size: float = 11) -> Bitmap:
    """Return what a scanner would see of these lines on paper."""
    font = japanese_font()
    assert font
    data = font.read_bytes()
    document = pypdfium2.PdfDocument.new()
    page = document.new_page(480, 60 + 16 * len(texts))
    array = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
    loaded = pdfium.FPDFText_LoadFont(document, array, len(data), pdfium.FPDF_FONT_TRUETYPE, True)
    for n, text in enumerate(texts):
        drawn = pdfium.FPDFPageObj_CreateTextObj(document, loaded, size)
        encoded = (text + "\0").encode("utf-16-le")
        letters = (ctypes.c_ushort * (len(encoded) // 2)).from_buffer_copy(encoded)
        assert pdfium.FPDFText_SetText(drawn, letters)
        pdfium.FPDFPageObj_Transform(drawn, 1, 0, 0, 1, 30, page.get_height() - 40 - 16 * n)
        pdfium.FPDFPage_InsertObject(page, drawn)
    page.gen_content()
    bitmap = bitmap_of_page(page)
    document.close()
    return bitmap


def scan_pdf(*pages: Bitmap) -> bytes:
    """Return a PDF with these pictures as its pages."""
    bodies = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for bitmap in pages:
        number = len(bodies) + 1
        kids.append(f"{number} 0 R")
        width, height = bitmap.width * 72 / 300, bitmap.height * 72 / 300
        content = f"q {width} 0 0 {height} 0 0 cm /P Do Q".encode()
        pixels = zlib.compress(bitmap.pixels)
        bodies += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {number + 1} 0 R "
            f"/Resources << /XObject << /P {number + 2} 0 R >> >> >>".encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            f"<< /Type /XObject /Subtype /Image /Width {bitmap.width} /Height {bitmap.height} /ColorSpace /DeviceGray "
            f"/BitsPerComponent 8 /Filter /FlateDecode /Length {len(pixels)} >>\nstream\n".encode()
            + pixels
            + b"\nendstream",
        ]
    bodies[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    objects = [b"%d 0 obj\n%s\nendobj\n" % (n, body) for n, body in enumerate(bodies, 1)]
    places = list(itertools.accumulate(map(len, objects), initial=len(b"%PDF-1.4\n")))
    table = "".join(f"{place:010} 00000 n \n" for place in places[:-1])
    trailer = f"trailer\n<< /Size {len(places)} /Root 1 0 R >>\nstartxref\n{places[-1]}\n%%EOF\n"
    return b"%PDF-1.4\n" + b"".join(objects) + f"xref\n0 {len(places)}\n0000000000 65535 f \n{table}{trailer}".encode()


def scan_tiff(pages: Sequence[Bitmap], *, order: str = "<") -> bytes:
    """Return an uncompressed TIFF with these pages; `order` is that of its bytes, as `struct` names it."""
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    for n, bitmap in enumerate(pages):
        entries = [(256, bitmap.width), (257, bitmap.height), (258, 8), (259, 1), (262, 1), (273, 0), (277, 1)]
        entries += [(278, bitmap.height), (279, len(bitmap.pixels))]
        size = 2 + 12 * len(entries) + 4
        places = {273: len(out) + size}
        out += struct.pack(order + "H", len(entries))
        out += b"".join(struct.pack(order + "HHII", tag, 4, 1, places.get(tag, value)) for tag, value in entries)
        pixels = bitmap.pixels + b"\0" * (len(bitmap.pixels) % 2)
        following = len(out) + 4 + len(pixels) if n + 1 < len(pages) else 0
        out += struct.pack(order + "I", following) + pixels
    return out
