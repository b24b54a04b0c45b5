"""Pages of a source as JPEG previews for people: in colour, upright and no larger than asked for, one at a time."""

import io
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pymupdf
from PIL import Image, ImageOps

from scanmend.fs.safe_open import open_source
from scanmend.source.pdf.bounds import HEAD_BYTES, has_header
from scanmend.source.pdf.masked_fields import hide_masked_fields
from scanmend.source.render_image import IMAGE_FORMATS
from scanmend.source.render_pdf import open_pdf


class Preview:
    """An open source whose pages can be shown; from ``open_preview``."""

    def __init__(self, image: Image.Image | None, pdf: Any) -> None:
        """``image``: an open image, or None; ``pdf``: a document of MuPDF, or None. One of them is given."""
        self.image, self._pdf = image, pdf

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

    def _of_pdf(self, number: int, width: int, turned: int) -> Image.Image:
        sheet = self._pdf.load_page(number - 1)
        hide_masked_fields(sheet)
        rotation = pymupdf.Matrix(turned)
        upright = sheet.rect * rotation
        zoom = width / max(upright.width, upright.height * 0.7)
        pixels = sheet.get_pixmap(matrix=rotation * pymupdf.Matrix(zoom, zoom), alpha=False)
        pymupdf.TOOLS.store_shrink(100)  # no page is asked for twice
        return _grey_if_colourless(Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples))

    @staticmethod
    def _of_image(image: Image.Image, number: int, width: int, turned: int) -> Image.Image:
        if number > 1:
            image.seek(number - 1)
        picture = image.convert("L") if image.mode == "1" else image.copy()
        if image.mode.startswith("I") or image.mode == "F":
            white = max(float(picture.getextrema()[1]), 1.0)  # type: ignore[arg-type]
            picture = picture.convert("F").point(lambda v: v * (255.0 / white) + 0.0).convert("L")
        if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
            seen = picture.convert("RGBA")
            picture = Image.new("RGB", seen.size, "white")
            picture.paste(seen, mask=seen.getchannel("A"))
        upright = ImageOps.exif_transpose(picture)
        upright = upright.rotate(-turned, expand=True) if turned else upright
        upright.thumbnail((width, round(width / 0.7)), Image.Resampling.BOX)
        return _grey_if_colourless(upright)


@contextmanager
def open_preview(path: Path) -> Iterator[Preview]:
    """Open a source, recognised by content as for OCR; OSError, and what MuPDF and Pillow raise on damage."""
    with ExitStack() as stack:
        file = stack.enter_context(open_source(path))
        if has_header(file.read(HEAD_BYTES)):
            yield Preview(None, stack.enter_context(open_pdf(path)))
            return
        file.seek(0, os.SEEK_SET)
        yield Preview(stack.enter_context(Image.open(file, formats=IMAGE_FORMATS)), None)


def _grey_if_colourless(picture: Image.Image) -> Image.Image:
    """Convert to grey where there is no colour, which makes the JPEG smaller."""
    if picture.mode == "L":
        return picture
    seen = picture.convert("RGB")
    return seen if _has_colour(seen) else seen.convert("L")


def _has_colour(picture: Image.Image) -> bool:
    small = picture.resize((64, 64), Image.Resampling.BOX).convert("HSV")
    return bool(small.getchannel("S").getextrema()[1] > 40)  # type: ignore[operator]  # noqa: PLR2004 -- of 255; paper is yellowish
