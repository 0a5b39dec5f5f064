"""Read mails and mailboxes. In: a path. Out: a Document for each mail, and those of its attachments.

Headers and bodies are decoded here, since mails encode Japanese in more ways than `email` knows.
"""

from __future__ import annotations

import codecs
import email
import email.errors
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeAlias

from bunko.errors import ReadError
from bunko.facts import Facts, moment, plain, several
from bunko.reading.containers.alternatives import pages_beyond, texts_of
from bunko.reading.containers.members import Context, Items, LimitReached, UniqueNames, read_member
from bunko.reading.html.read import html_text
from bunko.reading.text.encoding import decode
from bunko.types import Document, FailedFile, Span, member_path

_Mail: TypeAlias = "Message[Any, Any]"
_SHOWN = ("From", "To", "Cc", "Date")
_PICTURES = ("image", "audio", "video")


@dataclass(slots=True, kw_only=True)
class _Content:
    """The content of a mail: texts in order, and attachments with their names."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    attachments: list[tuple[str, bytes]] = field(default_factory=list)


def read_mail(path: Path, relative: str, context: Context) -> Items:
    """Yield the mail, then each attachment as `mail.eml#name`. Raises ReadError if the file is not a mail."""
    yield from _documents(path.read_bytes(), relative, context, separator="#")


def read_mailbox(path: Path, relative: str, context: Context) -> Items:
    """Yield each mail of an mbox file as `file.mbox#1` and so on, each followed by its attachments."""
    with path.open("rb") as stream:
        for number, data in enumerate(_split(stream), 1):
            target = member_path(relative, str(number))
            try:
                yield from _documents(data, target, context, separator="/")
            except LimitReached:
                raise
            except ReadError as error:
                yield FailedFile(path=target, error=error.message, hint=error.hint)


def _split(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the mails. Each begins with a line "From ..." after a blank one; in a body, that is written ">From"."""
    lines: list[bytes] = []
    blank = True
    inside = False
    for line in stream:
        if blank and line.startswith(b"From "):
            if inside:
                yield b"".join(lines)
            lines.clear()
            inside = True
        elif inside:
            lines.append(re.sub(rb"^>(>*From )", rb"\1", line))
        elif line.strip():
            raise ReadError('The file is not a mailbox: it does not begin with "From ".', "Rename it to .eml or .txt.")
        blank = not line.strip()
    if inside:
        yield b"".join(lines)


def _documents(data: bytes, path: str, context: Context, *, separator: str) -> Items:
    content = _Content()
    try:
        message = email.message_from_bytes(data)
        _gather(message, content)
    except RecursionError as error:
        raise ReadError("The mail contains mails that are nested too deep.", "Save the inner ones.") from error
    if not message.keys():
        raise ReadError("It is not a mail: it has no headers.", "Rename it to .txt to read it as text.")
    pages = [html_text(_as_page(source)) for source in content.html]
    bodies = [*filter(str.strip, content.plain), *pages_beyond(content.plain, pages)]
    subject = header(message, "Subject")
    lines = [subject] if subject else []
    lines += [f"{name}: {value}" for name in _SHOWN if (value := header(message, name))]
    if content.attachments:
        lines.append("Attachments: " + ", ".join(name for name, _ in content.attachments))
    text = "\n".join(lines) + "".join("\n\n" + body.strip("\n") for body in bodies if body.strip())
    headings = (Span(start=0, end=len(text), label=subject, level=1),) if subject else ()
    yield Document(path=path, text=text, headings=headings, format="mail", facts=_facts(message))
    unique = UniqueNames()
    for name, attached in content.attachments:
        member = f"{path}{separator}{unique(name)}"
        yield from read_member(io.BytesIO(attached), member, context, name=name)


def _facts(message: _Mail) -> Facts:
    """Return subject, sender, recipients and date of a mail."""
    try:
        sent = moment(parsedate_to_datetime(header(message, "Date")))
    except (ValueError, TypeError, IndexError, OverflowError):
        sent = ""
    return Facts(
        title=plain(header(message, "Subject")),
        authors=_people(message, "From"),
        recipients=several([*_people(message, "To"), *_people(message, "Cc")]),
        created=sent,
        language=plain(header(message, "Content-Language")),
    )


def _people(message: _Mail, name: str) -> tuple[str, ...]:
    """Return the people of a header, each as `Ada Lind <ada@example.org>`."""
    pairs = getaddresses([header(message, name)])
    return several([f"{who} <{address}>" if who and address else who or address for who, address in pairs])


def _gather(part: _Mail, content: _Content) -> None:
    """Sort a part of a mail, and the parts in it, into texts and attachments."""
    kind = part.get_content_maintype()
    name = _file_name(part)
    if part.is_multipart():
        children: Any = part.get_payload()
        if part.get_content_type() == "message/rfc822":
            for child in children:
                head = [f"{key}: {value}" for key in ("Subject", *_SHOWN) if (value := header(child, key))]
                content.plain.append("\n".join(head))
                _gather(child, content)
            return
        alternatives = part.get_content_type() == "multipart/alternative"
        found = _Content()
        for child in children:
            _gather(child, found)
        content.attachments += found.attachments
        if alternatives and found.html:  # the same text again, which would be found twice
            found.plain = texts_of(found.plain, [html_text(_as_page(source)) for source in found.html])
            found.html = []
        content.plain += found.plain
        content.html += found.html
    elif kind in _PICTURES and part["Content-ID"]:
        return  # an inline picture, mostly a logo
    elif name and (part.get_content_disposition() == "attachment" or kind not in ("text", *_PICTURES)):
        content.attachments.append((name, _payload(part)))
    elif part.get_content_type() == "text/html":
        content.html.append(_text(part))
    elif part.get_content_type() == "text/x-amp-html":
        return  # a page with scripts, beside the same in HTML
    elif kind == "text":
        content.plain.append(_text(part))


def _payload(part: _Mail) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _text(part: _Mail) -> str:
    data = _payload(part)
    charset = (part.get_content_charset() or "").lower()
    return decode(data, declared="" if charset == "us-ascii" else charset)  # which many claim who write others


def _as_page(source: str) -> bytes:
    """Return HTML as UTF-8 with a byte order mark, which overrides the charset that it declares."""
    return codecs.BOM_UTF8 + source.encode("utf-8", "replace")


def header(message: _Mail, name: str) -> str:
    """Return a header's text in one line, in any encoding, declared or not."""
    value = message.get(name, "")
    try:
        pieces = decode_header(value)
    except (ValueError, email.errors.HeaderParseError):
        pieces = [(str(value), None)]
    text = "".join(_header_piece(piece, charset) for piece, charset in pieces)
    return " ".join(text.split())


def _header_piece(piece: bytes | str, charset: str | None) -> str:
    data = piece if isinstance(piece, bytes) else piece.encode("utf-8", "surrogateescape")
    charset = (charset or "").lower()
    return decode(data, declared="" if charset.startswith("unknown") else charset)


def _file_name(part: _Mail) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, AttributeError):
        name = ""
    pieces = decode_header(name) if "=?" in name else [(name, None)]
    text = "".join(_header_piece(piece, charset) for piece, charset in pieces)
    return " ".join(PurePosixPath(text.replace("\\", "/")).name.split())
