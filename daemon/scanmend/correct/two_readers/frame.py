"""Where things stand within a line that may slope: along it from 0 to 1, and across it from 0 to 1."""

import math
from dataclasses import dataclass

from scanmend.document import Box, SecondLine


@dataclass(frozen=True, slots=True)
class LineFrame:
    """The axes of one line."""

    left: float
    """x of the top left corner, in pixels."""
    top: float
    """y of the top left corner, in pixels."""
    along: tuple[float, float]
    """From the top left to the top right corner, in pixels."""
    down: tuple[float, float]
    """From the top left to the bottom left corner, in pixels."""

    @classmethod
    def of(cls, line: SecondLine) -> "LineFrame":
        """Return the frame of a line; one without width or height counts as one pixel wide or high."""
        (x, y), right, _, bottom = line.corners
        along, down = (right[0] - x, right[1] - y), (bottom[0] - x, bottom[1] - y)
        return cls(x, y, along if any(along) else (1.0, 0.0), down if any(down) else (0.0, 1.0))

    @property
    def width(self) -> float:
        """Length of the line, in pixels."""
        return math.hypot(*self.along)

    @property
    def height(self) -> float:
        """Height of the line, in pixels."""
        return math.hypot(*self.down)

    @property
    def slope(self) -> float:
        """Angle of the line with the page's rows, in degrees; positive where it falls to the right."""
        return math.degrees(math.atan2(self.along[1], self.along[0]))

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return how far along the line and how far across it a point of the page stands; beyond 0 to 1 outside."""
        dx, dy = x - self.left, y - self.top
        along = (dx * self.along[0] + dy * self.along[1]) / self.width**2
        return along, (dx * self.down[0] + dy * self.down[1]) / self.height**2

    def span(self, box: Box) -> tuple[float, float]:
        """Return from where to where along the line a box reaches, at the box's middle height."""
        middle = (box[1] + box[3]) / 2
        return self.place(box[0], middle)[0], self.place(box[2], middle)[0]

    def box_between(self, start: float, end: float) -> Box:
        """Return the smallest box around the part of the line between two places along it."""
        xs, ys = [], []
        for at in (start, end):
            for across in (0.0, 1.0):
                xs.append(self.left + at * self.along[0] + across * self.down[0])
                ys.append(self.top + at * self.along[1] + across * self.down[1])
        return round(min(xs)), round(min(ys)), round(max(xs)), round(max(ys))
