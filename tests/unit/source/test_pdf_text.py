"""scanmend.source.pdf_text: embedded text is taken where it can be trusted; other pages are read by OCR."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pymupdf
import pytest

import render_scans
from scanmend.document import Page
from scanmend.ocr.page import read_page
from scanmend.source.pdf_text import extract_text
from scanmend.source.render import render
from scanmend.source.settings import ReadSettings, SourceLimits

READING = ReadSettings(("eng",), SourceLimits(max_pages=10, max_megapixels=20, render_dpi=100), 60.0)
PROSE = render_scans.REPORT[1].replace("|", "").lower().split()
ROWS = [" ".join(PROSE[n : n + 8]) for n in range(0, 48, 8)]


class PdfBuilder:
    """Builds a PDF page by page."""

    def __init__(self, path: Path) -> None:
        self.path, self.document = path, pymupdf.open()

    def page(self, rows=ROWS, *, mode: int = 0, fontfile: str | None = None, image=None, below=False, **size):
        """Add a page of these rows, and an image above them or ``below`` them in the order of drawing."""
        sheet = self.document.new_page(width=size.get("width", 595), height=size.get("height", 842))
        packed = io.BytesIO()
        if image is not None:
            image.save(packed, "PNG")
        if image is not None and below:
            sheet.insert_image(size.get("at", sheet.rect), stream=packed.getvalue(), keep_proportion=False)
        for n, row in enumerate(rows):
            sheet.insert_text((60, 80 + 20 * n), row, fontsize=11, render_mode=mode)
        if image is not None and not below:
            sheet.insert_image(size.get("at", sheet.rect), stream=packed.getvalue(), keep_proportion=False)
        return sheet

    def save(self) -> Path:
        self.document.save(self.path)
        return self.path


@pytest.fixture
def pdf(tmp_path):
    return PdfBuilder(tmp_path / "digital.pdf")


def read(path: Path, work: Path, number: int = 1, **settings) -> Page:
    folder = work / f"work{len(list(work.iterdir()))}"
    folder.mkdir()
    return read_page(path, number, replace(READING, **settings), folder).page


def with_letters_mapped(pdf: PdfBuilder, letters: dict[str, str]) -> None:
    """Save the PDF with a font that says of these characters that they are others."""
    document = pymupdf.open("pdf", pdf.document.tobytes())
    font = document[0].get_fonts()[0][0]
    table = document.get_new_xref()
    document.update_object(table, "<<>>")
    codes = {chr(n): chr(n) for n in range(32, 127)} | letters
    rows = "".join(f"<{ord(c):02x}> <{ord(to):04x}>\n" for c, to in codes.items())
    text = f"1 begincodespacerange <00> <ff> endcodespacerange {len(codes)} beginbfchar\n{rows}endbfchar"
    document.update_stream(table, text.encode(), new=True)
    document.xref_set_key(font, "ToUnicode", f"{table} 0 R")
    document.save(pdf.path)


class TestEmbeddedText:
    def test_no_ocr(self, pdf, tmp_path):
        """The text is taken as it is, without confidences, and nothing is rendered."""
        pdf.page()
        page = read(pdf.save(), tmp_path)
        assert (page.origin, page.raw, page.languages) == ("text", "\n".join(ROWS), ("eng",))
        assert page.mean_confidence is None
        assert list((tmp_path / "work1").iterdir()) == []

    @pytest.mark.parametrize("turn", [0, 90, 180, 270])
    @pytest.mark.parametrize("crop", [None, (41.3, 53.7, 580, 500.5)])
    def test_boxes_are_those_of_the_rendered_page(self, pdf, tmp_path, turn, crop):
        """However the page is turned and cropped, there is ink in each box, and all ink is in boxes."""
        sheet = pdf.page(["Ink wherever", "words stand"], width=600.4, height=700.9)
        if crop:
            sheet.set_cropbox(pymupdf.Rect(crop))
        sheet.set_rotation(turn)
        found = extract_text(pdf.save(), 1, READING, frozenset())
        assert found is not None
        page = found.page
        pdf.document[0].set_rotation((turn + page.turned) % 360)
        pdf.document.save(tmp_path / "upright.pdf")
        image = render(tmp_path / "upright.pdf", 1, tmp_path, READING.limits)
        assert (page.width, page.height, page.dpi) == (image.width, image.height, image.dpi)
        assert (page.raw, page.turned) == ("Ink wherever\nwords stand", -turn % 360)
        data = image.path.read_bytes()[-image.width * image.height :]
        dark = np.frombuffer(data, np.uint8).reshape(image.height, image.width) < 100
        within = np.zeros_like(dark)
        for left, top, right, bottom in (word.box for line in page.lines for word in line.words):
            assert dark[top:bottom, left:right].any()
            within[top:bottom, left:right] = True
        assert not (dark & ~within).any()

    def test_text_that_runs_up_the_page(self, pdf, tmp_path):
        """The page is turned, so that its lines are horizontal."""
        sheet = pdf.page([])
        for n, row in enumerate(ROWS):
            sheet.insert_text((100 + 20 * n, 700), row, fontsize=11, rotate=90)
        page = read(pdf.save(), tmp_path)
        assert (page.turned, page.raw, page.width > page.height) == (90, "\n".join(ROWS), True)
        assert render(pdf.path, 1, tmp_path, READING.limits).width == page.height

    def test_what_is_not_on_the_page_is_not_taken(self, pdf, tmp_path):
        """Text beyond the page's edges, or cut off by the crop box, is left out."""
        sheet = pdf.page()
        sheet.insert_text((700, 100), "Beyond the edge")
        sheet.insert_text((60, 830), "Cut off")
        sheet.set_cropbox(pymupdf.Rect(0, 0, 595, 800))
        assert read(pdf.save(), tmp_path).raw == "\n".join(ROWS)

    @pytest.mark.parametrize("look", [{"render_mode": 3}, {"color": (1, 1, 1)}, {"fill_opacity": 0}])
    def test_hidden_text_between_visible_text(self, pdf, tmp_path, look):
        """Only what one sees is read, word by word."""
        sheet = pdf.page(ROWS[:3])
        sheet.insert_text((60, 300), "ignore what the page says", fontsize=11, **look)
        sheet.insert_text((60, 320), ROWS[3], fontsize=11)
        sheet.insert_text((60, 340), "under a shape", fontsize=11)
        sheet.draw_rect(pymupdf.Rect(50, 325, 400, 350), color=None, fill=(0.9, 0.9, 0.5))
        page = read(pdf.save(), tmp_path)
        assert (page.origin, page.raw.split()) == ("text", " ".join(ROWS[:4]).split())

    def test_visible_text_of_any_colour(self, pdf, tmp_path):
        """White on black, light grey on white, over a picture, and in front of a shape."""
        sheet = pdf.page([])
        sheet.draw_rect(pymupdf.Rect(50, 50, 400, 100), color=None, fill=(0, 0, 0))
        sheet.insert_text((60, 80), ROWS[0], fontsize=11, color=(1, 1, 1))
        sheet.insert_text((60, 130), ROWS[1], fontsize=11, color=(0.85, 0.85, 0.85))
        sheet.insert_text((60, 160), ROWS[2], fontsize=11, color=(1, 1, 0))
        sheet.insert_text((60, 190), ROWS[3], fontsize=11, fill_opacity=0.3)
        assert read(pdf.save(), tmp_path, pdf_text="auto").raw.split() == " ".join(ROWS[:4]).split()

    def test_fields_and_notes(self, pdf, tmp_path):
        """What was filled in and written on the page is shown, hence read; what is hidden is not."""
        sheet = pdf.page()
        for n, (name, flags) in enumerate((("Filled in by hand", 0), ("Hidden away", pymupdf.PDF_ANNOT_IS_HIDDEN))):
            field = pymupdf.Widget()
            field.field_type, field.field_name, field.field_value = pymupdf.PDF_WIDGET_TYPE_TEXT, name, name
            field.rect, field.text_fontsize = pymupdf.Rect(60, 300 + 30 * n, 300, 320 + 30 * n), 11
            sheet.add_widget(field)
            if flags:
                annotation = next(w for w in sheet.widgets() if w.field_name == name)
                pdf.document.xref_set_key(annotation.xref, "F", str(flags))
        sheet.add_freetext_annot(pymupdf.Rect(60, 400, 300, 420), "Noted beside it", fontsize=11)
        text = read(pdf.save(), tmp_path).raw
        assert "Filled in by hand" in text
        assert "Noted beside it" in text
        assert "Hidden" not in text

    def test_fields_stand_in_the_line_of_their_labels(self, pdf, tmp_path):
        """Long labels without colons, and long contents, are no two columns."""
        labels = [
            "Given name and initials",
            "Family name at birth",
            "Street and number of house",
            "Country of residence",
        ]
        contents = ["Berta Philomena", "Beispiel-Musterfrau", "31 Orchard Way, Annexe", "Isle of Man and Jersey"]
        sheet = pdf.page([])
        for n, (label, content) in enumerate(zip(labels, contents, strict=True)):
            sheet.insert_text((60, 100 + 18 * n), label, fontsize=11)
            field = pymupdf.Widget()
            field.field_type, field.field_name, field.field_value = pymupdf.PDF_WIDGET_TYPE_TEXT, label, content
            field.rect, field.text_fontsize = pymupdf.Rect(260, 86 + 18 * n, 460, 103 + 18 * n), 9
            sheet.add_widget(field)
        rows = [f"{label} {content}" for label, content in zip(labels, contents, strict=True)]
        assert read(pdf.save(), tmp_path).raw.split("\n") == rows

    def test_ligatures_and_hyphens(self, pdf, tmp_path):
        """Ligatures are letters; a hyphen at a line's end stays, as with OCR."""
        sheet = pdf.page()
        writer = pymupdf.TextWriter(sheet.rect)
        writer.append((60, 300), "the o\ufb03ce has \ufb01ve \ufb02oors and a back-", font=pymupdf.Font("tiro"))
        writer.append((60, 316), "yard", font=pymupdf.Font("tiro"))
        writer.write_text(sheet)
        assert read(pdf.save(), tmp_path).raw.endswith("the office has five floors and a back-\nyard")

    def test_soft_hyphens_and_characters_of_no_width(self, pdf, tmp_path):
        """Soft hyphens that are drawn are hyphens; what nobody sees does not part words and numbers."""
        sheet = pdf.page([])
        writer, font = pymupdf.TextWriter(sheet.rect), pymupdf.Font("cjk")
        for n, row in enumerate(["order 2024\u00ad0815 of the commit\u00ad", "tee, \u200e1,\u200b284.50\u200f in all"]):
            writer.append((60, 300 + 16 * n), row, font=font)
        writer.write_text(sheet)
        assert read(pdf.save(), tmp_path).raw == "order 2024-0815 of the commit-\ntee, 1,284.50 in all"

    @pytest.mark.parametrize(
        "line",
        ["חשבון מספר 4711 על סך 1,284.50 שקל.", "חברת Orchard Garden 2024 שלחה (12-34) מכתב", "رقم ٤٧١١ في ٢٠٢٤"],
    )
    def test_lines_from_right_to_left(self, pdf, tmp_path, line):
        """They come in the order in which they are read, and the digits of numbers keep theirs, in any script."""
        sheet = pdf.page([])
        for n in range(3):
            sheet.insert_htmlbox((60, 80 + 40 * n, 500, 110 + 40 * n), f"<p dir=rtl>{line}</p>")
        assert read(pdf.save(), tmp_path, pdf_text="only").raw.split("\n") == [line] * 3

    def test_permissions_do_not_matter(self, pdf, tmp_path):
        """The text of a PDF that only forbids copying is taken."""
        pdf.page()
        pdf.document.save(pdf.path, encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="x", permissions=0)
        assert read(pdf.path, tmp_path).origin == "text"

    def test_the_language_of_the_text(self, pdf, tmp_path):
        """``languages: auto`` detects it from embedded text as well."""
        pdf.page(["Die Wasserleitung wird in diesen Tagen erneuert, und das Wasser bleibt"] * 6)
        path = pdf.save()
        found = extract_text(path, 1, replace(READING, languages=("auto",)), frozenset({"deu", "eng", "fra"}))
        assert found is not None
        assert (found.trustworthy, found.page.languages) == (True, ("deu",))


class TestReadByOcr:
    def test_page_by_page(self, pdf, tmp_path):
        """Of a mixed document, the scanned pages are read by OCR, the blank ones not at all."""
        pdf.page()
        scan = render_scans.line("This was scanned", height_px=60)
        pdf.page([], image=scan, at=pymupdf.Rect(60, 60, 500, 140))
        pdf.page([])
        path = pdf.save()
        pages = [read(path, tmp_path, n) for n in (1, 2, 3)]
        assert [page.origin for page in pages] == ["text", "ocr", "blank"]
        assert (pages[1].raw, pages[2].raw) == ("This was scanned", "")

    @pytest.mark.parametrize("below", [True, False])
    def test_another_program_s_ocr(self, pdf, below, tmp_path):
        """Invisible text over a scan, and text under one, is left out: it has no confidences."""
        scan = render_scans.line("What one sees", height_px=60)
        pdf.page(mode=3 if below else 0, image=scan, below=below)
        found = extract_text(pdf.save(), 1, READING, frozenset())
        assert found is not None
        assert (found.trustworthy, found.page.raw) == (False, "")
        assert read(pdf.path, tmp_path).origin == "ocr"

    def test_a_stamp_over_another_program_s_ocr(self, pdf, tmp_path):
        """The little that is visible of the text does not make up for what is hidden of it."""
        scan = render_scans.line("What one sees", height_px=60)
        pdf.page(mode=3, image=scan, below=True).insert_text((60, 800), "a stamp that one sees on the page", fontsize=9)
        found = extract_text(pdf.save(), 1, READING, frozenset())
        assert found is not None
        assert (found.trustworthy, found.page.raw) == (False, "a stamp that one sees on the page")

    def test_glyphs_without_meaning(self, pdf, tmp_path):
        """Text in a font whose table maps every letter to another is not trusted."""
        pdf.page()
        with_letters_mapped(pdf, {chr(n): chr(97 + (n * 7 + 3) % 26) for n in range(97, 123)})
        found = extract_text(pdf.path, 1, READING, frozenset())
        assert found is not None
        assert not found.is_enough
        assert read(pdf.path, tmp_path).raw.split()[:4] == ROWS[0].split()[:4]

    @pytest.mark.parametrize(
        ("letters", "to"),
        [
            ("e", "\ue065"),
            *(
                pytest.param(letters, to, marks=pytest.mark.thorough)
                for letters, to in (("bmp", "\ufffd"), (" ", "\ue065"), (" ", "\ufffd"), ("etaoinshrdlu", "\ufffd"))
            ),
        ],
    )
    def test_text_with_holes(self, pdf, tmp_path, letters, to):
        """Letters, or the blank, that the font gives no meaning are missed before they are left out: OCR reads them."""
        pdf.page()
        with_letters_mapped(pdf, dict.fromkeys(letters, to))
        page = read(pdf.path, tmp_path)
        assert (page.origin, page.raw.split()[:4]) == ("ocr", ROWS[0].split()[:4])

    def test_holes_that_ocr_cannot_mend(self, pdf, tmp_path):
        """The better of two poor texts is kept: here OCR finds no letter that it is sure of."""
        sheet = pdf.page([])
        for n, row in enumerate(["木工车间的工具目录第二部分", "锯子和刨子都在柜子里面"]):
            sheet.insert_text((60, 80 + 20 * n), f"{row} {row[:4]}\ue065{row[4:]}", fontname="china-s")
        writer = pymupdf.TextWriter(sheet.rect)
        writer.append((60, 200), "\ue065木工", font=pymupdf.Font("cjk"))
        writer.write_text(sheet)
        found = extract_text(pdf.save(), 1, READING, frozenset())
        assert found is not None
        assert found.has_holes
        assert read(pdf.path, tmp_path).origin == "text"

    @pytest.mark.parametrize("shift", [pytest.param(13, marks=pytest.mark.thorough), 20])
    def test_shuffled_letters_that_could_be_words(self, pdf, tmp_path, shift):
        """Where most words have vowels, OCR shows that the text is not what is on the page."""
        pdf.page()
        with_letters_mapped(pdf, {chr(97 + n): chr(97 + (n + shift) % 26) for n in range(26)})
        page = read(pdf.path, tmp_path)
        assert (page.origin, page.raw.split()[:4]) == ("ocr", ROWS[0].split()[:4])

    @pytest.mark.parametrize(
        "text",
        [
            "Półka w kuchni jest bardzo stara i jutro rano kupimy nowe deski oraz klej. Proszę wysłać fakturę do biura",
            "Keittiön hylly on hyvin vanha ja huomenna aamulla ostamme uusia lautoja sekä liimaa. Lähettäkää lasku",
            "Mae silff y gegin yn hen iawn a bore yfory byddwn yn prynu byrddau newydd a glud. Anfonwch y bil",
            "Полка на кухне очень старая, завтра утром мы купим новые доски и клей. Пожалуйста, отправьте счёт",
            "Το ράφι της κουζίνας είναι πολύ παλιό και αύριο το πρωί θα αγοράσουμε καινούργιες σανίδες και κόλλα",
            "台所の棚はとても古いです。明日の朝、新しい板を買います。接着剤と蝶番も必要です。請求書を事務所に送ってください。",
            "ชั้นวางของในครัวเก่ามาก พรุ่งนี้เช้าเราจะซื้อไม้กระดานใหม่ กรุณาส่งใบแจ้งหนี้ไปที่สำนักงาน",
            "הוועד של הגן נפגש ביום שלישי בערב והחליט לתקן את הגשר לפני פתיחת השוק בשבוע הבא בבוקר",
        ],
    )
    def test_languages_that_the_folder_does_not_have(self, pdf, tmp_path, text):
        """Sound text is kept, though no word of it is known: OCR in the folder's language does not fit better."""
        sheet = pdf.page([])
        sheet.insert_htmlbox((60, 60, 540, 700), f"<p style='font-size:14px'>{text}.</p>")
        page = read(pdf.save(), tmp_path)
        assert page.origin == "text"
        assert sum(c in page.raw for c in text) > 0.9 * len(text)

    def test_pictures_that_say_more(self, pdf, tmp_path):
        """A page with an image that shows more text is read by OCR; one whose image shows none is not."""
        at = pymupdf.Rect(60, 300, 535, 340)
        pdf.page(ROWS[:2], image=render_scans.line("A picture that has a few words more to say"), at=at)
        pdf.page(ROWS[:2], image=render_scans.blank(), at=at)
        path = pdf.save()
        assert [read(path, tmp_path, n, prepare="off").origin for n in (1, 2)] == ["ocr", "text"]

    def test_damaged_text_is_no_reason_to_fail(self, pdf, tmp_path, monkeypatch):
        """OCR reads the page instead."""
        pdf.page()
        path = pdf.save()

        def broken(_: object) -> None:
            raise pymupdf.mupdf.FzErrorFormat("broken font")

        monkeypatch.setattr(pymupdf.Page, "get_texttrace", broken)
        assert read(path, tmp_path).origin == "ocr"


class TestSettings:
    def test_off(self, pdf, tmp_path):
        """With ``off``, every page is read by OCR."""
        pdf.page(["Sharp letters", "of a machine"])
        assert read(pdf.save(), tmp_path, pdf_text="off").origin == "ocr"

    def test_force(self, pdf, tmp_path):
        """With ``force``, any text is taken, even invisible; pages without text are read by OCR."""
        scan = render_scans.line("What one sees", height_px=60)
        pdf.page(mode=3, image=scan, below=True)
        pdf.page([], image=scan, at=pymupdf.Rect(60, 60, 500, 140))
        path = pdf.save()
        pages = [read(path, tmp_path, n, pdf_text="force") for n in (1, 2)]
        assert [page.origin for page in pages] == ["text", "ocr"]
        assert pages[0].raw == "\n".join(ROWS)

    def test_only(self, pdf, tmp_path):
        """With ``only``, no page of a PDF is read by OCR; image files are."""
        scan = render_scans.line("Only a picture", height_px=60)
        pdf.page([], image=scan)
        page = read(pdf.save(), tmp_path, pdf_text="only")
        assert (page.origin, page.raw) == ("text", "")
        render_scans.save_png(scan, tmp_path / "scan.png")
        assert read(tmp_path / "scan.png", tmp_path, pdf_text="only").raw == "Only a picture"
