"""The process that draws pages after a PDF has taken it over: it reads the file beside it, and says what it got."""

from __future__ import annotations

from bunko.errors import ReadError
from bunko.reading.pdf import page_picture
from bunko.settings import ReadingSettings


def _draw(order: page_picture.PageOrder, settings: ReadingSettings) -> page_picture.PagePicture:
    own = len(order.path.read_bytes())
    try:
        raise ReadError(f"read {own} bytes, and beside it: {order.path.with_name('beside.txt').read_text()}")
    except OSError as error:
        raise ReadError(f"read {own} bytes, and beside it: {type(error).__name__}") from error


def main() -> None:
    """Serve as the real one does."""
    page_picture.draw_page = _draw
    page_picture.main()
