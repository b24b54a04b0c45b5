"""The ``.pdf`` output of an image file: its images on pages of their own, with the corrected words as invisible text.

Images go in with the data that they came in, where PDF can hold it (``image``).
"""

from collections.abc import Callable
from pathlib import Path

from scanmend.document import CorrectedPage
from scanmend.outputs.pdf.glyphless import NAME, Font
from scanmend.outputs.pdf.image import add_image
from scanmend.outputs.pdf.text_layer import Matrix, product, scale_to_page, text_layer
from scanmend.outputs.pdf.writer import PdfFile, producer, text_string, xmp
from scanmend.source.image.image_file import ImageFile
from scanmend.source.image.image_page import ImagePage

_GUESSED_DPI = range(70, 601)
"""Resolutions that are assumed where the image gives none that is believed."""
_A4_LONGER_SIDE_INCHES = 11.69
"""Assumed length of the longer side, that of A4, where the image gives no resolution that is believed."""
_MAX_PAGE_UNITS = 14_400
"""Longest side of a page that PDF allows, in its units of 1/72 inch."""

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
"""Matrix that draws an image upright on a page of this width and height, by the image's EXIF orientation."""

_BY_ROTATION: dict[int, Callable[[float, float], Matrix]] = {
    0: lambda _w, _h: (1, 0, 0, 1, 0, 0),
    90: lambda w, _h: (0, -1, 1, 0, 0, w),
    180: lambda w, h: (-1, 0, 0, -1, w, h),
    270: lambda _w, h: (0, 1, -1, 0, h, 0),
}
"""Matrix that turns the content of a page of this width and height, by degrees clockwise."""


class FromImages:
    """Writes a PDF of the images of a source, page by page."""

    def __init__(self, source: Path, image: ImageFile, target: Path, title: str, id_: bytes) -> None:
        """``image``: ``source``, opened; ``id_``: 16 bytes that identify the file. OSError."""
        self._source, self._image = source, image
        self._file = target.open("wb")
        self._pdf = PdfFile(self._file)
        self._font = Font()
        self._font_number, self._tree = self._pdf.reserve(), self._pdf.reserve()
        self._pages: list[int] = []
        self._title, self._id = title, id_

    def add(self, page: CorrectedPage) -> None:
        """Write one page: its text, and the image over it.

        OSError, and what Pillow raises on damage.
        """
        image = self._image.page(page.page.number)
        scan, (across, down), orientation = add_image(self._pdf, self._source, image)
        width, height = _size(image, (down, across) if orientation in (5, 6, 7, 8) else (across, down), page.page.dpi)
        orient = _BY_EXIF_ORIENTATION[orientation]
        drawn = product(orient(width, height), _BY_ROTATION[page.page.turned](width, height))
        if page.page.turned in (90, 270):
            width, height = height, width
        content = b""
        if page.page.width and page.page.height:
            to_pdf = product(scale_to_page(page.page, (width, height)), (1, 0, 0, -1, 0, height))
            content = text_layer(page, to_pdf, self._font, NAME)
        numbers = " ".join(f"{n:.4f}" for n in drawn)
        content += f"q {numbers} cm /Scan Do Q\n".encode("ascii")
        stream = self._pdf.add("", content)
        self._pages.append(
            self._pdf.add(
                f"/Type /Page /Parent {self._tree} 0 R /MediaBox [0 0 {width:.4f} {height:.4f}] /Contents {stream} 0 R "
                f"/Resources << /XObject << /Scan {scan} 0 R >> /Font << /{NAME} {self._font_number} 0 R >> >>"
            )
        )

    def finish(self) -> None:
        """Write the font, the page tree and the metadata, and close the file."""
        self._font.add_to(self._pdf.add, self._font_number)
        kids = " ".join(f"{n} 0 R" for n in self._pages)
        self._pdf.add(f"/Type /Pages /Count {len(self._pages)} /Kids [{kids}]", number=self._tree)
        # Uncompressed, as archives want to read the metadata without a filter.
        described = self._pdf.add("/Type /Metadata /Subtype /XML", xmp(self._title), packed=True)
        root = self._pdf.add(
            f"/Type /Catalog /Pages {self._tree} 0 R /Metadata {described} 0 R "
            "/ViewerPreferences << /DisplayDocTitle true >>"
        )
        info = self._pdf.add(f"/Title {text_string(self._title)} /Producer {text_string(producer())}")
        self._pdf.finish(root, info, self._id)
        self.close()

    def close(self) -> None:
        """Close the file, finished or not."""
        self._file.close()


def _size(image: ImagePage, pixels: tuple[int, int], dpi: int) -> tuple[float, float]:
    """Width and height of the upright image's page in points, before OCR turned it.

    ``pixels``: the image's size; ``dpi``: the resolution that OCR went by, 0 where unknown.
    """
    guess = dpi or min(max(max(pixels) / _A4_LONGER_SIDE_INCHES, _GUESSED_DPI.start), _GUESSED_DPI.stop - 1)
    across, down = image.resolution or (guess, guess)
    width, height = pixels[0] * 72 / across, pixels[1] * 72 / down
    shrunk = min(1.0, _MAX_PAGE_UNITS / max(width, height))
    return width * shrunk, height * shrunk
