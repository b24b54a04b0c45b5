"""Pages of a source as pictures for people: in colour, upright and no larger than asked for, one at a time."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from scanmend.fs.safe_open import open_source
from scanmend.source.image.image_file import ImageFile, open_image_file
from scanmend.source.pdf.bounds import HEAD_BYTES, has_header
from scanmend.source.settings import PageLook


class Preview:
    """An open source whose pages can be shown; from ``open_preview``."""

    def __init__(self, image: ImageFile | None, pdf: Any) -> None:
        """``image``: an open image file, or None; ``pdf``: a document of MuPDF, or None. One of them is given."""
        self.image, self._pdf = image, pdf

    @property
    def pages(self) -> int:
        """How many pages a PDF has; 0 where the source is an image."""
        return 0 if self._pdf is None else int(self._pdf.page_count)

    def jpeg(self, number: int, width: int, quality: int, turned: int = 0) -> bytes:
        """Return page ``number`` (1-based) as a JPEG of at most ``width`` pixels across.

        ``quality``: JPEG quality, 0 to 100; ``turned``: degrees clockwise, a multiple of 90. What MuPDF and Pillow
        raise on damage.
        """
        if self.image is None:
            picture = self._of_pdf(number, width, turned)
        else:
            picture = self._of_image(self.image, number, width, turned)
        packed = io.BytesIO()
        picture.save(packed, "JPEG", quality=quality, optimize=True)
        return packed.getvalue()

    def png(self, look: PageLook, target: Path) -> None:
        """Write a page, or what is cut out of it, as a PNG, which appears whole; as ``jpeg``, and OSError."""
        width, height = look.shown
        if self.image is None:
            picture = self._of_pdf(look.number, max(width, round(height * 0.7)), look.turned)
        else:
            picture = self._upright(self.image, look.number, look.turned)
        if picture.size != look.shown:
            picture = picture.resize(look.shown, Image.Resampling.BOX)
        if look.box is not None:
            x, y = width / max(1, look.size[0]), height / max(1, look.size[1])
            left, top, right, bottom = look.box
            picture = picture.crop((round(left * x), round(top * y), round(right * x), round(bottom * y)))
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        try:
            _grey_if_colourless(picture).save(part, "PNG", compress_level=3)
            part.rename(target)
        finally:
            part.unlink(missing_ok=True)

    def _of_pdf(self, number: int, width: int, turned: int) -> Image.Image:
        import pymupdf  # noqa: PLC0415 -- a third of a page worker's start; images do without

        from scanmend.source.pdf.masked_fields import hide_masked_fields  # noqa: PLC0415 -- loads MuPDF

        sheet = self._pdf.load_page(number - 1)
        hide_masked_fields(sheet)
        rotation = pymupdf.Matrix(turned)
        upright = sheet.rect * rotation
        zoom = width / max(upright.width, upright.height * 0.7)
        pixels = sheet.get_pixmap(matrix=rotation * pymupdf.Matrix(zoom, zoom), alpha=False)
        pymupdf.TOOLS.store_shrink(100)  # no page is asked for twice
        return _grey_if_colourless(Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples))

    def _of_image(self, image: ImageFile, number: int, width: int, turned: int) -> Image.Image:
        picture = self._upright(image, number, turned)
        picture.thumbnail((width, round(width / 0.7)), Image.Resampling.BOX)
        return _grey_if_colourless(picture)

    @staticmethod
    def _upright(image: ImageFile, number: int, turned: int) -> Image.Image:
        picture = image.page(number).picture
        picture = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
        return picture.rotate(-turned, expand=True) if turned else picture


@contextmanager
def open_preview(path: Path) -> Iterator[Preview]:
    """Open a source, recognised by content as for OCR; OSError, and what MuPDF and Pillow raise on damage."""
    with open_source(path) as file:
        is_pdf = has_header(file.read(HEAD_BYTES))
    if is_pdf:
        from scanmend.source.render_pdf import open_pdf  # noqa: PLC0415 -- loads MuPDF

        with open_pdf(path) as pdf:
            yield Preview(None, pdf)
            return
    with open_image_file(path, _any_size) as image:  # OCR has had it, within its limits
        yield Preview(image, None)


def _any_size(_width: int, _height: int, _number: int) -> None:
    """Refuse nothing."""


def _grey_if_colourless(picture: Image.Image) -> Image.Image:
    """Convert to grey where there is no colour, which makes the JPEG smaller."""
    if picture.mode == "L":
        return picture
    seen = picture.convert("RGB")
    return seen if _has_colour(seen) else seen.convert("L")


def _has_colour(picture: Image.Image) -> bool:
    small = picture.resize((64, 64), Image.Resampling.BOX).convert("HSV")
    return bool(small.getchannel("S").getextrema()[1] > 40)  # type: ignore[operator]  # noqa: PLR2004 -- of 255; paper is yellowish
