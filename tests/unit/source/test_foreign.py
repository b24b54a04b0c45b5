"""scanmend.source.foreign: what strangers in the inbox are, and that the report on them says what to do."""

import gzip
import io
import zipfile
from email.message import EmailMessage

import pytest

from scanmend.errors import DocumentError
from scanmend.source import foreign, render
from scanmend.source.settings import SourceLimits


def zipped(*names, mimetype=""):
    """A ZIP archive with these members, as Office programs write them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        for name in names:
            archive.writestr(name, "x" * 5000)
    return out.getvalue()


def office(*streams):
    """The header and the directory of a compound file, as Office wrote them until 2003."""
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0"))
    head[30:32], head[48:52] = (9).to_bytes(2, "little"), (2).to_bytes(4, "little")
    entries = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *streams))
    return bytes(head) + bytes(1024) + entries


def mail(**headers):
    """A message with an attachment."""
    message = EmailMessage()
    for name, value in {"From": "a@example.org", "To": "b@example.org", "Subject": "scan", **headers}.items():
        message[name.replace("_", "-")] = value
    message.set_content("See the scan.")
    message.add_attachment(b"II*\0", maintype="image", subtype="tiff", filename="scan.tiff")
    return message.as_bytes()


def media(brand, *more):
    """The first box of an ISO media file."""
    box = b"ftyp" + brand + bytes(4) + b"".join(more)
    return (len(box) + 4).to_bytes(4) + box + bytes(64)


DOCX = zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml")
LATE = zipped("[Content_Types].xml", *(f"media/{n}.png" for n in range(3000)), "xl/workbook.xml")
STRANGERS = [
    (DOCX, "a Word document; print it to PDF, or save it as PDF"),
    (LATE, "an Excel workbook; print it to PDF"),
    (zipped("[Content_Types].xml", "ppt/presentation.xml"), "a PowerPoint presentation"),
    (zipped("content.xml", mimetype="application/vnd.oasis.opendocument.text"), "an OpenDocument text"),
    (zipped("content.xml", mimetype="application/vnd.oasis.opendocument.spreadsheet"), "an OpenDocument spreadsheet"),
    (zipped("content.xml", mimetype="application/vnd.oasis.opendocument.graphics"), "an OpenDocument file"),
    (zipped("OEBPS/a.html", mimetype="application/epub+zip"), "an e-book"),
    (zipped("FixedDocSeq.fdseq"), "an XPS document"),
    (zipped("scan1.pdf", "scan2.pdf"), "a ZIP archive; unpack it"),
    (zipped(), "a ZIP archive"),
    (office("WordDocument"), "a Word document; print it to PDF"),
    (office("Data", "Workbook"), "an Excel workbook"),
    (office("EncryptionInfo", "EncryptedPackage"), "an Office document with a password; open it"),
    (office("__nameid_version1.0"), "an Outlook message; save its attachments"),
    (office("Else"), "a document of an older Office program"),
    (mail(), "an e-mail; save its attachments"),
    (b"Return-Path: <a@b>\r\nReceived: from x\r\n\tby y\r\n\r\nHello", "an e-mail"),
    (b"From a@b Mon Jan 1\nSubject: x\n\nHello", "an e-mail"),
    (media(b"avif"), "an AVIF picture"),
    (media(b"isom", b"mp42"), "a video"),
    (media(b"qt  "), "a video"),
    (media(b"M4A "), "a sound recording"),
    (b"\x1aE\xdf\xa3 matroska", "a video"),
    (b"RIFF\x10\0\0\0WAVEfmt ", "a sound recording"),
    (b"RIFF\x10\n\0\0AVI LIST", "a video"),
    (gzip.compress(b"x"), "a packed file; unpack it"),
    (b"{\\rtf1\\ansi Hello}", "a formatted text (RTF)"),
    (b"%!PS-Adobe-3.0\n", "a PostScript file; convert it"),
    (b"<!DOCTYPE html>\n<html></html>", "a web page"),
    (b"\xef\xbb\xbf<?xml version='1.0'?>\n<svg/>", "a drawing (SVG)"),
    (b"<?xml version='1.0'?>\n<invoice/>", "an XML file"),
    (b"BEGIN:VCARD\n", "a contact or an appointment"),
    (b"Dear Sir or Madam,\n\nSubject: none of this\n", "plain text; it has its text already"),
    ("Größe;Preis\r\n1;2,50 €\r\n".encode("cp1252"), "plain text"),
    ("Dear Sir".encode("utf-16"), "plain text"),
    ("领料单".encode("gb18030"), "plain text"),
    (b"From: the desk of a friend, who writes letters\n\nHello", "plain text"),
    (b"MZ\x90\0\x03", "a program"),
]


@pytest.mark.parametrize(("data", "told"), STRANGERS, ids=[f"{n} {told[:24]}" for n, (_, told) in enumerate(STRANGERS)])
def test_strangers_are_named(tmp_path, data, told):
    """By their content, whatever the name says; the report has what to do."""
    path = tmp_path / "scan.pdf"
    path.write_bytes(data)
    with pytest.raises(DocumentError, match="neither PDF, TIFF, PNG, JPEG, BMP, WebP, GIF nor HEIC, but ") as raised:
        render.inspect(path, SourceLimits(10, 10.0, 300))
    assert f", but {told}" in str(raised.value)


@pytest.mark.parametrize(
    "data", [b"\0" * 50, b"\x01\x02\x03 what is this", bytes(range(256)), b"\xd0\xcf\x11", b" \n "]
)
def test_the_unknown_stays_unknown(data):
    """Nothing is claimed that the bytes do not show."""
    assert foreign.describe(io.BytesIO(data)) == ""


@pytest.mark.parametrize("cut", [1, 3, 7, 20, 100, 511, 513])
def test_stumps_are_no_trouble(cut):
    """A stranger may be cut short anywhere."""
    for data, _ in STRANGERS:
        foreign.describe(io.BytesIO(data[:cut]))
