"""Barcodes or patch codes on a page, found on its image, with boxes as those of its words."""

import numpy as np

from scanmend.document import Mark, Page
from scanmend.marks.patch_codes import find_patch_codes
from scanmend.ocr.transform import full_copy
from scanmend.source.page_image import PageImage
from scanmend.source.settings import MarksWanted


def find_marks(image: PageImage, page: Page, wanted: MarksWanted) -> tuple[Mark, ...]:
    """Return the marks of the wanted kind on the image of a page, which is turned upright as the page is."""
    upright = np.rot90(full_copy(image), -page.turned // 90)
    found: tuple[Mark, ...] = ()
    if "barcodes" in wanted:
        from scanmend.marks.barcodes import find_barcodes  # noqa: PLC0415 -- loads zxing-cpp, which few folders need

        found = find_barcodes(upright)
    if "patch codes" in wanted:
        found += find_patch_codes(upright, image.dpi)
    found = tuple(sorted(found, key=lambda mark: mark.box[1]))
    height, width = upright.shape
    if not page.width or (page.width, page.height) == (width, height):
        return found
    return tuple(
        Mark(
            mark.kind,
            mark.value,
            (
                round(mark.box[0] * page.width / width),
                round(mark.box[1] * page.height / height),
                round(mark.box[2] * page.width / width),
                round(mark.box[3] * page.height / height),
            ),
        )
        for mark in found
    )
