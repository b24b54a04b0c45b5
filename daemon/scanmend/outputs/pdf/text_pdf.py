"""The ``.pdf`` output: the pages as they were scanned, with the corrected words as invisible text over their boxes.

A PDF gets its text as an update at its end, and keeps every byte that it had. Images are put on pages of their
own, in the data that they came in.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
from PIL import Image
from PIL.ExifTags import Base

from scanmend.document import Box, CorrectedPage
from scanmend.fs.safe_open import open_source
from scanmend.outputs.pdf.glyphless import NAME, Font
from scanmend.outputs.pdf.image import add_image
from scanmend.outputs.pdf.text_layer import Matrix, scale_to_page, text_layer
from scanmend.outputs.pdf.writer import PdfFile, producer, text_string, xmp

_INVISIBLE_TEXT_MODE = 3
"""PDF's text rendering mode."""
_MAX_COVERED_SHARE = 0.3
"""A word that the page's own text covers by so much is there already."""
_PLAUSIBLE_DPI = range(70, 1201)
_A4_LONGER_SIDE_INCHES = 11.69
"""The longer side of a sheet whose image does not tell its resolution: that of A4."""
_MAX_PAGE_UNITS = 14_400
"""The longest page that PDF knows."""
_CACHE_PAGES = 50
"""Pages after which MuPDF forgets what it keeps for speed."""

_BY_EXIF_ORIENTATION: dict[int, Callable[[float, float], Matrix]] = {
    1: lambda w, h: (w, 0, 0, h, 0, 0),
    2: lambda w, h: (-w, 0, 0, h, w, 0),
    3: lambda w, h: (-w, 0, 0, -h, w, h),
    4: lambda w, h: (w, 0, 0, -h, 0, h),
    5: lambda w, h: (0, -h, -w, 0, w, h),
    6: lambda w, h: (0, -h, w, 0, 0, h),
    7: lambda w, h: (0, h, w, 0, 0, 0),
    8: lambda w, h: (0, h, -w, 0, w, 0),
}
"""What puts an image upright on a page of this width and height, by its EXIF orientation."""

_BY_ROTATION: dict[int, Callable[[float, float], Matrix]] = {
    0: lambda _w, _h: (1, 0, 0, 1, 0, 0),
    90: lambda w, _h: (0, -1, 1, 0, 0, w),
    180: lambda w, h: (-1, 0, 0, -1, w, h),
    270: lambda _w, h: (0, 1, -1, 0, h, 0),
}
"""What turns a page of this width and height, by degrees clockwise."""


class FromPdf:
    """A searchable copy of a PDF."""

    def __init__(self, source: Path, target: Path, title: str) -> None:
        """Copy ``source``; ``title`` is for a document that has none."""
        self._target = target
        with open_source(source) as file, target.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        self._pdf = pymupdf.open(str(target), filetype="pdf")
        self._font = Font()
        self._font_number = self._pdf.get_new_xref()
        self._title = title

    def add(self, page: CorrectedPage) -> None:
        """Lay the text of one page over it; text that it has already stays, and is not doubled.

        Pages that no OCR has read are left as they are.
        """
        if page.page.origin != "ocr":
            return
        sheet = self._pdf.load_page(page.page.number - 1)
        if page.page.turned:
            sheet.set_rotation((sheet.rotation + page.page.turned) % 360)
        if page.page.number % _CACHE_PAGES == 0:
            pymupdf.TOOLS.store_shrink(100)
        if not page.page.width or not page.page.height:
            return
        own = _own_text(sheet)
        if own is None:
            _remove_text(sheet)
            own = []
        shown = pymupdf.Matrix(*scale_to_page(page.page, (sheet.rect.width, sheet.rect.height)))
        covered = [rect * ~shown for rect in own]
        layer = text_layer(
            page, tuple(shown * _to_pdf(sheet)), self._font, NAME, lambda box: _is_uncovered(box, covered)
        )
        if layer:
            _prepend_layer(self._pdf, sheet, layer, self._font_number)

    def finish(self) -> None:
        """Write the font, now that all text is known, and the update."""
        self._font.add_to(self._add_object, self._font_number)
        if not (self._pdf.metadata or {}).get("title"):
            self._pdf.xref_set_key(_info_dictionary(self._pdf), "Title", text_string(self._title))
        if self._pdf.can_save_incrementally():
            self._pdf.save(str(self._target), incremental=True, encryption=pymupdf.PDF_ENCRYPT_KEEP, no_new_id=True)
            self._pdf.close()
            return
        mended = self._target.with_suffix(".mended")  # it was repaired, so its old end cannot be built upon
        self._pdf.save(str(mended), no_new_id=True)
        self._pdf.close()
        mended.replace(self._target)

    def _add_object(self, inside: str, stream: bytes | None, number: int | None) -> int:
        number = number or int(self._pdf.get_new_xref())
        self._pdf.update_object(number, f"<< {inside} >>")
        if stream is not None:
            self._pdf.update_stream(number, stream, new=True)
        return number


class FromImages:
    """A PDF of scanned images."""

    def __init__(self, source: Path, image: Image.Image, target: Path, title: str, id_: bytes) -> None:
        """``image``: the open source; ``id_``: 16 bytes that tell the file from others."""
        self._source, self._image = source, image
        self._file = target.open("wb")
        self._pdf = PdfFile(self._file)
        self._font = Font()
        self._font_number, self._tree = self._pdf.reserve(), self._pdf.reserve()
        self._pages: list[int] = []
        self._title, self._id = title, id_

    def add(self, page: CorrectedPage) -> None:
        """Write one page: the image, and the text before it."""
        image = self._image
        if page.page.number > 1:
            image.seek(page.page.number - 1)
        orientation = int(image.getexif().get(Base.Orientation, 1) or 1)
        orient = _BY_EXIF_ORIENTATION.get(orientation, _BY_EXIF_ORIENTATION[1])
        width, height = _size(image, page.page.dpi)
        if orientation in (5, 6, 7, 8):
            width, height = height, width
        drawn = pymupdf.Matrix(*orient(width, height)) * pymupdf.Matrix(*_BY_ROTATION[page.page.turned](width, height))
        if page.page.turned in (90, 270):
            width, height = height, width
        content = b""
        if page.page.width and page.page.height:
            upwards = pymupdf.Matrix(1, 0, 0, -1, 0, height)
            to_pdf = pymupdf.Matrix(*scale_to_page(page.page, (width, height))) * upwards
            content = text_layer(page, tuple(to_pdf), self._font, NAME)
        numbers = " ".join(f"{n:.4f}" for n in drawn)
        content += f"q {numbers} cm /Scan Do Q\n".encode("ascii")
        picture = add_image(self._pdf, self._source, image)
        stream = self._pdf.add("", content)
        self._pages.append(
            self._pdf.add(
                f"/Type /Page /Parent {self._tree} 0 R /MediaBox [0 0 {width:.4f} {height:.4f}] /Contents {stream} 0 R "
                f"/Resources << /XObject << /Scan {picture} 0 R >> /Font << /{NAME} {self._font_number} 0 R >> >>"
            )
        )

    def finish(self) -> None:
        """Write the font, the tree of pages and the metadata."""
        self._font.add_to(self._pdf.add, self._font_number)
        kids = " ".join(f"{n} 0 R" for n in self._pages)
        self._pdf.add(f"/Type /Pages /Count {len(self._pages)} /Kids [{kids}]", number=self._tree)
        # Archives want to read the metadata without a filter.
        described = self._pdf.add("/Type /Metadata /Subtype /XML", xmp(self._title), packed=True)
        root = self._pdf.add(
            f"/Type /Catalog /Pages {self._tree} 0 R /Metadata {described} 0 R "
            "/ViewerPreferences << /DisplayDocTitle true >>"
        )
        info = self._pdf.add(f"/Title {text_string(self._title)} /Producer {text_string(producer())}")
        self._pdf.finish(root, info, self._id)
        self._file.close()


def _size(image: Image.Image, dpi: int) -> tuple[float, float]:
    """Width and height of the sheet, as the image lies, in points."""
    told = (float(n) for n in image.info.get("dpi", ()))
    # Formats that count in metres come back with 199.9996.
    known = tuple(round(n, 1) for n in told if _PLAUSIBLE_DPI.start <= n < _PLAUSIBLE_DPI.stop)
    if len(known) != 2:  # noqa: PLR2004 -- along and across
        guess = dpi or min(max(max(image.size) / _A4_LONGER_SIDE_INCHES, _PLAUSIBLE_DPI.start), 600)
        known = (guess, guess)
    width, height = image.width * 72 / known[0], image.height * 72 / known[1]
    shrunk = min(1.0, _MAX_PAGE_UNITS / max(width, height))
    return width * shrunk, height * shrunk


def _to_pdf(sheet: Any) -> Any:
    """What takes points of the page as it is shown to PDF units of its content."""
    box, shown = pymupdf.mupdf.FzRect(), pymupdf.mupdf.FzMatrix()
    pymupdf.mupdf.pdf_page_transform(pymupdf.mupdf.pdf_page_from_fz_page(sheet.this), box, shown)
    matrix = pymupdf.Matrix(shown.a, shown.b, shown.c, shown.d, shown.e, shown.f)
    return ~matrix


def _own_text(sheet: Any) -> list[Any] | None:
    """Where the page shows text of its own; None where it has text, but all of it invisible: an earlier layer."""
    spans = sheet.get_texttrace()
    seen = [pymupdf.Rect(span["bbox"]) for span in spans if span["type"] != _INVISIBLE_TEXT_MODE]
    return None if spans and not seen else seen


def _remove_text(sheet: Any) -> None:
    """Remove the text of a page, and nothing else."""
    sheet.add_redact_annot(sheet.rect, fill=False)
    sheet.apply_redactions(
        images=pymupdf.PDF_REDACT_IMAGE_NONE,
        graphics=pymupdf.PDF_REDACT_LINE_ART_NONE,
        text=pymupdf.PDF_REDACT_TEXT_REMOVE,
    )


def _is_uncovered(box: Box, covered: list[Any]) -> bool:
    """Whether no text of the page's own stands where the word is."""
    word = pymupdf.Rect(box)
    return not any(abs(word & rect) > _MAX_COVERED_SHARE * abs(word) for rect in covered if word.intersects(rect))


def _prepend_layer(pdf: Any, sheet: Any, layer: bytes, font: int) -> None:
    """Add a stream before the page's own, where the coordinates are still those of the page, and the font."""
    mupdf = pymupdf.mupdf
    page = mupdf.pdf_page_from_fz_page(sheet.this)
    document = mupdf.pdf_get_bound_document(page.obj())
    stream = pdf.get_new_xref()
    pdf.update_object(stream, "<< >>")
    pdf.update_stream(stream, layer, new=True)
    contents = mupdf.pdf_new_array(document, 2)
    mupdf.pdf_array_push(contents, mupdf.pdf_new_indirect(document, stream, 0))
    old = mupdf.pdf_dict_get(page.obj(), mupdf.pdf_new_name("Contents"))
    for i in range(mupdf.pdf_array_len(old)) if mupdf.pdf_is_array(old) else ():
        mupdf.pdf_array_push(contents, mupdf.pdf_array_get(old, i))
    if mupdf.pdf_is_stream(old):
        mupdf.pdf_array_push(contents, old)
    mupdf.pdf_dict_put(page.obj(), mupdf.pdf_new_name("Contents"), contents)
    resources = _dictionary_in(page.obj(), "Resources", mupdf.pdf_page_resources(page))
    fonts = _dictionary_in(resources, "Font", mupdf.pdf_dict_get(resources, mupdf.pdf_new_name("Font")))
    mupdf.pdf_dict_put(fonts, mupdf.pdf_new_name(NAME), mupdf.pdf_new_indirect(document, font, 0))


def _dictionary_in(above: Any, name: str, found: Any) -> Any:
    """The dictionary of that name, made where there is none."""
    if pymupdf.mupdf.pdf_is_dict(found):
        return found
    return pymupdf.mupdf.pdf_dict_put_dict(above, pymupdf.mupdf.pdf_new_name(name), 4)


def _info_dictionary(pdf: Any) -> int:
    """Number of the document's information dictionary, made where there is none."""
    kind, value = pdf.xref_get_key(-1, "Info")
    if kind == "xref":
        return int(value.split()[0])
    number = pdf.get_new_xref()
    pdf.update_object(number, "<< >>")
    pdf.xref_set_key(-1, "Info", f"{number} 0 R")
    return int(number)
