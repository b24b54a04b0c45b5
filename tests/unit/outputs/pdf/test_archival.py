"""scanmend.outputs.pdf.archival: what becomes archival, by pikepdf's own validator, and what is left as it is, and why.

What veraPDF says of the same files, ``scripts/check_archival`` shows.
"""

import hashlib

import pymupdf
import pytest

import render_scans
from layered_pdf import PICTURE, layered_pdf, old_text
from locked_pdfs import locked_pdf, pikepdf
from sample_page import TEXT, sample_page
from scanmend.errors import DocumentError
from scanmend.outputs.page_file import PageFile
from scanmend.outputs.pdf.archival import make_archival
from scanmend.pageworkers.compose import compose

SHEET = render_scans.line(TEXT)
"""The line of print."""
SIGNATURE = "/Type /Sig /Filter /Adobe.PPKLite /ByteRange [0 1 2 3] /Contents <00>"


def output_of(source):
    """The pdf output of a scan of the sample page."""
    pages = PageFile(source.with_name("pages"))
    pages.append(sample_page())
    target = source.with_name("made.pdf")
    facts = {"title": "A title", "sha256": "ab" * 32, "source": source.name}
    assert [warning.code for warning in compose(source, pages.path, {"pdf": target}, facts, lambda: None)] == []
    return target


def pictures(path):
    """Digests of the data of a PDF's pictures, as they are packed, with how they are."""
    with pikepdf.open(path) as pdf:
        found = [one for one in pdf.objects if isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image"]
        return sorted((str(one.get("/Filter")), hashlib.sha256(one.read_raw_bytes()).hexdigest()) for one in found)


@pytest.mark.parametrize("kind", ["png", "jpeg", "fax", "pdf"])
def test_a_scan_becomes_archival_and_its_picture_stays(tmp_path, kind):
    """It claims PDF/A-2b, names sRGB, and holds the picture's data byte by byte, and the words."""
    source = tmp_path / "scan"
    if kind == "pdf":
        render_scans.save_pdf([SHEET], source)
    elif kind == "fax":
        SHEET.convert("1").save(source, "TIFF", compression="group4", dpi=(200, 200))
    else:
        SHEET.save(source, kind.upper(), dpi=(200, 200))
    plain, copy = output_of(source), tmp_path / "copy.pdf"
    made = make_archival(plain, copy)
    assert made.check is not None
    assert (made.refused, made.changes, made.check.validator[:8]) == ("", (), "pikepdf ")
    # MuPDF writes what PDF/A does not know into the catalog of the PDFs that it draws here
    assert made.check.result == ("undecided" if kind == "pdf" else "passed"), made.check
    assert pictures(copy) == pictures(plain)
    with pikepdf.open(copy) as pdf:
        assert b"<pdfaid:part>2</pdfaid:part>" in pdf.Root.Metadata.read_bytes()
        assert pdf.Root.OutputIntents[0].OutputConditionIdentifier == "sRGB"
    with pymupdf.open(copy) as pdf, pymupdf.open(plain) as before:
        assert pdf[0].get_text() == before[0].get_text()
        assert pdf[0].get_pixmap().samples == before[0].get_pixmap().samples


def test_the_same_document_makes_the_same_file(tmp_path):
    """No date, no chance: an attempt that was cut off makes the same bytes again."""
    SHEET.save(tmp_path / "scan", "PNG")
    plain = output_of(tmp_path / "scan")
    for name in ("one.pdf", "two.pdf"):
        make_archival(plain, tmp_path / name)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    with pikepdf.open(tmp_path / "one.pdf") as pdf:
        assert b"Date" not in pdf.Root.Metadata.read_bytes()


@pytest.mark.parametrize(
    ("catalog", "page", "objects", "why"),
    [
        ("/AcroForm << /Fields [] /SigFlags 3 >>", "", {}, "it is signed"),
        ("/Perms << /DocMDP 20 0 R >>", "", {20: (SIGNATURE, None)}, "it is signed"),
        ("/Marked 20 0 R", "", {20: (SIGNATURE, None)}, "it is signed"),
        ("/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (x) >>] >> >>", "", {}, "it has JavaScript"),
        (
            "",
            "/Annots [20 0 R]",
            {20: ("/Type /Annot /Subtype /Square /Rect [0 0 9 9] /F 2", None)},
            "it has annotations that are not shown, which would be lost",
        ),
    ],
)
def test_what_would_lose_something_is_left_as_it_is(tmp_path, catalog, page, objects, why):
    """Signatures, scripts, hidden annotations: the reason names them, and there is no copy."""
    source = layered_pdf(tmp_path / "scan.pdf", PICTURE, old_text(), page=page, catalog=catalog, objects=objects)
    made = make_archival(source, tmp_path / "copy.pdf")
    assert why in made.refused
    assert made.check is None
    assert not (tmp_path / "copy.pdf").exists()


@pytest.mark.parametrize("user", ["", "sesame"])
def test_an_encrypted_pdf_stays_encrypted(tmp_path, user):
    """Whether it asks for a password or not: PDF/A knows no encryption."""
    source = locked_pdf(tmp_path / "scan.pdf", "AES, 256 bits", user=user, owner="owner")
    assert make_archival(source, tmp_path / "copy.pdf").refused == "it is encrypted, and stays so"


def test_what_cannot_be_taken_apart(tmp_path):
    """A reason, and no copy."""
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7\nnothing")
    with pytest.raises(DocumentError, match="cannot be taken apart"):
        make_archival(tmp_path / "scan.pdf", tmp_path / "copy.pdf")
    assert not (tmp_path / "copy.pdf").exists()


def test_colours_without_a_profile_for_them_do_not_conform(tmp_path):
    """CMYK would have to be painted anew."""
    SHEET.convert("CMYK").save(tmp_path / "scan", "JPEG", dpi=(200, 200))
    made = make_archival(output_of(tmp_path / "scan"), tmp_path / "copy.pdf")
    assert made.check is not None
    assert made.check.result == "failed"
    assert "DeviceCMYK" in made.check.said


def test_defaults_are_spelled_out(tmp_path):
    """Layers get the name that PDF/A wants, and fonts the map of glyphs that PDF assumes anyway."""
    font = "/Type /Font /Subtype /CIDFontType2 /BaseFont /X"
    source = layered_pdf(tmp_path / "scan.pdf", PICTURE, old_text(), catalog="/X 20 0 R", objects={20: (font, None)})
    make_archival(source, tmp_path / "copy.pdf")
    with pikepdf.open(tmp_path / "copy.pdf") as pdf:
        assert pdf.Root.OCProperties.D.Name == "Default"
        assert pdf.Root.X.CIDToGIDMap == "/Identity"
