"""The ``.pdf`` output of a PDF: a copy with the corrected words as invisible text over their boxes.

The text is appended to the copy as an incremental update, so that it keeps every byte that it had. Hidden text that a
page has, the layer of another OCR program, is taken out of its content streams by the same update: annotations, links
and all else of the document are not touched.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymupdf

from scanmend.document import Box, CorrectedPage, DocumentWarning
from scanmend.fs.safe_open import open_source
from scanmend.outputs.pdf.glyphless import NAME, Font
from scanmend.outputs.pdf.repaired import save_repaired
from scanmend.outputs.pdf.selection import save_selection
from scanmend.outputs.pdf.text_layer import scale_to_page, text_layer
from scanmend.outputs.pdf.writer import text_string
from scanmend.source.passwords import unlock
from scanmend.source.pdf.bounds import find_end
from scanmend.source.pdf.page_tree import mend_page_tree
from scanmend.source.pdf_content.hidden import take_out_hidden_text
from scanmend.source.pdf_content.rewrite import edit_content
from scanmend.source.render_pdf import open_clear_parts, open_pdf

_MAX_COVERED_SHARE = 0.3
"""A word is not written where the page's own text covers more than this share of its box: it is there already."""
_CACHE_PAGES = 50
"""Pages after which MuPDF's cache is emptied, which would otherwise grow with the document."""


class FromPdf:
    """Writes a searchable copy of a PDF, page by page."""

    def __init__(self, source: Path, target: Path, title: str, numbers: Sequence[int] | None = None) -> None:
        """Copy ``source`` to ``target``; ``title`` is set where the document has none.

        ``numbers``: 1-based numbers of the pages that the copy is to have; None for all. OSError, and what MuPDF raises
        on damage.
        """
        self._target = target
        self._indexes = None if numbers is None else {number: i for i, number in enumerate(numbers)}
        self.warnings: list[DocumentWarning] = []
        """What of the document could not be kept, or not replaced; complete after ``finish``."""
        if numbers is None:
            with open_source(source) as file, target.open("wb") as copy:
                shutil.copyfileobj(file, copy)
        else:
            self.warnings += save_selection(source, target, numbers)
        self._pdf = _open_copy(target)
        if self._pdf.needs_pass and not self._pdf.authenticate("") and not open_clear_parts(self._pdf):
            unlock(self._pdf)
        mend_page_tree(self._pdf)  # as when it was read, so that page numbers are the same
        self._font = Font()
        self._font_number = self._pdf.get_new_xref()
        self._title = title

    def add(self, page: CorrectedPage) -> None:
        """Lay the corrected words over a page; visible text that it has stays, and is not doubled.

        Pages that were not read by OCR are left as they are.
        """
        if page.page.origin != "ocr":
            return
        sheet = self._pdf.load_page(self._index(page.page.number))
        if page.page.turned:
            sheet.set_rotation((sheet.rotation + page.page.turned) % 360)
        if page.page.number % _CACHE_PAGES == 0:
            pymupdf.TOOLS.store_shrink(100)
        if not page.page.width or not page.page.height:
            return
        self._take_out_hidden_text(sheet, page.page.number)
        own = _own_text(sheet)
        shown = pymupdf.Matrix(*scale_to_page(page.page, (sheet.rect.width, sheet.rect.height)))
        covered = [rect * ~shown for rect in own]
        layer = text_layer(
            page, tuple(shown * _to_pdf(sheet)), self._font, NAME, lambda box: _is_uncovered(box, covered)
        )
        if layer:
            _prepend_layer(self._pdf, sheet, layer, self._font_number)

    def finish(self) -> None:
        """Write the font, now that all text is known, and the incremental update."""
        self._font.add_to(self._add_object, self._font_number)
        if not (self._pdf.metadata or {}).get("title"):
            self._pdf.xref_set_key(_info_dictionary(self._pdf), "Title", text_string(self._title))
        if self._pdf.can_save_incrementally():
            self._pdf.save(str(self._target), incremental=True, encryption=pymupdf.PDF_ENCRYPT_KEEP, no_new_id=True)
            self._pdf.close()
        else:  # MuPDF repaired it
            self.warnings.append(save_repaired(self._pdf, self._target))

    def _index(self, number: int) -> int:
        """Return where a page of the source is in the copy, from 0."""
        return number - 1 if self._indexes is None else self._indexes[number]

    def _take_out_hidden_text(self, sheet: Any, number: int) -> None:
        """Take out of the page what is found to be hidden in the untouched copy, which can be changed and looked at."""
        with open_pdf(self._target) as pdf:
            found = take_out_hidden_text(pdf, sheet.number + 1)
        if found.edits:
            edit_content(self._pdf, sheet, found.text, found.edits)
        if found.taken < found.hidden:
            self.warnings.append(
                DocumentWarning(
                    "old_text_kept",
                    "an earlier invisible text of the page stays beside the new one in the pdf output, as the page "
                    "would look different without it",
                    number,
                )
            )

    def _add_object(self, inside: str, stream: bytes | None, number: int | None) -> int:
        number = number or int(self._pdf.get_new_xref())
        self._pdf.update_object(number, f"<< {inside} >>")
        if stream is not None:
            self._pdf.update_stream(number, stream, new=True)
        return number


def _open_copy(target: Path) -> Any:
    """Open the copy of a PDF; without what stands behind its end, if that keeps MuPDF from finding its index."""
    pdf = pymupdf.open(str(target), filetype="pdf")
    if not pdf.is_repaired:
        return pdf
    with target.open("r+b") as copy:
        size = copy.seek(0, os.SEEK_END)
        end = find_end(copy.fileno(), size, most=size)
        if end is None or end == size:
            return pdf
        pdf.close()
        copy.truncate(end)
    return pymupdf.open(str(target), filetype="pdf")


def _to_pdf(sheet: Any) -> Any:
    """Return the matrix from points of the page as shown to PDF units of its content."""
    box, shown = pymupdf.mupdf.FzRect(), pymupdf.mupdf.FzMatrix()
    pymupdf.mupdf.pdf_page_transform(pymupdf.mupdf.pdf_page_from_fz_page(sheet.this), box, shown)
    matrix = pymupdf.Matrix(shown.a, shown.b, shown.c, shown.d, shown.e, shown.f)
    return ~matrix


def _own_text(sheet: Any) -> list[Any]:
    """Boxes of the text that the page shows itself, as the page is shown."""
    return [
        pymupdf.Rect(span["bbox"]) * sheet.rotation_matrix
        for span in sheet.get_texttrace()
        if any(chr(char[0]) > " " for char in span["chars"])
    ]


def _is_uncovered(box: Box, covered: list[Any]) -> bool:
    """Whether the page's own text leaves the box of a word mostly uncovered."""
    word = pymupdf.Rect(box)
    return not any(abs(word & rect) > _MAX_COVERED_SHARE * abs(word) for rect in covered if word.intersects(rect))


def _prepend_layer(pdf: Any, sheet: Any, layer: bytes, font: int) -> None:
    """Add the font, and ``layer`` as the first content stream, where coordinates are still those of the page."""
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
    """Return ``found`` if it is a dictionary, else a new one under this name."""
    if pymupdf.mupdf.pdf_is_dict(found):
        return found
    return pymupdf.mupdf.pdf_dict_put_dict(above, pymupdf.mupdf.pdf_new_name(name), 4)


def _info_dictionary(pdf: Any) -> int:
    """Return the object number of the document's information dictionary, which is added if there is none."""
    kind, value = pdf.xref_get_key(-1, "Info")
    if kind == "xref":
        return int(value.split()[0])
    number = pdf.get_new_xref()
    pdf.update_object(number, "<< >>")
    pdf.xref_set_key(-1, "Info", f"{number} 0 R")
    return int(number)
