"""Maps boxes from a prepared image, straightened and scaled, back to the page that it was made from. Pure."""

import math
from dataclasses import dataclass, replace

from scanmend.document import Box, Page

Affine = tuple[float, float, float, float, float, float]
"""``(a, b, c, d, e, f)`` of ``x = a x' + b y' + c``, ``y = d x' + e y' + f``, in the order that Pillow takes."""


@dataclass(frozen=True, slots=True)
class PageMapping:
    """How a prepared image was made from the page: straightened and scaled about the page's middle."""

    width: int
    """Width of the upright page, in pixels of the source's image."""
    height: int
    """Height of the upright page, in pixels of the source's image."""
    slope: float = 0.0
    """Degrees by which the page's lines fall to the right; in the prepared image they are horizontal."""
    scale: float = 1.0
    """Pixels of the prepared image for each pixel of the page."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the prepared image in pixels, which holds every corner of the page."""
        if not self.slope:
            return round(self.width * self.scale), round(self.height * self.scale)
        cos, sin = self._cos_sin
        across = self.width * cos + self.height * abs(sin)
        down = self.height * cos + self.width * abs(sin)
        return math.ceil(across * self.scale), math.ceil(down * self.scale)

    @property
    def affine(self) -> Affine:
        """The affine map from points of the prepared image to points of the page."""
        cos, sin = (n / self.scale for n in self._cos_sin)
        across, down = (n / 2 for n in self.size)
        left = self.width / 2 - cos * across + sin * down
        top = self.height / 2 - sin * across - cos * down
        return cos, -sin, left, sin, cos, top

    def box_on_page(self, box: Box) -> Box:
        """Return the smallest box on the page, cut at its edges, around what ``box`` in the prepared image holds."""
        a, b, c, d, e, f = self.affine
        corners = [(x, y) for x in (box[0], box[2]) for y in (box[1], box[3])]
        xs = [a * x + b * y + c for x, y in corners]
        ys = [d * x + e * y + f for x, y in corners]
        return (
            min(max(round(min(xs)), 0), self.width),
            min(max(round(min(ys)), 0), self.height),
            min(max(round(max(xs)), 0), self.width),
            min(max(round(max(ys)), 0), self.height),
        )

    def to_page(self, page: Page) -> Page:
        """Return a page read in the prepared image with boxes and size of the original page."""
        if (self.slope, self.scale) == (0.0, 1.0):
            return page
        lines = tuple(
            replace(line, words=tuple(replace(w, box=w.box and self.box_on_page(w.box)) for w in line.words))
            for line in page.lines
        )
        return replace(page, lines=lines, width=self.width, height=self.height)

    @property
    def _cos_sin(self) -> tuple[float, float]:
        return math.cos(math.radians(self.slope)), math.sin(math.radians(self.slope))
