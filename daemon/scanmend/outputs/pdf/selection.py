"""Some pages of a PDF as a PDF of their own: its objects as they are, without the pages that are not wanted.

No page is painted or packed anew. MuPDF takes the other pages out of the page tree, and with them links, bookmarks and
named places that lead to them; labels stay with their pages. What only the pages left out needed is not written.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymupdf

from scanmend.document import DocumentWarning
from scanmend.source.pdf.page_tree import mend_page_tree
from scanmend.source.render_pdf import open_pdf


def save_selection(source: Path, target: Path, numbers: Sequence[int]) -> tuple[DocumentWarning, ...]:
    """Write the pages of these 1-based numbers to ``target``; return what could not be kept.

    OSError, and what MuPDF raises on damage.
    """
    with open_pdf(source) as pdf:
        mend_page_tree(pdf)  # as when it was read, so that page numbers are the same
        signed, attached = pdf.get_sigflags() > 0, pdf.embfile_count() > 0
        labels = _labels(pdf, numbers)
        pdf.select([number - 1 for number in numbers])
        if labels:
            pdf.set_page_labels(labels)
        # the same bytes each time, as a document is written again after a crash
        pdf.save(str(target), garbage=2, no_new_id=True, encryption=pymupdf.PDF_ENCRYPT_KEEP)
    lost = [
        *(["its digital signatures do not hold for them"] if signed else []),
        *(["what is attached to it is not attached to them"] if attached else []),
    ]
    if not lost:
        return ()
    text = f"the pdf output has only some pages of the source; {' and '.join(lost)}: see the scan itself"
    return (DocumentWarning("pdf_pages_taken_out", text),)


def _labels(pdf: Any, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Return rules by which each of the pages keeps its label; none where the document has no labels."""
    if not pdf.get_page_labels():
        return []
    return [
        {"startpage": i, "prefix": pdf.load_page(number - 1).get_label(), "style": "", "firstpagenum": 1}
        for i, number in enumerate(numbers)
    ]
