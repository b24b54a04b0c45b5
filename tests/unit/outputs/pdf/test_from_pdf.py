"""scanmend.outputs.pdf.from_pdf, read back by Poppler and MuPDF: words at their places, every byte kept."""

import subprocess
from dataclasses import replace

import pymupdf
import pytest

import render_scans
from pdf_words import PLACES, SCALE, check_words, difference, mupdf, picture, poppler
from raw_pdf import hybrid, with_encrypted_attachments
from sample_page import HEIGHT, TEXT, WIDTH, WORDS, sample_page
from scanmend.document import CorrectedPage, Line, Page, Word
from scanmend.outputs.pdf.from_pdf import FromPdf
from scanmend.source.render_pdf import open_clear_parts


@pytest.fixture
def sheet():
    """The line of print."""
    page = render_scans.line(TEXT)
    assert page.size == (WIDTH, HEIGHT)
    return page


@pytest.fixture
def scan(sheet, tmp_path):
    """The line as a PDF of one JPEG."""
    render_scans.save_pdf([sheet], tmp_path / "scan.pdf")
    return tmp_path / "scan.pdf"


def layered(source, *pages):
    target = source.with_name(f"out-{source.name}")
    made = FromPdf(source, target, "A title")
    for page in pages or (sample_page(),):
        made.add(page)
    made.finish()
    return target


class TestFromPdf:
    def test_corrected_words_stand_over_their_boxes(self, scan):
        """For Poppler and for MuPDF; the word as read is not there."""
        check_words(layered(scan))

    def test_every_byte_stays(self, scan):
        """The text comes as an update at the end, so the images are what they were; and it shows nowhere."""
        made = layered(scan)
        assert made.read_bytes().startswith(scan.read_bytes())
        assert picture(made).tobytes() == picture(scan).tobytes()

    @pytest.mark.parametrize("filters", ["/StmF/Identity/StrF/Identity", ""])
    def test_attachments_that_are_encrypted(self, scan, tmp_path, filters):
        """The document itself is in clear text, and so is what is appended."""
        with pymupdf.open(scan) as pdf:
            pdf.embfile_add("secret.xml", b"...")
            source = with_encrypted_attachments(pdf, tmp_path / "locked.pdf", filters)
        made = layered(source)
        assert made.read_bytes().startswith(source.read_bytes())
        assert b"/EFF/StdCF" in made.read_bytes()[len(source.read_bytes()) :]
        with pymupdf.open(made) as pdf:
            assert open_clear_parts(pdf)
            assert "committee" in pdf[0].get_text()

    def test_a_hybrid_of_both_kinds_of_index(self, scan, tmp_path):
        """What only the index in a stream knows is still there, and no new object takes its number."""
        source = hybrid(scan, tmp_path / "hybrid.pdf")
        made = layered(source)
        assert made.read_bytes().startswith(source.read_bytes())
        with pymupdf.open(made) as pdf:
            assert not pdf.is_repaired
            assert pdf.get_toc() == [[1, "Here", 1]]
        check_words(made)

    def test_the_same_document_makes_the_same_file(self, scan):
        """Otherwise an attempt that was cut off would leave a file under a name of its own."""
        assert layered(scan).read_bytes() == layered(scan).read_bytes()

    @pytest.mark.parametrize("turn", [90, 180, 270])
    def test_a_page_that_is_shown_turned(self, scan, turn):
        """Boxes are those of the page as shown, and there the words are."""
        with pymupdf.open(scan) as document:
            document[0].set_rotation(turn)
            width, height = document[0].rect.width, document[0].rect.height
            document.save(scan.with_name("turned.pdf"))
        words = (Word("alpha", (5, 10, 35, 20), 90.0), Word("beta", (5, 25, 30, 33), 90.0))
        page = Page(1, tuple(Line((word,)) for word in words), round(width), round(height), 72)
        made = layered(scan.with_name("turned.pdf"), CorrectedPage(page, ""))
        for word in words:
            ((left, top, right, bottom),) = mupdf(made, word.text)
            assert (left, top, right, bottom) == pytest.approx(word.box, abs=0.4)

    @pytest.mark.parametrize("shown", [0, 90, 180, 270])
    @pytest.mark.parametrize("turned", [90, 180, 270])
    def test_a_page_that_ocr_had_to_turn(self, sheet, tmp_path, turned, shown):
        """It is shown upright, with the words over their boxes, and keeps every byte."""
        path = tmp_path / "scan.pdf"
        lying = sheet.rotate(turned + shown, expand=True)  # the PDF undoes ``shown`` of it
        lying.info = sheet.info
        render_scans.save_pdf([lying], path)
        with pymupdf.open(path) as document:
            document[0].set_rotation(shown)
            document.saveIncr()
        made = layered(path, replace(sample_page(), page=replace(sample_page().page, turned=turned)))
        assert made.read_bytes().startswith(path.read_bytes())
        check_words(made)
        assert difference(picture(made), sheet) < 3

    def test_an_earlier_text_layer_is_replaced(self, scan):
        """What an OCR program laid there before would be found beside the corrected words."""
        wrong = tuple(Word("WRONG", word.box, 9.0) for word in WORDS)
        once = layered(scan, sample_page(words=wrong, edits=()))
        assert poppler(once)[0] == ["WRONG"] * 5
        twice = layered(once)
        check_words(twice)
        assert picture(twice).tobytes() == picture(scan).tobytes()

    def test_visible_text_stays_and_is_not_doubled(self, tmp_path):
        """A page that was never paper is kept as it is; only what it does not say itself is added."""
        path = tmp_path / "digital.pdf"
        with pymupdf.open() as document:
            page = document.new_page(width=WIDTH * SCALE, height=HEIGHT * SCALE)
            page.insert_text((PLACES[0][0], 25), "The committee will", fontsize=14)
            document.save(path)
        assert poppler(layered(path))[0] == ["The", "committee", "will", "meet", "again"]
        (place,) = mupdf(layered(path), "will")
        assert place[3] - place[1] > 15  # that of the text itself, which is larger than the line

    @pytest.mark.parametrize("origin", ["text", "blank"])
    def test_a_page_that_no_ocr_has_read_stays_as_it_is(self, tmp_path, origin):
        """Its own text is found as before, turned as before, and nothing else."""
        path = tmp_path / "digital.pdf"
        with pymupdf.open() as document:
            document.new_page(width=WIDTH * SCALE, height=HEIGHT * SCALE).insert_text((20, 25), "Printed words")
            document.save(path)
        made = sample_page()
        made = replace(made, page=replace(made.page, origin=origin, turned=90))
        with pymupdf.open(layered(path, made)) as document:
            assert (document[0].get_text().split(), document[0].rotation) == (["Printed", "words"], 0)

    def test_a_page_without_anything(self, tmp_path):
        """No contents, no resources: the text is the first that it gets."""
        path = tmp_path / "bare.pdf"
        with pymupdf.open() as document:
            document.new_page(width=WIDTH * SCALE, height=HEIGHT * SCALE)
            document.save(path)
        check_words(layered(path))

    def test_a_file_that_had_to_be_repaired(self, scan):
        """It cannot be updated incrementally, so it is rewritten."""
        data = scan.read_bytes()
        scan.write_bytes(data[: data.rfind(b"startxref")] + b"startxref\n7\n%%EOF\n")
        check_words(layered(scan))

    def test_a_title_is_added_only_where_there_is_none(self, scan):
        """No other metadata are added."""
        with pymupdf.open(layered(scan)) as document:
            assert {k: v for k, v in document.metadata.items() if v} == {"format": "PDF 1.7", "title": "A title"}
        with pymupdf.open(scan) as document:
            document.set_metadata({"title": "Mine", "author": "Me"})
            document.saveIncr()
        with pymupdf.open(layered(scan)) as document:
            assert (document.metadata["title"], document.metadata["author"]) == ("Mine", "Me")

    def test_any_script_is_found(self, scan):
        """Also characters that take two units of UTF-16."""
        words = tuple(
            Word(text, (40 + 115 * i, 40, 140 + 115 * i, 79), 90.0)
            for i, text in enumerate(("Łódź", "日本語", "Ω≠", "😀👍", "한국어"))
        )
        made = layered(scan, sample_page(words=words, edits=()))
        assert poppler(made)[0] == [word.text for word in words]
        with pymupdf.open(made) as document:
            assert document[0].get_text().split() == [word.text for word in words]

    @pytest.mark.parametrize("text", ["שלום", "العربية"])
    def test_right_to_left_words_are_found(self, scan, text):
        """Right-to-left words are found as they are written, not reversed."""
        made = layered(scan, sample_page(words=(Word(text, (40, 40, 240, 79), 90.0),), edits=()))
        found = subprocess.run(["pdftotext", made, "-"], capture_output=True, check=True).stdout.decode()
        assert found.strip().strip("\u202b\u202c") == text
        with pymupdf.open(made) as document:
            assert document[0].get_text().strip() == text
