"""Pages as pictures: the words that are marked are the ones meant, and a hostile PDF costs one picture."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.errors import NeedsPassword, ReadError
from bunko.reading.pdf.page_picture import PageOrder, PagePicture, draw_page, png_of
from bunko.reading.pdf.words import find_words
from bunko.reading.read import read_file
from bunko.server.native.page_pictures import PictureDrawer
from bunko.settings import ReadingSettings
from tests.reading.pdfs import Text, lines, pdf

ASTRAL = "𠮷🍜a1 い-ﬁ\n"


# --- finding words -----------------------------------------------------------------------------------------------


@given(st.text(st.sampled_from("ab c\n-い。"), max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_words_are_found_where_they_stand(text: str, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    runs = find_words(text, text, start, end)
    marked = {place for first, last in runs for place in range(first, last)}
    wanted = {n for n in range(start, end) if not text[n].isspace() and text[n] != "-"}
    assert wanted <= marked <= set(range(start, end))


@given(st.text(st.sampled_from(ASTRAL), max_size=30), st.data())
def test_halves_of_characters_are_one(text: str, data: st.DataObject) -> None:
    units = [chr(unit) for (unit,) in struct.iter_unpack("<H", text.encode("utf-16-le"))]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    runs = find_words(units, text, start, end)
    before = len(text[:start].encode("utf-16-le")) // 2
    after = len(text[:end].encode("utf-16-le")) // 2
    assert all(before <= first < last <= after for first, last in runs)


@pytest.mark.parametrize(
    ("drawn", "text", "quote", "marked"),
    [
        ("The re-\nport is ﬁnal.", "The report is final.", "report is final", "re-\nport is ﬁnal"),
        ("Guide 9\nThe mill is old.", "The mill is old.", "mill is old", "mill is old"),
        ("電波塔で\nある。", "電波塔である。", "塔である", "塔で\nある"),
        ("a b a b a b", "a b a b a b", "", ""),
        ("nothing of it", "The mill is old.", "mill is old", ""),
    ],
)
def test_mended_text_is_found_as_it_was_drawn(drawn: str, text: str, quote: str, marked: str) -> None:
    start = text.index(quote)
    runs = find_words(drawn, text, start, start + len(quote))
    assert "".join(drawn[first:last] for first, last in runs) == marked


def test_of_equal_words_those_that_were_meant_are_found() -> None:
    drawn, text = "head\nold mill, old mill, old mill", "old mill, old mill, old mill"
    places = [n for n in range(len(text)) if text.startswith("old", n)]
    found = [find_words(drawn, text, start, start + 8) for start in places]
    assert found == [[(start + 5, start + 13)] for start in places]


def test_columns_in_another_order_are_found_in_pieces() -> None:
    text = "いろはにほへとちりぬるを、わかよたれそつねならむ。"
    drawn = text[13:] + "\n" + text[:13]
    runs = find_words(drawn, text, 2, 23)
    assert sorted("".join(drawn[first:last] for first, last in runs)) == sorted(text[2:23])


# --- drawing -----------------------------------------------------------------------------------------------------


def pixels_of(png: bytes) -> Any:
    """Return the pixels of a PNG as `png_of` writes them."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    body = b""
    place = 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        kind, data = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert struct.unpack(">I", png[place + 8 + length : place + 12 + length])[0] == zlib.crc32(kind + data)
        body += data if kind == b"IDAT" else b""
        place += 12 + length
    rows = np.frombuffer(zlib.decompress(body), dtype=np.uint8).reshape(height, 1 + 3 * width)
    assert set(rows[:, 0]) <= {2}
    return np.cumsum(rows[:, 1:].reshape(height, width, 3), axis=0, dtype=np.uint8)


@given(st.integers(1, 9), st.integers(1, 9), st.randoms(use_true_random=False))
def test_a_png_holds_its_pixels(height: int, width: int, random: Any) -> None:
    pixels = np.array([random.randrange(256) for _ in range(height * width * 3)], dtype=np.uint8)
    assert np.array_equal(pixels_of(png_of(pixels.reshape(height, width, 3))), pixels.reshape(height, width, 3))


def drawn(path: Path, quote: str, *, page: int = 1) -> PagePicture:
    document = read_file(path, path.name, settings=ReadingSettings())
    span = document.pages[page - 1]
    start = document.text.index(quote, span.start) - span.start
    return draw_page(
        PageOrder(path=path, page=page, text=document.text[span.start : span.end], start=start, end=start + len(quote)),
        ReadingSettings(),
    )


def marked_box(picture: PagePicture) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of what is marked, in points from the page's upper left corner (600 x 800)."""
    pixels = pixels_of(picture.png).astype(int)
    yellow = (pixels[:, :, 0] - pixels[:, :, 2] > 60) & (pixels[:, :, 0] > 150)
    ys, xs = np.nonzero(yellow)
    scale = 600 / pixels.shape[1]
    return xs.min() * scale, ys.min() * scale, xs.max() * scale, ys.max() * scale


def test_the_very_words_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(lines("The mill is old.", "It was built in 1803.", "Nobody knows by whom."), lines("Next.")))
    picture = drawn(path, "was built in 1803")
    left, top, right, bottom = marked_box(picture)
    assert picture.marked == 1
    assert picture.pages == 2
    assert 45 < left < 56
    assert 800 - 684 - 16 < top < bottom < 800 - 684 + 10  # the second line stands 684 points above the bottom
    assert 120 < right < 160
    assert abs(picture.top * 800 - top) < 3


def test_words_over_two_lines_and_in_japanese(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(
        pdf(
            lines("The words go on over a line that is long enough to be bro-", "ken and go on."),
            [Text(text="金閣寺は京都にあります。", y=600), Text(text="池の名は鏡湖池です。", y=560)],
        )
    )
    left, top, right, bottom = marked_box(drawn(path, "enough to be broken and"))
    assert bottom - top > 20
    left, top, right, bottom = marked_box(drawn(path, "池の名は", page=2))
    assert 35 < left < 45
    assert 225 < top < bottom < 250
    assert 80 < right < 95


def test_vertical_columns_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    columns = ["吾輩は猫である名前はまだ無い。", "どこで生れたかとんと見当がつか", "ぬ何でも薄暗い所で泣いていた。"]
    path.write_bytes(pdf([Text(text=words, x=500 - 30 * n, vertical=True) for n, words in enumerate(columns)]))
    left, top, right, bottom = marked_box(drawn(path, "とんと見当がつかぬ何でも薄暗い所"))
    assert 430 < left < 450
    assert 460 < right < 490
    assert bottom - top > 100


def test_without_words_nothing_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(lines("The mill is old.")))
    picture = draw_page(PageOrder(path=path, page=1), ReadingSettings())
    assert (picture.marked, picture.top) == (0, 0.0)
    other = draw_page(PageOrder(path=path, page=1, text="not a word of it", start=0, end=16), ReadingSettings())
    assert other.png == picture.png


def test_a_page_that_there_is_none_of_and_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(lines("One.")))
    with pytest.raises(ReadError, match="no page 2"):
        draw_page(PageOrder(path=path, page=2), ReadingSettings())
    path.write_bytes(b"%PDF-1.4 broken")
    with pytest.raises(ReadError, match="broken"):
        draw_page(PageOrder(path=path, page=1), ReadingSettings())
    path.write_bytes(pdf(lines("One."), password="secret"))
    with pytest.raises(NeedsPassword):
        draw_page(PageOrder(path=path, page=1), ReadingSettings())


# --- in a process of its own ---------------------------------------------------------------------------------------


WORKERS = {
    "hangs": "import time\ndef main():\n    time.sleep(600)\n",
    "crashes": "import os\ndef main():\n    os.abort()\n",
    "is_greedy": "def main():\n    kept = []\n    while True:\n        kept.append(bytearray(20_000_000))\n",
    "cuts_off": "import os\ndef main():\n"
    """    os.write(1, b'{"pages":1,"marked":0,"top":0,"bytes":9}\\nabc')\n    os._exit(0)\n""",
}


@pytest.mark.parametrize(
    ("name", "said"),
    [("hangs", "more than 2 seconds"), ("crashes", "crashed"), ("is_greedy", "300 MB"), ("cuts_off", "crashed")],
)
def test_a_hostile_page_costs_one_picture(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"worker_that_{name}"
    (tmp_path / f"{module}.py").write_text(WORKERS[name])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(lines("One.")))
    timeout_s = 2.0 if name == "hangs" else 60.0
    drawer = PictureDrawer(timeout_s=timeout_s, memory_mb=300, worker=module)
    with pytest.raises(ReadError, match=said):
        drawer.draw(PageOrder(path=path, page=1), ReadingSettings())


def test_a_picture_from_the_process_is_the_same_and_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "あ.pdf"
    path.write_bytes(pdf(lines("The mill is old.")))
    order = PageOrder(path=path, page=1, text="The mill is old.", start=4, end=8)
    drawer = PictureDrawer()
    picture = drawer.draw(order, ReadingSettings())
    assert picture == draw_page(order, ReadingSettings())
    assert drawer.draw(order, ReadingSettings()) is picture
    path.write_bytes(pdf(lines("The other mill is new.")))
    assert drawer.draw(order, ReadingSettings()) != picture
    path.unlink()
    with pytest.raises(ReadError, match="can't be opened"):
        drawer.draw(order, ReadingSettings())


def test_what_the_process_refuses_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4 broken")
    with pytest.raises(ReadError, match="broken"):
        PictureDrawer().draw(PageOrder(path=path, page=1), ReadingSettings())
