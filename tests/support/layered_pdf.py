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
STAMP = "BT 0 Tr /F1 5 Tf 1 0 0 1 150 3 Tm (ACME-000123) Tj ET\n"
"""Shows a visible stamp below the line."""
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


HIDDEN = {
    "invisible": (PICTURE, old_text()),
    "invisible, before the picture": (old_text() + PICTURE,),
    "under the picture": (old_text(mode=0) + PICTURE,),
    "under a filled shape": (old_text(mode=0) + f"1 g 0 0 {PAGE[0]} {PAGE[1]} re f 0 g\n" + PICTURE,),
    "of opacity 0": (PICTURE, "q /Clear gs\n", old_text(mode=0), "Q"),
    "white on white": ("1 g\n" + old_text(mode=0) + "0 g\n", f"q 226.08 0 0 42.84 0 42.84 cm /Im Do Q {PICTURE}"),
    "clips nothing": ("q\n" + old_text(mode=7) + "Q\n" + PICTURE,),
    "clipped away": (PICTURE, "q 0 0 1 1 re W n\n" + old_text(mode=0) + "Q"),
    "twice": (PICTURE, old_text(), old_text(mode=0, font="F0"), old_text()),
    "glyphs without shapes": (PICTURE, old_text(mode=0, font="F0")),
    "mode set in q and Q": (PICTURE, "q 3 Tr\n", old_text().replace("3 Tr", ""), "Q"),
    "split between streams": (PICTURE + "BT 3 Tr /F1 9 Tf 15 20 Td (0ld)", "Tj [(misread) 20", "(1ngs)] TJ ET"),
    "other operators": (
        PICTURE + "BT 3 Tr /F1 9 Tf 9 TL 15 30 Td (0ld) ' 1 2 (misread1ngs) \" T* <6561336c696572> Tj ET",
    ),
    "says what it is": (PICTURE, "/Span <</ActualText (0ld) /MCID 0>> BDC " + old_text(words=("0ld",)) + "EMC"),
    "artifact": (PICTURE, "/Artifact BMC " + old_text() + "EMC"),
    "behind an inline image": (PICTURE + "q .1 0 0 .1 0 0 cm BI /W 4 /H 1 /CS /G /BPC 8 ID (EI  EI Q " + old_text(),),
    "strings with parentheses": (PICTURE, r"BT 3 Tr /F1 9 Tf 15 20 Td (0ld \) (Tj) \\) Tj ET"),
}
"""Content streams of pages on which the old words are hidden, by how."""
ANNOTATIONS = (
    "/Type /Annot /Subtype /Redact /Rect [10 1 90 9] /IC [0 0 0] /QuadPoints [10 9 90 9 10 1 90 1]",
    "/Type /Annot /Subtype /Link /Rect [10 1 90 9] /Border [0 0 0] /A << /S /URI /URI (https://example.org/a) >>",
    "/Type /Annot /Subtype /Stamp /Rect [10 1 90 9] /Name /Draft /F 4",
    "/Type /Annot /Subtype /Widget /FT /Tx /T (field) /V (filled in) /Rect [10 1 90 9] /DA (/Helv 9 Tf 0 g) /F 4",
    "/Type /Annot /Subtype /Square /Rect [10 1 90 9] /C [1 0 0] /IC [1 1 0] /F 4",
)
"""Marks of several kinds, for a page's ``/Annots``; the first is for a redaction that nobody applied."""


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
