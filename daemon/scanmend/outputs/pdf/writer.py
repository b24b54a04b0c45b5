"""Writes a PDF object by object, from first byte to last, so that no page stays in memory; and its metadata."""

import zlib
from html import escape
from typing import BinaryIO

from scanmend import __version__

_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


class PdfFile:
    """A PDF in the making: appends objects to an open file; ``finish`` adds the cross-reference table."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._offsets: dict[int, int] = {}
        self._next = 1
        self._write(_HEADER)

    def reserve(self) -> int:
        """Return the number for an object that will be added later."""
        self._next += 1
        return self._next - 1

    def add(self, inside: str, stream: bytes | None = None, number: int | None = None, *, packed: bool = False) -> int:
        """Write an object and return its number: the inside of its dictionary, and its stream where it has one.

        ``number``: a reserved one, else the next. The stream is compressed unless it is ``packed`` already.
        """
        number = number or self.reserve()
        self._offsets[number] = self._file.tell()
        if stream is None:
            self._write(f"{number} 0 obj\n<< {inside} >>\nendobj\n".encode("ascii"))
            return number
        if not packed:
            stream, inside = zlib.compress(stream), f"{inside} /Filter /FlateDecode"
        self._write(f"{number} 0 obj\n<< {inside} /Length {len(stream)} >>\nstream\n".encode("ascii"))
        self._write(stream)
        self._write(b"\nendstream\nendobj\n")
        return number

    def finish(self, root: int, info: int, id_: bytes) -> None:
        """Write the cross-reference table and the trailer; ``id_`` identifies the file."""
        start = self._file.tell()
        table = [f"xref\n0 {self._next}\n0000000000 65535 f \n"]
        table += [f"{self._offsets[n]:010d} 00000 n \n" for n in range(1, self._next)]
        name = id_.hex().upper()
        table.append(
            f"trailer\n<< /Size {self._next} /Root {root} 0 R /Info {info} 0 R /ID [<{name}> <{name}>] >>\n"
            f"startxref\n{start}\n%%EOF\n"
        )
        self._write("".join(table).encode("ascii"))

    def _write(self, data: bytes) -> None:
        self._file.write(data)


def text_string(text: str) -> str:
    """Return any text as a PDF string: UTF-16 in hexadecimal."""
    return f"<FEFF{text.encode('utf-16-be', 'replace').hex().upper()}>"


def producer() -> str:
    """Return the program that made the file, for its metadata; nothing about the user."""
    return f"scanmend {__version__}"


def xmp(title: str) -> bytes:
    """Return title and producer as an XMP packet, which archives read."""
    name = escape(title.encode("utf-8", "replace").decode())
    return f"""\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{name}</rdf:li></rdf:Alt></dc:title>
<pdf:Producer>{producer()}</pdf:Producer>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>
""".encode()
