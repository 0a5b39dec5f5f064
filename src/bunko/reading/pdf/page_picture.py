"""Draw a page of a PDF with some of its words marked. In: a path, a page, a stretch of text. Out: a PNG.

Runs in a child process, as all reading of files does (decision 007): one request on stdin, one picture on stdout. The
parent enforces the limits. Knows nothing of libraries.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import signal
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from bunko.child_process import claim_stdout, exit_when_orphaned, leave
from bunko.errors import BunkoError, ReadError
from bunko.reading.sandbox import enter
from bunko.settings import ReadingSettings

if TYPE_CHECKING:
    import numpy as np
    import pypdfium2

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_WIDTH = 1500  # pixels: sharp on a screen with two dots for each, where the picture takes half of it
_LARGEST_AREA = 6_000_000  # pixels
_INK = (253, 226, 120)  # multiplied with the page, like a highlighter: dark letters stay dark
_LINE = (176, 124, 0)
_LINE_PIXELS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOrder:
    """A request to draw a page."""

    path: Path
    page: int
    """Counted from 1."""
    text: str = ""
    """The text that was read from the page; empty to mark nothing."""
    start: int = 0
    end: int = 0
    """The words to mark: `text[start:end]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePicture:
    """A page as a PNG."""

    png: bytes
    pages: int
    """The number of pages of the PDF."""
    marked: int
    """The number of marked runs of words."""
    top: float = 0.0
    """Where the first mark begins, as a share of the page's height."""


def draw_page(order: PageOrder, settings: ReadingSettings) -> PagePicture:
    """Return the picture. Raises NeedsPassword, and ReadError for a broken file or a missing page."""
    import pypdfium2

    from bunko.reading.pdf.read import open_pdf

    pdf = open_pdf(order.path, settings)
    try:
        count = len(pdf)
        if not 1 <= order.page <= count:
            raise ReadError(f"There is no page {order.page}: the PDF has {count}.", "Ask for another page.")
        return _draw(pdf[order.page - 1], order, count)
    except pypdfium2.PdfiumError as error:
        raise ReadError(f"The page can't be drawn: {error}.", "Open the PDF in a viewer.") from error
    finally:
        pdf.close()


def _draw(page: pypdfium2.PdfPage, order: PageOrder, count: int) -> PagePicture:
    import numpy as np

    width, height = page.get_size()
    if not (width > 0 and height > 0 and math.isfinite(width * height)):
        raise ReadError("The page has no size.", "Open the PDF in a viewer.")
    scale = min(_WIDTH / width, math.sqrt(_LARGEST_AREA / (width * height)))
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False)
    pixels = np.array(bitmap.to_numpy()[:, :, :3])
    mask, runs = np.zeros((bitmap.height, bitmap.width), dtype=bool), 0
    if order.end > order.start:
        to_bitmap = bitmap.get_posconv(page).to_bitmap
        for box, begins in _boxes(page, order):
            (x0, y0), (x1, y1) = to_bitmap(box[0], box[3]), to_bitmap(box[2], box[1])
            left, right, top, bottom = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
            mask[max(0, top - 1) : max(0, bottom + 1), max(0, left - 1) : max(0, right + 1)] = True
            runs += begins
    bitmap.close()
    marked = bool(mask.any())
    if marked:
        _mark(pixels, mask)
    top = float(np.argmax(mask.any(axis=1)) / mask.shape[0]) if marked else 0.0
    return PagePicture(png=png_of(pixels), pages=count, marked=runs if marked else 0, top=round(top, 4))


def _boxes(page: pypdfium2.PdfPage, order: PageOrder) -> list[tuple[tuple[float, float, float, float], bool]]:
    """Return the box of each character in points, and whether it begins a run."""
    import pypdfium2.raw as pdfium

    from bunko.reading.pdf.vertical import box_of, text_page_of
    from bunko.reading.pdf.words import find_words

    text_page = text_page_of(page)
    characters = [_sign(pdfium.FPDFText_GetUnicode(text_page, n)) for n in range(text_page.count_chars())]
    found = []
    for first, last in find_words(characters, order.text, order.start, order.end):
        for n in range(first, last):
            left, bottom, right, top = box_of(text_page, n)
            if n == first or (right > left and top > bottom):
                found.append(((left, bottom, right, top), n == first))
    return found


def _sign(code: int) -> str:
    return chr(code) if 0 < code <= sys.maxunicode else " "


def _mark(pixels: Pixels, mask: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
    """Colour the marked pixels, and underline them, so that the mark does not depend on colour alone."""
    import numpy as np

    coloured = pixels[mask].astype(np.uint16) * np.array(_INK, dtype=np.uint16) // 255
    pixels[mask] = coloured.astype(np.uint8)
    below = np.zeros_like(mask)
    below[:-1] = mask[:-1] & ~mask[1:]
    for step in range(_LINE_PIXELS):
        line = np.zeros_like(mask)
        line[step:] = below[: below.shape[0] - step]
        pixels[line] = _LINE


def png_of(pixels: Pixels) -> bytes:
    """Return pixels (height, width, 3) as a PNG."""
    import numpy as np

    height, width, _ = pixels.shape
    # Each row as its difference from the one above (filter 2), which is mostly zero on a page of text.
    differences = pixels.copy()
    differences[1:] -= pixels[:-1]
    rows = np.full((height, 1 + 3 * width), 2, dtype=np.uint8)
    rows[:, 1:] = differences.reshape(height, 3 * width)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 4)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, data) for kind, data in parts)


def _part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# --- the process -------------------------------------------------------------------------------------------------


def order_line(order: PageOrder, settings: ReadingSettings) -> bytes:
    """Return a request as a line. The path is sent as bytes, since not every name is Unicode."""
    tree = dataclasses.asdict(order) | {"path": os.fsencode(order.path).hex()}
    return json.dumps({"order": tree, "settings": dataclasses.asdict(settings)}).encode("ascii") + b"\n"


def picture_from(reply: bytes) -> PagePicture:
    """Return the picture that a process sent. Raises its ReadError, and ValueError if the reply is incomplete."""
    head, _, png = reply.partition(b"\n")
    fields: dict[str, Any] = json.loads(head)
    if "error" in fields:
        raise ReadError(fields["error"], fields["hint"])
    if len(png) != fields["bytes"]:
        raise ValueError("the picture is cut off")
    return PagePicture(png=png, pages=fields["pages"], marked=fields["marked"], top=fields["top"])


def main() -> NoReturn:
    """Draw the page that the line on stdin requests."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    reply = claim_stdout()
    request = json.loads(sys.stdin.readline())
    order = PageOrder(**(request["order"] | {"path": Path(os.fsdecode(bytes.fromhex(request["order"]["path"])))}))
    values: dict[str, Any] = request["settings"]
    settings = ReadingSettings(**values | {name: tuple(value) for name, value in values.items() if type(value) is list})
    enter([order.path], temporary=None, settings=settings)
    exit_when_orphaned()  # after it: a thread that is there before keeps its rights
    _send(reply, _reply_to(order, settings))
    leave(0)


def _reply_to(order: PageOrder, settings: ReadingSettings) -> bytes:
    try:
        picture = draw_page(order, settings)
    except BunkoError as error:
        return json.dumps({"error": error.message, "hint": error.hint}).encode() + b"\n"
    except Exception as error:  # noqa: BLE001 - any error is reported for the file
        detail = f"{type(error).__name__}: {error}"[:200]
        return json.dumps({"error": f"The page can't be drawn: {detail}.", "hint": ""}).encode() + b"\n"
    head = {"pages": picture.pages, "marked": picture.marked, "top": picture.top, "bytes": len(picture.png)}
    return json.dumps(head).encode() + b"\n" + picture.png


def _send(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
