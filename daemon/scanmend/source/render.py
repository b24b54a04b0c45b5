"""Inspects sources and renders their pages: PDF with MuPDF, images with Pillow, recognised by content, not by suffix.

Runs in page workers only: both libraries parse untrusted files in native code. MuPDF, which takes a third of the time
that a worker needs to start, is loaded with the first PDF: that is why the functions below import what uses it.
"""

import hashlib
from pathlib import Path

from scanmend.document import DocumentWarning
from scanmend.errors import DocumentError
from scanmend.fs.safe_open import open_source
from scanmend.source.damage import damage_as_document_error
from scanmend.source.page_image import PageImage
from scanmend.source.pdf.bounds import HEAD_BYTES, has_header
from scanmend.source.render_image import open_image, render_image_page
from scanmend.source.settings import Inspection, SourceLimits


def inspect(path: Path, limits: SourceLimits) -> Inspection:
    """Digest a source and count its pages; DocumentError when it cannot be a scan, OSError when it cannot be read."""
    with open_source(path) as file:
        head = file.read(HEAD_BYTES)
        if not head:
            raise DocumentError("the file is empty (0 bytes)")
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    noted: list[DocumentWarning] = []
    with damage_as_document_error("the file is damaged"):
        if has_header(head):
            from scanmend.source.pdf.stand_ins import stand_in_warnings  # noqa: PLC0415 -- loads MuPDF
            from scanmend.source.render_pdf import open_pdf  # noqa: PLC0415 -- loads MuPDF

            with open_pdf(path, noted) as pdf:
                kind, pages = "pdf", pdf.page_count
                if 0 < pages <= limits.max_pages:
                    noted += stand_in_warnings(pdf)
        else:
            with open_image(path, limits) as image:
                kind, pages = image.kind, image.pages
    if pages < 1:
        raise DocumentError("the document has no pages")
    if pages > limits.max_pages:
        raise DocumentError(f"the document has {pages} pages, more than max_pages: {limits.max_pages} allows")
    return Inspection(kind, pages, sha256, tuple(noted))


def render(path: Path, number: int, work: Path, limits: SourceLimits) -> PageImage:
    """Write the image of page ``number`` (1-based) into the folder ``work``.

    DocumentError when the page cannot be read, OcrError when MuPDF cannot read the file, StorageError when the image
    cannot be written, OSError when the system refuses to read the file.
    """
    with damage_as_document_error(f"page {number} is damaged"):
        if not is_pdf(path):
            return render_image_page(path, number, work, limits)
        from scanmend.source.render_pdf import render_pdf_page  # noqa: PLC0415 -- loads MuPDF

        return render_pdf_page(path, number, work, limits)


def is_pdf(path: Path) -> bool:
    """Whether the file has a PDF's header; OSError."""
    with open_source(path) as file:
        return has_header(file.read(HEAD_BYTES))
