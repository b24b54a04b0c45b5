"""scanmend.source.pdf.pictures with pictures of every packing, whole, damaged, cut short and missing."""

import io
import random
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image

import render_scans
from jbig2_writer import page_of, segment
from scanmend.errors import DocumentError
from scanmend.ocr.page import read_page
from scanmend.source.render import render
from scanmend.source.settings import ReadSettings, SourceLimits

LIMITS = SourceLimits(max_pages=10, max_megapixels=20, render_dpi=150)
READ = ReadSettings(("eng",), LIMITS, 60)
LINE = render_scans.line("No picture is lost in silence")
SIZE = LINE.width * LINE.height
NOISE = random.Random(4711).randbytes(3000)  # noqa: S311 -- the same each time
WHOLE_SCAN = "q {} 0 0 {} 0 0 cm /Pic Do Q"


def packed(kind: str, **how) -> bytes:
    out = io.BytesIO()
    LINE.save(out, kind, **how)
    return out.getvalue()


def group4() -> bytes:
    """The line as CCITT Group 4 data, taken out of a TIFF of one strip."""
    out = io.BytesIO()
    LINE.convert("1").save(out, "TIFF", compression="group4", strip_size=1 << 30)
    with Image.open(out) as tiff:
        at, length = tiff.tag_v2[273][0], tiff.tag_v2[279][0]
    return out.getvalue()[at : at + length]


def jbig2() -> bytes:
    """The line as JBIG2: page information, and one generic region in MMR coding, which is that of Group 4."""

    page = struct.pack(">IIIIBH", LINE.width, LINE.height, 0, 0, 0, 0)
    region = struct.pack(">IIIIBB", LINE.width, LINE.height, 0, 0, 0, 1) + group4()
    return segment(0, 48, page) + segment(1, 38, region) + segment(2, 49, b"")


def with_noise(data: bytes) -> bytes:
    """Replace some bytes in the middle of the codes."""
    at = len(data) * 3 // 5
    return data[:at] + NOISE[:90].replace(b"\xff", b"") + data[at + 90 :]


JPEG, PROGRESSIVE, JPX = packed("JPEG"), packed("JPEG", progressive=True), packed("JPEG2000")
JBIG2 = page_of((np.asarray(LINE) < 128).astype(int))
FLATE = zlib.compress(LINE.tobytes())
FAX = f"/Filter/CCITTFaxDecode/BitsPerComponent 1/DecodeParms<</K -1/Columns {LINE.width}/Rows {LINE.height}>>"
JB2 = "/Filter/JBIG2Decode/BitsPerComponent 1"
BITS = "/BitsPerComponent 8"

WHOLE = {
    "jpeg": (JPEG, f"/Filter/DCTDecode{BITS}"),
    "jpeg without its end mark": (JPEG[:-2], f"/Filter/DCTDecode{BITS}"),
    "progressive": (PROGRESSIVE, f"/Filter/DCTDecode{BITS}"),
    "jpeg 2000": (JPX, f"/Filter/JPXDecode{BITS}"),
    "flate": (FLATE, f"/Filter/FlateDecode{BITS}"),
    "flate without its checksum": (FLATE[:-4], f"/Filter/FlateDecode{BITS}"),
    "fax": (group4(), FAX),
    "jbig2": (JBIG2, JB2),
    "jbig2 as fax": (jbig2(), JB2),
}
DAMAGED_FLATE = FLATE[: len(FLATE) // 2] + bytes([FLATE[len(FLATE) // 2] ^ 1]) + FLATE[len(FLATE) // 2 + 1 :]
JPX_FILLED = JPX[: len(JPX) // 2] + bytes(len(JPX) - len(JPX) // 2)
BROKEN = {
    "jpeg noise": (b"\xff\xd8\xff\xe0" + NOISE, f"/Filter/DCTDecode{BITS}"),
    "jpeg cut": (JPEG[: len(JPEG) // 3], f"/Filter/DCTDecode{BITS}"),
    "jpeg cut and ended": (JPEG[: len(JPEG) // 2] + b"\xff\xd9", f"/Filter/DCTDecode{BITS}"),
    "progressive cut and ended": (PROGRESSIVE[: len(PROGRESSIVE) // 2] + b"\xff\xd9", f"/Filter/DCTDecode{BITS}"),
    "jpeg 2000 noise": (NOISE, f"/Filter/JPXDecode{BITS}"),
    "jpeg 2000 cut": (JPX[: len(JPX) // 3], f"/Filter/JPXDecode{BITS}"),
    "flate noise": (b"\x78\x9c" + NOISE, f"/Filter/FlateDecode{BITS}"),
    "flate cut": (FLATE[: len(FLATE) // 2], f"/Filter/FlateDecode{BITS}"),
    "flate that does not fit its checksum": (DAMAGED_FLATE, f"/Filter/FlateDecode{BITS}"),
    "jpeg 2000 filled up": (JPX_FILLED, f"/Filter/JPXDecode{BITS}"),
    "jpeg that lacks a part": (JPEG[: len(JPEG) // 2] + JPEG[len(JPEG) // 2 + 300 :], f"/Filter/DCTDecode{BITS}"),
    "too few pixels": (zlib.compress(LINE.tobytes()[: SIZE // 2]), f"/Filter/FlateDecode{BITS}"),
    "lzw noise": (NOISE, f"/Filter/LZWDecode{BITS}"),
    "fax noise": (NOISE, FAX),
    "fax cut": (group4()[: len(group4()) // 2], FAX),
    "jbig2 noise": (NOISE, JB2),
    "progressive that lacks a part": (PROGRESSIVE[:1500] + PROGRESSIVE[1800:], f"/Filter/DCTDecode{BITS}"),
    "progressive with noise in it": (with_noise(PROGRESSIVE), f"/Filter/DCTDecode{BITS}"),
    "jpeg 2000 with noise in it": (with_noise(JPX), f"/Filter/JPXDecode{BITS}"),
    "jbig2 with noise in it": (with_noise(JBIG2), JB2),
    "jbig2 as fax with noise in it": (with_noise(jbig2()), JB2),
    "jbig2 cut": (jbig2()[: len(jbig2()) // 2], JB2),
    "unknown filter": (JPEG, f"/Filter/JXLDecode{BITS}"),
    "unknown colours": (FLATE, f"/Filter/FlateDecode/ColorSpace/Nonsense{BITS}"),
    "no width": (FLATE, f"/Filter/FlateDecode/Width 0{BITS}"),
    "unknown kind": (FLATE, f"/Filter/FlateDecode/Subtype/Imago{BITS}"),
}


def scan(path: Path, *pictures: tuple[bytes, str] | None, content: str = WHOLE_SCAN, form: bool = False) -> Path:
    """Write a PDF with a page for each picture (data and keys); None is one that its page's resources do not have."""
    with pymupdf.open() as pdf:
        width, height = LINE.width * 72 / 200, LINE.height * 72 / 200
        for picture in pictures:
            page = pdf.new_page(width=width, height=height)
            named = ""
            if picture is not None:
                data, keys = picture
                number = pdf.get_new_xref()
                fixed = {"Type": "/XObject", "Subtype": "/Image", "Width": LINE.width, "Height": LINE.height}
                fixed |= {"ColorSpace": "/DeviceGray"}
                rest = "".join(f"/{key} {value}" for key, value in fixed.items() if f"/{key}" not in keys)
                pdf.update_object(number, f"<<{rest}{keys}>>")
                pdf.update_stream(number, data, new=True, compress=False)
                pdf.xref_set_key(number, "Filter", f"/{keys.split('/Filter/')[1].split('/')[0]}")
                if "/DecodeParms" in keys:  # which the update took away
                    pdf.xref_set_key(number, "DecodeParms", keys.split("/DecodeParms")[1])
                named = f"/Pic {number} 0 R"
            resources = f"<</XObject<<{named}>>>>"
            drawn = pdf.get_new_xref()
            pdf.update_object(drawn, "<<>>")
            if form:
                inner = pdf.get_new_xref()
                pdf.update_object(
                    inner, f"<</Type/XObject/Subtype/Form/BBox[0 0 {width} {height}]/Resources{resources}>>"
                )
                pdf.update_stream(inner, content.format(width, height).encode(), new=True, compress=False)
                resources = f"<</XObject<</F {inner} 0 R>>>>"
            pdf.update_stream(drawn, b"/F Do" if form else content.format(width, height).encode(), new=True)
            pdf.xref_set_key(page.xref, "Resources", resources)
            pdf.xref_set_key(page.xref, "Contents", f"{drawn} 0 R")
        pdf.save(path)
    return path


def said(path: Path, work: Path, number: int = 1) -> list[str]:
    return [warning.text for warning in render(path, number, work, LIMITS).warnings]


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("form", [False, True])
def test_of_whole_pictures_nothing_is_said(name, form, tmp_path):
    assert said(scan(tmp_path / "scan.pdf", WHOLE[name], form=form), tmp_path) == []


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("form", [False, True])
def test_a_broken_picture_is_named(name, form, tmp_path):
    """Whatever is wrong with it, and also in a form; the page that it is on is the warning's."""
    path = scan(tmp_path / "scan.pdf", WHOLE["flate"], BROKEN[name], form=form)
    assert said(path, tmp_path) == []
    (warning,) = render(path, 2, tmp_path, LIMITS).warnings
    assert (warning.code, warning.page) == ("picture_not_read", 2)
    assert "could not be read" in warning.text
    assert "scan the page again" in warning.text
    if name != "unknown kind":
        assert f"x {LINE.height} pixels" in warning.text


def test_a_picture_that_is_not_there(tmp_path):
    """The page's content asks for it by a name that nothing has."""
    (text,) = said(scan(tmp_path / "scan.pdf", None), tmp_path)
    assert text.startswith("the picture Pic could not be read: it is missing from the file; ")


def test_inline_pictures(tmp_path):
    """Those that stand in the content itself."""
    head = f"q {{}} 0 0 {{}} 0 0 cm BI /W {LINE.width} /H {LINE.height} /CS /G /BPC 8 /F [/AHx /Fl] ID "
    for data, whole in ((FLATE, True), (FLATE[: len(FLATE) // 2], False)):
        path = scan(tmp_path / "scan.pdf", None, content=head + data.hex() + ">\nEI Q")
        assert (said(path, tmp_path) == []) is whole


def test_one_of_several(tmp_path):
    """Pictures are counted in the order in which they are painted."""
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=300, height=300)
        numbers = [page.insert_image((0, 90 * n, 290, 90 * n + 80), stream=packed("PNG", dpi=(n, n))) for n in (1, 2)]
        other = render_scans.line("another one")
        out = io.BytesIO()
        other.save(out, "PNG")
        numbers.append(page.insert_image((0, 0, 290, 80), stream=out.getvalue()))
        pdf.update_stream(numbers[-1], b"\x78\x9c" + NOISE, compress=False)
        pdf.xref_set_key(numbers[-1], "Filter", "/FlateDecode")
        pdf.save(tmp_path / "scan.pdf")
    (text,) = said(tmp_path / "scan.pdf", tmp_path)
    assert text.startswith(f"picture 3 ({other.width} x {other.height} pixels, Flate) could not be read")


def test_many_broken_pictures_are_counted(tmp_path):
    """A page of a thousand broken pictures does not make a record of a thousand warnings."""
    with pymupdf.open() as pdf:
        page = pdf.new_page()
        for n in range(9):
            out = io.BytesIO()
            Image.new("L", (20 + n, 20), n).save(out, "PNG")
            number = page.insert_image((0, 30 * n, 20, 30 * n + 20), stream=out.getvalue())
            pdf.update_stream(number, b"\x78\x9c" + NOISE, compress=False)
            pdf.xref_set_key(number, "Filter", "/FlateDecode")
        pdf.save(tmp_path / "scan.pdf")
    texts = said(tmp_path / "scan.pdf", tmp_path)
    assert len(texts) == 6
    assert texts[-1] == "4 more pictures could not be read"


def test_other_faults_of_a_page_are_no_pictures(tmp_path):
    """Content that is not PDF, or a font that is missing, does not make a picture unread."""
    content = WHOLE_SCAN + " BT /Nope 12 Tf 5 5 Td (x) Tj ET what is this (((("
    assert said(scan(tmp_path / "scan.pdf", WHOLE["flate"], content=content), tmp_path) == []


def test_a_page_with_an_unread_picture_is_not_blank(tmp_path):
    """A page is only called blank if each picture on it was decoded."""
    path = scan(
        tmp_path / "scan.pdf", BROKEN["flate noise"], (zlib.compress(b"\xff" * SIZE), f"/Filter/FlateDecode{BITS}")
    )
    unread, blank = (read_page(path, n, READ, tmp_path).page for n in (1, 2))
    assert (unread.origin, unread.lines, len(unread.warnings)) == ("ocr", (), 1)
    assert (blank.origin, blank.warnings) == ("blank", ())


def test_text_beside_a_picture_that_is_missing(tmp_path):
    """The text that the PDF brings along is taken, and the warning with it."""
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=400, height=200)
        for n, text in enumerate(("The garden committee met on Tuesday", "and agreed to repair the wooden bridge")):
            page.insert_text((20, 40 + 30 * n), text)
        number = page.get_contents()[-1]
        pdf.update_stream(number, pdf.xref_stream(number) + b"\nq 100 0 0 50 20 10 cm /Logo Do Q")
        pdf.save(tmp_path / "letter.pdf")
    page = read_page(tmp_path / "letter.pdf", 1, READ, tmp_path).page
    assert page.origin == "text"
    assert "garden committee" in page.raw
    assert [warning.code for warning in page.warnings] == ["picture_not_read"]


class TestImageFiles:
    @pytest.mark.parametrize("packing", ["group3", "group4", "tiff_ccitt", "tiff_adobe_deflate", "jpeg"])
    @pytest.mark.parametrize("strip", [6000, 1 << 30])
    def test_a_tiff_with_a_damaged_strip(self, packing, strip, tmp_path):
        """Its decoder leaves white or grey what follows the damage, and says nothing; the rest is read."""
        sheet = LINE if packing in {"tiff_adobe_deflate", "jpeg"} else LINE.convert("1")
        out = io.BytesIO()
        sheet.save(out, "TIFF", compression=packing, strip_size=strip)
        data = out.getvalue()
        with Image.open(out) as tiff:
            at, size = (tiff.tag_v2[tag][0] for tag in (273, 279))
        (tmp_path / "whole").write_bytes(data)
        assert said(tmp_path / "whole", tmp_path) == []
        gap = at + size // 2
        (tmp_path / "damaged").write_bytes(data[:gap] + NOISE[: size // 8] + data[gap + size // 8 :])
        with suppress(DocumentError):  # what cannot be unpacked at all
            (text,) = said(tmp_path / "damaged", tmp_path)
            assert text.startswith("the picture could not be read whole: its data ")

    def test_a_png_that_does_not_fit_its_checksum(self, tmp_path):
        data = packed("PNG")
        at = data.index(b"IDAT") + len(data) // 2
        (tmp_path / "whole").write_bytes(data)
        assert said(tmp_path / "whole", tmp_path) == []
        (tmp_path / "damaged").write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        assert ["do not fit their checksum" in text for text in said(tmp_path / "damaged", tmp_path)] == [True]

    def test_a_jpeg_that_is_cut_and_ended(self, tmp_path):
        """Pillow takes it for whole, and fills what is missing with grey."""
        for name, data in (("whole", JPEG), ("cut", JPEG[: len(JPEG) // 2] + b"\xff\xd9")):
            (tmp_path / name).write_bytes(data)
        assert said(tmp_path / "whole", tmp_path) == []
        assert ["its data end early" in text for text in said(tmp_path / "cut", tmp_path)] == [True]
