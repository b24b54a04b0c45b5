"""scanmend.source.pdf.stand_ins and masked_fields: what a PDF has beside its pages, and what is to stay hidden."""

import pymupdf
import pytest
from PIL import Image

from raw_pdf import with_encrypted_attachments
from scanmend.errors import DocumentError
from scanmend.ocr.page import read_page
from scanmend.source.preview import open_preview
from scanmend.source.render import inspect, render
from scanmend.source.settings import ReadSettings, SourceLimits

LIMITS = SourceLimits(max_pages=10, max_megapixels=20, render_dpi=150)
READ = ReadSettings(("eng",), LIMITS, 60)
BODY = "The garden committee met on Tuesday evening and agreed to repair the bridge"


@pytest.fixture
def letter(tmp_path):
    """A PDF of one page, open, with a function that saves it and says what is warned of."""
    pdf = pymupdf.open()
    pdf.new_page().insert_text((40, 60), BODY)

    def codes() -> list[tuple[str, str]]:
        pdf.save(tmp_path / "letter.pdf")
        return [(warning.code, warning.text) for warning in inspect(tmp_path / "letter.pdf", LIMITS).warnings]

    yield pdf, codes
    pdf.close()


def root(pdf: pymupdf.Document, key: str, value: str) -> None:
    pdf.xref_set_key(pdf.pdf_catalog(), key, value)


def text_field(pdf: pymupdf.Document, value: str, top: float, flags: int = 0) -> int:
    """Add a text field to the first page; return its object number."""
    field = pymupdf.Widget()
    field.field_name, field.field_type, field.field_value = f"at{top}", pymupdf.PDF_WIDGET_TYPE_TEXT, value
    field.rect, field.field_flags = pymupdf.Rect(40, top, 300, top + 24), flags
    pdf[0].add_widget(field)
    return int(list(pdf[0].widgets())[-1].xref)


def xfa(pdf: pymupdf.Document) -> str:
    number = pdf.get_new_xref()
    pdf.update_object(number, "<<>>")
    pdf.update_stream(number, b"<xdp:xdp/>", new=True)
    return f"{number} 0 R"


class TestForms:
    @pytest.mark.parametrize("rendering", [True, False])
    @pytest.mark.parametrize("form", ["<</Fields[]/XFA {}>>", "<</XFA[(template){}(datasets){}]>>"])
    def test_a_dynamic_form(self, letter, rendering, form):
        """Its pages are made by its program: it says so, or has none of the fields that a static form has."""
        pdf, codes = letter
        root(pdf, "AcroForm", form.replace("{}", xfa(pdf)))
        if rendering:
            root(pdf, "NeedsRendering", "true")
        ((code, text),) = codes()
        assert code == "form_not_read"
        assert "print it as a PDF" in text

    def test_a_static_form(self, letter):
        """It has its pages and fields beside the XML."""
        pdf, codes = letter
        text_field(pdf, "Berta Beispiel", 100)
        kind, number = pdf.xref_get_key(pdf.pdf_catalog(), "AcroForm")
        if kind == "xref":
            pdf.xref_set_key(int(number.split()[0]), "XFA", xfa(pdf))
        else:
            root(pdf, "AcroForm/XFA", xfa(pdf))
        assert codes() == []

    def test_a_form_of_pdf_s_own(self, letter):
        pdf, codes = letter
        text_field(pdf, "Berta Beispiel", 100)
        assert codes() == []


class TestAttachments:
    def test_of_an_ordinary_document(self, letter):
        """The data of an invoice are beside its page, which says the same."""
        pdf, codes = letter
        pdf.embfile_add("factur-x.xml", b"<invoice/>")
        assert codes() == []

    def test_a_portfolio(self, letter):
        """Files that are the document, with a page that says so."""
        pdf, codes = letter
        for n in range(5):
            pdf.embfile_add(f"letter {n}.pdf", b"%PDF-")
        root(pdf, "Collection", "<</View/T>>")
        ((code, text),) = codes()
        assert code == "attachments_not_read"
        assert "(letter 0.pdf, letter 1.pdf, letter 2.pdf and 2 more)" in text

    def test_a_portfolio_of_nothing(self, letter):
        pdf, codes = letter
        root(pdf, "Collection", "<</View/T>>")
        assert codes() == []

    @pytest.mark.parametrize("collection", [True, False])
    def test_an_encrypted_wrapper(self, letter, collection):
        """ISO 32000-2: the document is an attachment, encrypted by some other program."""
        pdf, codes = letter
        file = "<</Type/Filespec/UF(secret.pdf)/AFRelationship/EncryptedPayload>>"
        if collection:
            root(pdf, "Collection", "<</View/H>>")
            root(pdf, "Names", f"<</EmbeddedFiles<</Kids[<</Names[(secret.pdf){file}]>>]>>>>")
        else:
            root(pdf, "AF", f"[{file}]")
        ((code, text),) = codes()
        assert code == "attachments_not_read"
        assert "is encrypted and was not read" in text
        assert "secret.pdf" in text


class TestPasswords:
    @pytest.mark.parametrize(
        "method", [pymupdf.PDF_ENCRYPT_RC4_40, pymupdf.PDF_ENCRYPT_RC4_128, pymupdf.PDF_ENCRYPT_AES_256]
    )
    def test_an_empty_one_is_tried(self, letter, tmp_path, method):
        """Documents that only their owner may change open for everybody; others do not."""
        pdf, _ = letter
        for name, password in (("open.pdf", ""), ("closed.pdf", "open sesame")):
            pdf.save(tmp_path / name, encryption=method, owner_pw="owner", user_pw=password)
        assert "garden committee" in read_page(tmp_path / "open.pdf", 1, READ, tmp_path).page.raw
        with pytest.raises(DocumentError, match="is encrypted"):
            inspect(tmp_path / "closed.pdf", LIMITS)

    @pytest.mark.parametrize("filters", ["/StmF/Identity/StrF/Identity", ""])
    def test_attachments_that_are_encrypted(self, letter, tmp_path, filters):
        """The document itself is in clear text, so it is no encrypted document."""
        pdf, _ = letter
        pdf.embfile_add("secret.xml", b"...")
        path = with_encrypted_attachments(pdf, tmp_path / "letter.pdf", filters)
        assert inspect(path, LIMITS).pages == 1
        assert "garden committee" in read_page(path, 1, READ, tmp_path).page.raw

    def test_streams_that_are_encrypted(self, letter, tmp_path):
        pdf, _ = letter
        path = with_encrypted_attachments(pdf, tmp_path / "letter.pdf", "/StmF/StdCF/StrF/Identity")
        with pytest.raises(DocumentError, match="is encrypted"):
            inspect(path, LIMITS)


class TestMaskedFields:
    @pytest.mark.parametrize("inherited", [True, pytest.param(False, marks=pytest.mark.thorough)])
    def test_a_password_is_not_read(self, letter, tmp_path, inherited):
        """Neither from the field's text nor from its picture, and also where the flag stands at a field above it."""
        pdf, codes = letter
        number = text_field(pdf, "Swordfish", 100, 0 if inherited else 1 << 13)
        text_field(pdf, "Berta Beispiel", 150)
        if inherited:
            above = pdf.get_new_xref()
            pdf.update_object(above, f"<</FT/Tx/T(above)/Ff {1 << 13}/Kids[{number} 0 R]>>")
            pdf.xref_set_key(number, "Ff", "null")
            pdf.xref_set_key(number, "Parent", f"{above} 0 R")
        assert codes() == []
        path = tmp_path / "letter.pdf"
        for pdf_text in ("auto", "off"):
            page = read_page(path, 1, ReadSettings(("eng",), LIMITS, 60, pdf_text=pdf_text), tmp_path).page
            assert "Berta Beispiel" in page.raw, pdf_text
            assert "Swordfish" not in page.raw, pdf_text

    def test_a_password_is_not_shown(self, letter, tmp_path):
        """Nor does the proof sheet show it."""
        pdf, codes = letter
        text_field(pdf, "Swordfish", 100, 1 << 13)
        codes()
        with Image.open(render(tmp_path / "letter.pdf", 1, tmp_path, LIMITS).path) as image:
            assert image.crop((60, 205, 640, 262)).getextrema()[0] > 200
        with open_preview(tmp_path / "letter.pdf") as preview:
            (tmp_path / "page.jpeg").write_bytes(preview.jpeg(1, 1240, 90))
        with Image.open(tmp_path / "page.jpeg") as image:
            assert image.convert("L").crop((60, 205, 640, 262)).getextrema()[0] > 200
