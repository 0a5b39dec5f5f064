"""PDFs written by hand: lines of text in two fonts, vertical columns, pictures, bookmarks, a password."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


@dataclass(frozen=True, kw_only=True)
class Text:
    """A line at a place of the page. `vertical`: set from the top down."""

    text: str
    x: int = 40
    y: int = 700
    size: int = 12
    vertical: bool = False


def lines(*texts: str, x: int = 40, top: int = 700, size: int = 12) -> list[Text]:
    """Return lines below each other."""
    return [Text(text=text, x=x, y=top - n * (size + 4), size=size) for n, text in enumerate(texts)]


PICTURE = "q 600 0 0 800 0 0 cm /P Do Q"
"""What draws a picture over the whole page."""


def pdf(
    *pages: Sequence[Text | str],
    bookmarks: Sequence[tuple[str, int]] = (),
    password: str = "",
    annotations: Sequence[str] = (),
    files: Mapping[str, bytes] | None = None,
    turned: int = 0,
) -> bytes:
    """Return a PDF. A page is its lines, with what else is drawn in PDF's own words, such as PICTURE.

    `bookmarks` are titles with page indexes. With a password, it is encrypted by 40-bit RC4. `annotations` lie on the
    first page, in PDF's own words; `files` are attached.
    """
    bodies: list[tuple[str, bytes | None]] = [("", None), ("", None), *_fonts(), ("", None)]
    picture = len(bodies)
    bodies[picture - 1] = (
        "/Type /XObject /Subtype /Image /Width 4 /Height 4 /ColorSpace /DeviceGray /BitsPerComponent 8",
        bytes(range(0, 160, 10)),
    )
    kids = []
    for page in pages:
        number = len(bodies) + 1
        kids.append(f"{number} 0 R")
        bodies += [
            (
                f"/Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {number + 1} 0 R /Resources << /Font "
                f"<< /F1 3 0 R /F2 4 0 R /F3 5 0 R >> /XObject << /P {picture} 0 R >> >> /Rotate {turned}",
                None,
            ),
            ("", b"\n".join(map(_drawn, page))),
        ]
    outline = f"/Outlines {len(bodies) + 1} 0 R" if bookmarks else ""
    bodies[0] = (f"/Type /Catalog /Pages 2 0 R {outline}", None)
    bodies[1] = (f"/Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)}", None)
    if bookmarks:
        bodies += _outline(bookmarks, kids, len(bodies) + 1)
    if annotations:
        _add_annotations(bodies, annotations, first_page=int(kids[0].split()[0]))
    if files:
        _attach(bodies, files)
    return _file(bodies, password)


def _fonts() -> list[tuple[str, bytes | None]]:
    """Helvetica, and one Japanese font that is not embedded, for horizontal and vertical text; objects 3 to 8."""
    japanese = "/Type /Font /Subtype /Type0 /BaseFont /Ryumin-Light /DescendantFonts [6 0 R]"
    system = "/CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 4 >>"
    return [
        ("/Type /Font /Subtype /Type1 /BaseFont /Helvetica", None),
        (f"{japanese} /Encoding /UniJIS-UTF16-H", None),
        (f"{japanese} /Encoding /UniJIS-UTF16-V", None),
        (
            "/Type /Font /Subtype /CIDFontType0 /BaseFont /Ryumin-Light /DW 1000 /FontDescriptor 7 0 R " + system,
            None,
        ),
        (
            "/Type /FontDescriptor /FontName /Ryumin-Light /Flags 6 /FontBBox [0 -200 1000 900] /ItalicAngle 0 "
            "/Ascent 900 /Descent -200 /CapHeight 800 /StemV 80",
            None,
        ),
    ]


def _drawn(item: Text | str) -> bytes:
    if isinstance(item, str):
        return item.encode()
    font = "F3" if item.vertical else "F1" if item.text.isascii() else "F2"
    shown = f"({item.text})" if font == "F1" else f"<{item.text.encode('utf-16-be').hex()}>"
    return f"BT /{font} {item.size} Tf {item.x} {item.y} Td {shown} Tj ET".encode()


def _add_annotations(bodies: list[tuple[str, bytes | None]], annotations: Sequence[str], *, first_page: int) -> None:
    places = [f"{len(bodies) + n} 0 R" for n in range(1, len(annotations) + 1)]
    fields = [place for place, item in zip(places, annotations, strict=True) if "/Widget" in item]
    bodies += [(f"/Type /Annot {item}", None) for item in annotations]
    for n, more in (
        (first_page - 1, f"/Annots [{' '.join(places)}]"),
        (0, f"/AcroForm << /Fields [{' '.join(fields)}] >>"),
    ):
        if n or fields:
            bodies[n] = (f"{bodies[n][0]} {more}", bodies[n][1])


def _attach(bodies: list[tuple[str, bytes | None]], files: Mapping[str, bytes]) -> None:
    names = []
    for name, data in files.items():
        names.append(f"({name}) {len(bodies) + 2} 0 R")
        bodies += [
            ("/Type /EmbeddedFile", data),
            (f"/Type /Filespec /F ({name}) /EF << /F {len(bodies) + 1} 0 R >>", None),
        ]
    bodies[0] = (f"{bodies[0][0]} /Names << /EmbeddedFiles << /Names [{' '.join(names)}] >> >>", None)


def _outline(bookmarks: Sequence[tuple[str, int]], kids: Sequence[str], root: int) -> list[tuple[str, bytes | None]]:
    last = root + len(bookmarks)
    items: list[tuple[str, bytes | None]] = [
        (f"/Type /Outlines /First {root + 1} 0 R /Last {last} 0 R /Count {len(bookmarks)}", None)
    ]
    for n, (title, page) in enumerate(bookmarks, root + 1):
        following = f"/Next {n + 1} 0 R" if n < last else ""
        name = "feff" + title.encode("utf-16-be").hex()
        items.append((f"/Title <{name}> /Parent {root} 0 R /Dest [{kids[page]} /Fit] {following}", None))
    return items


def _file(bodies: Sequence[tuple[str, bytes | None]], password: str) -> bytes:
    identity = b"0123456789abcdef"
    owner = _rc4(hashlib.md5(_padded(password)).digest()[:5], _padded(password))
    rights = (-4).to_bytes(4, "little", signed=True)
    key = hashlib.md5(_padded(password) + owner + rights + identity).digest()[:5]
    out = b"%PDF-1.4\n"
    places = []
    for number, (fields, stream) in enumerate(bodies, 1):
        places.append(len(out))
        if stream is None:
            out += f"{number} 0 obj\n<< {fields} >>\nendobj\n".encode()
            continue
        salt = number.to_bytes(3, "little") + bytes(2)
        data = _rc4(hashlib.md5(key + salt).digest()[:10], stream) if password else stream
        head = f"{number} 0 obj\n<< {fields} /Length {len(data)} >>\nstream\n"
        out += head.encode() + data + b"\nendstream\nendobj\n"
    start = len(out)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"/Size {len(bodies) + 1} /Root 1 0 R /ID [<{identity.hex()}> <{identity.hex()}>]"
    if password:
        user = _rc4(key, _PAD)
        trailer += f" /Encrypt << /Filter /Standard /V 1 /R 2 /O <{owner.hex()}> /U <{user.hex()}> /P -4 >>"
    out += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}trailer\n<< {trailer} >>\n".encode()
    return out + f"startxref\n{start}\n%%EOF\n".encode()


def _padded(password: str) -> bytes:
    return (password.encode() + _PAD)[:32]


def _rc4(key: bytes, data: bytes) -> bytes:
    box = list(range(256))
    j = 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)
