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
from scanmend.source.render import PageImage
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

    treatment: PageTransform
    layout: tesseract.Layout
    page: Page
    """As read, with boxes in the prepared image."""
    quality: Quality


def read(image: PageImage, number: int, reading: ReadSettings, steps: Collection[str] = STEPS) -> Page:
    """Read a page image with the preparation that it needs; boxes are of the page as it is upright.

    OcrError and DocumentError as ``tesseract.read``, OSError when an image cannot be written.
    """
    if not steps:
        return tesseract.read(image, number, reading.languages, reading.limit_s, alternatives=reading.alternatives)
    reader = _BestReading(image, number, reading, steps)
    first_s = reader.spent_s
    for treatment, layout in reader.others():
        if reading.limit_s - reader.spent_s < _RETRY_TIME_FACTOR * first_s:
            break
        reader.retry(treatment, layout)
    return reader.page()


class _BestReading:
    """The best reading of one page so far."""

    def __init__(self, image: PageImage, number: int, reading: ReadSettings, steps: Collection[str]) -> None:
        self._image, self._number, self._reading, self._steps = image, number, reading, steps
        self._small = small_copy(image)
        self._made = PageTransform(), image
        self.spent_s = 0.0
        self._best = self._read(self._treatment(0), "page")

    def others(self) -> Iterator[tuple[PageTransform, tesseract.Layout]]:
        """Yield what else may help, for as long as the best reading leaves something to be wished for."""
        if self._best.quality.letters:
            yield from self._turns()
            yield from self._scales()
            yield from self._layouts()

    def retry(self, treatment: PageTransform, layout: tesseract.Layout) -> None:
        """Read once more, and keep what turns out better."""
        started = time.monotonic()
        try:
            other = self._read(treatment, layout)
        except (OcrError, DocumentError, OSError):  # the reading at hand is what it would be without this one
            self.spent_s += time.monotonic() - started
            return
        if other.quality.worth > MIN_WORTH_RATIO * self._best.quality.worth:
            self._best = other

    def page(self) -> Page:
        """The best reading, as of the page."""
        best = self._best
        return replace(
            best.treatment.frame(self._image).on_page(best.page),
            dpi=self._image.dpi,
            seconds=round(self.spent_s, 3),
            turned=best.treatment.turned,
            steps=(*best.treatment.steps, *_LAYOUT_STEPS[best.layout]),
        )

    def _turns(self) -> Iterator[tuple[PageTransform, tesseract.Layout]]:
        if "turn" not in self._steps:
            return
        if self._best.quality.sideways:
            # Tesseract turns sideways pages itself, and always the same way; but they are to be shown upright.
            likely, other = (90, 270) if self._best.quality.confidence < ROTATE_CONFIDENCE else (270, 90)
            yield self._treatment(likely), "page"
            if self._best.quality.sideways:
                yield self._treatment(other), "page"
        elif self._best.quality.confidence < ROTATE_CONFIDENCE:
            yield self._treatment(180), "page"

    def _scales(self) -> Iterator[tuple[PageTransform, tesseract.Layout]]:
        if "resolution" not in self._steps or self._best.quality.confidence >= RETRY_CONFIDENCE:
            return
        larger = replace(self._best.treatment, scale=2.0)
        if self._best.quality.height < SMALL_TEXT_PX and self._has_room(larger):
            yield larger, self._best.layout
        elif self._best.quality.height > LARGE_TEXT_PX:
            yield replace(self._best.treatment, scale=0.5), self._best.layout

    def _layouts(self) -> Iterator[tuple[PageTransform, tesseract.Layout]]:
        if "layout" not in self._steps:
            return
        if self._best.quality.torn > RETRY_TORN_SHARE:
            yield self._best.treatment, "column"
        if self._best.quality.torn > RETRY_TORN_SHARE or self._best.quality.confidence < RETRY_CONFIDENCE:
            yield self._best.treatment, "block"

    def _treatment(self, turned: int) -> PageTransform:
        """What a look at the page, turned, tells to do."""
        seen = analyse(np.rot90(self._small, -turned // 90))
        level = PageTransform(
            turned,
            inverted=seen.inverted and "invert" in self._steps,
            evened=seen.uneven and "light" in self._steps,
        )
        straight = replace(level, slope=seen.slope if "straighten" in self._steps else 0.0)
        return straight if self._has_room(straight) else level

    def _has_room(self, treatment: PageTransform) -> bool:
        """Whether the image stays within what Tesseract takes and, where it is enlarged, what a page may have."""
        width, height = treatment.frame(self._image).size
        large = treatment.scale > 1 and width * height > self._reading.limits.max_megapixels * 1e6
        return max(width, height) <= tesseract.MAX_SIDE_PX and not large

    def _read(self, treatment: PageTransform, layout: tesseract.Layout) -> _Attempt:
        page = tesseract.read(
            self._treated(treatment),
            self._number,
            self._reading.languages,
            self._reading.limit_s - self.spent_s,
            alternatives=self._reading.alternatives,
            layout=layout,
        )
        self.spent_s += page.seconds
        return _Attempt(treatment, layout, page, quality_of(page))

    def _treated(self, treatment: PageTransform) -> PageImage:
        """The image so treated; only the last one is kept."""
        before, image = self._made
        if treatment != before:
            if image is not self._image:
                image.path.unlink(missing_ok=True)
            self._made = treatment, transformed(self._image, treatment)
        return self._made[1]
