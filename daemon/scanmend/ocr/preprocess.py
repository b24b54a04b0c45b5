"""Preprocesses a page image and has Tesseract read it; where the result looks poor, reads it again differently.

Analysis of a small copy shows which transforms are worth their time before the first reading. Others cost another
reading: they are tried only where the result so far looks poor, and kept only where it improves (``Quality.worth``).
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
"""The steps of preprocessing by name; ``scripts/bench/preprocessing.py`` measures each."""

RETRY_CONFIDENCE = 85.0
"""Mean confidence (0–100) below which another scale and layout are tried."""
RETRY_TORN_SHARE = 0.025
"""Share of words torn from their rows (``Quality.torn_share``) above which another layout is tried."""
ROTATE_CONFIDENCE = 60.0
"""Mean confidence (0–100) below which the page may be upside down, so that another rotation is tried."""
MIN_TURNED_CONFIDENCE = 70.0
"""Mean confidence (0–100) that the reading of a turned page must have: below it, orientation means nothing.

Drawn pages in scripts that Tesseract was not asked for (Chinese, Japanese, Korean, Cyrillic, Greek, Hebrew, Arabic,
read as English) had 0 to 57 upright and 0 to 62 upside down; English ones 96 upright, 33 to 50 upside down.
"""
MIN_TURNED_LETTERS = 10
"""Fewest letters and digits of such a reading: a few may be read well by chance."""
MIN_WORTH_RATIO = 1.02
"""Another reading is kept when it is worth more than the best so far by this factor."""
SMALL_TEXT_PX, LARGE_TEXT_PX = 16.0, 45.0
"""Median height of words, in pixels, below which the image is enlarged, and above which it is reduced."""

_RETRY_TIME_FACTOR = 3.0
"""Another reading is begun only while this multiple of the first reading's time is left of the page's limit."""
_LAYOUT_STEPS: dict[tesseract.Layout, tuple[str, ...]] = {
    "page": (),
    "column": ("read as one column",),
    "block": ("read as one block",),
}
"""What the record's ``steps`` say of each layout."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One reading and how it came about."""

    transform: PageTransform
    layout: tesseract.Layout
    page: Page
    """As read, with boxes in the transformed image."""
    quality: Quality


def read(image: PageImage, number: int, settings: ReadSettings, steps: Collection[str] = STEPS) -> Page:
    """Read page ``number`` (1-based) with the preprocessing that it needs, limited to ``steps``.

    Boxes are in pixels of the original image turned upright. OcrError and DocumentError as ``tesseract.read``,
    OSError when an image cannot be written.
    """
    if not steps:
        return tesseract.read(image, number, settings.languages, settings.limit_s, alternatives=settings.alternatives)
    best = _BestReading(image, number, settings, steps)
    first_s = best.spent_s
    for transform, layout in best.candidates():
        if settings.limit_s - best.spent_s < _RETRY_TIME_FACTOR * first_s:
            break
        best.try_candidate(transform, layout)
    return best.page()


def _shows_orientation(quality: Quality) -> bool:
    """Whether a turned page was read so well that it cannot be so by chance."""
    return quality.confidence >= MIN_TURNED_CONFIDENCE and quality.letters >= MIN_TURNED_LETTERS


class _BestReading:
    """The best reading of one page so far, and what else is worth trying."""

    def __init__(self, image: PageImage, number: int, settings: ReadSettings, steps: Collection[str]) -> None:
        self._image, self._number, self._settings, self._steps = image, number, settings, steps
        self._small = small_copy(image)
        self._last_image = PageTransform(), image
        self.spent_s = 0.0
        self._best = self._read(self._transform_for(0), "page")

    def candidates(self) -> Iterator[tuple[PageTransform, tesseract.Layout]]:
        """Yield what else may help, judged by the best reading at that moment."""
        if self._best.quality.letters:
            yield from self._rotations()
            yield from self._rescalings()
            yield from self._layouts()

    def try_candidate(self, transform: PageTransform, layout: tesseract.Layout) -> None:
        """Read once more, and keep the result if it is better; a failure leaves the best reading as it is."""
        started = time.monotonic()
        try:
            other = self._read(transform, layout)
        except (OcrError, DocumentError, OSError):
            self.spent_s += time.monotonic() - started
            return
        if other.quality.worth > MIN_WORTH_RATIO * self._best.quality.worth and (
            transform.turned == self._best.transform.turned or _shows_orientation(other.quality)
        ):
            self._best = other

    def page(self) -> Page:
        """Return the best reading with boxes on the original page, and what was done for it."""
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
        """Return the transform that analysis of the page suggests once it is turned by these degrees clockwise."""
        analysis = analyse(np.rot90(self._small, -turned // 90))
        level = PageTransform(
            turned,
            inverted=analysis.inverted and "invert" in self._steps,
            evened=analysis.uneven and "light" in self._steps,
        )
        straight = replace(level, slope=analysis.slope if "straighten" in self._steps else 0.0)
        return straight if self._fits(straight) else level

    def _fits(self, transform: PageTransform) -> bool:
        """Whether the image stays within Tesseract's limit and, where it is enlarged, within ``max_megapixels``."""
        width, height = transform.mapping(self._image).size
        too_large = transform.scale > 1 and width * height > self._settings.limits.max_megapixels * 1e6
        return max(width, height) <= tesseract.MAX_SIDE_PX and not too_large

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
        """Return the transformed image; beside the original, only the last one is kept on disk."""
        before, image = self._last_image
        if transform != before:
            if image is not self._image:
                image.path.unlink(missing_ok=True)
            self._last_image = transform, transformed(self._image, transform)
        return self._last_image[1]
