"""The image work of the second reader: the page opened, shrunk and cut into lines. The only module with OpenCV."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from scanmend.document import Corners
from scanmend.errors import ReaderError

Grey = npt.NDArray[np.uint8]
"""Rows by columns; 0 is black, 255 white."""
TextMap = npt.NDArray[np.float32]
"""Rows by columns; how likely each pixel belongs to text, 0 to 1."""

TEXT_THRESHOLD = 0.3
"""Likelihood above which a pixel of a ``TextMap`` is text; as the network's authors have it."""
MIN_REGION_PX = 3.0
"""Least height and width of a region of text on the map, in its pixels; smaller ones are specks."""

_HEADER = re.compile(rb"P5\s+(\d+)\s+(\d+)\s+255\s")
_HEADER_BYTES = 64
"""Longest header of a page image that is looked for."""


@dataclass(frozen=True, slots=True)
class Region:
    """A slanted rectangle of text on a ``TextMap``."""

    middle: tuple[float, float]
    size: tuple[float, float]
    """Its sides in pixels: along ``angle``, and across it."""
    angle: float
    """Degrees clockwise by which its first side is turned from the horizontal."""
    likelihood: float
    """Mean of the map over the rectangle, 0 to 1."""


def open_page(path: Path) -> Grey:
    """Return the pixels of a page image (PGM, 8 bits), mapped from its file: what is not looked at takes no memory.

    ReaderError where it is no such image; OSError.
    """
    with path.open("rb") as file:
        header = _HEADER.match(file.read(_HEADER_BYTES))
    if header is None:
        raise ReaderError(f"{path.name} is no grey page image")
    width, height = int(header[1]), int(header[2])
    try:
        return np.memmap(path, np.uint8, "r", header.end(), (height, width))
    except ValueError as e:
        raise ReaderError(f"{path.name} is no whole page image: {e}") from e


def resized(image: Grey, width: int, height: int) -> Grey:
    """Return the image in another size."""
    shrinks = width < image.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (max(width, 1), max(height, 1)), interpolation=how), np.uint8)


def regions(text: TextMap) -> Iterator[Region]:
    """Yield the connected regions of text, each as the smallest rectangle around it."""
    mask = cv2.dilate((text > TEXT_THRESHOLD).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        (x, y), (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) >= MIN_REGION_PX:
            corners = cv2.boxPoints(((x, y), (width, height), angle))
            yield Region((x, y), (width, height), angle, _mean_within(text, corners))


def line_image(page: Grey, corners: Corners, height: int, max_width: int) -> Grey:
    """Return a line of the page, made level, ``height`` pixels high and at most ``max_width`` wide."""
    points = np.array(corners, np.float32)
    across = max(np.hypot(*(points[1] - points[0])), np.hypot(*(points[2] - points[3])))
    down = max(np.hypot(*(points[3] - points[0])), np.hypot(*(points[2] - points[1])))
    width, rows = max(1, int(across)), max(1, int(down))
    # Only the rows and columns around the line: OpenCV cannot address images of more than 32,767 pixels a side.
    left, top = (max(0, int(n) - 2) for n in points.min(axis=0))
    right, bottom = (int(n) + 3 for n in points.max(axis=0))
    around = np.ascontiguousarray(page[top:bottom, left:right])
    level = np.array([[0, 0], [width, 0], [width, rows], [0, rows]], np.float32)
    matrix = cv2.getPerspectiveTransform(points - np.array([left, top], np.float32), level)
    line = cv2.warpPerspective(around, matrix, (width, rows), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    wanted = min(max_width, max(1, round(height * width / rows)))
    return np.asarray(cv2.resize(line, (wanted, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def drawn_line(text: str) -> Grey:
    """Return a picture of a line of text in OpenCV's own font, black on white."""
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 1.0, 1)
    page = np.full((height + below + 80, width + 80), 255, np.uint8)
    cv2.putText(page, text, (40, 40 + height), cv2.FONT_HERSHEY_DUPLEX, 1.0, 0, 1, cv2.LINE_AA)
    return page


def _mean_within(text: TextMap, corners: npt.NDArray[np.float32]) -> float:
    """Return the mean of the map within a rectangle of these corners."""
    rows, columns = text.shape
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (columns - 1, rows - 1))
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, (columns - 1, rows - 1))
    mask = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(mask, [(corners - (left, top)).astype(np.int32)], (1,))
    return float(cv2.mean(text[top : bottom + 1, left : right + 1], mask)[0])
