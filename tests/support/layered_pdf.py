"""Scans that another program has read: a picture of the sample line, and an old text, hidden in one way or other.

PDFs are written object by object, as their content has to be exactly what a test is about.
"""

import io
from pathlib import Path

from PIL import Image

import render_scans
from sample_page import HEIGHT, TEXT, WIDTH, WORDS

SCALE = 72 / 200
PAGE = (WIDTH * SCALE, HEIGHT * SCALE)
"""Width and height of the page in points."""
PICTURE = f"q {PAGE[0]:.2f} 0 0 {PAGE[1]:.2f} 0 0 cm /Im Do Q\n"
"""Draws the scan over the whole page."""
OLD = ("0ld", "misread1ngs", "f2om", "ea3lier", "r4ading")
"""The old words, none of which the corrected page has."""
FONT = "/Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding"
GLYPHS = (
    "/Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [.001 0 0 .001 0 0] /FirstChar 48 /LastChar 122 "
    "/Widths [" + "500 " * 75 + "] /Encoding << /Differences [48 "
    + " ".join("/g" for _ in range(75)) + "] >> /CharProcs << /g {glyph} 0 R >>"
)  # fmt: skip


class RawPdf:
    """Objects of a PDF."""

    def __init__(self) -> None:
        self.objects: dict[int, bytes] = {}

    def add(self, inside: str = "", stream: bytes | str | None = None, number: int | None = None) -> int:
        """Add a dictionary, or a stream with one; returns the object's number."""
        number = number or max(self.objects, default=0) + 1
        packed = stream.encode("latin-1") if isinstance(stream, str) else stream
        if packed is None:
            self.objects[number] = f"<< {inside} >>".encode("latin-1")
        else:
            head = f"<< {inside} /Length {len(packed)} >>\nstream\n".encode("latin-1")
            self.objects[number] = head + packed + b"\nendstream"
        return number

    def data(self, root: int) -> bytes:
        """The file, with a table as its index."""
        out, at = bytearray(b"%PDF-1.7\n"), {}
        for number, packed in sorted(self.objects.items()):
            at[number] = len(out)
            out += f"{number} 0 obj\n".encode() + packed + b"\nendobj\n"
        size, start = max(self.objects) + 1, len(out)
        out += f"xref\n0 {size}\n".encode()
        for number in range(size):
            out += f"{at[number]:010d} 00000 n \n".encode() if number in at else b"0000000000 65535 f \n"
        out += f"trailer\n<< /Size {size} /Root {root} 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
        return bytes(out)


def old_text(*, mode: int = 3, font: str = "F1", words: tuple[str, ...] = OLD) -> str:
    """Operators that show the old words where the printed ones stand."""
    out = [f"BT {mode} Tr /{font} 9 Tf"]
    for word, text in zip(WORDS, words, strict=False):
        assert word.box
        out.append(f"1 0 0 1 {word.box[0] * SCALE:.2f} {PAGE[1] - word.box[3] * SCALE:.2f} Tm ({text}) Tj")
    return "\n".join([*out, "ET\n"])


def layered_pdf(
    path: Path,
    *contents: str,
    pages: int = 1,
    resources: str = "",
    page: str = "",
    catalog: str = "",
    objects: dict[int, tuple[str, str | None]] | None = None,
    picture: Image.Image | None = None,
) -> Path:
    """Write a PDF whose pages have these content streams, shared by all.

    ``resources``: further entries of ``XObject``; ``page``, ``catalog``: further entries of theirs; ``objects``: more
    objects, by numbers from 20 on. Names to use: ``/Im`` the scan, ``/F1`` a font, ``/F3`` a font of Type 3 whose
    glyphs are boxes, ``/F0`` one whose glyphs are empty, ``/Clear`` a graphics state of opacity 0, ``/Off`` a layer
    that is switched off.
    """
    pdf = RawPdf()
    packed = io.BytesIO()
    scan = picture or render_scans.line(TEXT)
    scan.save(packed, "JPEG", quality=90)
    root, tree, font, image, box, empty, boxes, empties, off = (pdf.add() for _ in range(9))
    pdf.add(FONT, number=font)
    pdf.add(
        f"/Type /XObject /Subtype /Image /Width {scan.width} /Height {scan.height} /ColorSpace /DeviceGray "
        "/BitsPerComponent 8 /Filter /DCTDecode",
        packed.getvalue(),
        image,
    )
    pdf.add("", "500 0 0 0 400 700 d1 0 0 400 700 re f", box)
    pdf.add("", "500 0 0 0 0 0 d1", empty)
    pdf.add(GLYPHS.format(glyph=box), number=boxes)
    pdf.add(GLYPHS.format(glyph=empty), number=empties)
    pdf.add("/Type /OCG /Name (Off)", number=off)
    all_resources = (
        f"<< /XObject << /Im {image} 0 R {resources} >> /ExtGState << /Clear << /ca 0 /CA 0 >> >> "
        f"/Font << /F1 {font} 0 R /F3 {boxes} 0 R /F0 {empties} 0 R >> /Properties << /Off {off} 0 R >> >>"
    )
    shared = pdf.add(number=11)
    pdf.objects[shared] = all_resources.encode()
    for number, (inside, stream) in (objects or {}).items():
        pdf.add(inside, stream, number)
    streams = [pdf.add("", content) for content in contents]
    kids = [
        pdf.add(
            f"/Type /Page /Parent {tree} 0 R /MediaBox [0 0 {PAGE[0]:.2f} {PAGE[1]:.2f}] /Resources {shared} 0 R "
            f"/Contents [{' '.join(f'{n} 0 R' for n in streams)}] {page}"
        )
        for _ in range(pages)
    ]
    pdf.add(f"/Type /Pages /Count {pages} /Kids [{' '.join(f'{n} 0 R' for n in kids)}]", number=tree)
    layers = f"/OCProperties << /OCGs [{off} 0 R] /D << /OFF [{off} 0 R] >> >>"
    pdf.add(f"/Type /Catalog /Pages {tree} 0 R {layers} {catalog}", number=root)
    path.write_bytes(pdf.data(root))
    return path
