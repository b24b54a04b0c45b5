"""scanmend.outputs.pdf.from_pdf on scans that another program has read: its hidden text goes, nothing else does."""

import subprocess
from hashlib import sha256

import numpy as np
import pymupdf
import pytest

from layered_pdf import ANNOTATIONS, HIDDEN, OLD, PAGE, PICTURE, STAMP, layered_pdf, old_text
from pdf_words import CORRECTED, check_words, poppler
from sample_page import sample_page
from scanmend.outputs.pdf.from_pdf import FromPdf


def layered(source, pages=1):
    """The output for a source, and its warnings."""
    target = source.with_name(f"out-{source.name}")
    made = FromPdf(source, target, "A title")
    for number in range(1, pages + 1):
        made.add(sample_page(number))
    made.finish()
    return target, made.warnings


def pixels(pdf):
    """Every page at 40 DPI, with its annotations."""
    with pymupdf.open(pdf) as document:
        return [np.frombuffer(page.get_pixmap(dpi=40).samples, np.uint8).astype(int) for page in document]


def assert_only_text_changed(source, target):
    """Every byte stays, and every page looks as before, annotations included."""
    assert target.read_bytes().startswith(source.read_bytes())
    for before, after in zip(pixels(source), pixels(target), strict=True):
        assert np.abs(before - after).max() <= 2
    with pymupdf.open(target) as document:
        assert not document.is_repaired


class TestHiddenText:
    @pytest.mark.parametrize("contents", HIDDEN.values(), ids=HIDDEN)
    def test_it_goes(self, tmp_path, contents):
        """However it is hidden; the corrected words are there once, and each."""
        source = layered_pdf(tmp_path / "scan.pdf", *contents)
        target, warnings = layered(source)
        assert_only_text_changed(source, target)
        check_words(target)
        assert warnings == []

    @pytest.mark.parametrize("contents", HIDDEN.values(), ids=HIDDEN)
    @pytest.mark.parametrize("nested", [False, True])
    def test_it_goes_from_forms(self, tmp_path, contents, nested):
        """Also where forms draw it, and one form another; forms that other pages draw stay as they are."""
        form = "/Type /XObject /Subtype /Form /BBox [0 0 400 400] "
        objects = {20: (form + "/Resources 11 0 R", "\n".join(contents))}
        if nested:
            objects[21] = (form, "q 1 0 0 1 0 0 cm /Fm Do Q")
        drawn = "/Fm#31 Do" if nested else "/Fm Do"
        more = "/Fm 20 0 R /Fm1 21 0 R" if nested else "/Fm 20 0 R"
        source = layered_pdf(tmp_path / "scan.pdf", drawn, pages=2, resources=more, objects=objects)
        target, warnings = layered(source)
        assert_only_text_changed(source, target)
        check_words(target)
        assert warnings == []
        with pymupdf.open(source) as one, pymupdf.open(target) as other:
            assert one[1].get_text() == other[1].get_text()

    def test_a_visible_stamp_stays(self, tmp_path):
        """Before, behind and within the hidden text, at its place."""
        shown = "3 Tr (0ld) Tj ( hidden) Tj 0 Tr (ACME) Tj (-77) Tj 3 Tr (mis) Tj 0 Tr (99) Tj ET\n"
        for name, contents in {
            "behind": (PICTURE, old_text(), STAMP),
            "before": (PICTURE, STAMP, old_text()),
            "between": (PICTURE, old_text(words=OLD[:2]), STAMP, old_text(words=("", "", *OLD[2:]))),
            "on one line": (PICTURE, old_text(), "BT /F1 5 Tf 100 3 Td " + shown),
            "turned": (PICTURE, old_text(), "q 0 .5 -.5 0 215 2 cm", "BT /F1 5 Tf 0 3 Td " + shown, "Q"),
            "stretched": (PICTURE, old_text(), "BT /F1 1 Tf 80 Tz 4 0 0 6 100 3 Tm " + shown),
        }.items():
            source = layered_pdf(tmp_path / f"{name}.pdf", *contents)
            target, warnings = layered(source)
            assert_only_text_changed(source, target)
            text = subprocess.run(["pdftotext", target, "-"], capture_output=True, check=True).stdout.decode()
            assert ("ACME" in text, warnings) == (True, [])
            assert [word for word in text.split() if word in CORRECTED] == CORRECTED
            assert not [word for word in (*OLD, "hidden") if word in text]

    def test_a_stamp_over_the_old_text(self, tmp_path):
        """Where both lie on one place, the one that is seen stays."""
        stamp = "BT 0 Tr /F1 9 Tf 1 0 0 1 14.76 17 Tm (page 7) Tj ET\n"
        source = layered_pdf(tmp_path / "scan.pdf", PICTURE, "q /Clear gs\n", old_text(mode=0), "Q", stamp)
        target, _ = layered(source)
        assert_only_text_changed(source, target)
        text = poppler(target)[0]
        assert not set(OLD) & set(text)
        assert {"page", "7"} <= set(text)

    def test_glyphs_that_are_drawings(self, tmp_path):
        """Fonts of Type 3 show their glyphs in any rendering mode that MuPDF draws them in."""
        seen = "BT 0 Tr /F3 5 Tf 1 0 0 1 100 3 Tm (abc) Tj ET\n"
        source = layered_pdf(tmp_path / "scan.pdf", PICTURE, old_text(), seen)
        target, _ = layered(source)
        assert_only_text_changed(source, target)
        assert np.abs(pixels(target)[0] - pixels(layered_pdf(tmp_path / "bare.pdf", PICTURE))[0]).max() > 50

    def test_text_that_clips_a_picture(self, tmp_path):
        """The picture is seen through its letters, so they are no hidden text."""
        source = layered_pdf(tmp_path / "scan.pdf", old_text(), "q BT 7 Tr /F1 60 Tf (WWWW) Tj ET\n" + PICTURE + "Q")
        target, _ = layered(source)
        assert_only_text_changed(source, target)
        assert not set(OLD) & set(poppler(target)[0])

    def test_a_layer_that_is_switched_off(self, tmp_path):
        """A person can switch it on, so its text stays."""
        off = "/OC /Off BDC " + old_text(mode=0) + "EMC\n"
        source = layered_pdf(tmp_path / "scan.pdf", PICTURE, off)
        target, _ = layered(source)
        assert_only_text_changed(source, target)
        with pymupdf.open(target) as document:
            assert all(word.encode() in document[0].read_contents() for word in OLD)

    @pytest.mark.parametrize("turn", [0, 90, 180, 270])
    def test_turned_and_cropped_pages(self, tmp_path, turn):
        """What lies outside the crop box is hidden, too."""
        outside = "BT 0 Tr /F1 9 Tf 1 0 0 1 300 400 Tm (Outside) Tj ET\n"
        source = layered_pdf(
            tmp_path / "scan.pdf", PICTURE + old_text(mode=3) + outside, STAMP,
            page=f"/Rotate {turn} /MediaBox [-50 -50 500 500] /CropBox [0 0 {PAGE[0]:.2f} {PAGE[1]:.2f}]",
        )  # fmt: skip
        target, _ = layered(source)
        assert_only_text_changed(source, target)
        with pymupdf.open(target) as document:
            words = document[0].get_text().split()
            assert "ACME-000123" in words
            assert "Outside" not in words
            assert not set(OLD) & set(words)


class TestAllElseStays:
    def test_annotations_bookmarks_labels_and_attachments(self, tmp_path):
        """Above all a mark for a redaction that nobody applied: applying it is not for us to do."""
        source = layered_pdf(
            tmp_path / "scan.pdf", PICTURE, old_text(), pages=2,
            page="/Annots [20 0 R 21 0 R 22 0 R 23 0 R 24 0 R]",
            catalog="/AcroForm << /Fields [23 0 R] >> /PageLabels << /Nums [0 << /S /r >>] >>",
            objects={20 + n: (mark, None) for n, mark in enumerate(ANNOTATIONS)},
        )  # fmt: skip
        with pymupdf.open(source) as document:
            document.set_toc([[1, "First", 1], [2, "Second", 2]])
            document.embfile_add("note.txt", b"attached")
            document.saveIncr()
        target, warnings = layered(source, pages=2)
        assert_only_text_changed(source, target)
        assert [word for word in poppler(target)[0] if word in (*CORRECTED, *OLD)] == CORRECTED
        assert warnings == []
        with pymupdf.open(target) as document, pymupdf.open(source) as before:
            for page, other in zip(document, before, strict=True):
                assert [a.type for a in page.annots()] == [a.type for a in other.annots()]
                assert [link["uri"] for link in page.links()] == ["https://example.org/a"]
                assert [widget.field_value for widget in page.widgets()] == ["filled in"]
                assert page.get_label() == other.get_label()
            assert document.get_toc() == before.get_toc() != []
            assert document.embfile_get("note.txt") == b"attached"

    @pytest.mark.parametrize(
        "encryption", [pymupdf.PDF_ENCRYPT_RC4_40, pymupdf.PDF_ENCRYPT_RC4_128, pymupdf.PDF_ENCRYPT_AES_128,
                       pymupdf.PDF_ENCRYPT_AES_256]
    )  # fmt: skip
    @pytest.mark.parametrize("objstms", [0, 1])
    def test_encryption_and_permissions(self, tmp_path, encryption, objstms):
        """What may only be printed may only be printed still, by the same owner's password."""
        plain = layered_pdf(tmp_path / "plain.pdf", PICTURE, old_text())
        with pymupdf.open(plain) as document:
            document.save(
                tmp_path / "scan.pdf", encryption=encryption, owner_pw="owner", permissions=pymupdf.PDF_PERM_PRINT,
                use_objstms=objstms,
            )  # fmt: skip
        target, warnings = layered(tmp_path / "scan.pdf")
        assert_only_text_changed(tmp_path / "scan.pdf", target)
        check_words(target)
        assert warnings == []
        with pymupdf.open(target) as document, pymupdf.open(tmp_path / "scan.pdf") as before:
            assert document.metadata["encryption"] == before.metadata["encryption"] is not None
            assert document.permissions == before.permissions
            assert document.authenticate("owner")
            assert document.metadata["title"] == "A title"

    def test_the_signed_revision_is_as_it_was_signed(self, tmp_path):
        """The digest of the bytes that the signature covers is the same."""
        signature = (
            "/Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange [0 AAAAAAAAAA BBBBBBBBBB "
            f"CCCCCCCCCC] /Contents <{'0' * 128}>"
        )
        field = "/Type /Annot /Subtype /Widget /FT /Sig /T (S) /V 21 0 R /Rect [0 0 0 0] /F 132"
        source = layered_pdf(
            tmp_path / "scan.pdf", PICTURE, old_text(), page="/Annots [20 0 R]",
            catalog="/AcroForm << /Fields [20 0 R] /SigFlags 3 >>", objects={20: (field, None), 21: (signature, None)},
        )  # fmt: skip
        data = source.read_bytes()
        start = data.index(b"/Contents <0") + len(b"/Contents ")
        ranges = (0, start, start + 130, len(data) - start - 130)
        for mark, number in zip((b"AAAAAAAAAA", b"BBBBBBBBBB", b"CCCCCCCCCC"), ranges[1:], strict=True):
            data = data.replace(mark, b"%-10d" % number)
        source.write_bytes(data)
        target, warnings = layered(source)
        assert_only_text_changed(source, target)
        assert warnings == []
        made = target.read_bytes()
        digests = [sha256(d[: ranges[1]] + d[ranges[2] : ranges[2] + ranges[3]]).digest() for d in (data, made)]
        assert digests[0] == digests[1]
        with pymupdf.open(target) as document:
            assert document.xref_get_key(21, "ByteRange")[1] == "[{} {} {} {}]".format(*ranges)
            assert document.get_sigflags() == 3

    @pytest.mark.parametrize("behind", [bytes(5000), b"\r\n" * 700, b"<html>" + b"<p>closed</p>" * 300 + b"</html>"])
    @pytest.mark.parametrize("before", [b"", b"Received: by mail\r\n\r\n" * 30])
    @pytest.mark.parametrize("objstms", [0, 1])
    def test_what_stands_around_the_pdf(self, tmp_path, before, behind, objstms):
        """It is appended to as without; only what stands behind its end is left out."""
        source = layered_pdf(tmp_path / "plain.pdf", PICTURE, old_text(), pages=2)
        with pymupdf.open(source) as document:
            whole = before + document.tobytes(use_objstms=objstms, garbage=3)
        (tmp_path / "whole.pdf").write_bytes(whole)
        source.write_bytes(whole + behind)
        target, warnings = layered(source, pages=2)
        assert_only_text_changed(tmp_path / "whole.pdf", target)
        check_words(target)
        assert warnings == []

    @pytest.mark.parametrize("objstms", [0, 1])
    def test_many_pages_that_share_their_content(self, tmp_path, objstms):
        """Each page by itself; indexes that are tables, and those that are streams."""
        source = layered_pdf(tmp_path / "plain.pdf", PICTURE, old_text(), STAMP, pages=4)
        with pymupdf.open(source) as document:
            document.save(tmp_path / "scan.pdf", use_objstms=objstms, garbage=3)
        target, _ = layered(tmp_path / "scan.pdf", pages=3)
        assert_only_text_changed(tmp_path / "scan.pdf", target)
        with pymupdf.open(target) as document:
            old = [bool(set(OLD) & set(page.get_text().split())) for page in document]
            assert old == [False, False, False, True]  # the last one was not read
            assert all("ACME-000123" in page.get_text() for page in document)


class TestBrokenIndex:
    def broken(self, path, **options):
        """A file whose index is somewhere else than it says."""
        with pymupdf.open(layered_pdf(path, PICTURE, old_text(), **options)) as document:
            data = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", permissions=4)
        path.write_bytes(data[: data.rfind(b"startxref")] + b"startxref\n7\n%%EOF\n")
        return path

    def test_it_is_said(self, tmp_path):
        """Such a file cannot be appended to. It stays encrypted, with the same permissions."""
        source = self.broken(tmp_path / "scan.pdf")
        target, warnings = layered(source)
        check_words(target)
        assert [w.code for w in warnings] == ["pdf_rewritten"]
        with pymupdf.open(target) as document, pymupdf.open(source) as before:
            assert document.permissions == before.permissions
            assert document.authenticate("owner")
            assert not document.is_repaired

    def test_signatures_that_it_costs(self, tmp_path):
        """They are named."""
        field = "/Type /Annot /Subtype /Widget /FT /Sig /T (S) /Rect [0 0 0 0] /F 132"
        source = layered_pdf(
            tmp_path / "scan.pdf", PICTURE, page="/Annots [20 0 R]",
            catalog="/AcroForm << /Fields [20 0 R] /SigFlags 3 >>", objects={20: (field, None)},
        )  # fmt: skip
        data = source.read_bytes()
        source.write_bytes(data[: data.rfind(b"startxref")] + b"startxref\n7\n%%EOF\n")
        _, (warning,) = layered(source)
        assert "signatures" in warning.text

    @pytest.mark.parametrize(("used", "missing"), [("/Length", False), ("/PieceInfo", True)])
    def test_objects_that_cannot_be_read(self, tmp_path, used, missing):
        """They do not cost the output. Lengths of streams are known without; other objects are missed."""
        objects = {30: ("", None), 31: (f"{used} 30 0 R", None)}
        source = layered_pdf(tmp_path / "scan.pdf", PICTURE, objects=objects, page="/Own 31 0 R")
        data = source.read_bytes().replace(b"30 0 obj\n<<  >>\n", b"30 0 obj\n44")
        source.write_bytes(data[: data.rfind(b"startxref")] + b"startxref\n7\n%%EOF\n")
        target, (warning,) = layered(source)
        check_words(target)
        assert ("unreadable" in warning.text) == missing
