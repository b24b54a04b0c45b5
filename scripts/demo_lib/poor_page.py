"""Draw a page of small print at 100 DPI, for trials of an installation.

Tesseract reads ``commuttee`` where the page has ``committee``, and the second reader, or with it the model, mends that.
``python poor_page.py FILE.png``, with a Python that has PyMuPDF.
"""

import sys

import pymupdf

LINES = (
    "We have received the invoice of the last month,",
    "and the committee will discuss it on Thursday.",
    "Please send the remaining documents to the",
    "secretary before the end of the next week,",
    "because the publisher wants to see them.",
)
POINTS, DPI = 7, 100


def draw(path: str) -> None:
    """Write the page as an image; its suffix says of which kind."""
    page = pymupdf.open().new_page(width=340, height=140)
    for number, line in enumerate(LINES):
        page.insert_text((20, 25 + number * 20), line, fontsize=POINTS, fontname="tiro")
    page.get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY).save(path)


if __name__ == "__main__":
    draw(sys.argv[1])
