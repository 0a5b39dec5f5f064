"""Draw a page of a PDF with some of its words marked. In: a path, a page, a stretch of text. Out: a PNG.

Run in a process of its own, as all reading of files is (decision 007): one order comes on stdin, and one picture goes
out on stdout. Nothing here decides on limits: the parent watches. Knows nothing of libraries.
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
from bunko.settings import ReadingSettings

if TYPE_CHECKING:
    import numpy as np
    import pypdfium2

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_WIDTH = 1500  # pixels: sharp on a screen with two dots for each, where the picture takes half of it
_LARGEST_AREA = 6_000_000  # pixels
_INK = (253, 226, 120)  # what marks words, as a felt pen does: dark letters stay dark
_LINE = (176, 124, 0)
_LINE_PIXELS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOrder:
    """What is to be drawn."""

    path: Path
    page: int
    """Counted from 1."""
    text: str = ""
    """What was read of the page; empty where nothing is to be marked."""
    start: int = 0
    end: int = 0
    """The words to be marked: `text[start:end]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePicture:
    """A page as a PNG."""

    png: bytes
    pages: int
    """How many the PDF has."""
    marked: int
    """How many runs of words are marked."""
    top: float = 0.0
    """Where the first mark begins, as a share of the page's height."""


def draw_page(order: PageOrder, settings: ReadingSettings) -> PagePicture:
    """Return the picture. Raises NeedsPassword, and ReadError for a broken file or a page that there is none of."""
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
    """Return where each character of the words stands, in points, and whether a run begins with it."""
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
    """Colour what is marked, and draw a line beneath it, so that colour is not all that tells."""
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
    # Each row as its difference from the one above (filter 2), which for a page of text is mostly nothing.
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
    """Return an order as a line; the path travels as bytes, since not every name is Unicode."""
    tree = dataclasses.asdict(order) | {"path": os.fsencode(order.path).hex()}
    return json.dumps({"order": tree, "settings": dataclasses.asdict(settings)}).encode("ascii") + b"\n"


def picture_from(reply: bytes) -> PagePicture:
    """Return the picture that a process sent. Raises what it raised; ValueError where it sent nothing whole."""
    head, _, png = reply.partition(b"\n")
    told: dict[str, Any] = json.loads(head)
    if "error" in told:
        raise ReadError(told["error"], told["hint"])
    if len(png) != told["bytes"]:
        raise ValueError("the picture is cut off")
    return PagePicture(png=png, pages=told["pages"], marked=told["marked"], top=told["top"])


def main() -> NoReturn:
    """Draw what the one line on stdin orders."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    reply = claim_stdout()
    exit_when_orphaned()
    _send(reply, _reply_to(json.loads(sys.stdin.readline())))
    leave(0)


def _reply_to(told: dict[str, Any]) -> bytes:
    order = PageOrder(**(told["order"] | {"path": Path(os.fsdecode(bytes.fromhex(told["order"]["path"])))}))
    values: dict[str, Any] = told["settings"]
    values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    try:
        picture = draw_page(order, ReadingSettings(**values))
    except BunkoError as error:
        return json.dumps({"error": error.message, "hint": error.hint}).encode() + b"\n"
    except Exception as error:  # noqa: BLE001 - a fault of any kind is the file's
        detail = f"{type(error).__name__}: {error}"[:200]
        return json.dumps({"error": f"The page can't be drawn: {detail}.", "hint": ""}).encode() + b"\n"
    head = {"pages": picture.pages, "marked": picture.marked, "top": picture.top, "bytes": len(picture.png)}
    return json.dumps(head).encode() + b"\n" + picture.png


def _send(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
