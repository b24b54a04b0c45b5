"""Small plots as the parts of an inline SVG: curves of memory, bars of pages per hour. Pure: numbers in, paths out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 300, 64
"""Of the drawing, in its own units; the style decides how large it is seen."""
BAR_GAP = 2.0
"""Between two bars, in the same units."""
STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""What the top of an axis may begin with, so that it is a round number."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One drawing, and what it says in words for whoever does not see it."""

    line: str
    """Path of the curve or of all bars; empty where there is nothing to draw."""
    area: str
    """Path of the area below the curve; empty with bars."""
    top: float
    """Value at the upper edge; the lower edge is 0."""
    latest: float | None
    """The newest value; None where there is none."""
    least: float
    most: float
    """Extremes of the values; 0 where there are none."""


def curve(samples: Sequence[tuple[float, float | None]], since: float, until: float, top: float = 0.0) -> Plot:
    """Draw values over time, ``(seconds, value)`` in order of time; None interrupts the curve.

    ``top``: the value at the upper edge; 0 for a round number above the greatest.
    """
    known = [value for at, value in samples if value is not None and since <= at <= until]
    top = top or round_up(max(known, default=0.0))
    runs: list[list[tuple[float, float]]] = [[]]
    for at, value in samples:
        if value is None:
            runs.append([])
        elif since <= at <= until:
            runs[-1].append(((at - since) / (until - since) * WIDTH, HEIGHT - min(1.0, value / top) * HEIGHT))
    drawn = [run for run in runs if run]
    line = "".join(_path(run) for run in drawn)
    area = "".join(f"{_path(run)}L{_n(run[-1][0])} {HEIGHT}L{_n(run[0][0])} {HEIGHT}Z" for run in drawn)
    return Plot(line, area, top, known[-1] if known else None, min(known, default=0.0), max(known, default=0.0))


def bars(values: Sequence[float]) -> Plot:
    """Draw one bar for each value, the oldest first."""
    top = round_up(max(values, default=0.0))
    step = WIDTH / max(1, len(values))
    line = "".join(
        f"M{_n(i * step + BAR_GAP / 2)} {HEIGHT}V{_n(HEIGHT - value / top * HEIGHT)}h{_n(step - BAR_GAP)}V{HEIGHT}Z"
        for i, value in enumerate(values)
        if value > 0
    )
    return Plot(line, "", top, values[-1] if values else None, min(values, default=0.0), max(values, default=0.0))


def round_up(value: float) -> float:
    """Return a round number that is not less: 0.37 → 0.4, 312 → 400; 1 where the value is 0 or no number."""
    if not math.isfinite(value) or value <= 0:
        return 1.0
    scale = 10.0 ** math.floor(math.log10(value))
    return next((step * scale for step in STEPS if step * scale >= value), 10 * scale)


def _path(run: Sequence[tuple[float, float]]) -> str:
    """A run of points; a single one is drawn as a short dash."""
    points = run if len(run) > 1 else [run[0], (run[0][0] + 1, run[0][1])]
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
