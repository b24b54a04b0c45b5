"""A page image read as well as can be: prepared as it needs, and read again, differently, where the reading looks poor.

A look at a small copy tells what pays before any reading. What costs another reading is tried only where the first
one looks poor, and kept only where it turns out better (``quality.worth``).
"""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from scanmend.document import Page
from scanmend.errors import DocumentError, OcrError
from scanmend.ocr import tesseract
from scanmend.ocr.page_analysis import analyse
from scanmend.ocr.quality import Quality, quality_of
from scanmend.ocr.transform import PageTransform, small_copy, transformed
from scanmend.source.page_image import PageImage
from scanmend.source.settings import ReadSettings

STEPS = ("invert", "light", "straighten", "turn", "resolution", "layout")
"""What can be done; ``scripts/bench/reading.py`` measures each."""

RETRY_CONFIDENCE = 85.0
"""Mean confidence, 0–100, below which another reading is tried."""
RETRY_TORN_SHARE = 0.025
"""Share of words torn from their rows above which another layout is tried."""
ROTATE_CONFIDENCE = 60.0
"""Mean confidence, 0–100, below which the page may stand on its head."""
MIN_WORTH_RATIO = 1.02
"""How much more another reading has to be worth than the one at hand."""
SMALL_TEXT_PX, LARGE_TEXT_PX = 16.0, 45.0
"""Median height of words, in pixels, below which the image is enlarged and above which it is reduced."""

_RETRY_TIME_FACTOR = 3.0
"""A page is not read again unless so many times the time that its first reading took is left."""
_LAYOUT_STEPS: dict[tesseract.Layout, tuple[str, ...]] = {
    "page": (),
    "column": ("read as one column",),
    "block": ("read as one block",),
}


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One reading and how it came about."""

    transform: PageTransform
    layout: tesseract.Layout
    page: Page
    """As read, with boxes in the prepared image."""
    quality: Quality


def read(image: PageImage, number: int, settings: ReadSettings, steps: Collection[str] = STEPS) -> Page:
    """Read a page image with the preparation that it needs; boxes are of the page as it is upright.

    OcrError and DocumentError as ``tesseract.read``, OSError when an image cannot be written.
    """
    if not steps:
        return tesseract.read(image, number, settings.languages, settings.limit_s, alternatives=settings.alternatives)
    reader = _BestReading(image, number, settings, steps)
    first_s = reader.spent_s
    for transform, layout in reader.candidates():
        if settings.limit_s - reader.spent_s < _RETRY_TIME_FACTOR * first_s:
            break
        reader.try_candidate(transform, layout)
    return reader.page()


class _BestReading:
    """The best reading of one page so far."""

    def __init__(self, image: PageImage, number: int, settings: ReadSettings, steps: Collection[str]) -> None:
        self._image, self._number, self._settings, self._steps = image, number, settings, steps
        self._small = small_copy(image)
        self._last_image = PageTransform(), image
        self.spent_s = 0.0
        self._best = self._read(self._transform_for(0), "page")

    def candidates(self) -> Iterator[tuple[PageTransform, tesseract.Layout]]:
        """Yield what else may help, for as long as the best reading leaves something to be wished for."""
        if self._best.quality.letters:
            yield from self._rotations()
            yield from self._rescalings()
            yield from self._layouts()

    def try_candidate(self, transform: PageTransform, layout: tesseract.Layout) -> None:
        """Read once more, and keep what turns out better."""
        started = time.monotonic()
        try:
            other = self._read(transform, layout)
        except (OcrError, DocumentError, OSError):  # the reading at hand is what it would be without this one
            self.spent_s += time.monotonic() - started
            return
        if other.quality.worth > MIN_WORTH_RATIO * self._best.quality.worth:
            self._best = other

    def page(self) -> Page:
        """The best reading, as of the page."""
        best = self._best
        return replace(
            best.transform.mapping(self._image).to_page(best.page),
            dpi=self._image.dpi,
            seconds=round(self.spent_s, 3),
            turned=best.transform.turned,
            steps=(*best.transform.steps, *_LAYOUT_STEPS[best.layout]),
        )

    def _rotations(self) -> Iterator[tuple[PageTransform, tesseract.Layout]]:
        if "turn" not in self._steps:
            return
        if self._best.quality.sideways:
            # Tesseract turns sideways pages itself, and always the same way; but they are to be shown upright.
            likely, other = (90, 270) if self._best.quality.confidence < ROTATE_CONFIDENCE else (270, 90)
            yield self._transform_for(likely), "page"
            if self._best.quality.sideways:
                yield self._transform_for(other), "page"
        elif self._best.quality.confidence < ROTATE_CONFIDENCE:
            yield self._transform_for(180), "page"

    def _rescalings(self) -> Iterator[tuple[PageTransform, tesseract.Layout]]:
        if "resolution" not in self._steps or self._best.quality.confidence >= RETRY_CONFIDENCE:
            return
        larger = replace(self._best.transform, scale=2.0)
        if self._best.quality.word_height_px < SMALL_TEXT_PX and self._fits(larger):
            yield larger, self._best.layout
        elif self._best.quality.word_height_px > LARGE_TEXT_PX:
            yield replace(self._best.transform, scale=0.5), self._best.layout

    def _layouts(self) -> Iterator[tuple[PageTransform, tesseract.Layout]]:
        if "layout" not in self._steps:
            return
        if self._best.quality.torn_share > RETRY_TORN_SHARE:
            yield self._best.transform, "column"
        if self._best.quality.torn_share > RETRY_TORN_SHARE or self._best.quality.confidence < RETRY_CONFIDENCE:
            yield self._best.transform, "block"

    def _transform_for(self, turned: int) -> PageTransform:
        """What a look at the page, turned, tells to do."""
        seen = analyse(np.rot90(self._small, -turned // 90))
        level = PageTransform(
            turned,
            inverted=seen.inverted and "invert" in self._steps,
            evened=seen.uneven and "light" in self._steps,
        )
        straight = replace(level, slope=seen.slope if "straighten" in self._steps else 0.0)
        return straight if self._fits(straight) else level

    def _fits(self, transform: PageTransform) -> bool:
        """Whether the image stays within what Tesseract takes and, where it is enlarged, what a page may have."""
        width, height = transform.mapping(self._image).size
        large = transform.scale > 1 and width * height > self._settings.limits.max_megapixels * 1e6
        return max(width, height) <= tesseract.MAX_SIDE_PX and not large

    def _read(self, transform: PageTransform, layout: tesseract.Layout) -> _Attempt:
        page = tesseract.read(
            self._transformed_image(transform),
            self._number,
            self._settings.languages,
            self._settings.limit_s - self.spent_s,
            alternatives=self._settings.alternatives,
            layout=layout,
        )
        self.spent_s += page.seconds
        return _Attempt(transform, layout, page, quality_of(page))

    def _transformed_image(self, transform: PageTransform) -> PageImage:
        """The image so treated; only the last one is kept."""
        before, image = self._last_image
        if transform != before:
            if image is not self._image:
                image.path.unlink(missing_ok=True)
            self._last_image = transform, transformed(self._image, transform)
        return self._last_image[1]
