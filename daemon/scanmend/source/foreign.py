"""What a file is that is no scan, and what a person can do about it, told by the bytes that it begins with."""

import os
import re
from collections.abc import Callable, Iterable
from typing import BinaryIO, TypeVar

_Pattern = TypeVar("_Pattern", str, bytes)
LOOK_BYTES = 1 << 16
"""How much of the beginning, and of the end, is looked at."""
MIN_HEADERS = 2
"""Header lines by which a text is taken for an e-mail."""

_AS_PDF = "print it to PDF, or save it as PDF, and put that into the inbox"
_AS_JPEG = "export it as JPEG, PNG or PDF, and put that into the inbox"
_UNPACK = "unpack it, and put the scans in it into the inbox"
_NOTHING_TO_READ = "it has no page to read; take it out of the inbox"

_ZIPPED = (
    (rb"\bword/document", "a Word document", _AS_PDF),
    (rb"\bxl/workbook", "an Excel workbook", _AS_PDF),
    (rb"\bppt/presentation", "a PowerPoint presentation", _AS_PDF),
    (rb"mimetypeapplication/vnd\.oasis\.opendocument\.text", "an OpenDocument text (LibreOffice Writer)", _AS_PDF),
    (
        rb"mimetypeapplication/vnd\.oasis\.opendocument\.spreadsheet",
        "an OpenDocument spreadsheet (LibreOffice)",
        _AS_PDF,
    ),
    (rb"mimetypeapplication/vnd\.oasis\.opendocument", "an OpenDocument file (LibreOffice)", _AS_PDF),
    (rb"mimetypeapplication/epub", "an e-book (EPUB)", "it has its text already, and needs no OCR"),
    (rb"\.fdseq\b|FixedDocSeq", "an XPS document", _AS_PDF),
    (rb"Index/Document\.iwa", "an Apple iWork document (Pages, Numbers, Keynote)", _AS_PDF),
)
"""What a ZIP archive is by names of its members: pattern, name, remedy."""
_OLE = (
    ("EncryptedPackage", "an Office document with a password", f"open it with the password, {_AS_PDF}"),
    ("WordDocument", "a Word document", _AS_PDF),
    ("Workbook", "an Excel workbook", _AS_PDF),
    ("PowerPoint Document", "a PowerPoint presentation", _AS_PDF),
    ("__nameid_version1.0", "an Outlook message", "save its attachments, and put the scans among them into the inbox"),
)
"""What a file of the older Office is by the name of a stream."""
_BEGINNINGS = (
    (rb"\{\\rtf", "a formatted text (RTF)", _AS_PDF),
    (
        rb"%!PS|\x04%!PS|\xc5\xd0\xd3\xc6",
        "a PostScript file",
        "convert it to PDF (ps2pdf), and put that into the inbox",
    ),
    (rb"AT&TFORM", "a DjVu document", "convert it to PDF (ddjvu -format=pdf), and put that into the inbox"),
    (rb"\0\0\0\x0cjP  |\xffO\xffQ", "a JPEG 2000 picture", _AS_JPEG),
    (rb"\0\0\0\x0cJXL |\xff\n", "a JPEG XL picture", _AS_JPEG),
    (rb"8BPS", "a Photoshop picture", _AS_JPEG),
    (rb"gimp xcf", "a GIMP picture", _AS_JPEG),
    (rb"\x1f\x8b|7z\xbc\xaf'\x1c|Rar!\x1a|\xfd7zXZ\0|BZh[1-9]1AY|\x28\xb5\x2f\xfd", "a packed file", _UNPACK),
    (rb"RIFF....WAVE|ID3|OggS|fLaC|\xff[\xfb\xf3\xf2]", "a sound recording", _NOTHING_TO_READ),
    (rb"RIFF....AVI |\x1aE\xdf\xa3|\0\0\x01[\xba\xb3]|FLV\x01", "a video", _NOTHING_TO_READ),
    (rb"MZ|\x7fELF|\xfe\xed\xfa[\xce\xcf]|\xcf\xfa\xed\xfe", "a program", _NOTHING_TO_READ),
    (rb"L\0\0\0\x01\x14\x02\0", "a Windows shortcut", "put the file that it leads to into the inbox"),
    (rb"\0\x05\x16\x07", "what macOS keeps beside a file", _NOTHING_TO_READ),
    (rb"SQLite format 3\0", "a database", _NOTHING_TO_READ),
)
"""By a pattern for the first bytes: name, remedy. Lengths within RIFF are any four bytes."""
_BRANDS = (
    (rb"mif1|msf1", "a HEIC or HEIF photo, as iPhones take them", _AS_JPEG),
    (rb"avi[fs]", "an AVIF picture", _AS_JPEG),
    (rb"crx ", "a raw photo of a camera", _AS_JPEG),
    (rb"M4[AB] ", "a sound recording", _NOTHING_TO_READ),
    (rb".*", "a video", _NOTHING_TO_READ),
)
"""What an ISO media file is by its brand."""
_TEXTS = (
    (r"<!doctype html|<html", "a web page", _AS_PDF),
    (r"<\?xml[^>]*>\s*(<!--.*?-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg|<svg", "a drawing (SVG)", _AS_PDF),
    (r"<\?xml", "an XML file", "it has its text already, and needs no OCR"),
    (r"BEGIN:VC(ARD|ALENDAR)", "a contact or an appointment", "it has its text already, and needs no OCR"),
)
"""What a text is by its beginning."""
_HEADER = re.compile(
    r"^(From |(From|To|Cc|Subject|Date|Received|Return-Path|Delivered-To|Message-ID|MIME-Version|X-[\w-]+): )",
    re.IGNORECASE | re.MULTILINE,
)
_PLAIN = ("plain text", "it has its text already, and needs no OCR; take it out of the inbox")
_MAIL = ("an e-mail", "save its attachments, and put the scans among them into the inbox")


def describe(file: BinaryIO) -> str:
    """Return what an open file is and what to do, such as ``a Word document; print it to PDF …``; empty for unknown.

    OSError when it cannot be read.
    """
    file.seek(0)
    head = file.read(LOOK_BYTES)
    for look in (_by_beginning, _by_container):
        if found := look(head, file):
            return "; ".join(found)
    return "; ".join(_by_text(head) or ())


def _by_beginning(head: bytes, _file: BinaryIO) -> tuple[str, str] | None:
    return _first(_BEGINNINGS, lambda pattern: re.match(pattern, head, re.DOTALL))


def _by_container(head: bytes, file: BinaryIO) -> tuple[str, str] | None:
    """Look into ZIP, ISO media and the older Office's files."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        names = head + _tail(file)
        return _first(_ZIPPED, lambda pattern: re.search(pattern, names)) or ("a ZIP archive", _UNPACK)
    if head[4:8] == b"ftyp":
        brands = head[8 : max(12, min(int.from_bytes(head[:4]), 64))]
        return _first(_BRANDS, lambda pattern: re.match(pattern, brands, re.DOTALL))
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        streams = _ole_directory(head, file)
        known = ((what, told) for name, what, told in _OLE if name.encode("utf-16-le") in streams)
        return next(known, ("a document of an older Office program", _AS_PDF))
    return None


def _by_text(head: bytes) -> tuple[str, str] | None:
    text = _decoded(head)
    if text is None:
        return None
    begins = text.lstrip()
    if len(_HEADER.findall(begins.partition("\n\n")[0])) >= MIN_HEADERS and _HEADER.match(begins):
        return _MAIL
    return _first(_TEXTS, lambda pattern: re.match(pattern, begins, re.IGNORECASE | re.DOTALL)) or _PLAIN


def _decoded(head: bytes) -> str | None:
    """Return the text that the bytes are, in Unicode or an 8-bit code page; None where they are none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace").replace("\r\n", "\n")
    controls = sum(byte < 32 and byte not in b"\t\n\f\r\x1b" for byte in head)  # noqa: PLR2004 -- C0
    if not head.strip() or controls:
        return None
    return head.decode("utf-8-sig", "replace").replace("\r\n", "\n")


def _first(table: Iterable[tuple[_Pattern, str, str]], matches: Callable[[_Pattern], object]) -> tuple[str, str] | None:
    return next(((what, told) for pattern, what, told in table if matches(pattern)), None)


def _tail(file: BinaryIO) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - LOOK_BYTES))
    return file.read(LOOK_BYTES)


def _ole_directory(head: bytes, file: BinaryIO) -> bytes:
    """Return the first sectors of the directory of a compound file, whose names are UTF-16."""
    sector = 1 << min(int.from_bytes(head[30:32], "little"), 12)
    file.seek((int.from_bytes(head[48:52], "little") + 1) * sector)
    return file.read(LOOK_BYTES)
