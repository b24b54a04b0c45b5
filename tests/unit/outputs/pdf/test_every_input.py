"""The ``pdf`` output of every kind of input looks like its source: each page at 40 DPI, annotations included.

Poppler shows the pages, which has written none of them.
"""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops

from every_input import PDFS, PICTURES
from scanmend.document import CorrectedPage, Line, Page, Word
from scanmend.outputs.page_file import PageFile
from scanmend.pageworkers.compose import compose
from scanmend.source.render import inspect, render
from scanmend.source.settings import SourceLimits

LIMITS = SourceLimits(max_pages=10, max_megapixels=20, render_dpi=72)
COARSE = (120, 24)
"""Width and height in pixels in which pictures are compared, so that it does not matter how Poppler scales them."""
ALIKE = 0.75
"""Least correlation of a picture with its page: 0.81 and more were found, with pages turned by 180° at most 0.55."""
BROKEN_INDEX = {"scan, index broken"}
"""What cannot be appended to, so that the output is written anew."""


def composed(source: Path) -> tuple[Path, list[Image.Image], list[str]]:
    """The pdf output with two words on each page, the page images that OCR would get, and codes of warnings."""
    pages, images = PageFile(source.with_name("pages")), []
    for number in range(1, inspect(source, LIMITS).pages + 1):
        rendered = render(source, number, source.parent, LIMITS)
        width, height = rendered.width, rendered.height
        with Image.open(rendered.path) as image:
            images.append(image.convert("L"))
        words = (
            Word("first", (width // 8, height // 3, width // 2, height // 2), 90.0),
            Word("last", (width // 2, height // 2, width - 1, height - 1), 90.0),
        )
        pages.append(CorrectedPage(Page(number, (Line(words),), width, height, rendered.dpi), "", ()))
    target = source.with_name("made.pdf")
    facts = {"title": "A title", "sha256": "00" * 32, "source": source.name}
    warnings = compose(source, pages.path, {"pdf": target}, facts, lambda: None)
    return target, images, [warning.code for warning in warnings]


def shown(pdf: Path) -> list[Image.Image]:
    """Every page at 40 DPI in grey, with its annotations."""
    tool = shutil.which("pdftoppm")
    assert tool, "install poppler-utils; scripts/setup does"
    stem = pdf.with_name(f"{pdf.stem}-shown")
    subprocess.run([tool, "-r", "40", "-gray", pdf, stem], capture_output=True, check=True)
    pages = []
    for path in sorted(pdf.parent.glob(f"{stem.name}-*.pgm")):
        with Image.open(path) as image:
            pages.append(image.convert("L"))
    return pages


@pytest.mark.parametrize("name", PDFS)
def test_a_pdf_looks_as_it_did(tmp_path, name):
    """Pixel by pixel, whatever text is taken out of its pages or laid over them."""
    source = tmp_path / "source.pdf"
    PDFS[name](source)
    made, _, codes = composed(source)
    before, after = shown(source), shown(made)
    assert len(after) == inspect(source, LIMITS).pages
    for one, other in zip(before, after, strict=len(before) == len(after)):  # Poppler shows pages that are not there
        assert one.size == other.size
        assert ImageChops.difference(one, other).getextrema()[1] <= 2
        assert one.getextrema()[0] < 200, "an empty page proves nothing"
    assert codes == (["pdf_rewritten"] if name in BROKEN_INDEX else [])


@pytest.mark.parametrize(
    "name",
    [
        name if not name.startswith("tiff, ") or n % 4 == 0 else pytest.param(name, marks=pytest.mark.thorough)
        for n, name in enumerate(PICTURES)
    ],
)
def test_a_picture_looks_as_ocr_saw_it(tmp_path, name):
    """Upright, whole, dark where it is dark, in the shape that it has."""
    source = tmp_path / "source"
    PICTURES[name](source)
    made, images, codes = composed(source)
    after = shown(made)
    assert len(images) == len(after) > 0
    for seen, page in zip(images, after, strict=True):
        assert page.width / page.height == pytest.approx(seen.width / seen.height, rel=0.12)  # of some 20 rows
        one, other = (np.asarray(image.resize(COARSE, Image.Resampling.BOX), float) for image in (seen, page))
        assert one.std() > 12, "an empty page proves nothing"
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > ALIKE
        assert abs(one.mean() - other.mean()) < 6
    assert codes == []
