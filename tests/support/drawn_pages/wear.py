"""How printer, paper, scanner, fax or camera degrade a clean page."""

from random import Random

import numpy as np
from PIL import Image

from render_scans import Wear, worn

THERMAL_DPI = 203
"""Dots per inch of a receipt printer: eight to the millimetre."""
FAX_DPI = (204, 98)
"""Pixels per inch of a fax of standard resolution, across and down."""


def scanned(
    image: Image.Image, rng: Random, dpi: int, hard: float, *, bilevel: bool = False, edge: float = 3.0
) -> Image.Image:
    """Return a page as a desktop scanner sees it; ``hard`` from 0 (clean) to 1 (worn print, dusty glass, tight JPEG).

    ``edge``: how much strokes are black or nothing; 1 where their greys are to stay.
    """
    thin = edge > 2 and rng.random() < 0.4
    how = Wear(
        seed=rng.getrandbits(32),
        dpi=dpi,
        blur_px=dpi / 200 * (0.5 + 0.6 * hard * rng.uniform(0.7, 1.1)),
        gain=(-0.07 if thin else 0.1) * hard * rng.uniform(0.5, 1.1),
        grain=0.08 + 0.2 * hard * rng.uniform(0.7, 1.1),
        patches=0.02 + 0.07 * hard * rng.random(),
        edge=edge,
        specks=int(20 + 160 * hard * rng.random()),
        tilt=rng.uniform(-1, 1) * (0.3 + 0.9 * hard),
        shade=0.35 * hard * rng.random(),
        noise=2 + 5 * hard * rng.random(),
        jpeg=None if bilevel else int(80 - 45 * hard * rng.random()),
        bilevel=bilevel,
    )
    return worn(image.convert("L"), how)


def photographed(image: Image.Image, rng: Random, dpi: int, hard: float) -> Image.Image:
    """Return a page as a phone sees it: a little perspective, a shadow, softness, JPEG; colours stay."""
    width, height = image.size
    slack = 0.012 * hard * width
    corners = [
        (x + rng.uniform(-slack, slack), y + rng.uniform(-slack, slack))
        for x, y in ((0, 0), (0, height), (width, height), (width, 0))
    ]
    quad = tuple(v for corner in corners for v in corner)
    seen = image.convert("RGB").transform(
        image.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC, fillcolor=(190, 186, 178)
    )
    colour = np.asarray(seen, np.float32)
    y, x = np.mgrid[0 : 1 : complex(height), 0 : 1 : complex(width)].astype(np.float32)
    across, down = rng.uniform(-1, 1), rng.uniform(-1, 1)
    light = 0.93 - 0.28 * hard * np.clip(across * (x - 0.5) + down * (y - 0.5) + 0.25, 0, 1)
    edge = (x - rng.uniform(0.3, 1.1)) * rng.choice((-1, 1)) + 0.6 * (y - 0.5)
    light -= 0.22 * hard / (1 + np.exp(np.clip(-edge * 40, -50, 50)))
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, 2 + 6 * hard, colour.shape[:2])
    colour = colour * light[..., None] * np.array([1.0, 0.985, 0.95], np.float32) + noise[..., None]
    soft = _sheet(colour)
    by = 1 - 0.35 * hard * rng.uniform(0.6, 1)
    small = soft.resize((round(width * by), round(height * by)), Image.Resampling.BILINEAR)
    small.info = {"dpi": (round(dpi * by), round(dpi * by))}
    return small


def thermal(image: Image.Image, rng: Random, hard: float) -> Image.Image:
    """Return a page at ``THERMAL_DPI`` as a worn receipt printer prints it: dots, dead heaters, bands that fade."""
    ink = (np.asarray(image.convert("L"), np.float32) < 185).astype(np.float32)
    height, width = ink.shape
    chance = np.random.default_rng(rng.getrandbits(32))
    for column in chance.integers(0, width, int(rng.random() * 2.4 * hard)):
        ink[:, column : column + 1] = 0
    strength = np.ones((height, width), np.float32)
    across = _smooth(chance, 7, width)
    strength *= np.clip(1 - 0.22 * hard * across, 0.2, 1)[None, :]
    down = _smooth(chance, 12, height)
    strength *= np.clip(1 - 0.28 * hard * down, 0.2, 1)[:, None]
    burnt = np.clip(ink * strength * chance.uniform(1 - 0.4 * hard, 1.0, ink.shape), 0, 1)
    tone = 40 + 60 * hard * rng.random()
    return _sheet(250 - (250 - tone) * burnt)


def faxed(image: Image.Image, rng: Random, dpi: int) -> Image.Image:
    """Return a page as a fax of standard resolution delivers it, black and white, at the resolution it had."""
    across, down = (round(n * d / dpi) for n, d in zip(image.size, FAX_DPI, strict=True))
    small = image.convert("L").resize((across, down), Image.Resampling.BOX)
    grey = np.asarray(small, np.float32) + np.random.default_rng(rng.getrandbits(32)).normal(0, 14, (down, across))
    seen = (
        _sheet(np.where(grey < 175, 0.0, 255.0))
        .resize(image.size, Image.Resampling.BILINEAR)
        .rotate(rng.uniform(-0.8, 0.8), Image.Resampling.BICUBIC, fillcolor=255)
    )
    page = seen.point([0] * 128 + [255] * 128, "1")
    page.info = {"dpi": (dpi, dpi)}
    return page


def _smooth(chance: np.random.Generator, knots: int, length: int) -> np.ndarray:
    """Return a smooth random curve between 0 and 1."""
    values = chance.random(knots)
    return np.interp(np.linspace(0, knots - 1, length), np.arange(knots), values).astype(np.float32)


def _sheet(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
