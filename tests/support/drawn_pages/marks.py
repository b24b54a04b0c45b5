"""What people and paper leave on a page: stamps, scribbles, punched holes, folds; none of it is text."""

import math
from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from drawn_pages.sheet import Colour

BLUE_INK: Colour = (40, 50, 120)
"""Colour of pens and of some stamps."""
RED_INK: Colour = (170, 40, 40)
"""Colour of other stamps."""


def scribble(image: Image.Image, rng: Random, box: tuple[int, int, int, int], ink: Colour = BLUE_INK) -> None:
    """Write like a hurried hand across a box (pixels): loops that no one could read."""
    left, top, right, bottom = box
    height, middle = bottom - top, (top + bottom) / 2
    x, phase = float(left), rng.random() * 6
    speed, points = rng.uniform(0.5, 0.9), []
    while x < right:
        phase += rng.uniform(0.25, 0.6)
        tall = rng.choice((0.25, 0.3, 0.35, 1.0)) if rng.random() < 0.4 else 0.35
        points.append((x + height * 0.25 * math.cos(phase * 1.3), middle - height * 0.45 * tall * math.sin(phase)))
        x += height * 0.05 * speed
    width = max(2, height // 30)
    draw = ImageDraw.Draw(image)
    draw.line(points, fill=ink, width=width, joint="curve")
    if rng.random() < 0.6:
        draw.line(
            [(left, bottom), ((left + right) / 2, bottom - height * 0.1), (right, bottom - height * 0.25)], ink, width
        )


def stamp(image: Image.Image, rng: Random, centre: tuple[int, int], radius: int) -> None:
    """Press a round stamp whose lettering is smeared beyond reading."""
    ink = rng.choice((BLUE_INK, RED_INK, (60, 60, 60)))
    mask = Image.new("L", (2 * radius + 9, 2 * radius + 9), 0)
    draw, at = ImageDraw.Draw(mask), radius + 4
    for share, width in ((1.0, 0.05), (0.68, 0.03)):
        r = radius * share
        draw.ellipse((at - r, at - r, at + r, at + r), outline=220, width=max(2, int(radius * width)))
    for step in range(26):
        angle = step * math.tau / 26
        for inner, outer in ((0.75, 0.92),):
            wobble = angle + rng.uniform(-0.05, 0.05)
            ends = [
                (at + radius * s * math.cos(a), at + radius * s * math.sin(a))
                for s, a in ((inner, angle), (outer, wobble))
            ]
            draw.line(ends, fill=200, width=max(2, radius // 22))
    for i in range(5):
        angle = i * 4 * math.pi / 5
        turn = (i + 1) * 4 * math.pi / 5
        draw.line(
            [(at + radius * 0.4 * math.sin(a), at - radius * 0.4 * math.cos(a)) for a in (angle, turn)],
            200,
            max(2, radius // 25),
        )
    worn = np.random.default_rng(rng.getrandbits(32)).uniform(0.3, 1, (mask.height // 6 + 1, mask.width // 6 + 1))
    patchy = Image.fromarray((worn * 255).astype(np.uint8)).resize(mask.size, Image.Resampling.BICUBIC)
    mask = ImageChops.multiply(mask, patchy).filter(ImageFilter.GaussianBlur(1)).rotate(rng.uniform(-40, 40))
    image.paste(ink, (centre[0] - at, centre[1] - at), mask)


def holes(image: Image.Image, dpi: int) -> None:
    """Punch two holes for a file at the left margin, dark as a scanner's lid."""
    draw, x, r = ImageDraw.Draw(image), round(0.47 * dpi), round(0.118 * dpi)
    for y in (image.height // 2 - round(1.575 * dpi), image.height // 2 + round(1.575 * dpi)):
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(45, 45, 45))


def folds(image: Image.Image, rng: Random, count: int) -> Image.Image:
    """Return the page as it was folded across: a crease of shadow, and ink that cracked along it."""
    grey = np.asarray(image, np.float32).copy()
    height = grey.shape[0]
    for i in range(1, count + 1):
        y = int(height * i / (count + 1) + rng.uniform(-0.02, 0.02) * height)
        rows = np.arange(height) - y
        shade = (
            1
            - 0.25 * np.exp(-((rows / (height * 0.012)) ** 2)) * (rows > 0)
            - 0.08 * np.exp(-((rows / (height * 0.03)) ** 2))
        )
        grey *= shade[:, None, None]
        crack = np.random.default_rng(rng.getrandbits(32)).random(grey.shape[1]) < 0.5
        grey[max(0, y - 1) : y + 1, crack] = 225
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
