"""Mails are read with their headers and attachments, in every encoding of the last decades."""

from __future__ import annotations

import email.message
from pathlib import Path

import pytest

from bunko.errors import ReadError
from tests.reading.files import labels, pdf, read_all, read_one, zipped

NEKO = "吾輩は猫である。名前はまだ無い。"


def mail(body: str = NEKO, subject: str = "議事録の件", **headers: str) -> email.message.EmailMessage:
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "田中 <a@example.org>", "b@example.org", subject
    for name, value in headers.items():
        message[name] = value
    message.set_content(body)
    return message


def test_a_mail_is_its_subject_its_headers_and_its_text(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.eml", bytes(mail(Cc="c@example.org", Date="Thu, 20 Jun 2024 09:15:30 +0900")))
    assert document.text == (
        "議事録の件\nFrom: 田中 <a@example.org>\nTo: b@example.org\nCc: c@example.org\n"
        f"Date: Thu, 20 Jun 2024 09:15:30 +0900\n\n{NEKO}"
    )
    assert labels(document) == [(1, "議事録の件")]


@pytest.mark.parametrize("charset", ["iso-2022-jp", "shift_jis", "euc-jp", "utf-8"])
@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
def test_japanese_mails_are_read_in_every_encoding(tmp_path: Path, charset: str, told: bool) -> None:
    header = f"Content-Type: text/plain; charset={charset}\r\n" if told else ""
    raw = f"Subject: {NEKO}\r\n{header}\r\n{NEKO}\r\n".encode(charset)
    assert read_one(tmp_path, "a.eml", raw).text == f"{NEKO}\n\n{NEKO}"


def test_a_wrong_encoding_is_seen_through(tmp_path: Path) -> None:
    for told in ("us-ascii", "x-unknown", "utf-8"):
        raw = f"Subject: x\r\nContent-Type: text/plain; charset={told}\r\n\r\n".encode() + NEKO.encode("cp932")
        assert NEKO in read_one(tmp_path, "a.eml", raw).text


def test_encoded_words_of_windows_are_read(tmp_path: Path) -> None:
    raw = b"Subject: =?ISO-2022-JP?B?GyRCLSEwRjdvGyhC?= =?utf-8?q?_caf=C3=A9?=\nFrom: x\n\nText.\n"
    assert labels(read_one(tmp_path, "a.eml", raw)) == [(1, "①案件 café")]


def test_a_mail_in_html_alone_is_read_without_its_tags(tmp_path: Path) -> None:
    message = mail()
    message.set_content(f"<html><head><style>p {{}}</style></head><body><p>{NEKO}</p></body></html>", subtype="html")
    text = read_one(tmp_path, "a.eml", bytes(message)).text
    assert NEKO in text
    assert "<p>" not in text
    assert "style" not in text


@pytest.mark.parametrize("named", ["iso-2022-jp", "shift_jis", "utf-8"])
def test_the_encoding_that_html_names_is_not_believed(tmp_path: Path, named: str) -> None:
    page = f'<html><head><meta charset="{named}"></head><body>{NEKO}</body></html>'
    raw = b"Subject: x\nContent-Type: text/html; charset=euc-jp\n\n" + page.encode("euc-jp")
    assert NEKO in read_one(tmp_path, "a.eml", raw).text


def test_what_is_there_as_text_and_as_html_is_told_once(tmp_path: Path) -> None:
    message = mail()
    message.add_alternative(f"<p>{NEKO}</p>", subtype="html")
    assert read_one(tmp_path, "a.eml", bytes(message)).text.count(NEKO) == 1


def test_attachments_are_documents_of_their_own(tmp_path: Path) -> None:
    message = mail()
    message.add_attachment(pdf("The cat sleeps."), maintype="application", subtype="pdf", filename="報告書.pdf")
    message.add_attachment("One.", filename="../a.txt")
    message.add_attachment("Two.", filename="a.txt")
    message.add_attachment(b"MZ\x00\x01", maintype="application", subtype="octet-stream", filename="a.exe")
    documents, failed = read_all(tmp_path, "a.eml", bytes(message))
    assert [document.path for document in documents] == ["a.eml", "a.eml#報告書.pdf", "a.eml#a.txt", "a.eml#a.txt (2)"]
    assert "Attachments: 報告書.pdf, a.txt, a.txt, a.exe" in documents[0].text
    assert "cat" in documents[1].text
    assert [item.path for item in failed] == ["a.eml#a.exe"]


def test_an_archive_in_a_mail_is_opened_like_any_other(tmp_path: Path) -> None:
    message = mail()
    message.add_attachment(zipped({"a.txt": "One."}), maintype="application", subtype="zip", filename="a.zip")
    documents, _ = read_all(tmp_path, "a.eml", bytes(message))
    assert [document.path for document in documents] == ["a.eml", "a.eml#a.zip#a.txt"]


def test_pictures_within_the_text_are_left_out(tmp_path: Path) -> None:
    message = mail()
    message.add_alternative("<p>x</p>", subtype="html")
    html = message.get_payload()[1]  # type: ignore[index]
    html.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<logo>", filename="logo.png")  # type: ignore[union-attr]
    assert read_one(tmp_path, "a.eml", bytes(message)).path == "a.eml"


def test_a_forwarded_mail_is_part_of_the_text(tmp_path: Path) -> None:
    message = mail("See below.", subject="Fwd")
    message.add_attachment(mail(NEKO, subject="Inner"))
    text = read_one(tmp_path, "a.eml", bytes(message)).text
    assert text.index("See below.") < text.index("Subject: Inner") < text.index(NEKO)


def test_a_mailbox_holds_many_mails(tmp_path: Path) -> None:
    first = mail("One.\n\n>From here on.\nNot\nFrom here.\n", subject="A")
    second = mail("Two.", subject="B")
    second.add_attachment("Three.", filename="c.txt")
    box = b"".join(b"From a@b Mon Jan 1 00:00:00 2024\n" + bytes(item) + b"\n" for item in (first, second))
    documents, failed = read_all(tmp_path, "m.mbox", box)
    assert [document.path for document in documents] == ["m.mbox#1", "m.mbox#2", "m.mbox#2/c.txt"]
    assert "\nFrom here on." in documents[0].text
    assert not failed


@pytest.mark.parametrize(("name", "content"), [("a.eml", "\n\nNo headers."), ("a.mbox", "No mailbox."), ("b.mbox", "")])
def test_what_is_no_mail_says_so(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(ReadError):
        read_all(tmp_path, name, content)


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: =?utf-8?b?!!!?=\n\nText.",
        b"Subject: =?x-none?q?a?=\nContent-Type: text/plain; charset=\xff\n\nText.",
        b"From: a\nContent-Type: multipart/mixed\n\nText.",
        b"From: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Disposition: x; filename*=x'y\n\nText.",
        b"From: a\nContent-Transfer-Encoding: base64\n\n!!!\nText.",
        b"From: a\nContent-Transfer-Encoding: x-uuencode\n\nbegin\nText.",
        b"Content-Type: message/rfc822\nFrom: a\n\n",
    ],
)
def test_a_broken_mail_stops_nothing(tmp_path: Path, raw: bytes) -> None:
    documents, _ = read_all(tmp_path, "a.eml", raw)
    assert documents


def test_mails_within_mails_without_end_are_refused(tmp_path: Path) -> None:
    raw = b"From: a\n" + b"Content-Type: message/rfc822\n\n" * 5000 + b"Text."
    try:
        read_all(tmp_path, "a.eml", raw)
    except ReadError as error:
        assert "nested too deep" in error.message


STUB = "This message needs a viewer for HTML."
ROOM = "Your room is the Heron suite, arrival 12 June."


@pytest.mark.parametrize(
    "stub", [STUB, "", " \n", f"{STUB} https://example.org/view?id=3", "このメールはHTML形式です。"]
)
def test_html_is_read_where_the_plain_text_is_a_stub(tmp_path: Path, stub: str) -> None:
    for html in (ROOM, "お部屋は白鳥の間、ご到着は六月十二日です。料金は一泊二万円です。"):
        message = mail(stub)
        message.add_alternative(f"<p>{html}</p>", subtype="html")
        text = read_one(tmp_path, "a.eml", bytes(message)).text
        assert html in text
        assert not stub.strip() or stub not in text


@pytest.mark.parametrize("body", [ROOM, f"{ROOM} See https://example.org/rooms for more."])
def test_the_same_text_in_two_forms_is_read_once(tmp_path: Path, body: str) -> None:
    message = mail(body)
    message.add_alternative(f"<p>{ROOM}</p><style>p {{}}</style>", subtype="html")
    assert read_one(tmp_path, "a.eml", bytes(message)).text.count("Heron") == 1


def test_two_long_texts_that_differ_are_both_read(tmp_path: Path) -> None:
    plain = " ".join(f"plain{n}" for n in range(100))
    message = mail(plain)
    message.add_alternative("<p>" + " ".join(f"page{n}" for n in range(100)) + "</p>", subtype="html")
    text = read_one(tmp_path, "a.eml", bytes(message)).text
    assert "plain99" in text and "page99" in text


def test_a_page_beside_a_text_is_read(tmp_path: Path) -> None:
    """A mailing list adds its footer as a text of its own."""
    message = mail("You get this mail as a member of the list.")
    message.make_mixed()
    page = email.message.EmailMessage()
    page.set_content(f"<p>{ROOM}</p>", subtype="html")
    message.attach(page)
    text = read_one(tmp_path, "a.eml", bytes(message)).text
    assert ROOM in text and "member of the list" in text
